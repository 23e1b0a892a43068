from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mn_dataset.audio.level import CEILING, round_gain
from mn_dataset.mix import gains
from mn_dataset.mix.gains import power_ratio


@given(st.floats(-60, 60))
@settings(max_examples=200, deadline=None)
def test_powers_of_ten_are_right(decibels):
    """Decimal arithmetic agrees with the platform's pow, whose exponent is itself rounded."""
    assert power_ratio(decibels) == pytest.approx(10 ** (decibels / 10), rel=4e-15)


@given(st.floats(1e-4, 1e4))
def test_a_gain_times_a_sample_is_exact(gain):
    """24 significant bits times 16 fit in float64: the product has no rounding to differ by."""
    rounded = round_gain(gain)

    assert abs(rounded / gain - 1) <= 2**-24
    assert (rounded * 32_767) / 32_767 == rounded
    assert math.frexp(rounded)[0] * 2**24 % 1 == 0


def test_the_guard_acts_only_when_needed_and_then_to_the_ceiling():
    """At 32 000 nothing changes; above, the loudest sample comes down to just under it."""
    assert gains.needed(32_000) == 1.0
    for top in (32_001, 40_000, 65_535):
        assert CEILING - 3 <= top * gains.needed(top) <= CEILING - 1


def test_a_layer_louder_than_the_sum_is_guarded_too():
    """Two layers that cancel may each exceed the ceiling."""
    clean = np.array([32_767, 0], np.int16)

    assert gains.top([clean, -clean], [32_767, 32_767]) == 32_767


def test_a_sum_beyond_16_bits_is_seen():
    """The magnitude of the sum is not wrapped."""
    loud = np.array([-32_768], np.int16)

    assert gains.top([loud, loud], [32_768, 32_768]) == 65_536
