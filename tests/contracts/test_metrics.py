"""Every registered and installed metric answers the same questions."""

import inspect
import math
from functools import wraps

import numpy as np
import pytest

from benchmarks import registry
from benchmarks.contract import DEFINED, REASONS
from benchmarks.metrics.reference import Session, Tracks, Truth
from benchmarks.metrics.suite import describe
from mn_dataset.seeds import generator

RATE = 44_100
NEEDS_MIXTURE = {"sdr_v4", "sdr_v4_mean", "nsdr", "si_sdri", "sir", "sar", "si_sir", "si_sar"}
"""What is measured from the mixture, or from its true noise."""

OF_SESSIONS = {"bleed_matrix_error"}
"""What is of several microphones; here a second one hears its own source alone."""

ARTEFACTS = {"sar", "si_sar"}
"""What takes the noise of the mixture for no error."""

LEVEL_BLIND = {"si_sdr", "si_sdri", "si_sir", "si_sar", "sdr", "nsdr", "sir", "sar", "visqol"}
LEVEL_BLIND |= {"stoi", "estoi", "pesq", "pesq_nb", "pesq_cor2", "lsd_urgent"}
"""What forgives a gain, by its definition."""


def subjects():
    for name, entry in registry.metrics().items():
        absent = pytest.mark.skipif(not entry.installed, reason=f"needs: {entry.install}")
        yield pytest.param(name, marks=absent, id=name)


@pytest.fixture(scope="module", params=subjects())
def metric(request):
    """The metric's function; what is of a session is given one."""
    function = registry.metric(request.param).load()
    return among_others(function) if request.param in OF_SESSIONS else function


def among_others(function):
    @wraps(function)
    def score(estimate, truth):
        if truth.noisy is None:
            return function(estimate, truth)
        other = noise("another microphone", len(truth.reference))
        session = Session(Tracks([truth.noisy, other]), Tracks([truth.reference, other]), 0)
        truth = Truth(truth.reference, RATE, noisy=truth.noisy, session=session)
        with truth.scoring(estimate, Tracks([estimate, other])):
            return function(estimate, truth)

    return score


@pytest.fixture
def spec(metric):
    """What the metric says of itself."""
    (found,) = describe([metric.__name__])
    return found


def voice(seconds=1.5):
    """Return syllables of a sung tone over a faint hiss: the models of listeners want speech."""
    time = np.arange(int(seconds * RATE)) / RATE
    pitch_hz = 160 + 20 * np.sin(2 * np.pi * 2.5 * time)
    phase = 2 * np.pi * np.cumsum(pitch_hz) / RATE
    tone = sum(np.sin(k * phase) / k for k in range(1, 25))
    hiss = generator(0, "test metrics", "hiss").normals(len(time))
    return 0.2 * np.clip(np.sin(2 * np.pi * 4 * time), 0, None) * (tone + 0.1 * hiss) + 1e-4 * hiss


def noise(name, count):
    return 0.05 * generator(0, "test metrics", name).normals(count)


@pytest.fixture(scope="module")
def clean():
    return voice()


@pytest.fixture(scope="module")
def noisy(clean):
    return clean + noise("mixture", len(clean))


def truth_of(clean, noisy):
    return Truth(clean, RATE, noisy=noisy)


def test_its_spec_is_complete(metric, spec):
    """Name, unit, range, definition with a full stop, and where it comes from."""
    assert spec.name == metric.__name__
    assert spec.unit in {"dB", "MOS", "1"}
    assert spec.range[0] < spec.range[1]
    assert spec.definition.endswith(".")
    assert spec.citation.endswith(".")
    assert spec.known_as
    assert (spec.package is None) == (spec.extra is None and spec.command is None)
    assert not spec.reasons.keys() & REASONS.keys()


def test_it_says_which_difference_is_negligible(spec):
    """The default is for dB; another unit has its own, a small part of its range."""
    low, high = spec.range

    assert (spec.negligible == 0.5) == (spec.unit == "dB")
    assert 0 < spec.negligible <= (high - low) / 30


def test_it_takes_an_estimate_and_the_truth(metric):
    """By these names; its docstring says what it returns."""
    assert list(inspect.signature(metric).parameters) == ["estimate", "truth"]
    assert (metric.__doc__ or "").startswith("Return ")


def test_less_noise_is_better(metric, spec, clean, noisy):
    """In the metric's direction, inside its range, and defined."""
    good, bad = (
        metric(clean + share * noise("left", len(clean)), truth_of(clean, noisy))
        for share in (0.05, 0.8)
    )

    for score in (good, bad):
        assert score.reason in DEFINED
        assert spec.range[0] <= score.value <= spec.range[1]
    if spec.name in ARTEFACTS:  # the noise that is left is another than the mixture's
        assert good.value > bad.value
    else:
        assert (good.value > bad.value) == spec.higher_is_better


