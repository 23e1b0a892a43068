"""Verify a run: make and score a part of its estimates again, and name the scores that differ."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from benchmarks.harness.apply import load_denoiser
from benchmarks.leaderboard.evaluate import Entrant, Job, score_key, score_mixture, score_targets
from benchmarks.leaderboard.provenance import path_from, request_from
from benchmarks.leaderboard.run_folder import Record, read_finished, read_table
from benchmarks.leaderboard.sampling import NOT_SAMPLED
from benchmarks.metrics import suite
from benchmarks.registry import own_file
from mn_dataset import seeds
from mn_dataset.errors import DatasetError, InputError
from mn_dataset.mix.dataset import Dataset, read_dataset
from mn_dataset.workers import each

TOLERANCE = 1e-3
"""In the metric's unit, mostly dB: what another machine's rounding may change."""

Stored = dict[tuple[str, str, str, str], tuple[float | None, str]]
"""Value and reason of mixture, denoiser, metric and target."""


@dataclass(frozen=True)
class Mismatch:
    """One score that does not come out.

    Attributes:
        mixture_id: The mixture.
        denoiser: The denoiser.
        metric: The metric; with "/" and the target where a mixture may have several.
        stored: What the run holds; None for NaN.
        stored_reason: The reason that the run holds.
        found: What came out; None for NaN.
        found_reason: The reason that came out.
    """

    mixture_id: str
    denoiser: str
    metric: str
    stored: float | None
    stored_reason: str
    found: float | None
    found_reason: str


@dataclass(frozen=True)
class Verification:
    """What came of scoring a part of a run again.

    Attributes:
        estimates: How many estimates were made and scored again.
        of: How many the run holds.
        scores: How many scores were compared.
        denoisers: Whose estimates they were.
        metrics: Which metrics.
        left_out: Denoisers that say themselves that two calls may differ.
        mismatches: The scores that differ by more than ``TOLERANCE``, or in their reason.
    """

    estimates: int
    of: int
    scores: int
    denoisers: tuple[str, ...]
    metrics: tuple[str, ...]
    left_out: tuple[str, ...]
    mismatches: tuple[Mismatch, ...]


def verify_run(
    run: str | Path,
    *,
    sample: str = "5%",
    seed: int = 0,
    dataset: str | Path | None = None,
    trust: Sequence[str | Path] = (),
    workers: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Verification:
    """Make and score a random part of a run's estimates again.

    Args:
        run: A finished run folder.
        sample: How many estimates: a share such as ``5%``, or a number.
        seed: Of the choice.
        dataset: The dataset folder, where it is no longer where the run says.
        trust: Files of code (``.py``) or of programs (``.toml``) among the run's denoisers that
            may be run; no other one is, since whoever wrote the run named them.
        workers: Processes; None for one per core.
        progress: Called with (done, all) mixtures.

    Example:
        >>> verify_run("run", sample="2").mismatches  # doctest: +SKIP
        ()

    Raises:
        DatasetError: if the run is not finished, or the dataset is another one.
        InputError: if the sample is neither a share nor a number, if a denoiser is a file that is
            not trusted, or a denoiser or metric is no longer of the revision that was scored.
    """
    run = Path(run)
    description = read_finished(run)
    data = _dataset(run, description, None if dataset is None else Path(dataset))
    versions = _versions(description)
    requests = _requests(run, description, trust)
    entrants, left_out = _entrants(description, requests, tuple(versions))
    stored = _stored(run)
    due = {key[:3] for key, (_, reason) in stored.items() if reason != NOT_SAMPLED}
    estimates = sorted({key[:2] for key in due if key[1] in entrants})
    sampled = seeds.generator(seed, "verify-run").shuffled(estimates)
    sampled = sampled[: _count(sample, len(estimates))]
    jobs = _jobs(data, sampled, entrants, due, versions, device=description["settings"]["device"])
    mismatches: list[Mismatch] = []
    for done, (job, records) in enumerate(each(_scored, jobs, workers=workers), start=1):
        mismatches += _differences(job, records, stored)
        if progress:
            progress(done, len(jobs))
    compared = set(sampled)
    return Verification(
        estimates=len(sampled),
        of=len(estimates),
        scores=sum(key[:2] in compared and key[:3] in due for key in stored),
        denoisers=tuple(sorted({name for _, name in sampled})),
        metrics=tuple(versions),
        left_out=left_out,
        mismatches=tuple(sorted(mismatches, key=lambda item: (item.denoiser, item.mixture_id))),
    )


def _count(sample: str, estimates: int) -> int:
    """Read a share or a number; at least one estimate is taken.

    >>> _count("5%", 540), _count("12", 540), _count("0.1%", 540)
    (27, 12, 1)
    """
    text = sample.strip()
    try:
        count = math.ceil(float(text[:-1]) / 100 * estimates) if text.endswith("%") else int(text)
    except (ValueError, OverflowError):
        count = 0
    if count < 1:
        raise InputError(f"sample is {sample!r}; expected a share such as 5%, or a number")
    return min(count, estimates)


def _dataset(run: Path, description: dict[str, Any], moved_to: Path | None) -> Dataset:
    relative = description["dataset"].get("path")  # an older run lacks it
    if moved_to is None and relative is None:
        raise DatasetError(f"{run}: does not tell where its dataset lies; give it as dataset")
    root = moved_to or path_from(run, relative)
    if not root.is_dir():
        raise DatasetError(f"{root}: no such folder; give the run's dataset as dataset")
    data = read_dataset(root)
    expected = description["settings"]["manifest_sha256"]
    if data.manifest_sha256 != expected:
        raise DatasetError(
            f"{root}: its manifest has SHA-256 {data.manifest_sha256}, expected {expected}, on "
            "which the run was made; give that one as dataset"
        )
    return data


def _versions(description: dict[str, Any]) -> dict[str, int]:
    """Return the run's metrics, all of the versions that are here."""
    versions = {metric["name"]: metric["version"] for metric in description["metrics"]}
    for spec in suite.describe(versions):
        if spec.version != versions[spec.name]:
            raise InputError(
                f"the metric {spec.name!r} is version {spec.version} here, expected version "
                f"{versions[spec.name]} of the run; make the run again, or verify it with the "
                f"mn-dataset {description['environment']['packages'].get('mn-dataset', 'of then')}"
            )
    return versions


