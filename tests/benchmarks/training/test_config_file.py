"""A configuration says everything, and a misspelt or senseless one is named."""

import pytest

from benchmarks.training.config_file import from_tables, load_config, shipped_names
from mn_dataset.errors import InputError, UnknownName
from mn_dataset.tasks import presets

INF, NAN = float("inf"), float("nan")
ENDS = {"limits": {"max_steps": 1}}


TWO_STAGES = ("ablation", "cpu", "gpu", "musicecan_small", "paper", "small")


@pytest.mark.parametrize("name", shipped_names())
def test_every_configuration_that_ships_can_be_read(name):
    """With a loss for both outputs of a two-stage network, or for the only one of any other."""
    config = load_config(name)

    assert len(config.loss) == (2 if name in TWO_STAGES else 1)
    assert config.settings()["data"]["batch"] == config.data.batch


def test_the_paper_trains_as_it_says():
    """MAE on both stages alike, Adam(0.5, 0.9) at 1e-4, batches of 16 times two seconds."""
    paper = load_config("paper")

    assert paper.loss == ({"mae": 1.0}, {"mae": 1.0})
    assert (paper.optimizer.name, paper.optimizer.betas) == ("adam", (0.5, 0.9))
    assert (paper.optimizer.learning_rate, paper.data.batch, paper.data.segment_s) == (1e-4, 16, 2)


def test_the_paper_trains_on_mixtures_of_its_preset():
    """SNRs by variances; a level of 10^(x/10) on the amplitude is one of 2x decibels."""
    data = load_config("paper").data

    assert (data.snr_db,) == presets._SNR_DB["train"]
    assert data.snr_definition == presets.SNR_DEFINITION
    assert data.gain_db == tuple(2 * level for level in presets._LEVEL_DB)


@pytest.mark.parametrize(
    ("tables", "message"),
    [
        ({"optimiser": {}}, "here: unknown field 'optimiser'; did you mean 'optimizer'"),
        ({"data": {"segments": 1}}, r"here: \[data\]: unknown field 'segments'; .*'segment_s'"),
        ({"data": {"batch": 2.5}}, r"\[data\]: batch is 2.5; expected a whole number"),
        ({"data": {"batch": True}}, "batch is True; expected a whole number"),
        ({"data": {"batch": 0}}, r"\[data\]: batch is 0; expected 1 or more"),
        ({"data": {"batch": 4, "accumulate": 3}}, "3 parts .* do not divide"),
        ({"data": {"snr_db": [5]}}, r"snr_db is \[5\]; expected a list of 2"),
        ({"data": {"snr_db": [9, 1]}}, r"expected \[lowest, highest\]"),
        ({"data": {"snr_db": [[1, 9], [9, 1]]}}, r"snr_db is \[9, 1\]"),
        ({"data": {"snr_db": [[1, 9], [9]]}}, r"snr_db is \[9\]; expected a list of 2"),
        ({"data": {"snr_definition": "powr"}}, "'powr'; did you mean 'power'"),
        ({"data": {"augment": "lite"}}, "unknown augmentation 'lite'"),
        ({"optimizer": {"betas": [0.9, 1.0]}}, "betas is"),
        ({"optimizer": {"ema_decay": 1.0}}, "ema_decay is 1"),
        ({"optimizer": {"clip_norm": 0}}, "clip_norm is 0"),
        ({"optimizer": {"learning_rate": "fast"}}, "learning_rate is 'fast'; expected a number"),
        ({"optimizer": {"schedule": "cosine"}, "limits": {"max_epochs": 1}}, "has no end"),
        ({"limits": {}}, "sets no end"),
        ({"limits": {"max_minutes": 0}}, "max_minutes is 0"),
        ({"limits": {"max_minutes": INF}}, r"\[limits\]: max_minutes holds inf; expected finite"),
        ({"limits": {"max_minutes": 1e300}}, r"max_minutes is 1e\+300"),
        ({"optimizer": {"clip_norm": NAN}}, r"\[optimizer\]: clip_norm holds nan"),
        ({"optimizer": {"weight_decay": INF}}, "weight_decay holds inf"),
        ({"validation": {"snr_db": [0.0, NAN]}}, "snr_db holds nan"),
        ({"model": {"input_rms": NAN}}, "model holds nan"),
        ({"loss": [{"mae": INF}]}, "loss holds inf"),
        ({"validation": {"mixtures": 1}}, "mixtures is 1; expected 2 or more"),
        ({"loss": {"mae": 1}}, "loss is .*; expected a list"),
        ({"data": 3}, r"\[data\]: 3 is no table"),
    ],
)
def test_what_makes_no_sense_is_named(tables, message):
    """By place, table and field, with what was expected."""
    with pytest.raises(InputError, match=message):
        from_tables(ENDS | tables, where="here")


