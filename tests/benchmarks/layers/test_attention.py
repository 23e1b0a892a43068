"""Attention looks at as many channels as the paper says."""

import math

import pytest
import torch

from benchmarks.layers.attention import ChannelAttention, HalfGate, RedrawnGate, eca_kernel
from benchmarks.models.musicecan import MusicEcan
from benchmarks.models.two_stage_unet import TwoStageUnet
from mn_dataset.errors import InputError, UnknownName

GATED = {
    None: ChannelAttention,
    "learned": ChannelAttention,
    "half": HalfGate,
    "redrawn": RedrawnGate,
}


@pytest.mark.parametrize("channels", [*range(1, 300), 511, 512, 513, 1023, 1024, 4096])
def test_the_kernel_is_that_of_the_formula(channels):
    """t = int(|(log2 C + 1) / 2|), the next odd number where it is even."""
    half = int(abs((math.log2(channels) + 1) / 2))

    assert eca_kernel(channels) == (half if half % 2 else half + 1)


def test_no_weights_are_a_gate_of_one_half():
    """The neutral filling of converted networks."""
    features = torch.randn(1, 8, 3, 4, generator=torch.Generator().manual_seed(0))

    torch.testing.assert_close(ChannelAttention(8)(features), features / 2)


def features(batch=2):
    return torch.rand(batch, 64, 3, 4, generator=torch.Generator().manual_seed(0))


def test_half_a_gate_is_the_neutral_attention():
    """And learns nothing."""
    torch.testing.assert_close(HalfGate()(features()), ChannelAttention(64)(features()))
    assert not list(HalfGate().parameters())


def test_a_redrawn_gate_differs_from_call_to_call_in_training():
    """By torch's own generator, so that a run can be resumed."""
    gate = RedrawnGate(64).train()
    torch.manual_seed(1)
    first, second = gate(features()), gate(features())
    torch.manual_seed(1)

    assert not torch.equal(first, second)
    torch.testing.assert_close(gate(features()), first)
    assert not list(gate.parameters())


def test_a_redrawn_gate_has_one_kernel_for_a_batch_in_training():
    """As released: what stands twice in a batch is weighed alike, in another call otherwise."""
    gate, given = RedrawnGate(64).train(), features(batch=1).expand(3, -1, -1, -1)
    torch.manual_seed(1)

    weighed = gate(given)

    torch.testing.assert_close(weighed[0], weighed[1])
    torch.testing.assert_close(weighed[0], weighed[2])
    assert not torch.allclose(gate(given), weighed, atol=1e-3)


def test_a_redrawn_gate_is_drawn_from_the_excerpt_in_inference():
    """The same estimate again, alone or in a batch; another excerpt has another kernel."""
    gate, given = RedrawnGate(64).eval(), features()

    both = gate(given)

    torch.testing.assert_close(gate(given), both)
    torch.testing.assert_close(gate(given[1:]), both[1:])
    kernels = [(both[item] / given[item]).logit() for item in (0, 1)]
    assert not torch.allclose(kernels[0], kernels[1], atol=1e-3)


def test_a_redrawn_gate_is_a_channel_attention_of_some_kernel():
    """Glorot-uniform: within the root of 3 / kernel, no bias."""
    torch.manual_seed(0)
    given = features(batch=1)
    gates = (RedrawnGate(64).train()(given) / given).mean(dim=(2, 3)).logit()[0]
    means = given.mean(dim=(2, 3))[0]
    padded = torch.nn.functional.pad(means, (1, 1))

    seen = torch.stack([padded[:-2], means, padded[2:]], dim=1)
    kernel = torch.linalg.lstsq(seen.double(), gates.double()).solution

    torch.testing.assert_close(seen.double() @ kernel, gates.double(), atol=1e-4, rtol=0)
    assert float(kernel.abs().max()) <= 1.0


def test_the_gate_is_chosen_by_name():
    """A network without a gate has none to choose."""
    small = {"depth": 1, "width_multiplier": 0.1}
    kinds = [type(MusicEcan().build(gate=name, **small).stage_1.attention) for name in GATED]

    assert kinds == list(GATED.values())
    with pytest.raises(UnknownName, match="did you mean 'half'"):
        MusicEcan().build(gate="halve", **small)
    with pytest.raises(InputError, match="weighs no channels"):
        TwoStageUnet().build(gate="half", **small)
