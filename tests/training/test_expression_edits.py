# SPDX-License-Identifier: GPL-3.0-or-later
from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="training tests need requirements/training.txt")

from ddfa_blender.names import ARKIT_INDEX, ARKIT_NAMES  # noqa: E402
from ddfa_blender.projection import join, rotation_from_euler  # noqa: E402
from training import dataset  # noqa: E402
from training.edits import Edits, present_scores  # noqa: E402
from training.expression_edits import ExpressionEditor, added_by_edits, make_edits, random_weights  # noqa: E402
from training.faces import decode_picture, encoded_pictures  # noqa: E402
from training.rendering.labels import expression_fit  # noqa: E402

from .labels import points_of  # noqa: E402
from .pncc import rasterise  # noqa: E402


@pytest.fixture(scope="module")
def params():
    transform = np.concatenate([0.55 * rotation_from_euler([8, -4, 5]), [[80.0], [70.0], [0.0]]], axis=1)
    return join(transform, np.random.default_rng(21).normal(0, 0.4, 40), np.zeros(10))


@pytest.fixture(scope="module")
def editor(model):
    return ExpressionEditor(model)


@pytest.fixture(scope="module")
def picture(model, params):
    return rasterise(model, params)


@pytest.fixture(scope="module")
def photos(model, params):
    landmarks68 = points_of(model, params, 160).astype(np.float32)
    images = np.random.default_rng(3).integers(0, 256, (2, 160, 160, 3)).astype(np.uint8)
    ones = np.ones(2, np.float32)
    scores = np.zeros((2, len(ARKIT_NAMES)), np.float32)
    return dataset.Pictures(
        images, np.stack([params] * 2).astype(np.float32), np.stack([landmarks68] * 2), scores, scores + 1, ones, ones,
        np.array([40, 70]), np.zeros(2, bool),
    )  # fmt: skip


def weights(**values):
    result = np.zeros(len(ARKIT_NAMES))
    for name, value in values.items():
        result[ARKIT_INDEX[name]] = value
    return result


def test_adding_nothing_changes_nothing(editor, params):
    picture = np.random.default_rng(1).integers(0, 256, (160, 160, 3)).astype(np.uint8)
    np.testing.assert_array_equal(editor.edit(picture, params, weights()), picture)


@pytest.mark.parametrize(
    ("change", "point"),
    [
        ({"mouthLeft": 1.0}, 57), ({"mouthSmileLeft": 0.8}, 54), ({"mouthFrownRight": 1.0}, 48),
        ({"jawRight": 1.0}, 8), ({"browOuterUpLeft": 1.0}, 24), ({"noseSneerLeft": 1.0}, 35),
    ],
)  # fmt: skip
def test_a_mark_on_the_skin_goes_where_its_landmark_goes(editor, model, params, change, point):
    before = points_of(model, params, 160)
    added = weights(**change)
    _, after = editor.labels(params, before, added)
    assert np.linalg.norm(after[point] - before[point]) > 1.0
    x, y = np.mgrid[:160, :160][::-1] + 0.5
    mark = 255 * np.exp(-((x - before[point, 0]) ** 2 + (y - before[point, 1]) ** 2) / (2 * 1.5**2))
    edited = editor.edit(np.repeat(mark[..., None], 3, axis=2).astype(np.uint8), params, added)[..., 0].astype(float)
    found = np.array([(edited * x).sum(), (edited * y).sum()]) / edited.sum()
    assert np.linalg.norm(found - after[point]) < 0.5 * np.linalg.norm(after[point] - before[point])


def test_an_edit_is_what_rendering_the_deformed_mesh_gives(editor, model, params, picture):
    # The picture's colours are places on the mean head, so that each pixel says which skin it shows.
    added = weights(mouthLeft=1.0, browDownRight=0.8)
    wanted = rasterise(model, params, deltas=np.tensordot(added, model.arkit_basis, 1))
    edited = editor.edit(picture, params, added)
    moved = np.linalg.norm(picture - wanted, axis=-1)
    known = np.isfinite(moved) & np.isfinite(edited).all(axis=-1) & (moved > 2.0)
    assert known.sum() > 200
    assert np.median(np.linalg.norm(edited - wanted, axis=-1)[known]) < 0.15 * np.median(moved[known])


def test_an_edited_render_keeps_the_expression_that_it_was_rendered_with(editor, model, params):
    shown, added = weights(jawOpen=0.5, mouthSmileLeft=0.6), weights(mouthLeft=0.9, browDownRight=0.7)
    before, wanted = (
        rasterise(model, params, deltas=np.tensordot(each, model.arkit_basis, 1)) for each in (shown, shown + added)
    )
    edited = editor.edit(before, params, added, shown)
    moved = np.linalg.norm(before - wanted, axis=-1)
    known = np.isfinite(moved) & np.isfinite(edited).all(axis=-1) & (moved > 2.0)
    assert known.sum() > 200
    assert np.median(np.linalg.norm(edited - wanted, axis=-1)[known]) < 0.2 * np.median(moved[known])


