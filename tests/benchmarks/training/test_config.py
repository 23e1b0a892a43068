"""The settings of a configuration are what decides the weights, and nothing else."""

import pytest

from benchmarks.training.config import Config, Data, Limits, Optimizer
from benchmarks.training.config_file import from_tables
from mn_dataset.errors import InputError

ENDS = {"limits": {"max_steps": 1}}


def test_limits_and_workers_decide_no_weight_and_all_else_does():
    """A run may be made longer, or mixed by more processes; a cosine's end is another run."""
    first = from_tables(ENDS, where="here").settings()
    longer = from_tables({"limits": {"max_steps": 9}, "data": {"workers": 4}}, where="here")
    other = from_tables(ENDS | {"optimizer": {"learning_rate": 0.5}}, where="here")
    falls = {"optimizer": {"schedule": "cosine"}}
    ends = [
        from_tables(falls | {"limits": {"max_steps": steps}}, where="here").settings()
        for steps in (5, 6)
    ]

    assert longer.settings() == first
    assert other.settings() != first
    assert ends[0] != ends[1]


def test_a_chain_of_ones_own_is_known_by_what_it_says(tmp_path):
    """Another content of the same file is another run."""
    path, settings = tmp_path / "chain.toml", []
    for gain in (1, 2):
        path.write_text(f"[gain]\nprobability = 1\ngain_db = {gain}\n", encoding="utf-8")
        settings.append(
            from_tables(ENDS | {"data": {"augment": str(path)}}, where="here").settings()
        )

    assert settings[0] != settings[1]


def test_a_licence_that_nobody_knows_is_refused():
    """Before anything is opened."""
    with pytest.raises(InputError, match=r"licenses: unknown licence .CC0-2\.0."):
        Data(licenses=("CC0-2.0",))


def test_a_configuration_without_an_end_is_refused():
    """By the names of the fields, in Python as in a file."""
    with pytest.raises(InputError, match="give max_steps, max_epochs or max_minutes"):
        Config()
    with pytest.raises(InputError, match="the cosine has no end; give decay_steps"):
        Config(optimizer=Optimizer(schedule="cosine"), limits=Limits(max_epochs=1))


def test_the_cosine_ends_with_the_steps_unless_it_is_told_where():
    """The nearest of the two is not asked for."""
    limits = Limits(max_steps=7)

    assert Config(limits=limits).decay_steps == 7
    assert Config(optimizer=Optimizer(decay_steps=9), limits=limits).decay_steps == 9


def test_settings_of_before_stay_those_of_a_run_that_is_resumed():
    """What only L-BFGS and other tasks need is named where it decides the weights."""
    limits = Limits(max_steps=1)
    plain = Config(limits=limits).settings()
    other = Config(
        limits=limits, data=Data(draw={"mixing": "paired"}), optimizer=Optimizer(name="lbfgs")
    ).settings()

    assert "draw" not in plain["data"]
    assert not {"history", "iterations"} & plain["optimizer"].keys()
    assert other["data"]["draw"] == {"mixing": "paired"}
    assert (other["optimizer"]["history"], other["optimizer"]["iterations"]) == (50, 20)


def test_l_bfgs_is_not_to_clip_the_gradient_that_it_searches_along():
    with pytest.raises(InputError, match="leave clip_norm and weight_decay away"):
        Optimizer(name="lbfgs", clip_norm=1.0)
