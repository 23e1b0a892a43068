"""Every registered debleeder that learns answers the same questions, untrained."""

import inspect

import numpy as np
import pytest

from benchmarks import registry
from benchmarks.contract import RANK_GROUPS
from benchmarks.harness.apply import load_denoiser
from benchmarks.layers import weights_file
from mn_dataset.seeds import generator

RATE = 44_100
MICROPHONES = 3
NARROW = {"microphones": MICROPHONES, "width_multiplier": 0.05, "seed": 0}
"""Keywords that build a network small, where it has them."""


def subjects():
    for name, entry in registry.denoisers().items():
        spec = entry.load().spec
        if spec.task != "debleed" or not spec.learned:
            continue
        absent = pytest.mark.skipif(not entry.installed, reason=f"needs: {entry.install}")
        yield pytest.param(name, marks=absent, id=name)


@pytest.fixture(scope="module", params=subjects())
def debleeder(request, tmp_path_factory):
    """The debleeder, of a few units, with weights that nobody trained."""
    model = registry.denoiser(request.param).load()
    weights = tmp_path_factory.mktemp("untrained") / "weights.safetensors"
    known = inspect.signature(model.build).parameters
    network = model().build(**{name: NARROW[name] for name in NARROW if name in known})
    weights_file.save(weights, network, model=request.param)
    return load_denoiser(f"{request.param}@{weights}")


def sources(*, batch=1, channels=1, num_samples=RATE):
    """Return a gliding voice, a beat and a chord: (batch, 3, channels, time)."""
    time_s = np.arange(num_samples) / RATE
    items = np.arange(batch * channels)[:, None]
    voice = np.sin(2 * np.pi * (400 + 30 * items) * (time_s + 0.02 * np.sin(8 * time_s)))
    noise = generator(0, "debleeders", "beat").normals(RATE // 4)
    beat = noise[np.arange(num_samples) % (RATE // 4)] * np.exp(-40 * ((time_s + items / 9) % 0.25))
    chord = sum(np.sin(2 * np.pi * (110 + 7 * items) * n * time_s) / n for n in (1, 2, 3))
    waves = np.stack([0.4 * voice, 0.3 * beat, 0.2 * chord])
    waves = waves.reshape(MICROPHONES, batch, channels, num_samples)
    return np.ascontiguousarray(waves.swapaxes(0, 1), np.float32)


def bled(targets):
    """Return what microphones hear: of every other source a fifth of its amplitude."""
    return 0.8 * targets + 0.2 * targets.sum(axis=1, keepdims=True)


def estimates_of(debleeder, targets, *, sampling_rate=RATE):
    total = np.broadcast_to(targets.sum(axis=1, keepdims=True), targets.shape)
    side = {"clean": targets, "mixture": np.ascontiguousarray(total)}
    return debleeder(bled(targets), sampling_rate, side=side)


@pytest.mark.parametrize("num_samples", [1, 2, 1023, 22_051])
@pytest.mark.parametrize("shape", [(1, 1), (2, 2)])
def test_any_length_and_layout_keeps_its_shape(debleeder, num_samples, shape):
    """One sample, odd lengths, stereo and batches: finite float32, one estimate per microphone."""
    targets = sources(batch=shape[0], channels=shape[1], num_samples=num_samples)

    estimates = estimates_of(debleeder, targets)

    assert (estimates.shape, estimates.dtype) == (targets.shape, np.float32)
    assert np.isfinite(estimates).all()


@pytest.mark.parametrize("sampling_rate", [8_000, 48_000])
def test_other_rates_are_answered(debleeder, sampling_rate):
    targets = sources(num_samples=9_001)

    assert estimates_of(debleeder, targets, sampling_rate=sampling_rate).shape == targets.shape


def test_silence_stays_silence(debleeder):
    """Of a whole session beside one that sounds, and of all samples not one is NaN."""
    targets = sources(batch=2, num_samples=10_000)
    targets[1] = 0

    estimates = estimates_of(debleeder, targets)

    assert np.isfinite(estimates).all()
    assert estimates[0].any()
    assert not estimates[1].any()


def test_a_silent_microphone_stays_silent(debleeder):
    """One that was not plugged in."""
    targets = sources(num_samples=10_000)
    session = bled(targets)
    session[:, 1] = 0
    side = {"clean": targets, "mixture": np.ascontiguousarray(session)}

    estimates = debleeder(session, RATE, side=side)

    assert np.isfinite(estimates).all()
    assert not estimates[:, 1].any()


def test_two_calls_agree_where_determinism_is_declared(debleeder):
    """Bit for bit, on one machine."""
    if not debleeder.spec.deterministic:
        pytest.skip("declared not deterministic")
    targets = sources(num_samples=RATE // 2)

    first, second = (estimates_of(debleeder, targets) for _ in range(2))

    np.testing.assert_array_equal(first, second)


def test_a_batch_of_two_is_two_single_calls(debleeder):
    """Items know nothing of each other."""
    targets = sources(batch=2, num_samples=RATE // 2)
    together = estimates_of(debleeder, targets)

    apart = [estimates_of(debleeder, targets[[item]])[0] for item in (0, 1)]

    np.testing.assert_allclose(together, np.stack(apart), atol=1e-5)


def test_the_session_and_the_sources_are_left_alone(debleeder):
    """What was handed over is as it was."""
    targets = sources(num_samples=5_000)
    session, before = bled(targets), targets.copy()
    side = {"clean": targets, "mixture": bled(targets)}

    debleeder(session, RATE, side=side)

    np.testing.assert_array_equal(session, bled(before))
    np.testing.assert_array_equal(targets, before)


def test_nothing_vanishes_above_a_narrow_band(debleeder):
    """A tone at 15 kHz, where the model hears less than that."""
    rate = debleeder.spec.sampling_rate
    if rate is None or rate >= RATE:
        pytest.skip("it hears all of it")
    tone = 0.1 * np.sin(2 * np.pi * 15_000 * np.arange(RATE) / RATE)
    session = np.zeros((1, MICROPHONES, 1, RATE), np.float32)
    session[0, 0, 0] = tone

    estimates = debleeder(session, RATE, side={"clean": session, "mixture": session})

    inner = slice(200, -200)  # beside both ends resampling rings
    np.testing.assert_allclose(estimates[..., inner], session[..., inner], atol=1e-3)


def test_the_declaration_is_complete(debleeder):
    """A licence, a version, a group; what is not a reference row says where it comes from."""
    spec = debleeder.spec

    assert spec.name == debleeder.name.partition("@")[0]
    assert spec.rank_group in RANK_GROUPS
    assert spec.license
    assert debleeder.revision
    assert spec.citation or spec.reference
    assert spec.channels in (1, None)
