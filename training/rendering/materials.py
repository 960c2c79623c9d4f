# SPDX-License-Identifier: GPL-3.0-or-later
"""Cycles materials of the rendered head, and the sockets that change from picture to picture."""

from __future__ import annotations

from dataclasses import dataclass

import bpy
import numpy as np

from .subject import Subject, eye_ramp


def set_input(node: bpy.types.Node, value: object, *names: str) -> None:
    """Set the first input socket that exists among ``names`` (they differ between Blender versions)."""
    for name in names:
        if name in node.inputs:
            node.inputs[name].default_value = value
            return
    raise KeyError(f"none of {names} in {node.bl_idname}")


def _rgba(colour: np.ndarray) -> tuple[float, float, float, float]:
    return (float(colour[0]), float(colour[1]), float(colour[2]), 1.0)


def _principled(
    name: str, colour: tuple[float, float, float], roughness: float, specular: float = 0.5
) -> bpy.types.Material:
    material = bpy.data.materials.new(name)
    material.use_nodes = True
    shader = material.node_tree.nodes["Principled BSDF"]
    set_input(shader, (*colour, 1.0), "Base Color")
    set_input(shader, roughness, "Roughness")
    set_input(shader, specular, "Specular IOR Level", "Specular")
    return material


def shader_of(material: bpy.types.Material) -> bpy.types.Node:
    """The material's Principled node."""
    return material.node_tree.nodes["Principled BSDF"]


@dataclass
class Materials:
    """Every material of the scene; ``dress`` recolours them for a subject."""

    skin: bpy.types.Material
    mouth: bpy.types.Material
    eye: bpy.types.Material
    teeth: bpy.types.Material
    tongue: bpy.types.Material
    lashes: bpy.types.Material
    hair: bpy.types.Material
    cloth: bpy.types.Material
    frame: bpy.types.Material
    lens: bpy.types.Material
    occluder: bpy.types.Material
    backdrop: bpy.types.Material

    def dress(self, subject: Subject) -> None:
        """Colours of ``subject``; the skin's texture is set apart."""
        rng = np.random.default_rng(subject.seed + 5)
        set_input(shader_of(self.skin), subject.gloss, "Roughness")
        _set_iris(self.eye, subject, rng)
        inside = np.array([0.22, 0.045, 0.04]) * rng.uniform(0.5, 1.2)
        set_input(shader_of(self.mouth), _rgba(inside), "Base Color")
        set_input(shader_of(self.tongue), _rgba(np.array([0.42, 0.13, 0.12]) * rng.uniform(0.7, 1.2)), "Base Color")
        teeth = np.array([0.72, 0.66, 0.55]) * rng.uniform(0.7, 1.1)
        set_input(shader_of(self.teeth), _rgba(teeth), "Base Color")
        set_input(shader_of(self.lashes), _rgba(subject.brows * 0.4), "Base Color")
        set_input(shader_of(self.lashes), 0.55 if subject.lashes else 0.0, "Alpha")
        hats = subject.hair_style in ("hat", "scarf")
        tint = subject.cloth if hats else subject.hair
        self.hair.node_tree.nodes["Tint"].inputs[7].default_value = _rgba(tint)
        set_input(shader_of(self.hair), 0.9 if hats else rng.uniform(0.35, 0.65), "Roughness")
        set_input(shader_of(self.cloth), _rgba(subject.cloth), "Base Color")
        frame = rng.uniform(0.0, 1.0, 3) ** 3 * 0.5 if rng.random() < 0.4 else np.full(3, 0.01)
        set_input(shader_of(self.frame), _rgba(frame), "Base Color")
        set_input(shader_of(self.frame), float(rng.random() < 0.35), "Metallic")
        self.lens.node_tree.nodes["Tint"].inputs["Color"].default_value = (
            (0.97, 0.97, 0.97, 1.0) if subject.glasses == "clear" else _rgba(rng.uniform(0.02, 0.12, 3))
        )
        self.lens.node_tree.nodes["Mix"].inputs[0].default_value = rng.uniform(0.02, 0.14)


def _set_iris(material: bpy.types.Material, subject: Subject, rng: np.random.Generator) -> None:
    ramp = material.node_tree.nodes["Iris"].color_ramp
    for element, position, colour in zip(ramp.elements, *eye_ramp(subject, rng), strict=True):
        element.position = position
        element.color = _rgba(colour)


