# SPDX-License-Identifier: GPL-3.0-or-later
"""What a random person looks like: colours and styles, drawn once per picture. Colours are linear RGB."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Colour = NDArray[np.float64]

#: Skin albedo from the palest to the darkest, linear RGB.
_SKIN_TONES = np.array([
    [0.70, 0.47, 0.37], [0.66, 0.41, 0.30], [0.60, 0.35, 0.24], [0.51, 0.28, 0.17],
    [0.40, 0.20, 0.115], [0.25, 0.115, 0.062], [0.14, 0.062, 0.036], [0.075, 0.034, 0.022],
])  # fmt: skip
_HAIR_COLOURS = np.array([
    [0.006, 0.005, 0.005], [0.010, 0.007, 0.005], [0.025, 0.013, 0.008], [0.055, 0.026, 0.013],
    [0.11, 0.055, 0.026], [0.24, 0.14, 0.065], [0.45, 0.31, 0.17], [0.20, 0.055, 0.018],
    [0.28, 0.27, 0.26], [0.62, 0.61, 0.59],
])  # fmt: skip
#: Shares of the colours above; dark hair is the world's commonest.
_HAIR_SHARES = np.array([0.22, 0.18, 0.17, 0.12, 0.09, 0.06, 0.04, 0.04, 0.05, 0.03])
_IRIS_COLOURS = np.array([
    [0.030, 0.012, 0.006], [0.075, 0.030, 0.012], [0.16, 0.075, 0.025], [0.12, 0.13, 0.045],
    [0.10, 0.20, 0.28], [0.22, 0.30, 0.34], [0.10, 0.18, 0.12],
])  # fmt: skip
_IRIS_SHARES = np.array([0.30, 0.28, 0.14, 0.09, 0.09, 0.06, 0.04])

#: Headwear and hair, with their shares.
HAIR_STYLES = ("bald", "buzz", "short", "fringe", "long", "long_fringe", "afro", "hat", "scarf")
_STYLE_SHARES = np.array([0.08, 0.08, 0.27, 0.10, 0.20, 0.10, 0.06, 0.07, 0.04])
BEARDS = ("none", "stubble", "moustache", "goatee", "full")
_BEARD_SHARES = np.array([0.62, 0.14, 0.05, 0.07, 0.12])
GLASSES = ("none", "clear", "sun")
_GLASSES_SHARES = np.array([0.82, 0.14, 0.04])

#: Of each shape coefficient. Real faces, fitted with the prior, spread by 0.3; MakeHuman's random heads by 1.
IDENTITY_SPREAD = 0.5

#: Eyeball radius fraction of the iris' edge, seen along the eye's axis.
_IRIS_EDGE = 0.50


@dataclass(frozen=True, eq=False)
class Subject:
    """A person's looks; ``seed`` draws everything that has no field of its own (noise, strands)."""

    skin: Colour
    lips: Colour
    hair: Colour
    brows: Colour
    iris: Colour
    cloth: Colour
    hair_style: str
    beard: str
    glasses: str
    brow_thickness: float  # half width at the inner end, mm
    brow_density: float  # 0..1
    lashes: bool
    makeup: float  # 0..1, darkness of the painted lid margin
    gloss: float  # skin roughness 0.3 (oily) .. 0.65 (matt)
    seed: int


def _pick(rng: np.random.Generator, names: tuple[str, ...], shares: NDArray) -> str:
    return names[rng.choice(len(names), p=shares / shares.sum())]


def _jitter(colour: NDArray, rng: np.random.Generator, amount: float) -> Colour:
    return np.clip(colour * np.exp(rng.normal(0.0, amount, 3) * 0.5 + rng.normal(0.0, amount)), 0.002, 0.95)


