# SPDX-License-Identifier: GPL-3.0-or-later
"""What a zip carries. The zip itself is made by Blender's tool, from a small wheel in place of the large ones."""

from __future__ import annotations

import re
import tomllib
import zipfile
from pathlib import Path

import pytest

from tools import environments, extension_zip
from tools.project import MODEL, ROOT, BuildError

WHEEL = "made_up-1.0-py3-none-any.whl"
MANIFEST = 'id = "x"\nversion = "1.2.3"\n\n[permissions]\nfiles = "Read footage"\n\n[build]\npaths = ["a"]\n'

needs_model = pytest.mark.skipif(
    not all((MODEL / name).exists() for name in extension_zip.MODEL_FILES), reason="the model has not been made yet"
)
needs_blender = pytest.mark.skipif(
    not any(environment.is_ready() for _, environment in environments.available_blenders()),
    reason="no Blender as a module is set up yet (`python build.py test` does that)",
)


def test_manifest_gets_platform_and_wheels() -> None:
    data = tomllib.loads(extension_zip.manifest_with_wheels(MANIFEST, "linux-x64", ["a.whl", "b.whl"]))
    assert data == {
        "id": "x",
        "version": "1.2.3",
        "platforms": ["linux-x64"],
        "wheels": ["./wheels/a.whl", "./wheels/b.whl"],
        "permissions": {"files": "Read footage"},
    }


@pytest.mark.parametrize("line", ['wheels = ["./wheels/a.whl"]', 'platforms = ["linux-x64"]'])
def test_manifest_that_names_its_own_wheels_is_refused(line: str) -> None:
    with pytest.raises(BuildError, match="leave"):
        extension_zip.manifest_with_wheels(f"{line}\n{MANIFEST}", "linux-x64", [])


def test_unknown_platform_is_one_sentence() -> None:
    with pytest.raises(BuildError, match=r"^There is no zip for amiga-68k; there is one for .*\.$"):
        extension_zip.build(["amiga-68k"])


@needs_model
def test_only_known_files_are_staged() -> None:
    paths = [path.as_posix() for path in extension_zip.staged_files()]
    assert len(paths) == len(set(paths))
    tops = {path.partition("/")[0] for path in paths}
    assert tops == {"__init__.py", "blender_manifest.toml", "LICENSE", "model", *extension_zip.PACKAGES}
    in_packages = [path for path in paths if path.startswith(extension_zip.PACKAGES)]
    assert all(path.endswith(".py") for path in in_packages)
    in_model = {path for path in paths if path.startswith("model/")}
    allowed = (*extension_zip.MODEL_FILES, *extension_zip.OPTIONAL_MODEL_FILES)
    assert in_model <= {f"model/{name}" for name in allowed}


def test_nothing_shipped_imports_what_is_not() -> None:
    pattern = re.compile(r"^\s*(?:from|import)\s+(?:training|tools|tests)\b", re.MULTILINE)
    for package in extension_zip.PACKAGES:
        for path in (ROOT / package).rglob("*.py"):
            assert not pattern.search(path.read_text(encoding="utf-8")), path


def test_a_missing_part_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extension_zip, "ROOT", tmp_path)
    with pytest.raises(BuildError, match=r"^__init__\.py is missing"):
        list(extension_zip.staged_files())


@needs_model
@needs_blender
def test_blenders_tool_builds_and_validates_the_zip(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wheel = tmp_path / WHEEL
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("made_up.py", "")
    monkeypatch.setattr(extension_zip, "wheels_for", lambda _name: [wheel])
    monkeypatch.setattr(extension_zip, "BUILD", tmp_path / "build")
    monkeypatch.setattr(extension_zip, "DIST", tmp_path / "dist")
    (path,) = extension_zip.build(["linux-x64"])
    assert path.name == extension_zip.zip_name("linux-x64")
    with zipfile.ZipFile(path) as archive:
        names = set(archive.namelist())
        data = tomllib.loads(archive.read("blender_manifest.toml").decode())
    staged = {file.as_posix() for file in extension_zip.staged_files()}
    assert names == staged | {f"wheels/{WHEEL}"}
    assert data["wheels"] == [f"./wheels/{WHEEL}"]
    assert data["platforms"] == ["linux-x64"]
