from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from benchmarks.leaderboard.run import bench
from mn_dataset.audio.io import pcm_sha256, write_wav

RATE = 8000
METADATA = {
    "corpus": "tiny",
    "corpus_hash": "c" * 64,
    "generator_version": "1",
    "dataset_version": "2",
}


def _layer(name: str, num_samples: int) -> np.ndarray[Any, np.dtype[np.int16]]:
    seed = int.from_bytes(hashlib.sha256(name.encode()).digest()[:4], "little")
    noise = np.random.default_rng(seed).normal(size=num_samples)
    return np.rint(3000 * noise).astype(np.int16)


def _row(root: Path, index: int, clean: int, noise: int) -> dict[str, Any]:
    layers = {
        "clean": _layer(f"clean{clean}", RATE // 2),
        "noise": _layer(f"noise{noise}{index}", RATE // 2) // 2,
    }
    layers["noisy"] = layers["clean"] + layers["noise"]
    row: dict[str, Any] = {
        "id": f"test/{index:03d}",
        "task": "denoise",
        "split": "test",
        "seed": 7,
        "num_samples": RATE // 2,
        "sampling_rate": RATE,
        "layers": [
            {"role": "clean", "source_id": f"clean/{clean}"},
            {"role": "noise", "source_id": f"noise/{noise}"},
        ],
        "targets": ["clean"],
        "snr_db": 5.0 * (index % 2),
        "snr_definition": "power",
        "music_category": ["harp", "cello"][clean % 2],
        "noise_class": ["crowd", "traffic"][noise % 2],
        "clean_id": f"clean/{clean}",
        "noise_id": f"noise/{noise}",
        "clean_start": 0,
        "noise_start": 0,
        "snr_db_achieved": 5.0 * (index % 2),
    }
    for name, samples in layers.items():
        row[name] = f"audio/test/{index:03d}.{name}.wav"
        row[f"{name}_sha256"] = pcm_sha256(samples)
        write_wav(root / row[name], samples, sampling_rate=RATE)
    return row


def build(root: Path, *, clips: int = 3, noises: int = 2, sources: str = "synthetic") -> Path:
    """Write a built dataset folder of noise bursts: every clip with every noise."""
    (root / "audio" / "test").mkdir(parents=True)
    pairs = [(clean, noise) for clean in range(clips) for noise in range(noises)]
    rows = [_row(root, index, *pair) for index, pair in enumerate(pairs)]
    manifest = pa.Table.from_pylist(rows).replace_schema_metadata(METADATA)
    pq.write_table(manifest, root / "manifest.parquet")
    ids = [f"clean/{item}" for item in range(clips)] + [f"noise/{item}" for item in range(noises)]
    table = [
        {
            "id": name,
            "category": "crowd" if name.startswith("noise") else "harp",
            "group": "" if name.startswith("noise") else f"g:{name}",
            "origin": sources,
        }
        for name in ids
    ]
    pq.write_table(pa.Table.from_pylist(table), root / "sources.parquet")
    return root


@pytest.fixture(name="build")
def build_fixture() -> Callable[..., Path]:
    return build


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    return build(tmp_path / "dataset")


PLUGINS = """
import os
from benchmarks.contract import DenoiserSpec


class Half:
    spec = DenoiserSpec(name="half", task="denoise", sampling_rate=None)

    def __call__(self, batch, sampling_rate, *, side=None):
        with open(__file__ + ".calls", "a") as calls:
            calls.write("x")
        return 0.5 * batch


class Breaking:
    spec = DenoiserSpec(name="breaking")

    def __call__(self, batch, sampling_rate, *, side=None):
        if abs(batch[0, 0, 0] * 32768) % 2 == 1:
            raise RuntimeError("odd first sample")
        return batch


class Told:
    needs = frozenset({"clean", "noise", "noise_profile", "mixture"})
    spec = DenoiserSpec(name="told", needs=needs)

    def __call__(self, batch, sampling_rate, *, side=None):
        assert (side["clean"] + side["noise"] == side["mixture"]).all()
        assert side["noise_profile"].shape[-1] <= sampling_rate
        return side["clean"]


class Loud:
    spec = DenoiserSpec(name="loud")

    def __call__(self, batch, sampling_rate, *, side=None):
        return 8 * batch


class Noisy(Half):
    spec = DenoiserSpec(name="noisy")
"""


@pytest.fixture
def plugins(tmp_path: Path) -> Path:
    """A person's own file of denoisers."""
    path = tmp_path / "plugins.py"
    path.write_text(PLUGINS, encoding="utf-8")
    return path


Effects = tuple[float, float, float, float]
"""Standard deviations of the effects of clean recordings, noise recordings, pairs and mixtures."""


def met(clips: int, noises: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the clean and noise recording of each mixture when all meet once."""
    return np.repeat(np.arange(clips), noises), np.tile(np.arange(noises), clips)


def built(
    categories: tuple[int, ...] = (3, 3, 1, 2, 2, 2, 1, 2, 3),
    classes: tuple[int, ...] = (4, 3, 3, 3, 4),
    mixtures: int = 6,
) -> tuple[np.ndarray, np.ndarray]:
    """Return who meets whom in a build like the open corpus's test split: 19 × 17, uneven.

    Every category has so many clips, every class so many noises, every category × class so many
    mixtures, over which its recordings are spread evenly and shuffled.
    """
    rng = np.random.default_rng(0)
    firsts = [np.cumsum([0, *sizes]) for sizes in (categories, classes)]
    cells = []
    for category, clips in enumerate(categories):
        for noise_class, noises in enumerate(classes):
            numbers = np.arange(mixtures)
            clean = firsts[0][category] + rng.permutation(numbers % clips)
            cells.append((clean, firsts[1][noise_class] + rng.permutation(numbers % noises)))
    clean, noise = (np.concatenate(sides) for sides in zip(*cells, strict=True))
    return clean, noise


def simulate(
    recordings: tuple[np.ndarray, np.ndarray], effects: Effects, rounds: int, seed: int = 0
) -> np.ndarray:
    """Draw values of mean zero, shape (mixtures, rounds): each round redraws every effect."""
    rng = np.random.default_rng(seed)
    clean, noise = recordings
    pairs = np.unique(np.stack([clean, noise]), axis=1, return_inverse=True)[1].ravel()
    values = effects[3] * rng.normal(size=(len(clean), rounds))
    for codes, size in zip((clean, noise, pairs), effects[:3], strict=True):
        values += size * rng.normal(size=(codes.max() + 1, rounds))[codes]
    return values


DESIGNS = {
    "9 × 2": met(9, 2),
    "9 × 4": met(9, 4),
    "5 × 5": met(5, 5),
    "19 × 17": met(19, 17),
    "24 × 20": met(24, 20),
    "a build of 19 × 17": built(),
    "a build of 19 × 17, one mixture per cell": built(mixtures=1),
    "its class of 3 noises": built(classes=(3,)),
    "its class of 4 noises": built(classes=(4,)),
    "a class of 2 noises": built(classes=(2,)),
    "its category of 3 clips": built(categories=(3,)),
}
EFFECTS: dict[str, Effects] = {
    "both": (1.0, 1.0, 0.3, 0.3),
    "mostly clips": (1.0, 0.1, 0.3, 0.3),
    "mostly noises": (0.1, 1.0, 0.3, 0.3),
    "both, nothing else": (1.0, 1.0, 0.0, 0.0),
    "noises, nothing else": (0.0, 1.0, 0.0, 0.0),
    "half of everything": (0.5, 0.5, 0.7, 0.7),
    "no recordings": (0.0, 0.0, 0.0, 1.0),
}


@pytest.fixture(name="simulate")
def simulate_fixture() -> Callable[..., np.ndarray]:
    return simulate


@pytest.fixture
def designs() -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Which recordings meet in which test set."""
    return DESIGNS


@pytest.fixture
def effects() -> dict[str, Effects]:
    """How much the recordings decide the values."""
    return EFFECTS


@pytest.fixture(scope="session")
def run_of() -> Callable[..., pd.DataFrame]:
    """Return a function that scores denoisers into a run folder, and returns its scores."""

    def scored(dataset: Path, denoisers: list[str], run: Path, **options: Any) -> pd.DataFrame:
        defaults = {"metrics": ["snr", "si_sdr"], "workers": 0, "examples": 0}
        bench(dataset, denoisers, run, **(defaults | options))
        return pd.read_parquet(run / "scores.parquet")

    return scored


@pytest.fixture(scope="session")
def run_json() -> Callable[[Path], dict[str, Any]]:
    """Return a function that reads the description of a run."""

    def description(run: Path) -> dict[str, Any]:
        content: dict[str, Any] = json.loads((run / "run.json").read_text(encoding="utf-8"))
        return content

    return description
