# SPDX-License-Identifier: GPL-3.0-or-later
"""Fill the frames in which the face was lost."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, NamedTuple, get_args

import numpy as np
from numpy.typing import NDArray

from ..errors import CaptureError
from ..quaternions import slerp
from ..smoothstep import smoothstep

#: ``hold`` keeps the last tracked value, ``interpolate`` goes straight to the next one, ``ease`` lets the face relax
#: to neutral and come back, while the head turns gently to its next pose.
GapMode = Literal["hold", "interpolate", "ease"]


@dataclass(frozen=True)
class GapSettings:
    """What to do where the face was lost."""

    mode: GapMode = "interpolate"
    wait: float = 0.2  # seconds that ``ease`` keeps the expression before it relaxes, and has it back before the end
    ease: float = 0.5  # seconds that ``ease`` takes to neutral, and back

    def __post_init__(self) -> None:
        if self.mode not in get_args(GapMode):
            raise CaptureError("Gaps can be held, interpolated or eased: choose `hold`, `interpolate` or `ease`.")
        if not all(math.isfinite(s) and s >= 0.0 for s in (self.wait, self.ease)):
            raise CaptureError("The times for easing over a gap must be 0 seconds or more.")


class GapFill(NamedTuple):
    """For each of N frames the tracked frames before and after it, and how far it is between them."""

    before: NDArray[np.intp]
    after: NDArray[np.intp]
    share: NDArray[np.float64]  # 0…1
    presence: NDArray[np.float64]  # 0…1, how much of the expression is left: below 1 only where it is eased

    @classmethod
    def plan(cls, time: NDArray, tracked: NDArray[np.bool_], settings: GapSettings | None = None) -> GapFill:
        """Plan for frames at ``time`` (N,); before the first and after the last tracked frame the pose is held.

        Raises:
            ValueError: no frame is tracked.
        """
        settings = settings or GapSettings()
        known = np.nonzero(tracked)[0]
        if not len(known):
            raise ValueError("no tracked frame")
        frames = np.arange(len(time))
        following = np.searchsorted(known, frames, side="right")
        before = known[np.clip(following - 1, 0, None)]
        after = np.where(tracked, frames, known[np.clip(following, None, len(known) - 1)])
        if settings.mode == "hold":
            after = before
        span = time[after] - time[before]
        share = np.clip((time - time[before]) / np.where(span > 0.0, span, np.inf), 0.0, 1.0)
        presence = np.ones(len(time))
        if settings.mode == "ease":
            share = smoothstep(share)
            since = np.where(following > 0, time - time[before], np.inf)
            until = np.where(following < len(known), time[after] - time, np.inf)
            # A gap that is too short for the whole way relaxes only as far as there is time for.
            eased = smoothstep((np.minimum(since, until) - settings.wait) / max(settings.ease, 1e-9))
            presence = np.where(tracked, 1.0, 1.0 - eased)
        return cls(before, after, share, presence)

    def at(self, frames: NDArray) -> GapFill:
        """The same plan for some of the frames, as indices or flags."""
        return GapFill(self.before[frames], self.after[frames], self.share[frames], self.presence[frames])

    def linear(self, values: NDArray) -> NDArray[np.float64]:
        """Channels (all frames, …) at the planned frames, with the gaps filled linearly."""
        share = self.share.reshape(-1, *([1] * (values.ndim - 1)))
        return (1.0 - share) * values[self.before] + share * values[self.after]

    def expression(self, values: NDArray) -> NDArray[np.float64]:
        """The same for channels (all frames, C) that are 0 on a neutral face."""
        return self.linear(values) * self.presence[:, None]

    def rotations(self, quaternions: NDArray) -> NDArray[np.float64]:
        """The same for unit quaternions (all frames, 4), on the shortest arc."""
        return slerp(quaternions[self.before], quaternions[self.after], self.share)
