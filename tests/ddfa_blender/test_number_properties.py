# SPDX-License-Identifier: GPL-3.0-or-later
"""What must hold for all numbers, not for examples: rotations, clocks, fits, mappings (hypothesis draws them)."""

from __future__ import annotations

import importlib
import math
import sys
import types
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from ddfa_blender.camera_fit import fit_origin, project
from ddfa_blender.footage.frame_rate import nearest_rate
from ddfa_blender.footage.video import _Clock
from ddfa_blender.formats.rotations import from_angles, to_angles
from ddfa_blender.formats.timecode import NOMINAL_RATES, Timecode, TimecodeRate, elapsed, guess_rate
from ddfa_blender.head_motion import HeadMotion, mean_rotation
from ddfa_blender.morphable_model import MorphableModel
from ddfa_blender.names import ARKIT_NAMES
from ddfa_blender.projection import Pose, compose, decompose, euler_degrees, rotation_from_euler
from ddfa_blender.quaternions import continuous, from_matrices, slerp, to_matrices
from ddfa_blender.refit import FaceSubset, procrustes, refit
from ddfa_blender.retarget.mapping import CHANNELS, Mapping, Source, Target, TargetKey

_MANY = settings(max_examples=60, deadline=None, database=None, derandomize=True)
_FEW = settings(max_examples=15, deadline=None, database=None, derandomize=True)

_NUMBERS = st.floats(-1.0, 1.0, allow_nan=False, width=32)
#: NTSC's rates and the whole ones.
_RATES = st.sampled_from([24 / 1.001, 24.0, 25.0, 30 / 1.001, 30.0, 50.0, 60 / 1.001, 60.0, 120 / 1.001])


@st.composite
def quaternions(draw: st.DrawFn, least: int = 1, most: int = 12) -> NDArray[np.float64]:
    """Unit quaternions (N, 4) of any sign, special ones among them."""
    q = draw(hnp.arrays(np.float64, st.tuples(st.integers(least, most), st.just(4)), elements=_NUMBERS))
    lengths = np.linalg.norm(q, axis=1)
    assume((lengths > 0.1).all())
    return q / lengths[:, None]


@_MANY
@given(quaternions())
def test_rotations_survive_matrices_and_angles(q: NDArray) -> None:
    matrices = to_matrices(q)
    np.testing.assert_allclose(np.linalg.det(matrices), 1.0, atol=1e-9)
    again = from_matrices(matrices)
    np.testing.assert_allclose(np.abs((again * q).sum(axis=1)), 1.0, atol=1e-9)
    np.testing.assert_allclose(rotation_from_euler(euler_degrees(matrices)), matrices, atol=1e-4)
    for order in ((0, 1, 2), (2, 0, 1), (1, 0, 2)):
        np.testing.assert_allclose(from_angles(to_angles(matrices, order), order), matrices, atol=2e-6)


@_MANY
@given(quaternions(least=2), st.lists(st.booleans(), min_size=12, max_size=12))
def test_signs_become_continuous_whatever_they_were(q: NDArray, flips: list[bool]) -> None:
    signs = np.where(flips[: len(q)], -1.0, 1.0)[:, None]
    fixed = continuous(q * signs)
    assert ((fixed[1:] * fixed[:-1]).sum(axis=1) >= 0.0).all()
    np.testing.assert_allclose(to_matrices(fixed), to_matrices(q), atol=1e-12)
    np.testing.assert_array_equal(continuous(fixed), fixed)


@_MANY
@given(quaternions(2, 2), st.floats(0.0, 1.0))
def test_slerp_stays_between_and_is_symmetric(q: NDArray, share: float) -> None:
    a, b = q
    between = slerp(a, b, share)
    assert np.linalg.norm(between) == pytest.approx(1.0, abs=1e-9)
    back = slerp(b, a, 1.0 - share)
    assert abs(between @ back) == pytest.approx(1.0, abs=1e-7)
    whole, part = (2.0 * math.acos(min(1.0, abs(float(a @ other)))) for other in (b, between))
    assume(whole < math.pi - 1e-3)  # half a turn has no shortest way
    assert part == pytest.approx(share * whole, abs=2e-6)


@_MANY
@given(_RATES, st.integers(2, 4000), st.sampled_from([0.0, 0.0005, 1e-6]))
def test_a_rate_is_told_from_rounded_stamps(rate: float, count: int, rounding: float) -> None:
    stamps = np.arange(count) / rate
    stamps = np.round(stamps / (2 * rounding)) * 2 * rounding if rounding else stamps
    seconds = stamps[-1] - stamps[0]
    found = nearest_rate((count - 1) / seconds, float(seconds))
    # Over the whole clip it shifts nothing by more than rounding hides.
    assert abs((count - 1) / found.value - (count - 1) / rate) <= 3e-3


