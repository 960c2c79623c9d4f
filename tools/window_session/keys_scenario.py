# SPDX-License-Identifier: GPL-3.0-or-later
"""A head without shape keys: made, stopped, made again, looked at, kept, animated; its mapping kept and read again."""

from __future__ import annotations

import time

from ddfa_blender.names import ARKIT_NAMES

from . import judging
from .capture_scenario import capture, empty_scene, pick
from .mapping_scenario import keep_in_file
from .screen import to_screen
from .session import Session

_RETARGET, _KEYS = "DDFA_PT_retarget", "DDFA_PT_new_keys"
_MODAL = "DDFA_OT_make_keys"
_NAME, _ASIDE = "Bare", 0.35
#: Waits: Blender in software shares the machine with whatever else runs on it.
_SETTLE_SECONDS, _START_SECONDS, _STOP_SECONDS, _MAKE_SECONDS = 1.0, 20.0, 30.0, 600.0
_MOMENT, _LEAST_MOVE = 38, 0.1
_MOVING = ("jawOpen", "eyeBlinkLeft", "eyeBlinkRight")


def run(session: Session) -> None:
    """The whole scenario.

    Raises:
        BuildError: a step did not happen; the message says which.
    """
    session.install()
    empty_scene(session)
    pick(session, str(session.clip))
    capture(session)
    _choose_bare(session)
    _stop_one(session)
    _make(session)
    _look(session)
    _keep(session)
    _retarget(session)
    _keep_mapping(session)


def _choose_bare(session: Session) -> None:
    """Put the keyless head beside the captured one and click on it."""
    pilot, remote = session.pilot, session.remote
    middle = remote.ask("add_bare_head", name=_NAME, x=_ASIDE)
    remote.ask("call", operator="view3d.view_axis", area="VIEW_3D", type="FRONT")
    remote.ask("call", operator="view3d.view_all", area="VIEW_3D")
    time.sleep(_SETTLE_SECONDS)
    x, y = remote.ask("in_viewport", place=middle)
    pilot.screen.click(*to_screen(x, y, pilot.window.about()["height"]))
    pilot.rest()
    active = remote.ask("value", path="active_object.name")
    session.require(active == _NAME, f"A click on the head has chosen {active}.")
    pilot.sidebar.only(_KEYS)
    session.step("head chosen")


def _start(session: Session) -> None:
    pilot = session.pilot
    pilot.click("ddfa.make_keys", _KEYS)
    pilot.rest()
    pilot.wait_for("The start of the fit", lambda: _MODAL in pilot.window.modal(), _START_SECONDS)


def _stop_one(session: Session) -> None:
    """Esc while the keys are made: nothing has happened."""
    pilot, before = session.pilot, session.remote.ask("snapshot")
    _start(session)
    asked = time.monotonic()
    session.require(_MODAL in pilot.window.modal(), "The fit ended before it could be stopped.")
    pause = time.monotonic() - asked
    session.step("making", answer_ms=round(1000 * pause))
    pilot.screen.key("Escape")
    pilot.wait_for("The end after ESC", lambda: _MODAL not in pilot.window.modal(), _STOP_SECONDS)
    time.sleep(_SETTLE_SECONDS)
    session.step("stopped")
    session.require_unchanged(before, "ESC")


def _make(session: Session) -> None:
    pilot = session.pilot
    _start(session)
    pilot.wait_for("The end of the fit", lambda: _MODAL not in pilot.window.modal(), _MAKE_SECONDS)
    time.sleep(_SETTLE_SECONDS)
    names = session.remote.ask("shape_keys", mesh=_NAME)
    session.step("made", keys=len(names), message=session.remote.ask("message"))
    session.require(set(names) >= set(ARKIT_NAMES), f"Of the keys only {len(names)} are there.")
    for key in ("ctrl+z", "ctrl+shift+z"):
        pilot.screen.key(key)
        time.sleep(_SETTLE_SECONDS)
        found = session.remote.ask("shape_keys", mesh=_NAME)
        session.require(bool(found) == (key != "ctrl+z"), f"After {key} there are {len(found)} keys.")
    session.step("undone and redone")


def _look(session: Session) -> None:
    """The preview follows the choice of the expression."""
    for name in ("mouthSmileLeft", "jawOpen"):
        session.remote.ask("assign", path="scene.ddfa.retarget.shown_expression", to=name)
        time.sleep(_SETTLE_SECONDS)
        session.step(f"shows {name}")


def _keep(session: Session) -> None:
    session.pilot.click("ddfa.keep_keys", _KEYS)
    session.pilot.rest()
    found = session.remote.ask("mapping")
    wrong = [name for name in ARKIT_NAMES if found.get(name) != [name]]
    session.pilot.sidebar.only(_RETARGET)
    session.step("kept", targets=len(found))
    session.require(not wrong, f"The kept keys are not mapped: {', '.join(wrong)}.")


def _retarget(session: Session) -> None:
    pilot, before = session.pilot, session.remote.ask("snapshot")
    pilot.click("ddfa.retarget", _RETARGET)
    pilot.rest()
    session.remote.ask("assign", path="scene.frame_current", to=_MOMENT)
    time.sleep(_SETTLE_SECONDS)
    played = session.remote.ask("played", mesh=_NAME)
    moves = {name: round(played[name][1] - played[name][0], 2) for name in _MOVING}
    session.step("retargeted", moves=moves, message=session.remote.ask("message"))
    session.require(bool(judging.gained(before, session.remote.ask("snapshot"), "actions")), "There is no action.")
    still = [name for name in _MOVING if moves[name] < _LEAST_MOVE]
    session.require(not still, f"The new keys {', '.join(still)} do not move.")


def _keep_mapping(session: Session) -> None:
    """A gain is changed, the mapping kept as a file, found anew, and read again: the gain is there."""
    remote, path = session.remote, session.work / "bare.json"
    gain = "scene.ddfa.retarget.targets[0].sources[0].source_gain"
    remote.ask("assign", path=gain, to=1.5)
    keep_in_file(session, path, gain, 1.5)
    session.step("mapping kept", bytes=path.stat().st_size, message=remote.ask("message"))
