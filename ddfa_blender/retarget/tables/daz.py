# SPDX-License-Identifier: GPL-3.0-or-later
"""Daz Genesis 3 and 8, ``eCTRL…``; Genesis 8.1 and 9 call theirs ``facs_…`` with ARKit's names.

Two-way controls named Up-Down are at +1 where they are up. Which side Side-Side and which way In-Out count, the names
do not say.
"""

from __future__ import annotations

from ..vocabulary import Level, Section, Vocabulary, mean
from . import recipes

DAZ = Vocabulary("Daz Genesis", (
    Section(Level.DIRECT, {
        "EyesClosed{S}": "eyeBlink{S}", "EyesSquint{S}": "eyeSquint{S}", "CheekEyeFlex{S}": "cheekSquint{S}",
        "MouthSmileSimple{S}": "mouthSmile{S}", "MouthCornerBack{S}": "mouthStretch{S}", "CheeksBalloon": "cheekPuff",
        "LipsPucker": "mouthPucker", "eCTRLMouthOpen": "jawOpen", "EyesWide{S}": "eyeWide{S}",
    }),
    Section(Level.DIRECT, {"BrowInnerUp-Down{S}": "browInnerUp", "BrowOuterUp-Down{S}": "browOuterUp{S}"}),
    Section(Level.DIRECT, {
        "BrowUp-Down{S}": (("browDown{S}", -1.0),), "LipBottomUp-Down{S}": (("mouthLowerDown{S}", -1.0),),
    }, clamp=(-1.0, 0.0)),
    Section(Level.DIRECT, {"LipTopUp-Down{S}": "mouthUpperUp{S}"}),
    Section(Level.BOTH, {
        "EyesClosed": mean("eyeBlink"), "EyesSquint": mean("eyeSquint"), "CheekEyeFlex": mean("cheekSquint"),
        "MouthSmileSimple": mean("mouthSmile"), "MouthCornerBack": mean("mouthStretch"),
        "eCTRLMouthSmile": mean("mouthSmile"), "eCTRLMouthFrown": mean("mouthFrown"), "NoseWrinkle": mean("noseSneer"),
        "BrowOuterUp-Down": mean("browOuterUp"), "LipTopUp-Down": mean("mouthUpperUp"),
    }, score=0.85),
    Section(Level.BOTH, {"BrowInnerUp-Down": "browInnerUp"}, score=0.85),
    Section(Level.BOTH, {
        "EyesUpDown": (*mean("eyeLookUp"), *mean("eyeLookDown", -0.5)),
    }, score=0.85, clamp=(-1.0, 1.0)),
    Section(Level.BOTH, {
        "BrowUp-Down": mean("browDown", -0.5), "LipBottomUp-Down": mean("mouthLowerDown", -0.5),
    }, score=0.85, clamp=(-1.0, 0.0)),
    Section(Level.VISEME, {
        "eCTRLvAA": recipes.OPEN, "eCTRLvEE": recipes.WIDE, "eCTRLvUW": recipes.ROUND, "eCTRLvOW": recipes.FUNNEL,
        "eCTRLvEH": recipes.TEETH, "eCTRLvM": recipes.CLOSED, "eCTRLvF": recipes.LIP_TO_TEETH,
    }, score=0.7),
))  # fmt: skip
