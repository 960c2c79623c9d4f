# SPDX-License-Identifier: GPL-3.0-or-later
"""Lists of names as real characters carry them, with the channels that make each up, by hand.

A list has everything that its source has, so most of its names must stay unmatched. Where a family has both a shape
for each side and one for both, or both ARKit's shapes and visemes, the more direct ones belong to the truth.
"""

from __future__ import annotations

from dataclasses import dataclass

from ddfa_blender.names import ARKIT_NAMES
from tests.ddfa_blender.retarget.naming_score import NamingScore, measure, report

#: Names that say nothing of ours, or nothing that is safe to drive; they are added to every list.
DISTRACTORS = (
    "Key 1", "Key 2", "Key", "Body_Fat", "BodyMuscular", "breast_size", "Pregnant", "eyeBlink_corrective",
    "MouthOpen_Fix", "JawOpen_Tongue", "mouthSmileLeft_jawOpen_combo", "Shirt_Tight", "ShoeHeel", "HairLong",
    "jcm_jawOpen",
    "jawOpen_50", "eyeBlinkLeft_inbetween", "Eye_Size", "Nose_Wide", "mouthWidth", "Lip_Thickness", "Jaw_Width",
    "Ears_Pointed", "cheekbones", "browThickness", "Head_Scale", "eye_color", "LeftArm_Bend", "Tongue_Length",
    "old_mouthFunnel", "teeth_gap", "EyeLid_Fold", "Forehead_Height",
)  # fmt: skip


@dataclass(frozen=True)
class Scheme:
    """``truth``: name → channels separated by spaces; ``others``: names that nothing should drive."""

    name: str
    truth: dict[str, str]
    others: tuple[str, ...] = ()

    @property
    def names(self) -> list[str]:
        return ["Basis", *self.truth, *self.others, *DISTRACTORS]

    @property
    def expected(self) -> dict[str, frozenset[str]]:
        return {name: frozenset(channels.split()) for name, channels in self.truth.items()}


def sides(names: dict[str, str], left: str = "L", right: str = "R") -> dict[str, str]:
    """``{s}`` in a name is the side's spelling, ``{S}`` in its channels the side."""
    return {
        name.format(s=spelling): channels.replace("{S}", side)
        for name, channels in names.items()
        for spelling, side in ((left, "Left"), (right, "Right"))
    }


def split(text: str) -> tuple[str, ...]:
    return tuple(text.split())


def snake(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)


def short(name: str, mark: str) -> str:
    """jawLeft and its like keep their direction."""
    if name in ("jawLeft", "jawRight", "mouthLeft", "mouthRight"):
        return name
    for side in ("Left", "Right"):
        if name.endswith(side):
            return name.removesuffix(side) + mark + side[0]
    return name


def spelt(scheme: str, spell) -> Scheme:
    return Scheme(scheme, {spell(name): name for name in ARKIT_NAMES})


#: Apple's documentation of ARFaceAnchor.BlendShapeLocation; spellings seen in Faceit, Maya, Live Link Face, FaceCap,
#: Unity and hand-made rigs.
ARKIT_SPELLINGS = (
    spelt("ARKit, jawOpen", lambda name: name),
    spelt("ARKit, JawOpen", lambda name: name[0].upper() + name[1:]),
    spelt("ARKit, jaw_open", snake),
    spelt("ARKit, JAW_OPEN", lambda name: snake(name).upper()),
    spelt("ARKit, Jaw Open", lambda name: snake(name).replace("_", " ").title()),
    spelt("ARKit, jawopen", str.lower),
    spelt("ARKit, eyeBlink_L", lambda name: short(name, "_")),
    spelt("ARKit, eyeBlink.L", lambda name: short(name, ".")),
    spelt("ARKit, eyeBlinkL", lambda name: short(name, "")),
    spelt("ARKit, blendShape1.jawOpen", lambda name: f"blendShape1.{name}"),
    spelt("ARKit, Head__eye_blink_L", lambda name: "Head__" + snake(short(name, "_")).replace("__", "_")),
    spelt("ARKit, hero_Face_jawOpen", lambda name: f"hero_Face_{name}"),
    spelt("ARKit, jawOpen_heroShape", lambda name: f"{name}_heroMesh"),
    spelt("ARKit, 07_jawOpen", lambda name: f"{ARKIT_NAMES.index(name):02d}_{name}"),
)

#: vrm-c/vrm-specification, 0.0 and 1.0; names as UniVRM and the VRM add-on show them.
VRM_0 = Scheme("VRM 0.x", {
    "A": "jawOpen", "I": "mouthStretchLeft mouthStretchRight", "U": "mouthPucker",
    "E": "mouthLowerDownLeft mouthLowerDownRight", "O": "mouthFunnel",
    "Blink_L": "eyeBlinkLeft", "Blink_R": "eyeBlinkRight",
    "LookUp": "eyeLookUpLeft eyeLookUpRight", "LookDown": "eyeLookDownLeft eyeLookDownRight",
    "LookLeft": "eyeLookOutLeft eyeLookInRight", "LookRight": "eyeLookInLeft eyeLookOutRight",
    "Joy": "mouthSmileLeft mouthSmileRight", "Angry": "browDownLeft browDownRight",
    "Sorrow": "mouthFrownLeft mouthFrownRight",
}, ("Blink", "Neutral", "Fun", "Unknown"))  # fmt: skip
VRM_1 = Scheme("VRM 1.0", {
    "aa": "jawOpen", "ih": "mouthStretchLeft mouthStretchRight", "ou": "mouthPucker",
    "ee": "mouthLowerDownLeft mouthLowerDownRight", "oh": "mouthFunnel",
    "blinkLeft": "eyeBlinkLeft", "blinkRight": "eyeBlinkRight",
    "lookUp": "eyeLookUpLeft eyeLookUpRight", "lookDown": "eyeLookDownLeft eyeLookDownRight",
    "lookLeft": "eyeLookOutLeft eyeLookInRight", "lookRight": "eyeLookInLeft eyeLookOutRight",
    "happy": "mouthSmileLeft mouthSmileRight", "angry": "browDownLeft browDownRight",
    "sad": "mouthFrownLeft mouthFrownRight", "surprised": "browOuterUpLeft browOuterUpRight",
}, ("blink", "neutral", "relaxed"))  # fmt: skip

