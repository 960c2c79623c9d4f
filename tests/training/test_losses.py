# SPDX-License-Identifier: GPL-3.0-or-later
import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="training tests need requirements/training.txt")

from dataclasses import replace  # noqa: E402

from ddfa_blender.names import ARKIT_NAMES  # noqa: E402
from training.dataset import Batch  # noqa: E402
from training.losses import (  # noqa: E402
    Objective,
    RegressorLoss,
    VertexDistance,
    aperture_error,
    arkit_weights,
    change_error,
    score_divergence,
)
from training.network import Heads, Statistics  # noqa: E402
from training.parameter_costs import FaceSurface, random_labels  # noqa: E402


@pytest.fixture(scope="module")
def distance(model):
    return VertexDistance(FaceSurface(model)).double()


@pytest.fixture
def loss(model):
    return RegressorLoss(model, Statistics(torch.zeros(62), torch.ones(62), torch.zeros(136), torch.ones(136),
                                           torch.ones(52)))  # fmt: skip


def random_heads(count):
    return Heads(*(torch.randn(count, n, requires_grad=True) for n in (62, 136, 52, 1)))


def random_batch(count, loss, frames=1):
    images, params = torch.zeros(count, 8, 8, 3, dtype=torch.uint8), random_labels(count)
    landmarks = loss.vertex_distance.surface.project(params)[:, -68:, :2] * torch.tensor([1.0, -1.0])
    return Batch(images, params, landmarks.flatten(1), torch.rand(count, 52), torch.ones(count, 52),
                 torch.ones(count, 1), frames)  # fmt: skip


def perfect_heads(batch):
    logits = torch.logit(batch.arkit.clamp(1e-4, 1 - 1e-4))
    return Heads(batch.params.clone(), batch.landmarks.clone(), logits, torch.full((len(logits), 1), 10.0))


def test_a_shift_costs_its_length(distance):
    truth = random_labels(3).double()
    moved = truth.clone()
    moved[:, 3] += 3.0
    moved[:, 7] += 4.0
    np.testing.assert_allclose(distance(moved, truth).numpy(), 5.0 / 120, rtol=1e-4)


def test_gradient_matches_finite_differences(distance):
    truth = random_labels(3).double()
    params = (truth + 0.05).requires_grad_()
    distance(params, truth).sum().backward()
    direction = torch.tensor(np.random.default_rng(11).normal(size=params.shape))
    step = 1e-6
    with torch.no_grad():
        slope = (distance(params + step * direction, truth) - distance(params - step * direction, truth)).sum()
    assert float((params.grad * direction).sum()) == pytest.approx(float(slope) / (2 * step), rel=1e-5)


def test_a_constant_error_is_steady_and_a_trembling_one_is_not(distance):
    truth = random_labels(6).double()
    constant, trembling = truth.clone(), truth.clone()
    constant[:, 3] += 5.0
    trembling[:, 3] += torch.tensor([0.0, 2.0, 0.0, 0.0, 2.0, 0.0]).double()
    assert distance.steadiness(constant, truth, frames=3).max() < 1e-4
    np.testing.assert_allclose(distance.steadiness(trembling, truth, frames=3).numpy(), 2.0 / 120, rtol=1e-4)


@pytest.mark.parametrize("objective", Objective)
def test_a_picture_without_a_face_moves_only_the_confidence(loss, objective):
    heads, batch = random_heads(2), random_batch(2, loss)
    batch.confidence[1] = 0.0
    total, _ = loss(heads, batch, objective)
    total.backward()
    assert heads.params.grad[1].abs().max() == 0
    assert heads.arkit.grad[1].abs().max() == 0
    assert heads.params.grad[0].abs().max() > 0
    assert heads.confidence.grad.abs().min() > 0


def test_a_perfect_prediction_costs_next_to_nothing(loss):
    batch = random_batch(4, loss, frames=2)
    _, terms = loss(perfect_heads(batch), batch, Objective.BOTH)
    assert set(terms) == {
        "vertices", "parameters", "landmarks", "arkit", "apertures", "steadiness", "changes", "confidence",
    }  # fmt: skip
    assert max(terms.values()) < 1e-3


def test_every_term_pulls_with_its_share_whatever_its_size(loss):
    """Algorithm 1: the regularisation is scaled to the size of the objective."""
    batch = random_batch(4, loss)
    slight, strong = perfect_heads(batch), perfect_heads(batch)
    slight.landmarks[:] += 1.0
    strong.landmarks[:] += 3.0
    totals = [float(loss(heads, batch, Objective.VERTICES)[0]) for heads in (slight, strong)]
    assert totals[0] == pytest.approx(totals[1], rel=1e-6)


