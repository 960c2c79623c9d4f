# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ddfa_blender.morphable_model import MorphableModel
from ddfa_blender.names import ARKIT_NAMES
from ddfa_blender.projection import CROP_SIZE, Pose, compose, join
from ddfa_blender.solve import FittedClip, SolveSettings, fit_clip
from ddfa_blender.take import Take, TakeHeader
from tools import animation_fidelity as fidelity
from tools.animation_fidelity import CAPTURED, HEAD, TRUE, WEIGHTS, Agreement, Clip, agreement
from tools.face_features import FEATURES
from tools.project import status_of
from training.evaluation.known_weights import clip_files
from training.evaluation.teacher_tracks import TeacherTrack

_WAVE = np.sin(np.arange(90) / 5.0)
_SIDE = 400


def made_up(name: str = "made up", **curves: np.ndarray) -> Clip:
    """A clip of which every feature is as given, by whose it is."""
    each = {whose.replace("_", " "): dict.fromkeys(FEATURES, curve) for whose, curve in curves.items()}
    return Clip(name, each, np.ones(len(_WAVE), bool), np.tile(np.eye(3), (len(_WAVE), 1, 1)))


def test_half_the_movement_has_half_the_gain() -> None:
    found = Agreement.of(0.5 * _WAVE + 3.0, 2.0 * _WAVE - 1.0)
    assert found is not None
    assert found.r == pytest.approx(1.0) and found[1:3] == pytest.approx((0.25, 0.25))
    assert found.moves == pytest.approx(2.0 * _WAVE.std())


def test_noise_lowers_the_gain_no_less_than_r_and_leaves_the_span() -> None:
    random = np.random.default_rng(0)
    noisy = Agreement.of(_WAVE + random.normal(size=90), 2.0 * _WAVE)
    assert noisy is not None and noisy.r < 0.75 and noisy.gain == pytest.approx(0.5, abs=0.15)
    assert noisy.span > noisy.gain + 0.2


def test_a_still_or_an_unknown_reference_says_nothing() -> None:
    assert Agreement.of(_WAVE, 0.1 * _WAVE) is None
    assert Agreement.of(_WAVE, np.full(90, np.nan)) is None
    holes = 2.0 * _WAVE
    holes[10:] = np.nan
    assert Agreement.of(_WAVE, holes) is None
    assert agreement(made_up(head=_WAVE), "lips apart", HEAD, TRUE) is None


def test_turned_heads_do_not_count_nor_does_a_gaze_behind_closed_lids() -> None:
    curve = np.where(np.arange(90) < 45, 1.0, -5.0) * _WAVE
    clip = made_up(head=curve, reference=_WAVE)
    turned = Clip(clip.name, clip.curves, np.arange(90) < 45, clip.rotation)
    found = agreement(turned, "lips apart", HEAD, TRUE)
    assert found is not None and found.gain == pytest.approx(1.0)
    lids = np.where(np.arange(90) < 60, 10.0, 1.0)
    clip = made_up(head=np.where(np.arange(90) < 60, 1.0, -5.0) * _WAVE, reference=_WAVE)
    clip.curves[TRUE].update({"left lids apart": lids, "right lids apart": lids})
    looking = agreement(clip, "gaze up", HEAD, TRUE)
    assert looking is not None and looking.gain == pytest.approx(1.0)
    elsewhere = agreement(clip, "left brow up", HEAD, TRUE)
    assert elsewhere is not None and elsewhere.gain < 0.0


def test_the_table_tells_the_means_of_the_clips_that_move() -> None:
    open_lids = {"left lids apart": np.full(90, 10.0), "right lids apart": np.full(90, 10.0)}
    clips = [made_up(str(size), head=size * _WAVE, reference=_WAVE) for size in (0.5, 1.5)]
    clips.append(made_up("still", head=_WAVE, reference=0.0 * _WAVE))
    for clip in clips:
        clip.curves[TRUE].update(open_lids)
    rows = {line[:28].strip(): line[28:].split() for line in fidelity.table("made up", clips).splitlines()}
    assert rows["lips apart"] == ["2", "1.00", "1.00", "1.00"]
    assert rows["left lids apart"] == ["0", "–", "–", "–"]
    assert rows["gaze up"] == ["2", "1.00", "1.00", "1.00"]
    lines = fidelity.each_clip(clips).splitlines()
    first = lines.index(next(line for line in lines if line.startswith("lips apart")))
    assert [line.split()[0] for line in lines[first + 1 : first + 3]] == ["0.5", "1.5"]
    assert "still" not in lines[first + 3]


def test_only_what_shakes_trembles() -> None:
    shaking = (-1.0) ** np.arange(90)
    for curve, size in ((shaking, 4.0), (np.arange(90.0), 0.0)):
        line = fidelity.tremble([made_up("calm", head=curve, reference=_WAVE)]).splitlines()[1]
        assert line.split()[:2] == ["calm", "0.00"] and f"{size:.2f}, ref." in line


