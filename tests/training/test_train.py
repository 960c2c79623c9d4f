# SPDX-License-Identifier: GPL-3.0-or-later
from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="training tests need requirements/training.txt")

from ddfa_blender.projection import join, rotation_from_euler  # noqa: E402
from training.augmentation import Augmenter  # noqa: E402
from training.dataset import BatchSequence, BatchShape, Pictures, make_batch, mixed  # noqa: E402
from training.losses import Objective  # noqa: E402
from training.network import FaceRegressor, LearnedPooling, Statistics, normalise  # noqa: E402
from training.train import Trainer, averaged_weights, measure_statistics, train  # noqa: E402
from training.training_settings import Method, Stage, TrainingSettings, parse_stages  # noqa: E402

SETTINGS = TrainingSettings(
    run="test", crops=64, batch=8, width=0.25, stages=(Stage(0.5, 48), Stage(0.5, 64, 2)), warm_up=2,
    method=Method.VERTICES, save_every=3, workers=0,
)  # fmt: skip
META_JOINT = replace(SETTINGS, method=Method.META_JOINT, look_ahead=2, follow=1)


@pytest.fixture(scope="module")
def pictures(model):
    rng = np.random.default_rng(12)
    linear = 0.5 * rotation_from_euler(rng.uniform(-20, 20, (12, 3)))
    params = join(np.concatenate([linear, np.full((12, 3, 1), 80.0)], axis=-1), np.zeros((12, 40)), np.zeros((12, 10)))
    points = rng.uniform(45, 115, (12, 68, 2))
    images = rng.integers(0, 256, (12, 160, 160, 3)).astype(np.uint8)
    scores, ones = rng.random((12, 52)).astype(np.float32), np.ones(12, np.float32)
    return Pictures(images, params.astype(np.float32), points.astype(np.float32), scores, np.ones_like(scores), ones,
                    ones, np.arange(12), np.zeros(12, bool))  # fmt: skip


@pytest.fixture(scope="module")
def augmenter(model):
    return Augmenter(model)


@pytest.fixture(scope="module")
def statistics(pictures, augmenter):
    return measure_statistics(pictures, augmenter, 512)


@pytest.mark.parametrize("settings", [SETTINGS, META_JOINT], ids=["vdc", "meta-joint"])
def test_a_resumed_run_equals_an_unbroken_one(settings, pictures, augmenter, statistics, tmp_path):
    sequence = BatchSequence(pictures, augmenter, settings.shapes(), settings.seed)
    device = torch.device("cpu")
    unbroken = Trainer(settings, statistics, device)
    train(unbroken, sequence, tmp_path)
    first = Trainer(settings, statistics, device)
    train(first, sequence, tmp_path, until=4)
    first.save(tmp_path / "checkpoint.pt")
    resumed = Trainer(settings, statistics, device)
    resumed.restore(torch.load(tmp_path / "checkpoint.pt", weights_only=True))
    assert 0 < resumed.step < settings.steps
    train(resumed, sequence, tmp_path)
    assert resumed.step == unbroken.step == settings.steps
    for ours, theirs in zip(resumed.network.parameters(), unbroken.network.parameters(), strict=True):
        torch.testing.assert_close(ours, theirs, rtol=0, atol=0)


def test_a_snapshot_survives_the_steps_after_it(pictures, augmenter, statistics):
    trainer = Trainer(SETTINGS, statistics, torch.device("cpu"))
    batch = BatchSequence(pictures, augmenter, SETTINGS.shapes(), 1)[0]
    trainer.train_step(batch, Objective.VERTICES)
    start = trainer.snapshot()
    ends = []
    for _ in range(2):
        trainer.restore(start)
        for _ in range(2):
            trainer.train_step(batch, Objective.VERTICES)
        ends.append([p.detach().clone() for p in trainer.network.parameters()])
    for ours, theirs in zip(*ends, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=0, atol=0)


def test_meta_joint_logs_a_selection_for_each_look_ahead(pictures, augmenter, statistics, tmp_path):
    trainer = Trainer(META_JOINT, statistics, torch.device("cpu"))
    train(trainer, BatchSequence(pictures, augmenter, META_JOINT.shapes(), 1), tmp_path)
    # 8 batches: two look-aheads of 2 + 1 batches and 1 step after each.
    assert len((tmp_path / "selections.jsonl").read_text(encoding="utf-8").splitlines()) == 2


