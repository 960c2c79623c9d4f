# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pickle
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray

from ddfa_blender import cli
from ddfa_blender.capture import Engine
from ddfa_blender.errors import CaptureError
from ddfa_blender.imported_model import ImportedModel
from ddfa_blender.model_folder import ModelFolder
from ddfa_blender.morphable_model import MorphableModel
from ddfa_blender.projection import apply, crop_to_image, split
from ddfa_blender.published.convert import import_published
from ddfa_blender.tracking.roi import crop_as_published
from tests.ddfa_blender.published.support import (
    FakeFace,
    fake_face,
    fake_weights,
    run_network,
    write_torch_legacy,
    write_torch_zip,
)

CROPS = np.random.default_rng(5).integers(0, 256, (3, 120, 120, 3), dtype=np.uint8)
WHOLE_CROP = [0.0, 0.0, 120.0, 120.0]


class Files:
    """The authors' files with invented contents."""

    def __init__(self, folder: Path, model: MorphableModel) -> None:
        self.face: FakeFace = fake_face(model)
        self.weights = fake_weights()
        self.checkpoint = write_torch_zip(folder / "mb.pth", self.weights)
        self.legacy = write_torch_legacy(folder / "old.pth", self.weights)
        self.mean_std = folder / "param_mean_std.pkl"
        self.mean_std.write_bytes(pickle.dumps(self.face.statistics))
        self.bfm = folder / "bfm.pkl"
        self.bfm.write_bytes(pickle.dumps(self.face.bfm, 2))
        self.sparse = folder / "published_68.npz"
        np.savez(self.sparse, **self.face.sparse())


@pytest.fixture
def files(tmp_path: Path, model: MorphableModel) -> Files:
    (tmp_path / "given").mkdir()
    return Files(tmp_path / "given", model)


def landmarks_in_crop(folder: ModelFolder, params: NDArray) -> NDArray:
    transform, shape, expression = split(params.astype(np.float64))
    points = apply(transform, folder.face_model().landmarks68(shape, expression))
    return crop_to_image(points, WHOLE_CROP)[..., :2]


@pytest.mark.parametrize("kind", ["zip and BFM", "legacy and BFM", "68 points"])
def test_landmarks_are_those_of_the_authors_code(tmp_path: Path, files: Files, kind: str) -> None:
    checkpoint = files.legacy if kind.startswith("legacy") else files.checkpoint
    statistics, bfm = (files.sparse, None) if kind == "68 points" else (files.mean_std, files.bfm)
    folder = import_published(checkpoint, statistics, bfm, tmp_path / "out")
    result = folder.regressor().predict(CROPS)
    z_scored, branch = run_network(files.weights, CROPS)
    expected = files.face.landmarks_in_crop(z_scored)
    assert np.ptp(expected, axis=0).max() > 1.0  # the crops do differ
    np.testing.assert_allclose(landmarks_in_crop(folder, result.params), expected, atol=2e-3)
    assert result.landmarks is not None
    points = result.landmarks.reshape(3, 68, 2)
    np.testing.assert_allclose(points[..., 0], 60.0 + 60.0 * branch[:, :68], atol=2e-3)
    np.testing.assert_allclose(points[..., 1], 60.0 + 60.0 * branch[:, 68:], atol=2e-3)


def test_the_model_keeps_our_contracts(tmp_path: Path, files: Files, model: MorphableModel) -> None:
    folder = import_published(files.checkpoint, files.mean_std, files.bfm, tmp_path / "out")
    face = folder.face_model()
    assert isinstance(face, ImportedModel)
    assert face.basis == "3DDFA-V2"
    z_scored, _ = run_network(files.weights, CROPS)
    transform, shape, expression = split(folder.regressor().predict(CROPS).params)
    # Coefficients have unit variance: they differ from the z-scores by a constant.
    np.testing.assert_allclose(
        np.diff(np.hstack([shape, expression]), axis=0), np.diff(z_scored[:, 12:], axis=0), atol=1e-4
    )
    np.testing.assert_array_equal(transform[:, 2, 3], 0.0)
    # Millimetres about the pivot: the fake's landmarks are ours, moved and scaled, with 1 mm of noise.
    ours, theirs = (m.landmarks68(np.zeros(40), np.zeros(10)) for m in (model, face))
    assert np.linalg.norm(ours - theirs, axis=1).max() < 5.0
    assert np.abs(ours - theirs).mean() < 1.0
    # Every triangle is one of the file's, and together they look out of the face.
    given = {frozenset(triangle) for triangle in files.face.bfm["tri"].T.tolist()}
    assert {frozenset(triangle) for triangle in face.faces.tolist()} == given
    corners = face.mean[face.faces]
    assert np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])[:, 2].sum() > 0.0


