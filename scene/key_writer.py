# SPDX-License-Identifier: GPL-3.0-or-later
"""Channels of a motion to curves, with all keys or as few as an error bound allows."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ..ddfa_blender.cleaning.thinning import ThinnedKeys, thin, thin_each
from . import actions, hand_edits
from .actions import Channels, key_kinds
from .settings import Thinning

_MILLIMETRES_PER_METRE = 1000.0

#: What a group of curves holds, named like the tolerances of :class:`Thinning`.
Quantity = Literal["weight", "degrees", "millimetres"]


@dataclass(frozen=True)
class KeyReport:
    """How many keys the channels need, how many were written, and the largest errors that made.

    Errors are in the units of :class:`Thinning`, measured on the frames of the motion. ``fingerprint`` is that of
    :mod:`.hand_edits`.
    """

    all_keys: int = 0
    kept_keys: int = 0
    weight: float = 0.0
    degrees: float = 0.0
    millimetres: float = 0.0
    fingerprint: str = ""


class KeyWriter:
    """Writes channels that share their K frames; :attr:`report` sums up what was written."""

    def __init__(
        self,
        frames: NDArray,
        *,
        filled: NDArray[np.bool_],
        repaired: NDArray[np.bool_],
        thinning: Thinning | None = None,
    ) -> None:
        self._report = KeyReport()
        self._checksums: dict[hand_edits.Place, int] = {}
        self._frames, self._filled, self._thinning = frames, filled, thinning
        self._kinds = key_kinds(filled, repaired)

    @property
    def report(self) -> KeyReport:
        """Of all that was written so far."""
        return replace(self._report, fingerprint=hand_edits.fingerprint(self._checksums))

    @property
    def first_frame(self) -> float:
        """Of all keys."""
        return float(self._frames[0])

    def weights(
        self, channels: Channels, curves: Mapping[str, NDArray], spans: Mapping[str, float], group: str
    ) -> None:
        """Shape keys' values (K,) by data path, and their ranges."""
        limits = [self._thinning.weight * spans[path] for path in curves] if self._thinning else None
        for (path, values), thinned in zip(curves.items(), self._thin_each(curves, limits), strict=True):
            self._write(channels, path, values[:, None], group, thinned.kept)
            self._count("weight", thinned.kept, 1, thinned.error / spans[path])

    def rotation(self, channels: Channels, path: str, values: NDArray, group: str) -> None:
        """A bone's quaternions (K, 4), continuous in sign; the four curves have their keys on the same frames."""
        # Blender interpolates the four numbers and divides by their length. If each is within d/2, all together come
        # within d of a unit quaternion: the direction within asin(d), and the rotation within twice that.
        tolerance = math.sin(math.radians(self._thinning.degrees) / 2.0) / 2.0 if self._thinning else 0.0
        kept = self._kept(values, tolerance)
        between = self._between(values, kept)
        between /= np.linalg.norm(between, axis=1, keepdims=True)
        # By the chord: near 1 the arc cosine has no digits left.
        chord = np.linalg.norm(between - values, axis=1)
        error = np.degrees(4.0 * np.arcsin(np.clip(chord / 2.0, 0.0, 1.0))).max()
        self._write(channels, path, values, group, kept)
        self._count("degrees", kept, 4, float(error))

    def angles(self, channels: Channels, path: str, values: NDArray, group: str) -> None:
        """A bone's rotation (K, n) that is not written as a quaternion; all curves have the same frames."""
        tolerance = math.radians(self._thinning.degrees) / values.shape[1] if self._thinning else 0.0
        kept = self._kept(values, tolerance)
        error = np.degrees(np.abs(self._between(values, kept) - values).sum(axis=1)).max()
        self._write(channels, path, values, group, kept)
        self._count("degrees", kept, values.shape[1], float(error))

    def location(self, channels: Channels, path: str, values: NDArray, group: str) -> None:
        """A bone's places (K, 3) in metres; the three curves have their keys on the same frames."""
        # Within the distance, if each of the three is within a share of it.
        tolerance = self._thinning.millimetres / _MILLIMETRES_PER_METRE / math.sqrt(3.0) if self._thinning else 0.0
        kept = self._kept(values, tolerance)
        error = np.linalg.norm(self._between(values, kept) - values, axis=1).max() * _MILLIMETRES_PER_METRE
        self._write(channels, path, values, group, kept)
        self._count("millimetres", kept, 3, float(error))

    def _thin_each(self, curves: Mapping[str, NDArray], limits: Sequence[float] | None) -> list[ThinnedKeys]:
        if limits is None:
            return [ThinnedKeys(np.arange(len(self._frames)), 0.0)] * len(curves)
        return thin_each(self._frames, np.stack([*curves.values()], axis=1), limits, self._filled)

    def _kept(self, values: NDArray, tolerance: float) -> NDArray[np.intp]:
        if self._thinning is None:
            return np.arange(len(self._frames))
        return thin(self._frames, values, tolerance, self._filled).kept

    def _between(self, values: NDArray, kept: NDArray[np.intp]) -> NDArray[np.float64]:
        """What lines between the kept keys give on all frames."""
        if len(kept) == len(values):
            return values.copy()
        columns = [np.interp(self._frames, self._frames[kept], column[kept]) for column in values.T]
        return np.stack(columns, axis=1)

    def _write(self, channels: Channels, path: str, values: NDArray, group: str, kept: NDArray[np.intp]) -> None:
        for index, column in enumerate(values.T):
            frames, wanted = self._frames[kept], column[kept]
            channels.write(path, index, frames, wanted, group=group, kinds=self._kinds[kept])
            self._checksums[path, index] = hand_edits.checksum(actions.stored_keys(frames, wanted))

    def _count(self, quantity: Quantity, kept: NDArray[np.intp], curves: int, error: float) -> None:
        before = self._report
        self._report = replace(
            before,
            all_keys=before.all_keys + curves * len(self._frames),
            kept_keys=before.kept_keys + curves * len(kept),
            **{quantity: max(getattr(before, quantity), error)},
        )
