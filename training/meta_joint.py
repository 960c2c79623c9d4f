# SPDX-License-Identifier: GPL-3.0-or-later
"""Meta-joint optimisation (paper, §2.2 and Algorithm 1): look ahead with fWPDC and with VDC, keep what fares better.

python -m training.meta_joint --run NAME       the selections of a run (the paper's Fig. 7)
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

from .dataset import Batch
from .losses import Objective
from .workspace import RUNS

#: In this order, so that a tie goes to the first.
CANDIDATES = (Objective.VERTICES, Objective.PARAMETERS)
SELECTIONS = "selections.jsonl"


class Learner(Protocol):
    """What the look-ahead needs of a trainer. States may be restored any number of times."""

    step: int

    def train_step(self, batch: Batch, objective: Objective) -> dict[str, float]:
        """One optimiser step."""

    def snapshot(self) -> Any:
        """Everything a step changes."""

    def restore(self, state: Any) -> None:
        """Go back to a snapshot."""

    def vertex_error(self, batch: Batch) -> float:
        """Mean vertex distance on a batch, as a share of the crop."""


@dataclass(frozen=True)
class Selection:
    """Outcome of one look-ahead: ``errors`` on the meta-test batch by objective, and the ``chosen`` one."""

    step: int
    errors: dict[str, float]
    chosen: str


def look_ahead(learner: Learner, training: Sequence[Batch], test: Batch) -> tuple[Selection, dict[str, float]]:
    """Train on the k meta-train batches with either objective; the learner ends in the state with the lower vertex
    error on the meta-test batch. Returns the selection and the loss terms of the winner's last step."""
    start = learner.snapshot()
    errors: dict[Objective, float] = {}
    ends: dict[Objective, tuple[Any, dict[str, float]]] = {}
    for objective in CANDIDATES:
        learner.restore(start)
        terms: dict[str, float] = {}
        for batch in training:
            terms = learner.train_step(batch, objective)
        errors[objective] = learner.vertex_error(test)
        ends[objective] = (learner.snapshot(), terms)
    chosen = min(CANDIDATES, key=lambda objective: errors[objective])
    state, terms = ends[chosen]
    learner.restore(state)
    return Selection(learner.step, {o.value: error for o, error in errors.items()}, chosen.value), terms


def record(selection: Selection, folder: Path) -> None:
    """Append to the run's log of selections."""
    with (folder / SELECTIONS).open("a", encoding="utf-8") as log:
        log.write(json.dumps(asdict(selection)) + "\n")


def summary(selections: Sequence[Selection], parts: int = 10) -> list[str]:
    """One line per tenth of the run: how often each objective won, and by how much."""
    lines = []
    size = max(1, -(-len(selections) // parts))
    for start in range(0, len(selections), size):
        part = selections[start : start + size]
        wins = {o.value: sum(s.chosen == o.value for s in part) for o in CANDIDATES}
        means = {o.value: sum(s.errors[o.value] for s in part) / len(part) for o in CANDIDATES}
        text = ", ".join(f"{name}: won {wins[name]}, error {100 * means[name]:.3f} %" for name in wins)
        lines.append(f"steps {part[0].step}-{part[-1].step}: {text}")
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--run", required=True)
    path = RUNS / parser.parse_args().run / SELECTIONS
    if not path.exists():
        parser.error(f"{path} is missing; train with --objective meta-joint first")
    print(*summary([Selection(**json.loads(line)) for line in path.read_text(encoding="utf-8").splitlines()]), sep="\n")


if __name__ == "__main__":
    main()
