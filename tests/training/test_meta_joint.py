# SPDX-License-Identifier: GPL-3.0-or-later
import json
from typing import ClassVar

import pytest

pytest.importorskip("torch", reason="training tests need requirements/training.txt")

from training.losses import Objective
from training.meta_joint import Selection, look_ahead, record, summary


class Walker:
    """A learner on a line: the objectives pull to different places, the batch says how hard."""

    goals: ClassVar = {Objective.VERTICES: 10.0, Objective.PARAMETERS: -2.0}

    def __init__(self):
        self.step, self.place = 0, 0.0

    def train_step(self, batch, objective):
        self.place += batch * (self.goals[objective] - self.place)
        self.step += 1
        return {"distance": abs(self.goals[objective] - self.place)}

    def snapshot(self):
        return self.step, self.place

    def restore(self, state):
        self.step, self.place = state

    def vertex_error(self, batch):
        return abs(batch - self.place)


@pytest.mark.parametrize(("target", "winner"), [(8.0, Objective.VERTICES), (-1.0, Objective.PARAMETERS)])
def test_goes_on_with_the_objective_that_is_nearer_on_the_test_batch(target, winner):
    walker = Walker()
    selection, terms = look_ahead(walker, [0.5, 0.5], target)
    # Both branches start at 0 and take the same two batches: 0 → g/2 → 3g/4.
    ends = {objective: 0.75 * goal for objective, goal in Walker.goals.items()}
    assert walker.place == ends[winner]
    assert walker.step == 2
    assert selection.chosen == winner.value
    assert selection.errors == {objective.value: abs(target - end) for objective, end in ends.items()}
    assert terms == {"distance": abs(Walker.goals[winner] - ends[winner])}


def test_selections_are_logged_and_summed_up(tmp_path):
    for step in range(20):
        chosen = "fwpdc" if step < 4 else "vdc"
        record(Selection(step, {"vdc": 0.02, "fwpdc": 0.01}, chosen), tmp_path)
    lines = (tmp_path / "selections.jsonl").read_text(encoding="utf-8").splitlines()
    selections = [Selection(**json.loads(line)) for line in lines]
    assert [s.step for s in selections] == list(range(20))
    text = summary(selections, parts=5)
    assert text[0] == "steps 0-3: vdc: won 0, error 2.000 %, fwpdc: won 4, error 1.000 %"
    assert text[-1].startswith("steps 16-19: vdc: won 4")
