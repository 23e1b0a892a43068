"""Write the audio of a few mixtures, for ears."""

from __future__ import annotations

import math
import shutil
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.contract import Batch
from benchmarks.harness.guard import DenoiserFailed
from benchmarks.leaderboard.dataset import Mixture, read_audio
from benchmarks.leaderboard.plan import Plan
from benchmarks.leaderboard.score import Entrant, estimate, loaded
from benchmarks.leaderboard.store import address
from mn_dataset import seeds
from mn_dataset.audio.io import Pcm, write_wav
from mn_dataset.errors import AudioError
from mn_dataset.parallel import each

MOST = 40
FOLDER = "examples"

_FULL_SCALE, _HIGHEST = 32768.0, 32767.0


@dataclass(frozen=True)
class ExampleJob:
    """One mixture whose audio is to be written into a run folder."""

    run: Path
    dataset: Path
    mixture: Mixture
    entrants: tuple[Entrant, ...]
    device: str


def write_examples(
    plan: Plan,
    run: Path,
    *,
    count: int,
    seed: int,
    earlier: Sequence[Mapping[str, Any]] = (),
    workers: int | None = None,
) -> list[dict[str, Any]]:
    """Write the chosen mixtures' audio, keep what is there already, remove what is not chosen.

    Args:
        plan: The run.
        run: The run folder.
        count: How many mixtures; 0 leaves no folder.
        seed: Seed of the choice.
        earlier: The examples that run.json tells of.
        workers: Processes.

    Returns:
        What run.json tells of each example: its mixture, its files, the estimates that had to be
        attenuated. A mixture whose audio cannot be read is left out.
    """
    entrants = tuple(item for item in plan.entrants if not plan.specs[item.name].reference)
    picked = [
        ExampleJob(run, plan.dataset.root, mixture, entrants, plan.device)
        for mixture in choose(plan.dataset.mixtures, count, seed=seed)
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
    examples = [found[job.mixture.id] for job in picked if job.mixture.id in found]
    _remove_others(run, examples)
    return examples


def choose(mixtures: Sequence[Mixture], count: int, *, seed: int) -> list[Mixture]:
    """Choose mixtures spread over noise classes, then music categories, then SNRs."""
    deck = seeds.generator(seed, "examples").shuffled(mixtures)
    picked: list[Mixture] = []
    uses: Counter[str | float] = Counter()
    while deck and len(picked) < count:
        best = min(
            deck,
            key=lambda item: (uses[item.noise_class], uses[item.music_category], uses[item.snr_db]),
        )
        deck.remove(best)
        picked.append(best)
        uses.update([best.noise_class, best.music_category, best.snr_db])
    return picked


def to_pcm(audio: Batch) -> tuple[Pcm, float]:
    """Round audio (1, time) to 16 bits, attenuated just as far as keeps it from clipping.

    Returns:
        The samples, int16 (time,), and the attenuation in dB, mostly 0.

    >>> to_pcm(np.array([[0.5, -2.0]], np.float32))
    (array([  8192, -32767], dtype=int16), 6.02)
    """
    samples = audio[0].astype(np.float64) * _FULL_SCALE
    excess = max(1.0, float(np.abs(samples).max(initial=0.0)) / _HIGHEST)
    return np.rint(samples / excess).astype(np.int16), round(20.0 * math.log10(excess), 2)


def _write_example(job: ExampleJob) -> dict[str, Any] | None:
    try:
        audio = read_audio(job.dataset, job.mixture)
    except AudioError:
        return None
    rate = job.mixture.sampling_rate
    estimates = []
    for entrant in job.entrants:
        file, attenuated_db = _file(job.mixture, entrant.name, entrant.revision), 0.0
        try:
            denoiser = loaded(entrant.request, entrant.revision, job.device).denoiser
            output = estimate(denoiser, audio, sampling_rate=rate)
            attenuated_db = _write(job.run / file, output, sampling_rate=rate)
        except DenoiserFailed:
            file = ""
        estimates.append(
            {
                "denoiser": entrant.name,
                "revision": entrant.revision,
                "file": file,
                "attenuated_db": attenuated_db,
            }
        )
    layers = {name: _file(job.mixture, name) for name in ("noisy", "clean")}
    for name, file in layers.items():
        _write(job.run / file, getattr(audio, name), sampling_rate=rate)
    return {
        "mixture_id": job.mixture.id,
        "music_category": job.mixture.music_category,
        "noise_class": job.mixture.noise_class,
        "snr_db": job.mixture.snr_db,
        **layers,
        "estimates": estimates,
    }


def _write(path: Path, audio: Batch, *, sampling_rate: int) -> float:
    samples, attenuated_db = to_pcm(audio)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.tmp")
    write_wav(temporary, samples, sampling_rate=sampling_rate)
    temporary.replace(path)
    return attenuated_db


def _file(mixture: Mixture, *names: str) -> str:
    """Return where a file of an example is, relative to the run folder."""
    return f"{FOLDER}/{address(mixture.id)}/{address(*names)}.wav"


def _files(example: Mapping[str, Any]) -> set[str]:
    estimates = {item["file"] for item in example["estimates"]} - {""}
    return {example["noisy"], example["clean"], *estimates}


def _is_whole(job: ExampleJob, example: Mapping[str, Any]) -> bool:
    made = [(item["denoiser"], item["revision"]) for item in example["estimates"]]
    wanted = [(entrant.name, entrant.revision) for entrant in job.entrants]
    return made == wanted and all((job.run / file).is_file() for file in _files(example))


def _remove_others(run: Path, examples: Sequence[Mapping[str, Any]]) -> None:
    """Leave nothing of earlier choices, so that the folder is what run.json says."""
    kept = {run / file for example in examples for file in _files(example)}
    folders = {path.parent for path in kept}
    for folder in (run / FOLDER).glob("*"):
        if folder not in folders:
            shutil.rmtree(folder)
    for path in (run / FOLDER).glob("*/*"):
        if path not in kept:
            path.unlink()
    if not examples and (run / FOLDER).is_dir():
        shutil.rmtree(run / FOLDER)
