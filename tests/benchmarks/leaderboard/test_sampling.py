from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any, cast

import pandas as pd
import pytest

from benchmarks.leaderboard.sampling import NOT_SAMPLED, due, parse, sampled
from benchmarks.leaderboard.verify import verify_run
from mn_dataset.errors import InputError
from mn_dataset.mix.dataset import MixtureRow


@dataclass(frozen=True)
class Labelled:
    """What the choice looks at."""

    id: str
    labels: tuple[str | float, ...]


def grid(per_cell: int) -> list[MixtureRow]:
    cells = product([f"noise {n}" for n in range(5)], [f"music {n}" for n in range(9)], [0.0, 5.0])
    rows = [Labelled(f"{cell}{copy}", cell) for cell in cells for copy in range(per_cell)]
    return cast("list[MixtureRow]", rows)


@pytest.mark.parametrize("every", [2, 3, 4, 5, 6])
def test_every_few_mixtures_one_is_taken_of_all_kinds_alike(every: int) -> None:
    """No class, category or level has less than half of its share, whatever the step."""
    mixtures = grid(3)
    by_id = {mixture.id: mixture for mixture in mixtures}

    chosen = sampled(mixtures, every)

    assert len(chosen) == -(-len(mixtures) // every)
    for side in range(3):
        counts = Counter(by_id[name].labels[side] for name in chosen)
        fair = Counter(mixture.labels[side] for mixture in mixtures)
        assert all(2 * every * counts[label] >= fair[label] for label in fair)


def test_the_choice_does_not_hang_on_the_order_of_mixtures() -> None:
    """The same mixtures in another order have the same part chosen."""
    assert sampled(grid(3), 5) == sampled(grid(3)[::-1], 5)


def test_a_metric_on_a_part_is_due_there_and_the_others_everywhere() -> None:
    """Of each mixture the metrics in their order."""
    mixtures = grid(1)
    found = due(mixtures, {"snr": 1, "visqol": 3})

    assert Counter(found.values()) == {("snr", "visqol"): 30, ("snr",): 60}


@pytest.mark.parametrize("part", ["", "0", "0.2", "-5", "five"])
def test_a_part_that_is_no_whole_number_is_refused(part: str) -> None:
    with pytest.raises(InputError, match="expected a whole number of at least 1, such as visqol/5"):
        parse([f"visqol/{part}"])


def test_a_run_scores_a_metric_on_the_part_that_was_asked_for(
    dataset: Path,
    tmp_path: Path,
    run_of: Callable[..., pd.DataFrame],
    run_json: Callable[[Path], dict[str, Any]],
) -> None:
    """The rest says why it has no value; asked for all, only the rest is scored."""
    run = tmp_path / "run"
    scores = run_of(dataset, ["noisy"], run, metrics=["snr", "lsd/3"])
    journal = next((run / "journal").glob("noisy-*.jsonl"))
    before = journal.read_bytes()

    parts = scores.groupby("metric")["value"].count()
    assert parts.to_dict() == {"lsd": 2, "snr": 6}
    assert set(scores.loc[scores["value"].isna(), "reason"]) == {NOT_SAMPLED}
    assert {item["name"]: item["every"] for item in run_json(run)["metrics"]} == {
        "snr": 1,
        "lsd": 3,
    }
    verification = verify_run(run, sample="100%", workers=1)
    assert (verification.scores, verification.mismatches) == (8, ())

    whole = run_of(dataset, ["noisy"], run, metrics=["snr", "lsd"])

    added = journal.read_bytes()[len(before) :].decode().splitlines()
    assert [[name.partition("@")[0] for name in json.loads(line)["scores"]] for line in added] == [
        ["lsd"]
    ] * 4
    assert whole["value"].notna().all()


def test_a_run_may_score_nothing_on_the_rest(
    dataset: Path, tmp_path: Path, run_of: Callable[..., pd.DataFrame]
) -> None:
    """Where every metric is on a part, the other mixtures are not even denoised."""
    scores = run_of(dataset, ["noisy"], tmp_path / "run", metrics=["snr/3"])

    assert scores["value"].count() == 2
    assert len(scores) == 6
