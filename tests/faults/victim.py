# SPDX-License-Identifier: GPL-3.0-or-later
"""A capture to be killed: ``python -m tests.faults.victim FOLDER [STAGE]``.

Captures ``FOLDER/clip.mp4``, keeps the take in ``FOLDER/takes`` and writes it over ``FOLDER/out/take.npz``. At the
STAGE it leaves the file ``FOLDER/reached`` and waits.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

from ddfa_blender import atomic, take_library
from ddfa_blender.capture import capture
from ddfa_blender.footage import video
from ddfa_blender.morphable_model import MorphableModel
from tests.ddfa_blender import support

STAGES = ("decode", "infer", "save begun", "save half", "save written", "save done")


def main(folder: Path, stage: str) -> None:
    """Do it, until the stage."""

    def stop() -> None:
        (folder / "reached").touch()
        time.sleep(3600)

    if stage == "decode":
        _before(video._FileReader, "retrieve", 8, stop)
    elif stage == "infer":
        _before(support.SquareRegressor, "predict", 8, stop)
    elif stage:
        _stop_saving(stage, stop)
    take = capture(folder / "clip.mp4", engine=support.square_engine(MorphableModel.load()))
    take_library.save_new(take, folder / "takes", "clip")
    take.save(folder / "out" / "take.npz")


def _before(owner: type, name: str, calls: int, stop: Callable[[], None]) -> None:
    """Stop before the method is called for the so-many-th time."""
    method, count = getattr(owner, name), 0

    def counted(*arguments: Any) -> Any:
        nonlocal count
        count += 1
        if count == calls:
            stop()
        return method(*arguments)

    setattr(owner, name, counted)


def _stop_saving(stage: str, stop: Callable[[], None]) -> None:  # noqa: C901 (one place for all that is patched)
    """The first save goes into the library, the second over an old file: that is the one that is stopped."""
    write, replace, saves = atomic.write_atomically, os.replace, 0

    def stopped(path: Path, content: Callable[[BinaryIO], None]) -> None:
        nonlocal saves
        saves += 1
        if saves == (1 if stage == "save begun" else 2):

            def half(file: BinaryIO) -> None:
                if stage == "save begun":
                    file.flush()
                    stop()
                content(file)
                if stage == "save half":
                    file.truncate(file.tell() // 2)
                    file.flush()
                    stop()

            write(path, half)
            if stage == "save done":
                stop()
            return
        write(path, content)

    def before(*arguments: Any) -> None:
        if stage == "save written" and saves == 2:
            stop()
        replace(*arguments)

    for module in list(sys.modules.values()):
        if getattr(module, "write_atomically", None) is write:
            module.write_atomically = stopped  # type: ignore[attr-defined]
    os.replace = before  # type: ignore[assignment]


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else "")
