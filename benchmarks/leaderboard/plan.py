"""Decide what is to be scored, and what of it is still missing."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from benchmarks import registry
from benchmarks.contract import DenoiserSpec, MetricSpec
from benchmarks.harness.apply import load_denoiser
from benchmarks.harness.listing import describe_denoisers
from benchmarks.layers.weights_file import Card, read_card
from benchmarks.leaderboard import sampling
from benchmarks.leaderboard.evaluate import UNREADABLE, Entrant, Job, score_key, score_targets
from benchmarks.leaderboard.ranking import BASELINE
from benchmarks.leaderboard.run_folder import Record, RunFolder
from benchmarks.metrics import suite
from benchmarks.registry import Entry
from mn_dataset.errors import InputError, MissingExtra, suggestion
from mn_dataset.mix.dataset import Dataset, MixtureRow
from mn_dataset.tasks.spec import TaskSpec

_NEVER = (None, "never tried")
_TRIED_AGAIN = frozenset(
    {UNREADABLE, "not_installed", "died", _NEVER[1]}  # of what died: memory may have been short
)


@dataclass(frozen=True)
class Plan:
    """What a run is to hold.

    Attributes:
        dataset: The mixtures.
        entrants: The denoisers, sorted by name, with all the metrics of the run.
        specs: What each of them declares.
        cards: What the weights of the learned ones say of themselves.
        metrics: The metrics, in the order asked.
        every: Of each metric, one of how many mixtures it is scored on.
        absent: What is left out because it is not installed: default metrics, denoisers.
        device: Where learned denoisers run.
    """

    dataset: Dataset
    entrants: tuple[Entrant, ...]
    specs: dict[str, DenoiserSpec]
    cards: dict[str, Card]
    metrics: tuple[MetricSpec, ...]
    every: dict[str, int]
    absent: tuple[Entry, ...]
    device: str

    @property
    def versions(self) -> dict[str, int]:
        """Version of every metric, by name."""
        return {metric.name: metric.version for metric in self.metrics}

    @cached_property
    def due(self) -> dict[str, tuple[str, ...]]:
        """Which metrics each mixture is scored in, by its id."""
        return sampling.due(self.dataset.mixtures, self.every)

    def settings(self) -> dict[str, str]:
        """Return what all numbers of one run folder must have in common."""
        return {"manifest_sha256": self.dataset.manifest_sha256, "device": self.device}


def make_plan(
    dataset: Dataset,
    denoisers: Sequence[str],
    *,
    metrics: Sequence[str] | None,
    device: str,
    only_installed: bool = False,
) -> Plan:
    """Look up every name before any work is done.

    Args:
        dataset: The mixtures.
        denoisers: Registered names, or ``FILE.py:CLASS``.
        metrics: Names of metrics, or NAME/5 to score one on every fifth mixture; None for the
            default ones that are installed.
        device: Where learned denoisers run.
        only_installed: Leave out denoisers that are not installed instead of refusing them.

    Raises:
        UnknownName: with the nearest names.
        MissingExtra: for a denoiser, or a metric that was asked for, that is not installed.
        InputError: if there is nothing to run, two denoisers have one name, or one is for another
            task than the dataset.
    """
    every = None if metrics is None else sampling.parse(metrics)
    metric_specs, absent = _metrics(every, dataset.task)
    names = tuple(metric.name for metric in metric_specs)
    entrants: dict[str, Entrant] = {}
    specs: dict[str, DenoiserSpec] = {}
    cards: dict[str, Card] = {}
    for request in dict.fromkeys(map(_absolute, denoisers)):
        entry = registry.denoiser(request)
        if only_installed and not entry.installed:
            absent += (entry,)
            continue
        denoiser = load_denoiser(request, device=device)
        name = denoiser.name
        _refuse_other_task(dataset, request, denoiser.spec)
        foreign = ".py:" in request or request.endswith(".toml")
        if name in entrants or (foreign and name in registry.denoisers()):
            raise InputError(
                f"{request}: its name {name!r} is taken by another denoiser; give its spec, or the "
                "file or folder of its weights, another name"
            )
        entrants[name] = Entrant(request, name, denoiser.revision, names)
        specs[name] = denoiser.spec
        if denoiser.weights is not None:
            cards[name] = read_card(denoiser.weights)
    if not entrants:
        raise InputError("no denoiser was named; `mn denoisers` lists them")
    ordered = tuple(entrants[name] for name in sorted(entrants))
    every = {name: (every or {}).get(name, 1) for name in names}
    return Plan(dataset, ordered, specs, cards, metric_specs, every, absent, device)


def missing_jobs(plan: Plan, folder: RunFolder) -> Iterator[Job]:
    """Yield one job per mixture that lacks a score, with exactly the denoisers that lack one."""
    mixtures = {mixture.id: mixture for mixture in plan.dataset.mixtures}
    lacking = [
        {
            record.mixture_id: _lacking(plan, record, mixtures[record.mixture_id])
            for record in merged(folder, entrant).values()
            if record.mixture_id in mixtures
        }
        for entrant in plan.entrants
    ]
    fresh = [not metrics for metrics in lacking]
    asked: dict[tuple[str, tuple[str, ...], bool], Entrant] = {}
    for mixture in plan.dataset.mixtures:
        entrants = []
        for number, entrant in enumerate(plan.entrants):
            metrics = lacking[number].get(mixture.id, plan.due[mixture.id])
            if metrics:
                # Memory is measured once: on the first mixture that a denoiser meets.
                key = (entrant.name, metrics, fresh[number])
                if key not in asked:
                    asked[key] = replace(entrant, metrics=metrics, measure_memory=fresh[number])
                entrants.append(asked[key])
                fresh[number] = False
        if entrants:
            data = plan.dataset
            yield Job(data.root, data.task, mixture, tuple(entrants), plan.versions, plan.device)


def merged(folder: RunFolder, entrant: Entrant) -> dict[str, Record]:
    """Return the journal of a denoiser by mixture, later lines over earlier ones."""
    records: dict[str, Record] = {}
    for record in folder.journal(entrant.name, entrant.revision).entries():
        earlier = records.get(record.mixture_id)
        records[record.mixture_id] = record if earlier is None else _joined(earlier, record)
    return records


def _joined(earlier: Record, later: Record) -> Record:
    """Take the later scores, and what was measured of the first estimate that there was."""
    if earlier.seconds is None:
        return replace(later, scores=earlier.scores | later.scores)
    return replace(earlier, scores=earlier.scores | later.scores, detail=later.detail)


def _lacking(plan: Plan, record: Record, mixture: MixtureRow) -> tuple[str, ...]:
    """Return which metrics a denoiser still lacks on a mixture, of one target or another."""
    targets = score_targets(plan.dataset.task, mixture)
    return tuple(
        name
        for name in plan.due[mixture.id]
        if any(
            record.scores.get(score_key(name, plan.versions[name], target), _NEVER)[1]
            in _TRIED_AGAIN
            for target in targets
        )
    )


def _refuse_other_task(dataset: Dataset, request: str, spec: DenoiserSpec) -> None:
    """Refuse a denoiser of another task; the row that does nothing is one in every task."""
    task = dataset.task.name
    if spec.task == task or spec.name == BASELINE:
        return
    names = [BASELINE, *(row["name"] for row in describe_denoisers() if row["task"] == task)]
    raise InputError(
        f"the denoiser {request!r} is for the task {spec.task!r}; expected one for {task!r}, as "
        f"{dataset.root} is{suggestion(spec.name, names)} Known: {', '.join(sorted(names))}."
    )


def _metrics(
    names: Iterable[str] | None, task: TaskSpec
) -> tuple[tuple[MetricSpec, ...], tuple[Entry, ...]]:
    """Return the metrics to compute, and the default ones that cannot be."""
    default = task.metrics or suite.DEFAULT_METRICS
    asked = tuple(dict.fromkeys(default if names is None else names))
    absent = tuple(suite.missing(asked))
    if absent and names is not None:
        raise MissingExtra(absent[0].package or absent[0].name, command=absent[0].install)
    left_out = {entry.name for entry in absent}
    metrics = tuple(suite.describe(name for name in asked if name not in left_out))
    if not metrics:
        raise InputError("no metric was named; `mn metrics` lists them")
    return metrics, absent


def _absolute(request: str) -> str:
    """Pin a person's file to its place, for processes that start elsewhere."""
    if request.endswith(".toml"):
        return os.path.abspath(request)
    path, separator, attribute = request.rpartition(".py:")
    return f"{os.path.abspath(path)}{separator}{attribute}" if separator else request