#: The 57 Fcl_ keys of a VRoid Studio 1.x export and their older names with the mesh in front.
_VROID = {
    "Fcl_EYE_Close_L": "eyeBlinkLeft", "Fcl_EYE_Close_R": "eyeBlinkRight",
    "Fcl_EYE_Spread": "eyeWideLeft eyeWideRight", "Fcl_BRW_Angry": "browDownLeft browDownRight",
    "Fcl_BRW_Sorrow": "browInnerUp", "Fcl_BRW_Surprised": "browOuterUpLeft browOuterUpRight",
    "Fcl_MTH_Fun": "mouthSmileLeft mouthSmileRight", "Fcl_MTH_Sorrow": "mouthFrownLeft mouthFrownRight",
    "Fcl_MTH_A": "jawOpen", "Fcl_MTH_I": "mouthStretchLeft mouthStretchRight", "Fcl_MTH_U": "mouthPucker",
    "Fcl_MTH_E": "mouthLowerDownLeft mouthLowerDownRight", "Fcl_MTH_O": "mouthFunnel",
}  # fmt: skip
_VROID_OTHERS = split(
    "Fcl_ALL_Neutral Fcl_ALL_Angry Fcl_ALL_Fun Fcl_ALL_Joy Fcl_ALL_Sorrow Fcl_ALL_Surprised Fcl_BRW_Fun Fcl_BRW_Joy "
    "Fcl_EYE_Natural Fcl_EYE_Angry Fcl_EYE_Close Fcl_EYE_Fun Fcl_EYE_Joy Fcl_EYE_Joy_R Fcl_EYE_Joy_L Fcl_EYE_Sorrow "
    "Fcl_EYE_Surprised Fcl_EYE_Iris_Hide Fcl_EYE_Highlight_Hide Fcl_MTH_Close Fcl_MTH_Up Fcl_MTH_Down Fcl_MTH_Angry "
    "Fcl_MTH_Small Fcl_MTH_Large Fcl_MTH_Neutral Fcl_MTH_Joy Fcl_MTH_Surprised Fcl_MTH_SkinFung Fcl_MTH_SkinFung_R "
    "Fcl_MTH_SkinFung_L Fcl_HA_Hide Fcl_HA_Fung1 Fcl_HA_Fung1_Low Fcl_HA_Fung1_Up Fcl_HA_Fung2 Fcl_HA_Fung2_Low "
    "Fcl_HA_Fung2_Up Fcl_HA_Fung3 Fcl_HA_Fung3_Up Fcl_HA_Fung3_Low Fcl_HA_Short Fcl_HA_Short_Up Fcl_HA_Short_Low"
)
VROID = Scheme("VRoid", _VROID, _VROID_OTHERS)
VROID_OLD = Scheme(
    "VRoid, Face.M_F00_000_00_Fcl…",
    {f"Face.M_F00_000_00_{name}": channels for name, channels in _VROID.items()},
    (*(f"Face.M_F00_000_00_{name}" for name in _VROID_OTHERS), "EyeExtra_01.M_F00_000_00_EyeExtra_On"),
)
#: What HANA_Tool and its like add to a VRoid avatar for Perfect Sync: ARKit's 52 beside VRoid's own, which then rest.
PERFECT_SYNC = Scheme(
    "Perfect Sync beside VRoid",
    {name[0].upper() + name[1:]: name for name in ARKIT_NAMES},
    (*_VROID, *_VROID_OTHERS),
)

