# SPDX-License-Identifier: GPL-3.0-or-later
"""Mixamo's Face Plus set, which Adobe Fuse's characters carry."""

from __future__ import annotations

from ..vocabulary import Level, Section, Vocabulary

MIXAMO = Vocabulary("Mixamo", (
    Section(Level.DIRECT, {
        "Blink_{S}": "eyeBlink{S}", "BrowsDown_{S}": "browDown{S}",
        "BrowsUp_{S}": (("browInnerUp", 0.5), ("browOuterUp{S}", 0.5)),
        "EyesWide_{S}": "eyeWide{S}", "Frown_{S}": "mouthFrown{S}", "Smile_{S}": "mouthSmile{S}",
        "Squint_{S}": "eyeSquint{S}", "NoseScrunch_{S}": "noseSneer{S}", "LowerLipDown_{S}": "mouthLowerDown{S}",
        "UpperLipUp_{S}": "mouthUpperUp{S}", "Midmouth_Left": "mouthLeft", "Midmouth_Right": "mouthRight",
        "MouthNarrow_{S}": "mouthPucker", "LowerLipIn": "mouthRollLower", "UpperLipIn": "mouthRollUpper",
        "JawForeward": "jawForward",
    }),
    Section(Level.BOTH, {"MouthOpen": "jawOpen"}, score=0.9),
), others=(
    "BrowsIn_Left", "BrowsIn_Right", "BrowsOuterLower_Left", "BrowsOuterLower_Right", "Jaw_Down", "TongueUp",
))  # fmt: skip
