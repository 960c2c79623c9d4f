# SPDX-License-Identifier: GPL-3.0-or-later
r"""Contact sheet of retargeting: footage, and beside it made-up characters of several kinds that were animated from it.

    python -m tools.character_sheet [--video CLIP] [--take TAKE.npz] [--out SHEET.png] [--frames 8] [--blender 5.2]

Each is animated as a user would: chosen, mapped automatically, one button. The keyless one is first given shape keys.
Prints what each was driven by.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import BinaryIO

import cv2
import numpy as np
from numpy.typing import NDArray

from ddfa_blender.atomic import check_writable, write_atomically
from ddfa_blender.capture import capture
from ddfa_blender.errors import CaptureError
from ddfa_blender.take import Take

from .contact_sheet import FRAME_COUNT, TILE, crop_face, read_frames, select_frames
from .environments import BLENDERS, Environment, blender_or_newest
from .project import BUILD, RENDERED_CLIP, count_between, footage_at, status_of

#: The characters in the order of the sheet's rows, and what is written on them.
CHARACTERS: dict[str, str] = {
    "arkit": "ARKit keys, snake case",
    "vrm": "VRM-like: A I U E O, blink, joy",
    "rigify": "Rigify: bones only",
    "keyless": "no keys: made by fitting",
}
_FONT = cv2.FONT_HERSHEY_SIMPLEX
_TIMEOUT = 3600.0

Image = NDArray[np.uint8]  # (H, W, 3) RGB


def make(video: Path, take_file: Path, out: Path, frames: int, blender: Environment) -> None:
    """Animate, render and lay out.

    Raises:
        CaptureError: the footage or take cannot be used, or Blender did not write every picture.
    """
    take = Take.load(take_file)
    indices = select_frames(take, frames)
    with tempfile.TemporaryDirectory(prefix="sheet-") as folder:
        pictures = _rendered(take_file, take, indices, Path(folder), blender)
        footage = read_frames(video, [float(take.time[i]) for i in indices])
        columns = [
            np.vstack([crop_face(image, take.roi[i]).tile, *(_picture(pictures[name, i]) for name in CHARACTERS)])
            for i, image in zip(indices, footage, strict=True)
        ]
    sheet = np.hstack(columns)
    for row, label in enumerate(("footage", *CHARACTERS.values())):
        for colour, width in (((0, 0, 0), 3), ((255, 255, 255), 1)):
            cv2.putText(sheet, label, (6, row * TILE + 16), _FONT, 0.45, colour, width, cv2.LINE_AA)
    encoded = cv2.imencode(".png", sheet[..., ::-1])[1].tobytes()

    def write(file: BinaryIO) -> None:
        file.write(encoded)

    write_atomically(out, write)


def _rendered(
    take_file: Path, take: Take, indices: Sequence[int], folder: Path, blender: Environment
) -> Mapping[tuple[str, int], Path]:
    script = Path(__file__).with_name("character_sheet_in_blender.py")
    seconds = [f"{i}={take.time[i] - take.time[0]:.6f}" for i in indices]
    done = subprocess.run(
        [blender.python, script, take_file, folder, *seconds], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True, errors="replace", check=False, timeout=_TIMEOUT,
        env=blender.variables(os.environ),
    )  # fmt: skip
    sys.stdout.write("".join(line + "\n" for line in done.stdout.splitlines() if line.startswith("character ")))
    found = {(name, i): folder / f"{name}_{i}.png" for name in CHARACTERS for i in indices}
    if not all(path.exists() for path in found.values()):
        sys.stderr.write(done.stdout[-4000:])
        raise CaptureError("Blender could not render the characters; see its messages above.")
    return found


def _picture(path: Path) -> Image:
    picture = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if picture is None:
        raise CaptureError(f"The picture {path} is missing; run this again.")
    return cv2.resize(picture, (TILE, TILE), interpolation=cv2.INTER_AREA)[..., ::-1].astype(np.uint8)


def main(arguments: Sequence[str] | None = None) -> int:
    """Read the command line; return the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--video", type=Path, default=RENDERED_CLIP, help="default: the clip that every clone has")
    parser.add_argument("--take", type=Path, help="a take of it; else it is captured")
    parser.add_argument("--out", type=Path, default=BUILD / "characters.png")
    parser.add_argument("--frames", type=count_between(1, 100), default=FRAME_COUNT, help="columns of the sheet")
    parser.add_argument("--blender", choices=tuple(BLENDERS), help="which Blender renders; the newest otherwise")
    options = parser.parse_args(arguments)
    video, environment = footage_at(options.video), blender_or_newest(options.blender)
    if options.out != parser.get_default("out"):
        check_writable(options.out)
    environment.ensure()
    with tempfile.TemporaryDirectory(prefix="take-") as folder:
        take = options.take
        if take is None:
            take = Path(folder) / "take.npz"
            capture(video).save(take)
        options.out.parent.mkdir(parents=True, exist_ok=True)
        make(video, take.resolve(), options.out, options.frames, environment)
    sys.stdout.write(f"{options.out}\n")
    return 0


if __name__ == "__main__":
    sys.exit(status_of(main))
