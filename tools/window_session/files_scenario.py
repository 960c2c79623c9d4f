# SPDX-License-Identifier: GPL-3.0-or-later
"""A phone's recording in, turned round by its dialog, and the head out in every format: what is in the files."""

from __future__ import annotations

import json
import struct
import time
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from . import dialogs, judging, recording
from .capture_scenario import empty_scene
from .session import Session

_EXPORT, _TAKES = "DDFA_PT_export", "DDFA_PT_takes"
_FORMAT, _IMPORT = ".format", "ddfa.import_live_link_face"
_FILE_SECONDS, _SETTLE_SECONDS = 120.0, 1.0
#: Places in the dialogs' settings: line from the top (the first has the presets), fraction of the width.
_INVERT_YAW, _CONTAINER = (3, 0.5), (1, 0.75)
#: What moves as it was recorded: the clean-up smooths it.
_LIKE = 0.98
_KEYS = 62


def run(session: Session) -> None:
    """The whole scenario.

    Raises:
        BuildError: a step did not happen, or a file does not hold what it should; the message says which.
    """
    session.install()
    empty_scene(session)
    source = recording.write(session.work / "phone.csv")
    for invert in (False, True):
        head = import_recording(session, source, invert=invert)
        yaw = session.remote.ask("bone_tracks", rig=head, bone="head")["yaw"]
        like = recording.alike(yaw, recording.resampled("HeadYaw", len(yaw), frame_rate(session)))
        session.step(f"imported, {'inverted' if invert else 'as it is'}", picture=False, like=round(like, 3))
        session.require((-like if invert else like) > _LIKE, f"The head's yaw follows the recording with r = {like}.")
    for kind in _KINDS:
        _export(session, kind)


def import_recording(session: Session, source: Path, *, invert: bool = False) -> str:
    """Click Import Live Link Face and through its dialog, with Invert Yaw or without; the name of the new head."""
    pilot = session.pilot
    before = session.remote.ask("snapshot")
    pilot.sidebar.only(_TAKES)
    pilot.click(_IMPORT, _TAKES)
    dialogs.wait_open(session)
    if invert:
        pilot.screen.click(*dialogs.setting(session, *_INVERT_YAW))
    session.step(f"dialog import{' inverted' if invert else ''}")
    dialogs.accept(session, source)

    def heads() -> list[str]:
        return judging.gained(before, session.remote.ask("snapshot"), "armatures")

    pilot.wait_for("The head of the recording", lambda: bool(heads()), _FILE_SECONDS)
    time.sleep(_SETTLE_SECONDS)
    pilot.rest()
    session.step("recording imported", message=session.remote.ask("message"))
    return str(session.remote.ask("value", path="scene.ddfa.head.name"))


def frame_rate(session: Session) -> float:
    """The scene's frames per second."""
    return float(session.remote.ask("value", path="scene.render.fps")) / session.remote.ask(
        "value", path="scene.render.fps_base"
    )


@dataclass(frozen=True)
class _Kind:
    """A format: its place in the list, its operator, the file's name, and what must be in it. ``turns`` of the wheel
    over the container in the dialog; ``build_option`` of Blender, which Debian's lacks."""

    identifier: str
    operator: str
    name: str
    judge: Callable[[Path], dict[str, Any]]
    turns: int = 0
    build_option: str = ""


