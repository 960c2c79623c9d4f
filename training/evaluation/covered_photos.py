# SPDX-License-Identifier: GPL-3.0-or-later
"""The labelled photos with a share of each face covered; the same pictures for every model."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from .material import LabelledPhoto
from .occluders import KINDS, cover_face

#: Share of the face that the scores hide.
COVERED_SHARE = 0.3
#: Different occluders that each photo gets in turn.
VARIANTS = 2
_SEED = 20


def covered_photos(photos: Sequence[LabelledPhoto], share: float) -> Iterator[LabelledPhoto]:
    """Each photo ``VARIANTS`` times in a row, ``share`` (0…1) of its face hidden: another kind of occluder at another
    place each time, some cut out of the photo before it."""
    for i, photo in enumerate(photos):
        for variant in range(VARIANTS):
            rng = np.random.default_rng([_SEED, i, variant])
            kind = KINDS[(i + variant) % len(KINDS)]
            image = cover_face(photo.image, photo.landmarks68, photos[i - 1].image, kind, share, rng)
            yield LabelledPhoto(photo.name, image, photo.landmarks68)