def _skin(rng: np.random.Generator) -> tuple[float, Colour]:
    position = rng.uniform(0.0, len(_SKIN_TONES) - 1.0)
    low = min(int(position), len(_SKIN_TONES) - 2)
    tone = _SKIN_TONES[low] + (position - low) * (_SKIN_TONES[low + 1] - _SKIN_TONES[low])
    return position / (len(_SKIN_TONES) - 1.0), np.clip(tone * np.exp(rng.normal(0.0, 0.05, 3)), 0.01, 0.85)


def _muted(rng: np.random.Generator) -> Colour:
    """A cloth's colour: any hue, seldom a loud one."""
    colour = rng.uniform(0.0, 1.0, 3) ** 2 * rng.uniform(0.05, 0.8)
    return np.clip(colour.mean() + (colour - colour.mean()) * rng.beta(1.0, 1.5), 0.01, 0.8)


def _lips(skin: Colour, rng: np.random.Generator) -> Colour:
    if rng.random() < 0.12:  # lipstick
        return np.clip(np.array([0.35, 0.03, 0.05]) * np.exp(rng.normal(0.0, 0.4, 3)), 0.01, 0.7)
    return skin * np.array([0.86, 0.60, 0.64]) * rng.uniform(0.75, 1.08)


def random_subject(rng: np.random.Generator) -> Subject:
    """Draw one person."""
    darkness, skin = _skin(rng)
    hair = _jitter(_HAIR_COLOURS[rng.choice(len(_HAIR_COLOURS), p=_HAIR_SHARES)], rng, 0.25)
    if darkness > 0.6 and rng.random() < 0.8:
        hair = _jitter(_HAIR_COLOURS[0], rng, 0.2)
    iris = _IRIS_COLOURS[rng.choice(len(_IRIS_COLOURS), p=_IRIS_SHARES)]
    if darkness > 0.5:
        iris = _IRIS_COLOURS[rng.integers(0, 2)]
    return Subject(
        skin=skin,
        lips=_lips(skin, rng),
        hair=hair,
        brows=np.minimum(hair * rng.uniform(0.5, 1.0), skin * 0.6),
        iris=_jitter(iris, rng, 0.2),
        cloth=_muted(rng),
        hair_style=_pick(rng, HAIR_STYLES, _STYLE_SHARES),
        beard=_pick(rng, BEARDS, _BEARD_SHARES),
        glasses=_pick(rng, GLASSES, _GLASSES_SHARES),
        brow_thickness=rng.uniform(3.0, 7.5),
        brow_density=rng.uniform(0.55, 1.0),
        lashes=bool(rng.random() < 0.6),
        makeup=rng.uniform(0.15, 0.9) if rng.random() < 0.4 else rng.uniform(0.05, 0.35),
        gloss=rng.uniform(0.32, 0.62),
        seed=int(rng.integers(2**31)),
    )


def random_identity(rng: np.random.Generator, count: int) -> NDArray[np.float64]:
    """``count`` shape coefficients of a random person."""
    return np.clip(rng.normal(0.0, IDENTITY_SPREAD, count), -1.5, 1.5)


def random_visible_subject(rng: np.random.Generator) -> Subject:
    """Anybody whose eyes and brows can be seen."""
    while True:
        subject = random_subject(rng)
        if subject.glasses != "sun" and subject.hair_style != "long_fringe":
            return subject


def eye_ramp(subject: Subject, rng: np.random.Generator) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Places (6,) in an eye, distances from its axis ÷ radius, pupil first, and the colours (6, 3) there."""
    pupil = rng.uniform(0.13, 0.28)
    sclera = np.array([0.70, 0.64, 0.60]) * rng.uniform(0.75, 1.1)
    reddish = sclera * [1.0, 0.75, 0.7]
    colours = (np.full(3, 0.004), subject.iris, subject.iris * 0.75, subject.iris * 0.25, sclera, reddish)
    places = (pupil, pupil + 0.03, _IRIS_EDGE - 0.07, _IRIS_EDGE - 0.01, _IRIS_EDGE + 0.04, 1.0)
    return np.array(places), np.stack(colours)
