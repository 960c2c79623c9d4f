# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from ddfa_blender.arkit.lips import LipReading
from ddfa_blender.arkit.mesh_components import unit_components
from ddfa_blender.arkit.reliability import Reliability, bundled_reliability
from ddfa_blender.cleaning.channel_groups import SIDE_PAIRS
from ddfa_blender.errors import CaptureError
from ddfa_blender.morphable_model import MorphableModel
from ddfa_blender.names import ARKIT_NAMES


def table(mesh: float = 0.5) -> Reliability:
    return Reliability(np.linspace(0.05, 0.3, 52), mesh**2 * np.eye(10), LipReading(0.1, 0.3, 0.6))


def test_a_table_survives_its_file(tmp_path):
    file = tmp_path / "table.json"
    file.write_text(json.dumps({"made": "by a test", **table().to_json()}), encoding="utf-8")
    loaded = Reliability.load(file)
    np.testing.assert_allclose(loaded.network_error, table().network_error, atol=1e-4)
    np.testing.assert_allclose(loaded.mesh_error, table().mesh_error, atol=1e-5)
    assert loaded.lips == table().lips and loaded.mesh_counts == 1.0
    counted = replace(table(), mesh_counts=0.25)
    assert Reliability.from_json(counted.to_json()).mesh_counts == 0.25
    assert loaded.reading_error is None
    again = Reliability.from_json(replace(with_readings(0.25), usual=np.full(52, 0.5)).to_json())
    assert again.reading_error is not None and (again.reading_error == 0.25).all()
    assert again.usual is not None and (again.usual == 0.5).all()


@pytest.mark.parametrize("damage", [
    lambda data: data.pop("mesh_error"),
    lambda data: data["network_error"].pop("jawOpen"),
    lambda data: data["network_error"].update(jawOpen=0.0),
    lambda data: data["network_error"].update(jawOpen="much"),
    lambda data: data["mesh_error"].pop(),
    lambda data: data["mesh_error"][3].__setitem__(3, -1.0),
    lambda data: data["mesh_error"][3].__setitem__(3, float("nan")),
    lambda data: data["lips"].pop("offset"),
    lambda data: data["lips"].update(more=1.0),
    lambda data: data.update(mesh_counts=0.0),
    lambda data: data.update(mesh_counts="all"),
    lambda data: data.update(reading_error={"jawOpen": 0.1}),
    lambda data: data.update(usual=dict.fromkeys(ARKIT_NAMES, -1.0)),
    lambda data: data.update(reading_error=dict.fromkeys(ARKIT_NAMES, 0.0)),
])  # fmt: skip
def test_a_damaged_table_is_refused(tmp_path, damage):
    data = table().to_json()
    damage(data)
    file = tmp_path / "table.json"
    file.write_text(json.dumps(data), encoding="utf-8")
    with pytest.raises(CaptureError, match=r"reinstall"):
        Reliability.load(file)


@pytest.mark.parametrize("text", ["", "[]", "3", '{"network_error": 1}', "\x00"])
def test_what_is_no_table_is_refused(tmp_path, text):
    file = tmp_path / "table.json"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(CaptureError, match=r"reinstall"):
        Reliability.load(file)
    with pytest.raises(CaptureError, match=r"reinstall"):
        Reliability.load(tmp_path / "none.json")


def test_the_bundled_table_prefers_no_side():
    bundled = bundled_reliability()
    for i, name in enumerate(ARKIT_NAMES):
        if name.endswith("Left"):
            mirrored = ARKIT_NAMES.index(name.removesuffix("Left") + "Right")
            assert bundled.network_error[i] == pytest.approx(bundled.network_error[mirrored])
    left, right = SIDE_PAIRS.T
    information = np.diagonal(bundled.mesh_information(unit_components(MorphableModel.load())))
    np.testing.assert_allclose(information[left], information[right], rtol=1e-3)


def test_information_falls_with_the_square_of_the_error():
    units = np.random.default_rng(0).normal(size=(52, 10))
    np.testing.assert_allclose(table(0.5).mesh_information(units), 4.0 * table(1.0).mesh_information(units))
    np.testing.assert_allclose(table().information, 1.0 / table().network_error ** 2)


def with_readings(error: float = 0.1) -> Reliability:
    return replace(table(), reading_error=np.full(52, error))


def test_what_two_networks_say_is_weighed_by_their_errors():
    rng = np.random.default_rng(1)
    scores, readings = rng.uniform(0.0, 1.0, (2, 7, 52))
    named, information = with_readings().named(scores, readings)
    # The least squares of both, found by calculus: each counts by the inverse of its squared error.
    one, other = 1.0 / table().network_error ** 2, np.full(52, 100.0)
    np.testing.assert_allclose(named, (one * scores + other * readings) / (one + other))
    np.testing.assert_allclose(information, one + other)
    np.testing.assert_allclose(information, with_readings().information)


def test_a_network_that_knows_nothing_takes_nothing_from_the_other():
    """It says 0 all the time, wrong by as much as weights usually are; so it is, but for what is not counted of it."""
    ignorant = replace(table(), network_error=np.full(52, 0.2), reading_error=np.full(52, 0.1), usual=np.full(52, 0.2))
    readings = np.full((1, 52), 0.5)
    named, information = ignorant.named(np.zeros((1, 52)), readings)
    plain, _ = replace(ignorant, usual=None).named(np.zeros((1, 52)), readings)
    np.testing.assert_allclose(plain, 0.4)
    assert (named > 0.46).all() and (named <= 0.5).all()
    assert (information < 1.0 / 0.1**2 + 1.0 / 0.2**2).all()
    # One that reads worse than nothing is heard as one that knows nothing.
    worse = replace(ignorant, reading_error=np.full(52, 5.0))
    assert (worse.information >= worse.score_information).all()


def test_without_readings_or_their_errors_the_scores_stand_alone():
    scores = np.linspace(-0.2, 1.2, 52)[None]
    for reliability, readings in ((with_readings(), None), (table(), np.ones((1, 52)))):
        named, information = reliability.named(scores, readings)
        np.testing.assert_allclose(named, np.clip(scores, 0.0, 1.0))
        np.testing.assert_allclose(information, 1.0 / table().network_error ** 2)
