# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from ddfa_blender.batch.keyboard import stop_wish

pytestmark = pytest.mark.skipif(os.name != "posix", reason="Windows has no signals and no pseudo-terminals")

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signals_are_wishes_and_the_second_one_interrupts(number: signal.Signals) -> None:
    before = signal.getsignal(number)
    with stop_wish() as stop:
        assert not stop()
        os.kill(os.getpid(), number)
        assert stop() and stop()
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), number)
    assert signal.getsignal(number) is before


_PROGRAM = """
import sys, time
from ddfa_blender.batch.keyboard import stop_wish
with stop_wish() as stop:
    print("ready", flush=True)
    while not stop():
        time.sleep(0.01)
print("stopped", flush=True)
"""


def test_escape_stops_and_arrow_keys_do_not() -> None:
    """In a terminal of its own, whose settings are put back."""
    import pty
    import termios

    master, slave = pty.openpty()
    before = termios.tcgetattr(slave)
    # The terminal becomes the new session's, as a terminal emulator does it.
    code = f"import fcntl, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0)\n{_PROGRAM}"
    process = subprocess.Popen(
        [sys.executable, "-c", code],
        stdin=slave, stdout=subprocess.PIPE, cwd=ROOT, start_new_session=True, text=True,
    )  # fmt: skip
    try:
        assert process.stdout is not None and process.stdout.readline() == "ready\n"
        os.write(master, b"\x1b[A")  # arrow up
        os.write(master, b"x")
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(0.5)
        os.write(master, b"\x1b")
        assert process.stdout.readline() == "stopped\n"
        assert process.wait(30) == 0
        assert termios.tcgetattr(slave) == before
    finally:
        process.kill()
        process.wait()
        os.close(master)
        os.close(slave)


def test_without_a_terminal_nothing_is_read() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "from ddfa_blender.batch.keyboard import stop_wish\nwith stop_wish() as s: print(s())"],
        input="\x1b", capture_output=True, text=True, cwd=ROOT, check=True,
    )  # fmt: skip
    assert done.stdout == "False\n"