def _skin(scattering: float) -> bpy.types.Material:
    material = _principled("Skin", (0.6, 0.4, 0.3), 0.45, 0.4)
    tree = material.node_tree
    shader = shader_of(material)
    image = tree.nodes.new("ShaderNodeTexImage")
    image.name = "Image"
    image.extension = "EXTEND"
    tree.links.new(image.outputs["Color"], shader.inputs["Base Color"])
    if scattering > 0.0:
        set_input(shader, scattering, "Subsurface Weight", "Subsurface")
        set_input(shader, (1.0, 0.35, 0.2), "Subsurface Radius")
        set_input(shader, 0.03, "Subsurface Scale")  # 3 mm at 0.1 m a unit
    return material


def _eye() -> bpy.types.Material:
    material = _principled("Eye", (0.8, 0.8, 0.8), 0.06, 0.6)
    tree = material.node_tree
    uv = tree.nodes.new("ShaderNodeUVMap")
    uv.uv_map = "Paint"
    length = tree.nodes.new("ShaderNodeVectorMath")
    length.operation = "LENGTH"
    ramp = tree.nodes.new("ShaderNodeValToRGB")
    ramp.name = "Iris"
    for position in (0.2, 0.4, 0.5, 0.6):
        ramp.color_ramp.elements.new(position)
    tree.links.new(uv.outputs["UV"], length.inputs[0])
    tree.links.new(length.outputs["Value"], ramp.inputs["Fac"])
    tree.links.new(ramp.outputs["Color"], shader_of(material).inputs["Base Color"])
    return material


def _hair() -> bpy.types.Material:
    material = _principled("Hair", (0.1, 0.1, 0.1), 0.5, 0.35)
    tree = material.node_tree
    shade = tree.nodes.new("ShaderNodeAttribute")
    shade.attribute_name = "shade"
    tint = tree.nodes.new("ShaderNodeMix")
    tint.name = "Tint"
    tint.data_type, tint.blend_type = "RGBA", "MULTIPLY"
    tint.inputs[0].default_value = 1.0
    tree.links.new(shade.outputs["Color"], tint.inputs[6])
    tree.links.new(tint.outputs[2], shader_of(material).inputs["Base Color"])
    return material


def _without_nodes(name: str) -> tuple[bpy.types.Material, bpy.types.NodeTree]:
    """A new material and its empty node tree."""
    material = bpy.data.materials.new(name)
    material.use_nodes = True
    material.node_tree.nodes.clear()
    return material, material.node_tree


def _lens() -> bpy.types.Material:
    material, tree = _without_nodes("Lens")
    tint = tree.nodes.new("ShaderNodeBsdfTransparent")
    tint.name = "Tint"
    gloss = tree.nodes.new("ShaderNodeBsdfGlossy")
    gloss.inputs["Roughness"].default_value = 0.02
    mix = tree.nodes.new("ShaderNodeMixShader")
    mix.name = "Mix"
    output = tree.nodes.new("ShaderNodeOutputMaterial")
    tree.links.new(tint.outputs[0], mix.inputs[1])
    tree.links.new(gloss.outputs[0], mix.inputs[2])
    tree.links.new(mix.outputs[0], output.inputs["Surface"])
    return material


def _backdrop() -> bpy.types.Material:
    material, tree = _without_nodes("Backdrop")
    image = tree.nodes.new("ShaderNodeTexImage")
    image.name = "Image"
    emission = tree.nodes.new("ShaderNodeEmission")
    output = tree.nodes.new("ShaderNodeOutputMaterial")
    tree.links.new(image.outputs["Color"], emission.inputs["Color"])
    tree.links.new(emission.outputs[0], output.inputs["Surface"])
    return material


def _lashes() -> bpy.types.Material:
    """Thin strips with alpha, so that the flat cards read as hairs, not as tape."""
    material = _principled("Lashes", (0.01, 0.01, 0.01), 0.8, 0.1)
    set_input(shader_of(material), 0.55, "Alpha")
    return material


def make_materials(scattering: float) -> Materials:
    """Build all materials once; ``scattering`` is the skin's subsurface weight (0 is fastest)."""
    return Materials(
        skin=_skin(scattering),
        mouth=_principled("Mouth", (0.2, 0.04, 0.04), 0.4),
        eye=_eye(),
        teeth=_principled("Teeth", (0.7, 0.65, 0.55), 0.2),
        tongue=_principled("Tongue", (0.4, 0.13, 0.12), 0.35),
        lashes=_lashes(),
        hair=_hair(),
        cloth=_principled("Cloth", (0.1, 0.1, 0.1), 0.9, 0.1),
        frame=_principled("Frame", (0.02, 0.02, 0.02), 0.3),
        lens=_lens(),
        occluder=_principled("Occluder", (0.5, 0.3, 0.2), 0.5),
        backdrop=_backdrop(),
    )
