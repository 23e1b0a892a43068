"""Decide what is to be scored, and what of it is still missing."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from benchmarks import registry
from benchmarks.contract import DenoiserSpec, MetricSpec
from benchmarks.harness.apply import load_denoiser
from benchmarks.layers.weights_file import Card, read_card
from benchmarks.leaderboard.dataset import Dataset
from benchmarks.leaderboard.evaluate import UNREADABLE, Entrant, Job
from benchmarks.leaderboard.run_folder import Record, RunFolder
from benchmarks.metrics import suite
from benchmarks.registry import Entry
from mn_dataset.errors import InputError, MissingExtra

_NEVER = (None, "never tried")
_TRIED_AGAIN = frozenset(
    {UNREADABLE, "not_installed", "died", _NEVER[1]}  # of what died: memory may have been short
)


@dataclass(frozen=True)
class Plan:
    """What a run is to hold.

    Attributes:
        dataset: The mixtures.
        entrants: The denoisers, sorted by name, with all the metrics wanted.
        specs: What each of them declares.
        cards: What the weights of the learned ones say of themselves.
        metrics: The metrics, in the order asked.
        absent: What is left out because it is not installed: default metrics, denoisers.
        device: Where learned denoisers run.
    """

    dataset: Dataset
    entrants: tuple[Entrant, ...]
    specs: dict[str, DenoiserSpec]
    cards: dict[str, Card]
    metrics: tuple[MetricSpec, ...]
    absent: tuple[Entry, ...]
    device: str

    @property
    def versions(self) -> dict[str, int]:
        """Version of every metric, by name."""
        return {metric.name: metric.version for metric in self.metrics}

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
        metrics: Names of metrics; None for the default ones that are installed.
        device: Where learned denoisers run.
        only_installed: Leave out denoisers that are not installed instead of refusing them.

    Raises:
        UnknownName: with the nearest names.
        MissingExtra: for a denoiser, or a metric that was asked for, that is not installed.
        InputError: if there is nothing to run, or two denoisers have one name.
    """
    chosen, absent = _metrics(metrics)
    names = tuple(metric.name for metric in chosen)
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
    return Plan(dataset, ordered, specs, cards, chosen, absent, device)


def missing_jobs(plan: Plan, folder: RunFolder) -> Iterator[Job]:
    """Yield one job per mixture that lacks a score, with exactly the denoisers that lack one."""
    wanted = [f"{metric.name}@{metric.version}" for metric in plan.metrics]
    known = [_settled(folder, entrant, wanted) for entrant in plan.entrants]
    fresh = [not lacking for lacking in known]
    asked: dict[tuple[str, tuple[str, ...], bool], Entrant] = {}
    for mixture in plan.dataset.mixtures:
        entrants = []
        for number, entrant in enumerate(plan.entrants):
            lacking = known[number].get(mixture.id, entrant.metrics)
            if lacking:
                # Memory is measured once: on the first mixture that a denoiser meets.
                key = (entrant.name, lacking, fresh[number])
                if key not in asked:
                    asked[key] = replace(entrant, metrics=lacking, measure_memory=fresh[number])
                entrants.append(asked[key])
                fresh[number] = False
        if entrants:
            yield Job(plan.dataset.root, mixture, tuple(entrants), plan.versions, plan.device)


def merged(folder: RunFolder, entrant: Entrant) -> dict[str, Record]:
    """Return the journal of a denoiser by mixture, later lines over earlier ones."""
    found: dict[str, Record] = {}
    for record in folder.journal(entrant.name, entrant.revision).records():
        earlier = found.get(record.mixture_id)
        found[record.mixture_id] = record if earlier is None else _joined(earlier, record)
    return found


def _joined(earlier: Record, later: Record) -> Record:
    """Take the later scores, and what was measured of the first estimate that there was."""
    if earlier.seconds is None:
        return replace(later, scores=earlier.scores | later.scores)
    return replace(earlier, scores=earlier.scores | later.scores, detail=later.detail)


def _settled(
    folder: RunFolder, entrant: Entrant, wanted: Sequence[str]
) -> dict[str, tuple[str, ...]]:
    """Return by mixture which metrics a denoiser still lacks there."""
    return {
        record.mixture_id: tuple(
            name
            for name, key in zip(entrant.metrics, wanted, strict=True)
            if record.scores.get(key, _NEVER)[1] in _TRIED_AGAIN
        )
        for record in merged(folder, entrant).values()
    }


def _metrics(
    names: Sequence[str] | None,
) -> tuple[tuple[MetricSpec, ...], tuple[Entry, ...]]:
    """Return the metrics to compute, and the default ones that cannot be."""
    asked = tuple(dict.fromkeys(suite.DEFAULT_METRICS if names is None else names))
    absent = tuple(suite.missing(asked))
    if absent and names is not None:
        raise MissingExtra(absent[0].package or absent[0].name, extra=absent[0].extra or "all")
    left_out = {entry.name for entry in absent}
    chosen = tuple(suite.describe(name for name in asked if name not in left_out))
    if not chosen:
        raise InputError("no metric was named; `mn metrics` lists them")
    return chosen, absent


def _absolute(request: str) -> str:
    """Pin a person's file to its place, for processes that start elsewhere."""
    if request.endswith(".toml"):
        return os.path.abspath(request)
    path, separator, attribute = request.rpartition(".py:")
    return f"{os.path.abspath(path)}{separator}{attribute}" if separator else request
