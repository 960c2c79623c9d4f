# SPDX-License-Identifier: GPL-3.0-or-later
"""Measure how people move: the second moment of the ARKit scores over ``../shared/faces``.

    python -m training.measure_expressions

Writes ``training/statistics/arkit_moment.npy``, a 52×52 matrix: a statistic, no one's picture.
"""

from __future__ import annotations

import numpy as np

from .faces import read_shard, shard_paths
from .make_morphable_model import STATISTICS


def main() -> None:
    scores = np.concatenate([read_shard(path).arkit for path in shard_paths()]).astype(np.float64)
    moment = scores.T @ scores / len(scores)
    np.save(STATISTICS / "arkit_moment.npy", np.round(moment, 6).astype(np.float32), allow_pickle=False)
    print(f"{len(scores)} faces; mean score {scores.mean():.3f}")


if __name__ == "__main__":
    main()
