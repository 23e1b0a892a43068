from __future__ import annotations

import hashlib
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mn_dataset import seeds
from mn_dataset.audio import convolve as module
from mn_dataset.audio.convolve import MAX_TAPS, ROOT_ERROR, convolve, error_bound

PRIME = 2**31 - 1
LOW, HIGH = -32_768, 32_767
KINDS = ("lowest", "alternating", "signs", "values")
EXTREME = st.integers(LOW, HIGH) | st.sampled_from([LOW, LOW + 1, -129, -128, 127, 128, HIGH])


def by_definition(samples: list[int], taps: list[int]) -> list[int]:
    """The convolution in Python's integers, cut to the length of the samples."""
    return [
        sum(taps[k] * samples[n - k] for k in range(min(n + 1, len(taps))))
        for n in range(len(samples))
    ]


def full_scale(kind: str, count: int, name: str = "") -> np.ndarray:
    """The loudest signals there are: constant, alternating, random signs, random values."""
    if kind == "lowest":
        return np.full(count, LOW, np.int16)
    if kind == "alternating":
        return np.where(np.arange(count) % 2, HIGH, LOW).astype(np.int16)
    words = seeds.generator(0, "full scale", name + kind).words(count)
    if kind == "signs":
        return np.where(words % np.uint64(2), HIGH, -HIGH).astype(np.int16)
    return (words % np.uint64(65_536)).astype(np.uint16).view(np.int16)


def value_at(coefficients: np.ndarray, point: int) -> int:
    """The value of a polynomial at a point, modulo the prime, in integers below 2**63."""
    powers = np.ones(1, np.int64)
    while len(powers) < len(coefficients):
        powers = np.concatenate([powers, powers * pow(point, len(powers), PRIME) % PRIME])
    products = coefficients % PRIME * powers[: len(coefficients)] % PRIME
    return int(products.sum()) % PRIME


@given(
    st.lists(EXTREME, max_size=90),
    st.lists(EXTREME, min_size=1, max_size=60),
    st.sampled_from([None, 2, 4, 16, 64, 256]),
)
@settings(max_examples=300, deadline=None)
def test_it_is_the_integer_convolution(samples, taps, size):
    """Whatever the lengths, the values and the length of the transforms."""
    exact = convolve(np.array(samples, np.int16), np.array(taps, np.int16), transform_size=size)

    assert exact.dtype == np.int64
    assert exact.tolist() == by_definition(samples, taps)


@pytest.mark.parametrize("samples_kind", KINDS)
@pytest.mark.parametrize("taps_kind", KINDS)
def test_full_scale_signals_come_out_byte_for_byte(samples_kind, taps_kind):
    """As numpy's convolution of 64-bit integers gives them, over several blocks."""
    samples = full_scale(samples_kind, 9_001)
    taps = full_scale(taps_kind, 1_500, name="taps")
    expected = np.convolve(samples.astype(np.int64), taps.astype(np.int64))[: len(samples)]

    for size in (None, 4_096):
        assert convolve(samples, taps, transform_size=size).tobytes() == expected.tobytes()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("sounding", [0, 1, 700, 9_001])
def test_a_few_taps_give_what_transforms_give(kind, sounding):
    """Wherever they stand, also beyond the samples, and with silence after the samples."""
    samples = full_scale(kind, 9_001)
    samples[sounding:] = 0
    for places in ([0], [8_999], [9_500], [0, 1, 5_000, 9_000, 9_500]):
        taps = np.zeros(10_000, np.int16)
        taps[places] = full_scale("values", len(places))

        few = convolve(samples, taps)

        assert few.tobytes() == convolve(samples, taps, transform_size=2**14).tobytes()


@pytest.mark.parametrize("num_taps", [2**16 + 1, 2**17 + 3])
def test_the_longest_responses_at_full_scale_are_exact(num_taps):
    """Equal as polynomials modulo a prime, at eight points: a wrong sample passes once in 2**100.

    The silence after the samples holds the whole convolution; the second response is longer than
    half a transform and is convolved in two parts.
    """
    taps = full_scale("signs", num_taps, name="taps")
    samples = np.zeros(120_000 + num_taps, np.int16)
    samples[:120_000] = full_scale("signs", 120_000)

    sums = convolve(samples, taps)

    for point in range(1_000_003, 1_000_011):
        product = value_at(samples.astype(np.int64), point) * value_at(taps.astype(np.int64), point)
        assert value_at(sums, point) == product % PRIME


def test_the_greatest_sums_are_exact():
    """Of two constants at −32768 each sum is known: 2**30 times the number of products."""
    lowest = full_scale("lowest", 200_000)
    expected = 2**30 * np.minimum(np.arange(1, 200_001), 70_000)

    assert np.array_equal(convolve(lowest, lowest[:70_000]), expected)


def test_the_bytes_of_a_convolution_never_change():
    """A golden hash, that of Python's big integers, over quiet and full-scale blocks."""
    samples = full_scale("values", 300_000)
    samples[:150_000] >>= 6
    taps = full_scale("values", 20_000, name="taps")
    exact = convolve(samples, taps)

    assert (
        hashlib.sha256(exact.astype("<i8").tobytes()).hexdigest()
        == "7b5d2859fc62a62fe4543d0f5925ea449b3b54798033a3737ff8eeebe58776b4"
    )


