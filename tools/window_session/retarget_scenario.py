# SPDX-License-Identifier: GPL-3.0-or-later
"""A captured performance onto a character of the user's own, out as files, and a phone's recording in: issue 5."""

from __future__ import annotations

import time
from pathlib import Path

from ddfa_blender.names import ARKIT_NAMES

from . import dialogs, judging
from .capture_scenario import capture, empty_scene, pick
from .files_scenario import import_recording
from .screen import to_screen
from .session import Session

_RETARGET, _MAPPING, _EXPORT = "DDFA_PT_retarget", "DDFA_PT_mapping", "DDFA_PT_export"
#: Names of the character's armature and mesh.
_NAME, _MESH = "Toon", "Toon Face"
#: Where the character stands, metres to the right of the captured head, and how long Blender may take for a file.
_ASIDE, _FILE_SECONDS = 0.3, 60.0
_SETTLE_SECONDS = 1.0
#: A frame with an expression.
_MOMENT = 38
#: Formats between FBX and Live Link Face in the list; the size below which a file cannot hold a head with animation.
_FORMAT, _STEPS_TO_CSV, _LEAST_BYTES = ".format", 3, 100_000
#: What our clip's actor surely does, and the least that the character has to do of it.
_MOVING, _LEAST_MOVE = ("jawOpen", "eyeBlinkLeft", "eyeBlinkRight"), 0.1


def run(session: Session) -> None:
    """The whole scenario.

    Raises:
        BuildError: a step did not happen; the message says which.
    """
    session.install()
    empty_scene(session)
    pick(session, str(session.clip))
    capture(session)
    add_character(session)
    choose_character(session)
    find_mapping(session)
    _retarget(session)
    _export(session, "ddfa.export_fbx", "head.fbx", _LEAST_BYTES)
    _choose_format(session)
    recording = _export(session, "ddfa.export_live_link_face", "head.csv", 0)
    import_recording(session, recording)


def add_character(session: Session) -> None:
    """Have a character in the scene, beside the captured head."""
    session.remote.ask("add_character", rig=_NAME, face=_MESH, x=_ASIDE)


def choose_character(session: Session) -> None:
    """Click on the character in the viewport, then on Use Selection.

    Raises:
        BuildError: it is not chosen.
    """
    pilot, remote = session.pilot, session.remote
    remote.ask("call", operator="view3d.view_axis", area="VIEW_3D", type="FRONT")
    remote.ask("call", operator="view3d.view_all", area="VIEW_3D")
    time.sleep(_SETTLE_SECONDS)
    x, y = remote.ask("in_viewport", place=[_ASIDE, 0.0, 0.0])
    pilot.screen.click(*to_screen(x, y, pilot.window.about()["height"]))
    pilot.rest()
    active = remote.ask("value", path="active_object.name")
    session.require(active == _MESH, f"A click on the character has chosen {active}.")
    pilot.sidebar.only(_RETARGET)
    pilot.click("ddfa.use_selection", _RETARGET)
    pilot.rest()
    chosen = remote.ask("value", path="scene.ddfa.retarget.character.name")
    session.require(chosen == _NAME, f"Use Selection has made {chosen} the character.")
    session.step("character chosen")


def find_mapping(session: Session) -> None:
    """Click Find Mapping: every channel has to have found its key.

    Raises:
        BuildError: one has not.
    """
    session.pilot.click("ddfa.find_mapping", _MAPPING)
    session.pilot.rest()
    found = session.remote.ask("mapping")
    wrong = [name for name in ARKIT_NAMES if found.get(name) != [name]]
    session.step("mapping found", targets=len(found))
    session.require(not wrong, f"Find Mapping has not found {', '.join(wrong)}.")


def _retarget(session: Session) -> None:
    """Click Retarget: the character has to move."""
    pilot = session.pilot
    before = session.remote.ask("snapshot")
    pilot.click("ddfa.retarget", _RETARGET)
    pilot.rest()
    session.remote.ask("assign", path="scene.frame_current", to=_MOMENT)
    time.sleep(_SETTLE_SECONDS)
    played = session.remote.ask("played", mesh=_MESH)
    made = judging.gained(before, session.remote.ask("snapshot"), "actions")
    moves = {name: round(most - least, 2) for name, (least, most) in played.items()}
    session.step("retargeted", actions=made, moves={name: moves[name] for name in _MOVING})
    session.require(bool(made), "Retarget has made no action.")
    still = [name for name in _MOVING if moves[name] < _LEAST_MOVE]
    session.require(not still, f"The character's keys {', '.join(still)} do not move.")


def _choose_format(session: Session) -> None:
    """Turn the wheel over the list of formats, with Ctrl as Blender wants it, to Live Link Face."""
    pilot = session.pilot
    pilot.sidebar.only(_EXPORT)
    pilot.screen.move(*pilot.find(_FORMAT, _EXPORT))
    for _step in range(_STEPS_TO_CSV):
        pilot.screen.scroll(1, modifier="ctrl")
        pilot.window.settle()
    pilot.rest()
    chosen = session.remote.ask("value", path="scene.ddfa.export.format")
    session.require(chosen == "CSV", f"The wheel has chosen the format {chosen}.")


def _export(session: Session, operator: str, name: str, least: int) -> Path:
    """Click the button, then through the file dialog."""
    session.pilot.sidebar.only(_EXPORT)
    session.pilot.click(operator, _EXPORT)
    dialogs.wait_open(session)
    session.step(f"dialog {name}")
    path = session.work / name
    dialogs.accept(session, path)
    session.pilot.wait_for(f"The file {name}", path.is_file, _FILE_SECONDS)
    time.sleep(_SETTLE_SECONDS)
    session.pilot.rest()
    session.step(f"exported {name}", bytes=path.stat().st_size)
    session.require(path.stat().st_size >= least, f"{name} has only {path.stat().st_size} bytes.")
    return path
