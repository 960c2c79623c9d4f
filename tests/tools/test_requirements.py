# SPDX-License-Identifier: GPL-3.0-or-later
"""Every version has one home, pyproject.toml, and every lock agrees with it."""

from __future__ import annotations

import re
import tomllib

import pytest

import ddfa_blender
from tools import environments, extension_zip, lock, prepare_detector
from tools.project import ROOT, manifest, pinned_version, pyproject, requirements_of

_PIN = re.compile(r"^([\w.-]+)==([^\s;\\]+)", re.MULTILINE)
LOCKS = {entry.group: entry for entry in lock.LOCKS}


def _name(text: str) -> str:
    return re.sub(r"[-_.]+", "-", text).lower()


def _locked(group: str) -> set[tuple[str, str]]:
    return {(_name(name), version) for name, version in _PIN.findall(LOCKS[group].path.read_text(encoding="utf-8"))}


@pytest.mark.parametrize("group", LOCKS)
def test_lock_holds_what_its_group_pins(group: str) -> None:
    direct = {(_name(name), version) for name, version in map(_pin, requirements_of(group))}
    assert direct <= _locked(group)
    if not LOCKS[group].dependencies:
        assert direct == _locked(group)


def _pin(requirement: str) -> tuple[str, str]:
    match = _PIN.match(requirement)
    assert match is not None, f"{requirement} is not pinned with =="
    return match[1], match[2]


@pytest.mark.parametrize("group", LOCKS)
def test_every_package_of_a_lock_has_hashes(group: str) -> None:
    text = LOCKS[group].path.read_text(encoding="utf-8")
    blocks = re.split(r"^(?=[\w.-]+==)", text, flags=re.MULTILINE)[1:]
    assert len(blocks) == len(_PIN.findall(text))
    assert all(re.search(r"--hash=sha256:[0-9a-f]{64}", block) for block in blocks)


def test_every_lock_file_is_made_from_a_group() -> None:
    assert {path.stem for path in lock.REQUIREMENTS.glob("*.txt")} == set(LOCKS)
    assert set(LOCKS) <= set(pyproject()["dependency-groups"])


@pytest.mark.parametrize("version", environments.BLENDERS)
def test_blender_group_and_its_python_fit(version: str) -> None:
    assert pinned_version(f"blender-{version}", "bpy").startswith(f"{version}.")
    assert LOCKS[f"blender-{version}"].python == environments.BLENDERS[version]


@pytest.mark.parametrize("version", environments.BLENDERS)
def test_the_zips_carry_wheels_for_every_tested_blender(version: str) -> None:
    assert environments.BLENDERS[version] in extension_zip.PLATFORMS["linux-x64"].pythons
    assert environments.BLENDERS[version] in extension_zip.PLATFORMS["windows-x64"].pythons


def test_core_runs_on_the_numpy_of_a_blender() -> None:
    blender_numpys = {pinned_version(f"blender-{version}", "numpy") for version in environments.BLENDERS}
    core_numpys = {version for name, version in map(_pin, requirements_of("core")) if name == "numpy"}
    assert core_numpys
    assert core_numpys <= blender_numpys


def test_detector_recipe_and_lock_name_the_same_wheel() -> None:
    assert prepare_detector.WHEEL_SHA256 in LOCKS["detector"].path.read_text(encoding="utf-8")


def test_core_and_manifest_tell_the_same_version() -> None:
    assert manifest()["version"] == ddfa_blender.__version__


def test_manifest_leaves_wheels_to_the_zip() -> None:
    data = tomllib.loads((ROOT / "blender_manifest.toml").read_text(encoding="utf-8"))
    assert not {"wheels", "platforms"} & set(data)


def test_pinned_version_of_an_unknown_package() -> None:
    with pytest.raises(KeyError, match="nothing"):
        pinned_version("core", "nothing")
