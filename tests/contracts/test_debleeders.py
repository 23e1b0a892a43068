"""Every registered and installed debleeder that learned nothing answers the same questions."""

import numpy as np
import pytest

from benchmarks import registry
from benchmarks.contract import RANK_GROUPS
from benchmarks.harness.apply import load_denoiser
from benchmarks.harness.checks import DenoiserFailed
from mn_dataset.seeds import generator

RATE = 44_100
BOUNDED = {"auxiva", "ilrma"}
"""Those that take sixteen microphones at most."""


def subjects():
    for name, entry in registry.denoisers().items():
        spec = entry.load().spec
        if spec.task != "debleed" or spec.learned:
            continue
        absent = pytest.mark.skipif(not entry.installed, reason=f"needs: {entry.install}")
        yield pytest.param(name, marks=absent, id=name)


@pytest.fixture(scope="module", params=subjects())
def debleeder(request):
    return load_denoiser(request.param)


def session(*, batch=1, microphones=3, channels=1, num_samples=12_000):
    """Return what microphones hear and what of it is their own, (batch, K, channels, time)."""
    shape = (batch, microphones, channels, num_samples)
    time_s = np.arange(num_samples) / RATE
    number = np.arange(microphones)[:, None, None]
    other = number + microphones * np.arange(batch * channels).reshape(batch, 1, channels, 1)
    since_s = (time_s + 0.03 * other) % (0.11 + 0.07 * number)
    tone = np.sin(2 * np.pi * 110 * (1.5 + number) * since_s) * np.exp(-(5 + number) * since_s)
    hiss = generator(0, "debleeders", "hiss").normals(int(np.prod(shape))).reshape(shape)
    own = 0.2 * (tone + 0.5 * hiss * np.exp(-50 * since_s))
    bleed = 0.1 + 0.3 * generator(0, "debleeders", "bleed").uniforms(microphones**2)
    matrix = bleed.reshape(microphones, microphones) / max(1, microphones / 4)
    np.fill_diagonal(matrix, 1.0)
    heard = np.einsum("ms,bsct->bmct", matrix, own)
    return heard.astype(np.float32), own.astype(np.float32)


def estimates_of(debleeder, heard, own, *, sampling_rate=RATE):
    mixture = np.broadcast_to(own.sum(axis=1, keepdims=True), own.shape)
    side = {"clean": own, "mixture": np.ascontiguousarray(mixture)}
    return debleeder(heard, sampling_rate, side=side, num_targets=heard.shape[1])


@pytest.mark.parametrize("num_samples", [1, 2, 1023, 22_051])
@pytest.mark.parametrize("shape", [(1, 1, 1), (2, 2, 2), (1, 5, 1)])
def test_any_length_and_layout_keeps_its_shape(debleeder, num_samples, shape):
    """One microphone, one sample, odd lengths, stereo and batches: finite float32."""
    batch, microphones, channels = shape
    heard, own = session(
        batch=batch, microphones=microphones, channels=channels, num_samples=num_samples
    )

    estimates = estimates_of(debleeder, heard, own)

    assert (estimates.shape, estimates.dtype) == (heard.shape, np.float32)
    assert np.isfinite(estimates).all()


@pytest.mark.parametrize("sampling_rate", [8_000, 48_000])
def test_other_rates_are_answered(debleeder, sampling_rate):
    """What is no music at 44.1 kHz is a session all the same."""
    heard, own = session(num_samples=9_001)

    estimates = estimates_of(debleeder, heard, own, sampling_rate=sampling_rate)

    assert estimates.shape == heard.shape


def test_one_microphone_is_left_as_it_is(debleeder):
    """Nobody bleeds into it."""
    heard, own = session(microphones=1)

    estimates = estimates_of(debleeder, heard, own)

    level = 0.5 if debleeder.spec.name.endswith("hard_mask") else 1.0
    np.testing.assert_allclose(estimates, level * heard, atol=1e-5)


