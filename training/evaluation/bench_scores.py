# SPDX-License-Identifier: GPL-3.0-or-later
"""NME on the labelled photos through the command that users have: ``python -m ddfa_blender score``."""

from __future__ import annotations

import contextlib
import io
import json
import shutil
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from ddfa_blender import cli
from ddfa_blender.errors import CaptureError
from ddfa_blender.model_folder import MORPHABLE_MODEL, REGRESSOR, ModelFolder
from ddfa_blender.scoring import nme51, nme68
from training.faces import SHARED

from .contest import Contest
from .report import Row, Section, at_most
from .teacher_tracks import PHOTOS, TeacherTrack

_PROTOCOL = (
    "Mean over the photos (../shared/DESIGN.md §7). Teacher: single pictures, its 68 points fitted to calibration.npz,"
    "\nphotos where it finds the face; one look, where the labels of ../shared/bench are medians of five views."
)


def measure_bench(contest: Contest) -> Section:
    """The table of errors on labelled photos."""
    with tempfile.TemporaryDirectory() as folder:
        ours = _model_folder(contest.regressor_path, Path(folder) / "ours")
        quality = ["--high-quality"] if contest.high_quality else []
        given, detected = score(ours, *quality), score(ours, "--detect", *quality)
        published, published_detected = score(contest.published_folder), score(contest.published_folder, "--detect")
    labels = np.stack([photo.landmarks68 for photo in contest.photos])
    points = contest.points68(TeacherTrack.load(PHOTOS, "image"))
    teacher = {"nme68": nme68(points, labels), "nme51": nme51(points, labels)}
    rows = []
    for title, theirs, own, limits in (
        ("ROI from labels", published, given, (3.2, 2.2)), ("our detector", published_detected, detected, (3.4, 2.4)),
    ):  # fmt: skip
        for name, limit in zip(("nme68", "nme51"), limits, strict=True):
            reference = 100.0 * float(np.nanmean(teacher[name])) if theirs is published else None
            rows.append(
                Row(
                    f"{title}: NME-{name[3:]}",
                    theirs[name]["mean"],
                    reference,
                    own[name]["mean"],
                    at_most(limit),
                    " %",
                    2,
                )
            )
    found = int(np.isfinite(teacher["nme68"]).sum())
    details = (
        f"the teacher finds the face in {found} of {len(labels)}",
        *(f"{title}: {len(each['missed'])} missed, over 8 %: {each['nme68']['over_8']:.1f} % of the photos"
          for title, each in (("ROI from labels", given), ("our detector", detected))),
    )  # fmt: skip
    return Section("bench", "bench photos: NME", tuple(rows), _PROTOCOL, details)


def score(model: Path, *options: str) -> dict[str, Any]:
    """The result of the ``score`` command with a model folder.

    Raises:
        CaptureError: the command failed; its own line says why.
    """
    bench = SHARED / "bench"
    output = io.StringIO()
    with contextlib.redirect_stdout(output):
        status = cli.main(["score", str(bench / "photos"), str(bench / "labels.json"), "--model", str(model), *options])
    if status != 0:
        raise CaptureError("The score of the labelled photos cannot be measured; the line above says why.")
    result: dict[str, Any] = json.loads(output.getvalue())
    return result


def _model_folder(regressor: Path, folder: Path) -> Path:
    """A model folder of this network and the bundled morphable model."""
    folder.mkdir()
    shutil.copyfile(regressor, folder / REGRESSOR)
    shutil.copyfile(ModelFolder().path / MORPHABLE_MODEL, folder / MORPHABLE_MODEL)
    return folder
