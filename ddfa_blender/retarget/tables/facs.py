# SPDX-License-Identifier: GPL-3.0-or-later
"""Names after the muscles' actions (FACS): numbers of action units, and their words.

The words are those of NVIDIA Audio2Face and Meta's face tracking; "unified" are VRChat's Unified Expressions.
"""

from __future__ import annotations

from ..vocabulary import Level, Meaning, Section, Vocabulary, mean

#: Action unit → channel with sides; whole ones below.
_SIDED = {
    2: "browOuterUp", 4: "browDown", 5: "eyeWide", 6: "cheekSquint", 7: "eyeSquint", 9: "noseSneer", 10: "mouthUpperUp",
    12: "mouthSmile", 14: "mouthDimple", 15: "mouthFrown", 16: "mouthLowerDown", 20: "mouthStretch", 24: "mouthPress",
    43: "eyeBlink", 45: "eyeBlink",
}  # fmt: skip
_WHOLE = {
    1: "browInnerUp", 17: "mouthShrugLower", 18: "mouthPucker", 19: "tongueOut", 22: "mouthFunnel", 26: "jawOpen",
    29: "jawForward",
}  # fmt: skip


def _numbers(units: dict[int, str], ending: str, meaning: str) -> dict[str, Meaning]:
    return {f"AU{form}{ending}": meaning.format(channel) for unit, channel in units.items() for form in _forms(unit)}


def _forms(unit: int) -> tuple[str, ...]:
    return (str(unit), f"{unit:02d}")


def _both() -> dict[str, Meaning]:
    return {f"AU{form}": mean(channel) for unit, channel in _SIDED.items() for form in _forms(unit)}


ACTION_UNITS = Vocabulary("FACS", (
    Section(Level.DIRECT, _numbers(_SIDED, "_{S}", "{}{{S}}")),
    Section(Level.DIRECT, _numbers(_WHOLE, "", "{}")),
    Section(Level.HALF, _numbers(_WHOLE, "_{S}", "{}"), score=0.9),
    Section(Level.BOTH, _both(), score=0.85),
    Section(Level.DIRECT, {
        "browLowerer{S}": "browDown{S}", "browLower{S}": "browDown{S}", "outerBrowRaiser{S}": "browOuterUp{S}",
        "upperLidRaiser{S}": "eyeWide{S}", "eyesUpperLidRaiser{S}": "eyeWide{S}", "lidTightener{S}": "eyeSquint{S}",
        "eyesClose{S}": "eyeBlink{S}", "eyesClosed{S}": "eyeBlink{S}", "squint{S}": "eyeSquint{S}",
        "eyesLookUp{S}": "eyeLookUp{S}", "eyesLookDown{S}": "eyeLookDown{S}",
        "eyesLookLeftL": "eyeLookOutLeft", "eyesLookLeftR": "eyeLookInRight",
        "eyesLookRightL": "eyeLookInLeft", "eyesLookRightR": "eyeLookOutRight",
        "cheekRaiser{S}": "cheekSquint{S}", "noseWrinkler{S}": "noseSneer{S}", "dimpler{S}": "mouthDimple{S}",
        "lipCornerPuller{S}": "mouthSmile{S}", "lipCornerDepressor{S}": "mouthFrown{S}",
        "lipStretcher{S}": "mouthStretch{S}", "upperLipRaiser{S}": "mouthUpperUp{S}",
        "lowerLipDepressor{S}": "mouthLowerDown{S}", "lipPressor{S}": "mouthPress{S}",
        "jawDrop": "jawOpen", "jawThrust": "jawForward", "jawSlideLeft": "jawLeft", "jawSlideRight": "jawRight",
        "jawSidewaysLeft": "jawLeft", "jawSidewaysRight": "jawRight", "mouthSlideLeft": "mouthLeft",
        "mouthSlideRight": "mouthRight", "chinRaiser": "mouthShrugLower", "chinRaiserB": "mouthShrugLower",
        "chinRaiserT": "mouthShrugUpper", "pucker": "mouthPucker", "funneler": "mouthFunnel",
        "lipsToward": "mouthClose",
    }),
    Section(Level.HALF, {
        "innerBrowRaiser{S}": "browInnerUp", "lipPucker{S}": "mouthPucker",
        "lipFunnelerLB": "mouthFunnel", "lipFunnelerLT": "mouthFunnel", "lipFunnelerRB": "mouthFunnel",
        "lipFunnelerRT": "mouthFunnel", "lipSuckLB": "mouthRollLower", "lipSuckRB": "mouthRollLower",
        "lipSuckLT": "mouthRollUpper", "lipSuckRT": "mouthRollUpper",
    }, score=0.9),
    Section(Level.BOTH, {
        "lipPressor": mean("mouthPress"), "lipSuck": (("mouthRollLower", 0.5), ("mouthRollUpper", 0.5)),
        "eyesLookLeft": (("eyeLookOutLeft", 0.5), ("eyeLookInRight", 0.5)),
        "eyesLookRight": (("eyeLookInLeft", 0.5), ("eyeLookOutRight", 0.5)),
        "eyesLookUp": mean("eyeLookUp"), "eyesLookDown": mean("eyeLookDown"),
    }, score=0.85),
), others=("jawDropLipTowards", "lipTightenerL", "lipTightenerR", "cheekSuckL", "cheekSuckR"))  # fmt: skip

