# SPDX-License-Identifier: GPL-3.0-or-later
"""The steps of docs/quick-start.md, one after the other, by someone who does only what stands there.

The footage is picked in the file dialog, In and Out by the preview; the character at the end has no armature.
"""

from __future__ import annotations

import math
import time
from pathlib import Path

from . import dialogs, judging
from .capture_scenario import capture, empty_scene
from .pilot import MAIN
from .screen import to_screen
from .session import Session

_TIMING, _SMOOTHING, _NEUTRAL = "DDFA_PT_timing", "DDFA_PT_smoothing", "DDFA_PT_neutral"
_EXPORT, _RETARGET = "DDFA_PT_export", "DDFA_PT_retarget"
_FOOTAGE, _OF_HEAD = "scene.ddfa.footage", "scene.ddfa.head.ddfa.settings"
#: Seconds of the footage that are captured, how near the frames' own times must come, and looks until they are there.
_IN, _OUT, _NEAR, _LOOKS = 0.5, 3.0, 0.05, 20
_START_FRAME, _SMOOTH = 11, 0.2
_FACE, _BEARD, _ASIDE = "Clay", "Clay Beard", 0.4
#: What surely moves in our clip, called as on the character, and by how much at least.
_MOVING, _LEAST_MOVE = {_FACE: ("JawOpen", "EyeBlink_L", "EyeBlink_R"), _BEARD: ("jaw open",)}, 0.1
_SETTLE_SECONDS, _PLAY_SECONDS, _FILE_SECONDS = 1.0, 15.0, 120.0
_LEAST_BYTES = 100_000


def run(session: Session) -> None:
    """The whole scenario.

    Raises:
        BuildError: a step did not happen; the message says which.
    """
    session.install()
    empty_scene(session)
    _pick(session)
    _choose_part(session)
    capture(session)
    session.step("captured", message=session.remote.ask("message"))
    _play(session)
    _refine(session)
    _export(session)
    _animate_character(session)


def _pick(session: Session) -> None:
    """Click the folder symbol beside the empty field and choose the video."""
    pilot = session.pilot
    pilot.click("buttons.file_browse")
    dialogs.wait_open(session)
    session.step("dialog footage")
    dialogs.accept(session, session.clip)
    pilot.rest()
    picked = session.remote.ask("value", path=f"{_FOOTAGE}.video")
    session.require(Path(picked).name == session.clip.name, f"The dialog has picked {picked!r}.")
    time.sleep(_SETTLE_SECONDS * 3)  # the preview's face is looked for on a thread
    session.step("footage picked")


def _choose_part(session: Session) -> None:
    """Move the preview, click the buttons that take its moment as In and Out."""
    pilot = session.pilot
    column = pilot.find("ddfa.set_clip_point")[0]
    for moment, field in ((_IN, "clip_start"), (_OUT, "clip_end")):
        pilot.enter(".preview_time", f"{moment:g}")
        row, found = pilot.find(f".{field}")[1], math.inf
        for _look in range(_LOOKS):  # the button is grey until the frame of that moment is there
            pilot.screen.click(column, row)
            pilot.rest()
            found = session.remote.ask("value", path=f"{_FOOTAGE}.{field}")
            if abs(found - moment) < _NEAR:
                break
            time.sleep(_SETTLE_SECONDS)
        session.step(field, found=round(found, 3))
        session.require(abs(found - moment) < _NEAR, f"{field} is {found:.3f} with the preview at {moment}.")
    session.require(session.remote.ask("value", path=f"{_FOOTAGE}.use_clip_end"), "Out is set and not used.")


def _play(session: Session) -> None:
    """Space plays, Space stops."""
    pilot, remote = session.pilot, session.remote
    before = remote.ask("value", path="scene.frame_current")
    pilot.screen.key("space")
    what = "That Space plays"
    pilot.wait_for(what, lambda: remote.ask("value", path="scene.frame_current") > before + 2, _PLAY_SECONDS)
    pilot.screen.key("space")
    time.sleep(_SETTLE_SECONDS)
    session.step("played", frame=remote.ask("value", path="scene.frame_current"))


