# SPDX-License-Identifier: GPL-3.0-or-later
from dataclasses import replace

import pytest

pytest.importorskip("torch", reason="training tests need requirements/training.txt")
pytest.importorskip("onnx")

from training.ablations import VARIANTS


def test_every_variant_has_the_same_budget():
    budgets = {(v.settings.crops, v.settings.width, v.settings.batch, v.settings.learning_rate, v.settings.seed)
               for v in VARIANTS.values()}  # fmt: skip
    assert len(budgets) == 1


@pytest.mark.parametrize(("one", "other", "part"), [
    ("photos", "profiling", "augmentation"), ("photos", "renders", "render_share"),
    ("renders", "both", "augmentation"), ("profiling", "both", "render_share"), ("both", "videos", "stages"),
    ("random", "videos", "weights"), ("videos", "no-photos", "render_share"), ("videos", "fwpdc", "method"),
])  # fmt: skip
def test_neighbours_differ_in_one_part(one, other, part):
    ours, theirs = VARIANTS[one].settings, VARIANTS[other].settings
    assert getattr(ours, part) != getattr(theirs, part)
    assert replace(ours, **{part: getattr(theirs, part)}) == theirs
