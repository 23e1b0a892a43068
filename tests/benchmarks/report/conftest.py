from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.signal import lfilter

from benchmarks.leaderboard.run import bench
from benchmarks.report.report import report
from mn_dataset import tables
from mn_dataset.audio import io
from mn_dataset.audio.corpus import open_corpus
from mn_dataset.build import build
from mn_dataset.records import SAMPLING_RATE
from mn_dataset.seeds import generator
from mn_dataset.tables import Row

METRICS = {"pesq": ("MOS", True), "si_sdr": ("dB", True), "lsd": ("dB", False)}
DENOISERS = {"noisy": "reference", "wiener": "blind", "<b>bold</b>": "blind", "mask": "oracle"}


def story() -> dict[str, Any]:
    return {
        "settings": {"manifest_sha256": "a" * 64, "device": "cpu"},
        "dataset": {
            "name": "built",
            "manifest_sha256": "a" * 64,
            "corpus": "synthetic",
            "corpus_hash": "c" * 64,
            "generator_version": "1",
            "dataset_version": "1",
            "mixtures": 32,
            "splits": {"test": 32},
            "origins": {"synthetic": 8},
            "uncovered": ["harp", "traffic"],
        },
        "denoisers": [
            {"name": name, "revision": "1", "rank_group": group}
            for name, group in DENOISERS.items()
        ],
        "metrics": [
            {
                "name": name,
                "version": 1,
                "unit": unit,
                "higher_is_better": up,
                "definition": "What it is.",
                "citation": "Who said so.",
                "known_as": "",
            }
            for name, (unit, up) in METRICS.items()
        ],
        "not_installed": [{"name": "stoi", "install": "pip install 'mn-dataset[perceptual]'"}],
        "environment": {
            "python": "3.11.7",
            "platform": "Linux",
            "cpu": "A processor",
            "cores": 2,
            "packages": {"numpy": "2.4.6"},
        },
        "seed": 0,
        "workers": 2,
        "command_line": ["mn", "bench", "my data", "--denoisers", "noisy,wiener"],
        "started": "2024-01-01T00:00:00+00:00",
        "finished": "2024-01-01T00:01:00+00:00",
        "coverage": {name: {metric: {"ok": 32} for metric in METRICS} for name in DENOISERS}
        | {
            "wiener": {
                "pesq": {"no_utterance": 2, "ok": 30},
                "si_sdr": {"ok": 31, "unreadable_audio": 1},
            }
        },
        "examples": [
            {
                "mixture_id": "test/000",
                "music_category": "harp",
                "noise_class": "crowd",
                "snr_db": 5.0,
                "noisy": "examples/test_000/noisy.wav",
                "clean": "examples/test_000/clean.wav",
                "estimates": [
                    {
                        "denoiser": "wiener",
                        "revision": "1",
                        "file": "examples/test_000/wiener-1.wav",
                        "attenuated_db": 1.5,
                    },
                    {"denoiser": "mask", "revision": "1", "file": "", "attenuated_db": 0.0},
                ],
            }
        ],
    }


def score_rows() -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    rng = np.random.default_rng(0)
    scores: list[dict[str, Any]] = []
    mixtures: list[dict[str, Any]] = []
    for index in range(32):
        clean, noise = f"clean/{index % 4}", f"noise/{index // 4}"
        name = f"test/{index:03d}"
        ids = {"clean_id": clean, "noise_id": noise, "clean_cluster": clean, "noise_cluster": noise}
        mixtures.append({"mixture_id": name, **ids, "num_samples": 8000, "sampling_rate": 8000})
        for place, denoiser in enumerate(DENOISERS):
            for metric in METRICS:
                value = 10.0 - place if metric == "lsd" else 2.0 * place
                scores.append(
                    {
                        "mixture_id": name,
                        "task": "denoise",
                        "denoiser": denoiser,
                        "revision": "1",
                        "target": "clean",
                        "metric": metric,
                        "value": value + 0.1 * rng.normal(),
                        "reason": "ok",
                        "music_category": ["harp", "cello"][index % 2],
                        "noise_class": ["crowd", "traffic"][index // 4 % 2],
                        "snr_db": 5.0 * (index // 16),
                        "split": "test",
                    }
                )
    return scores, mixtures


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A finished run folder with nothing but the four files that a report is made of."""
    scores, mixtures = score_rows()
    pd.DataFrame(scores).to_parquet(tmp_path / "scores.parquet")
    pd.DataFrame(mixtures).to_parquet(tmp_path / "mixtures.parquet")
    timing = [
        {
            "denoiser": name,
            "revision": "1",
            "real_time_factor": 0.0125,
            "real_time_factor_p95": 0.02,
            "parameters": 0,
            "macs_per_s": None,
            "peak_memory_mb": 12.5,
            "device": "cpu",
            "audio_s": 32.0,
        }
        for name in DENOISERS
    ]
    pd.DataFrame(timing).astype({"macs_per_s": "float64"}).to_parquet(tmp_path / "timing.parquet")
    (tmp_path / "run.json").write_text(json.dumps(story()), encoding="utf-8")
    return tmp_path


SEPARATOR = """
import numpy as np
from benchmarks.contract import DenoiserSpec


class Bend:
    spec = DenoiserSpec(name="bend", task="separate")

    def __call__(self, batch, sampling_rate, *, side=None):
        total = np.cumsum(batch, axis=-1, dtype=np.float64)
        low = ((total - np.roll(total, 16, axis=-1)) / 16).astype(np.float32)
        voice = batch - low
        steps = 0.02 * np.sign(voice) * np.sqrt(np.abs(voice))
        return np.stack([voice + steps, low - steps / 2], axis=1)
"""
SONGS = {"short": (0.4, 0.8), "middling": (0.9, 0.5), "long": (1.5, 0.0)}
"""Seconds, and how dull the voice is: the pole that its noise has."""


@pytest.fixture(scope="session")
def separated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of the task `separate`: three songs of three lengths, each at two ratios.

    The corpus lies beside it, and `plugins.py` with the separator.
    """
    folder = tmp_path_factory.mktemp("separated")
    rows = []
    for song, (seconds, dull) in SONGS.items():
        for stem, pole in (("vocals", dull), ("bass", 0.99)):
            draw = generator(0, "songs", f"{song}/{stem}").normals(int(seconds * SAMPLING_RATE))
            noise = np.asarray(lfilter([1.0], [1.0, -pole], draw))
            file = folder / "corpus" / f"{song}/{stem}.wav"
            file.parent.mkdir(parents=True, exist_ok=True)
            samples = np.rint(6000 * noise / np.abs(noise).max()).astype(np.int16)
            io.write_wav(file, samples, sampling_rate=SAMPLING_RATE)
            name = f"{song}/{stem}"
            of = {"category": stem, "song": song, "split": "test", "license": "CC0-1.0"}
            rows.append(Row(id=f"stem/{name}", file=f"{name}.wav", **of))
    tables.write_table(tables.table_path(folder / "corpus", "stem"), rows)
    corpus = open_corpus(folder / "corpus")
    dataset = build(corpus, folder / "dataset", task="separate", split="test", snr_db=(-5, 5))
    plugins = folder / "plugins.py"
    plugins.write_text(SEPARATOR, encoding="utf-8")
    names = ["noisy", f"{plugins}:Bend"]
    run = bench(dataset, names, folder / "run", workers=0, examples=1)
    report(run)
    return run
