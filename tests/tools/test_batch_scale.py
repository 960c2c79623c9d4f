# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import os
from pathlib import Path

import pytest

from tools import batch_scale
from tools.project import BuildError


def test_ten_thousand_clips_follow_from_what_was_measured(capsys: pytest.CaptureFixture[str]) -> None:
    batch_scale._print_scale(100.0, {".npz": 1000.0, ".csv": 800.0}, 900.0)
    text = capsys.readouterr().out
    # 10,000 × 30 s × 25 frames/s = 7.5 million frames
    assert "1 core: 20.8 h" in text and "16 cores: 1.3 h" in text
    assert "takes: 7.5 GB, CSV: 6.0 GB, records: 9 MB" in text


@pytest.mark.skipif(os.name != "posix", reason="the processes' own times are known there only")
def test_a_clip_that_cannot_be_captured_is_said(tmp_path: Path) -> None:
    (tmp_path / "text.mp4").write_text("no video", encoding="utf-8")
    (tmp_path / "work").mkdir()
    with pytest.raises(BuildError, match="The batch failed"):
        batch_scale._measure(tmp_path / "text.mp4", 2, tmp_path / "work")
