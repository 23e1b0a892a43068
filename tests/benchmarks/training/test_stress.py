"""What takes minutes: learning on real recordings."""

import json
from dataclasses import replace

import pytest

torch = pytest.importorskip("torch", reason="needs: pip install 'mn-dataset[train]'")

from benchmarks.training.config_file import load_config  # noqa: E402 - once torch is there
from benchmarks.training.train import train  # noqa: E402


@pytest.mark.stress
def test_five_minutes_of_an_eighth_of_the_widths_pass_the_test_of_learning(real_corpus, tmp_path):
    """Real recordings, validated on groups that it never heard."""
    config = replace(load_config("cpu", max_minutes=5), model={"width_multiplier": 1 / 8})

    outcome = train("musicecan", real_corpus.root, tmp_path / "run", config=config)

    description = json.loads((tmp_path / "run/train.json").read_text(encoding="utf-8"))
    assert description["parameters"] < 1_200_000
    assert outcome.learned, f"{outcome.best_db} dB after {outcome.steps} steps"
