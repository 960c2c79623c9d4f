# SPDX-License-Identifier: GPL-3.0-or-later
"""The one Blender scene that every picture is taken in: built once, then only its arrays are replaced.

One Blender unit is 100 mm. The camera stays put and looks along +y; heads are turned instead.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import bpy
import numpy as np
from numpy.typing import NDArray

from ddfa_blender.morphable_model import MorphableModel
from ddfa_blender.names import REGION_NAMES

from .geometry import Mesh
from .labels import mouth_cavity
from .lighting import Lighting
from .materials import Materials, make_materials, set_input, shader_of
from .skin_paint import SkinMap, paint_uvs

_UNITS_PER_MM = 0.01
_CAMERA_DISTANCE = 30.0
_BACKDROP_DISTANCE = 12.0
BACKDROP_SIZE = 96
#: Material slot of each region; skin quads off the face's UV island are the mouth's cavity.
_SLOTS = ("skin", "mouth", "eye", "teeth", "tongue", "lashes")
_REGION_SLOT = {"skin": 0, "eye_left": 2, "eye_right": 2, "teeth_upper": 3, "teeth_lower": 3, "tongue": 4, "lashes": 5}


@dataclass(frozen=True)
class RenderSettings:
    """``size`` pixels, Cycles ``samples``, denoising and the skin's subsurface weight (0..1)."""

    size: int = 160
    samples: int = 5
    denoise: bool = True
    scattering: float = 0.0
    threads: int = 2


def to_blender(points: NDArray) -> NDArray[np.float32]:
    """Millimetres in model axes (N, 3) → Blender units and axes."""
    p = np.asarray(points, dtype=np.float32)
    return np.stack([p[:, 0], -p[:, 2], p[:, 1]], axis=1) * np.float32(_UNITS_PER_MM)


def write_quads(mesh: bpy.types.Mesh, geometry: Mesh, smooth: bool = True) -> None:
    """Replace everything in ``mesh`` by ``geometry``."""
    mesh.clear_geometry()
    count = len(geometry.quads)
    if count:
        mesh.vertices.add(len(geometry.vertices))
        mesh.vertices.foreach_set("co", to_blender(geometry.vertices).ravel())
        mesh.loops.add(count * 4)
        mesh.loops.foreach_set("vertex_index", np.ascontiguousarray(geometry.quads, dtype=np.int32).ravel())
        mesh.polygons.add(count)
        mesh.polygons.foreach_set("loop_start", np.arange(0, count * 4, 4, dtype=np.int32))
        if smooth:
            mesh.polygons.foreach_set("use_smooth", np.ones(count, dtype=bool))
    mesh.update(calc_edges=True)


