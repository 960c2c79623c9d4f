# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from ddfa_blender.errors import CaptureError
from ddfa_blender.footage.footage_info import is_uneven, read_facts
from tests.ddfa_blender.support import frame_duration, grey, set_frame_durations, set_rotation, write_clip


def test_facts_of_a_plain_clip(tmp_path: Path) -> None:
    facts = read_facts(write_clip(tmp_path / "clip.mp4", grey(30), fps=20.0))
    assert (facts.width, facts.height, facts.frame_count) == (160, 120, 30)
    assert facts.fps == pytest.approx(20.0)
    assert facts.duration == pytest.approx(1.5)
    assert facts.codec == "MPEG-4"
    assert not (facts.is_variable or facts.is_rotated or facts.is_sequence)


def test_footage_of_a_phone_is_turned_and_says_so(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "phone.mp4", grey(5))
    set_rotation(clip, 1)
    facts = read_facts(clip)
    assert (facts.width, facts.height, facts.is_rotated) == (120, 160, True)


@pytest.mark.parametrize("uneven_frame", [5, 70])
def test_a_rate_that_varies_is_noticed_at_the_start_and_in_the_middle(tmp_path: Path, uneven_frame: int) -> None:
    clip = write_clip(tmp_path / "clip.mp4", grey(120))
    durations = [frame_duration(clip)] * 120
    durations[uneven_frame] *= 2
    set_frame_durations(clip, durations)
    assert read_facts(clip).is_variable


@pytest.mark.parametrize(
    ("stamps", "uneven"),
    [
        (np.arange(20) / 30.0, False),
        (np.round(np.arange(20) / 29.97, 3), False),  # a container that counts milliseconds
        (np.concatenate([np.arange(10), np.arange(11, 20)]) / 30.0, True),  # a frame was dropped
        ([0.09, 0.04, 0.08, 0.12], False),  # a first frame stamped with its decoding time
        ([0.0, 0.0, 0.0, 0.0], False),  # no stamps at all
        ([0.0, 0.1], False),
        ([], False),
    ],
)
def test_uneven_stamps(stamps: list[float], uneven: bool) -> None:
    assert is_uneven(stamps) is uneven


def test_what_cannot_be_read_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(CaptureError, match="There is no video"):
        read_facts(tmp_path / "gone.mp4")
    (tmp_path / "notes.mp4").write_text("no video", encoding="utf-8")
    with pytest.raises(CaptureError, match="is not a video"):
        read_facts(tmp_path / "notes.mp4")


def test_loading_the_module_brings_no_opencv_in() -> None:
    code = (
        "import sys, ddfa_blender.footage.footage_info, ddfa_blender.footage.live_preview, ddfa_blender.background;"
        "sys.exit('cv2' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_real_clips(shared: Path) -> None:
    facts = read_facts(shared / "clips" / "talk1.mp4")
    assert facts.is_variable and facts.codec == "H.264"
    assert not read_facts(shared / "clips" / "d3.mp4").is_variable
