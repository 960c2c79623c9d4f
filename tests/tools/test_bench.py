# SPDX-License-Identifier: GPL-3.0-or-later
"""The benchmarks run in a short form and print their tables; what they measure is for docs/speed.md, not for tests."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from ddfa_blender.footage.video import Video
from ddfa_blender.paths import model_file
from tools import (
    bench,
    bench_capture,
    bench_memory,
    bench_scaling,
    bench_stages,
    command_line,
    environments,
    long_clip,
)
from tools.bench_capture import DECODE, OURS, OURS_TWICE, TEACHER, Figures
from tools.project import ROOT, BuildError

pytestmark = pytest.mark.skipif(
    not (model_file("regressor.onnx").exists() and model_file("face_detector.onnx").exists()),
    reason="model/ is not set up: run `python build.py env`",
)


@pytest.fixture(autouse=True)
def _this_python(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is set up anew while tests run."""
    monkeypatch.setattr(environments, "ensure_core", lambda: Path(sys.executable))


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    return long_clip.write_enlarged(bench_capture.RENDERED_CLIP, tmp_path / "clip.mp4", (320, 240), 130)


def test_the_contest_prints_a_row_for_each_clip_and_the_ratios(clip: Path, capsys: pytest.CaptureFixture[str]) -> None:
    figures = bench_capture.run([clip], rounds=1, others=False)
    lines = capsys.readouterr().out.splitlines()
    heading, row, total = (
        next(line for line in lines if line.startswith(start)) for start in ("| clip", "| clip.mp4", "| **all")
    )
    assert [cell.strip() for cell in heading.split("|")[3:-1]] == [
        "decode alone", "network alone", "ours, 1 worker", "ours, 2 workers",
        "ours, 1 worker, high quality",
    ]  # fmt: skip
    assert row.split("|")[2].strip() == "130" and all(float(cell) > 0 for cell in row.split("|")[2:-1])
    assert total.count("**") == 2 + 2 * 5
    assert figures.ratio(OURS, DECODE) > 0.0 and figures.cpu_milliseconds(OURS_TWICE) > 0.0


def test_ratios_are_of_the_same_round() -> None:
    figures = Figures()
    for mine, others in ((1.0, 4.0), (10.0, 40.0), (2.0, 6.0)):  # a machine that is busy in the second round
        for entry, seconds in ((OURS, mine), (TEACHER, others)):
            figures.add("clip", entry, {"frames": 60, "seconds": seconds, "cpu": 0.6})
    assert figures.ratio(OURS, TEACHER) == pytest.approx(4.0)
    assert figures.rate("clip", OURS) == pytest.approx(30.0)
    assert figures.cpu_milliseconds(TEACHER) == pytest.approx(10.0)
    assert "| times MediaPipe | | 4.00 | 1.00 |" in bench_capture.table(figures, [OURS, TEACHER])


def test_contestants_that_see_other_frames_are_not_compared() -> None:
    figures = Figures()
    figures.add("clip", OURS, {"frames": 60, "seconds": 1.0, "cpu": 1.0})
    with pytest.raises(BuildError, match="59 frames"):
        figures.add("clip", TEACHER, {"frames": 59, "seconds": 1.0, "cpu": 1.0})


def test_a_contestant_that_breaks_down_is_told(tmp_path: Path) -> None:
    process = bench_capture.Process([sys.executable, "-c", "raise SystemExit(1)"])
    with pytest.raises(BuildError, match="ended early"), process:
        pass


def test_the_memory_of_a_long_capture_is_set_beside_a_short_ones(capsys: pytest.CaptureFixture[str]) -> None:
    assert bench_memory.main(["--seconds", "1", "--times", "2", "--width", "320", "--height", "240"]) == 0
    table = capsys.readouterr().out
    assert "| 1 s | 1 | 30 |" in table and "| 2 s | 1 | 60 |" in table and "more than the short one" in table


def test_a_long_clip_shows_the_short_one_again_and_again(tmp_path: Path, clip: Path) -> None:
    long = long_clip.write_repeated(clip, tmp_path / "long.mp4", 3)
    assert long.stat().st_size < 1.1 * clip.stat().st_size
    with Video(clip) as video:
        short = [frame.image for frame in video.frames()]
    with Video(long) as video:
        assert video.info.frame_count == 390 and video.info.duration == pytest.approx(13.0)
        frames = list(video.frames())
    np.testing.assert_allclose([frame.time for frame in frames], np.arange(390) / 30.0, atol=1e-4)
    for i in (0, 129, 130, 200, 389):
        np.testing.assert_array_equal(frames[i].image, short[i % 130])
    sought = cv2.VideoCapture(str(long))
    sought.set(cv2.CAP_PROP_POS_FRAMES, 300)
    np.testing.assert_array_equal(sought.read()[1][..., ::-1], short[300 % 130])


