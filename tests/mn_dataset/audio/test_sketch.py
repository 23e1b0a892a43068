"""A few integers tell two decoders apart."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from mn_dataset.audio.sketch import SUMS, parse, rms_difference_lsb, sketch
from mn_dataset.seeds import generator

LENGTH = 100_000


def wave(name: str, peak: int = 8000) -> np.ndarray:
    values = generator(0, "wave", name).uniforms(LENGTH) - 0.5
    return np.rint(2 * peak * values).astype(np.int16)


pcm = arrays.arrays(np.int16, st.integers(0, 300))


@given(pcm)
def test_a_sketch_survives_its_cell(samples):
    """Written as text and read again, it is the same, whatever the samples."""
    made = sketch(samples)

    assert parse(str(made)) == made
    assert made.num_samples == len(samples)


@given(arrays.arrays(np.int16, 200), arrays.arrays(np.int16, 200))
def test_a_sketch_is_linear(first, second):
    """Exactly, at full scale too: the sketch of a sum is the sum of the sketches."""
    halves = first // 2, second // 2
    added = sketch(halves[0] + halves[1]).sums

    assert added == tuple(
        a + b for a, b in zip(sketch(halves[0]).sums, sketch(halves[1]).sums, strict=True)
    )


@given(pcm)
def test_equal_samples_are_at_no_distance(samples):
    """And only the same samples are promised to be."""
    assert rms_difference_lsb(sketch(samples), sketch(samples.copy())) == 0.0


def test_other_lengths_are_infinitely_far():
    """They cannot be compared."""
    samples = wave("a")
    assert rms_difference_lsb(sketch(samples), sketch(samples[:-1])) == math.inf


def test_the_estimate_is_as_sure_as_it_says():
    """Over 200 differences: unbiased in the square, with a spread of √(2/17) = 34 %."""
    base = wave("base")
    ratios = []
    for trial in range(200):
        noise = np.rint(3 * generator(trial, "difference").normals(LENGTH)).astype(np.int16)
        true = float(np.mean(noise.astype(float) ** 2))
        ratios.append(rms_difference_lsb(sketch(base), sketch(base + noise)) ** 2 / true)

    # The mean of 200 has a spread of 34 % / √200 = 2.4 %; the spread itself one of 34 %/20.
    assert np.mean(ratios) == pytest.approx(1.0, abs=4 * 0.024)
    assert np.std(ratios) == pytest.approx(0.343, abs=4 * 0.017)


@pytest.mark.parametrize("period", [1, 2, 16, 17, 1152])
def test_periodic_differences_are_seen(period):
    """Also those of one sum alone: the estimate is never far too small."""
    base, difference = wave("base"), np.zeros(LENGTH, np.int16)
    difference[::period] = 40
    true = math.sqrt(np.mean(difference.astype(float) ** 2))
    found = rms_difference_lsb(sketch(base), sketch(base + difference))

    assert true / 4 < found < 4 * true


@pytest.mark.parametrize(
    ("change", "limit"),
    [("rounding", 1.0), ("shift", math.inf), ("click", math.inf)],
)
def test_rounding_is_told_from_a_real_difference(change, limit):
    """Another decoder's rounding is under 1 LSB; a shift by one sample and a click are not."""
    base = wave("base")
    other = base.copy()
    if change == "rounding":
        other += (generator(0, "flips").uniforms(LENGTH) < 0.3).astype(np.int16)
    elif change == "shift":
        other = np.roll(base, 1)
    else:
        other[5000] += 20_000

    found = rms_difference_lsb(sketch(base), sketch(other))
    assert 0.0 < found <= 1.0 if limit == 1.0 else found > 1.0


@pytest.mark.parametrize("cell", ["", "x", "5 1 2", "5 " + "1 " * (SUMS + 1)])
def test_what_is_no_sketch_is_refused(cell):
    """By parse, with the ValueError that says so."""
    with pytest.raises(ValueError, match=r"expected|invalid|not enough"):
        parse(cell)
