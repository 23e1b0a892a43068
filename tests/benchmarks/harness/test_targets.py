"""Estimates of several targets: shapes, streams, and what no estimate holds."""

import resource

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.contract import DenoiserSpec
from benchmarks.harness.apply import AppliedDenoiser
from benchmarks.harness.load import read_spec
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
        ("denoise", "clean", "None: the task 'denoise' names no targets"),
    ],
)
def test_a_remainder_is_one_of_the_tasks_targets(task, remainder, expected):
    """Anything else is refused before any work."""

    class Odd:
        spec = DenoiserSpec(name="odd", task=task, remainder=remainder)

    with pytest.raises(InputError, match=rf"spec.remainder is '{remainder}'; expected {expected}"):
        read_spec(Odd, name="odd")
