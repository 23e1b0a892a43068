from __future__ import annotations

import math

import numpy as np
import pytest

from benchmarks.metrics.nsdr import nsdr, si_sdri
from benchmarks.metrics.reference import Truth
from benchmarks.metrics.sdr import sdr
from benchmarks.metrics.si_sdr import si_sdr

both = pytest.mark.parametrize(("gain", "of"), [(nsdr, sdr), (si_sdri, si_sdr)])


@both
def test_doing_nothing_improves_nothing(music, noisy, gain, of):
    """The mixture itself scores exactly 0 dB."""
    assert gain(noisy, Truth(music, 44_100, noisy=noisy)) == (0.0, "ok")


@both
def test_an_improvement_is_the_difference_of_two_scores(music, noisy, white, gain, of):
    """Less noise is that much better."""
    truth = Truth(music, 44_100, noisy=noisy)
    estimate = music + 0.1 * white

    difference = of(estimate, truth).value - of(noisy, truth).value

    assert gain(estimate, truth).value == difference
    assert difference > 8.0


@both
def test_a_saturated_end_keeps_the_difference_and_says_so(music, noisy, gain, of):
    """A perfect estimate, or a mixture without noise, bounds the improvement."""
    perfect = gain(music, Truth(music, 44_100, noisy=noisy))
    from_perfect = gain(noisy, Truth(music, 44_100, noisy=music))

    assert perfect.reason == from_perfect.reason == "saturated"
    assert perfect.value == pytest.approx(-from_perfect.value, abs=1e-9)
    assert gain(music, Truth(music, 44_100, noisy=music)) == (0.0, "saturated")


@both
def test_an_undefined_mixture_leaves_the_improvement_undefined(music, noisy, gain, of):
    """A difference to nothing is no number."""
    score = gain(noisy, Truth(music, 44_100, noisy=np.zeros_like(music)))

    assert math.isnan(score.value)


@both
def test_without_a_mixture_it_says_what_it_needs(music, noisy, gain, of):
    """That is the caller's fault, not the estimate's."""
    with pytest.raises(ValueError, match=f"{gain.__name__}.*noisy="):
        gain(noisy, Truth(music, 44_100))
