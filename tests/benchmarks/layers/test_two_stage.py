"""The network takes any number of frames, learns, and keeps what it is."""

import numpy as np
import pytest
import torch

from benchmarks.layers import weights_file
from benchmarks.layers.two_stage import frequency_code
from benchmarks.models.musicecan import MusicEcan


@pytest.mark.parametrize("prefix", ["", "alt/"], ids=["main", "alt"])
def test_it_is_the_reference_s_table(reference, prefix):
    """To the last bit of float32 but one; the cosines of two libraries."""
    table = reference[f"{prefix}freq_emb"]

    np.testing.assert_allclose(frequency_code(len(table)), table, rtol=0, atol=6e-8)


def test_it_begins_with_half_a_period():
    """From one end of the spectrum to the other."""
    first = frequency_code(65)[:, 0]

    np.testing.assert_allclose(first[[0, 32, 64]], [1, 0, -1], atol=1e-7)


TINY = {"widths": [4, 6, 8], "num_tfc": 2, "bins": 17}


def spectrum(frames, bins=17, batch=1):
    return torch.randn(batch, 2, frames, bins, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("depth", [1, 2, 6])
@pytest.mark.parametrize("frames", [1, 2, 3, 5, 34])
@pytest.mark.parametrize("bins", [2, 17, 40])
def test_any_size_comes_back_as_it_was(depth, frames, bins):
    """What is too short for the depth is padded and cropped."""
    network = MusicEcan().build(widths=[2] * (depth + 1), bins=bins)

    with torch.inference_mode():
        answers = network(spectrum(frames, bins))

    assert [answer.shape for answer in answers] == [(1, 2, frames, bins)] * 2
    assert all(torch.isfinite(answer).all() for answer in answers)


def test_short_spectra_are_as_if_silence_followed():
    """Padded with zeros, which is what a silent signal's spectrum is."""
    network, short = MusicEcan().build(**TINY), spectrum(2)
    longer = torch.nn.functional.pad(short, (0, 0, 0, 1))

    with torch.inference_mode():
        padded, whole = network(short)[0], network(longer)[0]

    torch.testing.assert_close(padded, whole[:, :, :2], rtol=0, atol=1e-6)


def test_items_of_a_batch_know_nothing_of_each_other():
    """Together as apart, up to the order of sums."""
    network, both = MusicEcan().build(**TINY), spectrum(9, batch=2)

    with torch.inference_mode():
        together = network(both)[0]
        apart = torch.cat([network(item)[0] for item in both.split(1)])

    torch.testing.assert_close(together, apart, rtol=0, atol=1e-5)


def test_training_and_inference_agree():
    """Gradients change how it is computed, not what."""
    network = MusicEcan().build(**TINY)
    with torch.inference_mode():
        expected = network(spectrum(20))

    for found, wanted in zip(network(spectrum(20)), expected, strict=True):
        torch.testing.assert_close(found, wanted, rtol=0, atol=1e-5)


def test_every_weight_learns():
    """Channel attention, too; gradients are those of finite differences."""
    network = MusicEcan().build(**TINY).double()
    given = spectrum(6).double()

    def loss():
        second, first = network(given)
        return second.square().mean() + first.square().mean()

    loss().backward()

    for name, weight in network.named_parameters():
        direction = torch.ones_like(weight)
        with torch.no_grad():
            weight.add_(direction, alpha=1e-6)
            above = loss()
            weight.sub_(direction, alpha=2e-6)
            below = loss()
            weight.add_(direction, alpha=1e-6)
        # Central differences of 1e-6 leave 1e-9 of rounding.
        torch.testing.assert_close(
            (weight.grad * direction).sum(), (above - below) / 2e-6, rtol=1e-4, atol=1e-7, msg=name
        )


def test_a_stored_network_is_the_same_again(tmp_path):
    """Weights, frequency code and config."""
    network = MusicEcan().build(**TINY, seed=3, input_rms=None)
    path = tmp_path / "weights.safetensors"

    weights_file.save(path, network, model="musicecan")
    again = weights_file.load(path, MusicEcan().build, model="musicecan")

    assert again.config == network.config
    with torch.inference_mode():
        assert torch.equal(again(spectrum(9))[0], network(spectrum(9))[0])


def test_bfloat16_answers_about_the_same():
    """In its own type, and 20 dB or more of agreement even in a network that learned nothing."""
    network = MusicEcan().build(width_multiplier=0.125, depth=4, bins=129)
    given = spectrum(40, 129)
    with torch.inference_mode():
        exact = network(given)[0]
        rough = network.bfloat16()(given.bfloat16())[0]

    error = (rough.float() - exact).square().sum() / exact.square().sum()
    assert rough.dtype == torch.bfloat16
    assert -10 * float(error.log10()) > 20


@pytest.mark.parametrize("frames", [3, 8, 9, 10, 11, 12])
def test_halvings_round_at_the_end_as_they_did_in_training(frames):
    """Silence is appended until the frames leave the remainder of training: here 9, by 4."""
    trained = MusicEcan().build(**TINY, second_stage="residual", train_frames=9)
    plain = MusicEcan().build(**TINY, second_stage="residual")
    plain.load_state_dict(trained.state_dict())
    given, wanted = spectrum(frames), {3: 5, 8: 9, 9: 9, 10: 13, 11: 13, 12: 13}[frames]
    longer = torch.nn.functional.pad(given, (0, 0, 0, wanted - frames))

    with torch.inference_mode():
        found, expected = trained(given)[0], plain(longer)[0][:, :, :frames]
        as_it_is = plain(given)[0]

    torch.testing.assert_close(found, expected, rtol=0, atol=1e-6)
    assert torch.equal(as_it_is, expected) == (frames == wanted)
