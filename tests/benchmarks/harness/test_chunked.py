"""Signals of any length go through a denoiser in pieces, and come out whole."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.contract import DenoiserSpec
from benchmarks.harness.apply import AppliedDenoiser
from benchmarks.harness.checks import DenoiserFailed
from benchmarks.harness.chunked import advanced
from benchmarks.harness.load import read_spec
from mn_dataset.errors import InputError
from mn_dataset.seeds import generator


def pulse(delay):
    """A band-limited pulse in the middle of 4000 samples, later by a delay."""
    time = np.arange(4000) - 2000 - delay
    return (np.sinc(time / 4) * np.exp(-np.square(time / 200))).astype(np.float32)


@pytest.mark.parametrize("delay", [0, 0.25, 0.5, 1, 12.75, 441, 352.8])
def test_a_delayed_pulse_returns_to_its_place(delay):
    """Whole and fractional delays alike, to float32 accuracy of the transform."""
    np.testing.assert_allclose(advanced(pulse(delay), delay), pulse(0), atol=2e-6)


def test_the_end_is_filled_with_silence():
    """What would come after the last sample is not known."""
    np.testing.assert_array_equal(advanced(np.float32([[1, 2, 3]]), 2.0), [[3, 0, 0]])
    np.testing.assert_array_equal(advanced(np.float32([[1, 2, 3]]), 9.0), [[0, 0, 0]])


def test_a_fraction_does_not_wrap_around():
    """What is loud at the start stays away from the end."""
    burst = np.zeros(3000, np.float32)
    burst[0] = 1.0

    # The interpolator itself rings with 1 / (π t): 1e-4 after three thousand samples.
    assert np.abs(advanced(burst, 0.5)[-100:]).max() < 2e-4


class Fake:
    """A denoiser made of a function; it remembers what it was handed."""

    def __init__(self, function=lambda batch: batch, **fields):
        self.spec = DenoiserSpec(name="fake", **fields)
        self.function, self.calls = function, []

    def __call__(self, batch, sampling_rate, *, side=None):
        self.calls.append((batch.copy(), side))
        return self.function(batch)

    @property
    def lengths(self):
        return [batch.shape[-1] for batch, _ in self.calls]


def noise(num_samples, *, batch=1, channels=1):
    size = batch * channels * num_samples
    draws = generator(0, "test", "pieces").normals(size)
    return (0.1 * draws).astype(np.float32).reshape(batch, channels, num_samples)


def blocks(signal, length):
    """Cut (channels, time) into blocks."""
    return [signal[:, first : first + length] for first in range(0, signal.shape[-1], length)]


def streamed(denoiser, signal, *, sampling_rate=44_100, length=1000):
    applied = AppliedDenoiser(denoiser)
    parts = applied.stream(blocks(signal, length), sampling_rate, channels=len(signal))
    return np.concatenate(list(parts), axis=-1)


def delayed(samples):
    """A causal denoiser's whole delay: what it holds back at the end is lost."""

    def function(batch):
        late = np.zeros_like(batch)
        late[..., samples:] = batch[..., : batch.shape[-1] - samples]
        return late

    return function


@settings(deadline=None, max_examples=50)
@given(
    st.integers(1, 2000),
    st.integers(1, 300),
    st.floats(0, 0.5),
    st.integers(0, 20),
    st.integers(1, 4),
)
def test_any_length_comes_through_in_pieces_bit_for_bit(length, chunk, share, latency, batch_size):
    """The denoiser sees no more than its chunk; a whole latency leaves no trace at the seams."""
    overlap = int(share * chunk)
    mixture = noise(length, batch=2, channels=2)
    fake = Fake(
        delayed(latency), chunk=chunk + 3 * latency, overlap=overlap, latency=float(latency)
    )

    estimate = AppliedDenoiser(fake, batch_size=batch_size)(mixture, 44_100)

    np.testing.assert_array_equal(estimate, mixture)
    assert max(fake.lengths) <= chunk + 3 * latency
    assert len(fake.lengths) == 1 or set(fake.lengths) == {chunk + 3 * latency}


def test_several_pieces_go_in_one_call_where_that_pays():
    """One after the other in the batch, and each of its own items."""
    mixture = noise(1000, batch=2)
    fake = Fake(lambda batch: batch * np.arange(len(batch))[:, None, None], chunk=100)

    estimate = AppliedDenoiser(fake, batch_size=4)(mixture, 44_100)

    assert [len(batch) for batch, _ in fake.calls] == [8, 8, 4]
    np.testing.assert_array_equal(fake.calls[0][0][2:4], mixture[..., 100:200])
    # Item 1 of the second piece was the batch's number 3.
    np.testing.assert_array_equal(estimate[1, :, 100:200], 3 * mixture[1, :, 100:200])


def test_a_gpu_is_handed_several_pieces_a_processor_one():
    """Unless somebody says otherwise."""
    assert AppliedDenoiser(Fake()).batch_size == 1
    assert AppliedDenoiser(Fake(), device="cuda").batch_size > 1
    assert AppliedDenoiser(Fake(), device="cuda", batch_size=3).batch_size == 3


