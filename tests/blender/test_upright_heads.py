# SPDX-License-Identifier: GPL-3.0-or-later
"""The upright faces that Blender renders to train on: where labels say a face is, the bundled regressor sees it."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
import support

FACES = 3


@pytest.fixture(scope="module")
def rendered(tmp_path_factory):
    """A folder with the faces of one actor, as the command leaves it."""
    folder = tmp_path_factory.mktemp("upright")
    command = [sys.executable, "-m", "training.rendering.upright_heads", "--actors", "1", "--faces", str(FACES),
               "--samples", "2", "--out", str(folder)]  # fmt: skip
    done = subprocess.run(command, cwd=support.ROOT, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    return folder


def test_the_labels_are_those_of_the_pictures(rendered):
    pictures, weights, landmarks = (np.load(rendered / f"{name}-00.npy") for name in ("pictures", "arkit", "landmarks"))
    assert pictures.shape == (FACES, 160, 160, 3) and pictures.dtype == np.uint8
    assert weights.shape == (FACES, 52) and weights.min() >= 0.0 and weights.max() <= 1.0
    assert not np.array_equal(weights[0], weights[1])
    fitter = support.module("ddfa_blender.capture").Engine.load().fitter
    rois = support.module("ddfa_blender.tracking.roi")
    for picture, points in zip(pictures, landmarks, strict=True):
        found = fitter.fit_refined(picture, rois.roi_from_landmarks(points)).landmarks68[:, :2]
        apart = np.linalg.norm(found - points, axis=1).mean() / np.sqrt(np.prod(np.ptp(points, axis=0)))
        assert apart < 0.045, f"{100.0 * apart:.1f} % of the face's size"


def test_what_is_there_is_not_rendered_again(rendered):
    before = {file.name: file.stat().st_mtime_ns for file in rendered.iterdir()}
    assert sorted(before) == ["arkit-00.npy", "landmarks-00.npy", "pictures-00.npy"]
    command = [sys.executable, "-m", "training.rendering.upright_heads", "--actors", "1", "--out", str(rendered)]
    assert subprocess.run(command, cwd=support.ROOT, capture_output=True, timeout=300, check=False).returncode == 0
    assert {file.name: file.stat().st_mtime_ns for file in rendered.iterdir()} == before
