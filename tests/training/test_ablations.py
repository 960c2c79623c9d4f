# SPDX-License-Identifier: GPL-3.0-or-later
from dataclasses import replace

import pytest

torch = pytest.importorskip("torch", reason="training tests need requirements/training.txt")
pytest.importorskip("onnx")

from training.ablations import VARIANTS, settings_of  # noqa: E402


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


def test_a_start_from_weights_keeps_their_width_and_has_a_run_of_its_own(tmp_path):
    torch.save({"settings": {"width": 0.5}}, tmp_path / "converged.pt")
    settings = settings_of("videos", 640, tmp_path / "converged.pt")
    scratch = settings_of("videos", 640, None)
    assert (settings.width, scratch.width) == (0.5, VARIANTS["videos"].settings.width)
    assert settings.run != scratch.run
    assert settings.learning_rate < scratch.learning_rate
