"""Whatever a denoiser does wrong comes out as one error that names it."""

import pickle

import numpy as np
import pytest

from benchmarks.contract import REASONS
from benchmarks.harness.guard import DenoiserFailed, checked, importing, running
from mn_dataset.errors import InputError, MissingExtra, MnError


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
