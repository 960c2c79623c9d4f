# SPDX-License-Identifier: GPL-3.0-or-later
"""Light from the HDRIs that ship with Blender, brought to one average brightness, plus an optional lamp."""

from __future__ import annotations

from pathlib import Path

import bpy
import numpy as np
from numpy.typing import NDArray

_HDRI_WIDTH, _HDRI_HEIGHT = 256, 128


def hdri_files() -> list[Path]:
    """Blender's own world HDRIs, by name."""
    folder = Path(bpy.utils.resource_path("LOCAL")) / "datafiles" / "studiolights" / "world"
    return sorted(folder.glob("*.exr"))


class Lighting:
    """World and lamp of one scene."""

    def __init__(self, scene: bpy.types.Scene) -> None:
        world = bpy.data.worlds.new("World")
        scene.world = world
        world.use_nodes = True
        world.cycles.sampling_method = "MANUAL"
        world.cycles.sample_map_resolution = 128
        tree = world.node_tree
        tree.nodes.clear()
        coordinates = tree.nodes.new("ShaderNodeTexCoord")
        self._mapping = tree.nodes.new("ShaderNodeMapping")
        self._texture = tree.nodes.new("ShaderNodeTexEnvironment")
        self._background = tree.nodes.new("ShaderNodeBackground")
        output = tree.nodes.new("ShaderNodeOutputWorld")
        tree.links.new(coordinates.outputs["Generated"], self._mapping.inputs["Vector"])
        tree.links.new(self._mapping.outputs["Vector"], self._texture.inputs["Vector"])
        tree.links.new(self._texture.outputs["Color"], self._background.inputs["Color"])
        tree.links.new(self._background.outputs[0], output.inputs["Surface"])
        self._images = [self._load(file) for file in hdri_files()]
        lamp = bpy.data.lights.new("Lamp", "AREA")
        self._lamp = bpy.data.objects.new("Lamp", lamp)
        scene.collection.objects.link(self._lamp)
        self._scene = scene

    @staticmethod
    def _load(file: Path) -> tuple[bpy.types.Image, float]:
        """A small copy of an HDRI and its mean luminance."""
        image = bpy.data.images.load(str(file))
        image.scale(_HDRI_WIDTH, _HDRI_HEIGHT)
        pixels = np.empty(_HDRI_WIDTH * _HDRI_HEIGHT * 4, dtype=np.float32)
        image.pixels.foreach_get(pixels)
        luminance = pixels.reshape(_HDRI_HEIGHT, _HDRI_WIDTH, 4)[..., :3] @ np.array([0.21, 0.72, 0.07])
        # Rows near the poles cover less of the sphere.
        weight = np.sin((np.arange(_HDRI_HEIGHT) + 0.5) / _HDRI_HEIGHT * np.pi)[:, None]
        return image, float((luminance * weight).sum() / (weight.sum() * _HDRI_WIDTH))

    def set_random(self, rng: np.random.Generator) -> None:
        """A random HDRI, turned at random, a lamp half of the time, and an exposure to suit."""
        self.set_world(int(rng.integers(len(self._images))), rng.uniform(0.0, 360.0), rng.uniform(-25.0, 25.0, 2),
                       float(np.exp(rng.normal(0.0, 0.25))))  # fmt: skip
        lit = rng.random() < 0.5
        direction = rng.normal(size=3)
        direction[1] = -abs(direction[1]) - 0.3
        self.set_lamp(direction, rng.uniform(2.0, 14.0), rng.uniform(200.0, 1600.0) if lit else 0.0,
                      np.clip(1.0 + rng.normal(0.0, 0.12, 3), 0.5, 1.5))  # fmt: skip
        self.set_exposure(rng.normal(0.0, 0.4), str(rng.choice(["Standard", "Filmic", "AgX"], p=[0.5, 0.3, 0.2])))

    def set_world(self, index: int, turn: float, tilt: NDArray, strength: float) -> None:
        """HDRI by ``index``, turned by degrees, ``strength`` relative to an average radiance of 0.6."""
        image, luminance = self._images[index]
        self._texture.image = image
        self._mapping.inputs["Rotation"].default_value = np.radians([tilt[0], tilt[1], turn])
        self._background.inputs["Strength"].default_value = 0.6 * strength / luminance

    def set_lamp(self, direction: NDArray, size: float, watts: float, colour: NDArray) -> None:
        """An area lamp 20 units along ``direction`` (Blender axes), facing the head; 0 W switches it off."""
        from mathutils import Vector

        place = Vector(np.asarray(direction) / np.linalg.norm(direction) * 20.0)
        self._lamp.location = place
        self._lamp.rotation_euler = (-place).to_track_quat("-Z", "Y").to_euler()
        self._lamp.data.size, self._lamp.data.energy, self._lamp.data.color = size, watts, colour
        self._lamp.hide_render = watts <= 0.0

    def set_exposure(self, stops: float, view: str) -> None:
        """Exposure in stops and the view transform's name."""
        settings = self._scene.view_settings
        settings.view_transform = view
        settings.exposure = stops