#: Faceshift's set, which High Fidelity avatars and older FBX heads carry; U_C are the brows' inner ends.
FACESHIFT = Vocabulary("Faceshift", (
    Section(Level.DIRECT, {
        "BrowsD_{S}": "browDown{S}", "BrowsU_C": "browInnerUp", "BrowsU_{S}": "browOuterUp{S}",
        "EyeOpen_{S}": "eyeWide{S}",
        "EyeUp_{S}": "eyeLookUp{S}", "EyeDown_{S}": "eyeLookDown{S}", "EyeIn_{S}": "eyeLookIn{S}",
        "EyeOut_{S}": "eyeLookOut{S}", "JawFwd": "jawForward", "LipsStretch_{S}": "mouthStretch{S}",
        "LipsFunnel": "mouthFunnel", "LipsPucker": "mouthPucker", "LipsUpperClose": "mouthRollUpper",
        "LipsLowerClose": "mouthRollLower", "ChinLowerRaise": "mouthShrugLower", "ChinUpperRaise": "mouthShrugUpper",
    }),
    Section(Level.DIRECT, {"Puff": "cheekPuff"}, weak=True),
    Section(Level.BOTH, {"LipsUpperUp": mean("mouthUpperUp"), "LipsLowerDown": mean("mouthLowerDown")}, score=0.85),
), others=("JawChew", "LipsUpperOpen", "LipsLowerOpen"))  # fmt: skip

#: MakeHuman's face pose units. Its "expression units" of single muscles need poses of many and are left.
MAKEHUMAN = Vocabulary("MakeHuman", (
    Section(Level.DIRECT, {
        "{S}BrowDown": "browDown{S}", "{S}OuterBrowUp": "browOuterUp{S}", "{S}InnerBrowUp": "browInnerUp",
        "{S}UpperLidOpen": "eyeWide{S}", "{S}UpperLidClosed": "eyeBlink{S}", "{S}LowerLidUp": "eyeSquint{S}",
        "{S}CheekUp": "cheekSquint{S}", "CheeksPump": "cheekPuff",
        "ChinForward": "jawForward", "MouthMoveLeft": "mouthLeft", "MouthMoveRight": "mouthRight",
        "Mouth{S}PullUp": "mouthSmile{S}", "Mouth{S}PullSide": "mouthStretch{S}", "Mouth{S}PullDown": "mouthFrown{S}",
        "LipsKiss": "mouthPucker", "JawDrop": "jawOpen",
    }),
    # On their own, names of places: Rigify's chin.L is a bone.
    Section(Level.DIRECT, {
        "ChinLeft": "jawLeft", "ChinRight": "jawRight", "{S}EyeUp": "eyeLookUp{S}", "{S}EyeDown": "eyeLookDown{S}",
        "LeftEyeturnLeft": "eyeLookOutLeft", "LeftEyeturnRight": "eyeLookInLeft",
        "RightEyeturnLeft": "eyeLookInRight", "RightEyeturnRight": "eyeLookOutRight",
    }, weak=True),
    Section(Level.BOTH, {
        "NoseWrinkler": mean("noseSneer"), "UpperLipUp": mean("mouthUpperUp"), "lowerLipDown": mean("mouthLowerDown"),
    }, score=0.85),
), others=("CheeksSuck", "ChinDown", "NasolabialDeepener", "JawDropStretched", "lowerLipUp"))  # fmt: skip

#: Vive's face tracking; the second side of an eye is where it looks. Its other lip shapes move half a mouth.
SRANIPAL = Vocabulary("SRanipal", (
    Section(Level.DIRECT, {
        "Eye_{S}_Up": "eyeLookUp{S}", "Eye_{S}_Down": "eyeLookDown{S}", "Eye_{S}_Squeeze": "eyeSquint{S}",
        "Eye_Left_Left": "eyeLookOutLeft", "Eye_Left_Right": "eyeLookInLeft",
        "Eye_Right_Left": "eyeLookInRight", "Eye_Right_Right": "eyeLookOutRight",
        "Mouth_Sad_{S}": "mouthFrown{S}", "Mouth_Pout": "mouthPucker", "Mouth_Upper_Inside": "mouthRollUpper",
        "Mouth_Lower_Inside": "mouthRollLower",
    }),
))  # fmt: skip

UNIFIED = Vocabulary("Unified Expressions", (
    Section(Level.DIRECT, {
        "EyeClosed{S}": "eyeBlink{S}", "BrowLowerer{S}": "browDown{S}", "BrowOuterUp{S}": "browOuterUp{S}",
        "MouthCornerPull{S}": "mouthSmile{S}", "MouthRaiserUpper": "mouthShrugUpper",
        "MouthRaiserLower": "mouthShrugLower",
        "MouthClosed": "mouthClose",
    }),
    Section(Level.HALF, {
        "LipPuckerUpper{S}": "mouthPucker", "LipPuckerLower{S}": "mouthPucker", "LipFunnelUpper{S}": "mouthFunnel",
        "LipFunnelLower{S}": "mouthFunnel", "LipSuckUpper{S}": "mouthRollUpper", "LipSuckLower{S}": "mouthRollLower",
    }, score=0.9),
))  # fmt: skip
