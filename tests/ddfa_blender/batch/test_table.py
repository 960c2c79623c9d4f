# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import csv
import json
from pathlib import Path

from ddfa_blender.batch.quality import FLAGS, flags
from ddfa_blender.batch.table import COLUMNS, CSV, JSON, counts, printed, write_table
from ddfa_blender.batch.tasks import CAPTURED, FAILED, STOPPED, UNCHANGED, ClipTask, Outcome

GOOD = {
    "frames": 10,
    "lost_frames": 0,
    "lost_share": 0.0,
    "confidence": 0.9,
    "frames_per_second": 120.0,
    "jitter": None,
}
POOR = {**GOOD, "lost_frames": 4, "lost_share": 0.4}


def outcomes() -> list[Outcome]:
    return [
        Outcome('/in/a, "b".mp4', "a", CAPTURED, facts=GOOD),
        Outcome("/in/é.mp4", "é", UNCHANGED, facts=POOR, flags=tuple(flags(POOR))),
        Outcome("/in/c.mp4", "c", FAILED, "It is broken; use another.", attempts=2),
        Outcome("/in/d.mp4", "d", STOPPED),
    ]


def test_the_files_say_the_same(tmp_path: Path) -> None:
    write_table(tmp_path, outcomes(), {"model_sha256": "0" * 64})
    with (tmp_path / "results.csv").open(newline="", encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file))
    data = json.loads((tmp_path / "results.json").read_text(encoding="utf-8"))
    assert list(rows[0]) == list(COLUMNS) and len(rows) == len(data["clips"]) == 4
    for row, clip in zip(rows, data["clips"], strict=True):
        assert (row["clip"], row["status"], row["error"]) == (clip["clip"], clip["status"], clip["error"])
        assert row["flags"].split() == [flag["flag"] for flag in clip["flags"]]
    assert rows[0]["clip"] == '/in/a, "b".mp4' and rows[0]["lost_share"] == "0.0" and rows[0]["jitter"] == ""
    assert data["clips"][1]["flags"][0]["limit"] == 0.05 and data["model_sha256"] == "0" * 64
    assert data["summary"] == {"clips": 4, "captured": 1, "unchanged": 1, "failed": 1, "stopped": 1, "flagged": 1}
    assert data["flags"]["lost_frames"]["limit"] == FLAGS["lost_frames"].limit


def test_names_that_are_no_text_are_written_all_the_same(tmp_path: Path) -> None:
    """Linux has file names that are no UTF-8; Python carries them as lone surrogates."""
    task = ClipTask(Path("/in/\udcff.mp4"), "x", tmp_path, "0" * 64)
    outcome = Outcome.of(task, FAILED, f"{task.clip} is broken.")
    write_table(tmp_path, [outcome], {})
    printed([outcome]).encode()
    assert "\ufffd.mp4 is broken." in (tmp_path / "results.csv").read_text(encoding="utf-8-sig")
    assert json.loads((tmp_path / "results.json").read_bytes())["summary"]["clips"] == 1


def test_people_read_rows_flags_and_reasons() -> None:
    lines = printed(outcomes()).splitlines()
    assert lines[0].split() == ["clip", "status", "frames", "lost", "confidence", "frames/s", "flags"]
    assert lines[1].split() == ["a", "captured", "10", "0", "%", "0.90", "120"]
    assert lines[2].split() == ["é", "unchanged", "10", "40", "%", "0.90", "lost_frames"]
    assert "lost_frames: the face is often not found (above 0.05 of the frames)" in lines
    assert "failed: /in/c.mp4: It is broken; use another." in lines
    assert lines[-1] == "4 clips, 1 captured, 1 unchanged, 1 failed, 1 stopped, 1 flagged"


def test_of_very_many_only_those_to_look_at_are_printed() -> None:
    many = [Outcome(f"/in/{i}.mp4", str(i), CAPTURED, facts=GOOD) for i in range(300)]
    lines = printed([*many, *outcomes()[1:3]]).splitlines()
    assert len(lines) == 7 and lines[3].startswith("… and 300 without anything to look at")
    assert counts(many)["captured"] == 300


def test_a_batch_of_nothing_and_of_one() -> None:
    assert printed([]) == "0 clips"
    assert printed(outcomes()[:1]).splitlines()[-1] == "1 clip, 1 captured"


def test_names_of_clips_are_neither_formulas_nor_commands_to_a_terminal(tmp_path: Path) -> None:
    clip = "/in/=1+1\x1b]0;title\x07.mp4"
    outcome = Outcome(clip, "=1+1", FAILED, error="@SUM(1) is broken\nand more.")
    write_table(tmp_path, [outcome], {})
    with (tmp_path / CSV).open(newline="", encoding="utf-8-sig") as file:
        (row,) = csv.DictReader(file)
    assert (row["name"], row["error"][:5], row["seconds"]) == ("'=1+1", "'@SUM", "0.0")
    assert json.loads((tmp_path / JSON).read_text(encoding="utf-8"))["clips"][0]["name"] == "=1+1"
    assert all(line.isprintable() for line in printed([outcome]).splitlines())
