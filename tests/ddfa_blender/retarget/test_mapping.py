# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import math

import numpy as np
import pytest

from ddfa_blender.errors import CaptureError
from ddfa_blender.names import ARKIT_NAMES
from ddfa_blender.retarget.mapping import Mapping, Source, Target, TargetKey
from ddfa_blender.retarget.naming import match
from ddfa_blender.symmetry import mirrored_channel


def arkit(**channels: list[float]) -> np.ndarray:
    values = np.zeros((len(next(iter(channels.values()))), 52))
    for name, column in channels.items():
        values[:, ARKIT_NAMES.index(name)] = column
    return values


def target(name: str, *sources: Source, clamp: tuple[float, float] = (0.0, 1.0)) -> Target:
    return Target(TargetKey("Face", name), sources, clamp)


def test_a_target_is_the_sum_of_its_sources() -> None:
    mapping = Mapping((target("A", Source("jawOpen", 1.2), Source("mouthFunnel", -0.5)),))
    values = mapping.apply(arkit(jawOpen=[0.0, 0.5, 1.0, 0.1], mouthFunnel=[0.0, 0.2, 0.0, 1.0]))
    np.testing.assert_allclose(values[TargetKey("Face", "A")], [0.0, 0.5, 1.0, 0.0])


def test_a_curve_bends_before_the_gain_and_the_clamp() -> None:
    source = Source("jawOpen", 2.0, ((0.2, 0.0), (0.7, 0.5), (1.0, 0.6)), clamp=(0.1, 1.0))
    mapping = Mapping((target("jaw", source, clamp=(-5.0, 5.0)),))
    (values,) = mapping.apply(arkit(jawOpen=[0.0, 0.2, 0.45, 0.7, 1.0])).values()
    np.testing.assert_allclose(values, [0.1, 0.1, 0.5, 1.0, 1.0])


def test_components_drive_targets_too() -> None:
    mapping = Mapping((target("jaw", Source("Expression 03", 0.5), clamp=(-9.0, 9.0)),))
    expression = np.zeros((2, 10))
    expression[:, 2] = [-1.0, 3.0]
    (values,) = mapping.apply(np.zeros((2, 52)), expression).values()
    np.testing.assert_allclose(values, [-0.5, 1.5])
    with pytest.raises(CaptureError, match="ten expression components"):
        mapping.apply(np.zeros((2, 52)))


def test_a_source_that_is_switched_off_asks_for_nothing() -> None:
    mapping = Mapping((target("jaw", Source("Expression 03", 0.0), Source("jawOpen")),))
    (values,) = mapping.apply(arkit(jawOpen=[0.25])).values()
    np.testing.assert_allclose(values, [0.25])
    assert mapping.channels == {"jawOpen"}


def test_no_frames_and_no_sources() -> None:
    (values,) = Mapping((target("jaw"),)).apply(np.zeros((0, 52))).values()
    assert values.shape == (0,)


def test_wrong_shapes_are_refused() -> None:
    with pytest.raises(ValueError, match=r"\(N, 52\)"):
        Mapping().apply(np.zeros((3, 51)))
    with pytest.raises(ValueError, match=r"\(N, 10\)"):
        Mapping().apply(np.zeros((3, 52)), np.zeros((2, 10)))


def test_what_cannot_be_meant_is_refused() -> None:
    with pytest.raises(CaptureError, match="no channel 'jawOpne'"):
        Source("jawOpne")
    with pytest.raises(CaptureError, match="gain"):
        Source("jawOpen", math.nan)
    with pytest.raises(CaptureError, match="left to right"):
        Source("jawOpen", curve=((0.5, 0.0), (0.5, 1.0)))
    with pytest.raises(CaptureError, match="numbers"):
        Source("jawOpen", curve=((0.0, math.inf),))
    with pytest.raises(CaptureError, match="swap"):
        target("jaw", clamp=(1.0, 0.0))
    with pytest.raises(CaptureError, match="two entries for 'jaw'"):
        Mapping((target("jaw"), target("jaw")))


def test_a_mirrored_mapping_plays_the_other_side() -> None:
    mapping = match({"Face": list(ARKIT_NAMES)}).mapping
    performance = np.random.default_rng(1).uniform(size=(4, 52))
    plain, mirrored = mapping.apply(performance), mapping.mirrored().apply(performance)
    for name in ARKIT_NAMES:
        np.testing.assert_array_equal(
            mirrored[TargetKey("Face", name)], plain[TargetKey("Face", mirrored_channel(name))]
        )
    assert mapping.mirrored().mirrored() == mapping


def test_one_side_s_settings_are_copied_to_the_other() -> None:
    left = target("Smile_L", Source("mouthSmileLeft", 1.5, ((0.0, 0.0), (1.0, 0.8)), (0.0, 0.9)), clamp=(0.0, 0.7))
    other = target("Smile_R", Source("mouthSmileRight"))
    odd = target("Frown_R", Source("mouthFrownRight"))
    copied = Mapping((left, other, odd)).with_side_copied("Left").targets
    assert copied[0] == left and copied[2] == odd
    assert copied[1].sources == (Source("mouthSmileRight", 1.5, ((0.0, 0.0), (1.0, 0.8)), (0.0, 0.9)),)
    assert copied[1].clamp == (0.0, 0.7) and copied[1].key == other.key


def test_targets_that_do_something_else_are_no_partners() -> None:
    left, right = target("x_L", Source("mouthSmileLeft", 2.0)), target("x_R", Source("jawOpen"))
    assert Mapping((left, right)).with_side_copied("Left").targets == (left, right)


def test_a_viseme_opens_with_the_jaw_and_yields_to_closed_lips() -> None:
    mapping = match({"Face": ["A", "I", "U", "E", "O", "Blink"]}).mapping
    values = mapping.apply(arkit(jawOpen=[0.0, 0.8, 0.8], mouthClose=[0.0, 0.0, 0.8], eyeBlinkLeft=[0.0, 1.0, 1.0]))
    opened = values[TargetKey("Face", "A")]
    assert opened[0] == 0.0 and opened[1] > 0.9 and opened[2] < 0.5
    # A wink is half of a shape that closes both eyes.
    np.testing.assert_allclose(values[TargetKey("Face", "Blink")], [0.0, 0.5, 0.5])
    at_rest = mapping.apply(np.zeros((1, 52)))
    assert all(value == 0.0 for value in at_rest.values())
