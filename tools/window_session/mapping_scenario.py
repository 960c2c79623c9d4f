# SPDX-License-Identifier: GPL-3.0-or-later
"""A mapping worked by hand, kept and brought back, and retargeted onto a character that is animated already.

The performance is a recording of which every value is known; what is clicked is judged by how the character moves.
"""

from __future__ import annotations

import math
import time
from pathlib import Path

import numpy as np

from . import dialogs, pictures, recording
from .capture_scenario import empty_scene
from .files_scenario import frame_rate, import_recording
from .retarget_scenario import add_character, choose_character
from .session import Session

_RETARGET, _MAPPING, _POSES = "DDFA_PT_retarget", "DDFA_PT_mapping", "DDFA_PT_face_poses"
_RIG, _FACE, _WALK, _EXTRA = "Toon", "Toon Face", "Walk", "earWiggle"
_SETTLE_SECONDS, _POPOVER_SECONDS = 1.0, 1.5
_SETTINGS = "scene.ddfa.retarget"
#: What is typed, and how near the curves must come to what follows from it.
_GAIN, _NEAR = 0.5, 0.02
#: How often a number is typed at most; gain, minimum and maximum that are: within the limits, beyond 1, turned round.
_ATTEMPTS, _LIMITS = 2, ((0.5, 0.1, 0.2), (2.0, 0.0, 1.2), (-1.0, -0.5, 1.0))
#: From a panel's right edge to the presets in its header, and of the lines of a popover from its lower right corner,
#: pixels at interface scale 1.
_TO_PRESETS, _LINE, _ARROW = 35, 24, 12
#: Where across the panel the list has its gains, and no field below it has; from there to a line's name.
_IN_LIST, _IN_BOX, _TO_NAME = (0.8,), (0.6,), 90
#: The same of the buttons with a symbol only, and of the second number of a curve's points: it saves many looks.
_CURVE, _CLEAR, _LAST, _OUT = (0.9,), (0.82,), (0.93,), (0.65,)
#: From the last button in the box of the chosen target to the one below the box.
_TO_MENU = 30
_PRESET = "halfJaw"
#: A window in which the mapping can be seen as a whole.
_TALL = (1100, 1400)
_LIKE = 0.97


def run(session: Session) -> None:
    """The whole scenario.

    Raises:
        BuildError: a step did not happen; the message says which.
    """
    session.install()
    session.pilot.resize(*_TALL)
    empty_scene(session)
    import_recording(session, recording.write(session.work / "phone.csv"))
    add_character(session)
    session.remote.ask("add_walk", rig=_RIG, action=_WALK, face=_FACE, key=_EXTRA)
    session.pilot.sidebar.only(_MAPPING)
    session.step("mapping empty")
    choose_character(session)
    session.pilot.sidebar.only(_MAPPING)
    _search(session)
    _gain(session)
    _limits(session)
    _curve(session)
    _mirror(session)
    _presets(session)
    _file(session)
    _layers(session)
    _poses(session)


def _index(session: Session, name: str) -> int:
    return list(session.remote.ask("mapping")).index(name)


def _wheel(session: Session, prop: str, panel: str, wanted: str) -> None:
    """Turn the wheel over a choice, with Ctrl, until it is the wanted one."""
    pilot, path = session.pilot, f"{_SETTINGS}{prop}"
    pilot.screen.move(*pilot.find(prop, panel))
    for step in (1, -1):
        now = session.remote.ask("value", path=path)
        while now != wanted:
            pilot.screen.scroll(step, modifier="ctrl")
            pilot.window.settle()
            before, now = now, session.remote.ask("value", path=path)
            if now == before:
                break
    pilot.rest()
    now = session.remote.ask("value", path=path)
    session.require(now == wanted, f"The wheel over {prop} has chosen {now} instead of {wanted}.")


def _search(session: Session) -> None:
    """Only what is unmatched; then Ctrl+F over the list, and a channel's name."""
    pilot = session.pilot
    _wheel(session, ".shown_targets", _MAPPING, "UNMATCHED")
    session.step("unmatched")
    _wheel(session, ".shown_targets", _MAPPING, "ALL")
    x, y = pilot.find(".source_gain", _MAPPING, _IN_LIST)
    pilot.screen.key("ctrl+f")
    time.sleep(_SETTLE_SECONDS)
    pilot.screen.write("jawop")
    pilot.screen.key("Return")
    pilot.window.settle()
    pilot.screen.click(x - round(_TO_NAME * pilot.window.scale()), y)
    pilot.rest()
    session.step("searched")
    chosen = session.remote.ask("value", path=f"{_SETTINGS}.active_target")
    session.require(chosen == _index(session, "jawOpen"), f"The search for jawop leads to target {chosen}.")


