# SPDX-License-Identifier: GPL-3.0-or-later
"""Run the tests inside bpy: ``python tests/blender/run.py [pytest arguments]`` with a Python that has bpy and pytest.

Leaves through ``os._exit``, because Blender as a module may crash (4.2) or hang (4.5) when Python shuts it down.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
import support

HERE = Path(__file__).resolve().parent


def main() -> int:
    """Run pytest over this folder alone, whatever the folder it is called from."""
    here = str(HERE)
    arguments = [here, "--rootdir", here, "--confcutdir", here, "-c", os.devnull, "-p", "no:cacheprovider", "-q"]
    return int(pytest.main([*arguments, *sys.argv[1:]]))


if __name__ == "__main__":
    code = main()
    support.discard_user_folder()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
