# SPDX-License-Identifier: GPL-3.0-or-later
"""Files in the formats of the 3DDFA-V2 authors, with invented numbers, and what the authors' code makes of them."""

from __future__ import annotations

import pickle
import struct
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ddfa_blender.morphable_model import MorphableModel

#: Output channels and strides of the depthwise-separable blocks at width 1/16.
_BLOCKS = {
    "dw2_1": (4, 1), "dw2_2": (8, 2), "dw3_1": (8, 1), "dw3_2": (16, 2), "dw4_1": (16, 1), "dw4_2": (32, 2),
    "dw5_1": (32, 1), "dw5_2": (32, 1), "dw5_3": (32, 1), "dw5_4": (32, 1), "dw5_5": (32, 1), "dw5_6": (64, 2),
    "dw6": (64, 1),
}  # fmt: skip


def fake_weights(seed: int = 0) -> dict[str, NDArray]:
    """A checkpoint's weights by the authors' names."""
    random = np.random.default_rng(seed)
    weights: dict[str, NDArray] = {}

    def normalised(convolution: str, norm: str, shape: tuple[int, ...]) -> None:
        fan_in = int(np.prod(shape[1:]))
        weights[f"{convolution}.weight"] = random.normal(0.0, np.sqrt(2.0 / fan_in), shape)
        weights[f"{norm}.weight"] = random.uniform(0.7, 1.3, shape[0])
        weights[f"{norm}.bias"] = random.normal(0.0, 0.2, shape[0])
        weights[f"{norm}.running_mean"] = random.normal(0.0, 0.2, shape[0])
        weights[f"{norm}.running_var"] = random.uniform(0.5, 1.5, shape[0])
        weights[f"{norm}.num_batches_tracked"] = np.array(7, np.int64)

    channels = 2
    normalised("conv1", "bn1", (channels, 3, 3, 3))
    for name, (outputs, _) in _BLOCKS.items():
        normalised(f"{name}.conv_dw", f"{name}.bn_dw", (channels, 1, 3, 3))
        normalised(f"{name}.conv_sep", f"{name}.bn_sep", (outputs, channels, 1, 1))
        channels = outputs
    for name, outputs in (("fc_param", 62), ("fc_lm", 136)):
        weights[f"{name}.weight"] = random.normal(0.0, 0.2, (outputs, channels))
        weights[f"{name}.bias"] = random.normal(0.0, 0.5, outputs)
    return {
        f"module.{name}": values if values.dtype == np.int64 else values.astype(np.float32)
        for name, values in weights.items()
    }


def run_network(weights: dict[str, NDArray], crops: NDArray[np.uint8]) -> tuple[NDArray, NDArray]:
    """``fc_param`` (N, 62) and ``fc_lm`` (N, 136) of RGB crops (N, 120, 120, 3), by the definition, in numpy."""
    w = {name.removeprefix("module."): values.astype(np.float64) for name, values in weights.items()}

    def normalise_and_rectify(x: NDArray, norm: str) -> NDArray:
        mean, variance, gain, shift = (
            w[f"{norm}.{part}"][:, None, None] for part in ("running_mean", "running_var", "weight", "bias")
        )
        return np.maximum((x - mean) / np.sqrt(variance + 1e-5) * gain + shift, 0.0)

    def windows(x: NDArray, stride: int) -> NDArray:
        padded = np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1)))
        rows = np.lib.stride_tricks.sliding_window_view(padded, 3, axis=2)
        return np.lib.stride_tricks.sliding_window_view(rows, 3, axis=3)[:, :, ::stride, ::stride]

    bgr = crops[..., ::-1].astype(np.float64).transpose(0, 3, 1, 2)
    x = np.einsum("nihwab,oiab->nohw", windows((bgr - 127.5) / 128.0, 2), w["conv1.weight"])
    x = normalise_and_rectify(x, "bn1")
    for name, (_, stride) in _BLOCKS.items():
        x = np.einsum("nchwab,cab->nchw", windows(x, stride), w[f"{name}.conv_dw.weight"][:, 0])
        x = normalise_and_rectify(x, f"{name}.bn_dw")
        x = np.einsum("nihw,oi->nohw", x, w[f"{name}.conv_sep.weight"][:, :, 0, 0])
        x = normalise_and_rectify(x, f"{name}.bn_sep")
    feature = x.mean(axis=(2, 3))
    params, landmarks = (feature @ w[f"{n}.weight"].T + w[f"{n}.bias"] for n in ("fc_param", "fc_lm"))
    return params, landmarks


