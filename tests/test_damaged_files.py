"""Files that travel are damaged in every way that a seed draws: one line says what is wrong.

Nothing but an error of the toolkit may come out: tables of Parquet with empty cells, other types,
lacking columns, NaN, huge numbers, cut and flipped bytes; JSON and TOML with the same.
"""

from __future__ import annotations

import importlib.util
import json
import random
import shutil
import warnings
from contextlib import suppress
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from benchmarks.leaderboard.compare import compare
from benchmarks.leaderboard.run import bench
from benchmarks.leaderboard.run_folder import RunFolder as ScoresFolder
from benchmarks.leaderboard.verify import verify_run
from benchmarks.report.report import report
from benchmarks.training.data.base import SourceRow, read_sources, write_sources
from benchmarks.training.history import History, StepRecord, read_history
from benchmarks.training.progress import Progress
from mn_dataset.audio.sketch import sketch
from mn_dataset.errors import MnError
from mn_dataset.fetch.lockfile import Pin, read_lock, write_lock
from mn_dataset.mix.dataset import read_audio, read_dataset
from mn_dataset.mix.draw import draw
from mn_dataset.mix.recipes import read_recipes, write_recipes
from mn_dataset.mix.render import render
from mn_dataset.mix.verify import verify
from mn_dataset.publish.publication import stored
from mn_dataset.publish.publish import publish
from mn_dataset.publish.selection import select

SHORT, LONG = 8, 500
HAS_TORCH = bool(importlib.util.find_spec("torch") and importlib.util.find_spec("safetensors"))
VALUES = (None, True, -1, 0, 2**62, 1e308, float("nan"), float("inf"), "", "x\0", "../x", [], {})
EMPTY = pa.struct([])  # which Parquet does not hold
TYPES = (pa.string(), pa.binary(), pa.float64(), pa.bool_(), pa.int8(), pa.list_(pa.int64()))


def damaged_table(table, rng):
    """Return a table with one column emptied, changed, retyped, renamed or left out."""
    number = rng.randrange(table.num_columns)
    field, column = table.schema.field(number), table.column(number)
    kind = rng.randrange(6)
    if kind == 0:
        return table.remove_column(number)
    if kind == 1:
        new = pa.nulls(len(table), rng.choice([field.type, pa.null(), *TYPES]))
        return table.set_column(number, field.name, new)
    if kind == 2:
        return table.append_column(field.name, column)
    if kind == 3:
        return table.slice(0, rng.randrange(2))
    cells = column.to_pylist()
    place = rng.randrange(len(cells))
    cells[place] = damaged_tree(cells[place], rng)
    try:
        new = pa.array(cells, field.type if kind == 4 else None)
        if EMPTY in (new.type, getattr(new.type, "value_type", None)):
            raise TypeError
    except (pa.ArrowException, OverflowError, TypeError, ValueError):
        new = pa.array([json.dumps(cell, default=str) for cell in cells])
    return table.set_column(number, field.name, new)


def damaged_tree(tree, rng):
    """Return JSON in which one value, at any depth, is another, or is gone."""
    if isinstance(tree, (dict, list)) and tree and rng.random() < 0.85:
        copy = dict(tree) if isinstance(tree, dict) else list(tree)
        key = rng.choice(list(copy)) if isinstance(tree, dict) else rng.randrange(len(copy))
        if rng.random() < 0.2:
            del copy[key]
        else:
            copy[key] = damaged_tree(copy[key], rng)
        return copy
    if rng.random() < 0.02:
        return "NEST"
    return rng.choice([value for value in VALUES if value is not tree])


def damaged_bytes(content, rng):
    """Return bytes that are cut, or of which up to four bits are flipped."""
    content = bytearray(content)
    if rng.random() < 0.3:
        return bytes(content[: rng.randrange(len(content))])
    for _ in range(rng.randint(1, 4)):
        content[rng.randrange(len(content))] ^= 1 << rng.randrange(8)
    return bytes(content)


