# SPDX-License-Identifier: GPL-3.0-or-later
"""Print what a minute of footage costs after the capture: ``python -m tools.clean_up_speed``.

Solving runs once for a take, cleaning each time that a slider moves. The time is the process's own, so that a busy
machine does not lengthen it.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence

import numpy as np

from ddfa_blender.cleaning.channel_groups import GroupValues
from ddfa_blender.cleaning.cleanup import CleanUpSettings, clean
from ddfa_blender.cleaning.gains import Balance, Gains
from ddfa_blender.cleaning.gaps import GapSettings
from ddfa_blender.cleaning.neutral import NeutralSettings
from ddfa_blender.cleaning.smoothing import Smoothing
from ddfa_blender.cleaning.spikes import SpikeSettings
from ddfa_blender.cleaning.thinning import thin_each
from ddfa_blender.morphable_model import MorphableModel
from ddfa_blender.projection import Pose, compose, join, rotation_from_euler
from ddfa_blender.solve import solve
from ddfa_blender.take import Take, TakeHeader

_SECONDS, _RATE = 60, 30.0
_ROUNDS = 7
#: Largest error of a thinned curve.
_TOLERANCE = 0.01

_SETTINGS = {
    "as captured": CleanUpSettings(),
    "smoothing 0.5 s": CleanUpSettings(smoothing=Smoothing(0.5, 0.5, 0.5, 0.5)),
    "spikes": CleanUpSettings(spikes=SpikeSettings(6.0)),
    "automatic neutral": CleanUpSettings(neutral=NeutralSettings("automatic")),
    "everything": CleanUpSettings(
        GapSettings("ease"),
        SpikeSettings(6.0),
        NeutralSettings("automatic"),
        Smoothing(0.5, 0.4, 0.3, 0.35),
        Balance(GroupValues(mouth=0.1), GroupValues(eyes=0.5)),
        Gains(1.1, 1.2, 1.0, 0.9, {"jawOpen": 1.5}),
    ),
}


def made_up_take(count: int, rate: float) -> Take:
    """A head that moves and talks, with noise, lost for a second."""
    random = np.random.default_rng(0)
    seconds = np.arange(count) / rate
    waves = np.sin(seconds[:, None] * random.uniform(1.0, 9.0, 65)) + random.normal(0.0, 0.02, (count, 65))
    pose = Pose(np.full(count, 0.4), rotation_from_euler(15.0 * waves[:, :3]), np.tile([60.0, 55.0, 0.0], (count, 1)))
    take = Take(
        time=seconds,
        params=join(compose(pose), random.normal(0.0, 0.3, (count, 40)), waves[:, 3:13]).astype(np.float32),
        confidence=np.full(count, 0.9, np.float32),
        roi=np.tile([200.0, 100.0, 440.0, 340.0], (count, 1)),
        landmarks68=np.zeros((count, 68, 3), np.float32),
        arkit=np.clip(0.5 + 0.5 * waves[:, 13:], 0.0, 1.0).astype(np.float32),
        header=TakeHeader("made up", 640, 480, rate, "none", ""),
    )
    take.confidence[count // 2 : count // 2 + round(rate)] = 0.0
    return take


def milliseconds(work: Callable[[], object]) -> float:
    """Median time of a piece of work, after a first run that fills caches."""
    work()
    durations = []
    for _ in range(_ROUNDS):
        start = time.process_time()
        work()
        durations.append(time.process_time() - start)
    return 1000.0 * float(np.median(durations))


def main(arguments: Sequence[str] | None = None) -> None:
    argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0]).parse_args(arguments)
    take, model = made_up_take(round(_SECONDS * _RATE), _RATE), MorphableModel.load()
    print(f"{len(take)} frames, milliseconds")
    print(f"{'solve':24s}{milliseconds(lambda: solve(take, model)):6.1f}")
    solution = solve(take, model)
    for name, settings in _SETTINGS.items():
        print(f"{'clean, ' + name:24s}{milliseconds(lambda chosen=settings: clean(solution, model, chosen)):6.1f}")  # type: ignore[misc]
    performance = clean(solution, model)
    curves = np.concatenate(
        [performance.expression, performance.arkit, performance.head_rotation, performance.head_translation], axis=1
    )
    frames, tolerances = 1.0 + _RATE * take.time, np.full(curves.shape[1], _TOLERANCE)
    print(f"{f'thin, {curves.shape[1]} curves':24s}{milliseconds(lambda: thin_each(frames, curves, tolerances)):6.1f}")


if __name__ == "__main__":
    main()
