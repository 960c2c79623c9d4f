# SPDX-License-Identifier: GPL-3.0-or-later
"""Good files of every kind, small, made by the product itself where it writes them."""

from __future__ import annotations

import io
import json
import os
import pickle
import struct
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ddfa_blender.formats import live_link_face
from ddfa_blender.imported_model import ImportedModel
from ddfa_blender.morphable_model import ARRAY_NAMES, MorphableModel
from ddfa_blender.names import ARKIT_NAMES, PARAMETER_COUNT
from ddfa_blender.performance import Performance
from ddfa_blender.projection import Pose, compose, join, rotation_from_euler
from ddfa_blender.take import TAKE_VERSION, Take, TakeHeader

#: Vertices of the small models.
_VERTICES = 72


def take(count: int = 3, rate: float = 29.97) -> Take:
    """A head that turns, of the bundled model, one frame of it lost where there are three."""
    random = np.random.default_rng(count)
    seconds = np.arange(count) / rate
    angles = np.stack([10.0 * np.sin(seconds * 3.0), 5.0 * np.cos(seconds), np.zeros(count)], axis=-1)
    pose = Pose(np.full(count, 0.4), rotation_from_euler(angles), np.tile([60.0, 55.0, 0.0], (count, 1)))
    params = join(compose(pose), random.normal(0.0, 1.0, (count, 40)), random.normal(0.0, 1.0, (count, 10)))
    made = Take(
        time=seconds,
        params=params.astype(np.float32),
        confidence=np.full(count, 0.9, np.float32),
        roi=np.tile([20.0, 10.0, 220.0, 210.0], (count, 1)),
        landmarks68=random.normal(100.0, 20.0, (count, 68, 3)).astype(np.float32),
        arkit=random.uniform(size=(count, len(ARKIT_NAMES))).astype(np.float32),
        header=TakeHeader(
            "clip – é.mp4", 320, 240, rate, "regressor.onnx", "ab" * 32, {"start": 0.0}, 3, uid="1f" * 16
        ),
    )
    if count > 2:
        made.confidence[1] = 0.0
        for array in (made.params, made.roi, made.landmarks68, made.arkit):
            array[1] = np.nan
    return made


def read_take() -> Take:
    """One whose upright faces were read."""
    made = take()
    return replace(made, readings=np.sqrt(made.arkit))


def recorded_take() -> Take:
    """One that another program recorded."""
    tracked = take()
    nothing = {name: np.full_like(getattr(tracked, name), np.nan) for name in ("params", "roi", "landmarks68")}
    header = replace(tracked.header, version=TAKE_VERSION, width=0, height=0)
    return replace(tracked, **nothing, header=header, head_rotation=np.tile([1.0, 0.0, 0.0, 0.0], (3, 1)))


def take_arrays(made: Take) -> dict[str, NDArray]:
    """A take as its file holds it."""
    names = ("time", "params", "confidence", "roi", "landmarks68", "arkit", "head_rotation", "readings")
    arrays = {name: getattr(made, name) for name in names if getattr(made, name) is not None}
    return {"header": np.array(json.dumps(asdict(made.header))), **arrays}


def performance(count: int = 3) -> Performance:
    """A few lively frames."""
    random = np.random.default_rng(7)
    quaternions = np.tile([0.8, 0.6, 0.0, 0.0], (count, 1))
    return Performance(
        time=np.arange(count) / 25.0,
        expression=random.normal(size=(count, 10)).round(3),
        arkit=random.uniform(size=(count, len(ARKIT_NAMES))).round(3),
        head_rotation=quaternions,
        head_translation=random.normal(size=(count, 3)).round(3),
        identity=random.normal(size=40).round(3),
        tracked=np.arange(count) != 1,
    )


