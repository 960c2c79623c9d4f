# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="training tests need requirements/training.txt")

import onnx  # noqa: E402
import onnxruntime  # noqa: E402
from onnx import numpy_helper  # noqa: E402

from ddfa_blender.errors import CaptureError  # noqa: E402
from ddfa_blender.paths import model_file  # noqa: E402
from ddfa_blender.tracking.regressor import Regressor  # noqa: E402
from training import export, quantise  # noqa: E402
from training.network import BRANCH_SHARE, Statistics, normalise  # noqa: E402
from training.quantise import channel_maxima, compare, float_arrays, quantise_file, quantised  # noqa: E402
from training.released import read_weights, trainable  # noqa: E402

from .exported import rendered_crops, save_checkpoint  # noqa: E402


@pytest.fixture(scope="module")
def crops():
    return rendered_crops()


@pytest.fixture(scope="module")
def checkpoint(crops, tmp_path_factory):
    path = tmp_path_factory.mktemp("run") / "checkpoint.pt"
    save_checkpoint(path, crops[:8])
    return path


@pytest.fixture(scope="module")
def plain(checkpoint):
    export.export(checkpoint, checkpoint.with_name("float.onnx"))
    return onnx.load(checkpoint.with_name("float.onnx"))


@pytest.fixture(scope="module")
def integer(plain, crops):
    return quantised(plain, crops[::2])


def initialisers(model):
    return {tensor.name: numpy_helper.to_array(tensor) for tensor in model.graph.initializer}


def test_it_says_what_the_float_network_says(plain, integer, crops):
    """On frames that did not tell its ranges."""
    found = compare(plain, integer, crops[1::2])
    assert found.landmarks < 0.3 and found.params < 0.15 and found.arkit < 0.02
    assert found.landmarks > 0.001, "nothing was rounded"


def test_onnxruntime_runs_every_convolution_with_integers(integer, tmp_path):
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_EXTENDED
    options.optimized_model_filepath = str(tmp_path / "optimised.onnx")
    onnxruntime.InferenceSession(integer.SerializeToString(), options, providers=["CPUExecutionProvider"])
    kinds = [node.op_type for node in onnx.load(tmp_path / "optimised.onnx").graph.node]
    assert kinds.count("QLinearConv") == 27
    assert not {"Conv", "FusedConv", "QuantizeLinear", "Relu"} & set(kinds)


def test_weights_leave_room_for_sums_of_16_bits_and_the_file_is_small(integer):
    weights = [array for name, array in initialisers(integer).items() if name.endswith("weight_integer")]
    assert len(weights) == 27 and all(array.dtype == np.int8 for array in weights)
    assert all(2 * 255 * int(np.abs(array.astype(int)).max()) < 2**15 for array in weights)
    assert len(integer.SerializeToString()) < 5e6


def test_the_same_bytes_each_time(plain, crops, tmp_path):
    onnx.save(plain, tmp_path / "float.onnx")
    for name in ("a", "b"):
        quantise_file(tmp_path / "float.onnx", tmp_path / name, crops[:6])
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_the_core_reads_it_with_all_its_outputs(integer, crops, tmp_path):
    onnx.save(integer, tmp_path / "regressor.onnx")
    regressor = Regressor(tmp_path / "regressor.onnx")
    assert regressor.absent_outputs == [] and regressor.branch_share == BRANCH_SHARE
    sizes = [0 if values is None else values.shape[1] for values in regressor.predict(crops[:2])]
    assert sizes == [62, 136, 52, 1]


def test_channels_are_measured_over_all_crops(plain, crops):
    both = channel_maxima(plain, crops[:3])
    each = [channel_maxima(plain, crops[i : i + 1]) for i in range(3)]
    assert [len(values) for values in both][:3] == [32, 32, 64]
    for index, values in enumerate(both):
        np.testing.assert_allclose(values, np.max([one[index] for one in each], axis=0), rtol=1e-4, atol=1e-4)