@_MANY
@given(st.lists(st.floats(-10.0, 1e5) | st.just(math.nan) | st.just(math.inf), min_size=1, max_size=40), _RATES)
def test_the_clock_starts_at_0_rises_and_never_leaps(stamps: list[float], rate: float) -> None:
    clock = _Clock(rate, 10.0)
    times = [clock.tick(stamp) for stamp in stamps]
    assert times[0] == 0.0 and np.isfinite(times).all()
    assert (np.diff(times) > 0.0).all() and (np.diff(times) <= 600.0 + 1e-6).all()


@_MANY
@given(st.lists(st.floats(1e-3, 2.0), min_size=1, max_size=40), st.floats(0.0, 5.0))
def test_variable_stamps_come_through_as_they_are(intervals: list[float], start: float) -> None:
    stamps = start + np.concatenate([[0.0], np.cumsum(intervals)])
    clock = _Clock(25.0, float(stamps[-1]))
    np.testing.assert_allclose([clock.tick(stamp) for stamp in stamps], stamps - start, atol=1e-9)


@_MANY
@given(st.sampled_from(NOMINAL_RATES), st.booleans(), st.integers(0, 24 * 3600 * 24 - 1))
def test_timecode_labels_come_back(nominal: int, ntsc: bool, frame: int) -> None:
    rate = TimecodeRate(nominal, ntsc=ntsc, drop=ntsc and nominal % 30 == 0)
    seconds = frame / rate.value
    assume(seconds < 24 * 3600 - 1)
    assert rate.seconds(Timecode.parse(rate.text(seconds))) == pytest.approx(seconds, abs=1e-3)


@_FEW
@given(st.sampled_from([30, 60]), st.integers(0, 23 * 3600))
def test_drop_frame_is_recognised_and_runs_true(nominal: int, start: int) -> None:
    rate = TimecodeRate(nominal, ntsc=True, drop=True)
    frames = np.arange(nominal * 130)  # over at least one minute that leaves labels out
    codes = [Timecode.parse(rate.text(start + frame / rate.value)) for frame in frames]
    assume(any(code.minutes % 10 for code in codes))
    found = guess_rate(codes)
    assert (found.nominal, found.drop) == (nominal, True)
    np.testing.assert_allclose(elapsed(codes, found), frames / rate.value, atol=3e-3)


@pytest.fixture(scope="module")
def subset(model: MorphableModel) -> FaceSubset:
    return FaceSubset.choose(model, 80)


def _similarity(q: NDArray, scale: float, shift: NDArray) -> Pose:
    return Pose(np.array([scale]), to_matrices(q[:1]), shift[None])


@_FEW
@given(
    quaternions(1, 1), st.floats(0.2, 5.0), hnp.arrays(np.float64, 3, elements=st.floats(-50, 50)), st.integers(0, 99)
)
def test_turning_the_picture_turns_the_fit_and_nothing_else(
    subset: FaceSubset, q: NDArray, scale: float, shift: NDArray, seed: int
) -> None:
    random = np.random.default_rng(seed)
    count = 4
    shapes, expressions = random.normal(size=(count, 40)), random.normal(size=(count, 10))
    angles = random.uniform(-40.0, 40.0, (count, 3))
    pose = Pose(random.uniform(0.5, 2.0, count), rotation_from_euler(angles), random.normal(0.0, 30.0, (count, 3)))
    turn = _similarity(q, scale, shift)
    transforms = compose(pose)
    linear = turn.scale[0] * turn.rotation[0]
    moved = np.concatenate([linear @ transforms[..., :3], (transforms[..., 3] @ linear.T + shift)[..., None]], axis=-1)
    first, second = (
        refit(subset, shapes.mean(axis=0), t, shapes, expressions, prior=2.0, sweeps=3) for t in (transforms, moved)
    )
    np.testing.assert_allclose(second.expression, first.expression, atol=1e-6)
    np.testing.assert_allclose(second.pose.rotation, turn.rotation @ first.pose.rotation, atol=1e-8)
    np.testing.assert_allclose(second.pose.scale, scale * first.pose.scale, rtol=1e-8)


@_MANY
@given(
    quaternions(1, 1),
    st.floats(0.1, 10.0),
    hnp.arrays(np.float64, 3, elements=st.floats(-100, 100)),
    st.integers(0, 99),
)
def test_procrustes_finds_the_similarity_that_was_applied(q: NDArray, scale: float, shift: NDArray, seed: int) -> None:
    random = np.random.default_rng(seed)
    points, weights = random.normal(0.0, 40.0, (1, 12, 3)), random.uniform(0.1, 1.0, 12)
    wanted = _similarity(q, scale, shift)
    target = scale * points @ wanted.rotation[0].T + shift
    found = procrustes(points, target, weights)
    np.testing.assert_allclose(found.rotation, wanted.rotation, atol=1e-8)
    np.testing.assert_allclose(found.scale, scale, rtol=1e-8)
    again = decompose(compose(found))
    np.testing.assert_allclose(again.rotation, found.rotation, atol=1e-9)


