# SPDX-License-Identifier: GPL-3.0-or-later
"""The actor's own skin, baked from footage into the head's texture coordinates (``uv_tex`` of 3DDFA_V2 and PRNet).

Each picture is projected onto the texture where the mesh faces the camera and nothing hides it. Pictures are evened
out in exposure and colour over broad areas, outvoted where they disagree with the others, and blended in two bands:
broad colour as a mean, detail from the picture that sees best, so that no seams and no double features arise. What no
picture shows comes from the face's other side, then from the generated skin in the actor's tone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from ..errors import CaptureError, check_cancelled
from ..morphable_model import MorphableModel
from ..smoothstep import smoothstep
from ..take import Take
from .position_map import SkinTexels, skin_texels
from .skin_paint import paint_skin
from .texture_blend import Blender, even_out, outvoted, to_display, to_linear, tone
from .texture_projection import Depth, face_trust, lining_texels, project
from .texture_views import View, face_views

#: Sides of the texture that make sense, texels.
SMALLEST, LARGEST = 128, 4096
#: Texels of the small textures on which exposure and disagreement are judged.
_PLAN_SIZE = 256
#: Weight at which a texel counts as seen, and over which share of the texture's side seen parts fade out.
_SEEN, _FADE = 0.1, 0.02
#: Detail comes from the picture straight ahead unless another sees much better.
_FRONT_PRIORITY, _PRIORITY = 1.6, 1.0
#: How much darker than the skin (natural logarithm) and off its hue something may be and still be skin.
_DARKER, _BRIGHTER, _OFF_HUE = 0.65, 1.3, 0.3
#: Reaches of evening out pictures, as shares of the texture's side: at first and for good.
_FIRST_REACH, _REACH = 0.2, 0.06
#: The same for what is filled in, each with the tones by which one place may differ from the others: one side of the
#: face may be lit far more than the other; what is close by follows the edge of what is seen, but no shadow of hair.
_FILLING = ((0.06, 1.8), (0.018, 0.3))
#: Seen patches smaller than this share of the texture are crumbs.
_CRUMB = 0.004


@dataclass(frozen=True, eq=False)
class ActorTexture:
    """A baked skin; first rows at the top (v = 1)."""

    pixels: NDArray[np.float32]  # (S, S, 3) display-referred RGB, 0…1, filled everywhere
    seen: NDArray[np.bool_]  # (S, S) where it is the actor's, not filled in
    frames: tuple[int, ...]  # of the take, that it was made of


def bake_actor_texture(
    video_path: Path | str,
    take: Take,
    model: MorphableModel,
    *,
    size: int = 1024,
    progress: Callable[[int, int], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> ActorTexture:
    """Bake the actor's skin from the footage of a take.

    Args:
        video_path: the footage that the take was made from.
        size: texels along the texture's side, 128…4096.
        progress: called with (frames done, estimated frames in all) while the footage is read.
        cancelled: asked again and again; True stops the work.

    Raises:
        CaptureError: the size makes no sense, the footage cannot be used or is not the take's, the take was captured
            with another model, or no frame shows the face well enough.
        CaptureCancelled: ``cancelled`` said so.
    """
    if not SMALLEST <= size <= LARGEST:
        raise CaptureError(f"A texture can have {SMALLEST} to {LARGEST} texels along its side; choose such a size.")
    if take.header.basis != model.basis:
        raise CaptureError("The take was captured with another model; capture the footage again to bake a texture.")
    views = face_views(video_path, take, model, progress=progress, cancelled=cancelled)
    return texture_of_views(views, model, size, cancelled)


def texture_of_views(
    views: Sequence[View], model: MorphableModel, size: int, cancelled: Callable[[], bool] | None = None
) -> ActorTexture:
    """Bake from pictures with the mesh over them, the most important first; see :func:`bake_actor_texture`."""
    depths = []
    for view in views:
        check_cancelled(cancelled)
        depths.append(Depth.of(view, model))
    plan = _plan(views, depths, model, cancelled)
    blender, texels = Blender(size), skin_texels(model, size)
    for i, (view, depth) in enumerate(zip(views, depths, strict=True)):
        check_cancelled(cancelled)
        shown = project(view, depth, model, texels)
        colour = shown.colour * np.exp(_enlarged(plan.gains[i], size))
        weight = shown.weight * np.clip(_enlarged(plan.belief[i], size), 0.0, 1.0)
        blender.add(colour, weight, _FRONT_PRIORITY if i == 0 else _PRIORITY)
    check_cancelled(cancelled)
    seen = _without_crumbs(blender.weight > _SEEN)
    filled = _filled(blender.result(), seen, model, texels)
    return ActorTexture(to_display(filled), seen, tuple(view.frame for view in views))


@dataclass(frozen=True, eq=False)
class _Plan:
    """Found on small textures, for N pictures: what to add to their tones, and how far to believe them."""

    gains: NDArray[np.float32]  # (N, P, P, 3)
    belief: NDArray[np.float32]  # (N, P, P)


def _plan(
    views: Sequence[View], depths: Sequence[Depth], model: MorphableModel, cancelled: Callable[[], bool] | None
) -> _Plan:
    projections, texels = [], skin_texels(model, _PLAN_SIZE)
    for view, depth in zip(views, depths, strict=True):
        check_cancelled(cancelled)
        projections.append(project(view, depth, model, texels))
    colours = np.stack([p.colour for p in projections])
    weights = np.stack([p.weight for p in projections])
    trust, certain = face_trust(model, _PLAN_SIZE)
    judged = weights * trust
    # At first over such broad areas that a hand in one picture cannot pull the others towards it.
    gains = _gains(colours, judged, _FIRST_REACH)
    belief = outvoted(colours * np.exp(gains), judged)
    gains = _gains(colours, judged * belief, _REACH)
    evened = colours * np.exp(gains)
    belief = outvoted(evened, judged) * trust
    consensus = (evened * (judged * belief)[..., None]).sum(axis=0)
    consensus /= np.maximum((judged * belief).sum(axis=0), 1e-6)[..., None]
    return _Plan(gains, belief * _skin_like(consensus, judged.max(axis=0), certain))


def _gains(colours: NDArray, weights: NDArray, reach: float) -> NDArray[np.float32]:
    """What to add to the tones of N pictures (N, P, P, 3) to bring each to the mean of those before it."""
    gains = np.zeros_like(colours)
    mean, total = colours[0], weights[0]
    for i in range(1, len(colours)):
        gains[i] = even_out(colours[i], weights[i], mean, total, reach=reach)
        added = total + weights[i]
        share = np.divide(weights[i], added, out=np.zeros_like(added), where=added > 0.0)[..., None]
        mean, total = mean * (1.0 - share) + colours[i] * np.exp(gains[i]) * share, added
    return gains


def _skin_like(colour: NDArray, weight: NDArray, certain: NDArray[np.bool_]) -> NDArray[np.float32]:
    """1 where the picture shows skin or features, 0 where hair, collar or background (S, S)."""
    tones = tone(colour)
    known = tones[weight > 0.5]
    if len(known) < 30:
        return np.ones(weight.shape, dtype=np.float32)
    usual = np.median(known, axis=0)
    away = tones - usual
    light = away.mean(axis=2)
    hue = np.abs(away - light[..., None]).max(axis=2)
    like = smoothstep(light, -_DARKER, -0.6 * _DARKER) * smoothstep(light, _BRIGHTER, 0.6 * _BRIGHTER)
    like *= smoothstep(hue, _OFF_HUE, 0.6 * _OFF_HUE)
    like = np.where(certain, 1.0, like).astype(np.float32)
    # Strands are thin: what is left between them goes too, and the edge is soft.
    opened = cv2.morphologyEx(like, cv2.MORPH_OPEN, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (7, 7)))
    opened = cv2.erode(opened, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (11, 11)))
    result: NDArray[np.float32] = np.maximum(cv2.GaussianBlur(opened, (0, 0), 2.0), certain.astype(np.float32))
    return result


def _without_crumbs(seen: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The seen texels (S, S) without small separate patches of them."""
    count, label, stats, _ = cv2.connectedComponentsWithStats(seen.astype(np.uint8), connectivity=4)
    large = stats[:count, cv2.CC_STAT_AREA] >= _CRUMB * seen.size
    large[0] = False
    result: NDArray[np.bool_] = large[label]
    return result