def _gain(session: Session) -> None:
    """Type a gain into the list's only line: the key opens by that much less."""
    pilot = session.pilot
    place = f"{_SETTINGS}.targets[{_index(session, 'jawOpen')}].sources[0].source_gain"
    pilot.write_at(pilot.find(".source_gain", _MAPPING, _IN_LIST), str(_GAIN))
    pilot.rest()
    found = session.remote.ask("value", path=place)
    session.step("gain typed", gain=found)
    session.require(found == _GAIN, f"The gain is {found} after {_GAIN} was typed.")
    _retarget(session)
    _judge_jaw(session, _GAIN * _performed("JawOpen", session), "the gain")


def _limits(session: Session) -> None:
    """Type gain, minimum and maximum below the list: the baked key keeps to them, and may leave 0 to 1 if they do."""
    target = f"{_SETTINGS}.targets[{_index(session, 'jawOpen')}]"
    places = (f"{target}.sources[0].source_gain", f"{target}.target_min", f"{target}.target_max")
    for typed in (*_LIMITS, (_GAIN, 0.0, 1.0)):
        found = tuple(_type(session, place, number) for place, number in zip(places, typed, strict=True))
        session.pilot.rest()
        session.step("limits typed", found=found)
        session.require(found == typed, f"Gain and limits are {found} after {typed} was typed.")
        _retarget(session)
        gain, least, most = typed
        wanted = np.clip(gain * _performed("JawOpen", session), least, most)
        _judge_jaw(session, wanted, f"gain {gain:g} between {least:g} and {most:g}")
        session.pilot.sidebar.only(_MAPPING)


def _type(session: Session, path: str, number: float) -> float:
    """Type a number into its field below the list; what is there then. On a busy machine a click may be lost."""
    found = math.nan
    for _attempt in range(_ATTEMPTS):
        field = f".{path.rpartition('.')[2]}"
        session.pilot.write_at(session.pilot.find(field, _MAPPING, _IN_BOX), f"{number:g}")
        found = round(session.remote.ask("value", path=path), 4)
        if found == number:
            break
    return found


def _curve(session: Session) -> None:
    """Add a curve, pull its middle down, take the point out again."""
    pilot = session.pilot
    points = f"{_SETTINGS}.targets[{_index(session, 'jawOpen')}].sources[0].points"

    def outs() -> list[float]:
        count = session.remote.ask("count", path=points)
        return [session.remote.ask("value", path=f"{points}[{i}].point_out") for i in range(count)]

    pilot.screen.click(*pilot.find("ddfa.add_curve_point", _MAPPING, _CURVE))
    pilot.write_at(pilot.find(".points[1].point_out", _MAPPING, _OUT), "0")
    pilot.rest()
    session.step("curve bent", outs=outs())
    session.require(outs() == [0.0, 0.0, 1.0], f"The curve is {outs()} after its middle was pulled down.")
    _retarget(session)
    bent = _GAIN * np.interp(_performed("JawOpen", session), (0.0, 0.5, 1.0), (0.0, 0.0, 1.0))
    _judge_jaw(session, bent, "the curve")
    pilot.sidebar.only(_MAPPING)
    pilot.screen.click(*pilot.find("ddfa.remove_curve_point", _MAPPING, _LAST))
    pilot.rest()
    session.require(len(outs()) == 2, "The curve's point is still there after it was taken out.")
    pilot.screen.click(*pilot.find("ddfa.clear_curve", _MAPPING, _CLEAR))
    pilot.rest()
    session.step("curve cleared")
    session.require(not outs(), "The curve is still there after it was cleared.")


def _mirror(session: Session) -> None:
    """Mirror the performance by the menu: blinks change sides; and back."""
    pilot = session.pilot
    for wanted in ("eyeBlinkRight", "eyeBlinkLeft"):
        x, y = pilot.find("ddfa.add_source", _MAPPING)  # a menu's button tells nothing of itself; it is the next one
        pilot.screen.click(x, y + round(_TO_MENU * pilot.window.scale()))
        time.sleep(_SETTLE_SECONDS)
        pilot.screen.key("m")  # the letter that the menu underlines
        time.sleep(_SETTLE_SECONDS)
        pilot.rest()
        found = session.remote.ask("mapping")["eyeBlinkLeft"]
        session.step(f"mirrored to {wanted}", found=found)
        session.require(found == [wanted], f"After Mirror Performance eyeBlinkLeft is driven by {found}.")