def test_a_pose_is_measured_in_the_bundled_models_axes(tmp_path: Path, files: Files, model: MorphableModel) -> None:
    """A published model that looks up by itself must not make every head look down."""
    straight = import_published(files.checkpoint, files.mean_std, files.bfm, tmp_path / "straight")
    angle = np.radians(20.0)
    turn = np.array([[1, 0, 0], [0, np.cos(angle), -np.sin(angle)], [0, np.sin(angle), np.cos(angle)]])
    tilted = dict(files.face.bfm)
    for name in ("u", "w_shp", "w_exp"):
        rows = tilted[name].reshape(-1, 3, tilted[name].shape[-1])
        tilted[name] = np.einsum("ij,vjk->vik", turn, rows).reshape(tilted[name].shape).astype(np.float32)
    files.bfm.write_bytes(pickle.dumps(tilted))
    leaning = import_published(files.checkpoint, files.mean_std, files.bfm, tmp_path / "leaning")
    neutral = [folder.face_model().mean for folder in (straight, leaning)]
    np.testing.assert_allclose(*neutral, atol=0.05)  # type: ignore[call-overload]
    transforms = [split(folder.regressor().predict(CROPS).params).transform for folder in (straight, leaning)]
    # The network's numbers are the same; of a model that leans they now speak of a head that leans less. The
    # fake's axes differ from the bundled model's by the noise of its landmarks, hence the tolerance.
    turned = transforms[0][..., :3] @ turn
    np.testing.assert_allclose(transforms[1][..., :3], turned, atol=0.03 * np.linalg.norm(turned, axis=(1, 2)).max())


def wrapped(tmp_path: Path, **changes: Any) -> Path:
    """An .onnx file as the authors' export makes it: one picture in, 62 z-scores out."""
    random = np.random.default_rng(9)
    helper, numpy_helper = onnx.helper, onnx.numpy_helper
    weight = random.normal(0.0, 0.3, (62, 3)).astype(np.float32)
    constants = [numpy_helper.from_array(weight, "scores"), numpy_helper.from_array(np.zeros(62, np.float32), "bias")]
    nodes = [
        helper.make_node("GlobalAveragePool", ["input"], ["planes"]),
        helper.make_node("Flatten", ["planes"], ["params"]),
        helper.make_node("Gemm", ["params", "scores", "bias"], ["output"], transB=1),
    ]
    size, outputs = changes.get("size", 120), changes.get("outputs", 62)
    graph = helper.make_graph(
        nodes, "torch-jit-export",
        [helper.make_tensor_value_info("input", onnx.TensorProto.FLOAT, [changes.get("batch", 1), 3, size, size])],
        [helper.make_tensor_value_info("output", onnx.TensorProto.FLOAT, [changes.get("batch", 1), outputs])],
        constants,
    )  # fmt: skip
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", changes.get("opset", 11))])
    model.ir_version = changes.get("ir_version", 6)
    if "external" in changes:
        onnx.external_data_helper.set_external_data(model.graph.initializer[0], "weights.bin")
    path = tmp_path / "mb.onnx"
    path.write_bytes(model.SerializeToString())
    return path