class Studio:
    """Scene, objects and images; call the ``set_…`` methods, then :meth:`render`."""

    def __init__(self, model: MorphableModel, skin_map: SkinMap, settings: RenderSettings) -> None:
        bpy.ops.wm.read_homefile(use_factory_startup=True, use_empty=True)
        bpy.ops.preferences.addon_enable(module="cycles")
        self.settings = settings
        self.scene = bpy.context.scene
        self.materials: Materials = make_materials(settings.scattering)
        self._head = self._add_head(model, skin_map)
        self._hair = self._add("Hair", self.materials.hair)
        self._cloth = self._add("Shoulders", self.materials.cloth)
        self._frame = self._add("Glasses", self.materials.frame)
        self._lens = self._add("Lenses", self.materials.lens)
        self._occluder = self._add("Occluder", self.materials.occluder)
        self._plane = self._add_backdrop()
        self.camera = self._add_camera()
        self.lighting = Lighting(self.scene)
        self._configure()

    # Building

    @staticmethod
    def _replace_image(material: bpy.types.Material, pixels: NDArray[np.float32]) -> None:
        """Give a material's image node a new image: with persistent data Cycles overlooks changed pixels."""
        node = material.node_tree.nodes["Image"]
        old = node.image
        image = bpy.data.images.new(material.name, pixels.shape[1], pixels.shape[0], float_buffer=True)
        image.colorspace_settings.name = "Linear Rec.709"
        image.pixels.foreach_set(pixels.ravel())
        image.update()
        node.image = image
        if old is not None:
            bpy.data.images.remove(old)

    def _add(self, name: str, material: bpy.types.Material) -> bpy.types.Object:
        item = bpy.data.objects.new(name, bpy.data.meshes.new(name))
        item.data.materials.append(material)
        self.scene.collection.objects.link(item)
        return item

    def _add_head(self, model: MorphableModel, skin_map: SkinMap) -> bpy.types.Object:
        item = self._add("Head", self.materials.skin)
        for slot in _SLOTS[1:]:
            item.data.materials.append(getattr(self.materials, slot))
        write_quads(item.data, Mesh(model.mean, model.quads))
        slots = np.array([_REGION_SLOT[name] for name in REGION_NAMES], dtype=np.int32)[model.quad_regions]
        slots[mouth_cavity(model) & ~skin_map.on_island] = 1
        item.data.polygons.foreach_set("material_index", slots)
        layer = item.data.uv_layers.new(name="Paint")
        layer.data.foreach_set("uv", np.ascontiguousarray(paint_uvs(model, skin_map), dtype=np.float32).ravel())
        return item

    def _add_backdrop(self) -> bpy.types.Object:
        item = self._add("Backdrop", self.materials.backdrop)
        corners = np.array([[-1.0, -1.0, 0.0], [1.0, -1.0, 0.0], [1.0, 1.0, 0.0], [-1.0, 1.0, 0.0]])
        write_quads(item.data, Mesh(corners / _UNITS_PER_MM / 2.0, np.array([[0, 1, 2, 3]])), smooth=False)
        layer = item.data.uv_layers.new(name="UVMap")
        layer.data.foreach_set("uv", np.array([0, 0, 1, 0, 1, 1, 0, 1], dtype=np.float32))
        item.location = (0.0, _BACKDROP_DISTANCE, 0.0)
        for kind in ("diffuse", "glossy", "transmission", "shadow", "volume_scatter"):
            setattr(item, f"visible_{kind}", False)
        return item

    def _add_camera(self) -> bpy.types.Object:
        data = bpy.data.cameras.new("Camera")
        data.type = "ORTHO"
        item = bpy.data.objects.new("Camera", data)
        item.location = (0.0, -_CAMERA_DISTANCE, 0.0)
        item.rotation_euler = (np.pi / 2.0, 0.0, 0.0)
        self.scene.collection.objects.link(item)
        self.scene.camera = item
        return item

    def _configure(self) -> None:
        scene, settings = self.scene, self.settings
        scene.render.engine = "CYCLES"
        scene.render.resolution_x = scene.render.resolution_y = settings.size
        scene.render.resolution_percentage = 100
        scene.render.use_persistent_data = True
        scene.render.threads_mode, scene.render.threads = "FIXED", settings.threads
        scene.render.use_compositing = scene.render.use_sequencer = False
        cycles = scene.cycles
        cycles.device = "CPU"
        cycles.samples = settings.samples
        cycles.use_adaptive_sampling = False
        cycles.use_light_tree = False  # 20 % faster with two lights
        cycles.use_denoising = settings.denoise
        if settings.denoise:
            cycles.denoiser = "OPENIMAGEDENOISE"
            cycles.denoising_prefilter = "FAST"
        cycles.max_bounces, cycles.diffuse_bounces, cycles.glossy_bounces = 3, 2, 1
        cycles.transparent_max_bounces, cycles.transmission_bounces = 6, 1
        cycles.caustics_reflective = cycles.caustics_refractive = False

    # Changing

    def set_head(self, vertices: NDArray) -> None:
        """``vertices`` (V, 3): camera millimetres."""
        mesh = self._head.data
        mesh.vertices.foreach_set("co", to_blender(vertices).ravel())
        mesh.update()

    def set_skin(self, texture: NDArray[np.float32]) -> None:
        """``texture`` (S, S, 4), linear RGBA, first row at the bottom."""
        self._replace_image(self.materials.skin, texture)

    def set_hair(self, mesh: Mesh, shade: NDArray[np.float32]) -> None:
        """Hair in camera millimetres and its shade (V,)."""
        write_quads(self._hair.data, mesh)
        if len(shade):
            attributes = self._hair.data.attributes
            if "shade" in attributes:
                attributes.remove(attributes["shade"])
            layer = attributes.new("shade", "FLOAT_COLOR", "POINT")
            layer.data.foreach_set("color", np.repeat(shade[:, None], 4, axis=1).ravel())
        self._hair.hide_render = not len(mesh.quads)

    def set_props(self, cloth: Mesh, frame: Mesh, lenses: Mesh) -> None:
        """Shoulders and glasses in camera millimetres."""
        for item, mesh in ((self._cloth, cloth), (self._frame, frame), (self._lens, lenses)):
            write_quads(item.data, mesh)
            item.hide_render = not len(mesh.quads)

    def set_occluder(self, mesh: Mesh, colour: NDArray, roughness: float) -> None:
        """What hides the face, in camera millimetres; an empty mesh removes it."""
        write_quads(self._occluder.data, mesh, smooth=len(mesh.quads) > 6)
        self._occluder.hide_render = not len(mesh.quads)
        shader = shader_of(self.materials.occluder)
        set_input(shader, (*map(float, colour), 1.0), "Base Color")
        set_input(shader, roughness, "Roughness")

    def set_backdrop(self, picture: NDArray[np.float32]) -> None:
        """``picture`` (96, 96, 4), linear RGBA."""
        self._replace_image(self.materials.backdrop, picture)

    def frame_orthographic(self, pixels_per_mm: float) -> None:
        """Scaled orthographic view: the picture's centre is the camera-space origin."""
        width = self.settings.size / pixels_per_mm * _UNITS_PER_MM
        self.camera.data.type = "ORTHO"
        self.camera.data.ortho_scale = width
        self._plane.scale = (width * 1.05, width * 1.05, width * 1.05)

    def frame_perspective(self, distance_mm: float, field_of_view_degrees: float) -> None:
        """Pinhole view from ``distance_mm`` in front of the camera-space origin."""
        data, distance = self.camera.data, distance_mm * _UNITS_PER_MM
        data.type = "PERSP"
        data.sensor_fit, data.angle = "HORIZONTAL", np.radians(field_of_view_degrees)
        self.camera.location = (0.0, -distance, 0.0)
        width = 2.1 * (distance + _BACKDROP_DISTANCE) * np.tan(np.radians(field_of_view_degrees) / 2.0)
        self._plane.scale = (width, width, width)

    def render(self, path: Path, file_format: str = "WEBP", quality: int = 92) -> None:
        """Render to ``path``."""
        image = self.scene.render.image_settings
        image.file_format, image.color_mode, image.quality = file_format, "RGB", quality
        self.scene.render.filepath = str(path)
        self.scene.render.use_file_extension = False
        bpy.ops.render.render(write_still=True)
