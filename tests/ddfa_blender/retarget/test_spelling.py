# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ddfa_blender.retarget.spelling import Affixes, candidates, common_affixes, flat, is_blocked, replace_side, words


@pytest.mark.parametrize(
    "name",
    ["Eye_Blink_L", "eyeBlinkLeft", "EYE BLINK.LFT", "eye-blink-left", "eyeBlinkL", "EyeBlink:Left", "eyeblinkleft"],
)
def test_spellings_of_one_name_agree(name: str) -> None:
    assert flat(name) == "eyeblinkleft"


def test_a_letter_alone_is_no_side() -> None:
    assert (flat("R"), flat("L")) == ("r", "l")


def test_full_width_and_half_width_agree() -> None:
    assert flat("ｳｨﾝｸ２右") == flat("ウィンク2右") == "ウィンク2right"


def test_capitals_run_into_words() -> None:
    assert words("eCTRLMouthOpen") == ("e", "ctrl", "mouth", "open")
    assert words("mouthPressUL") == ("mouth", "press", "ul")


@pytest.mark.parametrize(
    "name", ["jawOpen_corrective", "MouthOpen_Fix", "backup_smile", "eyeBlinkOld", "JCM_mouthSmile"]
)
def test_copies_and_correctives_are_told_by_a_word(name: str) -> None:
    assert is_blocked(name)


def test_parts_of_words_block_nothing() -> None:
    assert not is_blocked("mouthRollLower")
    assert not is_blocked("Cheekbone_Golden")


def test_what_most_names_share_is_found() -> None:
    names = ["Basis", *(f"hero_Face_{name}_v" for name in ("jawOpen", "browUp", "smile_L", "smile_R", "puff"))]
    assert common_affixes(names) == Affixes(("hero", "face"), ("v",))
    # Few names, or sides, are no evidence.
    assert common_affixes(["eye_up", "eye_down", "eye_wide"]) == Affixes()
    assert common_affixes(["left_a", "left_b", "left_c", "left_d"]) == Affixes()


def test_the_literal_reading_comes_first() -> None:
    found = [candidate.flat for candidate in candidates("Face.M_F00_000_00_Fcl_EYE_Close_L", Affixes())]
    assert found[0].startswith("facemf00")
    assert "fcleyecloseleft" in found


def test_a_dot_before_a_side_or_a_number_is_no_name_space() -> None:
    assert [c.flat for c in candidates("brow.L", Affixes())] == ["browleft"]
    assert [(c.flat, c.stripped) for c in candidates("brow.001", Affixes())] == [("brow", True)]


def test_sides_are_swapped_in_their_own_spelling() -> None:
    assert replace_side("Eye_L_Look_L", "Left") == "Eye_L_Look_R"
    assert replace_side("EYE_BLINK_RIGHT", "Right") == "EYE_BLINK_LEFT"
    assert replace_side("まばたき左", "Left") == "まばたき右"
    assert replace_side("jawOpen", "Left") == "jawOpen"
    assert replace_side("mouthSmileRight", "Left") == "mouthSmileRight"
