# SPDX-License-Identifier: GPL-3.0-or-later
import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="training tests need requirements/training.txt")

from ddfa_blender.projection import join, rotation_from_euler  # noqa: E402
from training.augmentation import Augmenter  # noqa: E402
from training.dataset import Pictures, batches  # noqa: E402
from training.model_mirror import component_parity  # noqa: E402
from training.network import FaceRegressor, normalise  # noqa: E402
from training.train import Trainer, TrainingSettings, measure_statistics  # noqa: E402

SETTINGS = TrainingSettings(run="test", crops=64, batch=8, width=0.25, stages=((0.5, 48), (0.5, 64)), warm_up=2)


@pytest.fixture(scope="module")
def pictures(model):
    rng = np.random.default_rng(12)
    linear = 0.5 * rotation_from_euler(rng.uniform(-20, 20, (12, 3)))
    params = join(np.concatenate([linear, np.full((12, 3, 1), 80.0)], axis=-1), np.zeros((12, 40)), np.zeros((12, 10)))
    points = rng.uniform(45, 115, (12, 68, 2))
    images = rng.integers(0, 256, (12, 160, 160, 3)).astype(np.uint8)
    ones = np.ones(12, np.float32)
    return Pictures(images, params.astype(np.float32), points.astype(np.float32),
                    rng.random((12, 52)).astype(np.float32), ones, ones)  # fmt: skip


def train(trainer, pictures, augmenter, until):
    sizes = SETTINGS.crop_sizes()[:until]
    for batch in batches(pictures, augmenter, SETTINGS.batch, sizes, SETTINGS.seed, trainer.step):
        trainer.train_step(batch)


def test_a_resumed_run_equals_an_unbroken_one(pictures, model, tmp_path):
    augmenter = Augmenter(component_parity(model))
    statistics = measure_statistics(pictures, augmenter, 512)
    device = torch.device("cpu")
    unbroken = Trainer(SETTINGS, statistics, device)
    train(unbroken, pictures, augmenter, 6)
    first = Trainer(SETTINGS, statistics, device)
    train(first, pictures, augmenter, 3)
    first.save(tmp_path / "checkpoint.pt")
    resumed = Trainer(SETTINGS, statistics, device)
    resumed.load(torch.load(tmp_path / "checkpoint.pt", weights_only=True))
    train(resumed, pictures, augmenter, 6)
    assert resumed.step == unbroken.step == 6
    for ours, theirs in zip(resumed.network.parameters(), unbroken.network.parameters(), strict=True):
        torch.testing.assert_close(ours, theirs, rtol=0, atol=0)


def test_stages_follow_each_other_and_the_last_one_fills_up():
    assert SETTINGS.crop_sizes() == [48] * 4 + [64] * 4
    assert TrainingSettings(run="", crops=640, stages=((0.33, 80), (0.33, 96), (0.33, 120))).crop_sizes()[-1] == 120


def test_learning_rate_warms_up_and_ends_at_zero():
    rates = [SETTINGS.rate(step) for step in range(SETTINGS.steps + 1)]
    assert rates[0] < rates[1] == SETTINGS.learning_rate
    assert rates[-1] == pytest.approx(0, abs=1e-9)


def test_full_width_network_is_the_papers_size():
    """Paper, Table 2: 3.27 M parameters with its 62 outputs (and 3.2 M in the backbone alone)."""
    network = FaceRegressor()
    backbone = sum(p.numel() for p in network.backbone.parameters())
    assert backbone + 1025 * 62 == pytest.approx(3.27e6, rel=0.01)
    heads = network(normalise(torch.zeros(1, 120, 120, 3, dtype=torch.uint8)))
    assert [head.shape[1] for head in heads] == [62, 136, 52, 1]


def test_exported_file_equals_the_network(pictures, model, tmp_path):
    onnxruntime = pytest.importorskip("onnxruntime")
    pytest.importorskip("onnx")
    from training.export import export, load_deployed

    statistics = measure_statistics(pictures, Augmenter(component_parity(model)), 512)
    trainer = Trainer(SETTINGS, statistics, torch.device("cpu"))
    train(trainer, pictures, Augmenter(component_parity(model)), 2)
    trainer.save(tmp_path / "checkpoint.pt")
    export(tmp_path / "checkpoint.pt", tmp_path / "out.onnx")
    session = onnxruntime.InferenceSession(str(tmp_path / "out.onnx"), providers=["CPUExecutionProvider"])
    crops = np.random.default_rng(13).integers(0, 256, (5, 120, 120, 3)).astype(np.uint8)
    found = session.run(["params", "landmarks", "arkit", "confidence"], {"image": crops})
    unfused = FaceRegressor(SETTINGS.width)
    unfused.load_state_dict(trainer.averaged.state_dict())
    with torch.no_grad():
        heads = unfused.eval()(normalise(torch.from_numpy(crops)))
        statistics = load_deployed(tmp_path / "checkpoint.pt").statistics
        np.testing.assert_allclose(found[0], statistics.real_params(heads.params).numpy(), atol=1e-3)
        np.testing.assert_allclose(found[3], torch.sigmoid(heads.confidence).numpy(), atol=1e-4)
