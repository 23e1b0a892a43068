"""Test every sung song once, with separators that learned from the others: for intervals by song.

    python perf/cross_testing.py STEMS OUT MINUTES SYSTEM…

STEMS is a corpus of songs in stems, a SYSTEM is MODEL or MODEL:KEY=VALUE,… of its network. In each
fold one group of sung songs is tested, the next one validates, and all others are learned from.
OUT gets the folds, their trainings, a dataset of all sung songs, and for every system a folder of
estimates with the TOML file that `mn bench` takes. What is there is not made again.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import soundfile

from benchmarks import load_denoiser
from mn_dataset import draw, load_corpus, render
from mn_dataset.audio.io import to_float
from mn_dataset.mix.dataset import MixtureRow, read_dataset, read_file
from mn_dataset.records import is_voice
from mn_dataset.tables import Row, read_table, table_path, write_table

SECONDS = 10
RATIOS_DB = (-5.0, 0.0, 5.0)


def main() -> None:
    """Make folds, trainings, dataset and estimates."""
    stems, out, minutes, *systems = sys.argv[1:]
    rows = read_table(table_path(Path(stems), "stem"), "stem")
    groups = sorted({row.group for row in rows if is_voice(row.category)})
    rows = [row for row in rows if row.group in groups]  # one that is not sung may share loops
    everything = fold(Path(stems), rows, dict.fromkeys(groups, "test"), Path(out, "all"))
    folds = [
        fold(Path(stems), rows, {tested: "test", following: "validation"}, Path(out, tested))
        for tested, following in zip(groups, [*groups[1:], groups[0]], strict=True)
    ]
    corpus = load_corpus(everything)
    recipes = draw(corpus, task="separate", split="test", snr_db=RATIOS_DB, seconds=SECONDS)
    render(recipes, corpus, Path(out, "dataset"), workers=2)
    of_stem = {row.id: row.group for row in rows}
    mixtures = read_dataset(Path(out, "dataset")).mixtures
    for system in systems:
        for corpus_folder in folds:
            train(system, corpus_folder, Path(out), minutes)
        for mixture in mixtures:
            estimate(system, mixture, of_stem[mixture.cluster_ids[0]], Path(out))
        describe(system, Path(out))


def fold(stems: Path, rows: Sequence[Row], splits: dict[str, str], folder: Path) -> Path:
    """Return a corpus with other splits: of some groups what is said, else train."""
    if not table_path(folder, "stem").is_file():
        for row in rows:
            path = folder / row.file
            path.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(stems / row.file, path)
        changed = [replace(row, split=splits.get(row.group, "train")) for row in rows]
        write_table(table_path(folder, "stem"), changed)
    return folder


def train(system: str, corpus: Path, out: Path, minutes: str) -> None:
    """Train a system on a fold, if it is not trained yet."""
    model, _, options = system.partition(":")
    run = out / "runs" / slug(system) / corpus.name
    if run.is_dir():
        return
    changes = [f"model.{option}" for option in options.split(",") if option]
    command = [str(Path(sys.executable).with_name("mn")), "train", model]
    command += ["--data", str(corpus), "--out", str(run), "--max-minutes", minutes]
    subprocess.run([*command, *(["--set", *changes] if changes else [])], check=True)


def estimate(system: str, mixture: MixtureRow, group: str, out: Path) -> None:
    """Write the estimates of a mixture by the training that never heard its song."""
    folder = out / "estimates" / slug(system)
    folder.mkdir(parents=True, exist_ok=True)
    name = mixture.id.rpartition("/")[2]
    if (folder / f"{name}.{mixture.targets[-1].name}.wav").is_file():
        return
    model = system.partition(":")[0]
    denoiser = load_denoiser(f"{model}@{out / 'runs' / slug(system) / group}")
    noisy = to_float(read_file(out / "dataset", mixture, mixture.inputs[0]))
    parts = denoiser(np.ascontiguousarray(noisy[None]), mixture.sampling_rate)[0]
    for target, part in zip(mixture.targets, parts, strict=True):
        path = folder / f"{name}.{target.name}.wav"
        soundfile.write(path, part.T, mixture.sampling_rate, subtype="FLOAT")


def describe(system: str, out: Path) -> None:
    """Write what makes the folder of estimates a separator."""
    name = slug(system)
    text = f'name = "{name}_cross"\ntask = "separate"\nfolder = "estimates/{name}"\n'
    text += f'dataset = "{out / "dataset"}"\n'
    (out / f"{name}.toml").write_text(text + 'trained_on = "the other songs"\n', encoding="utf-8")


def slug(system: str) -> str:
    """Return what a system is called in files and tables."""
    return system.replace(":", "_").replace("=", "-").replace(",", "_").replace("kind-", "")


if __name__ == "__main__":
    main()
