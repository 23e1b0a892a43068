from __future__ import annotations

import math
import warnings

import numpy as np
import pytest

from benchmarks.metrics.reference import Truth
from benchmarks.metrics.suite import describe
from benchmarks.metrics.undefined import decibels
from benchmarks.registry import metric, metrics

NAMES = sorted(metrics())
RATE = 44_100


def _score(name, estimate, reference, noisy):
    entry = metric(name)
    if not entry.installed:
        pytest.skip(f"{entry.package} is not installed")
    return entry.load()(estimate, Truth(reference, RATE, noisy=noisy))


def _reason(name, estimate, reference, noisy):
    score = _score(name, estimate, reference, noisy)
    assert math.isnan(score.value)
    return score.reason


@pytest.mark.parametrize("name", NAMES)
def test_a_silent_reference_is_undefined(name, music, noisy):
    """No metric invents a number where there is nothing to recover."""
    assert _reason(name, noisy, np.zeros_like(music), noisy) == "silent_reference"


@pytest.mark.parametrize("scale", [0.0, 1e-8])
@pytest.mark.parametrize("name", NAMES)
def test_silence_is_undefined_and_never_0_db(name, scale, music, noisy):
    """An estimate that is nothing, or 160 dB down, has no score."""
    assert _reason(name, scale * noisy, music, noisy) == "silent_estimate"


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("name", NAMES)
def test_one_bad_sample_makes_the_score_undefined(name, value, music, noisy):
    """NaN and infinity are found wherever they are, without a warning."""
    broken = noisy.copy()
    broken[12_345] = value

    assert _reason(name, broken, music, noisy) == "non_finite"


@pytest.mark.parametrize("name", NAMES)
def test_a_signal_one_sample_too_short_is_undefined(name, music, noisy):
    """The samples are counted at the metric's own rate; one more is enough."""
    (spec,) = describe([name])
    enough = math.ceil(spec.min_samples * RATE / (spec.sampling_rate or RATE))
    short, long = slice(1000, 1000 + enough - 1), slice(1000, 1000 + enough)

    assert _reason(name, noisy[short], music[short], noisy[short]) == "too_short"
    assert _score(name, noisy[long], music[long], noisy[long]).reason != "too_short"


@pytest.mark.parametrize("name", ["pesq", "stoi"])
def test_metrics_of_hearing_do_not_hear_a_constant(name, music, noisy):
    """A constant is silence to an ear, on either side."""
    constant = np.full_like(music, 0.3)

    assert _reason(name, noisy, constant, noisy) == "constant_reference"
    assert _reason(name, constant, music, noisy) == "silent_estimate"


@pytest.mark.parametrize("name", ["snr", "si_sdr", "sdr"])
def test_an_identical_estimate_is_saturated_at_100_db(name, music, noisy):
    """Infinity is never averaged in."""
    assert _score(name, music, music, noisy) == (100.0, "saturated")


@pytest.mark.parametrize("name", NAMES)
def test_an_impulse_on_either_side_neither_raises_nor_warns(name, music, noisy):
    """The emptiest signal that is not silent has a number or a reason."""
    impulse = np.eye(1, len(music), 999)[0]

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        scores = [_score(name, noisy, impulse, noisy), _score(name, impulse, music, noisy)]

    assert all(math.isfinite(s.value) or s.reason != "ok" for s in scores)


@pytest.mark.parametrize("name", NAMES)
def test_the_same_pair_has_the_same_score_to_the_last_bit(name, music, noisy):
    """What was remembered of the reference changes nothing."""
    entry = metric(name)
    if not entry.installed:
        pytest.skip(f"{entry.package} is not installed")
    measure, truth = entry.load(), Truth(music, RATE, noisy=noisy)

    first = measure(0.5 * noisy, truth)

    # A mixture has no artefacts, and one that is alone no microphones.
    assert first.reason in ("ok", "saturated", "no_microphones")
    np.testing.assert_equal(measure(0.5 * noisy, truth), first)
    np.testing.assert_equal(measure(0.5 * noisy, Truth(music, RATE, noisy=noisy)), first)


@pytest.mark.parametrize("name", NAMES)
def test_an_estimate_of_another_length_is_the_callers_fault(name, music, noisy):
    """A wrong length is said, with both lengths."""
    with pytest.raises(ValueError, match=f"{len(music) - 1}.*{len(music)}"):
        _score(name, noisy[1:], music, noisy)


def test_decibels_stop_at_100_in_both_directions():
    """The clipped value says that it is clipped."""
    assert decibels(0.0, 1.0) == (-100.0, "saturated")
    assert decibels(1.0, 1e-11) == (100.0, "saturated")
    assert decibels(1e-300, 1e-300) == (0.0, "ok")
