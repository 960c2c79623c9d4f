# SPDX-License-Identifier: GPL-3.0-or-later
"""The Mapping: which channels drive which targets of a character, and how strongly."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from typing import Literal, NamedTuple, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import CaptureError
from ..names import ARKIT_NAMES, EXPRESSION_NAMES
from ..symmetry import mirrored_channel
from .spelling import replace_side

#: Everything that can drive a target, in the order of the columns of ``arkit`` and then ``expression``.
CHANNELS: tuple[str, ...] = (*ARKIT_NAMES, *EXPRESSION_NAMES)
_COLUMN = {name: i for i, name in enumerate(CHANNELS)}

Side = Literal["Left", "Right"]
Point = tuple[float, float]
#: The whole range of a source that is not limited.
UNLIMITED = (-math.inf, math.inf)
#: A source counts among those that make up a target when its gain is at least this share of the strongest one's.
_LEADING = 0.75


class TargetKey(NamedTuple):
    """What is driven: a shape key, bone channel or property ``name`` of the object ``owner``."""

    owner: str  # name of the object; "" = any object that has the target
    name: str


@dataclass(frozen=True)
class Source:
    """One channel's share of a target: ``clamp(gain · curve(channel))``."""

    channel: str  # one of CHANNELS
    gain: float = 1.0
    #: Straight lines through these points (x rising), level beyond the ends; () = the channel as it is.
    curve: tuple[Point, ...] = ()
    clamp: Point = UNLIMITED

    def __post_init__(self) -> None:
        if self.channel not in _COLUMN:
            raise CaptureError(f"There is no channel {self.channel!r}; choose one of ARKit's or of the components.")
        if not math.isfinite(self.gain):
            raise CaptureError(f"The gain of {self.channel} must be a number.")
        _check_curve(self.curve, self.channel)
        _check_range(self.clamp, self.channel)

    def values(self, channel: NDArray) -> NDArray[np.float64]:
        """The share (N,) of a channel's values (N,)."""
        shaped = np.asarray(channel, dtype=np.float64)
        if self.curve:
            x, y = np.array(self.curve).T
            shaped = np.interp(shaped, x, y)
        return np.clip(self.gain * shaped, *self.clamp)


@dataclass(frozen=True)
class Target:
    """A target and the sources whose sum drives it."""

    key: TargetKey
    sources: tuple[Source, ...]
    clamp: Point = (0.0, 1.0)
    score: float = 1.0  # 0…1: how sure the automatic mapping was; 1 where the user chose
    reason: str = ""  # why, for people

    def __post_init__(self) -> None:
        _check_range(self.clamp, self.key.name)
        if not 0.0 <= self.score <= 1.0:
            raise CaptureError(f"The score of {self.key.name} must lie between 0 and 1.")

    @cached_property
    def leading(self) -> frozenset[str]:
        """The channels that make up the target; those that merely modify it are left out."""
        strongest = max((abs(source.gain) for source in self.sources), default=0.0)
        return frozenset(s.channel for s in self.sources if s.gain and abs(s.gain) >= _LEADING * strongest)