def test_silence_stays_silence(debleeder):
    """Nothing is made out of nothing, not even NaN, and beside music neither."""
    heard, own = session(batch=2, num_samples=12_000)
    heard[1], own[1] = 0, 0

    estimates = estimates_of(debleeder, heard, own)

    assert estimates[0].any()
    assert not estimates[1].any()


@pytest.mark.parametrize("silent", [0, 2])
def test_a_silent_track_among_others_is_finite_and_silent(debleeder, silent):
    """Wherever it stands, the others are answered."""
    heard, own = session(num_samples=12_000)
    heard[:, silent], own[:, silent] = 0, 0

    estimates = estimates_of(debleeder, heard, own)

    assert np.isfinite(estimates).all()
    assert np.abs(estimates[:, silent]).max() < 1e-4 * np.abs(estimates).max()


def test_two_microphones_that_hear_the_same_are_finite(debleeder):
    """A file that is there twice, which no matrix can part."""
    heard, own = session(num_samples=12_000)
    heard[:, 1], own[:, 1] = heard[:, 0], own[:, 0]

    assert np.isfinite(estimates_of(debleeder, heard, own)).all()


def test_sixty_four_microphones_are_answered_or_refused_in_a_line(debleeder):
    """A tenth of a second of a stage."""
    heard, own = session(microphones=64, num_samples=4_410)
    if debleeder.spec.name in BOUNDED:
        with pytest.raises(DenoiserFailed, match="64 microphones; expected 16 or fewer"):
            estimates_of(debleeder, heard, own)
        return

    assert np.isfinite(estimates_of(debleeder, heard, own)).all()


@pytest.mark.parametrize("factor", [1e-3, 10.0])
def test_scaling_the_session_scales_the_estimates(debleeder, factor):
    """No debleeder here knows an absolute level, and a peak beyond full scale is not clipped."""
    heard, own = session(num_samples=12_000)
    expected = factor * estimates_of(debleeder, heard, own)

    scaled = estimates_of(debleeder, np.float32(factor) * heard, np.float32(factor) * own)

    # A search for a minimum stops a little elsewhere when the input is rounded otherwise; who
    # decides bin by bin (hard masks, assignments) decides otherwise of the faintest.
    off = np.square(scaled - expected, dtype=float).sum()
    assert off < 1e-2 * np.square(expected, dtype=float).sum()


def test_two_calls_agree_where_determinism_is_declared(debleeder):
    """Bit for bit, on one machine, and numpy's own generator is left as it was."""
    if not debleeder.spec.deterministic:
        pytest.skip("declared not deterministic")
    heard, own = session(num_samples=12_000)
    state = np.random.get_state()[1].copy()  # noqa: NPY002 - some libraries draw from it

    first, second = (estimates_of(debleeder, heard, own) for _ in range(2))

    np.testing.assert_array_equal(first, second)
    np.testing.assert_array_equal(np.random.get_state()[1], state)  # noqa: NPY002


def test_a_batch_of_two_is_two_single_calls(debleeder):
    """Items know nothing of each other."""
    heard, own = session(batch=2, num_samples=12_000)
    together = estimates_of(debleeder, heard, own)

    apart = [estimates_of(debleeder, heard[[item]], own[[item]])[0] for item in (0, 1)]

    np.testing.assert_allclose(together, np.stack(apart), atol=1e-5)


def test_what_was_handed_over_is_left_alone(debleeder):
    """It is as it was."""
    heard, own = session(num_samples=5_000)
    before = heard.copy(), own.copy()

    estimates_of(debleeder, heard, own)

    np.testing.assert_array_equal((heard, own), before)


def test_the_declaration_is_complete(debleeder):
    """A licence, a version, a group; what is not a reference row says where it comes from."""
    spec = debleeder.spec

    assert spec.name == debleeder.name
    assert spec.rank_group in RANK_GROUPS
    assert spec.license
    assert debleeder.revision
    assert spec.citation or spec.reference
