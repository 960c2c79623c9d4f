# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ddfa_blender.names import ARKIT_NAMES
from ddfa_blender.retarget.naming import Match, match
from ddfa_blender.retarget.spelling import flat
from ddfa_blender.retarget.tables import vocabularies
from tests.ddfa_blender.retarget import naming_truths as truths
from tests.ddfa_blender.retarget.naming_score import NamingScore, measure, report


def drivers(found: Match, owner: str = "Face") -> dict[str, set[str]]:
    return {t.key.name: set(t.leading) for t in found.mapping.targets if t.key.owner == owner}


def reasons(found: Match) -> dict[str, str]:
    return {item.key.name: item.reason for item in found.unmatched}


@pytest.mark.parametrize("scheme", truths.SCHEMES, ids=lambda scheme: scheme.name)
def test_known_families_are_mapped_as_by_hand(scheme) -> None:
    score = measure(scheme.name, scheme.names, scheme.expected)
    assert score.wrong == ()
    assert score.precision == 1.0
    assert score.recall >= 0.95, score.missing


def test_the_truths_are_about_our_channels_and_about_enough_families() -> None:
    for scheme in truths.SCHEMES:
        assert {channel for channels in scheme.expected.values() for channel in channels} <= set(ARKIT_NAMES)
        assert len(set(scheme.names)) == len(scheme.names)
    assert len(truths.SCHEMES) - len(truths.ARKIT_SPELLINGS) >= 8


def test_the_report_names_what_went_wrong() -> None:
    right = measure("right", ["jawOpen", "Hat"], {"jawOpen": frozenset({"jawOpen"})})
    wrong = measure(
        "wrong", ["jawOpen", "jawLeft", "Brim"], {"jawOpen": frozenset({"jawLeft"}), "Brim": frozenset({"jawOpen"})}
    )
    assert (right.precision, right.recall) == (1.0, 1.0)
    assert wrong.wrong == ("jawOpen", "jawLeft") and wrong.missing == ("Brim",)
    assert (wrong.precision, wrong.recall) == (0.0, 0.0)
    lines = report([right, wrong, NamingScore("none", 0, 0, 0, (), ())]).splitlines()
    assert len(lines) == 4
    assert lines[1].split()[:6] == ["right", "2", "1", "1", "1.000", "1.000"]
    assert lines[2].endswith("jawOpen!, jawLeft!, Brim")


def test_a_letter_at_the_end_is_a_side_only_beside_its_partner() -> None:
    assert drivers(match({"Face": ["mouthCornerPuller", "mouthdimpler"]})) == {}
    pair = match({"Face": ["mouthcornerpulll", "mouthcornerpullr"]})
    assert drivers(pair) == {"mouthcornerpulll": {"mouthSmileLeft"}, "mouthcornerpullr": {"mouthSmileRight"}}


@pytest.mark.parametrize("name", ["R", "L", "E", "Open", "joy", "困る", "Tight", "fun", "aa"])
def test_a_short_or_common_name_alone_is_left(name: str) -> None:
    found = match({"Face": [name, "Basis", "Hat"]})
    assert drivers(found) == {}
    assert reasons(found)[name] == "unknown name"


def test_company_gives_a_short_name_its_meaning_also_on_another_mesh() -> None:
    found = match({"Face": ["A", "I", "U", "E", "O"], "Teeth": ["A"]})
    assert drivers(found)["A"] == {"jawOpen"}
    assert drivers(found, "Teeth") == {"A": {"jawOpen"}}


def test_each_mesh_is_mapped_apart() -> None:
    found = match(
        {"Face": ["jawOpen", "eyeBlinkLeft"], "Lashes": ["Blink_Left", "eyeBlinkLeft.001"], "Teeth": ["Jaw Open"]}
    )
    assert drivers(found) == {"jawOpen": {"jawOpen"}, "eyeBlinkLeft": {"eyeBlinkLeft"}}
    assert drivers(found, "Teeth") == {"Jaw Open": {"jawOpen"}}
    assert len(drivers(found, "Lashes")) == 1  # two names for one lid: only one of them may close it


