"""Estimates of several targets: shapes, streams, and what no estimate holds."""

import resource

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.contract import DenoiserSpec
from benchmarks.harness.apply import AppliedDenoiser
from benchmarks.harness.load import read_spec
from benchmarks.harness.resample import fitted, resampled
from mn_dataset.errors import InputError
from mn_dataset.seeds import generator

RATE = 44_100


class Shares:
    """A separator that gives each target a share of the mixture."""

    def __init__(self, *shares, **fields):
        self.spec = DenoiserSpec(name="shares", task="separate", **fields)
        self.shares = np.float32(shares).reshape(-1, 1, 1)

    def __call__(self, batch, sampling_rate, *, side=None):
        return batch[:, np.newaxis] * self.shares


def narrow(**fields):
    """A separator for mono at 16 kHz, in pieces, that leaves the rest to the accompaniment."""
    usual = {"sampling_rate": 16_000, "channels": 1, "chunk": 500, "overlap": 50}
    return AppliedDenoiser(Shares(0.3, 0.3, remainder="accompaniment", **usual | fields))


class Turned:
    """A debleeder that gives every microphone half of itself and a tenth of the next one."""

    def __init__(self, **fields):
        self.spec = DenoiserSpec(name="turned", task="debleed", **fields)

    def __call__(self, batch, sampling_rate, *, side=None):
        return 0.5 * batch + np.float32(0.1) * np.roll(batch, 1, axis=1)


def session(num_samples, *, microphones=3, channels=2):
    """A mixture of several inputs, shape (1, microphones, channels, time)."""
    return noise(num_samples, channels=microphones * channels).reshape(
        1, microphones, channels, num_samples
    )


def noise(num_samples, *, batch=1, channels=1):
    draws = generator(0, "test", "targets").normals(batch * channels * num_samples)
    return (0.2 * draws).astype(np.float32).reshape(batch, channels, num_samples)


def blocks(signal, length):
    return [signal[:, first : first + length] for first in range(0, signal.shape[-1], length)]


@pytest.mark.parametrize("num_samples", [1, 2, 1023, 9_001])
@pytest.mark.parametrize("shape", [(1, 1), (2, 2), (1, 3)])
def test_with_a_remainder_the_estimates_add_up_to_the_mixture(num_samples, shape):
    """At the mixture's own rate, of any length and layout, though 16 kHz hold but a part of it."""
    mixture = noise(num_samples, batch=shape[0], channels=shape[1])

    estimates = narrow()(mixture, RATE)

    assert estimates.shape == (shape[0], 2, *mixture.shape[1:])
    # One rounding of float32 in the difference, another in the sum.
    np.testing.assert_allclose(estimates.sum(axis=1), mixture, rtol=0, atol=1e-7)


def test_what_lies_above_the_band_goes_to_the_remainder():
    """A tone at 12 kHz, of which a separator for 16 kHz hears nothing; one at 1 kHz is shared."""
    time_s = np.arange(RATE) / RATE
    fade = np.hanning(RATE) / 4
    high, low = (fade * np.sin(2 * np.pi * hz * time_s) for hz in (12_000, 1_000))
    mixture = (high + low).astype(np.float32)

    voice, accompaniment = narrow()(mixture[np.newaxis, np.newaxis], RATE)[0, :, 0]

    # soxr VHQ stops at 100 dB or more.
    np.testing.assert_allclose(voice, 0.3 * low, atol=1e-5)
    np.testing.assert_allclose(accompaniment, high + 0.7 * low, atol=1e-5)


def test_without_a_remainder_estimates_stay_as_they_are():
    """Nobody adds to what a separator returned."""
    mixture = noise(900, channels=2)

    estimates = AppliedDenoiser(Shares(0.5, 0.25))(mixture, RATE)

    np.testing.assert_array_equal(estimates[:, 0], 0.5 * mixture)
    np.testing.assert_array_equal(estimates[:, 1], 0.25 * mixture)