def damaged_csv(text, rng):
    """Return a table of text with one cell changed, added or left out, or a line twice."""
    lines = text.splitlines()
    place = rng.randrange(len(lines))
    cells = lines[place].split(",")
    kind, cell = rng.randrange(4), rng.randrange(len(cells))
    if kind == 0:
        del cells[cell]
    elif kind == 1:
        cells.insert(cell, "")
    else:
        cells[cell] = str(rng.choice([*VALUES, '"', "9" * 5000, "x" * 200_000]))
    lines[place] = ",".join(cells)
    return "\n".join([*lines, lines[place]] if kind == 2 else lines) + "\n"


def damage(path: Path, rng: random.Random) -> None:
    """Damage a file as befits what it is."""
    if rng.random() < 0.25 or path.suffix == ".safetensors":
        path.write_bytes(damaged_bytes(path.read_bytes(), rng))
    elif path.suffix == ".parquet":
        table = damaged_table(pq.read_table(path), rng)
        with warnings.catch_warnings(action="ignore"):
            pq.write_table(table, path)
    elif path.suffix == ".csv":
        path.write_text(damaged_csv(path.read_text("utf-8"), rng), "utf-8")
    else:
        text = path.read_text("utf-8")
        lines = text.splitlines() if path.suffix == ".jsonl" else [text]
        place = rng.randrange(len(lines))
        lines[place] = json.dumps(damaged_tree(json.loads(lines[place]), rng))
        nest = "[" * 100_000 + "]" * 100_000
        path.write_text("\n".join(lines).replace('"NEST"', nest) + "\n", "utf-8")


@pytest.fixture(scope="module")
def folders(tiny, tmp_path_factory):
    """A table of recipes, a dataset of two mixtures, and a run on them."""
    root = tmp_path_factory.mktemp("damage")
    recipes = draw(tiny, split="test", snr_db=(5,), count=2, seconds=0.25)
    write_recipes(root / "recipes.parquet", recipes)
    render(recipes, tiny, root / "dataset")
    bench(root / "dataset", ["noisy"], root / "run", metrics=["si_sdr"], workers=0)
    publish(root / "dataset", root / "publication", recipe_only=True)
    write_lock(root / "corpus.lock.csv", {"clean/a": Pin("clean/a", "0" * 64, "1" * 64, SKETCH)})
    write_training(root / "training", tiny)
    return root


SETTINGS = {"model": "m", "network": {"width": 4}, "seed": 0, "config": {"data": {"batch": 2}}}
SKETCH = str(sketch(np.ones(4096, np.int16)))


def write_training(root, tiny):
    """Write what `mn train` leaves after two steps."""
    history = History(root)
    history.rewind(0)
    for step in (1, 2):
        history.append(StepRecord(step, 0, 0.5, 1e-3, 2.0, 0, 1.5 * step))
    rows = [SourceRow(source.row, source.entry.pcm_sha256) for source in tiny.sources.values()]
    write_sources(root, rows)
    if HAS_TORCH:
        import torch  # noqa: PLC0415 - an extra

        from benchmarks.training import checkpoint, run_folder  # noqa: PLC0415 - they need it

        start = {"at": "2026-01-01", "step": 0, "command_line": ["mn"], "device": "cpu"}
        limits = {"max_steps": 2, "max_minutes": None}
        content = {"settings": SETTINGS, "limits": limits, "parameters": 4, "starts": [start]}
        run_folder.RunFolder(root).write(content)
        tensors = {"network/a": torch.ones(2)}
        checkpoint.save(root / "checkpoints", tensors, Progress(step=2), keep=1)


def use_train_json(root, tiny):
    """Compare it with what is to be resumed."""
    from benchmarks.training.run_folder import RunFolder  # noqa: PLC0415 - it needs torch

    RunFolder(root / "training").check(SETTINGS, resume=True)


def use_checkpoint(root, tiny):
    """Continue from it."""
    from benchmarks.training import checkpoint  # noqa: PLC0415 - it needs torch

    checkpoint.load_newest(root / "training/checkpoints")


