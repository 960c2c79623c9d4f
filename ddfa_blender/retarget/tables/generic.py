# SPDX-License-Identifier: GPL-3.0-or-later
"""Plain words that many hand-made rigs and Unity assets use, as far as they can mean only one thing."""

from __future__ import annotations

from ..vocabulary import Level, Section, Vocabulary, mean

_BROWS_UP = (("browInnerUp", 0.34), *mean("browOuterUp", 0.33))

COMMON = Vocabulary("plain words", (
    Section(Level.DIRECT, {
        "Brow_Up_{S}": (("browInnerUp", 0.5), ("browOuterUp{S}", 0.5)),
        "Brow_Raise_{S}": (("browInnerUp", 0.5), ("browOuterUp{S}", 0.5)),
        "Wink_{S}": "eyeBlink{S}", "Eye_Close_{S}": "eyeBlink{S}", "Eye_Closed_{S}": "eyeBlink{S}",
        "Mouth_Corner_Up_{S}": "mouthSmile{S}", "Mouth_Corner_Down_{S}": "mouthFrown{S}",
        "Upper_Lip_Up_{S}": "mouthUpperUp{S}", "Lower_Lip_Down_{S}": "mouthLowerDown{S}", "Sneer_{S}": "noseSneer{S}",
        "Cheek_Puff": "cheekPuff", "Cheeks_Puff": "cheekPuff", "Puff_Cheeks": "cheekPuff", "Puff_{S}": "cheekPuff",
        "Kiss": "mouthPucker", "Lips_Pucker": "mouthPucker", "Tongue_Out": "tongueOut", "Open_Jaw": "jawOpen",
    }, score=0.9),
    Section(Level.BOTH, {
        "Mouth_Open": "jawOpen", "Open_Mouth": "jawOpen",
        "Smile": mean("mouthSmile"), "Frown": mean("mouthFrown"), "Squint": mean("eyeSquint"),
        "Eyes_Closed": mean("eyeBlink"), "Eyes_Close": mean("eyeBlink"), "Close_Eyes": mean("eyeBlink"),
        "Eyes_Blink": mean("eyeBlink"), "Eyes_Wide": mean("eyeWide"), "Eyes_Squint": mean("eyeSquint"),
        "Brows_Down": mean("browDown"), "Sneer": mean("noseSneer"),
        "Brows_Up": _BROWS_UP, "Brow_Up": _BROWS_UP, "Brows_Raise": _BROWS_UP,
        "Eyes_Look_Up": mean("eyeLookUp"), "Eyes_Look_Down": mean("eyeLookDown"),
        "Eyes_Up": mean("eyeLookUp"), "Eyes_Down": mean("eyeLookDown"),
    }, score=0.8),
))  # fmt: skip