def test_the_float_weights_come_back_but_for_rounding(plain, integer):
    before, after = float_arrays(plain), float_arrays(integer)
    assert before.keys() == after.keys()
    for name, values in before.items():
        error = np.abs(after[name].astype(np.float64) - values)
        if not name.startswith("network.backbone."):
            # Poolings are divided back, up to the rounding of a float32; all else is stored as it was.
            assert (error <= 1e-6 * np.abs(values)).all(), name
        else:
            assert np.linalg.norm(error) < 0.05 * np.linalg.norm(values), name


def test_training_goes_on_from_it(plain, integer, crops, tmp_path):
    """The network that training starts from computes what the quantised file does."""
    onnx.save(integer, tmp_path / "regressor.onnx")
    weights = read_weights(tmp_path / "regressor.onnx")
    ones = {"params_std": 62, "landmarks_std": 136, "arkit_spread": 52}
    zeros = {"params_mean": 62, "landmarks_mean": 136}
    statistics = Statistics(
        **{name: torch.ones(size) for name, size in ones.items()},
        **{name: torch.zeros(size) for name, size in zeros.items()},
    )
    network = trainable(weights, statistics, torch.from_numpy(crops[:8])).eval()
    with torch.no_grad():
        heads = network(normalise(torch.from_numpy(crops[1:9:2])))
    session = quantise.open_session(integer)
    landmarks, arkit = session.run(["landmarks", "arkit"], {"image": crops[1:9:2]})
    assert np.abs(heads.landmarks.numpy() - landmarks).mean() < 0.2
    assert np.abs(torch.sigmoid(heads.arkit).numpy() - arkit).mean() < 0.02


def test_what_is_no_float_regressor_is_refused(integer, crops):
    with pytest.raises(ValueError, match="no float regressor"):
        quantised(integer, crops[:2])
    with pytest.raises(ValueError, match="no float regressor"):
        quantised(onnx.load(model_file("face_detector.onnx")), crops[:2])


def test_a_network_that_says_something_else_is_not_written(plain, crops, tmp_path, monkeypatch):
    onnx.save(plain, tmp_path / "float.onnx")
    # As if all channels were a hundred times as quiet as they are: then all of them are cut off.
    quiet = [values / 100.0 for values in channel_maxima(plain, crops[:4])]
    monkeypatch.setattr(quantise, "channel_maxima", lambda *_: quiet)
    with pytest.raises(RuntimeError, match="says something else"):
        quantise_file(tmp_path / "float.onnx", tmp_path / "out.onnx", crops[:4])
    assert not (tmp_path / "out.onnx").exists()


def test_without_pictures_it_says_what_is_missing(plain, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(quantise, "DATA", tmp_path)
    with pytest.raises(CaptureError, match="needs the photos"):
        quantise.calibration_crops()
    onnx.save(plain, tmp_path / "float.onnx")
    monkeypatch.setattr(sys, "argv", ["quantise", str(tmp_path / "float.onnx"), str(tmp_path / "out.onnx")])
    assert quantise.main() == 2
    assert "--float" in capsys.readouterr().err
    assert not (tmp_path / "out.onnx").exists()


@pytest.mark.parametrize("arguments", [[], ["--float"]], ids=["quantised", "float"])
def test_a_run_is_exported(checkpoint, crops, tmp_path, monkeypatch, capsys, arguments):
    monkeypatch.setattr(export, "RUNS", checkpoint.parent.parent)
    monkeypatch.setattr(export, "calibration_crops", lambda: crops[:0] if arguments else crops[:6])
    out = tmp_path / "out.onnx"
    run = checkpoint.parent.name
    monkeypatch.setattr(sys, "argv", ["export", "--run", run, "--out", str(out), *arguments])
    assert export.main() == 0
    kinds = {node.op_type for node in onnx.load(out).graph.node}
    assert ("QuantizeLinear" in kinds) != bool(arguments)
    said = capsys.readouterr().out
    assert "sha256" in said and ("as fast" in said) != bool(arguments)
    assert [path for path in Path(tmp_path).iterdir() if path != out] == []
