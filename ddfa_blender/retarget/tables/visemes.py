# SPDX-License-Identifier: GPL-3.0-or-later
"""The 15 visemes of Oculus' lip sync, which Ready Player Me and VRChat avatars carry (``viseme_aa``, ``vrc.v_aa``).

Sounds that the lips do not show (DD, kk, nn, SS, TH, CH, RR) are left to the shapes that they share the mouth with.
"""

from __future__ import annotations

from ..vocabulary import Level, Section, Vocabulary
from . import recipes

_SHAPES = {
    "aa": recipes.OPEN, "I": recipes.WIDE, "ih": recipes.WIDE, "U": recipes.ROUND, "ou": recipes.ROUND,
    "E": recipes.TEETH, "O": recipes.FUNNEL, "oh": recipes.FUNNEL, "PP": recipes.CLOSED, "FF": recipes.LIP_TO_TEETH,
}  # fmt: skip

OCULUS = Vocabulary("Oculus visemes", (
    Section(Level.VISEME, {f"viseme_{name}": recipe for name, recipe in _SHAPES.items()}, score=0.7),
    Section(Level.VISEME, {f"vrc.v_{name}": recipe for name, recipe in _SHAPES.items()}, score=0.7),
    Section(Level.VISEME, {f"v_{name}": recipe for name, recipe in _SHAPES.items()}, score=0.7, weak=True),
))  # fmt: skip