def test_an_unknown_name_gets_the_nearest(tmp_path):
    """And a file that is missing, or no TOML, is told."""
    with pytest.raises(UnknownName, match="did you mean 'paper'"):
        load_config("papr")
    with pytest.raises(InputError, match="cannot be read"):
        load_config(tmp_path / "none.toml")
    (tmp_path / "bad.toml").write_text("data = ", encoding="utf-8")
    with pytest.raises(InputError, match="not TOML"):
        load_config(tmp_path / "bad.toml")


def test_a_file_of_ones_own_is_read_and_limits_stand_above_it(tmp_path):
    """What is not said keeps its default."""
    path = tmp_path / "mine.toml"
    path.write_text("[data]\nbatch = 3\n[limits]\nmax_epochs = 2\n", encoding="utf-8")

    config = load_config(path, max_steps=7, max_minutes=1.5)

    assert (config.data.batch, config.data.segment_s) == (3, 2.0)
    assert config.limits.max_epochs == 2
    assert (config.limits.max_steps, config.limits.max_minutes) == (7, 1.5)


@pytest.mark.parametrize("minutes", [INF, -INF, NAN])
def test_minutes_without_an_end_are_refused_on_the_command_line_too(minutes):
    """They stand above the file's."""
    with pytest.raises(InputError, match="max_minutes"):
        load_config("cpu", max_minutes=minutes)


def test_fields_can_be_changed_on_the_command_line():
    """Numbers, lists and texts, with and without quotes, of known and of new tables."""
    changes = [
        "data.batch=4",
        "data.snr_db = [0, 5]",
        "data.augment=full",
        'optimizer.schedule="constant"',
        "model.width_multiplier=0.5",
    ]

    config = load_config("cpu", changes=changes)

    assert (config.data.batch, config.data.snr_db, config.data.augment) == (4, (0.0, 5.0), "full")
    assert config.optimizer.schedule == "constant"
    assert config.model == {"width_multiplier": 0.5}
    assert config.data.segment_s == load_config("cpu").data.segment_s


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("data.batch", "expected FIELD=VALUE"),
        ("=4", "expected FIELD=VALUE"),
        ("data.=4", "expected FIELD=VALUE"),
        ("loss.mae=4", "loss is no table"),
        ("data.batsh=4", "unknown field 'batsh'; did you mean 'batch'"),
        ("data.batch=many", "batch is 'many'; expected a whole number"),
    ],
)
def test_a_change_that_makes_no_sense_is_named(change, message):
    """As a field of a file would be."""
    with pytest.raises(InputError, match=message):
        load_config("cpu", changes=[change])


def test_generated_noise_and_second_noises_are_asked_for_in_data():
    """As keywords of the drawing: one share, or a table of classes."""
    config = from_tables(
        {
            "data": {"draw": {"generated": {"electrical": 0.5}, "second_noise": 0.2}},
            "limits": {"max_steps": 1},
        },
        where="here",
    )

    assert config.data.draw == {"generated": {"electrical": 0.5}, "second_noise": 0.2}
