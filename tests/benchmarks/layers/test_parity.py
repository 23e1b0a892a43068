"""Every block, both stages and both spectra are what the reference's graph answers."""

import numpy as np
import pytest
import torch

from benchmarks.layers import stft
from benchmarks.layers.attention import ChannelAttention, SupervisedAttention
from benchmarks.layers.tensorflow_weights import fill
from benchmarks.layers.unet import DecoderLevel, EncoderLevel
from benchmarks.models import musicecan

# float32 sums of some thousand products, in another order than TensorFlow's: 3e-5 measured.
# float64 leaves 1e-13, so that 1e-9 is far from both rounding and any other reading.
TOLERANCES = {np.float32: 1e-4, np.float64: 1e-9}

kinds = pytest.mark.parametrize("kind", TOLERANCES, ids=lambda kind: kind.__name__)


def assert_close(found, expected, kind):
    np.testing.assert_allclose(found.numpy(), expected.numpy(), rtol=0, atol=TOLERANCES[kind])


def network_of(reference, prefix, kind):
    arrays = reference.weights(prefix, kind)
    return musicecan.from_tensorflow({**arrays, "freq_emb": reference[f"{prefix}freq_emb"]})


@kinds
@pytest.mark.parametrize("prefix", ["", "alt/"], ids=["main", "alt"])
def test_both_stages_agree_with_the_reference(reference, prefix, kind):
    """Six levels at 1025 bins, and three at 129 with a batch of two."""
    network = network_of(reference, prefix, kind)

    with torch.inference_mode():
        second, first = network(reference.tensor(f"{prefix}in/0", kind))

    assert_close(second, reference.twin(f"{prefix}out_s2/0"), kind)
    assert_close(first, reference.twin(f"{prefix}out_s1/0"), kind)


@pytest.mark.parametrize("prefix", ["", "alt/"], ids=["main", "alt"])
def test_what_is_on_the_way_agrees_too(reference, prefix):
    """Skips, halved features, the bottleneck before and after attention, a decoder level."""
    network = network_of(reference, prefix, np.float32)
    stage, seen = network.stage_1, {}

    def keep(name):
        def hook(_module, _inputs, output):
            parts = output if isinstance(output, tuple) else (output,)
            names = [f"{name}/down", f"{name}/skip"] if len(parts) == 2 else [name]
            seen.update(zip(names, parts, strict=True))

        return hook

    stage.middle.register_forward_hook(keep("mid"))
    stage.attention.register_forward_hook(keep("eca"))
    for name, levels in (("enc", stage.encoder), ("dec", stage.decoder)):
        for number, level in enumerate(levels):
            level.register_forward_hook(keep(f"{name}/{number}"))
    with torch.inference_mode():
        network(reference.tensor(f"{prefix}in/0"))

    taps = reference.names(f"{prefix}tap/s1/")
    assert len(taps) == 7
    for tap in taps:
        assert_close(seen[tap], reference.tensor(f"{prefix}tap/s1/{tap}"), np.float32)


@kinds
@pytest.mark.parametrize("channels", [8, 64, 512])
def test_channel_attention_agrees(reference, channels, kind):
    """Its kernel grows with the channels."""
    block, prefix = ChannelAttention(channels), f"eca/{channels}"
    fill(block, {part: reference[f"{prefix}/{part}"].astype(kind) for part in ("kernel", "bias")})

    with torch.no_grad():
        answer = block(reference.tensor(f"{prefix}/in", kind))

    assert_close(answer, reference.twin(f"{prefix}/out"), kind)


@kinds
def test_supervised_attention_agrees(reference, kind):
    """The estimate, and the features that it weighs."""
    block = SupervisedAttention(8)
    fill(block, reference.weights("sam1/", kind))

    with torch.no_grad():
        features, estimate = block(
            reference.tensor("sam1/in_feat", kind), reference.tensor("sam1/in_spec", kind)
        )

    assert_close(features, reference.twin("sam1/out_feat"), kind)
    assert_close(estimate, reference.twin("sam1/out_pred"), kind)


@kinds
def test_an_encoder_level_agrees(reference, kind):
    """An odd number of frames is halved upwards."""
    block = EncoderLevel(4, 5, 7, num_tfc=3)
    fill(block, reference.weights("eblock/", kind))

    with torch.no_grad():
        down, skip = block(reference.tensor("eblock/in", kind))

    assert_close(down, reference.twin("eblock/down"), kind)
    assert_close(skip, reference.twin("eblock/skip"), kind)


@kinds
@pytest.mark.parametrize(("name", "inputs"), [("odd", 6), ("even", 6), ("noproj", 5)])
def test_a_decoder_level_agrees(reference, name, inputs, kind):
    """With and without a line to crop, with and without a projection."""
    block, prefix = DecoderLevel(inputs, 5, num_tfc=3), f"dblock_{name}/"
    fill(block, reference.weights(prefix, kind))

    with torch.no_grad():
        answer = block(
            reference.tensor(f"{prefix}in", kind), reference.tensor(f"{prefix}bridge", kind)
        )

    assert_close(answer, reference.twin(f"{prefix}out"), kind)


def test_windows_agree(reference):
    """Both, up to float32 rounding of the stored ones."""
    for name, window in (
        ("window", stft.analysis_window()),
        ("inv_window", stft.synthesis_window()),
    ):
        np.testing.assert_allclose(window, reference[f"stft/{name}"], rtol=0, atol=2e-7)


@pytest.mark.parametrize("number", [0, 1])
def test_spectra_and_their_inverse_agree(reference, number):
    """Of end-padded waveforms, of unpadded ones where there are any, and through a mask."""
    prefix = f"stft/{number}/"
    wave = torch.from_numpy(reference[f"{prefix}wave"])
    padded = torch.nn.functional.pad(wave, (0, -len(wave) % 512 + 2048 - 512))
    spectra = {"spec_padend": stft.forward(padded[None])}
    if "spec_nopad" in reference.names(prefix):
        spectra["spec_nopad"] = stft.forward(wave[None])
    masked = spectra["spec_padend"] * torch.from_numpy(reference[f"{prefix}mask"])
    waves = {"istft": spectra["spec_padend"], "istft_masked": masked}

    for name, found in spectra.items():
        # Up to 200 in size: float32 of two FFTs differs by 4e-5.
        expected = reference[f"{prefix}{name}"]
        np.testing.assert_allclose(torch.complex(*found[0]).numpy(), expected, rtol=0, atol=1e-4)
    for name, found in waves.items():
        # Samples within ±1, or a few times that: 5e-7 measured.
        expected = reference[f"{prefix}{name}"]
        np.testing.assert_allclose(stft.inverse(found)[0], expected, rtol=0, atol=5e-6)
