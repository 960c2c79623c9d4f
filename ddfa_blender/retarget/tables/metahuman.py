# SPDX-License-Identifier: GPL-3.0-or-later
"""MetaHuman's raw controls, ``CTRL_expressions_…`` (curves, properties and shape keys alike).

Of the lips' quarters U and D are the upper and the lower one. Controls that no channel of ours stands for, such as
``mouthSticky…``, ``eyePupil…`` and ``neck…``, are left to the rig.
"""

from __future__ import annotations

from ..vocabulary import Level, Meaning, Section, Vocabulary

_QUARTERS = {
    "mouthLipsPurse": "mouthPucker", "mouthFunnel": "mouthFunnel", "mouthLipsTogether": "mouthClose",
}  # fmt: skip


def _quarters() -> dict[str, Meaning]:
    return {f"{stem}{quarter}": channel for stem, channel in _QUARTERS.items() for quarter in ("UL", "UR", "DL", "DR")}


METAHUMAN = Vocabulary("MetaHuman", (
    Section(Level.DIRECT, {
        "browDown{S}": "browDown{S}", "browRaiseIn{S}": "browInnerUp", "browRaiseOuter{S}": "browOuterUp{S}",
        "eyeBlink{S}": "eyeBlink{S}", "eyeWiden{S}": "eyeWide{S}", "eyeSquintInner{S}": "eyeSquint{S}",
        "eyeCheekRaise{S}": "cheekSquint{S}", "eyeLookUp{S}": "eyeLookUp{S}", "eyeLookDown{S}": "eyeLookDown{S}",
        "eyeLookLeftL": "eyeLookOutLeft", "eyeLookLeftR": "eyeLookInRight",
        "eyeLookRightL": "eyeLookInLeft", "eyeLookRightR": "eyeLookOutRight",
        "noseWrinkle{S}": "noseSneer{S}", "mouthCheekBlow{S}": "cheekPuff",
        "mouthLeft": "mouthLeft", "mouthRight": "mouthRight",
        "mouthUpperLipRaise{S}": "mouthUpperUp{S}", "mouthLowerLipDepress{S}": "mouthLowerDown{S}",
        "mouthCornerPull{S}": "mouthSmile{S}", "mouthCornerDepress{S}": "mouthFrown{S}",
        "mouthStretch{S}": "mouthStretch{S}", "mouthDimple{S}": "mouthDimple{S}",
        "mouthPressUL": "mouthPressLeft", "mouthPressDL": "mouthPressLeft",
        "mouthPressUR": "mouthPressRight", "mouthPressDR": "mouthPressRight",
        "mouthUpperLipRollIn{S}": "mouthRollUpper", "mouthLowerLipRollIn{S}": "mouthRollLower",
        "jawOpen": "jawOpen", "jawLeft": "jawLeft", "jawRight": "jawRight", "jawFwd": "jawForward",
        "jawChinRaiseDL": "mouthShrugLower", "jawChinRaiseDR": "mouthShrugLower",
        "jawChinRaiseUL": "mouthShrugUpper", "jawChinRaiseUR": "mouthShrugUpper",
        "tongueOut": "tongueOut",
    }),
    Section(Level.DIRECT, _quarters()),
))  # fmt: skip
