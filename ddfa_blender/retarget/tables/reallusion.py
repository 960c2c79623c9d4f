# SPDX-License-Identifier: GPL-3.0-or-later
"""Reallusion's Character Creator: the CC4 extended profile, the traditional one of CC3, and both sets of visemes.

ExPlus adds ``A01_Brow_Inner_Up`` … ``A52_Tongue_Out``, which are ARKit's names; where they are, they are taken.
"""

from __future__ import annotations

from ..vocabulary import Level, Section, Vocabulary, mean
from . import recipes

CHARACTER_CREATOR = Vocabulary("Character Creator", (
    Section(Level.DIRECT, {
        "Brow_Raise_Inner_{S}": "browInnerUp", "Brow_Raise_Outer_{S}": "browOuterUp{S}", "Brow_Drop_{S}": "browDown{S}",
        "Eye_L_Look_L": "eyeLookOutLeft", "Eye_L_Look_R": "eyeLookInLeft", "Eye_L_Look_Up": "eyeLookUpLeft",
        "Eye_L_Look_Down": "eyeLookDownLeft", "Eye_R_Look_L": "eyeLookInRight", "Eye_R_Look_R": "eyeLookOutRight",
        "Eye_R_Look_Up": "eyeLookUpRight", "Eye_R_Look_Down": "eyeLookDownRight",
        "Cheek_Raise_{S}": "cheekSquint{S}", "Nose_Flank_Raise_{S}": "noseSneer{S}",
        "Mouth_Pucker_Up_{S}": "mouthPucker", "Mouth_Pucker_Down_{S}": "mouthPucker",
        "Mouth_Funnel_Up_{S}": "mouthFunnel", "Mouth_Funnel_Down_{S}": "mouthFunnel",
        "Mouth_Roll_In_Upper_{S}": "mouthRollUpper", "Mouth_Roll_In_Lower_{S}": "mouthRollLower",
        "Mouth_Up_Upper_{S}": "mouthUpperUp{S}", "Mouth_Down_Lower_{S}": "mouthLowerDown{S}",
        # The traditional profile.
        "Cheek_Blow_{S}": "cheekPuff", "Mouth_Pucker_Open": "mouthFunnel", "Mouth_Top_Lip_Under": "mouthRollUpper",
        "Mouth_Bottom_Lip_Under": "mouthRollLower", "Mouth_Snarl_Upper_{S}": "mouthUpperUp{S}",
        "Mouth_Snarl_Lower_{S}": "mouthLowerDown{S}",
    }),
    Section(Level.BOTH, {
        "Eyes_Blink": mean("eyeBlink"), "Nose_Flanks_Raise": mean("noseSneer"),
        "Mouth_Widen_Sides": mean("mouthStretch"),
        "Mouth_Top_Lip_Up": mean("mouthUpperUp"), "Mouth_Bottom_Lip_Down": mean("mouthLowerDown"),
    }, score=0.85),
    Section(Level.VISEME, {
        "V_Open": recipes.OPEN, "V_Explosive": recipes.CLOSED, "V_Dental_Lip": recipes.LIP_TO_TEETH,
        "V_Tight_O": recipes.ROUND, "V_Wide": recipes.WIDE, "V_Affricate": recipes.FUNNEL,
        "V_Lip_Open": recipes.TEETH, "V_Tongue_Out": "tongueOut",
    }, score=0.7),
    Section(Level.VISEME, {
        "Open": recipes.OPEN, "Explosive": recipes.CLOSED, "Dental_Lip": recipes.LIP_TO_TEETH, "Tight-O": recipes.ROUND,
        "Wide": recipes.WIDE, "Affricate": recipes.FUNNEL, "Lip_Open": recipes.TEETH,
        "B_M_P": recipes.CLOSED, "F_V": recipes.LIP_TO_TEETH, "Ah": recipes.OPEN, "Oh": recipes.FUNNEL,
        "W_OO": recipes.ROUND, "EE": recipes.WIDE, "AE": recipes.TEETH,
    }, score=0.65, weak=True),
), others=(
    "V_None", "V_Tight", "V_Tongue_up", "V_Tongue_Raise", "V_Tongue_Lower", "V_Tongue_Curl_U", "V_Tongue_Curl_D",
    "Tight",
    "Brow_Compress_L", "Brow_Compress_R", "Mouth_Smile_Sharp_L", "Mouth_Smile_Sharp_R", "Mouth_Lips_Jaw_Adjust",
    "S_Z", "Ch_J", "T_L_D_N", "K_G_H_NG", "TH", "Er", "IH", "R", "Mouth_Plosive", "Mouth_Lips_Tuck", "Mouth_Skewer",
))  # fmt: skip
