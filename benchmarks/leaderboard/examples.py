"""Write the audio of a few mixtures, for ears: of some of every kind, and of the hardest."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.harness.checks import DenoiserFailed
from benchmarks.leaderboard.dataset import Audio, Mixture, read_audio
from benchmarks.leaderboard.evaluate import Entrant, estimate, loaded
from benchmarks.leaderboard.example_audio import Written, room_db, write_audio
from benchmarks.leaderboard.plan import Plan, merged
from benchmarks.leaderboard.run_folder import RunFolder, address, read_rows
from benchmarks.leaderboard.selection import choose
from mn_dataset.errors import AudioError
from mn_dataset.workers import each

MOST = 40
FOLDER = "examples"
PICTURE = ".png"

_CREDIT = ("id", "source", "license", "attribution", "url")


@dataclass(frozen=True)
class ExampleJob:
    """One mixture whose audio is to be written into a run folder."""

    run: Path
    dataset: Path
    mixture: Mixture
    entrants: tuple[Entrant, ...]
    device: str
    without: frozenset[str] = frozenset()
    """Names of the denoisers that have no estimate of it, and are not asked again."""


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
        earlier: The examples that run.json tells of.
        workers: Processes.

    Returns:
        What run.json tells of each example: why it was chosen, its mixture, whose recordings it is
        made of, its files, how loud each is, and by how much one had to be attenuated or was
        raised. A mixture whose audio cannot be read is left out.
    """
    entrants = tuple(item for item in plan.entrants if not plan.specs[item.name].reference)
    choices = choose(plan, folder.root, count, seed=seed)
    without = _without(folder, entrants) if choices else {}
    picked = [
        ExampleJob(
            folder.root,
            plan.dataset.root,
            choice.mixture,
            entrants,
            plan.device,
            frozenset(without.get(choice.mixture.id, ())),
        )
        for choice in choices
    ]
    known = {example["mixture_id"]: dict(example) for example in earlier}
    found = {
        job.mixture.id: known[job.mixture.id]
        for job in picked
        if job.mixture.id in known and _is_whole(job, known[job.mixture.id])
    }
    jobs = [job for job in picked if job.mixture.id not in found]
    for example in each(_write_example, ((job,) for job in jobs), workers=workers, ordered=False):
        if example is not None:
            found[example["mixture_id"]] = example
    told = _sources(plan) if choices else {}
    examples = [
        found[choice.mixture.id]
        | {
            "why": choice.why,
            "sources": [
                told[name]
                for name in (choice.mixture.clean_id, choice.mixture.noise_id)
                if name in told
            ],
        }
        for choice in choices
        if choice.mixture.id in found
    ]
    _remove_others(folder.root, examples)
    return examples


def _without(folder: RunFolder, entrants: Sequence[Entrant]) -> dict[str, list[str]]:
    """Return by mixture which denoisers failed on it: one that hangs is not to hang here again."""
    found: dict[str, list[str]] = {}
    for entrant in entrants:
        for record in merged(folder, entrant).values():
            if record.seconds is None:
                found.setdefault(record.mixture_id, []).append(entrant.name)
    return found


def _sources(plan: Plan) -> dict[str, dict[str, str]]:
    """Return whose each recording is, by id; what its table does not tell is empty."""
    rows = read_rows(plan.dataset.root, "sources.parquet").to_pylist()
    return {row["id"]: {name: str(row.get(name) or "") for name in _CREDIT} for row in rows}


def _write_example(job: ExampleJob) -> dict[str, Any] | None:
    try:
        audio = read_audio(job.dataset, job.mixture)
    except AudioError:
        return None
    rate = job.mixture.sampling_rate
    layers = {
        name: write_audio(
            job.run / _file(job.mixture, name), getattr(audio, name), sampling_rate=rate
        )
        for name in ("noisy", "clean")
    }
    return {
        "mixture_id": job.mixture.id,
        "music_category": job.mixture.music_category,
        "noise_class": job.mixture.noise_class,
        "snr_db": job.mixture.snr_db,
        "duration_s": job.mixture.num_samples / rate,
        **{name: _file(job.mixture, name) for name in layers},
        "level_db": {name: written.level_db for name, written in layers.items()},
        "estimates": [
            _write_estimate(job, entrant, audio, like=layers["noisy"]) for entrant in job.entrants
        ],
    }


def _write_estimate(
    job: ExampleJob, entrant: Entrant, audio: Audio, *, like: Written
) -> dict[str, Any]:
    """Write an estimate, and what it took away: as loud as the mixture, as far as that fits."""
    told: dict[str, Any] = {"denoiser": entrant.name, "revision": entrant.revision}
    rate = job.mixture.sampling_rate
    try:
        if entrant.name in job.without:
            raise DenoiserFailed(entrant.name, "has no estimate")
        denoiser = loaded(entrant.request, entrant.revision, job.device).denoiser
        output = estimate(denoiser, audio, sampling_rate=rate)
    except DenoiserFailed:
        return told | {"file": "", "attenuated_db": 0.0}
    file = _file(job.mixture, entrant.name, entrant.revision)
    residual = _file(job.mixture, entrant.name, entrant.revision, "residual")
    removed = audio.noisy - output
    written = write_audio(job.run / file, output, sampling_rate=rate)
    raised_db = room_db(removed, like.level_db, sampling_rate=rate)
    raised = write_audio(
        job.run / residual, removed * np.float32(10 ** (raised_db / 20)), sampling_rate=rate
    )
    return told | {
        "file": file,
        "attenuated_db": written.attenuated_db,
        "level_db": written.level_db,
        "residual": residual,
        "residual_raised_db": round(raised_db - raised.attenuated_db, 2),
        "residual_level_db": raised.level_db,
    }


def _file(mixture: Mixture, *names: str) -> str:
    """Return where a file of an example is, relative to the run folder."""
    return f"{FOLDER}/{address(mixture.id)}/{address(*names)}.flac"


def _files(example: Mapping[str, Any]) -> set[str]:
    estimates = {
        item.get(name, "") for item in example["estimates"] for name in ("file", "residual")
    }
    return {example["noisy"], example["clean"], *estimates} - {""}


def _is_whole(job: ExampleJob, example: Mapping[str, Any]) -> bool:
    made = [(item["denoiser"], item["revision"]) for item in example["estimates"]]
    wanted = [(entrant.name, entrant.revision) for entrant in job.entrants]
    current = "level_db" in example  # examples of older versions lack it, and residuals
    files = [job.run / file for file in _files(example)]
    return current and made == wanted and all(path.is_file() for path in files)


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
