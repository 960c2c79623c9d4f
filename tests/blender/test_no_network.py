# SPDX-License-Identifier: GPL-3.0-or-later
"""The extension opens no socket and starts no program: not when it is enabled, captures, bakes or exports."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path


def test_a_whole_session_talks_to_nobody(tmp_path):
    script = Path(__file__).with_name("silent_session.py")
    answer = subprocess.run(
        [sys.executable, script, tmp_path], capture_output=True, text=True, check=False, timeout=600
    )
    assert answer.returncode == 0, answer.stderr[-3000:]
    result = json.loads((tmp_path / "result.json").read_text(encoding="utf-8"))
    assert result["seen"] == []
    assert len(result["written"]) >= 4


def test_the_hook_sees_a_socket(tmp_path):
    code = "import sys; sys.path.insert(0, sys.argv[1]); import silent_session as s; sys.addaudithook(s._hook)\n"
    code += "import socket, os; socket.socket().close(); os.system('true'); print(len(s._seen))"
    here = str(Path(__file__).parent)
    answer = subprocess.run([sys.executable, "-c", code, here], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "2"
