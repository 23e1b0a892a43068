"""Every registered and installed separator answers the same questions."""

import numpy as np
import pytest

from benchmarks import registry
from benchmarks.contract import RANK_GROUPS
from benchmarks.harness.apply import load_denoiser
from benchmarks.layers import weights_file
from mn_dataset.seeds import generator

RATE = 44_100
NARROW = {
    "drnn": {"hidden": 8},
    "wvpnn": {"hidden": 4},
    "cvpnn": {"hidden": 4},
    "acapella_cnn": {"width_multiplier": 0.05},
}
"""Keywords that build a network small."""


def subjects():
    for name, entry in registry.denoisers().items():
        if entry.load().spec.task != "separate":
            continue
        absent = pytest.mark.skipif(not entry.installed, reason=f"needs: {entry.install}")
        yield pytest.param(name, marks=absent, id=name)


@pytest.fixture(scope="module", params=subjects())
def separator(request, tmp_path_factory):
    """The separator; a learned one of a few units, with weights that nobody trained."""
    model = registry.denoiser(request.param).load()
    if not model.spec.learned:
        return load_denoiser(request.param)
    weights = tmp_path_factory.mktemp("untrained") / "weights.safetensors"
    network = model().build(**NARROW.get(request.param, {}))
    weights_file.save(weights, network, model=request.param)
    return load_denoiser(f"{request.param}@{weights}")


def song(*, batch=1, channels=1, num_samples=RATE):
    """Return a gliding voice over a loop of chords, (batch, 2, channels, time)."""
    time_s = np.arange(num_samples) / RATE
    loops = np.arange(batch * channels)[:, None]
    chord = sum(np.sin(2 * np.pi * (110 + 7 * loops) * n * time_s) / n for n in (1, 2, 3))
    beat = generator(0, "separators", "beat").normals(RATE // 4)[
        np.arange(num_samples) % (RATE // 4)
    ]
    accompaniment = 0.3 * chord + 0.2 * beat * np.exp(-40 * (time_s % 0.25))
    phase = 2 * np.pi * (400 + 30 * loops) * (time_s + 0.02 * np.sin(2 * np.pi * 1.3 * time_s))
    voice = 0.4 * np.sin(phase) + 0.2 * np.sin(2 * phase)
    targets = np.stack([voice, accompaniment], axis=0).reshape(2, batch, channels, num_samples)
    return np.ascontiguousarray(0.5 * targets.swapaxes(0, 1), np.float32)


def estimates_of(separator, targets, *, sampling_rate=RATE):
    mixture = targets.sum(axis=1)
    side = {"clean": targets, "mixture": mixture}
    return separator(mixture, sampling_rate, side=side, num_targets=targets.shape[1])


@pytest.mark.parametrize("num_samples", [1, 2, 1023, 22_051])
@pytest.mark.parametrize("shape", [(1, 1), (2, 2)])
def test_any_length_and_layout_keeps_its_shape(separator, num_samples, shape):
    """One sample, odd lengths, stereo and batches: finite float32, one estimate per target."""
    targets = song(batch=shape[0], channels=shape[1], num_samples=num_samples)

    estimates = estimates_of(separator, targets)

    assert (estimates.shape, estimates.dtype) == (targets.shape, np.float32)
    assert np.isfinite(estimates).all()


@pytest.mark.parametrize("sampling_rate", [8_000, 48_000])
def test_other_rates_are_answered(separator, sampling_rate):
    """What is no music at 44.1 kHz is a mixture all the same."""
    targets = song(num_samples=9_001)

    assert estimates_of(separator, targets, sampling_rate=sampling_rate).shape == targets.shape


def test_silence_stays_silence(separator):
    """Nothing is made out of nothing, not even NaN, and beside music neither."""
    targets = song(batch=2, num_samples=10_000)
    targets[1] = 0

    estimates = estimates_of(separator, targets)

    assert estimates[0].any()
    assert not estimates[1].any()


def test_estimates_add_up_to_the_mixture(separator):
    """Nothing vanishes between them, nor above the band of a separator."""
    targets = song()

    estimates = estimates_of(separator, targets)

    np.testing.assert_allclose(estimates.sum(axis=1), targets.sum(axis=1), atol=2e-6)


def test_channels_that_change_places_change_places(separator):
    """Left is separated as it would be on the right."""
    targets = song(channels=2, num_samples=RATE // 2)
    expected = estimates_of(separator, targets)[:, :, ::-1]

    swapped = estimates_of(separator, np.ascontiguousarray(targets[:, :, ::-1]))

    np.testing.assert_allclose(swapped, expected, atol=1e-5)


@pytest.mark.parametrize("factor", [1e-3, 10.0])
def test_scaling_the_mixture_scales_the_estimates(separator, factor):
    """No separator here knows an absolute level, and a peak beyond full scale is not clipped."""
    targets = song()
    expected = factor * estimates_of(separator, targets)

    scaled = estimates_of(separator, np.float32(factor) * targets)

    # Rounding changes which of two equally similar frames is a neighbour.
    off = np.square(scaled - expected, dtype=float).sum()
    assert off < 1e-6 * np.square(expected, dtype=float).sum()


def test_two_calls_agree_where_determinism_is_declared(separator):
    """Bit for bit, on one machine."""
    if not separator.spec.deterministic:
        pytest.skip("declared not deterministic")
    targets = song(num_samples=RATE // 2)

    first, second = (estimates_of(separator, targets) for _ in range(2))

    np.testing.assert_array_equal(first, second)


def test_a_batch_of_two_is_two_single_calls(separator):
    """Items know nothing of each other."""
    targets = song(batch=2, num_samples=RATE // 2)
    together = estimates_of(separator, targets)

    apart = [estimates_of(separator, targets[[item]])[0] for item in (0, 1)]

    np.testing.assert_allclose(together, np.stack(apart), atol=1e-5)


def test_the_mixture_and_the_targets_are_left_alone(separator):
    """What was handed over is as it was."""
    targets = song(num_samples=5_000)
    before = targets.copy()

    estimates_of(separator, targets)

    np.testing.assert_array_equal(targets, before)


def test_the_declaration_is_complete(separator):
    """A licence, a version, a group; what is not a reference row says where it comes from."""
    spec = separator.spec

    assert spec.name == separator.name.partition("@")[0]
    assert spec.rank_group in RANK_GROUPS
    assert spec.license
    assert separator.revision
    assert spec.citation or spec.reference
