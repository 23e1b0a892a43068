"""Every task is asked the same questions, whatever its layers are."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

from mn_dataset.mix.manifest import manifest_fields
from mn_dataset.mix.recipe_rows import recipe_fields
from mn_dataset.records import TABLES, Layer
from mn_dataset.tasks import registry


@pytest.fixture(params=registry.names())
def task(request):
    return registry.find(request.param)


def test_it_says_what_it_is(task):
    """In words that stand on cards and pages."""
    assert task.title
    assert task.description.endswith(".")
    assert all(facet.title and facet.plural for facet in task.facets)
    assert all(axis.title and axis.plural for axis in task.clusters)


def test_its_roles_are_of_tables_that_a_corpus_has(task):
    """Each has a name of its own, and what is kept is a role."""
    names = [role.name for role in task.roles]

    assert len(set(names)) == len(names) > 0
    assert {role.table for role in task.roles} <= set(TABLES)
    assert {*task.kept} <= set(names)


def test_its_tables_have_every_column_once(task):
    """Of the recipes, and of the manifest."""
    for columns in (recipe_fields(task), manifest_fields(task)):
        names = [field.name for field in columns]
        assert len(set(names)) == len(names)
    assert {axis.column for axis in task.clusters} - {""} <= {one.name for one in task.columns}


def test_it_completes_what_its_table_does_not_store(task):
    """Once is enough, and what is stored stays."""
    for role in task.roles:
        layer = Layer(role.name, "clean/a", 0, gain=1.0)
        whole = task.complete(layer)
        assert task.complete(whole) == whole
        assert all(getattr(whole, name) == getattr(layer, name) for name in task.layer_fields)


def test_the_row_that_does_nothing_has_the_form_of_an_estimate(task):
    """For one target or several, as the task has axes."""
    shape = (2, 2, 1, 8) if task.input_axis else (2, 1, 8)
    for num_targets in (1, 2, 3) if task.target_axis else (1,):
        estimates = task.unchanged(np.zeros(shape, np.float32), num_targets)
        assert estimates.shape == task.estimate_shape(shape, num_targets)


def test_it_can_be_handed_to_another_process(task):
    """Its functions are those of a module."""
    copy = pickle.loads(pickle.dumps(task))  # noqa: S301 - our own bytes

    assert copy.draw is task.draw
    assert manifest_fields(copy) == manifest_fields(task)
