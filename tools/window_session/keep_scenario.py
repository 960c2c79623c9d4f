# SPDX-License-Identifier: GPL-3.0-or-later
"""What a capture must survive: saving and reopening, disabling and enabling, an upgrade of the extension."""

from __future__ import annotations

import time

from . import judging
from .capture_scenario import capture, pick
from .session import TAB, Session

_OPEN_SECONDS, _SETTLE_SECONDS = 60.0, 1.0
#: A setting that moves many curves, its panel and its new value; frames between two looks at the curves.
_SLIDER, _PANEL, _GAIN, _EVERY = ".gain_mouth", "DDFA_PT_gains", 1.5, 8


def run(session: Session) -> None:
    """The whole scenario.

    Raises:
        BuildError: a step did not happen; the message says which.
    """
    session.install()
    pick(session, str(session.clip))
    capture(session)
    session.step("captured")
    saved = judging.kept_in_files(session.remote.ask("snapshot"))
    path = str(session.work / "shot.blend")
    session.remote.ask("call", operator="wm.save_as_mainfile", filepath=path)
    session.remote.ask("open_file", path=path, timeout=_OPEN_SECONDS)
    _settle(session)
    session.step("reopened")
    session.require_unchanged(saved, "Saving and reopening", users=False)
    _change_setting(session)
    saved = judging.kept_in_files(session.remote.ask("snapshot"))
    session.remote.ask("switch", on=False)
    _settle(session)
    session.step("disabled")
    session.remote.ask("switch", on=True)
    _show(session)
    session.step("enabled")
    session.require_unchanged(saved, "Disabling and enabling", users=False)
    session.remote.ask("install", path=str(session.zip_path), timeout=_OPEN_SECONDS * 3)
    _show(session)
    session.step("upgraded")
    session.require_unchanged(saved, "An upgrade of the extension", users=False)
    capture(session)
    session.step("captured again")


def _change_setting(session: Session) -> None:
    """A setting of a head that was opened with its file: its take is found, and the curves follow."""
    before = session.remote.ask("played", every=_EVERY)
    session.pilot.sidebar.only(_PANEL)
    session.pilot.enter(_SLIDER, f"{_GAIN:g}", _PANEL)
    session.pilot.rest()
    what = "That the curves of the reopened head follow its setting"
    session.pilot.wait_for(what, lambda: session.remote.ask("played", every=_EVERY) != before, _OPEN_SECONDS)
    session.step("setting changed")


def _show(session: Session) -> None:
    session.pilot.open_tab(TAB)
    _settle(session)


def _settle(session: Session) -> None:
    time.sleep(_SETTLE_SECONDS)
    session.pilot.window.settle()