#: The raw controls of a MetaHuman's RigLogic (MetaHuman DNA), as its face curves are named.
_METAHUMAN = {
    **sides({
        "browDown{s}": "browDown{S}", "browRaiseIn{s}": "browInnerUp", "browRaiseOuter{s}": "browOuterUp{S}",
        "eyeBlink{s}": "eyeBlink{S}", "eyeWiden{s}": "eyeWide{S}", "eyeSquintInner{s}": "eyeSquint{S}",
        "eyeCheekRaise{s}": "cheekSquint{S}", "eyeLookUp{s}": "eyeLookUp{S}", "eyeLookDown{s}": "eyeLookDown{S}",
        "noseWrinkle{s}": "noseSneer{S}", "mouthCheekBlow{s}": "cheekPuff", "mouthUpperLipRaise{s}": "mouthUpperUp{S}",
        "mouthLowerLipDepress{s}": "mouthLowerDown{S}", "mouthCornerPull{s}": "mouthSmile{S}",
        "mouthStretch{s}": "mouthStretch{S}", "mouthDimple{s}": "mouthDimple{S}",
        "mouthCornerDepress{s}": "mouthFrown{S}",
        "mouthPressU{s}": "mouthPress{S}", "mouthPressD{s}": "mouthPress{S}", "mouthLipsPurseU{s}": "mouthPucker",
        "mouthLipsPurseD{s}": "mouthPucker", "mouthFunnelU{s}": "mouthFunnel", "mouthFunnelD{s}": "mouthFunnel",
        "mouthLipsTogetherU{s}": "mouthClose", "mouthLipsTogetherD{s}": "mouthClose",
        "mouthUpperLipRollIn{s}": "mouthRollUpper", "mouthLowerLipRollIn{s}": "mouthRollLower",
        "jawChinRaiseD{s}": "mouthShrugLower", "jawChinRaiseU{s}": "mouthShrugUpper",
    }),
    "eyeLookLeftL": "eyeLookOutLeft", "eyeLookLeftR": "eyeLookInRight", "eyeLookRightL": "eyeLookInLeft",
    "eyeLookRightR": "eyeLookOutRight", "mouthLeft": "mouthLeft", "mouthRight": "mouthRight", "tongueOut": "tongueOut",
    "jawOpen": "jawOpen", "jawLeft": "jawLeft", "jawRight": "jawRight", "jawFwd": "jawForward",
}  # fmt: skip
_METAHUMAN_OTHERS = split(
    "browLateralL browLateralR earUpL earUpR eyeLidPressL eyeLidPressR eyeFaceScrunchL eyeFaceScrunchR "
    "eyeUpperLidUpL eyeUpperLidUpR eyeRelaxL eyeRelaxR eyeLowerLidUpL eyeLowerLidUpR eyeLowerLidDownL "
    "eyeLowerLidDownR eyePupilWideL eyePupilWideR eyePupilNarrowL eyePupilNarrowR eyeParallelLookDirection "
    "eyelashesUpINL eyelashesUpINR eyelashesUpOUTL eyelashesUpOUTR eyelashesDownINL eyelashesDownINR "
    "eyelashesDownOUTL eyelashesDownOUTR noseWrinkleUpperL noseWrinkleUpperR noseNostrilDepressL noseNostrilDepressR "
    "noseNostrilDilateL noseNostrilDilateR noseNostrilCompressL noseNostrilCompressR noseNasolabialDeepenL "
    "noseNasolabialDeepenR mouthCheekSuckL mouthCheekSuckR mouthLipsBlowL mouthLipsBlowR mouthUp mouthDown "
    "mouthStretchLipsCloseL mouthStretchLipsCloseR mouthLipsTowardsUL mouthLipsTowardsUR mouthLipsTowardsDL "
    "mouthLipsTowardsDR mouthUpperLipBiteL mouthUpperLipBiteR mouthLowerLipBiteL mouthLowerLipBiteR "
    "mouthLipsTightenUL mouthLipsTightenUR mouthLipsTightenDL mouthLipsTightenDR mouthLipsPressL mouthLipsPressR "
    "mouthSharpCornerPullL mouthSharpCornerPullR mouthStickyUC mouthStickyUINL mouthStickyUINR mouthStickyUOUTL "
    "mouthStickyUOUTR mouthStickyDC mouthStickyDINL mouthStickyDINR mouthStickyDOUTL mouthStickyDOUTR "
    "mouthLipsStickyLPh1 mouthLipsStickyLPh2 mouthLipsStickyLPh3 mouthLipsStickyRPh1 mouthLipsStickyRPh2 "
    "mouthLipsStickyRPh3 mouthLipsPushUL mouthLipsPushUR mouthLipsPushDL mouthLipsPushDR mouthLipsPullUL "
    "mouthLipsPullUR mouthLipsPullDL mouthLipsPullDR mouthLipsThinUL mouthLipsThinUR mouthLipsThinDL mouthLipsThinDR "
    "mouthLipsThickUL mouthLipsThickUR mouthLipsThickDL mouthLipsThickDR mouthCornerSharpenUL mouthCornerSharpenUR "
    "mouthCornerSharpenDL mouthCornerSharpenDR mouthCornerRounderUL mouthCornerRounderUR mouthCornerRounderDL "
    "mouthCornerRounderDR mouthUpperLipTowardsTeethL mouthUpperLipTowardsTeethR mouthLowerLipTowardsTeethL "
    "mouthLowerLipTowardsTeethR mouthUpperLipShiftLeft mouthUpperLipShiftRight mouthLowerLipShiftLeft "
    "mouthLowerLipShiftRight mouthUpperLipRollOutL mouthUpperLipRollOutR mouthLowerLipRollOutL mouthLowerLipRollOutR "
    "mouthCornerUpL mouthCornerUpR mouthCornerDownL mouthCornerDownR mouthCornerWideL mouthCornerWideR "
    "mouthCornerNarrowL mouthCornerNarrowR tongueUp tongueDown tongueLeft tongueRight tongueIn tongueRollUp "
    "tongueRollDown tongueRollLeft tongueRollRight tongueTipUp tongueTipDown tongueTipLeft tongueTipRight tongueWide "
    "tongueNarrow tonguePress jawBack jawClenchL jawClenchR jawChinCompressL jawChinCompressR jawOpenExtreme "
    "neckStretchL neckStretchR neckSwallowPh1 neckSwallowPh2 neckSwallowPh3 neckSwallowPh4 neckMastoidContractL "
    "neckMastoidContractR neckThroatDown neckThroatUp neckDigastricDown neckDigastricUp neckThroatExhale "
    "neckThroatInhale teethUpU teethUpD teethDownU teethDownD teethLeftU teethLeftD teethRightU teethRightD "
    "teethFwdU teethFwdD teethBackU teethBackD skullUnified headTurnUpU headTurnUpM headTurnUpD headTurnLeftU "
    "headTurnRightM headTiltLeftU headTiltRightD lookAtSwitch"
)
METAHUMAN = Scheme(
    "MetaHuman",
    {f"CTRL_expressions_{name}": channels for name, channels in _METAHUMAN.items()},
    tuple(f"CTRL_expressions_{name}" for name in _METAHUMAN_OTHERS),
)
#: Unreal's exporters write curve names in lower case.
METAHUMAN_LOWER = Scheme(
    "MetaHuman, lower case",
    {f"ctrl_expressions_{name.lower()}": channels for name, channels in _METAHUMAN.items()},
    tuple(f"ctrl_expressions_{name.lower()}" for name in _METAHUMAN_OTHERS),
)