@_FEW
@given(hnp.arrays(np.float64, 3, elements=st.floats(-80, 80)), st.floats(300.0, 3000.0), st.integers(0, 99))
def test_the_camera_is_found_wherever_the_origin_lies(shift: NDArray, focal: float, seed: int) -> None:
    random = np.random.default_rng(seed)
    points = random.normal(0.0, 60.0, (5, 8, 3))
    camera = np.array([10.0, -20.0, -900.0])
    seen = project(points + camera, focal)
    np.testing.assert_allclose(fit_origin(points + shift, seen, focal), camera - shift, atol=1e-5)


@_MANY
@given(quaternions(3, 12), quaternions(1, 1))
def test_relative_to_the_actor_no_camera_matters(path: NDArray, camera: NDArray) -> None:
    # Heads move about some orientation: opposite ones have no mean.
    path = path + [3.0, 0.0, 0.0, 0.0]
    path = path / np.linalg.norm(path, axis=1, keepdims=True)
    tracked, moves = np.ones(len(path), dtype=bool), np.zeros((len(path), 3))
    turned = from_matrices(to_matrices(camera[0]) @ to_matrices(path))
    motion = HeadMotion("ACTOR")
    first, second = (motion.apply(p, moves, tracked).rotation for p in (path, turned))
    np.testing.assert_allclose(np.abs((first * second).sum(axis=1)), 1.0, atol=1e-7)
    np.testing.assert_allclose(np.linalg.det(mean_rotation(path)), 1.0, atol=1e-9)


@st.composite
def mappings(draw: st.DrawFn) -> Mapping:
    """A few targets with gains, curves and clamps of any size."""
    number = st.floats(-5.0, 5.0, allow_nan=False)

    def limits() -> tuple[float, float]:
        low, high = sorted((draw(number), draw(number)))
        return low, high

    targets = []
    for i in range(draw(st.integers(0, 4))):
        sources = []
        for _ in range(draw(st.integers(0, 4))):
            x = sorted(set(draw(st.lists(number, max_size=4))))
            curve = tuple((value, draw(number)) for value in x)
            sources.append(Source(draw(st.sampled_from(CHANNELS)), draw(number), curve, limits()))
        targets.append(Target(TargetKey("", f"t{i}"), tuple(sources), limits()))
    return Mapping(tuple(targets))


@_MANY
@given(mappings(), st.integers(0, 99))
def test_retargeted_values_stay_in_their_limits(mapping: Mapping, seed: int) -> None:
    random = np.random.default_rng(seed)
    arkit, expression = random.uniform(-1.0, 2.0, (6, len(ARKIT_NAMES))), random.normal(0.0, 3.0, (6, 10))
    values = mapping.apply(arkit, expression)
    assert set(values) == {target.key for target in mapping.targets}
    for target in mapping.targets:
        low, high = target.clamp
        assert np.isfinite(values[target.key]).all()
        assert low <= values[target.key].min() and values[target.key].max() <= high
    again = mapping.mirrored().mirrored().apply(arkit, expression)
    for key, found in values.items():
        np.testing.assert_array_equal(again[key], found)


@pytest.fixture(scope="module")
def timebase_of() -> type:
    """``scene.timebase.Timebase``: it needs no Blender, only to lie in a package as the extension does."""
    name = "extension_without_blender"
    package = types.ModuleType(name)
    package.__path__ = [str(Path(__file__).resolve().parents[2])]
    sys.modules[name] = package
    found: type = importlib.import_module(f"{name}.scene.timebase").Timebase
    return found


@_MANY
@given(
    _RATES,
    _RATES,
    st.integers(-100, 10_000),
    st.floats(0.1, 10.0),
    st.lists(st.floats(0.005, 1.0), min_size=1, max_size=60),
)
def test_scene_time_and_back(
    timebase_of: type, footage: float, scene: float, start: int, stretch: float, steps: list[float]
) -> None:
    even = np.arange(50) / footage
    uneven = np.concatenate([[0.0], np.cumsum(steps)])
    for seconds in (even, uneven):
        for base in (
            timebase_of(start, scene),
            timebase_of(start, scene, stretch),
            timebase_of(start, scene, samples=seconds),
        ):
            frames = base.frame_at(seconds)
            assert frames[0] == pytest.approx(start, abs=1e-6)
            assert (np.diff(frames) > 0.0).all()
            np.testing.assert_allclose(base.seconds_at(frames), seconds, atol=1e-6)
    real = timebase_of(start, scene).frame_at(even)
    np.testing.assert_allclose((real - start) / scene, even, atol=1e-9)  # a second is a second at any rate