def test_stages_follow_each_other_and_the_last_one_fills_up():
    assert SETTINGS.shapes() == [BatchShape(8, 48)] * 4 + [BatchShape(8, 64, 2)] * 4
    thirds = TrainingSettings(run="", crops=640, stages=parse_stages("0.33:80,0.33:96,0.33:120:4"))
    assert thirds.shapes()[-1] == BatchShape(64, 120, 4)


@pytest.mark.parametrize("text", ["0.5", "0.5:80:4:1", "half:80"])
def test_a_stage_that_cannot_be_read_is_an_error(text):
    with pytest.raises(ValueError):  # noqa: PT011  (the message is float()'s for the last one)
        parse_stages(text)


def test_learning_rate_warms_up_and_ends_at_zero():
    rates = [SETTINGS.rate(step) for step in range(SETTINGS.steps + 1)]
    assert rates[0] < rates[1] == SETTINGS.learning_rate
    assert rates[-1] == pytest.approx(0, abs=1e-9)


def test_objective_changes_half_way_only_where_it_should():
    changing = replace(SETTINGS, method=Method.VERTICES_FROM_PARAMETERS)
    assert [changing.objective(step) for step in (3, 4)] == [Objective.PARAMETERS, Objective.VERTICES]
    assert SETTINGS.objective(0) is SETTINGS.objective(7) is Objective.VERTICES


def test_each_set_gets_its_share_of_the_draws(pictures):
    renders = replace(pictures, weight=np.full(12, 7.0, np.float32))
    weight = mixed([(pictures, 0.75), (renders, 0.25)]).weight
    assert weight[12:].sum() / weight.sum() == pytest.approx(0.25)
    assert mixed([(renders, 1.0)]).weight.sum() == pytest.approx(1.0)
    with pytest.raises(ValueError, match="add up to 1"):
        mixed([(pictures, 0.25)])


def test_weights_of_another_run_give_the_same_points_under_this_runs_statistics(statistics, tmp_path):
    first = Trainer(SETTINGS, statistics, torch.device("cpu"))
    torch.nn.init.normal_(first.averaged.heads.weight, std=0.5)
    first.save(tmp_path / "checkpoint.pt")
    values = {name: value.clone() for name, value in statistics.state_dict().items()}
    other = Statistics(**{name: 1.3 * value + 0.2 for name, value in values.items()})
    second = FaceRegressor(SETTINGS.width)
    second.load_state_dict(averaged_weights(tmp_path / "checkpoint.pt", other))
    images = torch.randn(3, 3, 64, 64)
    with torch.no_grad():
        before, after = (network.eval()(images) for network in (first.averaged, second))
    torch.testing.assert_close(
        other.real_params(after.params), statistics.real_params(before.params), rtol=1e-3, atol=1e-3
    )
    wanted = statistics.real_landmarks(before.landmarks)
    torch.testing.assert_close(other.real_landmarks(after.landmarks), wanted, rtol=1e-3, atol=1e-3)
    torch.testing.assert_close(after.arkit, before.arkit)


def test_a_batch_is_the_same_whenever_it_is_made(pictures, augmenter):
    chances = np.cumsum(pictures.weight)
    one, two = (make_batch(pictures, chances, augmenter, BatchShape(8, 48, 4), (1, 5)) for _ in range(2))
    assert torch.equal(one.images, two.images) and torch.equal(one.params, two.params)
    assert one.frames == 4
    with pytest.raises(ValueError, match="videos of 3 frames"):
        make_batch(pictures, chances, augmenter, BatchShape(8, 48, 3), (1, 5))


