"""Write the audio of a few mixtures into a run folder: some of every kind, and the hardest."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.contract import Batch
from benchmarks.harness.checks import DenoiserFailed
from benchmarks.leaderboard.evaluate import Entrant, References, estimate, loaded
from benchmarks.leaderboard.example_audio import WrittenAudio, headroom_db, write_audio
from benchmarks.leaderboard.plan import Plan, merged
from benchmarks.leaderboard.run_folder import RunFolder
from benchmarks.leaderboard.selection import Choice, choose
from mn_dataset.errors import AudioError, DatasetError
from mn_dataset.files.names import file_name
from mn_dataset.files.parquet import read_table
from mn_dataset.mix.dataset import MixtureRow, read_audio
from mn_dataset.mix.manifest import MANIFEST, SOURCES
from mn_dataset.tasks.spec import TaskSpec
from mn_dataset.workers import each

MOST = 40
FOLDER = "examples"
PICTURE = ".png"

_CREDIT = ("id", "source", "license", "attribution", "url")


@dataclass(frozen=True)
class ExampleJob:
    """One mixture whose audio is to be written into a run folder.

    Attributes:
        run: The run folder.
        dataset: The dataset folder.
        task: What its mixtures are for.
        mixture: The mixture.
        entrants: The denoisers whose estimates are written.
        device: Where learned ones run.
        failed: Names of the denoisers that have no estimate of it, and are not asked again.
    """

    run: Path
    dataset: Path
    task: TaskSpec
    mixture: MixtureRow
    entrants: tuple[Entrant, ...]
    device: str
    failed: frozenset[str] = frozenset()


def write_examples(
    plan: Plan,
    folder: RunFolder,
    *,
    count: int,
    seed: int,
    earlier: Sequence[Mapping[str, Any]] = (),
    workers: int | None = None,
) -> list[dict[str, Any]]:
    """Write the chosen mixtures' audio, keep what is there already, remove what is not chosen.

    Args:
        plan: The run.
        folder: The run folder, whose scores are written.
        count: How many mixtures; 0 leaves no folder.
        seed: Seed of the choice.
        earlier: The examples in run.json.
        workers: Processes.

    Returns:
        What goes into run.json of each example: why it was chosen, its mixture, whose recordings
        it is made of, its files, how loud each is, and by how much one had to be attenuated or was
        raised. A mixture whose audio cannot be read is left out.
    """
    choices = choose(plan, folder.root, count, seed=seed)
    if not choices:
        _remove_others(folder.root, [])
        return []
    stored = {example["mixture_id"]: dict(example) for example in earlier}
    examples: dict[str, dict[str, Any]] = {}
    jobs = []
    for job in _jobs(plan, folder, choices):
        example = stored.get(job.mixture.id)
        if example is not None and _is_whole(job, example):
            examples[job.mixture.id] = example
        else:
            jobs.append(job)
    for example in each(_write_example, ((job,) for job in jobs), workers=workers, ordered=False):
        if example is not None:
            examples[example["mixture_id"]] = example
    sources = _sources(plan, choices)
    written = [
        examples[choice.mixture.id] | {"why": choice.why, "sources": sources[choice.mixture.id]}
        for choice in choices
        if choice.mixture.id in examples
    ]
    _remove_others(folder.root, written)
    return written


def _jobs(plan: Plan, folder: RunFolder, choices: Sequence[Choice]) -> list[ExampleJob]:
    entrants = tuple(item for item in plan.entrants if not plan.specs[item.name].reference)
    failed = _failed(folder, entrants)
    return [
        ExampleJob(
            folder.root,
            plan.dataset.root,
            plan.dataset.task,
            choice.mixture,
            entrants,
            plan.device,
            frozenset(failed.get(choice.mixture.id, ())),
        )
        for choice in choices
    ]


def _failed(folder: RunFolder, entrants: Sequence[Entrant]) -> dict[str, list[str]]:
    """Return by mixture which denoisers failed on it: one that hangs is not to hang here again."""
    names: dict[str, list[str]] = {}
    for entrant in entrants:
        for record in merged(folder, entrant).values():
            if record.seconds is None:
                names.setdefault(record.mixture_id, []).append(entrant.name)
    return names


def _sources(plan: Plan, choices: Sequence[Choice]) -> dict[str, list[dict[str, str]]]:
    """Return whose recordings each mixture is made of; what their table lacks is empty."""
    root = plan.dataset.root
    table = read_table(root / SOURCES, error=DatasetError).to_pylist()
    credited = {row["id"]: {name: str(row.get(name) or "") for name in _CREDIT} for row in table}
    chosen = {choice.mixture.id for choice in choices}
    layers = read_table(root / MANIFEST, columns=("id", "layers"), error=DatasetError)
    ids = {
        row["id"]: dict.fromkeys(layer["source_id"] for layer in row["layers"])
        for batch in layers.to_batches(max_chunksize=256)
        for row in batch.to_pylist()
        if row["id"] in chosen
    }
    return {name: [credited[one] for one in ids[name] if one in credited] for name in chosen}


def _write_example(job: ExampleJob) -> dict[str, Any] | None:
    try:
        audio = read_audio(job.dataset, job.mixture)
    except AudioError:
        return None
    rate = job.mixture.sampling_rate
    waves = {**audio.inputs, **audio.targets}
    written = {
        name: write_audio(job.run / _file(job.mixture, name), wave, sampling_rate=rate)
        for name, wave in waves.items()
    }
    references = References(job.task, audio, rate)
    level_db = written[next(iter(audio.inputs))].level_db
    facets = (facet.column for facet in job.task.facets)
    return {
        "mixture_id": job.mixture.id,
        **dict(sorted(zip(facets, job.mixture.labels, strict=True))),
        "duration_s": job.mixture.num_samples / rate,
        **{name: _file(job.mixture, name) for name in written},
        "level_db": {name: item.level_db for name, item in written.items()},
        "estimates": [
            item
            for entrant in job.entrants
            for item in _write_estimates(job, entrant, references, level_db=level_db)
        ],
    }


def _write_estimates(
    job: ExampleJob, entrant: Entrant, references: References, *, level_db: float | None
) -> Iterator[dict[str, Any]]:
    """Write the estimate of each target, and what it is away from the row that does nothing.

    The latter is as loud as the first input, as far as that fits.
    """
    estimates: Mapping[str, Batch] = {}
    if entrant.name not in job.failed:
        with suppress(DenoiserFailed):
            denoiser = loaded(entrant.request, entrant.revision, job.device).denoiser
            estimates = estimate(denoiser, references)
    for target, unchanged in references.unchanged.items():
        own = {"target": target} if job.task.target_axis else {}
        names = {"denoiser": entrant.name, "revision": entrant.revision, **own}
        written: dict[str, Any] = {"file": "", "attenuated_db": 0.0}
        if target in estimates:
            output = estimates[target]
            written = _write_estimate(job, [*names.values()], output, unchanged - output, level_db)
        yield names | written


def _write_estimate(
    job: ExampleJob, names: Sequence[str], output: Batch, removed: Batch, level_db: float | None
) -> dict[str, Any]:
    rate = job.mixture.sampling_rate
    file, residual = _file(job.mixture, *names), _file(job.mixture, *names, "residual")
    written: WrittenAudio = write_audio(job.run / file, output, sampling_rate=rate)
    raised_db = headroom_db(removed, level_db, sampling_rate=rate)
    raised = write_audio(
        job.run / residual, removed * np.float32(10 ** (raised_db / 20)), sampling_rate=rate
    )
    return {
        "file": file,
        "attenuated_db": written.attenuated_db,
        "level_db": written.level_db,
        "residual": residual,
        "residual_raised_db": round(raised_db - raised.attenuated_db, 2),
        "residual_level_db": raised.level_db,
    }


def _file(mixture: MixtureRow, *names: str) -> str:
    """Return where a file of an example is, relative to the run folder."""
    return f"{FOLDER}/{file_name(mixture.id)}/{file_name(*names)}.flac"


def layer_names(example: Mapping[str, Any]) -> list[str]:
    """Return the names of an example's inputs and targets; one of an older run is of denoise."""
    return list(example.get("level_db", ("noisy", "clean")))


