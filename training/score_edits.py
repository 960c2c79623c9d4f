# SPDX-License-Identifier: GPL-3.0-or-later
"""Let the labels' teacher score the edited photos of ``training.expression_edits``.

    .venvs/teacher/bin/python -m training.score_edits build/teacher/face_landmarker.task

Writes ``training/data/edit_scores.npz``: ``arkit`` (n, 52), the mean of a look at each picture and one at its mirror
image; NaN where the teacher finds no face. Edits that have scores keep them: the first n of the file are taken to be
those of the first n edits.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ddfa_blender.atomic import write_atomically
from ddfa_blender.symmetry import MIRRORED_CHANNELS

from .edits import EDIT_SCORES, Edits, present_scores
from .evaluation.teacher import Teacher, enlarged
from .faces import decode_picture, encoded_pictures


def score(teacher: Teacher, picture: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Scores (52,) of a picture (160, 160, 3)."""
    large = enlarged(picture)
    straight, mirrored = (teacher.look(image)[1] for image in (large, large[:, ::-1]))
    return np.asarray((straight + mirrored[MIRRORED_CHANNELS]) / 2)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("task", type=Path, metavar="face_landmarker.task")
    edits = Edits.load()
    scores = list(present_scores())
    files = encoded_pictures(edits.images, edits.offsets)
    with Teacher(parser.parse_args().task, "image") as teacher:
        for index, file in enumerate(files[len(scores) :], len(scores)):
            scores.append(score(teacher, decode_picture(file)))
            if index % 100 == 99:
                print(f"\r{index + 1} of {len(edits.params)}", end="", flush=True)
    print()
    arkit = np.stack(scores).astype(np.float32)
    write_atomically(EDIT_SCORES, lambda file: np.savez(file, arkit=arkit))
    found = np.isfinite(arkit[:, 0])
    print(f"a face in {found.sum()} of {len(found)} pictures")


if __name__ == "__main__":
    main()
