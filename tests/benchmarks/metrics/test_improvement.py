from __future__ import annotations

import math

import numpy as np
import pytest

from benchmarks.metrics.improvement import nsdr
from benchmarks.metrics.projection import sdr
from benchmarks.metrics.truth import Truth


def test_doing_nothing_improves_nothing(music, noisy):
    """The mixture itself scores exactly 0 dB."""
    assert nsdr(noisy, Truth(music, 44_100, noisy=noisy)) == (0.0, "ok")


def test_nsdr_is_the_difference_of_two_sdr(music, noisy, white):
    """Less noise is that much better."""
    truth = Truth(music, 44_100, noisy=noisy)
    estimate = music + 0.1 * white

    difference = sdr(estimate, truth).value - sdr(noisy, truth).value

    assert nsdr(estimate, truth).value == difference
    assert difference > 8.0


def test_a_saturated_end_keeps_the_difference_and_says_so(music, noisy):
    """A perfect estimate, or a mixture without noise, bounds the improvement."""
    perfect = nsdr(music, Truth(music, 44_100, noisy=noisy))
    from_perfect = nsdr(noisy, Truth(music, 44_100, noisy=music))

    assert perfect.reason == from_perfect.reason == "saturated"
    assert perfect.value == pytest.approx(-from_perfect.value, abs=1e-9)
    assert nsdr(music, Truth(music, 44_100, noisy=music)) == (0.0, "saturated")


def test_an_undefined_mixture_leaves_the_improvement_undefined(music, noisy):
    """A difference to nothing is no number."""
    score = nsdr(noisy, Truth(music, 44_100, noisy=np.zeros_like(music)))

    assert math.isnan(score.value)


def test_without_a_mixture_nsdr_says_what_it_needs(music, noisy):
    """That is the caller's fault, not the estimate's."""
    with pytest.raises(ValueError, match="noisy="):
        nsdr(noisy, Truth(music, 44_100))