def written(write: Callable[[Path], object], suffix: str) -> bytes:
    """What the product writes into a file."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"seed{suffix}"
        write(path)
        return path.read_bytes()


def live_link_rows() -> list[list[str]]:
    """A recording of two frames as cells."""
    data = written(lambda path: live_link_face.write_live_link_face(performance(2), path), ".csv")
    return [line.split(",") for line in data.decode().splitlines()]


def mapping_trees() -> list[dict[str, Any]]:
    """Presets with every kind of entry."""
    source = {"channel": "jawOpen", "gain": 1.25, "curve": [[0.0, 0.0], [1.0, 0.5]], "clamp": [0.0, None]}
    target = {
        "owner": "Face",
        "target": "Mouth",
        "sources": [source],
        "clamp": [-1.0, 2.0],
        "score": 0.5,
        "reason": "x",
    }
    bone = {"bone": "jaw", "location": [0.0, 0.1, 0.0], "rotation": [1.0, 0.0, 0.0, 0.0], "scale": [1.0, 1.0, 1.0]}
    plain = {
        "format": "ddfa-face-mapping",
        "version": 1,
        "name": "hero",
        "targets": [target, {**target, "target": "B"}],
    }
    return [plain, {**plain, "version": 2, "poses": [{"pose": "jawOpen", "bones": [bone]}]}]


def small_model() -> MorphableModel:
    """A morphable model of a few vertices: the bundled one's landmarks and no more."""
    bundled = MorphableModel.load()
    kept = np.resize(np.unique(bundled.landmark_vertices), _VERTICES)
    quads = np.arange(_VERTICES, dtype=np.int32).reshape(-1, 4)
    return MorphableModel(
        mean=bundled.mean[kept],
        shape_basis=bundled.shape_basis[:, kept],
        expression_basis=bundled.expression_basis[:, kept],
        arkit_basis=bundled.arkit_basis[:, kept],
        quads=quads,
        uv=np.linspace(0.0, 1.0, 2 * _VERTICES, dtype=np.float32).reshape(-1, 2),
        quad_uvs=quads.copy(),
        quad_regions=(np.arange(len(quads)) % 7).astype(np.uint8),
        head_weight=np.ones(_VERTICES, np.float32),
        landmark_vertices=np.repeat(np.arange(68, dtype=np.int32)[:, None], 3, axis=1),
        landmark_weights=np.tile(np.array([1.0, 0.0, 0.0], np.float32), (68, 1)),
    )


def morphable_arrays(model: MorphableModel) -> dict[str, NDArray]:
    """The arrays of its file."""
    return {name: getattr(model, name) for name in ARRAY_NAMES}


def imported_arrays(model: MorphableModel) -> dict[str, NDArray]:
    """An imported model's file."""
    imported = ImportedModel(
        model.mean, model.shape_basis, model.expression_basis, model.landmark_vertices, model.landmark_weights,
        faces=np.array([[0, 1, 2]], np.int32), basis="3DDFA-V2",
    )  # fmt: skip
    names = ("mean", "shape_basis", "expression_basis", "landmark_vertices", "landmark_weights", "faces")
    return {"basis": np.array(imported.basis), **{name: getattr(imported, name) for name in names}}


def published_trees() -> list[dict[str, NDArray]]:
    """Statistics and morphable models as the authors publish them, dense and at the landmarks."""
    random = np.random.default_rng(3)
    count = 70
    statistics = {"mean": random.normal(size=62).astype("f4"), "std": random.uniform(0.5, 1.0, 62).astype("f4")}
    dense = {
        "u": random.normal(size=(3 * count, 1)).astype("f4"),
        "w_shp": random.normal(size=(3 * count, 40)).astype("f4"),
        "w_exp": random.normal(size=(3 * count, 10)).astype("f4"),
        "keypoints": (3 * np.arange(68)[:, None] + np.arange(3)).ravel(),
        "tri": np.asfortranarray(np.arange(60).reshape(3, 20).astype(np.int32)),
    }
    sparse = {
        "param_mean": statistics["mean"], "param_std": statistics["std"],
        "mean_shape": random.normal(size=(68, 3)), "shape_basis": random.normal(size=(68, 3, 40)),
        "expression_basis": random.normal(size=(68, 3, 10)),
    }  # fmt: skip
    return [statistics, dense, sparse]


def pickles() -> list[bytes]:
    """The same as pickles of all protocols."""
    return [pickle.dumps(tree, protocol) for tree in published_trees()[:2] for protocol in (0, 2, 4)]


def _text(value: str) -> bytes:
    return b"X" + struct.pack("<I", len(value)) + value.encode()


def _sizes(values: tuple[int, ...]) -> bytes:
    return b"(" + b"".join(b"J" + struct.pack("<i", value) for value in values) + b"t"


