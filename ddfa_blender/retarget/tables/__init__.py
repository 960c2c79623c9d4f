# SPDX-License-Identifier: GPL-3.0-or-later
"""The vocabularies that ship: names of well-known families of characters, as data.

Names come from public lists of the products' shape keys; what each is made of is our own choice. A name whose
direction or meaning its family leaves open is listed under ``others`` or not at all: it stays for the user to map.
"""

from __future__ import annotations

from functools import lru_cache

from ..vocabulary import Vocabulary


@lru_cache(maxsize=1)
def vocabularies() -> tuple[Vocabulary, ...]:
    """All of them; ARKit's own, which the others build on, first. Loaded when first needed."""
    from . import anime, arkit, daz, facs, generic, metahuman, mixamo, reallusion, visemes

    return (
        arkit.ARKIT, metahuman.METAHUMAN, reallusion.CHARACTER_CREATOR, daz.DAZ, mixamo.MIXAMO, anime.VRM, anime.VROID,
        anime.MMD, facs.ACTION_UNITS, facs.UNIFIED, facs.SRANIPAL, facs.FACESHIFT,
        facs.MAKEHUMAN, visemes.OCULUS, generic.COMMON,
    )  # fmt: skip
