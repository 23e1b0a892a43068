from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.leaderboard.run import bench
from mn_dataset.audio.io import read_pcm

RATE = 8000


def examples_of(dataset: Path, requests: list[str], run: Path, count: int) -> list[dict[str, Any]]:
    bench(dataset, requests, run, metrics=["si_sdr"], workers=0, examples=count)
    story = json.loads((run / "run.json").read_text(encoding="utf-8"))
    return list(story["examples"])


def test_the_residual_is_what_the_estimate_took_away(
    dataset: Path, plugins: Path, tmp_path: Path
) -> None:
    """Noisy less estimate, raised by what is told, and as loud as the mixture."""
    run = tmp_path / "run"

    (example,) = examples_of(dataset, ["noisy", f"{plugins}:Half"], run, 1)

    (half,) = example["estimates"]
    noisy, residual = (
        read_pcm(run / file, sampling_rate=RATE).astype(float)
        for file in (example["noisy"], half["residual"])
    )
    # Half of the mixture is what half of the mixture leaves; all gains are told to 0.01 dB.
    expected = 0.5 * noisy * 10 ** (half["residual_raised_db"] / 20)
    assert np.abs(residual - expected).max() <= 1 + 0.002 * np.abs(noisy).max()
    assert abs(half["residual_level_db"] - example["level_db"]["noisy"]) < 0.05
    assert half["residual_raised_db"] > 5.9


def test_half_of_the_examples_are_the_hardest(dataset: Path, plugins: Path, tmp_path: Path) -> None:
    """They are the worst clips of a ranked denoiser in their noise class and SNR."""
    run = tmp_path / "run"

    examples = examples_of(dataset, ["noisy", "wiener", f"{plugins}:Half"], run, 5)

    assert sorted(example["why"] for example in examples) == ["hardest"] * 2 + ["spread"] * 3
    assert len({example["mixture_id"] for example in examples}) == 5
    scores = pd.read_parquet(run / "scores.parquet")
    worst = {
        rows.loc[rows["value"].idxmin(), "mixture_id"]
        for name in ("wiener", "half")
        for _, rows in scores[scores["denoiser"] == name].groupby(["noise_class", "snr_db"])
    }
    hard = {example["mixture_id"] for example in examples if example["why"] == "hardest"}
    assert hard <= worst


def test_examples_tell_whose_recordings_they_are(dataset: Path, tmp_path: Path) -> None:
    """Clean and noise recording with licence and attribution; what is not known is empty."""
    (example,) = examples_of(dataset, ["noisy", "wiener"], tmp_path / "run", 1)

    mixtures = pd.read_parquet(tmp_path / "run" / "mixtures.parquet").set_index("mixture_id")
    row = mixtures.loc[example["mixture_id"]]
    assert [source["id"] for source in example["sources"]] == [row["clean_id"], row["noise_id"]]
    assert set(example["sources"][0]) == {"id", "source", "license", "attribution", "url"}


def test_pictures_of_audio_that_stays_stay(dataset: Path, tmp_path: Path) -> None:
    """A second run keeps the spectrogram of a kept file, and removes one of a file that went."""
    run = tmp_path / "run"
    (example,) = examples_of(dataset, ["noisy", "wiener"], run, 1)
    kept = (run / example["noisy"]).with_suffix(".png")
    stale = kept.with_name("gone.png")
    for path in (kept, stale):
        path.write_bytes(b"a picture")

    examples_of(dataset, ["noisy", "wiener"], run, 1)

    assert kept.is_file()
    assert not stale.exists()
