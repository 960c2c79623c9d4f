# SPDX-License-Identifier: GPL-3.0-or-later
"""The 52 weights of a clip, from scores, fitted mesh and moving points, each as far as it is reliable.

With E what the units do to the ten components of the mesh (``mesh_components.py``), e the components of a frame, a the
network's scores, u what the second network read off the upright face, Σ what each is wrong by, c how much of e is news
beside the others (``reliability.py``), the weights minimise

    ½·c·‖E·w − e‖²_Σe + ½‖w − a‖²_Σa + ½‖w − u‖²_Σu + Σ w·SPARSITY + ½ Σ_t coupling·(wₜ₊₁ − wₜ)²,   0 ≤ w ≤ 1,

of each exclusive pair at most one being above 0, and where the lips touch, G·w ≤ 0 with G the opening of their seam
(``lips.py``); where they do not, ``mouthClose`` costs more. First each frame is solved alone. The result says how high
the weights are on the whole. Without u, how they change about that is then also told by the 68 points, with r what they
read: ½‖w − r‖²_Σr (``landmark_reading.py``); beside u they told nothing new on rendered faces and made footage worse.
The points also tell by how much the lips are to part in this clip (``amplitude.py``). What comes out says which of a
pair stays and where the face moves so fast that neighbouring frames must not be pulled together; then all frames are
solved at once.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ..morphable_model import MorphableModel
from ..names import ARKIT_NAMES
from .amplitude import OPENERS, opening_gain
from .box_quadratic import BoxQuadratic, Minimum
from .exclusive import allowed, differences
from .landmark_reading import LandmarkReading, Movement
from .lips import LipSeam
from .mesh_components import unit_components
from .reliability import Reliability

#: ``network``: its scores as they are. ``mesh``: those weights alone that our units need to look like the fitted mesh.
#: ``both``: blended by reliability.
ArkitSource = Literal["network", "mesh", "both"]

#: Price of a weight: it takes SPARSITY·s² off a channel with an error of s, 0.008 where that is 0.2. More makes the
#: faint movements of badly seen channels vanish altogether: on the known-weights clips, with the third regressor, 1.0
#: lowered the mean error from 0.047 to 0.040 and the mean correlation from 0.48 to 0.45.
SPARSITY = 0.2
#: `mouthClose` closes the lips over a dropped jaw. Where they are seen open it costs this much more, or else a part of
#: what opens the mouth would be undone by it all the time.
_CLOSING_OPEN_LIPS = 5.0
_MOUTH_CLOSE = ARKIT_NAMES.index("mouthClose")
#: How large weights usually are. Only the mesh alone needs to know: ten components leave 42 directions open.
USUAL_WEIGHT = 0.35
#: Pull between frames a thirtieth of a second apart, as a share of what a frame itself says of the channel …
_SMOOTHNESS, _FRAME = 2.0, 1.0 / 30.0
#: … which falls off where a weight changes faster than this per second, or by more than this share of its error from
#: one such frame to the next: what a badly seen channel does from frame to frame is mostly error.
_STEADY_SPEED, _TREMBLE = 0.75, 0.6
#: Half a blink takes 0.1 s, and lids are seen well: their errors count as movement, and they are pulled by so much.
_BLINKS = np.array([name.startswith("eyeBlink") for name in ARKIT_NAMES])
_BLINKS_SMOOTHNESS = 1.0
#: Frames further apart know nothing of each other, seconds.
_LARGEST_STEP = 0.15


@dataclass(frozen=True, eq=False)
class Evidence:
    """What was measured in N frames of one clip."""

    time: NDArray[np.float64]  # (N,) seconds, increasing
    scores: NDArray[np.float64]  # (N, 52) of the network, 0…1
    components: NDArray[np.float64]  # (N, 10) of the fitted mesh, no prior in them
    contact: NDArray[np.bool_]  # (N,) the lips touch
    moved: Movement | None = None  # the 68 points; None: not known
    readings: NDArray[np.float64] | None = None  # (N, 52) off the upright face, 0…1; None: nobody read it


def solve_weights(
    evidence: Evidence, model: MorphableModel, reliability: Reliability, source: ArkitSource = "both"
) -> NDArray[np.float64]:
    """ARKit weights (N, 52), 0…1."""
    return minimum(evidence, model, reliability, source).weights


def minimum(evidence: Evidence, model: MorphableModel, reliability: Reliability, source: ArkitSource) -> Minimum:
    """The weights, and how the search for them ended."""
    scores, information = reliability.named(evidence.scores, evidence.readings)
    if source == "network":
        return Minimum(scores, 0, True)
    scores = differences(scores)
    normal, right = _sources(scores, information, evidence.components, model, reliability, source)
    right[~evidence.contact, _MOUTH_CLOSE] -= _CLOSING_OPEN_LIPS
    problem = BoxQuadratic(
        normal=normal,
        right=right,
        upper=np.ones_like(scores),
        coupling=np.zeros((max(len(scores) - 1, 0), scores.shape[1])),
        limits=LipSeam.of(model).halves,
        held=np.zeros(len(scores), bool),
    )
    first = problem.minimise(scores if source == "both" else np.zeros_like(scores)).weights
    if source == "both" and evidence.moved is not None and reliability.landmarks is not None:
        if evidence.readings is None:
            problem = _with_points(problem, evidence.moved, reliability.landmarks, first)
            first = problem.minimise(first).weights
        problem, first = _as_wide_as_seen(problem, opening_gain(model, evidence.moved, first, evidence.time), first)
    coupling = _coupling(evidence.time, first, np.diagonal(problem.normal))
    return replace(problem, upper=allowed(first), coupling=coupling, held=evidence.contact).minimise(first)


def _sources(
    scores: NDArray, information: NDArray, components: NDArray, model: MorphableModel, reliability: Reliability,
    source: ArkitSource,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:  # fmt: skip
    """Normal matrix (52, 52) and right side (N, 52) of the sources and the price of weights.

    ``scores`` (N, 52) are what the networks say together, ``information`` (52,) how much that tells.
    """
    units = unit_components(model)
    mesh = reliability.mesh_information(units)
    seen = np.linalg.solve(reliability.mesh_error, components.T).T @ units.T
    if source == "both":
        counts = reliability.mesh_counts
        return counts * mesh + np.diag(information), counts * seen + scores * information - SPARSITY
    return mesh + np.eye(len(mesh)) / USUAL_WEIGHT**2, seen - SPARSITY


def _with_points(problem: BoxQuadratic, moved: Movement, reading: LandmarkReading, found: NDArray) -> BoxQuadratic:
    """The problem with what the moving points tell of weights that were ``found`` (N, 52) without them."""
    return replace(
        problem,
        normal=problem.normal + np.diag(reading.information),
        right=problem.right + reading.information * reading.expected(moved, found),
    )


def _as_wide_as_seen(problem: BoxQuadratic, gain: float, found: NDArray) -> tuple[BoxQuadratic, NDArray[np.float64]]:
    """The problem whose minimum has the openers of the one that was ``found`` (N, 52) times ``gain``; and that one."""
    change = np.zeros_like(found)
    change[:, OPENERS] = (gain - 1.0) * found[:, OPENERS]
    return replace(problem, right=problem.right + change @ problem.normal), np.clip(found + change, 0.0, 1.0)


def _coupling(time: NDArray, weights: NDArray, information: NDArray) -> NDArray[np.float64]:
    """Pull (N − 1, 52) between neighbours; none across gaps, little where a weight moves fast: peaks must stay."""
    if len(time) < 2:
        return np.zeros((0, weights.shape[1]))
    step = np.diff(time)
    speed = np.abs(np.diff(weights, axis=0)) / step[:, None]
    near = np.where(step <= _LARGEST_STEP, np.minimum(_FRAME / step, 2.0), 0.0)
    trembling = np.where(_BLINKS, 0.0, _TREMBLE / _FRAME / np.sqrt(information))
    pull = np.where(_BLINKS, _BLINKS_SMOOTHNESS, _SMOOTHNESS) * information * near[:, None]
    return np.asarray(pull / (1.0 + (speed / np.maximum(_STEADY_SPEED, trembling)) ** 2))
