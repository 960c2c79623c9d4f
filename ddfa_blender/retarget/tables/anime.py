# SPDX-License-Identifier: GPL-3.0-or-later
"""VRM 0.x and 1.0 expressions, VRoid Studio's shape keys, and MikuMikuDance's morphs.

VRM's looks are the character's: lookLeft is towards its left. MMD's wink without a side is the left one; the second
pair closes without smiling and is the one to blink with. Whole-face moods are driven by their strong part only.
"""

from __future__ import annotations

from ..vocabulary import Level, Section, Vocabulary, mean
from . import recipes

VRM = Vocabulary("VRM", (
    Section(Level.DIRECT, {"blink_{S}": "eyeBlink{S}", "blink{S}": "eyeBlink{S}"}),
    Section(Level.BOTH, {
        "blink": mean("eyeBlink"), "lookUp": mean("eyeLookUp"), "lookDown": mean("eyeLookDown"),
        "lookLeft": (("eyeLookOutLeft", 0.5), ("eyeLookInRight", 0.5)),
        "lookRight": (("eyeLookInLeft", 0.5), ("eyeLookOutRight", 0.5)),
    }, score=0.85),
    Section(Level.VISEME, {
        "A": recipes.OPEN, "I": recipes.WIDE, "U": recipes.ROUND, "E": recipes.TEETH, "O": recipes.FUNNEL,
    }, score=0.75, weak=True),
    Section(Level.VISEME, {
        "aa": recipes.OPEN, "ih": recipes.WIDE, "ou": recipes.ROUND, "ee": recipes.TEETH, "oh": recipes.FUNNEL,
    }, score=0.75, weak=True),
    Section(Level.EMOTION, {
        "joy": mean("mouthSmile"), "happy": mean("mouthSmile"), "angry": mean("browDown"), "sorrow": mean("mouthFrown"),
        "sad": mean("mouthFrown"), "surprised": mean("browOuterUp"),
        # Comes last: it is taken only where no joy is.
        "fun": mean("mouthSmile"),
    }, score=0.55, weak=True, curve=recipes.EMOTION_CURVE),
), others=("neutral", "relaxed"))  # fmt: skip

VROID = Vocabulary("VRoid", (
    Section(Level.DIRECT, {"Fcl_EYE_Close_{S}": "eyeBlink{S}"}),
    Section(Level.BOTH, {
        "Fcl_EYE_Close": mean("eyeBlink"), "Fcl_EYE_Spread": mean("eyeWide"), "Fcl_MTH_Fun": mean("mouthSmile"),
        "Fcl_MTH_Sorrow": mean("mouthFrown"),
        "Fcl_BRW_Angry": mean("browDown"), "Fcl_BRW_Surprised": mean("browOuterUp"),
        # Inner ends up without the outer ones.
        "Fcl_BRW_Sorrow": (("browInnerUp", 1.0), *mean("browOuterUp", -0.5)),
    }, score=0.85),
    Section(Level.VISEME, {
        "Fcl_MTH_A": recipes.OPEN, "Fcl_MTH_I": recipes.WIDE, "Fcl_MTH_U": recipes.ROUND, "Fcl_MTH_E": recipes.TEETH,
        "Fcl_MTH_O": recipes.FUNNEL,
    }, score=0.75),
    Section(Level.EMOTION, {
        "Fcl_ALL_Joy": mean("mouthSmile"), "Fcl_ALL_Angry": mean("browDown"), "Fcl_ALL_Sorrow": mean("mouthFrown"),
        "Fcl_ALL_Surprised": mean("browOuterUp"),
    }, score=0.55, curve=recipes.EMOTION_CURVE),
))  # fmt: skip

MMD = Vocabulary("MikuMikuDance", (
    Section(Level.DIRECT, {
        "ウィンク２": "eyeBlinkLeft", "ウィンク２右": "eyeBlinkRight", "ぺろっ": "tongueOut",
    }),
    Section(Level.HALF, {"ウィンク": "eyeBlinkLeft", "ウィンク右": "eyeBlinkRight"}, score=0.8),
    Section(Level.BOTH, {
        "まばたき": mean("eyeBlink"), "びっくり": mean("eyeWide"),
        "じと目": mean("eyeSquint"), "怒り": mean("browDown"),
        "困る": (("browInnerUp", 1.0), *mean("browOuterUp", -0.5)), "上": mean("browOuterUp"),
        "口角上げ": mean("mouthSmile"), "口角下げ": mean("mouthFrown"), "口横広げ": mean("mouthStretch"),
    }, score=0.85, weak=True),
    Section(Level.VISEME, {
        "あ": recipes.OPEN, "い": recipes.WIDE, "う": recipes.ROUND, "え": recipes.TEETH, "お": recipes.FUNNEL,
    }, score=0.75, weak=True),
), others=("笑い", "なごみ", "真面目", "にこり", "下", "にやり", "▲", "∧", "ω", "はぅ", "ん"))  # fmt: skip