def _presets(session: Session) -> None:
    """Keep the mapping as a preset by the popover in the header, lose it, choose the preset, remove it."""
    pilot = session.pilot
    gain = f"{_SETTINGS}.targets[{_index(session, 'jawOpen')}].sources[0].source_gain"

    def kept() -> list[Path]:
        return list((session.work / "home").rglob(f"ddfa_face_capture_mappings/{_PRESET}.py"))

    left, _top, right, bottom = _popover(session)
    pilot.write_at((round(left + 0.4 * (right - left)), bottom - _LINE), _PRESET)
    pilot.screen.click(right - _LINE, bottom - _LINE)
    _close(session)
    session.step("preset kept", files=[path.name for path in kept()])
    session.require(len(kept()) == 1, "The preset is not in the user's folder.")
    pilot.click("ddfa.find_mapping", _MAPPING)
    pilot.rest()
    session.require(session.remote.ask("value", path=gain) == 1.0, "Find Mapping has left the gain.")
    left, _top, right, bottom = _popover(session)
    session.step("presets listed")
    pilot.screen.click(round(left + 0.4 * (right - left)), bottom - 2 * _LINE - 4)
    _close(session)
    found = session.remote.ask("value", path=gain)
    session.step("preset applied", gain=found, message=session.remote.ask("message"))
    session.require(found == _GAIN, f"The preset brings the gain {found}.")
    _left, _top, right, bottom = _popover(session)
    pilot.screen.click(right - _LINE, bottom - 2 * _LINE - 4)
    _close(session)
    session.step("preset removed")
    session.require(not kept(), "The preset is still there after it was removed.")


def _popover(session: Session) -> tuple[int, int, int, int]:
    """Open the list of presets in the header of Mapping; where it is: what the window shows otherwise than before."""
    pilot = session.pilot
    panel = pilot.sidebar.in_view(_MAPPING)
    spot = round(panel.right - _TO_PRESETS * pilot.window.scale()), (panel.top + panel.header) // 2
    pilot.screen.move(*spot)
    pilot.window.settle()
    before = pilot.look()
    pilot.screen.click(*spot)
    time.sleep(_POPOVER_SECONDS)
    left, top, right, bottom = pictures.box_of_change(before, pilot.look())
    # Where there is no room below it opens upwards, and its arrow is at its lower edge.
    upwards = (top + bottom) / 2 < spot[1]
    return left, top, right, bottom - (round(_ARROW * pilot.window.scale()) if upwards else 0)


def _close(session: Session) -> None:
    """Be rid of the popover, which stays open: some want to choose again."""
    time.sleep(_SETTLE_SECONDS)
    session.pilot.screen.key("Escape")
    session.pilot.rest()


def _file(session: Session) -> None:
    """Save the mapping by the dialog, lose it, load it."""
    gain = f"{_SETTINGS}.targets[{_index(session, 'jawOpen')}].sources[0].source_gain"
    keep_in_file(session, session.work / "toon.json", gain, _GAIN)


def keep_in_file(session: Session, path: Path, gain: str, value: float) -> None:
    """Save the mapping by the dialog, find it anew, load it: the ``gain`` at an RNA path is ``value``, 1, ``value``."""
    pilot = session.pilot
    for operator, after in (("ddfa.save_mapping", value), ("ddfa.find_mapping", 1.0), ("ddfa.load_mapping", value)):
        pilot.sidebar.only(_MAPPING)
        pilot.click(operator, _MAPPING)
        if operator != "ddfa.find_mapping":
            dialogs.wait_open(session)
            session.step(f"dialog {operator}")
            dialogs.accept(session, path)
        time.sleep(_SETTLE_SECONDS)
        pilot.rest()
        found = session.remote.ask("value", path=gain)
        session.step(operator, gain=found, message=session.remote.ask("message"))
        session.require(found == after, f"After {operator} the gain is {found}.")