def amend_checkpoint(root, tiny):
    """Add a validation to it."""
    from benchmarks.training import checkpoint  # noqa: PLC0415 - it needs torch

    checkpoint.amend_progress(root / "training/checkpoints", Progress(step=2))


def use_publication(root, tiny):
    """Read the record, and publish in the same place."""
    stored(root / "publication")
    publish(root / "dataset", root / "publication", recipe_only=True)


def use_recipes(root, tiny):
    """Read them, and render them."""
    recipes = read_recipes(root / "recipes.parquet")
    shutil.rmtree(root / "new", ignore_errors=True)
    render(recipes, tiny, root / "new")


def use_audio(root, tiny):
    """Read the audio of the first mixture, as scoring does."""
    dataset = read_dataset(root / "dataset")
    read_audio(root / "dataset", dataset.mixtures[0])


DATASET = (
    lambda root, tiny: verify(root / "dataset"),
    use_audio,
    lambda root, tiny: select(root / "dataset"),
)
RUN = (
    lambda root, tiny: report(root / "run"),
    lambda root, tiny: compare(root / "run", root / "run"),
    lambda root, tiny: verify_run(root / "run", sample="1", workers=1),
)
JOURNAL = (lambda root, tiny: list(ScoresFolder(root / "run").journal("noisy", "1").entries()),)
USES = {
    "recipes.parquet": (use_recipes,),
    "dataset/manifest.parquet": DATASET,
    "dataset/recipes.parquet": DATASET,
    "dataset/sources.parquet": DATASET,
    "run/scores.parquet": RUN,
    "run/mixtures.parquet": RUN,
    "run/timing.parquet": RUN,
    "run/run.json": RUN,
    "run/journal/noisy-1.jsonl": JOURNAL,
    "training/history.csv": (lambda root, tiny: read_history(root / "training/history.csv"),),
    "training/sources.csv": (lambda root, tiny: read_sources(root / "training/sources.csv"),),
    "publication/publication.json": (use_publication,),
    "corpus.lock.csv": (lambda root, tiny: read_lock(root / "corpus.lock.csv"),),
}
"""What is done with each file."""
if HAS_TORCH:
    USES["training/train.json"] = (use_train_json,)
    step = "training/checkpoints/step-00000002"
    USES[f"{step}/progress.json"] = (use_checkpoint, amend_checkpoint)
    USES[f"{step}/state.safetensors"] = (use_checkpoint,)


@pytest.fixture
def copied(folders, tmp_path):
    """Copies of the folders, to be damaged."""
    return shutil.copytree(folders, tmp_path / "copied")


def attack(root, tiny, name, seed):
    """Damage a file, use it, and put it back."""
    path = root / name
    whole = path.read_bytes()
    damage(path, random.Random(seed))  # noqa: S311 - a seed draws the damage, no secret
    try:
        for use in USES[name]:
            with suppress(MnError):
                use(root, tiny)
    finally:
        path.write_bytes(whole)


def test_whole_files_are_used_without_an_error(copied, tiny):
    """Else nothing would be shown by those that follow."""
    for use in dict.fromkeys(use for uses in USES.values() for use in uses):
        use(copied, tiny)
    assert verify(copied / "dataset") == []
    assert [one.mixture_id for one in JOURNAL[0](copied, tiny)] == ["test/000000", "test/000001"]


@pytest.mark.parametrize("name", USES)
def test_a_damaged_file_is_told_in_words(copied, tiny, name):
    """Every kind of file that travels, damaged a few times."""
    for seed in range(SHORT):
        attack(copied, tiny, name, seed)


@pytest.mark.stress
@pytest.mark.parametrize("name", USES)
def test_a_file_damaged_in_many_ways_is_told_in_words(copied, tiny, name):
    """The same, hundreds of times."""
    for seed in range(SHORT, LONG):
        attack(copied, tiny, name, seed)