def test_channels_stay_apart():
    """A separator for mono hears left and right in turn, and each comes back to its side."""
    mixture = noise(3_000, channels=2)
    mixture[:, 1] = 0

    estimates = narrow()(mixture, RATE)

    assert not estimates[:, :, 1].any()
    np.testing.assert_array_equal(estimates[:, :, :1], narrow()(mixture[:, :1], RATE))


def test_the_mixture_is_what_the_caller_gave():
    """Where another denoiser goes first, what that took away is in the remainder too."""

    class Half:
        spec = DenoiserSpec(name="half")

        def __call__(self, batch, sampling_rate, *, side=None):
            return batch / 2

    separator = Shares(0.5, 0.5, remainder="accompaniment")
    applied = AppliedDenoiser(separator, front_end=AppliedDenoiser(Half()))
    mixture = noise(900)

    called = applied(mixture, RATE)
    streamed = np.concatenate(list(applied.stream(mixture, RATE, channels=1)), axis=-1)

    np.testing.assert_array_equal(called[:, 0], mixture / 4)
    np.testing.assert_array_equal(called[:, 1], 0.75 * mixture)
    np.testing.assert_array_equal(streamed, called[0])


@settings(deadline=None, max_examples=25)
@given(
    st.integers(1, 3000),
    st.integers(1, 999),
    st.sampled_from([8_000, 44_100, 48_000]),
    st.sampled_from([1, None]),
    st.integers(1, 3),
)
def test_a_stream_is_what_a_call_gives(num_samples, length, sampling_rate, channels, batch_size):
    """Of any blocks, rates, channels, and pieces in one call."""
    mixture = noise(num_samples, channels=2)
    applied = narrow(channels=channels, latency=0.5)
    applied.batch_size = batch_size
    expected = applied(mixture, sampling_rate)[0]

    parts = applied.stream(blocks(mixture[0], length), sampling_rate, channels=2)
    streamed = np.concatenate(list(parts), axis=-1)

    assert streamed.shape == expected.shape == (2, 2, num_samples)
    np.testing.assert_allclose(streamed, expected, atol=1e-6)  # float32
    np.testing.assert_allclose(streamed.sum(axis=0), mixture[0], rtol=0, atol=1e-7)


def test_a_block_in_a_stream_may_be_empty():
    """Nothing comes of it."""
    mixture = noise(900)[0]
    parts = [mixture[:, :0], mixture[:, :500], mixture[:, 500:500], mixture[:, 500:]]

    streamed = np.concatenate(list(narrow().stream(parts, RATE, channels=1)), axis=-1)

    np.testing.assert_allclose(streamed.sum(axis=0), mixture, rtol=0, atol=1e-7)


def test_an_empty_stream_gives_no_samples():
    """As of a denoiser."""
    assert not any(part.size for part in narrow().stream([], RATE, channels=2))


@settings(deadline=None, max_examples=25)
@given(
    st.integers(1, 3000),
    st.integers(1, 999),
    st.sampled_from([8_000, 16_000, 44_100]),
    st.sampled_from([1, None]),
    st.sampled_from([None, "inputs"]),
)
def test_a_stream_of_several_inputs_is_what_a_call_gives(
    num_samples, length, sampling_rate, channels, remainder
):
    """Of any blocks, rates and channels, with a remainder or without; two pieces in one call."""
    fields = {"sampling_rate": 16_000, "channels": channels, "remainder": remainder}
    applied = AppliedDenoiser(Turned(**fields, chunk=500, overlap=50, latency=0.5), batch_size=2)
    mixture = session(num_samples)
    expected = applied(mixture, sampling_rate)[0]

    parts = [mixture[0, ..., first : first + length] for first in range(0, num_samples, length)]
    streamed = np.concatenate(
        list(applied.stream(parts, sampling_rate, channels=2, inputs=3)), axis=-1
    )

    assert streamed.shape == expected.shape == (3, 2, num_samples)
    np.testing.assert_allclose(streamed, expected, atol=1e-6)  # float32


