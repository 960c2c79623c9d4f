# SPDX-License-Identifier: GPL-3.0-or-later
import numpy as np
import pytest

pytest.importorskip("torch", reason="training tests need requirements/training.txt")

import torch

from training.network import Statistics, normalise
from training.released import read_weights, trainable

from .exported import save_checkpoint
from .other_network import save_identity


def statistics():
    """Means and spreads far from those of the release."""
    rng = np.random.default_rng(5)
    draw = [torch.from_numpy(rng.uniform(0.5, 2.0, n).astype(np.float32)) for n in (62, 62, 136, 136, 52)]
    return Statistics(*draw)


def test_the_release_with_batch_norm_again_computes_what_the_file_does(tmp_path):
    """With float weights; quantised ones: test_quantise.py."""
    onnxruntime = pytest.importorskip("onnxruntime")
    from training.export import export

    crops = np.random.default_rng(7).integers(0, 256, (8, 120, 120, 3)).astype(np.uint8)
    ours = statistics()
    save_checkpoint(tmp_path / "checkpoint.pt", crops)
    export(tmp_path / "checkpoint.pt", tmp_path / "regressor.onnx")
    network = trainable(read_weights(tmp_path / "regressor.onnx"), ours, torch.from_numpy(crops))
    session = onnxruntime.InferenceSession(str(tmp_path / "regressor.onnx"), providers=["CPUExecutionProvider"])
    params, landmarks, arkit, confidence = session.run(None, {"image": crops})
    with torch.no_grad():
        heads = network.eval()(normalise(torch.from_numpy(crops)))
    np.testing.assert_allclose(ours.real_params(heads.params).numpy(), params, atol=2e-2, rtol=1e-3)
    np.testing.assert_allclose(ours.real_landmarks(heads.landmarks).numpy(), landmarks, atol=2e-2)
    np.testing.assert_allclose(torch.sigmoid(heads.arkit).numpy(), arkit, atol=1e-3)
    np.testing.assert_allclose(torch.sigmoid(heads.confidence).numpy(), confidence, atol=1e-3)
    # In training mode each BatchNorm takes the batch's own statistics, which here are those it was given.
    with torch.no_grad():
        trained = network.train()(normalise(torch.from_numpy(crops)))
    np.testing.assert_allclose(trained.arkit.numpy(), heads.arkit.numpy(), atol=5e-2)


def test_any_other_file_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"training\.export"):
        read_weights(save_identity(tmp_path / "x.onnx"))
