"""Every registered and installed denoiser answers the same questions."""

import numpy as np
import pytest

from benchmarks import registry
from benchmarks.contract import RANK_GROUPS
from benchmarks.harness.apply import load_denoiser
from benchmarks.layers import weights_file
from mn_dataset.seeds import generator

RATE = 44_100
NARROW = {"widths": [2, 2, 4, 4]}
"""Every network can be built this small, whatever its depth as shipped."""


def subjects():
    for name, entry in registry.denoisers().items():
        if entry.load().spec.task != "denoise":  # test_separators asks those
            continue
        absent = pytest.mark.skipif(not entry.installed, reason=f"needs: {entry.install}")
        yield pytest.param(name, marks=absent, id=name)


@pytest.fixture(scope="module", params=subjects())
def denoiser(request, tmp_path_factory):
    """The denoiser; a learned one of a few channels, with weights that nobody trained."""
    entry = registry.denoiser(request.param)
    model = entry.load()
    if not model.spec.learned:
        return load_denoiser(request.param)
    weights = tmp_path_factory.mktemp("untrained") / "weights.safetensors"
    weights_file.save(weights, model().build(**NARROW), model=request.param)
    return load_denoiser(f"{request.param}@{weights}")


@pytest.fixture
def able(denoiser):
    """The denoiser, if there is reason to hope that its estimate resembles the clean layer."""
    if denoiser.spec.learned:
        pytest.skip("its weights are untrained")
    if "speech" in (denoiser.spec.trained_on or ""):
        pytest.skip("it was trained on speech, and takes music for noise; its own test has a voice")
    return denoiser


def layers(*, batch=1, channels=1, num_samples=RATE):
    """Return a plucked melody and a noise 5 dB below it, shape (batch, channels, time) each.

    Each note lasts an eighth of a second, so that every frequency rests most of the time.
    """
    note, since_s = np.divmod(np.arange(num_samples) / RATE, 0.125)
    steps = np.array([0, 4, 7, 12, 2, 5, 9, 14])[note.astype(int) % 8]
    pitch_hz = 220 * 2 ** ((steps + np.arange(batch * channels)[:, None]) / 12)
    pluck = np.exp(-8 * since_s) * np.minimum(1, since_s / 0.005)
    clean = sum(np.sin(2 * np.pi * n * pitch_hz * since_s) / n for n in (1, 2, 3)) * pluck
    noise = generator(0, "test", "contract").normals(clean.size).reshape(clean.shape)
    noise *= np.sqrt(np.square(clean).mean() / 10**0.5)
    shape = (batch, channels, num_samples)
    return tuple((0.3 * layer).astype(np.float32).reshape(shape) for layer in (clean, noise))


def estimate_of(denoiser, clean, noise, *, sampling_rate=RATE):
    side = {"clean": clean, "noise": noise, "mixture": clean + noise, "noise_profile": noise}
    return denoiser(clean + noise, sampling_rate, side=side)


def rms(signal):
    return float(np.sqrt(np.mean(np.square(signal, dtype=float))))


@pytest.mark.parametrize("num_samples", [1, 2, 1023, 22_051])
@pytest.mark.parametrize("shape", [(1, 1), (2, 2)])
def test_any_length_and_layout_keeps_its_shape(denoiser, num_samples, shape):
    """One sample, odd lengths, stereo and batches: finite float32 of the mixture's shape."""
    clean, noise = layers(batch=shape[0], channels=shape[1], num_samples=num_samples)

    estimate = estimate_of(denoiser, clean, noise)

    assert (estimate.shape, estimate.dtype) == (clean.shape, np.float32)
    assert np.isfinite(estimate).all()


@pytest.mark.parametrize("sampling_rate", [8_000, 48_000])
def test_other_rates_are_answered(denoiser, sampling_rate):
    """What is no music at 44.1 kHz is a mixture all the same."""
    clean, noise = layers(num_samples=9_001)

    estimate = estimate_of(denoiser, clean, noise, sampling_rate=sampling_rate)

    assert estimate.shape == clean.shape


def test_silence_stays_silence(denoiser):
    """Nothing is made out of nothing, not even NaN."""
    silence = np.zeros((2, 1, 10_000), np.float32)

    assert not estimate_of(denoiser, silence, silence).any()