def test_side_information_is_cut_as_the_mixture_is():
    """Only the profile of the noise stays whole, once for every item."""
    mixture, profile = noise(1000, channels=2), noise(40, channels=2)
    fake = Fake(needs=frozenset({"clean", "noise_profile"}), channels=1, chunk=300, overlap=30)
    side = {"clean": 2 * mixture, "noise_profile": profile}

    AppliedDenoiser(fake, batch_size=2)(mixture, 44_100, side=side)

    for batch, layers in fake.calls:
        np.testing.assert_array_equal(layers["clean"], 2 * batch)
        pieces = len(batch) // 2
        np.testing.assert_array_equal(
            layers["noise_profile"], np.concatenate([profile.reshape(2, 1, 40)] * pieces)
        )


@pytest.mark.parametrize(
    "fields",
    [
        {"overlap": 1},
        {"chunk": 10, "overlap": 6},
        {"chunk": 10, "overlap": -1},
        {"chunk": 10, "overlap": 4, "latency": 2.5},
        {"chunk": 10, "latency": 9.5},
    ],
    ids=str,
)
def test_pieces_that_would_not_go_forward_cannot_be_declared(fields):
    """A chunk leaves room for what the latency holds back and for two crossfades."""
    with pytest.raises(InputError, match="overlap"):
        read_spec(Fake(**fields), name="fake")


def test_pieces_that_differ_are_crossfaded():
    """From one to the next over the overlap, on no path but a smooth one."""
    levels = iter(range(100))
    fake = Fake(lambda batch: np.full_like(batch, next(levels)), chunk=100, overlap=40)

    steps = np.diff(AppliedDenoiser(fake)(noise(400), 44_100)[0, 0])

    # A squared sine over 40 samples rises by at most π/2/40 a sample.
    assert 0 <= steps.min() <= steps.max() < 0.04


def test_without_a_chunk_a_batch_is_handed_over_whole():
    """As ever, however long."""
    fake = Fake()

    AppliedDenoiser(fake)(noise(2_000_000), 44_100)

    assert fake.lengths == [2_000_000]


@settings(deadline=None, max_examples=25)
@given(st.integers(1, 3000), st.integers(1, 999), st.sampled_from([8_000, 44_100, 48_000]))
def test_a_stream_is_what_a_call_gives(num_samples, length, sampling_rate):
    """Of any blocks, rates and channels: the same pieces, the same samples."""
    mixture = noise(num_samples, channels=2)
    fake = Fake(sampling_rate=16_000, channels=1, chunk=500, overlap=50, latency=0.5)
    expected = AppliedDenoiser(fake)(mixture, sampling_rate)[0]

    found = streamed(fake, mixture[0], sampling_rate=sampling_rate, length=length)

    assert found.shape == expected.shape
    np.testing.assert_allclose(found, expected, atol=1e-6)  # float32


def test_a_stream_without_a_chunk_goes_by_thirty_seconds():
    """What tracks noise over a whole clip would else need all of it in memory."""
    fake = Fake()
    signal = noise(75_000)[0]

    estimate = streamed(fake, signal, sampling_rate=1000)

    assert fake.lengths == [30_000] * 3
    np.testing.assert_array_equal(estimate, signal)
    assert streamed(fake, signal[:, :29_000], sampling_rate=1000).shape == (1, 29_000)
    assert fake.lengths[3:] == [29_000]


def test_a_stream_is_read_no_further_than_a_piece_needs():
    """Memory is bounded: the estimate comes while the recording is still being read."""
    read = []

    def source():
        for number in range(1000):
            read.append(number)
            yield np.ones((1, 100), np.float32)

    fake = Fake(chunk=1000, overlap=100, sampling_rate=22_050)
    given = 0
    for part in AppliedDenoiser(fake).stream(source(), 44_100, channels=1):
        given += part.shape[-1]
        # A piece and what soxr holds back of both ways, which is less than 2000 samples.
        assert 100 * len(read) < given + 2000 + 2000 + 2000
    assert given == 100_000


def test_a_short_stream_is_padded_to_the_declared_minimum():
    """Shorter than the denoiser can take, it comes back as long as it was."""
    fake = Fake(min_samples=4096)

    assert streamed(fake, noise(7)[0]).shape == (1, 7)
    assert fake.lengths == [4096]


def test_an_empty_stream_gives_nothing():
    """The denoiser is not even called."""
    fake = Fake()

    assert list(AppliedDenoiser(fake).stream([], 44_100, channels=2)) == []
    assert fake.calls == []


def test_what_needs_the_truth_cannot_take_a_stream():
    """A recording alone does not tell it."""
    fake = Fake(needs=frozenset({"clean"}))

    with pytest.raises(InputError, match="needs clean, which a recording alone does not tell"):
        list(AppliedDenoiser(fake).stream([noise(9)[0]], 44_100, channels=1))


def test_a_piece_of_another_length_is_the_denoisers_fault():
    """Each piece is checked as a whole would be."""
    with pytest.raises(DenoiserFailed, match="returned shape"):
        streamed(Fake(lambda batch: batch[..., 1:], chunk=100), noise(1000)[0])