@dataclass(frozen=True, eq=False)
class FakeFace:
    """The contents of ``bfm_noneck_v3.pkl`` and ``param_mean_std_62d_120x120.pkl``."""

    bfm: dict[str, NDArray]
    statistics: dict[str, NDArray]

    def landmarks_in_crop(self, z_scored: NDArray) -> NDArray:
        """(N, 68, 2) image pixels of a crop, y down, as the authors' ``recon_sparse`` computes them."""
        params = z_scored * self.statistics["std"] + self.statistics["mean"]
        rows = self.bfm["keypoints"]
        points = []
        for p in params:
            pose = p[:12].reshape(3, 4)
            s = self.bfm["u"][rows, 0] + self.bfm["w_shp"][rows] @ p[12:52] + self.bfm["w_exp"][rows] @ p[52:]
            v = pose[:, :3] @ s.reshape(3, -1, order="F") + pose[:, 3:]
            points.append(np.stack([v[0] - 1.0, 120.0 - v[1]], axis=-1))
        return np.array(points)

    def sparse(self) -> dict[str, NDArray]:
        """The same at the 68 landmarks, as an ``.npz`` may hold it."""
        rows = self.bfm["keypoints"]
        return {
            "param_mean": self.statistics["mean"],
            "param_std": self.statistics["std"],
            "mean_shape": self.bfm["u"][rows].reshape(68, 3),
            "shape_basis": self.bfm["w_shp"][rows].reshape(68, 3, 40),
            "expression_basis": self.bfm["w_exp"][rows].reshape(68, 3, 10),
        }


def fake_face(model: MorphableModel, seed: int = 1) -> FakeFace:
    """A face in micrometres about another origin, its landmarks a little off the bundled model's."""
    random = np.random.default_rng(seed)
    count = 200
    mean = random.normal(0.0, 4e4, (count, 3)) + [0.0, 0.0, 9e4]
    vertices = random.permutation(count)[:68]
    mean[vertices] = 1e3 * (model.landmarks68(np.zeros(40), np.zeros(10)) + random.normal(0.0, 1.0, (68, 3)))
    mean[vertices] += [500.0, -6e3, -3.5e4]
    pose_mean = [3.5e-4, 0.0, 0.0, 60.0, 0.0, 5.7e-4, -5e-5, 74.0, 5e-7, 6e-5, 3.4e-4, -66.0]
    pose_std = [1.8e-4, 7e-5, 4.5e-4, 26.0, 1.2e-4, 4.5e-5, 8e-5, 7.0, 4.3e-4, 1.2e-4, 1.7e-4, 20.0]
    shape_std, expression_std = random.uniform(1e4, 6e5, 40), random.uniform(0.1, 1.6, 10)
    triangles = random.permuted(np.tile(np.arange(count), (90, 1)), axis=1)[:, :3]
    return FakeFace(
        bfm={
            "u": mean.reshape(-1, 1).astype(np.float32),
            "w_shp": (random.normal(0.0, 1e3, (3 * count, 40)) / shape_std).astype(np.float32),
            "w_exp": (random.normal(0.0, 1e3, (3 * count, 10)) / expression_std).astype(np.float32),
            "keypoints": (3 * vertices[:, None] + np.arange(3)).ravel(),
            "tri": np.asfortranarray(triangles.T.astype(np.int32)),
        },
        statistics={
            "mean": np.concatenate([pose_mean, random.normal(0.0, 1e4, 40), random.normal(0.0, 0.5, 10)]).astype("f4"),
            "std": np.concatenate([pose_std, shape_std, expression_std]).astype("f4"),
        },
    )