def test_scores_that_are_not_known_pull_less(loss):
    heads, batch = random_heads(4), random_batch(4, loss)
    known = torch.ones(4, 52)
    known[:, ARKIT_NAMES.index("cheekPuff")] = 0.0
    loss(heads, replace(batch, arkit_known=known))[0].backward()
    columns = heads.arkit.grad.abs().sum(dim=0)
    assert columns[ARKIT_NAMES.index("cheekPuff")] == 0
    assert columns[ARKIT_NAMES.index("jawOpen")] > 0


def test_frames_without_a_face_do_not_count_as_unsteady(loss):
    batch = random_batch(4, loss, frames=2)
    heads = perfect_heads(batch)
    batch.params[1] += 1.0
    _, shaken = loss(heads, batch)
    batch.confidence[1] = 0.0
    _, unseen = loss(heads, batch)
    assert shaken["steadiness"] > 1e-2
    assert unseen["steadiness"] < 1e-3


def test_the_best_guess_of_a_rare_channel_is_its_mean():
    """One face in ten at 0.6: the median is 0, the mean 0.06."""
    scores = torch.tensor([0.6] + 9 * [0.0])
    guesses = torch.linspace(0.01, 0.5, 491)
    costs = [float(score_divergence(torch.logit(guess).expand(10), scores).mean()) for guess in guesses]
    assert float(guesses[int(np.argmin(costs))]) == pytest.approx(0.06, abs=2e-3)


def test_the_gradient_of_a_score_is_its_error_even_where_the_sigmoid_is_flat():
    logits = torch.tensor([-8.0, 0.0, 8.0], requires_grad=True)
    scores = torch.tensor([1.0, 0.5, 0.3])
    score_divergence(logits, scores).sum().backward()
    torch.testing.assert_close(logits.grad, torch.sigmoid(logits.detach()) - scores, atol=1e-6, rtol=0)
    assert float(score_divergence(torch.logit(scores.clamp(1e-6, 1 - 1e-6)), scores).abs().max()) < 1e-5


def test_an_aperture_is_as_wrong_as_its_opening_wherever_it_is():
    truth = torch.tensor(np.random.default_rng(2).normal(60, 20, (2, 68, 2)))
    assert aperture_error(truth + 7.0, truth).max() < 1e-4  # moved as a whole
    closed = truth.clone()
    closed[:, [37, 38]] += torch.tensor([0.0, 3.0])  # two of seven openings, by three pixels
    np.testing.assert_allclose(aperture_error(closed, truth).numpy(), 2 / 7 * 3.0 / 120, rtol=1e-3)


def test_lids_are_not_closed_by_turning_the_head(loss):
    batch = random_batch(3, loss)
    turned = perfect_heads(batch)
    turned.params[:, :12] += 0.1 * torch.randn(3, 12)
    assert loss(turned, batch)[1]["apertures"] < 1e-3
    shaped = perfect_heads(batch)
    shaped.params[:, 52:] += 1.0
    assert loss(shaped, batch)[1]["apertures"] > 1e-3


def test_changes_do_not_care_what_a_face_looks_like_at_rest(loss):
    batch = random_batch(4, loss, frames=2)
    heads = perfect_heads(replace(batch, arkit=0.5 * batch.arkit + 0.3))
    _, half = loss(heads, batch)
    _, right = loss(perfect_heads(batch), batch)
    change = (batch.arkit[0::2] - batch.arkit[1::2]).abs() * loss.arkit_weights
    assert right["changes"] < 1e-3
    assert half["changes"] == pytest.approx(0.5 * float(change.mean()), rel=1e-3)
    still = replace(batch, arkit=batch.arkit[[0, 0, 2, 2]])
    assert loss(heads, still)[1]["changes"] == 0.0  # no expression changes
    unseen = replace(batch, confidence=torch.tensor([[1.0], [0.0], [0.0], [1.0]]))
    assert loss(heads, unseen)[1]["changes"] == 0.0


def test_the_gradient_of_a_change_is_its_error_even_where_the_sigmoid_is_flat():
    logits = torch.tensor([[-9.0, 1.0], [-9.5, 0.5]], requires_grad=True)
    error = torch.sigmoid(logits).diff(dim=0) - torch.tensor([[0.4, -0.2]])
    change_error(error, logits.diff(dim=0)).sum().backward()
    torch.testing.assert_close(logits.grad, torch.cat([-error.detach(), error.detach()]))


def test_channels_that_move_little_weigh_more():
    spread = torch.full((52,), 0.2)
    spread[ARKIT_NAMES.index("noseSneerLeft")] = 0.1
    weights = dict(zip(ARKIT_NAMES, arkit_weights(spread).tolist(), strict=True))
    assert weights["noseSneerLeft"] == pytest.approx(2 * weights["noseSneerRight"])
    assert weights["eyeBlinkLeft"] == pytest.approx(2 * weights["noseSneerRight"])
    assert sum(weights.values()) == pytest.approx(52, rel=1e-5)