def _tensor(name: str, key: int, array: NDArray, *, legacy: bool) -> bytes:
    strides = tuple(step // array.itemsize for step in array.strides)
    storage = b"(" + _text("storage") + b"ctorch\nFloatStorage\n" + _text(str(key)) + _text("cpu")
    storage += b"J" + struct.pack("<i", array.size) + (b"N" if legacy else b"") + b"tQ"
    call = b"ctorch._utils\n_rebuild_tensor_v2\n(" + storage + b"K\0" + _sizes(array.shape) + _sizes(strides)
    return _text(name) + call + b"\x89ccollections\nOrderedDict\n)RtR"


def _checkpoint(weights: Mapping[str, NDArray], *, legacy: bool) -> bytes:
    tensors = b"".join(_tensor(name, i, array, legacy=legacy) for i, (name, array) in enumerate(weights.items()))
    return b"\x80\x02}(" + _text("epoch") + b"K\x3e" + _text("state_dict") + b"}(" + tensors + b"uu."


_WEIGHTS = {"module.fc.weight": np.arange(12, dtype="<f4").reshape(3, 4), "module.fc.bias": np.ones(3, "<f4")}


def torch_trees() -> list[tuple[bytes, dict[str, bytes]]]:
    """A new checkpoint's pickle and storages."""
    return [(_checkpoint(_WEIGHTS, legacy=False), {str(i): a.tobytes() for i, a in enumerate(_WEIGHTS.values())})]


def legacy_checkpoints() -> list[bytes]:
    """A checkpoint as PyTorch before 1.6 wrote it."""
    content = pickle.dumps(0x1950A86A20F9469CFC6C, 2) + pickle.dumps(1001, 2)
    content += pickle.dumps({"protocol_version": 1001, "little_endian": True}, 2) + _checkpoint(_WEIGHTS, legacy=True)
    content += pickle.dumps([str(i) for i in range(len(_WEIGHTS))], 2)
    return [content + b"".join(struct.pack("<q", a.size) + a.tobytes() for a in _WEIGHTS.values())]


def networks(*, published: bool) -> list[bytes]:
    """A tiny ONNX network: as the authors export theirs, or as a model folder holds it."""
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    shape: list[int | str] = [1, 3, 120, 120] if published else ["n", 120, 120, 3]
    kind = TensorProto.FLOAT if published else TensorProto.UINT8
    weight = np.zeros((1, PARAMETER_COUNT), np.float32)
    nodes = [] if published else [helper.make_node("Cast", ["image"], ["numbers"], to=TensorProto.FLOAT)]
    source = "image" if published else "numbers"
    nodes += [
        helper.make_node("Flatten", [source], ["flat"]),
        helper.make_node("ReduceMean", ["flat"], ["middle"], axes=[1], keepdims=1),
        helper.make_node("MatMul", ["middle", "weight"], ["params"]),
    ]
    graph = helper.make_graph(
        nodes, "tiny", [helper.make_tensor_value_info("image", kind, shape)],
        [helper.make_tensor_value_info("params", TensorProto.FLOAT, [shape[0], PARAMETER_COUNT])],
        [numpy_helper.from_array(weight, "weight")],
    )  # fmt: skip
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    onnx.checker.check_model(model)
    return [model.SerializeToString()]


def glbs() -> list[bytes]:
    """Binary glTF files with one animation."""
    times = np.array([0.0, 0.5, 1.0], "<f4").tobytes()
    accessor = {"bufferView": 0, "componentType": 5126, "count": 3, "type": "SCALAR", "min": [0.0], "max": [1.0]}
    document = {
        "asset": {"version": "2.0"}, "accessors": [accessor],
        "bufferViews": [{"buffer": 0, "byteOffset": 0, "byteLength": 12}],
        "animations": [{"samplers": [{"input": 0, "output": 0}], "channels": []}],
    }  # fmt: skip
    text = json.dumps(document).encode()
    text += b" " * (-len(text) % 4)
    chunks = struct.pack("<I4s", len(text), b"JSON") + text + struct.pack("<I4s", len(times), b"BIN\0") + times
    return [struct.pack("<4sII", b"glTF", 2, 12 + len(chunks)) + chunks]


def photos() -> list[bytes]:
    """Small pictures in the formats that photos come in."""
    import cv2

    picture = np.random.default_rng(1).integers(0, 255, (12, 16, 3), dtype=np.uint8)
    return [cv2.imencode(suffix, picture)[1].tobytes() for suffix in (".jpg", ".png", ".bmp", ".tiff", ".webp", ".ppm")]


def videos() -> list[bytes]:
    """Clips of a few frames in three containers."""
    os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")
    import cv2

    random = np.random.default_rng(2)
    frames = [random.integers(0, 255, (48, 64, 3), dtype=np.uint8) for _ in range(4)]

    def write(path: Path, codec: str) -> None:
        writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*codec), 25.0, (64, 48))
        for frame in frames:
            writer.write(frame)
        writer.release()

    kinds = ((".mp4", "mp4v"), (".avi", "MJPG"), (".mkv", "mp4v"))
    return [written(lambda path, codec=codec: write(path, codec), suffix) for suffix, codec in kinds]  # type: ignore[misc]


def array_file(array: NDArray) -> bytes:
    """A bare ``.npy``."""
    buffer = io.BytesIO()
    np.save(buffer, array)
    return buffer.getvalue()
