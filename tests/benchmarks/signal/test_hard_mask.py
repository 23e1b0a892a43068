"""The post-filter of the seed's program, with the phase that it lost."""

import numpy as np
import pytest

from benchmarks.harness.apply import load_denoiser
from benchmarks.signal.hard_mask import hard_masked

RATE = 44_100
TIME_S = np.arange(RATE) / RATE
LOW, HIGH = (np.float32(0.2) * np.sin(2 * np.pi * hz * TIME_S).astype(np.float32) for hz in
             (430.6640625, 4306.640625))  # fmt: skip
"""Two sines, each in the middle of a bin."""


def gain_db(signal, sine):
    heard, whole = (np.vdot(part[5_000:-5_000], sine[5_000:-5_000]) for part in (signal, sine))
    return 20 * np.log10(heard / whole)


def test_where_nothing_was_removed_half_is_left():
    """In phase: it is a gain, and no rotation."""
    estimates = np.stack([LOW, HIGH])

    masked = hard_masked(estimates, estimates, RATE)

    np.testing.assert_allclose(masked, 0.5 * estimates, atol=1e-6)


def test_what_another_microphone_lost_is_subtracted():
    """By hand: 0.1 of the low sine is left of a bleed of 0.4 in the second microphone."""
    estimates = np.stack([LOW, HIGH])
    microphones = np.stack([LOW, HIGH + 0.4 * LOW])
    estimates[1] += np.float32(0.1) * LOW

    masked = hard_masked(estimates, microphones, RATE)

    # 0.5 - 0.4 of the low sine in the first; 0.05 + 0.4 in the second, where it is put back.
    assert gain_db(masked[0], LOW) == pytest.approx(20 * np.log10(0.1), abs=0.1)
    assert gain_db(masked[1], LOW) == pytest.approx(20 * np.log10(0.45), abs=0.1)


def test_a_tenth_is_left_of_what_would_vanish():
    """Where the other one lost more than half of the estimate."""
    masked = hard_masked(np.stack([LOW, HIGH]), np.stack([LOW, HIGH + LOW]), RATE)

    assert gain_db(masked[0], LOW) == pytest.approx(-20.0, abs=0.1)


@pytest.mark.parametrize("factor", [1e-3, 10.0])
def test_a_quiet_session_is_treated_as_a_loud_one(factor):
    """The threshold is of the loudest bin."""
    pair = np.stack([LOW, HIGH]), np.stack([LOW, HIGH + 0.4 * LOW])

    scaled = hard_masked(*(np.float32(factor) * part for part in pair), RATE)

    # Rounding decides of the faintest bins whether something was removed.
    np.testing.assert_allclose(scaled, factor * hard_masked(*pair, RATE), atol=2e-4 * factor)


def test_silence_stays_silence():
    """Nothing is divided by it."""
    silence = np.zeros((2, 100), np.float32)

    assert not hard_masked(silence, silence, RATE).any()


def test_the_row_is_the_filter_after_the_debleeder():
    """And nothing else; the matrix is still told."""
    batch = np.stack([LOW + 0.2 * HIGH, HIGH + 0.3 * LOW])[None, :, None]
    row = load_denoiser("least_squares_blind_hard_mask")

    estimates = row(batch, RATE, num_targets=2)

    before = load_denoiser("least_squares_blind")(batch, RATE, num_targets=2)
    expected = hard_masked(before[0, :, 0], batch[0, :, 0], RATE)
    np.testing.assert_allclose(estimates[0, :, 0], expected, atol=1e-7)
    assert row.denoiser.matrix.shape == (1, 2, 2)
