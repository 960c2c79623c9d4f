# SPDX-License-Identifier: GPL-3.0-or-later
"""What the actors of ``known_faces`` show: at rest, a few units, an everyday mixture, or a mouth that speaks."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ddfa_blender.names import ARKIT_NAMES
from ddfa_blender.projection import rotation_from_euler

from .clip_motion import ClipMotion
from .known_motion import VISEMES
from .random_expressions import add_unit, make_plausible, random_expression

#: Standard deviations of the head's turns (yaw, pitch, roll) in degrees, and of its place in millimetres.
_TURN, _PLACE = (11.0, 7.0, 4.0), 6.0
#: Shares of faces at rest, of a few units, of everyday mixtures; the rest speaks.
_REST, _FEW, _MIXED = 0.08, 0.52, 0.18
#: Units that mean something only with others.
_WITH = {"mouthClose": ("jawOpen", 1.0), "tongueOut": ("jawOpen", 0.55)}
_GAZE = ("eyeLookUp", "eyeLookDown", "left", "right")


def _units() -> tuple[str, ...]:
    """Sided pairs as one, each side alone, and what has no sides; gaze apart."""
    names = [name for name in ARKIT_NAMES if not name.startswith("eyeLook")]
    pairs = {name.removesuffix("Left") for name in names if name.endswith("Left") and name[:-4] + "Right" in names}
    return (*names, *sorted(pairs - {"mouth", "jaw"}))


UNITS = _units()


def add_gaze(weights: NDArray, rng: np.random.Generator) -> None:
    """Both eyes look aside, up or down, in place."""
    kind, amount = _GAZE[rng.integers(len(_GAZE))], rng.uniform(0.2, 1.0)
    if kind in ("left", "right"):
        sides = ("OutLeft", "InRight") if kind == "left" else ("InLeft", "OutRight")
        for side in sides:
            add_unit(weights, f"eyeLook{side}", amount)
    else:
        add_unit(weights, kind, amount)


def add_few_units(weights: NDArray, rng: np.random.Generator) -> None:
    """One to three units, any as often as another, in place."""
    for _ in range(rng.integers(1, 4)):
        name, amount = UNITS[rng.integers(len(UNITS))], rng.uniform(0.15, 1.0)
        add_unit(weights, name, amount)
        if name in _WITH:
            other, share = _WITH[name]
            add_unit(weights, other, share * amount)


def _speech(weights: NDArray, rng: np.random.Generator) -> None:
    one, other = rng.choice(list(VISEMES), 2)
    share = rng.uniform(0.0, 1.0)
    for letter, amount in ((one, share), (other, (1.0 - share) * rng.uniform(0.0, 1.0))):
        for name, peak in VISEMES[letter].items():
            add_unit(weights, name, amount * peak)


def with_eyes(weights: NDArray, gazing: float, rng: np.random.Generator) -> NDArray[np.float64]:
    """A face (52,) whose eyes may look away, to the share ``gazing``, and may be closing, within what faces can do."""
    if rng.random() < gazing:
        add_gaze(weights, rng)
    if rng.random() < 0.12:
        add_unit(weights, "eyeBlink", rng.uniform(0.2, 1.0))
    return make_plausible(weights)


def random_face(rng: np.random.Generator) -> NDArray[np.float64]:
    """ARKit weights (52,) of one face: at rest, a few units, an everyday mixture, or speech."""
    weights, kind = np.zeros(len(ARKIT_NAMES)), rng.random()
    if kind < _REST:
        return weights
    if kind < _REST + _FEW + _MIXED:
        if kind >= _REST + _FEW:
            return random_expression(rng)
        add_few_units(weights, rng)
    else:
        _speech(weights, rng)
    return with_eyes(weights, 0.25, rng)


def random_faces(seed: int, count: int) -> ClipMotion:
    """Faces of one actor that have nothing to do with each other, the head turned a little each time."""
    rng = np.random.default_rng([seed, 1])
    arkit = np.stack([random_face(rng) for _ in range(count)])
    turns, places = rng.normal(size=(count, 3)) * _TURN, _PLACE * rng.normal(size=(count, 3))
    return ClipMotion(np.arange(count, dtype=np.float64), arkit, rotation_from_euler(turns), places)
