# SPDX-License-Identifier: GPL-3.0-or-later
"""Extension zips, one per platform, made and validated by Blender's own tool.

Only what is listed here is staged, so nothing that merely lies in the checkout can slip into a release.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from . import environments
from .project import BUILD, DIST, MODEL, REQUIREMENTS, ROOT, WHEELS, BuildError, check, log, manifest


@dataclass(frozen=True)
class Platform:
    """``pip_tags``: wheel platforms that run there; ``pythons``: Pythons inside its Blenders."""

    pip_tags: tuple[str, ...]
    pythons: tuple[str, ...]


#: Blender's name of the platform → what its zip carries. OpenCV has no wheel for Windows on ARM, so that platform
#: is missing. Blender 5 does not run on Intel Macs; Debian's Blender 5.2 has Python 3.14.
PLATFORMS = {
    "linux-x64": Platform(("manylinux_2_28_x86_64", "manylinux2014_x86_64"), ("3.11", "3.13", "3.14")),
    "windows-x64": Platform(("win_amd64",), ("3.11", "3.13")),
    "macos-arm64": Platform(("macosx_13_0_arm64",), ("3.11", "3.13")),
    "macos-x64": Platform(("macosx_13_0_x86_64",), ("3.11",)),
}

#: Folders whose Python files are shipped.
PACKAGES = ("ddfa_blender", "operators", "panels", "scene", "translations")
FILES = ("__init__.py", "blender_manifest.toml", "LICENSE")
#: What of ``model/`` is shipped: without one of these the extension cannot work, or must not be handed on.
MODEL_FILES = (
    "morphable_model.npz", "regressor.onnx", "upright.onnx", "arkit_reliability.json", "face_detector.onnx",
    "face_detector.LICENSE", "LICENSES.md",
)  # fmt: skip
#: Shipped where it exists.
OPTIONAL_MODEL_FILES = ("MODEL_CARD.md",)


def staged_files() -> Iterator[Path]:
    """The files of the checkout that every zip carries, relative to its root.

    Raises:
        BuildError: one of them is missing.
    """
    for name in (*FILES, *(f"model/{name}" for name in MODEL_FILES)):
        if not (ROOT / name).is_file():
            raise BuildError(f"{name} is missing; restore it, or make it with `python build.py env` or `model`.")
        yield Path(name)
    for name in OPTIONAL_MODEL_FILES:
        if (MODEL / name).is_file():
            yield Path("model") / name
    for package in PACKAGES:
        yield from sorted(path.relative_to(ROOT) for path in (ROOT / package).rglob("*.py"))


def wheels_for(name: str) -> list[Path]:
    """Download (once) and return the pinned wheels of a platform."""
    platform = PLATFORMS[name]
    folder = WHEELS / name
    stamp = folder / "made-from"
    locks = [REQUIREMENTS / f"wheels-cp{version.replace('.', '')}.txt" for version in platform.pythons]
    recipe = "\n".join([*platform.pip_tags, *(lock.read_text(encoding="utf-8") for lock in locks)])
    if not stamp.exists() or stamp.read_text(encoding="utf-8") != recipe:
        log(f"Downloading the wheels for {name} …")
        shutil.rmtree(folder, ignore_errors=True)
        for version, lock in zip(platform.pythons, locks, strict=True):
            _download(platform, version, lock, folder)
        stamp.write_text(recipe, encoding="utf-8")
    return sorted(folder.glob("*.whl"))


def _download(platform: Platform, version: str, lock: Path, folder: Path) -> None:
    abi = f"cp{version.replace('.', '')}"
    tags = [part for tag in platform.pip_tags for part in ("--platform", tag)]
    check(
        [
            *environments.core().pip(), "download", "--quiet", "--disable-pip-version-check", "--no-deps",
            "--require-hashes", "--only-binary=:all:", "--implementation", "cp", "--python-version", version,
            "--abi", abi, "--abi", "abi3", *tags, "-d", folder, "-r", lock,
        ],
        "The wheels for the zip cannot be downloaded; check the network and run this again",
    )  # fmt: skip


def _stage(name: str, wheels: Sequence[Path]) -> Path:
    """Lay out the source folder of one platform's zip under ``build/``."""
    folder = BUILD / "extension" / name
    shutil.rmtree(folder, ignore_errors=True)
    for path in staged_files():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / path, target)
    (folder / "wheels").mkdir()
    for wheel in wheels:
        _link_or_copy(wheel, folder / "wheels" / wheel.name)
    text = (ROOT / "blender_manifest.toml").read_text(encoding="utf-8")
    target = folder / "blender_manifest.toml"
    target.write_text(manifest_with_wheels(text, name, [wheel.name for wheel in wheels]), encoding="utf-8")
    return folder


