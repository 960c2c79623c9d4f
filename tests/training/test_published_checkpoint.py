# SPDX-License-Identifier: GPL-3.0-or-later
"""The core's reader of checkpoints against files that PyTorch itself writes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from ddfa_blender.errors import CaptureError  # noqa: E402
from ddfa_blender.published.torch_file import read_state_dict  # noqa: E402


def network() -> Any:
    torch.manual_seed(3)
    return torch.nn.Sequential(
        torch.nn.Conv2d(3, 4, 3), torch.nn.BatchNorm2d(4), torch.nn.Linear(5, 6, dtype=torch.float64)
    )


@pytest.mark.parametrize("zipped", [True, False])
def test_what_pytorch_saves_is_read_as_it_was(tmp_path: Path, zipped: bool) -> None:
    weights = network().state_dict()
    path = tmp_path / "checkpoint.pth"
    state = {"epoch": 5, "state_dict": {f"module.{name}": values for name, values in weights.items()}, "lr": 0.1}
    torch.save(state, path, _use_new_zipfile_serialization=zipped)
    found = read_state_dict(path)
    assert found.keys() == weights.keys()
    for name, values in weights.items():
        assert found[name].dtype == values.numpy().dtype
        np.testing.assert_array_equal(found[name], values.numpy())


@pytest.mark.parametrize("zipped", [True, False])
def test_parameters_slices_and_a_bare_dictionary_are_read(tmp_path: Path, zipped: bool) -> None:
    base = torch.arange(24.0).reshape(4, 6)
    weights = {"slice": base[1:3], "all": base, "parameter": torch.nn.Parameter(base[0].clone()), "half": base.half()}
    torch.save(weights, tmp_path / "x.pth", _use_new_zipfile_serialization=zipped)
    found = read_state_dict(tmp_path / "x.pth")
    for name, values in weights.items():
        np.testing.assert_array_equal(found[name], values.detach().numpy())


@pytest.mark.parametrize("zipped", [True, False])
def test_a_whole_module_is_refused(tmp_path: Path, zipped: bool) -> None:
    """Reading one needs its code; the authors publish state dictionaries."""
    torch.save(network(), tmp_path / "x.pth", _use_new_zipfile_serialization=zipped)
    with pytest.raises(CaptureError, match="it asks for"):
        read_state_dict(tmp_path / "x.pth")
