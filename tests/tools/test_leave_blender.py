# SPDX-License-Identifier: GPL-3.0-or-later
import subprocess
import sys

import pytest

from tools.project import ROOT


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [("return None", 0, ""), ("return 2", 2, ""), ("raise KeyError('lost')", 1, "KeyError: 'lost'"),
     ("sys.exit(3)", 1, "SystemExit: 3")],
)  # fmt: skip
def test_a_script_ends_at_once_with_its_status_and_what_it_had_to_say(body: str, status: int, said: str) -> None:
    script = (
        f"import atexit, sys; sys.path.insert(0, {str(ROOT / 'tools')!r})\n"
        "from leave_blender import run_and_leave\n"
        "atexit.register(lambda: print('shut down'))\n"
        f"def main():\n    print('begun', end='')\n    {body}\n"
        "run_and_leave(main)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stdout) == (status, "begun")
    assert said in done.stderr
