# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest

from ddfa_blender.errors import CaptureError
from ddfa_blender.names import ARKIT_NAMES
from ddfa_blender.retarget.mapping import Mapping, Source, Target, TargetKey
from ddfa_blender.retarget.naming import match
from ddfa_blender.retarget.presets import VERSION, fit_to, load_mapping, preset_from_json, save_mapping, to_json

MAPPING = Mapping(
    (
        Target(
            TargetKey("Face – Gesicht", "Größe / 口"),
            (
                Source("jawOpen", 1.25, ((0.0, 0.0), (0.3, 0.1), (1.0, 1.0)), (0.0, math.inf)),
                Source("Expression 10", -0.1),
            ),
            (-1.0, 2.0),
            0.85,
            "ARKit: jawOpen",
        ),
        Target(TargetKey("", "blink"), ()),
    ),
    "My hero",
)


def test_a_mapping_survives_the_disk(tmp_path: Path) -> None:
    for number, mapping in enumerate((MAPPING, Mapping(), match({"F": list(ARKIT_NAMES)}).mapping)):
        path = tmp_path / f"{number}.json"
        save_mapping(mapping, path)
        assert load_mapping(path) == mapping
    assert len(list(tmp_path.iterdir())) == 3


def test_the_file_is_plain_json_that_other_tools_read(tmp_path: Path) -> None:
    save_mapping(MAPPING, tmp_path / "a.json")
    value = json.loads((tmp_path / "a.json").read_text(encoding="utf-8"))
    assert (value["format"], value["version"], value["name"]) == ("ddfa-face-mapping", 1, "My hero")
    assert value["targets"][0]["sources"][0] == {
        "channel": "jawOpen", "gain": 1.25, "curve": [[0.0, 0.0], [0.3, 0.1], [1.0, 1.0]], "clamp": [0.0, None],
    }  # fmt: skip


def test_a_byte_order_mark_does_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(b"\xef\xbb\xbf" + json.dumps(to_json(MAPPING)).encode())
    assert load_mapping(path) == MAPPING


def changed(path: tuple[Any, ...], value: Any) -> dict[str, Any]:
    """The preset with one value replaced; ``...`` removes it."""
    preset = json.loads(json.dumps(to_json(MAPPING)))
    place = preset
    for step in path[:-1]:
        place = place[step]
    if value is ...:
        del place[path[-1]]
    else:
        place[path[-1]] = value
    return preset


SOURCE = ("targets", 0, "sources", 0)
BAD = {
    "another format": changed(("format",), "something"),
    "no version": changed(("version",), ...),
    "version as text": changed(("version",), "1"),
    "version true": changed(("version",), True),
    "targets missing": changed(("targets",), ...),
    "targets no list": changed(("targets",), {}),
    "unknown entry": changed(("colour",), "red"),
    "unknown entry of a source": changed((*SOURCE, "code"), "__import__('os')"),
    "unknown channel": changed((*SOURCE, "channel"), "jawOpne"),
    "gain as text": changed((*SOURCE, "gain"), "1.0"),
    "gain true": changed((*SOURCE, "gain"), True),
    "gain none": changed((*SOURCE, "gain"), None),
    "curve of one number": changed((*SOURCE, "curve"), [[0.5]]),
    "curve falls back": changed((*SOURCE, "curve"), [[0.5, 0.0], [0.1, 1.0]]),
    "endless curve": changed((*SOURCE, "curve"), [[i, i] for i in range(65)]),
    "clamp the wrong way": changed((*SOURCE, "clamp"), [1.0, 0.0]),
    "clamp of three": changed((*SOURCE, "clamp"), [0.0, 1.0, 2.0]),
    "score beyond 1": changed(("targets", 0, "score"), 1.5),
    "the same target twice": changed(("targets",), [to_json(MAPPING)["targets"][1]] * 2),
    "nameless target": changed(("targets", 0, "target"), ""),
    "endless name": changed(("targets", 0, "target"), "x" * 5000),
    "target no object": changed(("targets", 0), 7),
    "endless sources": changed(("targets", 0, "sources"), [to_json(MAPPING)["targets"][0]["sources"][0]] * 63),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_presets_are_refused_with_one_sentence(tmp_path: Path, name: str) -> None:
    path = tmp_path / "bad.json"
    path.write_text(json.dumps(BAD[name]), encoding="utf-8")
    with pytest.raises(CaptureError) as caught:
        load_mapping(path)
    message = str(caught.value)
    assert message.startswith(str(path)) and message.endswith(".") and "\n" not in message


@pytest.mark.parametrize(
    "data",
    [
        b"", b"[]", b"null", b"{", b"\x00\x01\x02", b"\xff\xfe\xff", b"[" * 100_000, b'{"format": NaN}',
        b'{"format": "ddfa-face-mapping", "format": "ddfa-face-mapping", "version": 1}', b"9" * 10_000,
    ],
)  # fmt: skip
def test_garbage_is_refused(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "bad.json"
    path.write_bytes(data)
    with pytest.raises(CaptureError, match=r"mapping preset"):
        load_mapping(path)


def test_numbers_beyond_all_bounds_are_refused(tmp_path: Path) -> None:
    text = json.dumps(to_json(MAPPING)).replace("1.25", "1e999")
    (tmp_path / "a.json").write_text(text, encoding="utf-8")
    with pytest.raises(CaptureError, match="too large"):
        load_mapping(tmp_path / "a.json")


def test_a_newer_version_asks_for_an_update() -> None:
    with pytest.raises(CaptureError, match="update the extension"):
        preset_from_json(changed(("version",), VERSION + 1), Path("a.json"))


def test_a_preset_moves_to_the_next_character() -> None:
    made = match({"Face": ["jawOpen", "eyeBlinkLeft", "mouthPucker"], "Teeth": ["jawOpen"]}).mapping
    fit = fit_to(made, {"Head.001": ["Basis", "jawOpen", "eyeBlinkLeft"], "Lashes.001": ["eyeBlinkLeft"]})
    found = {target.key: target.sources[0].channel for target in fit.mapping.targets}
    assert found == {
        TargetKey("Head.001", "jawOpen"): "jawOpen",
        TargetKey("Head.001", "eyeBlinkLeft"): "eyeBlinkLeft",
        TargetKey("Lashes.001", "eyeBlinkLeft"): "eyeBlinkLeft",
    }
    assert fit.missing == (TargetKey("Face", "mouthPucker"),)


def test_targets_at_home_stay_there() -> None:
    strong, weak = Source("jawOpen", 2.0), Source("jawOpen", 0.5)
    mapping = Mapping((
        Target(TargetKey("Gone", "jaw"), (weak,)), Target(TargetKey("Face", "jaw"), (strong,)),
        Target(TargetKey("", "any"), (weak,)),
    ))  # fmt: skip
    fit = fit_to(mapping, {"Face": ["jaw", "any"], "Hat": ["any", "brim"]})
    assert {target.key: target.sources for target in fit.mapping.targets} == {
        TargetKey("Face", "jaw"): (strong,), TargetKey("Face", "any"): (weak,), TargetKey("Hat", "any"): (weak,),
    }  # fmt: skip
    assert fit.missing == ()


def test_missing_and_huge_files(tmp_path: Path) -> None:
    with pytest.raises(CaptureError, match="There is no file"):
        load_mapping(tmp_path / "none.json")
    huge = tmp_path / "huge.json"
    with huge.open("wb") as file:
        file.truncate(9 * 2**20)
    with pytest.raises(CaptureError, match="too large"):
        load_mapping(huge)
