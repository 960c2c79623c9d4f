# SPDX-License-Identifier: GPL-3.0-or-later
"""Every reader of the product: how to make a bad file for it, how to read one, and what it may raise."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random
from typing import Any
from unittest.mock import patch

import numpy as np

from ddfa_blender import take_library
from ddfa_blender.arkit import box_quadratic
from ddfa_blender.arkit.reliability import RELIABILITY, Reliability
from ddfa_blender.batch.clips import _lines
from ddfa_blender.batch.records import Record, read_record, record_path
from ddfa_blender.cleaning.cleanup import clean
from ddfa_blender.cli import _read_json, _read_labels
from ddfa_blender.errors import CaptureError
from ddfa_blender.faces import check_boxes
from ddfa_blender.formats.glb import with_duration
from ddfa_blender.formats.live_link_face import read_live_link_face
from ddfa_blender.formats.performance_file import load_performance, save_performance
from ddfa_blender.formats.timecode import Timecode, TimecodeRate, guess_rate
from ddfa_blender.imported_model import ImportedModel, is_imported
from ddfa_blender.morphable_model import MorphableModel
from ddfa_blender.onnx_checks import read_network
from ddfa_blender.paths import model_file
from ddfa_blender.performance import Performance
from ddfa_blender.preset_text import read_preset
from ddfa_blender.published.convention import AffineMap
from ddfa_blender.published.files import face_from, has_face, read_arrays, statistics_from
from ddfa_blender.published.graph import wrapped_model
from ddfa_blender.published.mobilenet import mobilenet
from ddfa_blender.published.torch_file import read_state_dict
from ddfa_blender.retarget.presets import load_preset
from ddfa_blender.solve import SolveSettings, solve
from ddfa_blender.take import Take, TakeHeader

from . import seeds
from .archive_mutations import npz_maker, pickle_maker, torch_maker
from .mutations import NUMBERS, TEXTS, Maker, bytes_maker, json_maker, mutated_bytes, noise, table_text

#: One take in so many has its weights searched to the end, the others for some sweeps.
_SEARCHED_TO_THE_END, _FEW_SWEEPS = 16, 5


class Broken(AssertionError):
    """A reader gave out something that its documentation rules out."""


@dataclass(frozen=True)
class Reader:
    """One reader. ``weight``: its share of the cases; cheap readers get more."""

    name: str
    suffix: str
    maker: Callable[[], Maker]
    read: Callable[[Path], object]
    errors: tuple[type[Exception], ...] = (CaptureError,)
    weight: float = 1.0


def _require(condition: object, what: str) -> None:
    if not condition:
        raise Broken(what)


def _take(path: Path) -> Take:
    take = Take.load(path)
    _require(np.isfinite(take.time).all() and (np.diff(take.time) > 0.0).all(), "time does not rise")
    seen = take.tracked
    _require(np.isfinite(take.arkit[seen]).all(), "a tracked frame has no weights")
    _require(take.is_recorded or np.isfinite(take.params[seen]).all(), "a tracked frame has no parameters")
    json.dumps(take.header.settings, allow_nan=False)
    return take


def _header(path: Path) -> object:
    return TakeHeader.from_json(path.read_bytes().decode(), path)


def _library(path: Path) -> object:
    """List a folder, rename the take in it, copy it, delete it."""
    entry = take_library.describe(path)
    if entry is not None and not entry.problem:
        _require(entry.header is not None and entry.frames >= 0 and np.isfinite(entry.duration), "a useless entry")
    take_library.rename(path, "another")
    _require(take_library.describe(path) is not None, "renaming made it unreadable")
    take_library.delete(path)
    return entry


@cache
def _model() -> MorphableModel:
    return seeds.small_model()


def _performance(path: Path) -> Performance:
    """What a head would be keyed with."""
    # Weights that nobody shows search on to the last sweep, nine tenths of the time; each sweep does the same.
    sweeps = box_quadratic.MOST_SWEEPS if path.stat().st_size % _SEARCHED_TO_THE_END == 0 else _FEW_SWEEPS
    with patch.object(box_quadratic, "MOST_SWEEPS", sweeps):
        performance = clean(solve(Take.load(path), _model(), SolveSettings(sweeps=1)), _model())
    _check_performance(performance)
    return performance


def _check_performance(performance: Performance) -> None:
    for name in ("time", "expression", "arkit", "head_rotation", "head_translation", "identity"):
        _require(np.isfinite(getattr(performance, name)).all(), f"{name} is not finite")
    lengths = np.linalg.norm(performance.head_rotation, axis=1)
    _require(np.allclose(lengths, 1.0, atol=1e-3), "rotations are no unit quaternions")


def _performance_file(path: Path) -> object:
    performance = load_performance(path)
    _check_performance(performance)
    save_performance(performance, path)
    return performance


def _mapping(path: Path) -> object:
    preset = load_preset(path)
    arkit = np.linspace(0.0, 1.0, 2 * 52).reshape(2, 52)
    with np.errstate(over="ignore", invalid="ignore"):
        preset.mapping.apply(arkit, np.zeros((2, 10)))
        preset.mapping.mirrored().with_side_copied("Left")
    return preset


def _live_link(path: Path) -> object:
    recording = read_live_link_face(path, angles="DEGREES" if path.stat().st_size % 5 == 0 else "RADIANS")
    take = recording.take(path.name)
    _require(np.isfinite(take.arkit[take.tracked]).all() and np.isfinite(take.time).all(), "not finite")
    _require(take.arkit[take.tracked].min(initial=0.0) >= 0.0, "a weight below 0")
    return take


def _timecode(path: Path) -> object:
    codes = [Timecode.parse(line) for line in path.read_bytes().decode("latin-1").split("\n")]
    rate = guess_rate(codes)
    return [TimecodeRate.of(rate.value).seconds(code) for code in codes]


def _published(path: Path) -> object:
    arrays = read_arrays(path)
    if has_face(arrays):
        face = face_from(arrays, path)
        _require(face.keypoints.max() < len(face.mean), "keypoints beyond the mesh")
    return statistics_from(arrays, path)


def _checkpoint(path: Path) -> object:
    return mobilenet(read_state_dict(path), path)


_PLAIN_MAP = AffineMap(np.eye(62), np.zeros(62))


def _published_network(path: Path) -> object:
    return wrapped_model(path, _PLAIN_MAP)


def _imported(path: Path) -> object:
    is_imported(path)
    return ImportedModel.load(path).landmarks68(np.zeros(40), np.zeros(10))


def _morphable(path: Path) -> object:
    model = MorphableModel.load(path)
    return model.landmarks68(np.zeros(40), np.zeros(10)), model.skin_vertices, model.triangles


def _regressor(path: Path) -> object:
    from ddfa_blender.tracking.regressor import Regressor

    result = Regressor(path).predict(np.full((1, 120, 120, 3), 127, np.uint8))
    _require(result.params.shape == (1, 62), "another number of parameters")
    return result


def _glb(path: Path) -> object:
    return with_duration(path.read_bytes(), 2.0)


def _photo(path: Path) -> object:
    from ddfa_blender.footage.photo import read_photo

    photo = read_photo(path)
    _require(photo.ndim == 3 and photo.shape[2] == 3 and photo.dtype == np.uint8, "no RGB picture")
    return photo


def _video(path: Path) -> object:
    from ddfa_blender.footage.video import Video

    last = -1.0
    with Video(path) as video:
        for frame in video.frames():
            _require(frame.image.ndim == 3 and frame.time > last, "a frame without picture, or time stands still")
            last = frame.time
            if frame.index > 40:
                break
    return last


def _sequence(path: Path) -> object:
    """A folder of files with the names that the case lists; the first is the one that was picked."""
    from ddfa_blender.footage.image_sequence import sequence_from

    folder = path.with_suffix(".d")
    folder.mkdir(exist_ok=True)
    for old in folder.iterdir():
        old.unlink()
    names = [name for name in path.read_bytes().decode("utf-8", "ignore").split("/") if name and "\0" not in name]
    made = []
    for name in names:
        if name not in (".", "..") and len(os.fsencode(name)) < 250:
            (folder / name).touch()
            made.append(folder / name)
    if not made:
        return None
    found = sequence_from(made[0])
    numbers = [number for number, _ in found]
    _require(numbers == sorted(set(numbers)) and all(file.parent == folder for _, file in found), "not in order")
    return found


def _boxes(path: Path) -> object:
    return check_boxes(_read_json(path))


def _labels(path: Path) -> object:
    return _read_labels(path)


def _settings(path: Path) -> object:
    return read_preset(path.read_bytes().decode("utf-8", "ignore"))


_PRESET = """import bpy
settings = bpy.context.scene.ddfa.current()