def test_the_parts_are_those_that_the_command_line_offers() -> None:
    assert tuple(bench.PARTS) == command_line.BENCH_PARTS


def test_what_cannot_be_measured_is_left_out_unless_it_was_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(bench, "LABELS", tmp_path / "labels.json")
    monkeypatch.setattr(bench, "PARTS", {"scores": bench.PARTS["scores"], "clips": lambda *_: print("measured")})
    assert bench.run_all(None) == 0
    assert "labels.json" in (printed := capsys.readouterr().out) and "measured" in printed
    with pytest.raises(BuildError, match=r"labels\.json"):
        bench.run_all(None, ["scores"])


def test_a_clip_that_is_not_there_is_told_before_anything_is_measured(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command_line.main(["bench", "--clips", str(tmp_path / "none.mp4")]) == 2
    assert command_line.main(["bench", "--clips", str(tmp_path)]) == 2
    out, said = capsys.readouterr()
    assert out == "" and [line.split(str(tmp_path))[0] for line in said.splitlines()] == [
        "error: There is no video at ",
        "error: ",
    ]


def test_a_clip_that_cannot_be_captured_is_told_after_the_others(
    tmp_path: Path, clip: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    text = tmp_path / "text.mp4"
    text.write_text("no video", encoding="utf-8")
    assert command_line.main(["bench", "--only", "clips", "--clips", str(text), str(clip)]) == 2
    out, said = capfd.readouterr()
    assert "clip.mp4: 130 frames, " in out
    assert said.splitlines()[-1] == "error: text.mp4 cannot be captured; the lines above say why."


def test_side_by_side_in_threads_and_processes_all_frames_are_counted(
    clip: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert bench_scaling.main([str(clip), "--rounds", "1"]) == 0
    rows = [line.split("|")[1:-1] for line in capsys.readouterr().out.splitlines() if line.startswith("| ")]
    assert [row[0].strip() for row in rows[1:]] == ["---", "once", "processes", "threads", "workers"]
    assert all(float(cell) > 0.0 for row in rows[2:] for cell in row[1:])
    assert rows[2][-1].strip() == "1.00"


def test_the_scaling_table_sets_each_way_beside_one_capture_of_the_same_round() -> None:
    once = [{"frames": 100, "seconds": s, "cpu": s} for s in (1.0, 10.0)]  # busy in the second round
    twice = [{"frames": 200, "seconds": 1.25 * s, "cpu": 2.4 * s} for s in (1.0, 10.0)]
    table = bench_scaling.table({"once": once, "threads": twice}, 2)
    assert table.splitlines()[-1] == "| threads | 88 | 66.00 | 1.92 | 1.60 |"


def test_the_stages_of_a_capture_add_up() -> None:
    command = [sys.executable, "-m", "tools.bench_stages", str(bench_capture.RENDERED_CLIP)]
    output = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout
    rows = [line.split("|")[1:-1] for line in output.splitlines() if line.startswith("| ")][2:]
    spent = {row[0].strip(): float(row[2]) for row in rows}
    assert {"network", "detector", "crops", "alignment", "points", "decoder's and reader's threads"} <= spent.keys()
    assert all(value > 0.0 for value in spent.values())
    whole = spent.pop("all of this thread")
    assert whole == pytest.approx(sum(spent.values()) - spent["decoder's and reader's threads"], abs=0.01)


def test_a_stage_does_not_count_those_within_it() -> None:
    class Work:
        def outer(self) -> str:
            return self.inner()

        def inner(self) -> str:
            return "done"

    ticks = iter([0.0, 1.0, 4.0, 10.0])  # outer begins, inner begins, inner ends, outer ends
    stages = bench_stages.Stages(lambda: next(ticks))
    stages.watch(Work, "outer", "outer")
    stages.watch(Work, "inner", "inner")
    assert Work().outer() == "done"
    assert stages.seconds == {"inner": 3.0, "outer": 7.0} and stages.calls == {"inner": 1, "outer": 1}
