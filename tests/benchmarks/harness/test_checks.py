"""Whatever a denoiser does wrong comes out as one error that names it."""

import pickle

import numpy as np
import pytest

from benchmarks.contract import REASONS, DenoiserSpec
from benchmarks.harness.checks import (
    DenoiserFailed,
    check_batch,
    checked,
    importing,
    picked,
    running,
)
from mn_dataset.errors import InputError, MissingExtra, MnError

BATCH = np.zeros((2, 1, 10), np.float32)
ORACLE = DenoiserSpec(name="oracle", needs=frozenset({"clean"}))


@pytest.mark.parametrize(
    ("batch", "message"),
    [
        ([0.0], "is list; expected a float32"),
        (np.zeros((1, 1, 10)), "is float64; expected float32"),
        (np.zeros(10, np.float32), r"shape \(10,\); expected \(batch, channels, time\)"),
        (np.zeros((1, 1, 0), np.float32), "none of them 0"),
        (np.full((1, 1, 3), np.nan, np.float32), "NaN or infinity"),
    ],
)
def test_a_batch_that_is_no_audio_is_refused(batch, message):
    """Found and expected stand in the message."""
    with pytest.raises(InputError, match=message):
        check_batch(batch, 44_100)


@pytest.mark.parametrize("sampling_rate", [0, -1, 44_100.0, "44100"])
def test_a_rate_is_a_whole_number_of_hz(sampling_rate):
    """Anything else is refused; numpy's integers are integers."""
    with pytest.raises(InputError, match="expected a whole number of Hz"):
        check_batch(BATCH, sampling_rate)
    check_batch(BATCH, np.int64(44_100))


def test_exactly_what_is_needed_is_picked():
    """A blind denoiser gets nothing, an oracle what it declares."""
    side = {"clean": BATCH, "noise": BATCH}

    assert picked(side, spec=ORACLE, shape=BATCH.shape).keys() == {"clean"}
    assert picked(side, spec=DenoiserSpec(name="blind"), shape=BATCH.shape) == {}


def test_missing_side_information_is_named():
    """An oracle cannot run on a mixture alone."""
    with pytest.raises(InputError, match="needs clean in 'side'; found noise"):
        picked({"noise": BATCH}, spec=ORACLE, shape=BATCH.shape)


def test_side_information_has_the_shape_of_the_batch():
    """Only a noise profile may be shorter."""
    informed = DenoiserSpec(name="informed", needs=frozenset({"noise_profile"}))
    profile = {"noise_profile": BATCH[..., :4]}

    assert picked(profile, spec=informed, shape=BATCH.shape)["noise_profile"].shape == (2, 1, 4)
    with pytest.raises(InputError, match=r"shape \(2, 1, 4\); expected \(2, 1, 10\)"):
        picked({"clean": BATCH[..., :4]}, spec=ORACLE, shape=BATCH.shape)


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (ValueError("too loud"), "raised ValueError: too loud"),
        (ZeroDivisionError(), "raised ZeroDivisionError"),
        (SystemExit(1), "exited with 1"),
        (InputError("odd"), "raised InputError: odd"),
    ],
)
def test_an_exception_is_wrapped_with_its_cause(error, reason):
    """The name, what happened, and the original stay together."""
    with pytest.raises(DenoiserFailed) as caught, running("half"):
        raise error

    assert (caught.value.denoiser, caught.value.reason) == ("half", reason)
    assert caught.value.__cause__ is error


def test_a_keyboard_interrupt_is_not_the_denoisers():
    """Who stops a run stops it."""
    with pytest.raises(KeyboardInterrupt), running("half"):
        raise KeyboardInterrupt


def test_a_missing_package_passes_while_running():
    """Its message already says what to do."""
    with pytest.raises(MissingExtra), running("half"):
        raise MissingExtra("pesq", extra="perceptual")


def test_the_users_mistakes_pass_while_importing():
    """A file that is not there is no fault of a denoiser; a broken module is."""
    with pytest.raises(InputError), importing("half"):
        raise InputError("no such file")
    with pytest.raises(DenoiserFailed, match="raised SyntaxError"), importing("half"):
        raise SyntaxError("invalid syntax")


def test_the_error_travels_between_processes():
    """Workers raise it, the parent reads it."""
    error = DenoiserFailed("half", "returned NaN, expected finite samples", "non_finite")

    again = pickle.loads(pickle.dumps(error))  # noqa: S301 (our own bytes)

    assert isinstance(again, MnError)
    assert vars(again) == vars(error)
    assert str(again) == str(error)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (ValueError(), "raised"),
        (SystemExit(0), "exited"),
        (TimeoutError("slow"), "timed_out"),
    ],
)
def test_what_went_wrong_has_a_typed_reason(error, kind):
    """It is what stands in the scores."""
    with pytest.raises(DenoiserFailed) as caught, running("half"):
        raise error

    assert caught.value.kind == kind
    assert kind in REASONS


@pytest.mark.parametrize(
    ("estimate", "reason"),
    [
        (np.zeros((1, 1, 4), np.float32), r"returned shape \(1, 1, 4\), expected \(1, 1, 5\)"),
        (np.zeros((1, 1, 5), np.int16), "returned int16"),
        (np.zeros((1, 1, 5), np.complex64), "returned complex64"),
        (np.full((1, 1, 5), np.nan), "returned NaN"),
        (np.full((1, 1, 5), -np.inf), "returned infinity"),
        (np.full((1, 1, 5), 1e300), "returned values beyond float32"),
        ([0.0] * 5, "returned list"),
        (None, "returned NoneType"),
    ],
)
def test_a_broken_contract_is_told_by_what_came_back(estimate, reason):
    """Shape, type and finiteness, each in its own words."""
    with pytest.raises(DenoiserFailed, match=reason):
        checked(estimate, name="half", shape=(1, 1, 5))


def test_double_precision_is_taken_as_float32():
    """Computing in float64 is no fault."""
    assert checked(np.ones((1, 1, 5)), name="half", shape=(1, 1, 5)).dtype == np.float32
