from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mn_dataset.errors import InputError
from mn_dataset.tasks.denoise import SPEC
from mn_dataset.tasks.facets import Facet
from mn_dataset.tasks.spec import Audio, mixture_and_targets, unchanged_inputs


def waves(*names):
    return {name: np.full((1, 4), number, np.float32) for number, name in enumerate(names)}


def test_a_task_without_axes_has_estimates_of_the_form_of_its_inputs():
    """The form of denoise: (batch, channels, time) in and out."""
    inputs = waves("noisy")

    assert SPEC.stack_inputs(inputs) is inputs["noisy"]
    assert SPEC.estimate_shape((3, 1, 4), 1) == (3, 1, 4)
    assert list(SPEC.split_targets(inputs["noisy"], ["clean"])) == ["clean"]
    with pytest.raises(ValueError, match="there are 2 signals"):
        SPEC.stack_inputs(waves("a", "b"))


def test_axes_of_inputs_and_targets_come_after_the_batch():
    """The forms of separate and debleed."""
    separate = replace(SPEC, input_axis=False, target_axis=True)
    debleed = replace(SPEC, input_axis=True, target_axis=True)
    targets = waves("voice", "accompaniment")

    assert separate.estimate_shape((3, 1, 4), 2) == (3, 2, 1, 4)
    assert debleed.estimate_shape((3, 2, 1, 4), 2) == (3, 2, 1, 4)
    assert debleed.stack_inputs(waves("one", "two", "three")).shape == (3, 1, 4)
    parts = separate.split_targets(separate.stack_targets(targets), list(targets))
    assert all(np.array_equal(parts[name], targets[name]) for name in targets)


def test_the_row_that_does_nothing_gives_the_mixture_as_every_target():
    """With several inputs, each in its turn."""
    mixture = np.arange(8, dtype=np.float32).reshape(1, 1, 8)
    microphones = np.arange(16, dtype=np.float32).reshape(1, 2, 1, 8)

    assert np.array_equal(unchanged_inputs(mixture, 2), np.stack([mixture, mixture], axis=1))
    assert np.array_equal(unchanged_inputs(microphones, 2), microphones)
    assert np.array_equal(unchanged_inputs(microphones, 3)[:, 2], microphones[:, 0])


def test_any_task_can_be_told_its_mixture_and_targets():
    """Under the names of denoise, with the axes of the task."""
    task = replace(SPEC, target_axis=True)
    audio = Audio(waves("mixture"), waves("voice", "rest"), {})

    side = mixture_and_targets(task, audio, 44_100)

    assert side["mixture"].shape == (1, 4)
    assert side["clean"].shape == (2, 1, 4)


def test_a_facet_is_a_column_of_the_task():
    """A facet of a column that is not there is refused."""
    with pytest.raises(InputError, match="'key' is in the column 'key', which is not among"):
        replace(SPEC, facets=(Facet("key", "key", "keys"),))
