# SPDX-License-Identifier: GPL-3.0-or-later
"""The part of a model that is drawn over photos, and where its vertices lie in one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..errors import CaptureError
from ..face_model import FaceModel
from ..faces import Face
from ..imported_model import ImportedModel
from ..morphable_model import MorphableModel
from ..names import REGION_NAMES
from ..projection import apply, crop_to_image, split

#: Of a head, what is drawn: not the lashes, which cover the eyes.
_DRAWN = [index for index, name in enumerate(REGION_NAMES) if name != "lashes"]
_SKIN = REGION_NAMES.index("skin")


@dataclass(frozen=True, eq=False)
class Surface:
    """The face of a model: V vertices of the whole model, T triangles of its face."""

    model: FaceModel
    triangles: NDArray[np.int32]  # (T, 3), counter-clockwise from outside

    @classmethod
    def of(cls, model: FaceModel) -> Surface:
        """The front of a bundled head without neck and lashes, or all of an imported face.

        Raises:
            CaptureError: the model is landmarks without a surface.
        """
        if isinstance(model, MorphableModel):
            return cls(model, model.triangles[np.repeat(_front(model), 2)])
        if isinstance(model, ImportedModel) and len(model.faces):
            return cls(model, model.faces)
        raise CaptureError(
            "The model has no surface to draw; import it again with its BFM file, or use the bundled model."
        )

    @property
    def used(self) -> NDArray[np.intp]:
        """Indices (N,) of the vertices that the triangles use, rising."""
        return np.unique(self.triangles)

    def vertices(self, face: Face) -> NDArray[np.float64]:
        """All vertices (V, 3) of the model in photo pixels: y down, z towards the camera."""
        transform, shape, expression = split(face.fit.params.astype(np.float64))
        model = self.model
        points = (
            model.mean + np.tensordot(shape, model.shape_basis, 1) + np.tensordot(expression, model.expression_basis, 1)
        )
        return np.asarray(crop_to_image(apply(transform, points), face.fit.roi), dtype=np.float64)

    def normals(self, vertices: NDArray) -> NDArray[np.float64]:
        """Unit normals (V, 3) of vertices in photo pixels, in axes with **y up**; 0 where no triangle is."""
        corners = (vertices * (1.0, -1.0, 1.0))[self.triangles]
        of_triangle = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
        result = np.zeros((len(vertices), 3))
        for corner in range(3):
            np.add.at(result, self.triangles[:, corner], of_triangle)
        return result / np.maximum(np.linalg.norm(result, axis=1, keepdims=True), 1e-12)


def _front(model: MorphableModel) -> NDArray[np.bool_]:
    """(F,) the quads that are drawn: what moves with the neck is not fitted, and the back is never seen."""
    quads = model.quads
    front = (model.mean[quads, 2].mean(axis=1) > 0.0) & (model.head_weight[quads].min(axis=1) > 0.99)
    return np.isin(model.quad_regions, _DRAWN) & (front | (model.quad_regions != _SKIN))
