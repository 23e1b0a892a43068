"""Mixtures per second on one core, beside a plain soundfile + numpy loop and other libraries.

Every alternative reads the same clips and noises, mixes them at the same SNRs, and writes three
16-bit files a mixture. Ours also measures four SNRs, peaks and three hashes on the way, and
writes its manifest.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import tempfile
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import side_by_side
import soundfile

from mn_dataset.audio.corpus import Corpus, open_corpus
from mn_dataset.mix.draw import draw
from mn_dataset.mix.recipes import Recipes
from mn_dataset.mix.render import render
from mn_dataset.records import SAMPLING_RATE, Recipe
from mn_dataset.synthetic.corpus import write_corpus

ROUNDS = 5
ROUNDS_ON_DISK = 3
MEMORY = Path("/dev/shm")  # noqa: S108 - Linux's memory file system, used through tempfile


def main() -> None:
    """Measure on a memory file system (where there is one) and on disk."""
    home = MEMORY if MEMORY.is_dir() else None
    with (
        tempfile.TemporaryDirectory(dir=home) as memory,
        tempfile.TemporaryDirectory(dir=".") as disk,
    ):
        corpus = open_corpus(write_corpus(Path(memory) / "synthetic"), workers=2)
        recipes = draw(corpus, split="test", snr_db=(5,), per_cell=1)
        compare(corpus, recipes, Path(memory) / "out", "memory file system")
        many = draw(
            corpus, split="test", snr_db=(0, 5, 10, 15), per_cell=3
        )  # 1.4 GB: more than a cache hides
        bytes_written(corpus, many, Path(disk) / "out")


def compare(corpus: Corpus, recipes: Recipes, out: Path, where: str) -> None:
    """Print mixtures per second of every alternative that is installed."""
    jobs: dict[str, Callable[[], object]] = {
        "mn render": lambda: render(recipes, corpus, fresh(out)),
        "soundfile + numpy loop": lambda: plain_loop(corpus, recipes, fresh(out)),
    }
    if importlib.util.find_spec("audiomentations"):
        jobs["audiomentations"] = lambda: with_audiomentations(corpus, recipes, fresh(out))
    if importlib.util.find_spec("scaper"):
        jobs["scaper"] = lambda: with_scaper(corpus, recipes[:6], fresh(out))
    taken = side_by_side.seconds(jobs, rounds=ROUNDS)
    count = {name: 6 if name == "scaper" else len(recipes) for name in jobs}
    rate = {name: count[name] / taken[name] for name in jobs}
    rows = [(name, f"{rate[name]:.0f}", f"{rate['mn render'] / rate[name]:.2f}") for name in jobs]
    if "scaper" not in jobs:
        rows.append(("scaper", "not installed (it needs libsox to build)", "—"))
    length = recipes[0].num_samples / SAMPLING_RATE
    header = ("", "mixtures per second", "ours is × as fast")
    side_by_side.table(f"{length:g}-second mixtures, three files each, {where}", header, rows)


def bytes_written(corpus: Corpus, recipes: Recipes, out: Path) -> None:
    """Print our speed on disk, flushed, beside writing the same bytes and doing nothing else."""
    folder = render(recipes, corpus, out)
    contents = {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*.wav")}

    def write_bytes() -> None:
        target = fresh(out)
        for name, content in contents.items():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            (target / name).write_bytes(content)

    jobs: dict[str, Callable[[], object]] = {
        "the same bytes": write_bytes,
        "mn render, one worker": lambda: render(recipes, corpus, fresh(out)),
        "mn render, two workers": lambda: render(recipes, corpus, fresh(out), workers=2),
    }
    flushed = {name: lambda job=job: (job(), os.sync()) for name, job in jobs.items()}
    taken = side_by_side.seconds(flushed, rounds=ROUNDS_ON_DISK)
    megabytes = sum(map(len, contents.values())) / 1e6
    rows = [
        (name, f"{megabytes / time:.0f}", f"{taken['the same bytes'] / time:.2f}")
        for name, time in taken.items()
    ]
    side_by_side.table("On disk, flushed", ("", "MB/s", "ratio"), rows)


def fresh(folder: Path) -> Path:
    """Return the folder, emptied."""
    shutil.rmtree(folder, ignore_errors=True)
    return folder


def files(corpus: Corpus, recipe: Recipe) -> tuple[Path, Path]:
    """Return the paths of a recipe's clip and noise."""
    clean, noise = (
        corpus.sources[recipe.layer(role).source_id].row.file for role in ("clean", "noise")
    )
    return corpus.root / clean, corpus.root / noise


def plain_loop(corpus: Corpus, recipes: Recipes, out: Path) -> None:
    """Mix as one would in an afternoon: floats in, floats out, nothing measured."""
    out.mkdir(parents=True)
    for recipe in recipes:
        clean, noise = (soundfile.read(path)[0] for path in files(corpus, recipe))
        start = recipe.layer("noise").start
        noise = np.tile(noise, 3)[start : start + len(clean)]
        noise = noise * np.sqrt(np.sum(clean**2) / np.sum(noise**2) / 10 ** (recipe.snr_db / 10))
        write_three(out, recipe, clean, noise)


def write_three(out: Path, recipe: Recipe, clean: np.ndarray, noise: np.ndarray) -> None:
    """Write a triple through soundfile."""
    for part, samples in (("noisy", clean + noise), ("clean", clean), ("noise", noise)):
        path = out / f"{recipe.id.replace('/', '_')}.{part}.wav"
        soundfile.write(path, samples, SAMPLING_RATE, subtype="PCM_16")


def with_audiomentations(corpus: Corpus, recipes: Recipes, out: Path) -> None:
    """Mix with AddBackgroundNoise at the recipe's SNR."""
    from audiomentations import AddBackgroundNoise  # noqa: PLC0415 - optional

    out.mkdir(parents=True)
    transforms = {}
    for recipe in recipes:
        clip, noise_path = files(corpus, recipe)
        if noise_path not in transforms:
            transforms[noise_path] = AddBackgroundNoise(
                sounds_path=str(noise_path),
                min_snr_db=recipe.snr_db,
                max_snr_db=recipe.snr_db,
                p=1.0,
            )
        clean, _ = soundfile.read(clip, dtype="float32")
        noisy = transforms[noise_path](samples=clean, sample_rate=SAMPLING_RATE)
        write_three(out, recipe, clean, noisy - clean)


def with_scaper(corpus: Corpus, recipes: Sequence[Recipe], out: Path) -> None:
    """Mix with Scaper: one event over one background, stems saved, JAMS written."""
    import scaper  # noqa: PLC0415 - optional

    np.Inf = np.inf  # noqa: NPY201 - Scaper 1.6.5 was written for NumPy 1
    out.mkdir(parents=True)
    for recipe in recipes:
        clean, noise = files(corpus, recipe)
        scene = scaper.Scaper(10.0, str(corpus.root / "clean"), str(corpus.root / "noise"))
        scene.sr, scene.ref_db = SAMPLING_RATE, -30
        scene.add_background(
            label=("const", noise.parent.name),
            source_file=("const", str(noise)),
            source_time=("const", 0),
        )
        scene.add_event(
            label=("const", clean.parent.name),
            source_file=("const", str(clean)),
            source_time=("const", 0),
            event_time=("const", 0),
            event_duration=("const", 10.0),
            snr=("const", recipe.snr_db),
            pitch_shift=None,
            time_stretch=None,
        )
        name = str(out / recipe.id.replace("/", "_"))
        scene.generate(f"{name}.wav", f"{name}.jams", save_isolated_events=True)


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    main()