def _layers(session: Session) -> None:
    """The animator's walk plays on below; again replaces; New Action leaves it out; Into Present writes into it."""
    name = f"phone · {_RIG}"
    found = session.remote.ask("layers", rig=_RIG)
    session.require(found["action"] == name and found["strips"] == [_WALK], f"The layers are {found}.")
    _wheel(session, ".blend_mode", _RETARGET, "COMBINE")
    _retarget(session)
    found = session.remote.ask("layers", rig=_RIG)
    session.step("layered", **found)
    wanted = {"action": name, "strips": [_WALK], "blend": "COMBINE"}
    session.require(found == wanted, f"After Retarget with Combine the layers are {found}.")
    _judge_body(session, walks=True)
    _wheel(session, ".action_mode", _RETARGET, "NEW")
    _retarget(session)
    found = session.remote.ask("layers", rig=_RIG)
    session.step("new action", **found)
    session.require(found["action"].startswith(f"{name}.") and found["strips"] == [_WALK], f"New Action: {found}.")
    _judge_body(session, walks=True)
    session.remote.ask("play_again", rig=_RIG, action=_WALK)
    _wheel(session, ".action_mode", _RETARGET, "MERGE")
    _retarget(session)
    found = session.remote.ask("layers", rig=_RIG)
    session.step("into present", **found)
    session.require(found["action"] == _WALK and not found["strips"], f"Into Present Action: {found}.")
    _judge_body(session, walks=True)


def _poses(session: Session) -> None:
    """Pose a bone, record it for the jaw, put it back, show it, and retarget: the bone follows the jaw."""
    pilot, remote, bone = session.pilot, session.remote, "Jaw"
    _wheel(session, ".action_mode", _RETARGET, "LAYER")
    pilot.sidebar.only(_POSES)
    session.step("poses empty")
    remote.ask("assign", path=f"{_SETTINGS}.pose_channel", to="jawOpen")
    remote.ask("pose_bone", rig=_RIG, bone=bone, degrees=[20.0, 0.0, 0.0])
    pilot.click("ddfa.record_pose", _POSES)
    pilot.rest()
    session.step("pose recorded", message=remote.ask("message"))
    session.require("Pose: jawOpen" in remote.ask("mapping"), "The recorded pose has no line in the mapping.")
    for channel, least in (("neutral", False), ("jawOpen", True)):
        remote.ask("assign", path=f"{_SETTINGS}.pose_channel", to=channel)
        pilot.click("ddfa.show_pose", _POSES)
        pilot.rest()
        posed = max(map(abs, remote.ask("bone_angles", rig=_RIG, bone=bone))) > 1.0
        session.require(posed == least, f"Show Pose of {channel} leaves the bone {'posed' if posed else 'at rest'}.")
    _retarget(session)
    nod = np.array(remote.ask("bone_tracks", rig=_RIG, bone=bone)["nod"])
    head = np.array(remote.ask("bone_tracks", rig=_RIG, bone="Head")["nod"])
    like = abs(recording.alike(nod - head, _performed("JawOpen", session)))
    session.step("poses retargeted", like=round(like, 3))
    session.require(like > _LIKE, f"The jaw's bone follows the jaw with r = {like}.")
    pilot.sidebar.only(_POSES)
    pilot.click("ddfa.forget_pose", _POSES)
    pilot.rest()
    session.require("Pose: jawOpen" not in remote.ask("mapping"), "The forgotten pose still has its line.")


def _retarget(session: Session) -> None:
    """Click Retarget; whatever it holds may be open."""
    session.pilot.click("ddfa.retarget", _RETARGET)
    session.pilot.rest()
    time.sleep(_SETTLE_SECONDS)
    message = session.remote.ask("message")
    session.step("retarget", message=message)
    session.require(message.startswith("Retargeted as"), f"Retarget says {message!r}.")


def _judge_jaw(session: Session, wanted: np.ndarray, what: str) -> None:
    found = np.array(session.remote.ask("key_track", mesh=_FACE, key="jawOpen"))
    error = float(np.abs(found - wanted).max())
    session.require(error < _NEAR, f"With {what} the jaw is off by {error:.3f} from what was recorded.")


def _judge_body(session: Session, *, walks: bool) -> None:
    """The hips go up and down as before, and the head turns as it was recorded."""
    up = np.ptp(session.remote.ask("bone_tracks", rig=_RIG, bone="Hips")["up"])
    turned = session.remote.ask("bone_tracks", rig=_RIG, bone="Head")["yaw"]
    like = recording.alike(turned, _performed("HeadYaw", session))
    session.require((up > 0.1) == walks, f"The hips go up and down by {up:.2f} m.")
    session.require(like > _LIKE, f"The head turns as recorded with r = {like:.3f}.")


def _performed(column: str, session: Session) -> np.ndarray:
    """A column of the recording on the scene's frames."""
    first, last = (session.remote.ask("value", path=f"scene.frame_{end}") for end in ("start", "end"))
    return recording.resampled(column, last - first + 1, frame_rate(session))
