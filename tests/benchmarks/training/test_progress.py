"""The time left is that of the steps, the validations and the limits that are left."""

import pytest

from benchmarks.training.progress import Pace


def test_steps_and_validations_that_are_left_are_counted(quick):
    """90 steps of two seconds and nine validations of five."""
    config = quick(limits={"max_steps": 100}, validation={"every_steps": 10})
    pace = Pace(config, steps_per_epoch=30)
    for _ in range(5):
        pace.add_step(2.0)
    pace.add_validation(5.0)

    assert pace.remaining_s(10, 25.0) == pytest.approx(90 * 2 + 9 * 5)


def test_one_slow_step_says_little_and_what_is_long_ago_nothing(quick):
    """The median of the latest ones."""
    pace = Pace(quick(limits={"max_steps": 200}), steps_per_epoch=10)
    pace.add_validation(0.0)
    for seconds in [100.0] * 60 + [1.0] * 49 + [300.0]:
        pace.add_step(seconds)

    assert pace.remaining_s(100, 0.0) == pytest.approx(100.0)


def test_the_nearest_limit_decides(quick):
    """Epochs are steps too, and minutes are minutes."""
    limits = {"max_steps": 1000, "max_epochs": 2, "max_minutes": 10.0}
    pace = Pace(quick(limits=limits), steps_per_epoch=50)
    pace.add_validation(0.0)
    pace.add_step(1.0)

    assert pace.last_step == 100
    assert pace.remaining_s(40, 60.0) == pytest.approx(60.0)
    assert pace.remaining_s(40, 595.0) == pytest.approx(5.0)
    assert pace.remaining_s(40, 700.0) == 0.0


def test_a_first_validation_is_foreseen(quick):
    """Before one was timed it is reckoned from the steps."""
    pace = Pace(quick(limits={"max_steps": 8}), steps_per_epoch=50)
    pace.add_step(1.0)

    assert pace.remaining_s(0, 0.0) > 8.0
