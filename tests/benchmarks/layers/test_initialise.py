"""First weights come from their seed alone."""

import numpy as np
import pytest
import torch

from benchmarks.layers.initialise import initialise
from benchmarks.models.musicecan import MusicEcan
from mn_dataset.errors import UnknownName

SMALL = {"widths": [6, 8, 8, 16], "bins": 65}


def state(**config):
    return MusicEcan().build(**{**SMALL, **config}).state_dict()


@pytest.mark.parametrize("scheme", ["fan_in", "original"])
def test_a_seed_gives_the_same_weights_again(scheme):
    """Whatever torch's global generator did, which is left alone."""
    torch.manual_seed(1)
    first = state(initialiser=scheme)
    before = torch.get_rng_state()

    again = state(initialiser=scheme)

    assert torch.equal(before, torch.get_rng_state())
    assert all(torch.equal(first[name], again[name]) for name in first)
    other = state(initialiser=scheme, seed=1)
    weights = [name for name in first if name.endswith("weight")]
    assert not any(torch.equal(first[name], other[name]) for name in weights)


def test_an_untrained_network_hands_on_about_what_it_is_given():
    """Stage 1 adds a tenth of a residual; four features of stage 2 carry the spectrum through."""
    network = MusicEcan().build(width_multiplier=0.25)
    generator = torch.Generator().manual_seed(0)
    with torch.inference_mode():
        given = torch.randn(1, 2, 40, 1025, generator=generator)
        answers = network(given)

    for answer in answers:
        # 10 dB: what is random is a third of what is carried, at most.
        assert float((answer - given).std()) < 0.32


def test_a_network_too_narrow_to_carry_is_all_random():
    """Three features hold no spectrum with both signs; it is built all the same."""
    weights = MusicEcan().build(widths=[3, 4], bins=17).state_dict()

    assert not any(weights[name].any() for name in weights if name.endswith("bias"))


@pytest.mark.parametrize(
    ("name", "fan_in"),
    [("stage_1.encoder.0.block.dense.2", 9 * 96), ("stage_2.decoder.1.up", 4 * 64)],
)
def test_fan_in_draws_normal_weights_of_its_variance(name, fan_in):
    """A transposed convolution of stride 2 sums a quarter of its kernel at each output."""
    layer = MusicEcan().build(depth=2).get_submodule(name)

    # 28,000 draws and more: a standard error of 0.4 %.
    np.testing.assert_allclose(float(layer.weight.detach().std()), fan_in**-0.5, rtol=0.02)


def test_the_original_is_a_truncated_normal():
    """Standard deviation 0.05, cut at two of them, which leaves 0.7737 of its variance."""
    weights = MusicEcan().build(depth=3, initialiser="original").state_dict()
    large = weights["stage_1.middle.dense.2.weight"]

    assert float(large.abs().max()) <= 0.1
    np.testing.assert_allclose(float(large.std()), 0.05 * 0.7737**0.5, rtol=0.01)  # 442,368 draws
    assert not weights["stage_1.middle.dense.2.bias"].any()


def test_an_unknown_scheme_is_named():
    """With the nearest."""
    with pytest.raises(UnknownName, match="did you mean 'original'"):
        initialise(torch.nn.Identity(), seed=0, scheme="origin")


SMALL_of_second_stage = {"depth": 2, "width_multiplier": 0.25}


def spectra():
    return torch.randn(1, 2, 20, 1025, generator=torch.Generator().manual_seed(0))


def test_it_is_the_direct_answer_plus_that_of_the_first():
    """With the same weights."""
    direct, residual = (
        MusicEcan().build(second_stage=name, **SMALL_of_second_stage).eval()
        for name in ("direct", "residual")
    )
    residual.load_state_dict(direct.state_dict())

    with torch.no_grad():
        (second, first), (sum_, same) = direct(spectra()), residual(spectra())

    torch.testing.assert_close(same, first)
    torch.testing.assert_close(sum_, second + first)


def test_untrained_it_answers_about_as_the_first_does():
    """The addition is a tenth of what random weights would give."""
    with torch.no_grad():
        second, first = MusicEcan().build(second_stage="residual", **SMALL_of_second_stage)(
            spectra()
        )

    assert float((second - first).square().mean()) < 0.1 * float(first.square().mean())
    assert not torch.equal(second, first)


def test_an_unknown_one_is_named():
    """With the nearest."""
    with pytest.raises(UnknownName, match="did you mean 'residual'"):
        MusicEcan().build(second_stage="residuum", **SMALL_of_second_stage)
