# SPDX-License-Identifier: GPL-3.0-or-later
import pytest

torch = pytest.importorskip("torch", reason="training tests need requirements/training.txt")

from torch import nn  # noqa: E402

from training.depthwise import DepthwiseConvolution  # noqa: E402


def _pair(stride):
    """An ordinary depthwise convolution and ours with the same weights."""
    plain = nn.Conv2d(6, 6, 3, stride, 1, groups=6, bias=False)
    ours = DepthwiseConvolution(6, 6, 3, stride, 1, groups=6, bias=False)
    ours.load_state_dict(plain.state_dict())
    return plain, ours


def _gradients(layer, feature, upstream):
    """Output and gradients of feature and weight, in float32."""
    feature = feature.clone().requires_grad_()
    output = layer(feature)
    output.backward(upstream.to(output.dtype))
    return output.float(), feature.grad.float(), layer.weight.grad.float()


@pytest.mark.parametrize("stride", [1, 2])
def test_gradients_in_mixed_precision_are_those_of_float32_but_for_rounding(stride):
    torch.manual_seed(0)
    plain, ours = _pair(stride)
    feature = torch.randn(3, 6, 10, 10).bfloat16()
    upstream = torch.randn(plain(feature.float()).shape)
    exact = _gradients(plain, feature.float(), upstream)
    plain.zero_grad()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        found = _gradients(ours, feature, upstream)
    for name, a, b in zip(("output", "feature", "weight"), found, exact, strict=True):
        # bfloat16 keeps eight bits.
        assert (a - b).norm() < 0.01 * b.norm(), name


def test_outside_mixed_precision_it_is_the_ordinary_convolution():
    torch.manual_seed(1)
    plain, ours = _pair(1)
    feature, upstream = torch.randn(2, 6, 7, 7), torch.randn(2, 6, 7, 7)
    for a, b in zip(_gradients(ours, feature, upstream), _gradients(plain, feature, upstream), strict=True):
        torch.testing.assert_close(a, b, rtol=0, atol=0)


def test_no_gradient_goes_to_an_input_that_wants_none():
    _, ours = _pair(1)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        ours(torch.randn(2, 6, 5, 5).bfloat16()).float().sum().backward()
    assert ours.weight.grad is not None
    assert torch.isfinite(ours.weight.grad).all()