def _link_or_copy(source: Path, target: Path) -> None:
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)


def manifest_with_wheels(text: str, platform: str, wheels: Iterable[str]) -> str:
    """The manifest ``text`` with this platform and its wheels, and without the checkout's ``[build]`` table.

    Raises:
        BuildError: the manifest names platforms or wheels itself.
    """
    if any(line.startswith(("platforms", "wheels")) for line in text.splitlines()):
        raise BuildError("blender_manifest.toml must leave `platforms` and `wheels` to build.py; take them out.")
    lines = text.splitlines()
    first_table = next((i for i, line in enumerate(lines) if line.startswith("[")), len(lines))
    build_table = next((i for i, line in enumerate(lines) if line.strip() == "[build]"), len(lines))
    added = [f'platforms = ["{platform}"]', "wheels = [", *(f'  "./wheels/{wheel}",' for wheel in wheels), "]", ""]
    return "\n".join([*lines[:first_table], *added, *lines[first_table:build_table]]) + "\n"


def _blender_tool() -> list[str]:
    """The command line of Blender's extension tool, from the newest Blender as a module."""
    version, environment = environments.newest_blender()
    python = environment.ensure()
    pattern = f"**/bpy/{version}/scripts/addons_core/bl_pkg/cli/blender_ext.py"
    (tool,) = environment.folder.glob(pattern)
    return [str(python), str(tool)]


def build(platforms: Iterable[str]) -> list[Path]:
    """Make the zips of these platforms in ``dist/`` and return their paths.

    Raises:
        BuildError: an unknown platform, a missing part, or Blender's tool refuses.
    """
    names = list(platforms)
    unknown = [name for name in names if name not in PLATFORMS]
    if unknown:
        raise BuildError(f"There is no zip for {', '.join(unknown)}; there is one for {', '.join(PLATFORMS)}.")
    tool = _blender_tool()
    DIST.mkdir(exist_ok=True)
    paths = []
    for name in names:
        source = _stage(name, wheels_for(name))
        target = DIST / zip_name(name)
        target.unlink(missing_ok=True)
        failure = f"Blender's extension tool refused to build {target.name}"
        check([*tool, "build", "--split-platforms", "--source-dir", source, "--output-dir", DIST], failure)
        check([*tool, "validate", target], f"Blender's extension tool finds fault with {target.name}")
        shutil.rmtree(source)
        paths.append(target)
    return paths


def zip_name(platform: str) -> str:
    """The file name that Blender's tool gives to a platform's zip."""
    data = manifest()
    return f"{data['id']}-{data['version']}-{platform.replace('-', '_')}.zip"


def this_platform() -> str:
    """Blender's name of the machine's platform.

    Raises:
        BuildError: there is no zip for it.
    """
    import platform

    systems = {"Darwin": "macos", "Linux": "linux", "Windows": "windows"}
    machines = {"x86_64": "x64", "amd64": "x64", "arm64": "arm64", "aarch64": "arm64"}
    machine = platform.machine().lower()
    name = f"{systems.get(platform.system(), platform.system().lower())}-{machines.get(machine, machine)}"
    if name not in PLATFORMS:
        raise BuildError(f"There is no extension zip for {name}; there is one for {', '.join(PLATFORMS)}.")
    return name