def test_parameters_move_by_the_fit_of_the_deltas(editor, model, params):
    added = weights(jawLeft=0.7, mouthSmileRight=0.4)
    changed, _ = editor.labels(params, np.zeros((68, 2)), added)
    np.testing.assert_array_equal(changed[:52], params[:52])
    np.testing.assert_allclose(changed[52:] - params[52:], added @ expression_fit(model), atol=1e-12)


def test_random_edits_stay_within_what_a_face_can_do():
    rng = np.random.default_rng(4)
    one_sided = 0
    for _ in range(400):
        scores = rng.uniform(0, 1, len(ARKIT_NAMES)) * (rng.random(len(ARKIT_NAMES)) < 0.3)
        change = random_weights(scores, rng)
        together = scores + change
        assert together.min() >= -1e-9
        assert together.max() <= 1 + 1e-9
        assert (change[[ARKIT_INDEX["jawOpen"], ARKIT_INDEX["mouthClose"], ARKIT_INDEX["eyeLookInLeft"]]] == 0).all()
        left, right = (change[[i for n, i in ARKIT_INDEX.items() if n.endswith(side)]] for side in ("Left", "Right"))
        one_sided += (np.abs(left).sum() > 2 * np.abs(right).sum()) or (np.abs(right).sum() > 2 * np.abs(left).sum())
    assert one_sided > 150


def test_edits_are_the_same_each_time_and_survive_the_file(photos, tmp_path):
    edits = make_edits(photos, 3, seed=9)
    again = make_edits(photos, 3, seed=9)
    edits.save(tmp_path / "edits.npz")
    loaded = Edits.load(tmp_path / "edits.npz")
    for name in Edits.__annotations__:
        np.testing.assert_array_equal(getattr(edits, name), getattr(again, name))
        np.testing.assert_array_equal(getattr(edits, name), getattr(loaded, name))


def test_edits_know_the_picture_that_they_were_made_of(photos):
    grey = replace(photos, images=np.stack([np.full((160, 160, 3), level, np.uint8) for level in (60, 180)]))
    edits = make_edits(grey, 6, seed=9)
    joined = edits.joined_with(make_edits(grey, 2, seed=10))
    assert len(joined.key) == 8
    levels = [decode_picture(file).mean() for file in encoded_pictures(joined.images, joined.offsets)]
    np.testing.assert_allclose(levels, np.where(joined.key == 40, 60.0, 180.0), atol=2.0)
    assert set(joined.key) == {40, 70}


def test_edits_without_scores_have_none_and_those_with_some_keep_them(tmp_path):
    file = tmp_path / "scores.npz"
    assert present_scores(file).shape == (0, 52)
    np.savez(file, arkit=np.full((3, 52), 0.5))
    np.testing.assert_array_equal(present_scores(file), np.full((3, 52), 0.5))


def test_edited_renders_have_the_scores_of_both_expressions(photos, tmp_path, monkeypatch):
    scores = np.zeros_like(photos.arkit)
    scores[:, ARKIT_INDEX["jawOpen"]] = 0.25
    renders = replace(photos, arkit=scores, visible=np.array([0.8, 0.9], np.float32))
    edits = make_edits(renders, 4, seed=3, rendered=True)
    edits.save(tmp_path / "renders.npz")
    monkeypatch.setattr(dataset, "RENDER_EDITS", tmp_path / "renders.npz")
    faces = dataset.edited_heads(renders)
    np.testing.assert_allclose(faces.arkit, scores[:1] + edits.weights, atol=1e-6)
    np.testing.assert_allclose(faces.visible, np.where(edits.key == 40, 0.8, 0.9), atol=1e-6)
    assert faces.edited.all()


def test_edited_faces_take_the_teachers_scores_but_for_what_it_never_moves(photos, tmp_path, monkeypatch):
    edits = make_edits(photos, 3, seed=9)
    edits.weights[:, ARKIT_INDEX["cheekPuff"]] = [0.6, -0.2, 0.0]
    scores = np.full((3, len(ARKIT_NAMES)), 0.25, np.float32)
    scores[2] = np.nan
    edits.save(tmp_path / "edits.npz")
    np.savez(tmp_path / "scores.npz", arkit=scores)
    monkeypatch.setattr(dataset, "EDIT_SCORES", tmp_path / "scores.npz")
    monkeypatch.setattr(dataset, "EDITS", tmp_path / "edits.npz")
    faces = dataset.edited_faces()
    assert len(faces.images) == 2  # the teacher found no face in the third
    np.testing.assert_allclose(faces.arkit[:, ARKIT_INDEX["cheekPuff"]], [0.6, 0.0], atol=1e-6)
    np.testing.assert_allclose(faces.arkit[:, ARKIT_INDEX["mouthLeft"]], 0.25)


def test_edits_raise_the_channels_that_they_are_said_to_raise():
    rng = np.random.default_rng(8)
    raised = np.stack([random_weights(np.zeros(len(ARKIT_NAMES)), rng) for _ in range(600)]).max(axis=0) > 0.0
    np.testing.assert_array_equal(added_by_edits(), raised)
