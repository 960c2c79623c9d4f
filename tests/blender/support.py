# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tests inside bpy share: the extension as Blender loads it, small models, made-up performances."""

from __future__ import annotations

import atexit
import importlib
import os
import shutil
import sys
import tempfile
from pathlib import Path
from types import FunctionType, MethodType, ModuleType, SimpleNamespace
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = "bl_ext.user_default.ddfa_face_capture"
#: Top-level entries of the repository that the installed extension has.
_SHIPPED = (
    "__init__.py",
    "blender_manifest.toml",
    "ddfa_blender",
    "model",
    "operators",
    "panels",
    "scene",
    "translations",
)


_USER_FOLDER = "ddfa_blender_user_"


def discard_user_folder() -> None:
    """Remove this process's own user folder, for those who leave without Python's tidying up."""
    folder = Path(os.environ.get("BLENDER_USER_RESOURCES", ""))
    if folder.name.startswith(_USER_FOLDER):
        shutil.rmtree(folder, ignore_errors=True)


def prepare_user_folder() -> Path:
    """A user folder of its own for this process, with the extension linked into it; before bpy is imported."""
    if "bpy" in sys.modules:
        raise RuntimeError("bpy is already imported: it would use the user's own folders")
    folder = Path(tempfile.mkdtemp(prefix=_USER_FOLDER))
    atexit.register(discard_user_folder)
    os.environ["HOME"] = os.environ["BLENDER_USER_RESOURCES"] = str(folder)
    extension = folder / "extensions" / "user_default" / "ddfa_face_capture"
    extension.mkdir(parents=True)
    for name in _SHIPPED:
        source = ROOT / name
        try:
            (extension / name).symlink_to(source, target_is_directory=source.is_dir())
        except OSError:  # Windows without developer mode
            (shutil.copytree if source.is_dir() else shutil.copy)(source, extension / name)
    return folder


def module(name: str) -> ModuleType:
    """A module of the enabled extension, such as ``scene.head``."""
    return importlib.import_module(f"{PACKAGE}.{name}")


def enable_extension() -> None:
    """What the tick box in the preferences does."""
    import addon_utils

    if addon_utils.enable(PACKAGE, default_set=True) is None:
        raise RuntimeError("the extension could not be enabled; the error is above")


def small_model(seed: int = 7) -> Any:
    """A random model on a coarse sphere with every region, for tests that need no likeness. Millimetres."""
    names = module("ddfa_blender.names")
    rng = np.random.default_rng(seed)
    vertices, quads = _sphere(rings=6, segments=12, radius=90.0)
    regions = np.zeros(len(quads), dtype=np.uint8)
    parts, part_quads, part_regions = [vertices], [quads], [regions]
    for region in range(1, len(names.REGION_NAMES)):
        side = -1.0 if region % 2 else 1.0
        part, faces = _sphere(rings=4, segments=8, radius=12.0)
        part_quads.append(faces + sum(map(len, parts)))
        parts.append(part + (side * 30.0, 15.0 * region - 50.0, 80.0))
        part_regions.append(np.full(len(faces), region, dtype=np.uint8))
    mean, quads = np.concatenate(parts).astype(np.float32), np.concatenate(part_quads).astype(np.int32)
    count = len(mean)
    return module("ddfa_blender.morphable_model").MorphableModel(
        mean=mean,
        shape_basis=rng.normal(0.0, 1.0, (40, count, 3)).astype(np.float32),
        expression_basis=rng.normal(0.0, 1.0, (10, count, 3)).astype(np.float32),
        arkit_basis=rng.normal(0.0, 2.0, (52, count, 3)).astype(np.float32),
        quads=quads,
        uv=rng.uniform(0.0, 1.0, (count, 2)).astype(np.float32),
        quad_uvs=quads.copy(),
        quad_regions=np.concatenate(part_regions),
        head_weight=np.clip((mean[:, 1] + 70.0) / 40.0, 0.0, 1.0).astype(np.float32),
        landmark_vertices=rng.integers(0, count, (68, 3)).astype(np.int32),
        landmark_weights=np.full((68, 3), 1.0 / 3.0, dtype=np.float32),
    )


def _sphere(rings: int, segments: int, radius: float) -> tuple[np.ndarray, np.ndarray]:
    """A sphere without its poles, quads counter-clockwise from outside."""
    polar = np.linspace(0.3, np.pi - 0.3, rings)[:, None]
    around = np.linspace(0.0, 2.0 * np.pi, segments, endpoint=False)[None]
    points = np.stack(
        np.broadcast_arrays(np.sin(polar) * np.sin(around), np.cos(polar), np.sin(polar) * np.cos(around)), -1
    )
    index = np.arange(rings * segments).reshape(rings, segments)
    right = np.roll(index, -1, axis=1)
    quads = np.stack([index[:-1], index[1:], right[1:], right[:-1]], axis=-1)
    return points.reshape(-1, 3) * radius, quads.reshape(-1, 4)


