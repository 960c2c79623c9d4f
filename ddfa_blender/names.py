# SPDX-License-Identifier: GPL-3.0-or-later
"""Tables of names shared by the model, the network and the scene."""

from __future__ import annotations

from collections.abc import Mapping

#: The 52 ARKit blend shapes; this order is the order of every (…, 52) array in the project.
ARKIT_NAMES: tuple[str, ...] = (
    "browDownLeft", "browDownRight", "browInnerUp", "browOuterUpLeft", "browOuterUpRight",
    "cheekPuff", "cheekSquintLeft", "cheekSquintRight",
    "eyeBlinkLeft", "eyeBlinkRight",
    "eyeLookDownLeft", "eyeLookDownRight", "eyeLookInLeft", "eyeLookInRight",
    "eyeLookOutLeft", "eyeLookOutRight", "eyeLookUpLeft", "eyeLookUpRight",
    "eyeSquintLeft", "eyeSquintRight", "eyeWideLeft", "eyeWideRight",
    "jawForward", "jawLeft", "jawOpen", "jawRight",
    "mouthClose", "mouthDimpleLeft", "mouthDimpleRight", "mouthFrownLeft", "mouthFrownRight",
    "mouthFunnel", "mouthLeft", "mouthLowerDownLeft", "mouthLowerDownRight",
    "mouthPressLeft", "mouthPressRight", "mouthPucker", "mouthRight",
    "mouthRollLower", "mouthRollUpper", "mouthShrugLower", "mouthShrugUpper",
    "mouthSmileLeft", "mouthSmileRight", "mouthStretchLeft", "mouthStretchRight",
    "mouthUpperUpLeft", "mouthUpperUpRight",
    "noseSneerLeft", "noseSneerRight",
    "tongueOut",
)  # fmt: skip
#: Place of each in that order.
ARKIT_INDEX: Mapping[str, int] = {name: index for index, name in enumerate(ARKIT_NAMES)}

SHAPE_COUNT = 40
EXPRESSION_COUNT = 10
PARAMETER_COUNT = 12 + SHAPE_COUNT + EXPRESSION_COUNT

#: Shape keys of the ten expression components, as they appear in Blender.
EXPRESSION_NAMES: tuple[str, ...] = tuple(f"Expression {i:02d}" for i in range(1, EXPRESSION_COUNT + 1))

#: Parts of the head mesh; ``MorphableModel.quad_regions`` indexes this.
REGION_NAMES: tuple[str, ...] = (
    "skin", "eye_left", "eye_right", "teeth_upper", "teeth_lower", "tongue", "lashes",
)  # fmt: skip
