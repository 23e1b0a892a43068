"""Samples are rounded once, held at full scale, and account for the recording."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.denoise.blend import blend
from mn_dataset.audio.writer import WIDTHS, Form

levels = st.floats(-1.0, 1.0 - 2.0**-7)


@given(st.sampled_from(sorted(WIDTHS)), levels, levels, st.floats(0, 1))
def test_in_integers_the_parts_are_the_whole(encoding, level, estimate, strength):
    """Recording less residual is the estimate, and that is rounded to the nearest."""
    bits = WIDTHS[encoding]
    noisy = np.array([[np.rint(level * 2.0 ** (bits - 1)) / 2.0 ** (bits - 1)]])

    made = blend(noisy, np.array([[estimate]]), strength=strength, form=Form("WAV", encoding))

    scale = 2.0**31
    kept, removed = made.estimate[0, 0] / scale, made.residual[0, 0] / scale
    if not made.residual_clipped:
        assert kept + removed == noisy[0, 0]
    wanted = noisy[0, 0] + strength * (estimate - noisy[0, 0])
    assert made.clipped or abs(kept - wanted) <= 2.0**-bits
    assert made.estimate[0, 0] % 2 ** (32 - bits) == 0


def test_nothing_wraps_round():
    """What is beyond is held and counted, up and down, and the residual likewise."""
    noisy = np.array([[0.9], [-0.9], [0.1], [0.9]])
    estimate = np.array([[1.5], [-1.5], [0.1], [-0.9]])

    made = blend(noisy, estimate, strength=1.0, form=Form("WAV", "PCM_16"))

    assert (made.estimate >> 16).ravel().tolist() == [32767, -32768, 3277, -29491]
    assert (made.clipped, made.residual_clipped) == (2, 1)
    assert made.residual[3, 0] >> 16 == 32767


@pytest.mark.parametrize(("encoding", "dtype"), [("FLOAT", np.float32), ("DOUBLE", np.float64)])
def test_floating_point_is_held_at_nothing(encoding, dtype):
    """The residual is what the written estimate leaves."""
    noisy, estimate = np.array([[1.7]]), np.array([[3.1]])

    made = blend(noisy, estimate, strength=0.5, form=Form("WAV", encoding))

    assert made.estimate.dtype == made.residual.dtype == dtype
    assert made.estimate[0, 0] == dtype(2.4)
    assert made.residual[0, 0] == dtype(1.7 - float(made.estimate[0, 0]))
    assert made.clipped == made.residual_clipped == 0