def _filled(colour: NDArray, seen: NDArray[np.bool_], model: MorphableModel, texels: SkinTexels) -> NDArray[np.float32]:
    """The blend, with the unseen from the other side, and behind all the generated skin in the actor's tone."""
    generated = to_linear(paint_skin(model, texels.size, bare=True))
    lining = lining_texels(model, texels)
    opacity = _opacity(seen)
    base = generated * np.exp(_tones_towards(generated, colour, opacity))
    # The layout is symmetric, and the mirror image differs from the face by the light alone.
    other, other_opacity = colour[:, ::-1], opacity[:, ::-1]
    other = other * np.exp(_tones_towards(other, colour, opacity, other_opacity))
    base += other_opacity[..., None] * (other - base)
    base += opacity[..., None] * (colour - base)
    base[lining] = generated[lining]
    return base


def _opacity(seen: NDArray[np.bool_]) -> NDArray[np.float32]:
    """1 well inside what is seen, softly 0 at its edge (S, S)."""
    inside = cv2.distanceTransform(seen.astype(np.uint8), cv2.DIST_L2, 5) / (_FADE * len(seen))
    return smoothstep(inside, 0.0, 1.0).astype(np.float32)


def _tones_towards(
    colour: NDArray, target: NDArray, target_weight: NDArray, weight: NDArray | None = None
) -> NDArray[np.float32]:
    """:func:`even_out` at the plan's size, enlarged to (S, S, 3): over broad areas, then close to what is seen."""
    own = np.ones_like(target_weight) if weight is None else weight
    own, target_weight = _reduced(own), _reduced(target_weight)
    size, colour, target = len(colour), _reduced(colour), _reduced(target)
    tones = np.zeros_like(colour)
    for reach, most in _FILLING:
        tones += even_out(colour * np.exp(tones), own, target, target_weight, most=most, reach=reach)
    return _enlarged(tones, size)


def _reduced(field: NDArray) -> NDArray[np.float32]:
    return cv2.resize(
        np.ascontiguousarray(field, dtype=np.float32), (_PLAN_SIZE, _PLAN_SIZE), interpolation=cv2.INTER_AREA
    ).astype(np.float32)


def _enlarged(field: NDArray, size: int) -> NDArray[np.float32]:
    return cv2.resize(field.astype(np.float32), (size, size), interpolation=cv2.INTER_LINEAR).astype(np.float32)