def performance(count: int = 24, fps: float = 24.0, seed: int = 3, **overrides: Any) -> Any:
    """A lively made-up Performance of ``count`` samples; expression within ±3, ARKit within 0..1, a gap inside."""
    rng = np.random.default_rng(seed)
    time = np.arange(count) / fps
    phase = rng.uniform(0.0, 6.0, 70)
    speed = rng.uniform(2.0, 9.0, 70)
    waves = np.sin(time[:, None] * speed + phase)
    axis = np.stack([waves[:, 62], waves[:, 63], waves[:, 64]], axis=-1)
    angle = np.linalg.norm(axis, axis=-1, keepdims=True) * 0.6
    quaternion = np.concatenate(
        [np.cos(angle / 2), np.sin(angle / 2) * axis / np.linalg.norm(axis, axis=-1, keepdims=True)], -1
    )
    tracked = np.ones(count, dtype=bool)
    tracked[count // 2 : count // 2 + 3] = False
    fields: dict[str, Any] = {
        "time": time,
        "expression": 3.0 * waves[:, :10],
        "arkit": 0.5 + 0.5 * waves[:, 10:62],
        "head_rotation": quaternion,
        "head_translation": 20.0 * waves[:, 65:68],
        "identity": rng.normal(0.0, 1.0, 40),
        "tracked": tracked,
    }
    return module("ddfa_blender.performance").Performance(**{**fields, **overrides})


def take(
    count: int = 30, fps: float = 30.0, seed: int = 5, lost: slice = slice(10, 13), begin: float = 0.0, **header: Any
) -> Any:
    """A made-up Take of the bundled model: an actor of her own who nods and talks; ``lost`` frames have no face, and
    the in point is at ``begin`` seconds."""
    projection, module_take = module("ddfa_blender.projection"), module("ddfa_blender.take")
    rng = np.random.default_rng(seed)
    seconds = np.arange(count) / fps
    angles = np.stack([20.0 * np.sin(3.0 * seconds), 8.0 * np.sin(5.0 * seconds), np.zeros(count)], axis=-1)
    rotation = projection.rotation_from_euler(angles)
    pose = projection.Pose(np.full(count, 0.4), rotation, np.tile([60.0, 55.0, 0.0], (count, 1)))
    shape = np.tile(rng.normal(0.0, 1.0, 40), (count, 1))
    expression = np.sin(seconds[:, None] * rng.uniform(2.0, 6.0, 10))
    fields = {
        "time": begin + seconds,
        "params": projection.join(projection.compose(pose), shape, expression).astype(np.float32),
        "confidence": np.full(count, 0.9, np.float32),
        "roi": np.tile([200.0, 100.0, 440.0, 340.0], (count, 1)),
        "landmarks68": np.zeros((count, 68, 3), np.float32),
        "arkit": (0.5 + 0.5 * np.sin(seconds[:, None] * rng.uniform(2.0, 6.0, 52))).astype(np.float32),
    }
    fields["confidence"][lost] = 0.0
    for name in ("params", "roi", "landmarks68", "arkit"):
        fields[name][lost] = np.nan
    made = {"source": "clip.mp4", "width": 640, "height": 480, "fps": fps, "model": "made up", "model_sha256": "0" * 64}
    return module_take.Take(**fields, header=module_take.TakeHeader(**{**made, **header}))


def data_names() -> dict[str, list[str]]:
    """Every data-block of the file by collection, to compare before and after."""
    import bpy

    return {
        prop.identifier: sorted(block.name_full for block in getattr(bpy.data, prop.identifier))
        for prop in bpy.types.BlendData.bl_rna.properties
        if prop.type == "COLLECTION"
    }


class WindowContext:
    """A context with a window, as the interface has; ``timers`` are those that run."""

    def __init__(self) -> None:
        import bpy

        self.scene, self.view_layer = bpy.context.scene, bpy.context.view_layer
        self.window = object()
        self.timers: list[str] = []
        self.window_manager = SimpleNamespace(
            windows=[],
            event_timer_add=lambda seconds, window: self.timers.append("timer") or "timer",
            event_timer_remove=self.timers.remove,
            modal_handler_add=lambda operator: True,
        )


def event(kind: str, value: str = "NOTHING") -> SimpleNamespace:
    """What Blender hands to a modal operator."""
    return SimpleNamespace(type=kind, value=value)


def by_hand(cls: type, **fields: Any) -> SimpleNamespace:
    """An operator started by hand: no window exists here to send it events, and Blender makes no other.

    It has what the extension's classes give it; ``reports`` keeps what it reports.
    """
    operator = SimpleNamespace(reports=[], **fields)
    for base in reversed([base for base in cls.__mro__ if base.__module__.startswith(PACKAGE)]):
        for name, member in vars(base).items():
            if isinstance(member, FunctionType):
                setattr(operator, name, MethodType(member, operator))
            elif not name.startswith("__") and not isinstance(member, property):
                setattr(operator, name, getattr(cls, name))
    operator.report = lambda kinds, text: operator.reports.append((kinds, text))
    return operator


def sidebar_context() -> SimpleNamespace:
    """What a panel in the sidebar draws from, which Blender without a window does not have."""
    import bpy

    return SimpleNamespace(
        scene=bpy.context.scene,
        window_manager=bpy.context.window_manager,
        preferences=SimpleNamespace(system=SimpleNamespace(ui_scale=1.0)),  # 0 without a window
        region=SimpleNamespace(width=280),
        active_object=None,
        selected_objects=[],
    )


def stop_job(context: WindowContext) -> None:
    """End what a test has left running."""
    state = module("operators.state")
    if state.job is not None:
        state.job.cancel()
        state.job.wait(10.0)
        state.end(context)
