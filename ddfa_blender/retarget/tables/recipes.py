# SPDX-License-Identifier: GPL-3.0-or-later
"""Mouth shapes of speech out of channels.

Each has a channel of its own that leads, so that they share the movement instead of adding it up: the open jaw goes
to A alone, and gives way where the lips are round or closed. Sides are halved: both at 1 make 1.
"""

from __future__ import annotations

from ..vocabulary import Recipe, mean

OPEN: Recipe = (("jawOpen", 1.2), ("mouthFunnel", -0.4), ("mouthPucker", -0.4), ("mouthClose", -0.8))
WIDE: Recipe = (*mean("mouthStretch", 0.6), ("mouthPucker", -0.3))
ROUND: Recipe = (("mouthPucker", 1.0),)
FUNNEL: Recipe = (("mouthFunnel", 1.2),)
TEETH: Recipe = (*mean("mouthLowerDown", 0.5), *mean("mouthUpperUp", 0.2), ("jawOpen", -0.3))
CLOSED: Recipe = (*mean("mouthPress", 0.5), ("mouthClose", 0.3))
LIP_TO_TEETH: Recipe = (("mouthRollLower", 1.0),)
#: Of a whole smile, frown … only the strong part counts as the emotion.
EMOTION_CURVE = ((0.25, 0.0), (0.85, 1.0))
