# SPDX-License-Identifier: GPL-3.0-or-later
"""ARKit's 52 names (Apple's ``ARFaceAnchor.BlendShapeLocation``), halves of those without sides, and pairs as one.

Faceit, Live Link Face, MediaPipe, Ready Player Me, VRM's "Perfect Sync" and Daz's ``facs_…`` use the 52 as they are.
"""

from __future__ import annotations

from ...names import ARKIT_NAMES
from ..vocabulary import Level, Meaning, Section, Vocabulary, mean

#: Where an artist may put the side: behind, in front, and behind the part of the face.
_PARTS = ("brow", "cheek", "eye", "mouth", "nose")
#: Not sides of the face but directions: they stay behind their word.
_DIRECTIONS = ("jawLeft", "jawRight", "mouthLeft", "mouthRight")
#: Channels for the whole face that some rigs split into halves.
_WHOLE = (
    "browInnerUp", "cheekPuff", "mouthClose", "mouthFunnel", "mouthPucker", "mouthRollLower", "mouthRollUpper",
    "mouthShrugLower", "mouthShrugUpper",
)  # fmt: skip
#: Stems of the channels with sides.
STEMS = tuple(
    name.removesuffix("Left") for name in ARKIT_NAMES if name.endswith("Left") and name not in _DIRECTIONS
)  # fmt: skip
#: One key for both eyes looks in one direction, so it takes a channel of each.
_LOOKS = ("eyeLookIn", "eyeLookOut")


def _orders() -> dict[str, Meaning]:
    """Sides in front of the name or behind the part of the face: LeftEyeBlink, Eye_L_Blink."""
    names: dict[str, Meaning] = {}
    for stem in STEMS:
        part = next(part for part in _PARTS if stem.startswith(part))
        names[f"{{S}}_{stem}"] = names[f"{part}_{{S}}_{stem.removeprefix(part)}"] = f"{stem}{{S}}"
    return names


ARKIT = Vocabulary("ARKit", (
    Section(Level.DIRECT, {name: name for name in ARKIT_NAMES}, score=1.0),
    Section(Level.DIRECT, {f"{stem}_{{S}}": f"{stem}{{S}}" for stem in STEMS}, score=1.0),
    Section(Level.DIRECT, _orders()),
    Section(Level.HALF, {f"{name}_{{S}}": name for name in _WHOLE}, score=0.9),
    Section(Level.HALF, {f"{{S}}_{name}": name for name in _WHOLE}, score=0.9),
    Section(Level.BOTH, {stem: mean(stem) for stem in STEMS if stem not in _LOOKS}, score=0.85),
))  # fmt: skip