@dataclass(frozen=True)
class Mapping:
    """Targets, each under its own key."""

    targets: tuple[Target, ...] = ()
    name: str = ""  # what the user calls it

    def __post_init__(self) -> None:
        keys = [target.key for target in self.targets]
        if len(set(keys)) < len(keys):
            twice = next(key for i, key in enumerate(keys) if key in keys[:i])
            raise CaptureError(f"The mapping has two entries for {twice.name!r}; remove one of them.")

    @property
    def channels(self) -> frozenset[str]:
        """The channels that drive something."""
        return frozenset(source.channel for target in self.targets for source in target.sources if source.gain)

    def apply(self, arkit: ArrayLike, expression: ArrayLike | None = None) -> dict[TargetKey, NDArray[np.float64]]:
        """The values (N,) of every target.

        Args:
            arkit: (N, 52).
            expression: (N, 10); may be left out where no target uses the components.

        Raises:
            CaptureError: a target needs a component and there are none.
            ValueError: wrong shapes.
        """
        channels = _columns(arkit, expression)
        if channels.shape[1] < len(CHANNELS) and not self.channels <= frozenset(ARKIT_NAMES):
            raise CaptureError(
                "The mapping uses the ten expression components and this performance has none; map ARKit's channels."
            )
        return {target.key: _values(target, channels) for target in self.targets}

    def mirrored(self) -> Mapping:
        """The mapping that plays the performance mirrored: every target listens to the other side of the face.

        The ten components have no mirror image and stay as they are.
        """
        return replace(self, targets=tuple(_listening_to(target, target.sources) for target in self.targets))

    def with_side_copied(self, side: Side) -> Mapping:
        """The mapping with gains, curves and limits of one side's targets copied to their partners' on the other.

        Partners are targets of the same owner that listen to mirrored channels and whose names differ only in
        their side's spelling.

        Raises:
            ValueError: no such side.
        """
        if side not in get_args(Side):
            raise ValueError(f"not a side: {side!r}")
        models = {(t.key.owner, partner_name(t.key.name, side)): t for t in self.targets if _is_of(t, side)}
        copied = []
        for target in self.targets:
            model = models.get(target.key)
            same = model is not None and {s.channel for s in target.sources} == {
                mirrored_channel(s.channel) for s in model.sources
            }
            if model is not None and same:
                target = replace(_listening_to(target, model.sources), clamp=model.clamp)  # noqa: PLW2901 (the copy)
            copied.append(target)
        return replace(self, targets=tuple(copied))


def partner_name(name: str, side: Side) -> str:
    """A target's name with the last spelling of ``side`` turned to the other side; the name itself if it has none.

    >>> partner_name("Eye_Blink_L", "Left"), partner_name("mouthSmileLeft", "Left")
    ('Eye_Blink_R', 'mouthSmileRight')
    """
    return replace_side(name, side)


def _is_of(target: Target, side: Side) -> bool:
    return partner_name(target.key.name, side) != target.key.name


def _listening_to(target: Target, sources: Iterable[Source]) -> Target:
    return replace(target, sources=tuple(replace(s, channel=mirrored_channel(s.channel)) for s in sources))


def _columns(arkit: ArrayLike, expression: ArrayLike | None) -> NDArray[np.float64]:
    columns = np.asarray(arkit, dtype=np.float64)
    if columns.ndim != 2 or columns.shape[1] != len(ARKIT_NAMES):
        raise ValueError(f"arkit has the shape {columns.shape}, expected (N, {len(ARKIT_NAMES)})")
    if expression is None:
        return columns
    components = np.asarray(expression, dtype=np.float64)
    if components.shape != (len(columns), len(EXPRESSION_NAMES)):
        raise ValueError(f"expression has the shape {components.shape}, expected (N, {len(EXPRESSION_NAMES)})")
    return np.concatenate([columns, components], axis=1)


def _values(target: Target, channels: NDArray[np.float64]) -> NDArray[np.float64]:
    total = np.zeros(len(channels))
    for source in target.sources:
        # A source with gain 0 is switched off; its column may be missing.
        if source.gain:
            total += source.values(channels[:, _COLUMN[source.channel]])
    return np.clip(total, *target.clamp)


def _check_curve(curve: tuple[Point, ...], name: str) -> None:
    if not all(math.isfinite(value) for point in curve for value in point):
        raise CaptureError(f"The curve of {name} must consist of numbers.")
    if any(a[0] >= b[0] for a, b in pairwise(curve)):
        raise CaptureError(f"The points of the curve of {name} must go from left to right; no two may share an x.")


def _check_range(limits: Point, name: str) -> None:
    if not limits[0] <= limits[1]:  # not >: NaN is refused too
        raise CaptureError(f"The lower limit of {name} lies above the upper one; swap them.")