#: Reallusion's manual, "Facial expression, extended": a CC4 character's CC_Base_Body, and two other meshes' extras.
CC4 = Scheme("Character Creator 4", {
    **sides({
        "Brow_Raise_Inner_{s}": "browInnerUp", "Brow_Raise_Outer_{s}": "browOuterUp{S}", "Brow_Drop_{s}": "browDown{S}",
        "Eye_Blink_{s}": "eyeBlink{S}", "Eye_Squint_{s}": "eyeSquint{S}", "Eye_Wide_{s}": "eyeWide{S}",
        "Eye_{s}_Look_Up": "eyeLookUp{S}", "Eye_{s}_Look_Down": "eyeLookDown{S}", "Nose_Sneer_{s}": "noseSneer{S}",
        "Cheek_Raise_{s}": "cheekSquint{S}", "Cheek_Puff_{s}": "cheekPuff", "Mouth_Smile_{s}": "mouthSmile{S}",
        "Mouth_Frown_{s}": "mouthFrown{S}", "Mouth_Stretch_{s}": "mouthStretch{S}",
        "Mouth_Dimple_{s}": "mouthDimple{S}",
        "Mouth_Press_{s}": "mouthPress{S}", "Mouth_Pucker_Up_{s}": "mouthPucker",
        "Mouth_Pucker_Down_{s}": "mouthPucker",
        "Mouth_Funnel_Up_{s}": "mouthFunnel", "Mouth_Funnel_Down_{s}": "mouthFunnel",
        "Mouth_Roll_In_Upper_{s}": "mouthRollUpper", "Mouth_Roll_In_Lower_{s}": "mouthRollLower",
        "Mouth_Up_Upper_{s}": "mouthUpperUp{S}", "Mouth_Down_Lower_{s}": "mouthLowerDown{S}", "Mouth_{s}": "mouth{S}",
        "Jaw_{s}": "jaw{S}",
    }),
    "Eye_L_Look_L": "eyeLookOutLeft", "Eye_R_Look_L": "eyeLookInRight", "Eye_L_Look_R": "eyeLookInLeft",
    "Eye_R_Look_R": "eyeLookOutRight", "Mouth_Shrug_Upper": "mouthShrugUpper", "Mouth_Shrug_Lower": "mouthShrugLower",
    "Mouth_Close": "mouthClose", "Jaw_Open": "jawOpen", "Jaw_Forward": "jawForward", "Tongue_Out": "tongueOut",
}, split(
    "V_Open V_Explosive V_Dental_Lip V_Tight_O V_Tight V_Wide V_Affricate V_Lip_Open V_Tongue_up V_Tongue_Raise "
    "V_Tongue_Out V_Tongue_Narrow V_Tongue_Lower V_Tongue_Curl_U V_Tongue_Curl_D Brow_Compress_L Brow_Compress_R "
    "Eyelash_Upper_Up_L Eyelash_Upper_Down_L Eyelash_Upper_Up_R Eyelash_Upper_Down_R Eyelash_Lower_Up_L "
    "Eyelash_Lower_Down_L Eyelash_Lower_Up_R Eyelash_Lower_Down_R Ear_Up_L Ear_Up_R Ear_Down_L Ear_Down_R Ear_Out_L "
    "Ear_Out_R Nose_Nostril_Raise_L Nose_Nostril_Raise_R Nose_Nostril_Dilate_L Nose_Nostril_Dilate_R Nose_Crease_L "
    "Nose_Crease_R Nose_Nostril_Down_L Nose_Nostril_Down_R Nose_Nostril_In_L Nose_Nostril_In_R Nose_Tip_L Nose_Tip_R "
    "Nose_Tip_Up Nose_Tip_Down Cheek_Suck_L Cheek_Suck_R Mouth_Smile_Sharp_L Mouth_Smile_Sharp_R Mouth_Tighten_L "
    "Mouth_Tighten_R Mouth_Blow_L Mouth_Blow_R Mouth_Roll_Out_Upper_L Mouth_Roll_Out_Upper_R Mouth_Roll_Out_Lower_L "
    "Mouth_Roll_Out_Lower_R Mouth_Push_Upper_L Mouth_Push_Upper_R Mouth_Push_Lower_L Mouth_Push_Lower_R "
    "Mouth_Pull_Upper_L Mouth_Pull_Upper_R Mouth_Pull_Lower_L Mouth_Pull_Lower_R Mouth_Up Mouth_Down Mouth_Upper_L "
    "Mouth_Upper_R Mouth_Lower_L Mouth_Lower_R Mouth_Drop_Upper Mouth_Drop_Lower Mouth_Chin_Up Mouth_Contract "
    "Tongue_Bulge_L Tongue_Bulge_R Jaw_Backward Jaw_Up Jaw_Down Neck_Swallow_Up Neck_Swallow_Down Neck_Tighten_L "
    "Neck_Tighten_R Head_Turn_Up Head_Turn_Down Head_Turn_L Head_Turn_R Head_Tilt_L Head_Tilt_R Head_L Head_R "
    "Head_Forward Head_Backward Tongue_In Tongue_Up Tongue_Down Tongue_Mid_Up Tongue_Tip_Up Tongue_Tip_Down "
    "Tongue_Narrow Tongue_Wide Tongue_Roll Tongue_L Tongue_R Eye_Pupil_Dilate Eye_Pupil_Contract"
))  # fmt: skip
#: Names as in Rokoko's script for CC3 ExPlus characters, with the traditional profile and its visemes beside them.
CC3_EXPLUS = Scheme("Character Creator 3 ExPlus", {
    f"A{number:02d}_{snake(channel).title()}": channel for number, channel in enumerate(split(
        "browInnerUp browDownLeft browDownRight browOuterUpLeft browOuterUpRight eyeLookUpLeft eyeLookUpRight "
        "eyeLookDownLeft eyeLookDownRight eyeLookOutLeft eyeLookInLeft eyeLookInRight eyeLookOutRight eyeBlinkLeft "
        "eyeBlinkRight eyeSquintLeft eyeSquintRight eyeWideLeft eyeWideRight cheekPuff cheekSquintLeft "
        "cheekSquintRight noseSneerLeft noseSneerRight jawOpen jawForward jawLeft jawRight mouthFunnel mouthPucker "
        "mouthLeft mouthRight mouthRollUpper mouthRollLower mouthShrugUpper mouthShrugLower mouthClose "
        "mouthSmileLeft mouthSmileRight mouthFrownLeft mouthFrownRight mouthDimpleLeft mouthDimpleRight "
        "mouthUpperUpLeft mouthUpperUpRight mouthLowerDownLeft mouthLowerDownRight mouthPressLeft mouthPressRight "
        "mouthStretchLeft mouthStretchRight tongueOut"
    ), start=1)
}, split(
    "Merged_Open_Mouth Open Explosive Dental_Lip Tight-O Tight Wide Affricate Lip_Open Tongue_up Tongue_Raise "
    "Tongue_Lower Tongue_Curl-U Tongue_Curl-D EE Er IH Ah Oh W_OO S_Z Ch_J F_V TH T_L_D_N B_M_P K_G_H_NG AE R "
    "Brow_Raise_Inner_Left Brow_Raise_Inner_Right Brow_Raise_Outer_Left Brow_Raise_Outer_Right Brow_Drop_Left "
    "Brow_Drop_Right Brow_Raise_Left Brow_Raise_Right Eyes_Blink Eye_Blink_L Eye_Blink_R Eye_Wide_L Eye_Wide_R "
    "Eye_Squint_L Eye_Squint_R Nose_Scrunch Nose_Flanks_Raise Nose_Flank_Raise_L Nose_Flank_Raise_R "
    "Nose_Nostrils_Flare Cheek_Raise_L Cheek_Raise_R Cheeks_Suck Cheek_Blow_L Cheek_Blow_R Mouth_Smile Mouth_Smile_L "
    "Mouth_Smile_R Mouth_Frown Mouth_Frown_L Mouth_Frown_R Mouth_Blow Mouth_Pucker Mouth_Pucker_Open Mouth_Widen "
    "Mouth_Widen_Sides Mouth_Dimple_L Mouth_Dimple_R Mouth_Plosive Mouth_Lips_Tight Mouth_Lips_Tuck Mouth_Lips_Open "
    "Mouth_Lips_Part Mouth_Bottom_Lip_Down Mouth_Top_Lip_Up Mouth_Top_Lip_Under Mouth_Bottom_Lip_Under "
    "Mouth_Snarl_Upper_L Mouth_Snarl_Upper_R Mouth_Snarl_Lower_L Mouth_Snarl_Lower_R Mouth_Bottom_Lip_Bite "
    "Mouth_Down Mouth_Up Mouth_L Mouth_R Mouth_Lips_Jaw_Adjust Mouth_Bottom_Lip_Trans Mouth_Skewer Mouth_Open"
))  # fmt: skip