def _export(session: Session, kind: _Kind) -> None:
    """Choose the format with the wheel, click the button, go through the dialog, read the file."""
    pilot, path = session.pilot, session.work / kind.name
    pilot.sidebar.only(_EXPORT)
    spot = pilot.find(_FORMAT, _EXPORT)
    while (chosen := session.remote.ask("value", path="scene.ddfa.export.format")) != kind.identifier:
        pilot.screen.scroll(1, modifier="ctrl")
        pilot.window.settle()
        now = session.remote.ask("value", path="scene.ddfa.export.format")
        session.require(now != chosen, f"The wheel over {spot} does not choose {kind.identifier}; it stays at {now}.")
    if kind.build_option and not session.remote.ask("is_built_with", option=kind.build_option):
        pilot.rest()
        session.step(f"no {kind.identifier}")  # the panel has to say why
        return
    pilot.click(kind.operator, _EXPORT)
    dialogs.wait_open(session)
    if kind.turns:
        pilot.screen.move(*dialogs.setting(session, *_CONTAINER))
        pilot.screen.scroll(kind.turns, modifier="ctrl")
    session.step(f"dialog {kind.identifier}")
    dialogs.accept(session, path)
    pilot.wait_for(f"The file {kind.name}", path.is_file, _FILE_SECONDS)
    time.sleep(_SETTLE_SECONDS)
    pilot.rest()
    found = kind.judge(path)
    session.step(f"exported {kind.identifier}", **found)
    session.require(all(found.values()), f"{kind.name} is not as it should be: {found}.")


def _fbx(path: Path) -> dict[str, Any]:
    data = path.read_bytes()
    return {
        "begins": data.startswith(b"Kaydara FBX Binary"), "keys": data.count(b"SubDeformer") >= _KEYS,
        "named": b"jawOpen" in data, "animated": b"AnimStack" in data, "skin": b"RIFF" in data or b"PNG" in data,
    }  # fmt: skip


def _gltf(path: Path) -> dict[str, Any]:
    data = path.read_bytes()
    (length,) = struct.unpack_from("<I", data, 12)
    held = json.loads(data[20 : 20 + length])
    (animation,) = held["animations"]
    ends = [held["accessors"][sampler["input"]]["max"][0] for sampler in animation["samplers"]]
    return {
        "begins": data.startswith(b"glTF"), "targets": len(held["meshes"][0]["extras"]["targetNames"]) == _KEYS,
        "paths": {channel["target"]["path"] for channel in animation["channels"]} >= {"weights", "rotation"},
        "lasts": abs(max(ends) - recording.SECONDS) < 0.1,
    }  # fmt: skip


def _usd(path: Path) -> dict[str, Any]:
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
        return {"scene": names[0].endswith(".usdc"), "whole": archive.testzip() is None, "textures": len(names) > 1}


def _csv(path: Path) -> dict[str, Any]:
    known, found = recording.performed(), recording.read(path)
    alike = {name: recording.alike(found[name], values) for name, values in known.items()}
    turned = {name: -r if name == "HeadYaw" else r for name, r in alike.items()}  # the import has inverted it
    return {"rows": len(found["JawOpen"]) == len(known["JawOpen"]), **{name: r > _LIKE for name, r in turned.items()}}


def _bvh(path: Path) -> dict[str, Any]:
    lines = path.read_text(encoding="utf-8").splitlines()
    frames = next(int(line.split()[1]) for line in lines if line.startswith("Frames:"))
    step = next(float(line.split()[2]) for line in lines if line.startswith("Frame Time:"))
    motion = np.array([[float(part) for part in line.split()] for line in lines[-frames:]])
    return {
        "lasts": abs((frames - 1) * step - (recording.SECONDS - 1.0 / recording.RATE)) < 2 * step,
        "joints": [line.split()[1] for line in lines if "JOINT" in line] == ["Neck", "Head"],
        "turns": float(np.ptp(motion, axis=0).max()) > 10.0,
    }


def _performance(path: Path) -> dict[str, Any]:
    with np.load(path) as held:
        arkit = held["arkit"]
        return {"frames": len(held["time"]) == recording.RATE * recording.SECONDS, "channels": arkit.shape[1] == 52}


_KINDS = (
    _Kind("FBX", "ddfa.export_fbx", "head.fbx", _fbx),
    _Kind("GLTF", "ddfa.export_gltf", "head.glb", _gltf),
    _Kind("USD", "ddfa.export_usd", "head.usdz", _usd, turns=1, build_option="usd"),
    _Kind("CSV", "ddfa.export_live_link_face", "head.csv", _csv),
    _Kind("BVH", "ddfa.export_bvh", "head.bvh", _bvh),
    _Kind("PERFORMANCE", "ddfa.export_performance", "head.npz", _performance, turns=1),
)