def take_of(model: MorphableModel, arkit: np.ndarray) -> Take:
    """A still head whose points and scores show the weights, and whose mesh shows nothing."""
    count = len(arkit)
    pose = Pose(np.full(count, 0.5), np.tile(np.eye(3), (count, 1, 1)), np.tile([60.0, 60.0, 0.0], (count, 1)))
    params = join(compose(pose), np.zeros((count, 40)), np.zeros((count, 10)))
    seen = 0.5 * model.at_landmarks(model.vertices(arkit=arkit).astype(np.float64)) + [60.0, 60.0, 0.0]
    points = np.stack([100.0 + seen[..., 0], 100.0 + CROP_SIZE - seen[..., 1], seen[..., 2]], axis=-1)
    return Take(
        time=np.arange(count) / 30.0, params=params.astype(np.float32), confidence=np.full(count, 0.9, np.float32),
        roi=np.tile([100.0, 100.0, 100.0 + CROP_SIZE, 100.0 + CROP_SIZE], (count, 1)),
        landmarks68=points.astype(np.float32), arkit=arkit.astype(np.float32),
        header=TakeHeader("made up", _SIDE, _SIDE, 30.0, "none", ""),
    )  # fmt: skip


@pytest.fixture(scope="module")
def smiles() -> np.ndarray:
    """(90, 52): smiles to the left, and looks up."""
    weights = np.zeros((90, 52))
    weights[:, ARKIT_NAMES.index("mouthSmileLeft")] = 0.4 + 0.4 * _WAVE
    for side in ("Left", "Right"):
        weights[:, ARKIT_NAMES.index(f"eyeLookUp{side}")] = 0.4 - 0.4 * _WAVE
    return weights


def test_a_capture_is_measured_on_the_head_that_the_add_on_builds(
    model: MorphableModel, smiles: np.ndarray, tmp_path: Path
) -> None:
    truth = tmp_path / "truth.npz"
    np.savez(truth, arkit=smiles, identity=np.zeros(40))
    measuring = fidelity.Measuring(model)
    clip = measuring.clip("made up", take_of(model, smiles), lambda fitted: measuring.rendered(truth, fitted))
    captured = agreement(clip, "left corner up", CAPTURED, TRUE)
    assert captured is not None and captured.r > 0.999 and captured.gain == pytest.approx(1.0, abs=0.02)
    # The mesh shows nothing: the head does not smile. Its eyes, which no component turns, look up.
    smile, look = agreement(clip, "left corner up", HEAD, TRUE), agreement(clip, "gaze up", HEAD, TRUE)
    assert smile is not None and abs(smile.gain) < 0.05
    assert look is not None and look.r > 0.98 and 0.6 < look.gain < 1.2
    with_weights = agreement(clip, "left corner above right", WEIGHTS, TRUE)
    assert with_weights is not None and with_weights.r > 0.9 and with_weights.gain > 0.4
    assert np.isnan(clip.curves[CAPTURED]["gaze up"]).all() and clip.counts.all()


def test_the_teacher_s_points_are_seen_from_the_captured_pose(model: MorphableModel, smiles: np.ndarray) -> None:
    take = take_of(model, smiles)
    fitted: FittedClip = fit_clip(take, np.ones(90, bool), model, SolveSettings())
    landmarks = np.zeros((100, 478, 3), np.float32)  # the teacher saw more of the clip
    landmarks[:90, :68] = take.landmarks68
    landmarks[:90, [473, 468]] = take.landmarks68[:, [42, 36]]
    track = TeacherTrack(
        landmarks, np.pad(smiles, ((0, 10), (0, 0))).astype(np.float32), np.zeros((100, 4, 4), np.float32)
    )
    weights68 = np.eye(68, 478)
    measuring = fidelity.Measuring(model)
    points = measuring.teacher(track, weights68, fitted)
    own = measuring.seen(fitted, np.concatenate([fitted.points, fitted.points[:, [42, 36]]], axis=1))
    np.testing.assert_allclose(points[TRUE], own, atol=1e-3)
    mesh = model.vertices(fitted.identity, arkit=smiles[40])
    np.testing.assert_allclose(points[fidelity.TEACHER_WEIGHTS][40, :68], model.at_landmarks(mesh), atol=1e-3)


def test_without_material_it_says_so(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(fidelity, "clip_files", lambda: clip_files(Path("nowhere")))
    monkeypatch.setattr(fidelity, "engine_with", lambda path: None)
    assert status_of(lambda: fidelity.main(["--only", "renders"])) == 2
    assert "There are no clips" in capsys.readouterr().err