#: The shape keys of a Genesis 3/8 FBX with its expressions, as Unity lists them (``head.eCTRL…``).
DAZ_GENESIS_8 = Scheme("Daz Genesis 8", {f"head.eCTRL{name}": channels for name, channels in {
    **sides({
        "MouthSmileSimple{s}": "mouthSmile{S}", "MouthCornerBack{s}": "mouthStretch{S}",
        "EyesSquint{s}": "eyeSquint{S}",
        "EyesClosed{s}": "eyeBlink{S}", "CheekEyeFlex{s}": "cheekSquint{S}", "LipTopUp-Down{s}": "mouthUpperUp{S}",
        "LipBottomUp-Down{s}": "mouthLowerDown{S}", "BrowUp-Down{s}": "browDown{S}",
        "BrowOuterUp-Down{s}": "browOuterUp{S}", "BrowInnerUp-Down{s}": "browInnerUp",
    }),
    "NoseWrinkle": "noseSneerLeft noseSneerRight", "MouthOpen": "jawOpen", "LipsPucker": "mouthPucker",
    "MouthFrown": "mouthFrownLeft mouthFrownRight",
    "EyesUpDown": "eyeLookUpLeft eyeLookUpRight eyeLookDownLeft eyeLookDownRight",
    "CheeksBalloon": "cheekPuff", "vOW": "mouthFunnel", "vM": "mouthPressLeft mouthPressRight", "vF": "mouthRollLower",
}.items()}, (*(f"head.eCTRL{name}" for name in split(
    "Surprised Smile Frown Flirting Angry vW vUW vTH vT vSH vS vL vK vIY vIH vER vEH vEE vAA TongueUp-Down "
    "TongueSide-Side TongueRaise-Lower TongueNarrow-Wide TongueIn-Out TongueBendTip NostrilsFlare NoseScrunch "
    "MouthSmileSimple MouthSmileOpen MouthSmile MouthSide-SideR MouthSide-SideL MouthSide-Side MouthOpenWide "
    "MouthNarrowR MouthNarrowL MouthNarrow MouthCornerUp-Down MouthCornerBack LipTopUp-Down LipTopIn-OutR "
    "LipTopIn-OutL LipTopIn-Out LipsPuckerWide LipsPartCenter LipsPart LipBottomUp-Down LipBottomIn-OutR "
    "LipBottomIn-OutL LipBottomIn-Out JawSide-Side JawOut-In EyesSquint EyesSideSide EyesCrossed EyesClosed "
    "EyelidsUpperDownUpR EyelidsUpperDownUpL EyelidsUpperDownUp EyelidsLowerUpDownR EyelidsLowerUpDownL "
    "EyelidsLowerUpDown CheeksBalloonPucker CheekFlexR CheekFlexL CheekFlex CheekEyeFlex CheekCrease BrowUp-Down "
    "BrowSqueeze BrowOuterUp-Down BrowInnerUp-Down"
)), "head.PHMNoseCompressionHD", "head.PHMCheeksDimpleCreaseHDR", "head.PHMBrowCompressionHD",
    "head.pCTRLNeckHeadTwist",
    "head.pCTRLNeckHeadSide-Side", "head.ePHMCheekCreaseR", "head.eCTRLTongue Curl"))  # fmt: skip
#: Genesis 8.1 as Diffeomorphic's importer names it, with some of the correctives that come along.
DAZ_FACS = Scheme("Daz Genesis 8.1/9 FACS", {
    "facs_ctrl_BrowInnerUp": "browInnerUp", "facs_ctrl_CheekPuff": "cheekPuff",
    "facs_bs_MouthFunnel_div2": "mouthFunnel",
    "facs_bs_MouthPucker_div2": "mouthPucker", "facs_bs_MouthLeft_div2": "mouthLeft",
    "facs_bs_MouthRight_div2": "mouthRight",
    "facs_bs_MouthRollUpper_div2": "mouthRollUpper", "facs_bs_MouthRollLower_div2": "mouthRollLower",
    "facs_bs_MouthShrugUpper_div2": "mouthShrugUpper", "facs_bs_MouthShrugLower_div2": "mouthShrugLower",
    "facs_bs_MouthClose_div2": "mouthClose", "facs_jnt_JawOpen": "jawOpen", "facs_jnt_JawForward": "jawForward",
    "facs_jnt_JawLeft": "jawLeft", "facs_jnt_JawRight": "jawRight", "facs_bs_TongueOut": "tongueOut",
    "facs_ctrl_MouthPressLeft": "mouthPressLeft", "facs_ctrl_MouthPressRight": "mouthPressRight",
    **sides({
        "facs_BrowDown{s}": "browDown{S}", "facs_BrowOuterUp{s}": "browOuterUp{S}",
        "facs_jnt_EyeLookUp{s}": "eyeLookUp{S}",
        "facs_jnt_EyeLookDown{s}": "eyeLookDown{S}", "facs_bs_EyeLookIn{s}_div2": "eyeLookIn{S}",
        "facs_bs_EyeLookOut{s}_div2": "eyeLookOut{S}", "facs_jnt_EyeBlink{s}": "eyeBlink{S}",
        "facs_bs_EyeSquint{s}_div2": "eyeSquint{S}", "facs_jnt_EyesWide{s}": "eyeWide{S}",
        "facs_bs_CheekSquint{s}_div2": "cheekSquint{S}", "facs_bs_NoseSneer{s}_div2": "noseSneer{S}",
        "facs_bs_MouthSmile{s}_div2": "mouthSmile{S}", "facs_bs_MouthFrown{s}_div2": "mouthFrown{S}",
        "facs_bs_MouthDimple{s}_div2": "mouthDimple{S}", "facs_bs_MouthUpperUp{s}_div2": "mouthUpperUp{S}",
        "facs_bs_MouthLowerDown{s}_div2": "mouthLowerDown{S}", "facs_bs_MouthStretch{s}_div2": "mouthStretch{S}",
    }, "Left", "Right"),
}, split(
    "facs_bs_MouthPressLeft_div2 facs_bs_MouthPressRight_div2 facs_ctrl_EyeBlink facs_cbs_EyeFullCompressionLeft "
    "facs_cbs_EyeFullCompressionRight facs_ctrl_MouthStickyControlLeft facs_ctrl_NasalCompress facs_ctrl_NasalFlare "
    "facs_bs_JawChinCompression facs_bs_MouthCloseLowerLeft facs_bs_MouthCloseUpperLeft "
    "facs_cbs_JawOpen_MouthSmileLeft body_ctrl_NeckBend pJCMHeadBack_27"
))  # fmt: skip

