from __future__ import annotations

import importlib
from dataclasses import replace
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from mn_dataset.errors import DatasetError, InputError, UnknownName
from mn_dataset.tasks import registry
from mn_dataset.tasks.denoise import SPEC


@pytest.mark.parametrize("name", registry.names())
def test_every_task_is_the_file_of_its_name(name):
    """What is listed is found, under the name that people type."""
    assert registry.find(name).name == name


def test_modules_that_are_no_task_are_not_listed():
    """The registry and what tasks share stand in the same folder."""
    folder = Path(importlib.import_module("mn_dataset.tasks").__path__[0])
    others = {path.stem for path in folder.glob("*.py")} - set(registry.names())

    assert {"spec", "registry", "drawing", "feasibility", "presets"} <= others


def test_an_unknown_task_has_the_nearest_suggestion():
    """One letter is missing."""
    with pytest.raises(UnknownName, match="unknown task 'denois'; did you mean 'denoise'"):
        registry.find("denois")


def test_a_task_is_registered_as_long_as_a_block_runs():
    """It is found inside, and unknown again behind."""
    with registry.registered(replace(SPEC, name="toy")) as toy:
        assert registry.find("toy") is toy
        assert "toy" in registry.names()
    with pytest.raises(UnknownName):
        registry.find("toy")


def test_a_name_that_is_taken_is_refused():
    """A task of the toolkit is not replaced."""
    with pytest.raises(InputError, match="a task 'denoise' already"), registry.registered(SPEC):
        pass


def test_a_third_party_adds_a_task_by_an_entry_point(monkeypatch):
    """One that holds something else is refused by name."""
    points = {
        "theirs": EntryPoint("theirs", "mn_dataset.tasks.denoise:SPEC", "mn.tasks"),
    }
    monkeypatch.setattr(registry, "_entry_points", lambda: points)

    assert "theirs" in registry.names()
    with pytest.raises(InputError, match="expected a TaskSpec whose name is 'theirs'"):
        registry.find("theirs")


@pytest.mark.parametrize(
    ("names", "text"),
    [
        ([], "mixtures are none"),
        (["denoise", "separate"], "of the tasks denoise, separate"),
        (["denoize"], "not known here; did you mean 'denoise'"),
    ],
)
def test_a_table_is_of_one_task(names, text):
    """None, several, and an unknown one are refused with the table's name."""
    with pytest.raises(DatasetError, match=rf"a\.parquet: .*{text}"):
        registry.task_of(names, where="a.parquet", error=DatasetError)
    assert registry.task_of(["denoise"] * 2, where="", error=DatasetError) is SPEC