@pytest.mark.parametrize("batch", [1, "n"])
def test_an_exported_network_is_wrapped(tmp_path: Path, files: Files, batch: int | str) -> None:
    path = wrapped(tmp_path, batch=batch)
    folder = import_published(path, files.mean_std, files.bfm, tmp_path / "out")
    regressor = folder.regressor()
    assert regressor.absent_outputs == ["landmarks", "arkit", "confidence"]
    result = regressor.predict(CROPS)
    assert result.landmarks is None
    weight = onnx.numpy_helper.to_array(onnx.load(path).graph.initializer[0]).astype(np.float64)
    z_scored = ((CROPS[..., ::-1].astype(np.float64) - 127.5) / 128.0).mean(axis=(1, 2)) @ weight.T
    expected = files.face.landmarks_in_crop(z_scored)
    np.testing.assert_allclose(landmarks_in_crop(folder, result.params), expected, atol=2e-3)


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"size": 112}, "does not take one 120×120 picture"),
        ({"batch": 8}, "takes 8 pictures"),
        ({"outputs": 99}, "62 parameters|not an ONNX file"),
        ({"opset": 22}, "newer than the runtime reads"),
        ({"ir_version": 11}, "newer than the runtime reads"),
        ({"external": True}, "keeps its weights in other files"),
    ],
)
def test_another_exported_network_is_refused(
    tmp_path: Path, files: Files, changes: dict[str, Any], complaint: str
) -> None:
    with pytest.raises(CaptureError, match=complaint):
        import_published(wrapped(tmp_path, **changes), files.mean_std, files.bfm, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_the_file_is_for_every_runtime_that_ships(tmp_path: Path, files: Files) -> None:
    folder = import_published(files.checkpoint, files.mean_std, files.bfm, tmp_path / "out")
    model = onnx.load(folder.path / "regressor.onnx")
    assert model.ir_version <= 10
    assert [(opset.domain, opset.version <= 21) for opset in model.opset_import] == [("", True)]
    assert not any(node.op_type == "BatchNormalization" for node in model.graph.node)


def test_an_engine_of_the_folder_says_what_it_lacks(tmp_path: Path, files: Files) -> None:
    folder = import_published(files.checkpoint, files.mean_std, files.bfm, tmp_path / "out")
    engine = Engine.load(folder.path)
    assert (engine.basis, engine.absent_outputs) == ("3DDFA-V2", ("arkit", "confidence"))
    assert folder.regressor().crop is crop_as_published
    fit = engine.fitter.fit(CROPS[0], np.array(WHOLE_CROP))
    assert not fit.arkit.any()
    assert Engine.load().absent_outputs == ()
    result = folder.regressor().predict(CROPS[:0])
    assert [None if values is None else len(values) for values in result] == [0, 0, 0, 0]


def test_the_command_makes_a_folder_and_says_what_is_missing(
    tmp_path: Path, files: Files, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "models" / "published"
    command = ["import-published", str(files.checkpoint), str(files.sparse), "--out", str(out)]
    assert cli.main(command) == 2
    assert "does not exist; make it first" in capsys.readouterr().err
    assert not out.parent.exists()
    out.parent.mkdir()
    assert cli.main(command) == 0
    assert sorted(path.name for path in out.iterdir()) == ["morphable_model.npz", "regressor.onnx"]
    assert [path.name for path in out.parent.iterdir()] == ["published"]
    assert "does not measure: arkit, confidence" in capsys.readouterr().err


def test_an_empty_folder_is_filled_and_another_left_alone(tmp_path: Path, files: Files) -> None:
    out = tmp_path / "out"
    out.mkdir()
    import_published(files.checkpoint, files.sparse, None, out)
    before = {path.name: path.read_bytes() for path in out.iterdir()}
    with pytest.raises(CaptureError, match="exists already"):
        import_published(files.checkpoint, files.mean_std, files.bfm, out)
    assert {path.name: path.read_bytes() for path in out.iterdir()} == before


#: What is broken in which file, and what is said about it.
BROKEN: dict[str, tuple[str, Callable[[dict[str, NDArray]], dict[str, NDArray]], str]] = {
    "no std": ("mean_std", lambda a: {"mean": a["mean"]}, "no mean and std of 62 parameters"),
    "zero std": ("mean_std", lambda a: a | {"std": 0.0 * a["std"]}, "no positive, finite number"),
    "no w_exp": ("bfm", lambda a: {k: v for k, v in a.items() if k != "w_exp"}, "has no 'w_exp'"),
    "too few components": ("bfm", lambda a: a | {"w_shp": a["w_shp"][:, :30]}, "do not fit together"),
    "other keypoints": ("bfm", lambda a: a | {"keypoints": a["keypoints"] + 1}, "keypoints are no vertices"),
    "other triangles": ("bfm", lambda a: a | {"tri": a["tri"] + 1000}, "triangles are not between vertices"),
    "not finite": ("bfm", lambda a: a | {"u": np.nan * a["u"]}, "is damaged"),
    "no weights": (
        "checkpoint",
        lambda a: {k: v for k, v in a.items() if "dw6.conv_dw" not in k},
        r"is not the authors' MobileNet-V1 \(dw6.conv_dw.weight is missing\)",
    ),
    "other weights": (
        "checkpoint",
        lambda a: a | {"module.fc_param.weight": np.zeros((102, 64), np.float32)},
        r"is not the authors' MobileNet-V1 \(fc_param.weight has the shape",
    ),
    "damaged weights": (
        "checkpoint",
        lambda a: a | {"module.bn1.bias": np.nan * a["module.bn1.bias"]},
        r"is damaged \(bn1.bias is not finite\)",
    ),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_files_that_will_not_do_are_refused_and_nothing_is_left(tmp_path: Path, files: Files, kind: str) -> None:
    file, change, complaint = BROKEN[kind]
    if file == "checkpoint":
        write_torch_zip(files.checkpoint, change(files.weights))
    elif file == "bfm":
        files.bfm.write_bytes(pickle.dumps(change(files.face.bfm)))
    else:
        files.mean_std.write_bytes(pickle.dumps(change(files.face.statistics)))
    with pytest.raises(CaptureError, match=complaint):
        import_published(files.checkpoint, files.mean_std, files.bfm, tmp_path / "out")
    assert [path.name for path in tmp_path.iterdir()] == ["given"]


@pytest.mark.parametrize(("suffix", "complaint"), [(".pth", "is not a checkpoint"), (".onnx", "is not an ONNX file")])
def test_files_of_another_kind_are_refused(tmp_path: Path, files: Files, suffix: str, complaint: str) -> None:
    other = files.checkpoint.with_suffix(suffix)
    other.write_bytes(b"no network")
    with pytest.raises(CaptureError, match=complaint):
        import_published(other, files.mean_std, files.bfm, tmp_path / "out")
    other.unlink()
    with pytest.raises(CaptureError, match="cannot be read"):
        import_published(other, files.mean_std, files.bfm, tmp_path / "out")


def test_without_bases_there_is_no_model(tmp_path: Path, files: Files) -> None:
    with pytest.raises(CaptureError, match=r"holds no morphable model; give the authors' bfm_noneck_v3\.pkl"):
        import_published(files.checkpoint, files.mean_std, None, tmp_path / "out")


def test_a_missing_onnx_package_says_what_to_do(tmp_path: Path, files: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(CaptureError, match="pip install onnx"):
        import_published(files.checkpoint, files.mean_std, files.bfm, tmp_path / "out")


def test_a_folder_without_a_model_is_refused(tmp_path: Path) -> None:
    for name in ("none", "empty"):
        with pytest.raises(CaptureError, match="is not a model folder"):
            Engine.load(tmp_path / name)
        (tmp_path / "empty").mkdir(exist_ok=True)


def test_a_damaged_model_of_a_folder_is_refused(tmp_path: Path, files: Files) -> None:
    folder = import_published(files.checkpoint, files.sparse, None, tmp_path / "out")
    file = folder.path / "morphable_model.npz"
    content = file.read_bytes()
    file.write_bytes(content[: len(content) // 2])
    with pytest.raises(CaptureError, match="cannot be read"):
        Engine.load(folder.path)