#: Adobe Fuse's Face Plus shapes on a Mixamo character, as its FBX lists them.
MIXAMO = Scheme("Mixamo", {f"Facial_Blends.{name}": channels for name, channels in {
    **sides({
        "Blink_{s}": "eyeBlink{S}", "BrowsDown_{s}": "browDown{S}", "BrowsUp_{s}": "browInnerUp browOuterUp{S}",
        "CheekPuff_{s}": "cheekPuff", "EyesWide_{s}": "eyeWide{S}", "Frown_{s}": "mouthFrown{S}", "Jaw_{s}": "jaw{S}",
        "LowerLipDown_{s}": "mouthLowerDown{S}", "Midmouth_{s}": "mouth{S}", "MouthNarrow_{s}": "mouthPucker",
        "NoseScrunch_{s}": "noseSneer{S}", "Smile_{s}": "mouthSmile{S}", "Squint_{s}": "eyeSquint{S}",
        "UpperLipUp_{s}": "mouthUpperUp{S}",
    }, "Left", "Right"),
    "JawForeward": "jawForward", "LowerLipIn": "mouthRollLower", "UpperLipIn": "mouthRollUpper", "MouthOpen": "jawOpen",
}.items()}, tuple(f"Facial_Blends.{name}" for name in split(
    "BrowsIn_Left BrowsIn_Right BrowsOuterLower_Left BrowsOuterLower_Right JawBackward JawRotateY_Left "
    "JawRotateY_Right JawRotateZ_Left JawRotateZ_Right Jaw_Down Jaw_Up LowerLipOut MouthDown MouthUp "
    "MouthWhistle_NarrowAdjust_Left MouthWhistle_NarrowAdjust_Right TongueUp UpperLipOut"
)))  # fmt: skip

#: Ready Player Me's documentation: ARKit and Oculus visemes together, and its four combined ones.
_VISEMES = split("sil PP FF TH DD kk CH SS nn RR aa E I O U")
READY_PLAYER_ME = Scheme(
    "Ready Player Me",
    {name: name for name in ARKIT_NAMES},
    (*(f"viseme_{name}" for name in _VISEMES), "mouthOpen", "mouthSmile", "eyesClosed", "eyesLookUp", "eyesLookDown"),
)
#: Meta's documentation of OVRLipSync, on an avatar with nothing else.
OCULUS = Scheme("Oculus visemes", {
    "viseme_PP": "mouthPressLeft mouthPressRight", "viseme_FF": "mouthRollLower", "viseme_aa": "jawOpen",
    "viseme_E": "mouthLowerDownLeft mouthLowerDownRight", "viseme_I": "mouthStretchLeft mouthStretchRight",
    "viseme_O": "mouthFunnel", "viseme_U": "mouthPucker",
}, tuple(f"viseme_{name}" for name in split("sil TH DD kk CH SS nn RR")))  # fmt: skip
VRCHAT = Scheme("VRChat", {
    "vrc.v_pp": "mouthPressLeft mouthPressRight", "vrc.v_ff": "mouthRollLower", "vrc.v_aa": "jawOpen",
    "vrc.v_e": "mouthLowerDownLeft mouthLowerDownRight", "vrc.v_ih": "mouthStretchLeft mouthStretchRight",
    "vrc.v_oh": "mouthFunnel", "vrc.v_ou": "mouthPucker", "vrc.blink_left": "eyeBlinkLeft",
    "vrc.blink_right": "eyeBlinkRight",
}, split(
    "vrc.v_sil vrc.v_th vrc.v_dd vrc.v_kk vrc.v_ch vrc.v_ss vrc.v_nn vrc.v_rr vrc.lowerlid_left vrc.lowerlid_right"
))  # fmt: skip