def _refine(session: Session) -> None:
    """A setting in some of the panels: the head follows at once."""
    pilot, remote = session.pilot, session.remote
    before = remote.ask("played")
    _type(session, _TIMING, "timing.frame_start", _START_FRAME)
    wanted = _START_FRAME + round(_IN * remote.ask("value", path="scene.render.fps"))
    first = remote.ask("value", path="scene.frame_start")
    session.require(abs(first - wanted) <= 1, f"The scene begins at {first}, the part at frame {wanted}.")
    _type(session, _SMOOTHING, "cleanup.smooth_mouth", _SMOOTH)
    session.require(remote.ask("played") != before, "The head does not follow its smoothing.")
    remote.ask("assign", path="scene.frame_current", to=wanted + 5)
    pilot.sidebar.only(_NEUTRAL)
    pilot.click("ddfa.neutral_from_frame", _NEUTRAL)
    pilot.rest()
    mode = remote.ask("value", path=f"{_OF_HEAD}.neutral.neutral_mode")
    session.step("neutral from frame", mode=mode)
    session.require(mode == "time", f"Neutral from Current Frame leaves {mode}.")


def _type(session: Session, panel: str, path: str, number: float) -> None:
    """Type a number into the field of a setting of the head."""
    name = path.rpartition(".")[2]
    session.pilot.sidebar.only(panel)
    session.pilot.enter(f".{name}", f"{number:g}", panel)
    session.pilot.rest()
    found = session.remote.ask("value", path=f"{_OF_HEAD}.{path}")
    session.step(name, found=round(found, 3))
    session.require(abs(found - number) < 1e-4, f"{name} is {found} after {number:g} was typed.")


def _export(session: Session) -> None:
    pilot, path = session.pilot, session.work / "head.fbx"
    pilot.sidebar.only(_EXPORT)
    session.step("export")
    pilot.click("ddfa.export_fbx", _EXPORT)
    dialogs.wait_open(session)
    dialogs.accept(session, path)
    pilot.wait_for("The file head.fbx", path.is_file, _FILE_SECONDS)
    time.sleep(_SETTLE_SECONDS)
    pilot.rest()
    session.step("exported", bytes=path.stat().st_size, message=session.remote.ask("message"))
    session.require(path.stat().st_size >= _LEAST_BYTES, f"head.fbx has only {path.stat().st_size} bytes.")


def _animate_character(session: Session) -> None:
    """Drag a box over a character's meshes, Use Selection, Retarget."""
    pilot, remote = session.pilot, session.remote
    corners = remote.ask("add_loose_character", face=_FACE, beard=_BEARD, x=_ASIDE)
    pilot.sidebar.only(MAIN)
    remote.ask("call", operator="view3d.view_axis", area="VIEW_3D", type="FRONT")
    remote.ask("call", operator="view3d.view_all", area="VIEW_3D")
    time.sleep(_SETTLE_SECONDS)
    height = pilot.window.about()["height"]
    start, end = (to_screen(x, y, height) for x, y in (remote.ask("in_viewport", place=place) for place in corners))
    pilot.screen.drag(start, end)  # the box of the tool that a new file has
    time.sleep(_SETTLE_SECONDS)
    pilot.rest()
    pilot.sidebar.only(_RETARGET)
    session.step("character selected")
    pilot.click("ddfa.use_selection", _RETARGET)
    pilot.rest()
    meshes = remote.ask("count", path="scene.ddfa.retarget.face_meshes")
    session.step("character chosen", meshes=meshes, targets=len(remote.ask("mapping")))
    session.require(meshes == len(_MOVING), f"Use Selection has taken {meshes} meshes of {len(_MOVING)}.")
    before = remote.ask("snapshot")
    pilot.click("ddfa.retarget", _RETARGET)
    pilot.rest()
    time.sleep(_SETTLE_SECONDS)
    made = judging.gained(before, remote.ask("snapshot"), "actions")
    moves: dict[str, float] = {}
    for mesh, keys in _MOVING.items():
        played = remote.ask("played", mesh=mesh)
        moves |= {key: round(played[key][1] - played[key][0], 2) for key in keys}
    session.step("retargeted", actions=made, moves=moves, message=remote.ask("message"))
    still = [key for key, by in moves.items() if by < _LEAST_MOVE]
    session.require(not still, f"The character's keys {', '.join(still)} do not move.")