def _files(example: Mapping[str, Any]) -> set[str]:
    estimates = {
        item.get(name, "") for item in example["estimates"] for name in ("file", "residual")
    }
    return {*(example[name] for name in layer_names(example)), *estimates} - {""}


def _is_whole(job: ExampleJob, example: Mapping[str, Any]) -> bool:
    written = [(item["denoiser"], item["revision"]) for item in example["estimates"]]
    expected = [
        (entrant.name, entrant.revision)
        for entrant in job.entrants
        for _ in (job.mixture.targets if job.task.target_axis else (None,))
    ]
    is_current = "level_db" in example  # examples of older versions lack it, and residuals
    files = [job.run / file for file in _files(example)]
    return is_current and written == expected and all(path.is_file() for path in files)


def _remove_others(run: Path, examples: Sequence[Mapping[str, Any]]) -> None:
    """Leave nothing of earlier choices, so that the folder is what run.json says."""
    kept = {run / file for example in examples for file in _files(example)}
    folders = {path.parent for path in kept}
    for folder in (run / FOLDER).glob("*"):
        if folder not in folders:
            shutil.rmtree(folder)
    kept |= {path.with_suffix(PICTURE) for path in kept}  # of spectrograms, which the report draws
    for path in (run / FOLDER).glob("*/*"):
        if path not in kept:
            path.unlink()
    if not examples and (run / FOLDER).is_dir():
        shutil.rmtree(run / FOLDER)
