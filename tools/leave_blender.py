# SPDX-License-Identifier: GPL-3.0-or-later
"""How a script inside Blender as a module ends: at once, once it has said what there is to say.

Imported by its name alone, since such scripts are run by their path.
"""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Callable
from typing import NoReturn


def run_and_leave(main: Callable[[], int | None]) -> NoReturn:
    """Run ``main`` and end the process with the status it returns (None: 0), or 1 where it raised anything."""
    try:
        code = main() or 0
    except BaseException:  # noqa: BLE001 (whatever it is, it must be told before os._exit)
        traceback.print_exc()
        code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    # Blender as a module may crash (4.2) or hang (4.5) while Python shuts down.
    os._exit(code)