def test_silence_beside_music_stays_silence(denoiser):
    """An item does not leak into the other."""
    clean, noise = layers(batch=2, num_samples=10_000)
    clean[1], noise[1] = 0, 0

    estimate = estimate_of(denoiser, clean, noise)

    assert estimate[0].any()
    assert not estimate[1].any()


def test_peaks_beyond_full_scale_are_not_clipped(denoiser):
    """A mixture with a peak of 1.5 is answered as its half is, twice as loud."""
    clean, noise = layers()
    factor = 1.5 / np.abs(clean + noise).max()
    loud = estimate_of(denoiser, factor * clean, factor * noise)

    half = estimate_of(denoiser, factor / 2 * clean, factor / 2 * noise)

    # float32 rounding of gains; a clipped peak would be off by tenths.
    np.testing.assert_allclose(loud, 2 * half, atol=1e-4)


@pytest.mark.parametrize("factor", [1e-3, 10.0])
def test_scaling_the_mixture_scales_the_estimate(denoiser, factor):
    """No denoiser here knows an absolute level."""
    clean, noise = layers()
    expected = factor * estimate_of(denoiser, clean, noise)

    scaled = estimate_of(denoiser, np.float32(factor) * clean, np.float32(factor) * noise)

    # The mixture itself is rounded differently; gains near a threshold amplify that a little, and
    # a recurrent network over 16 bits a little more.
    bound = 3e-4 if denoiser.spec.name == "rnnoise" else 1e-4
    assert rms(scaled - expected) < bound * rms(expected)


def test_two_calls_agree_where_determinism_is_declared(denoiser):
    """Bit for bit, on one machine."""
    if not denoiser.spec.deterministic:
        pytest.skip("declared not deterministic")
    clean, noise = layers()

    np.testing.assert_array_equal(
        estimate_of(denoiser, clean, noise), estimate_of(denoiser, clean, noise)
    )


def test_a_batch_of_two_is_two_single_calls(denoiser):
    """Items know nothing of each other."""
    clean, noise = layers(batch=2)
    together = estimate_of(denoiser, clean, noise)

    apart = [estimate_of(denoiser, clean[[item]], noise[[item]])[0] for item in (0, 1)]

    # Transforms of several rows may be vectorised another way: float32 rounding.
    np.testing.assert_allclose(together, np.stack(apart), atol=1e-5)


def test_the_mixture_and_the_layers_are_left_alone(denoiser):
    """What was handed over is as it was."""
    clean, noise = layers(num_samples=5_000)
    before = clean.copy(), noise.copy()

    estimate_of(denoiser, clean, noise)

    np.testing.assert_array_equal((clean, noise), before)


def test_the_estimate_is_not_late(able):
    """The cross-correlation with the clean layer peaks at lag 0."""
    clean, noise = layers()
    estimate = estimate_of(able, clean, noise)[0, 0]

    size = 2 * estimate.size
    spectrum = np.fft.rfft(estimate, size) * np.fft.rfft(clean[0, 0], size).conj()
    lag = int(np.argmax(np.fft.irfft(spectrum, size)))

    assert lag == 0


def test_clean_music_survives(able, request):
    """How much harm is done is recorded; only the loss of the music itself is a fault."""
    clean, _ = layers()
    estimate = estimate_of(able, clean, np.zeros_like(clean))

    harm_db = 20 * np.log10(max(rms(estimate - clean), 1e-9) / rms(clean))
    request.node.user_properties.append(("error_on_clean_db", round(float(harm_db), 2)))
    correlation = np.vdot(estimate, clean) / (rms(estimate) * rms(clean) * clean.size)

    # Half of the energy lost is a correlation of 0.7; an adapter that is broken has about 0.
    assert correlation > 0.5


def test_the_declaration_is_complete(denoiser):
    """A licence, a version, a group; what is not a reference row says where it comes from."""
    spec = denoiser.spec

    assert spec.name == denoiser.name.partition("@")[0]
    assert spec.rank_group in RANK_GROUPS
    assert spec.license
    assert denoiser.revision
    assert spec.citation or spec.reference


def test_construction_does_nothing_with_its_arguments():
    """Constructors store: the public attributes of a fresh one are its parameters."""
    for name in ("spectral_subtraction", "wiener", "mmse_stsa", "mmse_lsa"):
        made = load_denoiser(name).denoiser

        assert made == type(made)(**vars(made))