class Global(NamedTuple):
    """A name in a pickle."""

    module: str
    name: str


class Call(NamedTuple):
    """A global called with arguments."""

    function: Global
    arguments: tuple[Any, ...]


class Persistent(NamedTuple):
    """A reference to data beside the pickle."""

    identity: tuple[Any, ...]


def opcodes(value: Any) -> bytes:
    """What pushes a value onto the stack of an unpickler (protocol 2)."""
    if isinstance(value, Global):
        return b"c" + f"{value.module}\n{value.name}\n".encode()
    if isinstance(value, Call):
        return opcodes(value.function) + opcodes(value.arguments) + b"R"
    if isinstance(value, Persistent):
        return opcodes(value.identity) + b"Q"
    if isinstance(value, tuple):
        return b"(" + b"".join(map(opcodes, value)) + b"t"
    if isinstance(value, dict):
        return b"}(" + b"".join(opcodes(k) + opcodes(v) for k, v in value.items()) + b"u"
    if isinstance(value, str):
        return b"X" + struct.pack("<I", len(value.encode())) + value.encode()
    if value is None or isinstance(value, bool):
        return {None: b"N", True: b"\x88", False: b"\x89"}[value]
    return b"\x8a\x08" + struct.pack("<q", value)


def program(value: Any) -> bytes:
    """A whole pickle (protocol 2)."""
    return b"\x80\x02" + opcodes(value) + b"."


def torch_tree(weights: dict[str, NDArray], *view: None) -> tuple[Any, dict[str, NDArray]]:
    """What PyTorch pickles for ``{"epoch": …, "state_dict": …}``, and the storages by key.

    Old versions end a storage's identity with a ``view``, None for all that is none.
    """
    storages, state = {}, {}
    for key, (name, values) in enumerate(weights.items()):
        kind = {"f": "FloatStorage", "i": "LongStorage"}[values.dtype.kind]
        strides = tuple(step // values.itemsize for step in values.strides)
        storage = Persistent(("storage", Global("torch", kind), str(key), "cuda:2", values.size, *view))
        hooks = Call(Global("collections", "OrderedDict"), ())
        arguments = (storage, 0, values.shape, strides, False, hooks)
        state[name] = Call(Global("torch._utils", "_rebuild_tensor_v2"), arguments)
        storages[str(key)] = values
    return {"epoch": 62, "state_dict": state}, storages


def write_torch_zip(path: Path, weights: dict[str, NDArray]) -> Path:
    """A checkpoint as PyTorch 1.6 and later write it."""
    tree, storages = torch_tree(weights)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("checkpoint/data.pkl", program(tree))
        archive.writestr("checkpoint/byteorder", b"little")
        for key, values in storages.items():
            archive.writestr(f"checkpoint/data/{key}", values.tobytes())
        archive.writestr("checkpoint/version", b"3\n")
    return path


def write_torch_legacy(path: Path, weights: dict[str, NDArray]) -> Path:
    """A checkpoint as PyTorch before 1.6 wrote it (the format of the authors' files)."""
    tree, storages = torch_tree(weights, None)
    content = pickle.dumps(0x1950A86A20F9469CFC6C, 2) + pickle.dumps(1001, 2)
    content += pickle.dumps({"protocol_version": 1001, "little_endian": True, "type_sizes": {"int": 4}}, 2)
    content += program(tree) + pickle.dumps(list(storages), 2)
    for values in storages.values():
        content += struct.pack("<q", values.size) + values.tobytes()
    path.write_bytes(content)
    return path
