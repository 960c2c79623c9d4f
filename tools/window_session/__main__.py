# SPDX-License-Identifier: GPL-3.0-or-later
"""``python -m tools.window_session``: run a scenario in a real Blender with a window (see the package's text)."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from .. import extension_zip
from ..project import RENDERED_CLIP, BuildError, log
from . import (
    capture_scenario,
    docs_scenario,
    files_scenario,
    interface_scenario,
    keep_scenario,
    keys_scenario,
    mapping_scenario,
    quick_start_scenario,
    retarget_scenario,
)
from .session import Session, running

SCENARIOS: dict[str, Callable[[Session], None]] = {
    "capture": capture_scenario.run,
    "keep": keep_scenario.run,
    "interface": interface_scenario.run,
    "retarget": retarget_scenario.run,
    "keys": keys_scenario.run,
    "mapping": mapping_scenario.run,
    "files": files_scenario.run,
    "quick-start": quick_start_scenario.run,
    "docs": docs_scenario.run,
}


def parse(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line; paths are absolute."""
    parser = argparse.ArgumentParser(prog="python -m tools.window_session", description=__doc__)
    parser.add_argument(
        "--blender-root", type=_absolute, required=True, metavar="FOLDER",
        help="folder of a Debian with Blender (see make_root), or / when this machine has all that it needs",
    )  # fmt: skip
    parser.add_argument("--zip", type=_absolute, help="the extension; without it, built from the checkout")
    parser.add_argument(
        "--clip", type=_absolute, default=RENDERED_CLIP, help="footage; our own rendered clip without it"
    )
    parser.add_argument(
        "--out", type=_absolute, required=True, metavar="FOLDER", help="pictures, report and log go there"
    )
    parser.add_argument("--scenario", choices=tuple(SCENARIOS), default="capture")
    parser.add_argument("--language", default="", metavar="LOCALE", help="Blender's language, such as de_DE")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    options = parse(arguments)
    try:
        zip_path = options.zip or extension_zip.build([extension_zip.this_platform()])[0]
        session = running(options.blender_root, zip_path, options.clip, options.out, language=options.language)
        with session as running_session:
            SCENARIOS[options.scenario](running_session)
    except BuildError as error:
        log(f"error: {error}")
        return 1
    log(f"Everything happened; the pictures are in {options.out}.")
    return 0


def _absolute(text: str) -> Path:
    return Path(text).expanduser().resolve()


if __name__ == "__main__":
    sys.exit(main())