@pytest.mark.parametrize("exponent", range(1, 21))
def test_bytes_at_full_scale_stay_under_one_half(exponent):
    """Up to 2**20 samples per transform, more than are ever chosen, with taps in half of them."""
    size = 2**exponent
    bytes_norm = 128 * math.sqrt(size)
    taps_norm = 32_768 * math.sqrt(size / 2)

    assert max(module._SIZES) < 2**20
    assert error_bound(bytes_norm, taps_norm, size) < 0.5


def test_the_bound_is_that_of_the_literature():
    """Percival's formula for 2**n points, with one level more, to first order."""
    unit, root = 2.0**-53, ROOT_ERROR
    levels = 3 * 18
    # The second order is 1e-13 of the first.
    first_order = levels * (unit + math.sqrt(5) * unit + root) + math.sqrt(5) * unit

    assert error_bound(3.0, 7.0, 2**17) == pytest.approx(21 * first_order, rel=1e-9, abs=0)


def test_roots_of_unity_are_as_accurate_as_the_bound_assumes():
    """The transform of one pulse is a product of some: all of them together are within β."""
    size = 2**16
    for place in (1, 3, 12_345, size // 2 + 1, size - 1):
        pulse = np.zeros(size)
        pulse[place] = 1.0
        # Exact reduction first, so that the reference is within one unit in the last place.
        eighths, rest = divmod(np.arange(size // 2 + 1) * place % size * 8, size)
        angle = np.where(eighths % 2, size - rest, rest) * (np.pi / 4 / size)
        cosine, sine = np.cos(angle), np.sin(angle)
        swapped = (eighths + 1) // 2 % 2 == 1
        real = np.where(swapped, sine, cosine) * np.where((eighths + 2) // 4 % 2, -1, 1)
        imaginary = np.where(swapped, cosine, sine) * np.where(eighths // 4 % 2, 1, -1)

        distance = np.abs(module.rfft(pulse) - (real + 1j * imaginary)).max()

        assert distance <= ROOT_ERROR


@pytest.mark.parametrize(("amplitude", "transforms"), [(300, 1), (HIGH, 2)])
def test_only_loud_blocks_are_split_into_bytes(monkeypatch, amplitude, transforms):
    """One transform of the block where the bound allows it, two where it does not."""
    blocks = []
    plain = module.rfft
    monkeypatch.setattr(module, "rfft", lambda *words: blocks.append(words) or plain(*words))
    samples = (full_scale("signs", 60_000) // HIGH * amplitude).astype(np.int16)

    convolve(samples, full_scale("signs", 60_000, name="taps"), transform_size=2**17)

    assert len(blocks) == 1 + transforms  # the first is that of the taps


def test_a_block_too_large_to_be_proven_is_refused():
    """At 2**21 samples full scale is beyond the bound even by bytes: an error, no guess."""
    samples = full_scale("signs", 2**21)

    with pytest.raises(FloatingPointError, match=r"2097152 samples may err by .* less than 0\.5"):
        convolve(samples, samples[: 2**20], transform_size=2**21)


def test_an_inaccurate_transform_is_noticed(monkeypatch):
    """A library that computes in single precision does not go unseen."""
    plain = module.rfft
    monkeypatch.setattr(
        module, "rfft", lambda *words: plain(*words).astype(np.complex64).astype(np.complex128)
    )

    with pytest.raises(FloatingPointError, match="is not accurate"):
        convolve(full_scale("signs", 5_000), full_scale("signs", 900, name="taps"))


@pytest.mark.parametrize("count", [1, 2, 1_023, 44_100, 131_072, 131_073, 10**6])
def test_the_chosen_transforms_hold_the_taps(count):
    """They are powers of two, at most 2**18, and at least half of each is new samples."""
    for num_samples in (count, 441_000, 10 * count):
        size = module._quickest_size(num_samples, count)

        assert size & (size - 1) == 0
        assert 2**10 <= size <= 2**18
        assert size >= min(2 * count, 2**18)


@pytest.mark.parametrize(
    ("samples", "taps", "size", "message"),
    [
        (np.zeros(3), np.ones(1, np.int16), None, r"samples are float64 of shape \(3,\)"),
        (np.zeros((3, 1), np.int16), np.ones(1, np.int16), None, r"shape \(3, 1\)"),
        (np.zeros(3, np.int16), np.ones(1, np.int32), None, "taps are int32"),
        (np.zeros(3, np.int16), np.zeros(0, np.int16), None, "there are 0 taps"),
        (np.zeros(3, np.int16), np.zeros(MAX_TAPS + 1, np.int16), None, "expected 1 to 8388607"),
        (np.zeros(3, np.int16), np.ones(1, np.int16), 48, "transform_size is 48"),
    ],
)
def test_what_cannot_be_convolved_exactly_is_refused(samples, taps, size, message):
    """Floats, channels, no taps, or so many that a sum might exceed 2**53."""
    with pytest.raises(ValueError, match=message):
        convolve(samples, taps, transform_size=size)