def _requests(
    run: Path, description: dict[str, Any], trust: Sequence[str | Path]
) -> dict[str, str]:
    """Return what the run's denoisers are loaded by; code that a person did not name is refused."""
    allowed = {Path(path).resolve() for path in trust}
    requests = {}
    for item in description["denoisers"]:
        request = request_from(run, item.get("request", item["name"]))
        file = own_file(request)
        if file is not None and file.resolve() not in allowed:
            raise InputError(
                f"the denoiser {item['name']!r} is the file {file}, which the run names; nothing "
                "that a run names is executed: read that file, and if you trust it, name it in "
                "`trust`"
            )
        requests[item["name"]] = request
    return requests


def _entrants(
    description: dict[str, Any], requests: dict[str, str], metrics: tuple[str, ...]
) -> tuple[dict[str, Entrant], tuple[str, ...]]:
    """Return the run's denoisers, all of their revisions, and those that are not repeatable."""
    entrants: dict[str, Entrant] = {}
    left_out = []
    for item in description["denoisers"]:
        name, revision = item["name"], item["revision"]
        request = requests[name]
        here = load_denoiser(request, device=description["settings"]["device"])
        if here.revision != revision:
            raise InputError(
                f"the denoiser {name!r} is of revision {here.revision} here, expected {revision} "
                "of the run; install or restore that one, or make the run again with `mn bench`"
            )
        if here.spec.deterministic:
            entrants[name] = Entrant(request, name, revision, metrics)
        else:
            left_out.append(name)
    return entrants, tuple(left_out)


def _stored(run: Path) -> Stored:
    key = ("mixture_id", "denoiser", "metric", "target")
    rows = read_table(run, "scores.parquet", columns=(*key, "value", "reason")).to_pydict()
    keys = zip(*(rows[name] for name in key), strict=True)
    values = (None if value is None or math.isnan(value) else value for value in rows["value"])
    return dict(zip(keys, zip(values, rows["reason"], strict=True), strict=True))


def _jobs(
    data: Dataset,
    sampled: Sequence[tuple[str, str]],
    entrants: dict[str, Entrant],
    due: set[tuple[str, str, str]],
    versions: dict[str, int],
    *,
    device: str,
) -> list[tuple[Job]]:
    by_mixture = defaultdict(list)
    for mixture, name in sorted(sampled):
        metrics = tuple(metric for metric in versions if (mixture, name, metric) in due)
        by_mixture[mixture].append(replace(entrants[name], metrics=metrics))
    return [
        (Job(data.root, data.task, mixture, tuple(by_mixture[mixture.id]), versions, device),)
        for mixture in data.mixtures
        if mixture.id in by_mixture
    ]


def _scored(job: Job) -> tuple[Job, list[Record]]:
    return job, score_mixture(job)


def _differences(job: Job, records: Sequence[Record], stored: Stored) -> list[Mismatch]:
    mismatches = []
    targets = score_targets(job.task, job.mixture)
    for entrant, record in zip(job.entrants, records, strict=True):
        for metric in entrant.metrics:
            for file, target in zip(job.mixture.targets, targets, strict=True):
                key = (record.mixture_id, entrant.name, metric, file.name)
                old, old_reason = stored.get(key, (None, "not in scores.parquet"))
                new, new_reason = record.scores[score_key(metric, job.versions[metric], target)]
                if old is None or new is None:
                    same = old is new and old_reason == new_reason
                else:
                    same = abs(old - new) <= TOLERANCE
                if not same:
                    name = metric if target is None else f"{metric}/{target}"
                    score = (record.mixture_id, entrant.name, name)
                    mismatches.append(Mismatch(*score, old, old_reason, new, new_reason))
    return mismatches