@pytest.mark.parametrize("sampling_rate", [8_000, 16_000, RATE])
def test_each_target_takes_what_its_own_input_holds_above_the_band(sampling_rate):
    """The input less itself there and back; nothing where the band reaches as far."""
    mixture = session(4_001)
    fields = {"sampling_rate": 16_000, "channels": 1}

    bare = AppliedDenoiser(Turned(**fields))(mixture, sampling_rate)
    whole = AppliedDenoiser(Turned(**fields, remainder="inputs"))(mixture, sampling_rate)

    back = resampled(resampled(mixture, sampling_rate, 16_000), 16_000, sampling_rate)
    above = mixture - fitted(back, 4_001) if sampling_rate > 16_000 else 0
    np.testing.assert_allclose(whole, bare + above, rtol=0, atol=1e-6)  # float32
    assert np.std(whole - bare) > 0.05 or sampling_rate <= 16_000


def test_a_tone_above_the_band_stays_in_its_microphone():
    """At 12 kHz, of which a debleeder for 16 kHz hears nothing; a call and a stream."""
    tone = np.hanning(RATE) / 4 * np.sin(2 * np.pi * 12_000 / RATE * np.arange(RATE))
    mixture = np.zeros((1, 2, 1, RATE), np.float32)
    mixture[0, 0, 0] = tone
    fields = {"sampling_rate": 16_000, "channels": 1, "chunk": 5_000, "overlap": 500}
    applied = AppliedDenoiser(Turned(**fields, remainder="inputs"))

    called = applied(mixture, RATE)[0]
    streamed = np.concatenate(list(applied.stream(mixture, RATE, channels=1, inputs=2)), axis=-1)

    for first, second in (called[:, 0], streamed[:, 0]):
        np.testing.assert_allclose(first, tone, atol=1e-5)  # soxr VHQ stops at 100 dB or more
        np.testing.assert_allclose(second, 0, atol=1e-5)


def test_a_debleeder_is_told_which_source_each_microphone_is_close_to():
    """One that works with one microphone per source refuses anything else."""

    class Assigned(Turned):
        voices = None

        def assign(self, voices):
            self.voices = list(voices)

    assigned, plain = Assigned(), Turned()
    AppliedDenoiser(assigned).assign([0, 0, 1])
    AppliedDenoiser(plain).assign([0, 1, 2])

    assert assigned.voices == [0, 0, 1]
    with pytest.raises(InputError, match="turned works with one microphone per source; give it"):
        AppliedDenoiser(plain).assign([0, 0, 1])


def test_a_session_has_a_target_for_every_input():
    """Unless the caller says how many."""
    assert AppliedDenoiser(Turned())(session(100, microphones=5), RATE).shape == (1, 5, 2, 100)


@pytest.mark.stress
def test_an_hour_takes_no_more_memory_than_minutes():
    """The peak after an hour is that after five minutes, but for 20 MB."""

    def drain(seconds):
        source = (noise(RATE, channels=2)[0] for _ in range(seconds))
        samples = sum(
            part.shape[-1]
            for part in narrow(chunk=160_000, overlap=8_000).stream(source, RATE, channels=2)
        )
        return samples, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    _, minutes_kb = drain(300)
    samples, hour_kb = drain(3600)

    assert samples == 3600 * RATE
    assert hour_kb - minutes_kb < 20_000


@pytest.mark.parametrize(
    ("task", "remainder", "expected"),
    [
        ("separate", "drums", "None or one of voice, accompaniment"),
        ("separate", "", "None or one of voice, accompaniment"),
        ("separate", "inputs", "None or one of voice, accompaniment"),
        ("denoise", "clean", "None: the task 'denoise' names no targets"),
        ("debleed", "vocals", "None or inputs"),
    ],
)
def test_a_remainder_is_one_of_the_tasks_targets(task, remainder, expected):
    """Anything else is refused before any work."""

    class Odd:
        spec = DenoiserSpec(name="odd", task=task, remainder=remainder)

    with pytest.raises(InputError, match=rf"spec.remainder is '{remainder}'; expected {expected}"):
        read_spec(Odd, name="odd")