#: NVIDIA Audio2Face's 46 FACS names.
AUDIO2FACE = Scheme("Audio2Face", {
    **sides({
        "browLower{s}": "browDown{S}", "innerBrowRaiser{s}": "browInnerUp", "outerBrowRaiser{s}": "browOuterUp{S}",
        "eyesClose{s}": "eyeBlink{S}", "eyesUpperLidRaiser{s}": "eyeWide{S}", "squint{s}": "eyeSquint{S}",
        "cheekRaiser{s}": "cheekSquint{S}", "cheekPuff{s}": "cheekPuff", "noseWrinkler{s}": "noseSneer{S}",
        "dimpler{s}": "mouthDimple{S}", "lipCornerPuller{s}": "mouthSmile{S}", "lipCornerDepressor{s}": "mouthFrown{S}",
        "lipStretcher{s}": "mouthStretch{S}", "upperLipRaiser{s}": "mouthUpperUp{S}",
        "lowerLipDepressor{s}": "mouthLowerDown{S}",
    }),
    "eyesLookLeft": "eyeLookOutLeft eyeLookInRight", "eyesLookRight": "eyeLookInLeft eyeLookOutRight",
    "eyesLookUp": "eyeLookUpLeft eyeLookUpRight", "eyesLookDown": "eyeLookDownLeft eyeLookDownRight",
    "jawDrop": "jawOpen",
    "jawThrust": "jawForward", "jawSlideLeft": "jawLeft", "jawSlideRight": "jawRight", "mouthSlideLeft": "mouthLeft",
    "mouthSlideRight": "mouthRight", "chinRaiser": "mouthShrugLower", "lipPressor": "mouthPressLeft mouthPressRight",
    "pucker": "mouthPucker", "funneler": "mouthFunnel", "lipSuck": "mouthRollLower mouthRollUpper",
}, ("jawDropLipTowards",))  # fmt: skip
#: Meta's OVRFaceExpressions.FaceExpression, version 1.
META = Scheme("Meta face tracking", {
    **sides({
        "Brow_Lowerer_{s}": "browDown{S}", "Cheek_Puff_{s}": "cheekPuff", "Cheek_Raiser_{s}": "cheekSquint{S}",
        "Dimpler_{s}": "mouthDimple{S}", "Eyes_Closed_{s}": "eyeBlink{S}", "Eyes_Look_Down_{s}": "eyeLookDown{S}",
        "Eyes_Look_Up_{s}": "eyeLookUp{S}", "Inner_Brow_Raiser_{s}": "browInnerUp", "Lid_Tightener_{s}": "eyeSquint{S}",
        "Lip_Corner_Depressor_{s}": "mouthFrown{S}", "Lip_Corner_Puller_{s}": "mouthSmile{S}",
        "Lip_Funneler_{s}B": "mouthFunnel", "Lip_Funneler_{s}T": "mouthFunnel", "Lip_Pressor_{s}": "mouthPress{S}",
        "Lip_Pucker_{s}": "mouthPucker", "Lip_Stretcher_{s}": "mouthStretch{S}", "Lip_Suck_{s}B": "mouthRollLower",
        "Lip_Suck_{s}T": "mouthRollUpper", "Lower_Lip_Depressor_{s}": "mouthLowerDown{S}",
        "Nose_Wrinkler_{s}": "noseSneer{S}", "Outer_Brow_Raiser_{s}": "browOuterUp{S}",
        "Upper_Lid_Raiser_{s}": "eyeWide{S}", "Upper_Lip_Raiser_{s}": "mouthUpperUp{S}",
    }),
    "Eyes_Look_Left_L": "eyeLookOutLeft", "Eyes_Look_Left_R": "eyeLookInRight", "Eyes_Look_Right_L": "eyeLookInLeft",
    "Eyes_Look_Right_R": "eyeLookOutRight", "Chin_Raiser_B": "mouthShrugLower", "Chin_Raiser_T": "mouthShrugUpper",
    "Jaw_Drop": "jawOpen", "Jaw_Sideways_Left": "jawLeft", "Jaw_Sideways_Right": "jawRight", "Jaw_Thrust": "jawForward",
    "Lips_Toward": "mouthClose", "Mouth_Left": "mouthLeft", "Mouth_Right": "mouthRight",
}, split("Cheek_Suck_L Cheek_Suck_R Lip_Tightener_L Lip_Tightener_R"))  # fmt: skip

#: Faceshift's 48 targets, as High Fidelity's documentation of avatars lists them.
FACESHIFT = Scheme("Faceshift", {
    **sides({
        "EyeBlink_{s}": "eyeBlink{S}", "EyeSquint_{s}": "eyeSquint{S}", "EyeDown_{s}": "eyeLookDown{S}",
        "EyeIn_{s}": "eyeLookIn{S}", "EyeOpen_{s}": "eyeWide{S}", "EyeOut_{s}": "eyeLookOut{S}",
        "EyeUp_{s}": "eyeLookUp{S}", "BrowsD_{s}": "browDown{S}", "BrowsU_{s}": "browOuterUp{S}",
        "MouthFrown_{s}": "mouthFrown{S}", "MouthSmile_{s}": "mouthSmile{S}", "MouthDimple_{s}": "mouthDimple{S}",
        "LipsStretch_{s}": "mouthStretch{S}", "CheekSquint_{s}": "cheekSquint{S}",
    }),
    "BrowsU_C": "browInnerUp", "JawFwd": "jawForward", "JawLeft": "jawLeft", "JawOpen": "jawOpen",
    "JawRight": "jawRight",
    "MouthLeft": "mouthLeft", "MouthRight": "mouthRight", "LipsUpperClose": "mouthRollUpper",
    "LipsLowerClose": "mouthRollLower", "LipsUpperUp": "mouthUpperUpLeft mouthUpperUpRight",
    "LipsLowerDown": "mouthLowerDownLeft mouthLowerDownRight", "LipsFunnel": "mouthFunnel", "LipsPucker": "mouthPucker",
    "ChinLowerRaise": "mouthShrugLower", "ChinUpperRaise": "mouthShrugUpper", "Sneer": "noseSneerLeft noseSneerRight",
    "Puff": "cheekPuff",
}, ("JawChew", "LipsUpperOpen", "LipsLowerOpen"))  # fmt: skip
#: MakeHuman's face-poseunits.json.
MAKEHUMAN = Scheme("MakeHuman pose units", {
    **{name.format(s=side): channels.replace("{S}", side) for side in ("Left", "Right") for name, channels in {
        "{s}BrowDown": "browDown{S}", "{s}OuterBrowUp": "browOuterUp{S}", "{s}InnerBrowUp": "browInnerUp",
        "{s}UpperLidOpen": "eyeWide{S}", "{s}UpperLidClosed": "eyeBlink{S}", "{s}LowerLidUp": "eyeSquint{S}",
        "{s}CheekUp": "cheekSquint{S}", "Mouth{s}PullUp": "mouthSmile{S}", "Mouth{s}PullSide": "mouthStretch{S}",
        "Mouth{s}PullDown": "mouthFrown{S}", "MouthMove{s}": "mouth{S}", "Chin{s}": "jaw{S}",
        "{s}EyeUp": "eyeLookUp{S}", "{s}EyeDown": "eyeLookDown{S}",
    }.items()},
    "NoseWrinkler": "noseSneerLeft noseSneerRight", "CheeksPump": "cheekPuff", "ChinForward": "jawForward",
    "UpperLipUp": "mouthUpperUpLeft mouthUpperUpRight", "lowerLipDown": "mouthLowerDownLeft mouthLowerDownRight",
    "LipsKiss": "mouthPucker", "TongueOut": "tongueOut", "JawDrop": "jawOpen",
    "LeftEyeturnLeft": "eyeLookOutLeft", "LeftEyeturnRight": "eyeLookInLeft", "RightEyeturnLeft": "eyeLookInRight",
    "RightEyeturnRight": "eyeLookOutRight",
}, split(
    "Rest CheeksSuck NasolabialDeepener ChinDown lowerLipUp lowerLipBackward lowerLipForward UpperLipBackward "
    "UpperLipForward UpperLipStretched MouthLeftPlatysma MouthRightPlatysma TongueUshape TongueUp "
    "TongueDown TongueLeft TongueRight TonguePointUp TonguePointDown JawDropStretched"
))  # fmt: skip