def test_the_clean_signal_itself_is_the_best(metric, spec, clean, noisy):
    """No estimate of this set has a better score."""
    sign = 1 if spec.higher_is_better else -1
    best = metric(clean.copy(), truth_of(clean, noisy))

    assert best.reason in DEFINED
    for share in (0.05, 0.8):
        worse = metric(clean + share * noise("left", len(clean)), truth_of(clean, noisy))
        assert sign * best.value >= sign * worse.value


def test_it_changes_nothing_and_says_the_same_twice(metric, clean, noisy):
    """Neither the estimate nor the truth; the second score is the first, bit for bit."""
    estimate, truth = noisy.copy(), truth_of(clean.copy(), noisy.copy())

    first = metric(estimate, truth)
    second = metric(estimate, truth_of(clean, noisy))

    assert first == second == metric(estimate, truth)
    assert np.array_equal(estimate, noisy)
    assert np.array_equal(truth.reference, clean)


def test_samples_of_float32_score_as_those_of_float64(metric, clean, noisy):
    """Of the same values."""
    single = [signal.astype(np.float32) for signal in (0.5 * (clean + noisy), clean, noisy)]
    double = [signal.astype(np.float64) for signal in single]

    assert metric(single[0], truth_of(*single[1:])) == metric(double[0], truth_of(*double[1:]))


def test_a_gain_counts_or_does_not_as_its_definition_says(metric, spec, clean, noisy):
    """Half the level is no error to a scale-invariant metric, and one to every other."""
    estimate = clean + 0.2 * noise("left", len(clean))

    whole, half = (metric(gain * estimate, truth_of(clean, noisy)).value for gain in (1.0, 0.5))

    if spec.name in LEVEL_BLIND:
        # models of listeners level the signals in single precision
        assert half == pytest.approx(whole, abs=1e-6 if spec.unit == "dB" else 0.05)
    else:
        assert abs(half - whole) > 0.1


@pytest.mark.parametrize("kind", ["silent_reference", "silent_estimate", "non_finite"])
def test_what_cannot_be_scored_is_nan_with_its_reason(metric, clean, noisy, kind):
    """Never 0, never a crash; the reference is asked first."""
    estimate, reference = noisy.copy(), clean.copy()
    if kind == "silent_reference":
        reference[:] = 0.0
    elif kind == "silent_estimate":
        estimate[:] = 0.0
    else:
        estimate[7] = np.nan

    score = metric(estimate, truth_of(reference, noisy))

    assert math.isnan(score.value)
    assert score.reason == kind


def test_fewer_samples_than_it_is_defined_on_are_too_short(metric, spec, clean, noisy):
    """One less than its minimum at its rate."""
    rate = spec.sampling_rate or RATE
    count = math.ceil(spec.min_samples * RATE / rate) - 1
    if count < 1:
        pytest.skip("one sample is enough for it")

    score = metric(noisy[:count], truth_of(clean[:count], noisy[:count]))

    assert math.isnan(score.value)
    assert score.reason == "too_short"


def test_another_length_than_the_reference_s_is_refused(metric, clean, noisy):
    """It is a mistake of the caller and no score."""
    with pytest.raises(ValueError, match="the estimate has shape"):
        metric(noisy[:-1], truth_of(clean, noisy))


def test_it_says_when_it_lacks_the_mixture(metric, spec, clean, noisy):
    """What is measured from the mixture asks for it; every other metric does without."""
    alone = Truth(clean, RATE)

    if spec.name in NEEDS_MIXTURE:
        with pytest.raises(ValueError, match="noisy=…"):
            metric(noisy, alone)
    elif spec.name in OF_SESSIONS:
        assert metric(noisy, alone).reason == "no_microphones"
    else:
        assert metric(noisy, alone) == metric(noisy, truth_of(clean, noisy))


def test_what_others_learned_of_the_pair_changes_no_score(metric, clean, noisy):
    """Metrics share their analyses of a truth and of the estimate that is judged."""
    estimate, truth = clean + 0.3 * noise("left", len(clean)), truth_of(clean, noisy)
    with truth.scoring(estimate):
        for name in ("sdr", "sir", "si_sdr", "lsd"):
            registry.metric(name).load()(estimate, truth)
        shared = metric(estimate, truth)

    assert shared == metric(estimate, truth_of(clean, noisy))


def test_only_declared_reasons_are_given(spec):
    """An unknown one is a mistake in the metric."""
    with pytest.raises(ValueError, match="is not a reason of"):
        spec.undefined("tired")
    for reason in (*REASONS, *spec.reasons):
        score = spec.undefined(reason)
        assert (math.isnan(score.value), score.reason) == (True, reason)