settings.cleanup.gaps = 'interpolate'
settings.cleanup.keep_peaks = 1.0
settings.cleanup.channel_gains.clear()
item_sub_1 = settings.cleanup.channel_gains.add()
item_sub_1.name = 'jawOpen'
item_sub_1.gain = 1.5
settings.head.level_yaw = (0.0, -1.5)
settings.head.use_translation = False
"""
_PRESET_PARTS = (
    "__import__('os').system('true')", "eval('1')", "open('/etc/passwd')", "settings.__class__", "().__class__",
    "lambda: 0",
    "[0]*10**9", "9**9**9", "(" * 300, "-" * 300 + "1", "settings.x = {'a': 1}", "exec('')", "import os",
    "while 1: pass",
    "f'{settings}'", "settings.head.level_yaw = 1e999", "x = y", "bpy.ops.wm.quit_blender()", "del settings", "\\",
    "'''", "\t",
)  # fmt: skip


def _make_preset(random: Random) -> bytes:
    lines = _PRESET.split("\n")
    for _ in range(random.choice((1, 1, 2, 4))):
        at, kind = random.randrange(len(lines)), random.randrange(4)
        if kind == 0:
            lines[at] = random.choice(_PRESET_PARTS)
        elif kind == 1:
            lines[at] = f"{lines[at].partition('=')[0]}= {random.choice((*_PRESET_PARTS, *map(repr, NUMBERS[:24])))}"
        elif kind == 2:
            lines.insert(at, random.choice(lines))
        else:
            lines[at] = lines[at].replace(".", random.choice((".__dict__.", "..", ". ", "[0].")), 1)
    data = "\n".join(lines).encode()
    return mutated_bytes(random, data) if random.random() < 0.4 else data


def _make_names(random: Random) -> bytes:
    stem, suffix = (
        random.choice(("shot_", "", "é.", "a1b", "(", "[x]", "\\d+")),
        random.choice((".png", ".jpg", "", ".1")),
    )
    names = []
    for _ in range(random.choice((1, 2, 3, 8))):
        number = random.choice(
            ("0001", "2", "10", "9" * 30, "0" * 200 + "1", "٣", "²", "-1", "1e3", "", str(random.randrange(99)))
        )
        name = random.choice((stem, stem, stem, random.choice(TEXTS[:14]))) + number + suffix
        names.append(name.replace("/", "_"))
    data = "/".join(names).encode("utf-8", "replace")
    return mutated_bytes(random, data) if random.random() < 0.2 else data


def _make_timecodes(random: Random) -> bytes:
    def label() -> str:
        h, m, s, f = (random.choice((0, 1, 9, 23, 24, 59, 60, 61, 99)) for _ in range(4))
        return f"{h:02d}:{m:02d}:{s:02d}{random.choice(':::;.,')}{f:02d}" + random.choice(
            ("", ".5", ".999", ".", ".0x")
        )

    data = "\n".join(label() for _ in range(random.choice((1, 2, 5)))).encode()
    return noise(random) if random.random() < 0.05 else mutated_bytes(random, data) if random.random() < 0.3 else data


def _make_live_link() -> Maker:
    rows = seeds.live_link_rows()

    def make(random: Random) -> bytes:
        data = table_text(random, rows)
        return mutated_bytes(random, data) if random.random() < 0.2 else data

    return make


def _record(path: Path) -> object:
    """Records of a batch: one that cannot be read counts as none."""
    place = record_path(path.parent, path.stem)
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(path.read_bytes())
    return read_record(path.parent, path.stem)


def _make_record() -> Maker:
    record = Record(
        "/clips/a.mp4", 5, "signs", "ab" * 32, "key", {"take": "cd" * 32}, {"lost_share": 0.5, "jitter": None}
    )
    return json_maker([vars(record)])


def _clip_list(path: Path) -> object:
    return _lines(path)


def _make_reliability() -> Maker:
    return json_maker([json.loads(model_file(RELIABILITY).read_text(encoding="utf-8"))])


def _reliability(path: Path) -> object:
    return Reliability.load(path).information


def _take_makers(random_header: bool = True) -> Maker:
    kinds = [
        seeds.take_arrays(seeds.take()),
        seeds.take_arrays(seeds.take(1)),
        seeds.take_arrays(seeds.read_take()),
        seeds.take_arrays(seeds.recorded_take()),
    ]
    return npz_maker(kinds, ("header",) if random_header else ())


def _make_header() -> Maker:
    return json_maker(
        [json.loads(str(seeds.take_arrays(made)["header"])) for made in (seeds.take(), seeds.recorded_take())]
    )


def _make_performance_json() -> Maker:
    data = seeds.written(lambda path: save_performance(seeds.performance(2), path), ".json")
    return json_maker([json.loads(data)])


def _make_performance_npz() -> Maker:
    import io

    data = seeds.written(lambda path: save_performance(seeds.performance(2), path), ".npz")
    with np.load(io.BytesIO(data)) as found:
        return npz_maker([{name: found[name] for name in found.files}])


def _make_published() -> Maker:
    archives, pickles = npz_maker(seeds.published_trees(), ()), pickle_maker(seeds.pickles())
    return lambda random: (archives if random.random() < 0.3 else pickles)(random)


def _make_boxes() -> Maker:
    return json_maker([{"a.png": [1.0, 2.0, 30.0, 40.0], "b.png": [0, 0, 5, 5]}])


def _make_labels() -> Maker:
    points = np.arange(136.0).reshape(68, 2).tolist()
    tree: Any = {"a.png": {"landmarks68": points}, "b.png": {"landmarks68": points, "note": "x"}}
    return json_maker([tree])


_FROM_JSON = (CaptureError, ValueError, TypeError, KeyError, RecursionError)

READERS: dict[str, Reader] = {
    reader.name: reader
    for reader in (
        Reader("take", ".npz", _take_makers, _take),
        Reader("take-header", ".json", _make_header, _header, _FROM_JSON, weight=6.0),
        Reader("take-library", ".npz", _take_makers, _library, weight=0.5),
        Reader("take-performance", ".npz", lambda: _take_makers(random_header=False), _performance, weight=0.2),
        Reader("mapping", ".json", lambda: json_maker(seeds.mapping_trees()), _mapping, weight=4.0),
        Reader("performance-json", ".json", _make_performance_json, _performance_file, weight=2.0),
        Reader("performance-npz", ".npz", _make_performance_npz, _performance_file),
        Reader("live-link", ".csv", _make_live_link, _live_link, weight=3.0),
        Reader("timecode", ".txt", lambda: _make_timecodes, _timecode, (ValueError, CaptureError), weight=8.0),
        Reader("published", ".pkl", _make_published, _published, weight=2.0),
        Reader(
            "checkpoint",
            ".pth",
            lambda: torch_maker(seeds.torch_trees(), seeds.legacy_checkpoints()),
            _checkpoint,
            weight=3.0,
        ),
        Reader("published-onnx", ".onnx", lambda: bytes_maker(seeds.networks(published=True)), _published_network),
        Reader("network-file", ".onnx", lambda: bytes_maker(seeds.networks(published=True)), read_network, weight=4.0),
        Reader("regressor-onnx", ".onnx", lambda: bytes_maker(seeds.networks(published=False)), _regressor),
        Reader(
            "imported-model",
            ".npz",
            lambda: npz_maker([seeds.imported_arrays(_model())], ("basis",)),
            _imported,
            weight=0.7,
        ),
        Reader(
            "morphable-model", ".npz", lambda: npz_maker([seeds.morphable_arrays(_model())], ()), _morphable, weight=0.5
        ),
        Reader("glb", ".glb", lambda: bytes_maker(seeds.glbs()), _glb, (ValueError,), weight=8.0),
        Reader("image-sequence", ".txt", lambda: _make_names, _sequence, weight=0.7),
        Reader("photo", ".img", lambda: bytes_maker(seeds.photos()), _photo, weight=3.0),
        Reader("video", ".mp4", lambda: bytes_maker(seeds.videos()), _video, weight=0.5),
        Reader("boxes", ".json", _make_boxes, _boxes, weight=4.0),
        Reader("labels", ".json", _make_labels, _labels),
        Reader("batch-record", ".json", _make_record, _record, ()),
        Reader("batch-list", ".txt", lambda: _make_names, _clip_list),
        Reader("reliability", ".json", _make_reliability, _reliability),
        Reader("settings-preset", ".py", lambda: _make_preset, _settings, weight=6.0),
    )
}