#: ViveSR.anipal's EyeShape_v2 and LipShape_v2, as its Blender add-on makes them.
SRANIPAL = Scheme("SRanipal", {
    **sides({
        "Eye_{s}_Blink": "eyeBlink{S}", "Eye_{s}_Wide": "eyeWide{S}", "Eye_{s}_Up": "eyeLookUp{S}",
        "Eye_{s}_Down": "eyeLookDown{S}", "Eye_{s}_squeeze": "eyeSquint{S}", "Jaw_{s}": "jaw{S}",
        "Mouth_{s}": "mouth{S}",
        "Mouth_Smile_{s}": "mouthSmile{S}", "Mouth_Sad_{s}": "mouthFrown{S}", "Cheek_Puff_{s}": "cheekPuff",
        "Mouth_Upper_Up{s}": "mouthUpperUp{S}", "Mouth_Lower_Down{s}": "mouthLowerDown{S}",
    }, "Left", "Right"),
    "Eye_Left_Left": "eyeLookOutLeft", "Eye_Left_Right": "eyeLookInLeft", "Eye_Right_Left": "eyeLookInRight",
    "Eye_Right_Right": "eyeLookOutRight", "Jaw_Forward": "jawForward", "Jaw_Open": "jawOpen",
    "Mouth_Pout": "mouthPucker",
    "Mouth_Upper_Inside": "mouthRollUpper", "Mouth_Lower_Inside": "mouthRollLower",
}, split(
    "Eye_Frown Eye_Left_Dilation Eye_Left_Constrict Eye_Right_Dilation Eye_Right_Constrict Mouth_Ape_Shape "
    "Mouth_Upper_Right Mouth_Upper_Left Mouth_Lower_Right Mouth_Lower_Left Cheek_Suck Mouth_Upper_Up "
    "Mouth_Lower_Down Mouth_O_Shape Mouth_Upper_Overturn Mouth_Lower_Overturn Mouth_Lower_Overlay Tongue_LongStep1 "
    "Tongue_LongStep2 Tongue_Down Tongue_Up Tongue_Right Tongue_Left Tongue_Roll Tongue_UpRight_Morph "
    "Tongue_UpLeft_Morph"
))  # fmt: skip

#: Morphs of a usual MikuMikuDance model.
MMD = Scheme("MikuMikuDance", {
    "あ": "jawOpen", "い": "mouthStretchLeft mouthStretchRight", "う": "mouthPucker",
    "え": "mouthLowerDownLeft mouthLowerDownRight", "お": "mouthFunnel", "ウィンク２": "eyeBlinkLeft",
    "ｳｨﾝｸ２右": "eyeBlinkRight", "びっくり": "eyeWideLeft eyeWideRight", "怒り": "browDownLeft browDownRight",
    "困る": "browInnerUp", "上": "browOuterUpLeft browOuterUpRight", "ぺろっ": "tongueOut",
    "じと目": "eyeSquintLeft eyeSquintRight", "口角上げ": "mouthSmileLeft mouthSmileRight",
    "口角下げ": "mouthFrownLeft mouthFrownRight",
}, ("まばたき", "笑い", "ウィンク", "ウィンク右", "なごみ", "はぅ", "真面目",
    "にこり", "下", "▲", "∧", "ω", "□", "ワ", "ん", "にやり",
    "にやり２", "照れ", "涙", "瞳小", "歯無し上"))  # fmt: skip

#: What artists and Unity tutorials (SALSA among them) call hand-made shapes.
HAND_MADE = Scheme("hand-made", {
    "Blink.L": "eyeBlinkLeft", "Blink.R": "eyeBlinkRight", "Brow_Up.L": "browInnerUp browOuterUpLeft",
    "Brow_Up.R": "browInnerUp browOuterUpRight", "Brow_Down.L": "browDownLeft", "Brow_Down.R": "browDownRight",
    "Mouth Open": "jawOpen", "Smile.L": "mouthSmileLeft", "Smile.R": "mouthSmileRight", "Frown.L": "mouthFrownLeft",
    "Frown.R": "mouthFrownRight", "Sneer.L": "noseSneerLeft", "Sneer.R": "noseSneerRight", "Squint.L": "eyeSquintLeft",
    "Squint.R": "eyeSquintRight", "Cheek Puff": "cheekPuff", "Pucker": "mouthPucker", "Tongue Out": "tongueOut",
    "Eyes Wide": "eyeWideLeft eyeWideRight", "Eyes Look Up": "eyeLookUpLeft eyeLookUpRight",
    "Eyes Look Down": "eyeLookDownLeft eyeLookDownRight",
}, ("Smile", "Blink", "saySmall", "sayMedium", "sayLarge", "Rest", "MBP", "L", "WQ", "Etc", "Angry"))  # fmt: skip

#: Rigify's face: bones are named after where they are, not after what they do.
RIGIFY = Scheme(
    "Rigify bones",
    {},
    split(
        "face jaw_master jaw_master_mouth jaw chin chin.L chin.R chin.001 lip.T lip.T.L lip.T.R lip.B lip.B.L lips.L "
        "lips.R lid.T.L lid.T.L.001 lid.T.R lid.B.L lid.B.R brow.T.L brow.T.R brow.B.L brow.B.R brow.B.L.001 cheek.T.L "
        "cheek.B.R nose nose_master nose.L nose.R nose.001 ear.L ear.R eye.L eye.R eyes eye_master.L eye_master.R "
        "tongue tongue_master tongue.001 teeth.T teeth.B forehead.L forehead.R temple.L head neck master_eye.L"
    ),
)

SCHEMES = (
    *ARKIT_SPELLINGS, VRM_0, VRM_1, VROID, VROID_OLD, PERFECT_SYNC, METAHUMAN, METAHUMAN_LOWER, CC4,
    CC3_EXPLUS,
    DAZ_GENESIS_8, DAZ_FACS,
    MIXAMO, READY_PLAYER_ME, OCULUS, VRCHAT, AUDIO2FACE, META, SRANIPAL, FACESHIFT, MAKEHUMAN, MMD, HAND_MADE, RIGIFY,
)  # fmt: skip


def scores() -> list[NamingScore]:
    return [measure(scheme.name, scheme.names, scheme.expected) for scheme in SCHEMES]


if __name__ == "__main__":
    print(report(scores()))