def test_two_names_for_the_very_same_are_left_to_the_user() -> None:
    found = match({"Face": ["eyeBlink_L", "Eye-Blink_L", "jawOpen"]})
    assert drivers(found) == {"jawOpen": {"jawOpen"}}
    assert reasons(found)["eyeBlink_L"] == "eyeBlink_L and Eye-Blink_L mean the same"


def test_of_two_names_the_one_of_the_larger_set_is_taken() -> None:
    found = match({"Face": [*ARKIT_NAMES, "eyeBlink_L", "jawOpen.001", "Body.jawOpen"]})
    assert set(drivers(found)) == set(ARKIT_NAMES)
    assert reasons(found)["jawOpen.001"] == "means the same as jawOpen"
    assert found.unused_channels == ()


def test_a_pair_as_one_is_driven_only_where_the_sides_are_not() -> None:
    assert drivers(match({"Face": ["Blink"]})) == {"Blink": {"eyeBlinkLeft", "eyeBlinkRight"}}
    found = match({"Face": ["Blink", "Blink_L", "Blink_R"]})
    assert set(drivers(found)) == {"Blink_L", "Blink_R"}
    assert reasons(found)["Blink"] == "eyeBlinkLeft drives Blink_L already"


def test_unused_channels_and_families_are_told() -> None:
    found = match({"Face": ["CTRL_expressions_jawFwd", "CTRL_expressions_browLateralL"]})
    assert found.vocabularies == ("MetaHuman",)
    assert set(ARKIT_NAMES) - set(found.unused_channels) == {"jawForward"}
    assert list(found.unused_channels) == [name for name in ARKIT_NAMES if name != "jawForward"]


def test_correctives_and_copies_are_left_wherever_the_name_says_so() -> None:
    fixed = [f"{name}_fix" for name in ("jawOpen", "mouthPucker", "eyeBlinkLeft", "eyeBlinkRight", "tongueOut")]
    found = match({"Face": ["corrective.jawLeft", "backup__mouthSmile_L", "old|jawRight"], "Fixes": fixed})
    assert found.mapping.targets == ()
    assert set(reasons(found).values()) == {"corrective or copy"}


def test_nothing_gives_nothing() -> None:
    found = match({"Face": [], "Hat": ["Basis"]})
    assert found.mapping.targets == ()
    assert found.unused_channels == ARKIT_NAMES


def test_the_literal_spelling_scores_highest() -> None:
    scores = {t.key.name: t.score for t in match({"F": ["jawOpen", "head_mouthPucker", "blink"]}).mapping.targets}
    assert scores["jawOpen"] == 1.0
    assert 1.0 > scores["head_mouthPucker"] > scores["blink"] > 0.5


def test_random_words_are_never_matched() -> None:
    parts = ("hand", "knee", "scale", "curl", "thumb", "spine", "cloth", "toe", "twist", "hip")
    names = [f"{a}_{b}{side}" for a in parts for b in parts for side in ("", "_L", ".R", "Left")]
    assert match({"Body": names}).mapping.targets == ()


def test_the_order_of_the_names_does_not_matter() -> None:
    for scheme in (truths.CC4, truths.CC3_EXPLUS, truths.DAZ_GENESIS_8, truths.VROID):
        assert drivers(match({"Face": scheme.names})) == drivers(match({"Face": scheme.names[::-1]}))


def test_every_table_entry_is_usable() -> None:
    for vocabulary in vocabularies():
        assert vocabulary.entries
        for spelling, entry in vocabulary.entries.items():
            assert spelling and entry.sources and 0.0 < entry.score <= 1.0
            assert not (set(vocabulary.others) & {entry.name}), entry.name
        assert all(flat(name) not in vocabulary.entries for name in vocabulary.others), vocabulary.name