def test_a_video_of_an_edited_face_ends_as_the_face_was_before(pictures, augmenter):
    faces = pictures.selected(np.arange(12) < 6)
    edited = replace(faces, arkit=faces.arkit + 1.0, arkit_known=0.5 * faces.arkit_known, edited=np.ones(6, bool))
    both = mixed([(faces, 0.5), (edited, 0.5)])
    np.testing.assert_array_equal(both.unedited, [-1] * 6 + list(range(6)))
    np.testing.assert_array_equal(edited.unedited, -1)  # the pictures that they were made of are not among them
    batch = make_batch(both, np.cumsum(both.weight), augmenter, BatchShape(64, 48, 4), (1, 5))
    scores, known = batch.arkit.reshape(16, 4, 52), batch.arkit_known.reshape(16, 4, 52)
    changed = (scores[:, 0] - scores[:, -1]).abs().amax(dim=1) > 0
    assert 0 < changed.sum() < 16
    torch.testing.assert_close(scores[:, 0], scores[:, 1])
    torch.testing.assert_close(scores[:, 2], scores[:, 3])
    # A mirrored pair has its sides swapped; each score's change is 1 all the same.
    torch.testing.assert_close((scores[:, 1] - scores[:, 2])[changed], torch.ones(int(changed.sum()), 52))
    assert (known[changed][:, :2] == 0.5).all() and (known[changed][:, 2:] == 1).all()


def test_learned_pooling_starts_as_the_average_at_any_size():
    pooling = LearnedPooling(3, 4)
    feature = torch.randn(2, 3, 6, 5)
    for size in ((4, 4), (6, 5), (2, 3)):
        part = feature[..., : size[0], : size[1]]
        torch.testing.assert_close(pooling(part), part.mean(dim=(2, 3)))


def test_full_width_network_is_the_papers_size():
    """Paper, Table 2: 3.27 M parameters with its 62 outputs (and 3.2 M in the backbone alone)."""
    network = FaceRegressor()
    backbone = sum(p.numel() for p in network.backbone.parameters())
    assert backbone + 1025 * 62 == pytest.approx(3.27e6, rel=0.01)
    heads = network(normalise(torch.zeros(1, 120, 120, 3, dtype=torch.uint8)))
    assert [head.shape[1] for head in heads] == [62, 136, 52, 1]


def test_exported_file_equals_the_network(pictures, augmenter, statistics, tmp_path):
    onnxruntime = pytest.importorskip("onnxruntime")
    pytest.importorskip("onnx")
    from training.export import export, load_deployed

    trainer = Trainer(SETTINGS, statistics, torch.device("cpu"))
    train(trainer, BatchSequence(pictures, augmenter, SETTINGS.shapes(), 1), tmp_path, until=2)
    trainer.save(tmp_path / "checkpoint.pt")
    export(tmp_path / "checkpoint.pt", tmp_path / "out.onnx")
    session = onnxruntime.InferenceSession(str(tmp_path / "out.onnx"), providers=["CPUExecutionProvider"])
    crops = np.random.default_rng(13).integers(0, 256, (5, 120, 120, 3)).astype(np.uint8)
    found = session.run(["params", "landmarks", "arkit", "confidence"], {"image": crops})
    unfused = FaceRegressor(SETTINGS.width)
    unfused.load_state_dict(trainer.averaged.state_dict())
    unfused.heads.weight.data = unfused.heads.weight.data.half().float()
    with torch.no_grad():
        heads = unfused.eval()(normalise(torch.from_numpy(crops)))
        stored = load_deployed(tmp_path / "checkpoint.pt").statistics
        np.testing.assert_allclose(found[0], stored.real_params(heads.params).numpy(), atol=1e-3)
        np.testing.assert_allclose(found[3], torch.sigmoid(heads.confidence).numpy(), atol=1e-4)


def test_frozen_layers_stay_as_they_are_and_the_others_learn(pictures, augmenter, statistics):
    trainer = Trainer(replace(SETTINGS, frozen_layers=3), statistics, torch.device("cpu"))
    before = {name: value.clone() for name, value in trainer.network.backbone.state_dict().items()}
    sequence = BatchSequence(pictures, augmenter, SETTINGS.shapes(), 1)
    for step in range(2):
        trainer.train_step(sequence[step], Objective.VERTICES)
    trainer.vertex_error(sequence[2])  # goes through evaluation mode and back
    trainer.train_step(sequence[3], Objective.VERTICES)
    for name, value in trainer.network.backbone.state_dict().items():
        frozen = int(name.split(".")[0]) < 3
        assert torch.equal(value, before[name]) == frozen, name


def test_the_last_layers_cannot_be_frozen():
    with pytest.raises(ValueError, match="layers can be frozen"):
        FaceRegressor(0.25).freeze(99)
