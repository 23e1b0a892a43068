"""Build a dataset from a corpus in one go: check, split, draw, render."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from mn_dataset.audio.corpus import Corpus
from mn_dataset.audio.fingerprint.pairs import Pair
from mn_dataset.audio.fingerprint.store import corpus_pairs
from mn_dataset.errors import InputError
from mn_dataset.files.lock import locked
from mn_dataset.lazy import callable_module
from mn_dataset.mix.augment.chain import Chain
from mn_dataset.mix.draw import draw
from mn_dataset.mix.recipes import Recipes
from mn_dataset.mix.render import render
from mn_dataset.records import SPLITS, TABLES, Role
from mn_dataset.split.assign import DEFAULT_RATIOS, assign, shares
from mn_dataset.split.audit import Leak, leaks
from mn_dataset.tables import CATEGORIES
from mn_dataset.tasks import registry
from mn_dataset.tasks.drawing import part_for

callable_module(__name__, __name__)


def build(
    corpus: Corpus,
    out: str | Path,
    *,
    task: str = "denoise",
    split: str | Sequence[str] | None = None,
    ratios: Sequence[float] = DEFAULT_RATIOS,
    seed: int = 0,
    dataset_version: str = "1.0.0",
    reassign: bool = False,
    allow_leak: bool = False,
    rows: Sequence[str] | None = None,
    workers: int = 1,
    audio_format: str = "wav",
    augment: str | Path | Chain | None = None,
    progress: Callable[[int, int], None] | None = None,
    **options: Any,
) -> Path:
    """Build a dataset folder; see ``draw`` and ``render`` for the arguments they share.

    Args:
        corpus: An opened corpus: every row and recording has been judged.
        out: The dataset folder.
        task: The name of a task.
        split: The splits to build; None for all.
        ratios: Shares of train, validation and test for rows whose split is empty.
        seed: Of the split and every choice.
        dataset_version: SemVer of the data.
        reassign: Forget the splits that the tables state; by default they stay.
        allow_leak: Build even if a take or a group stands in two splits.
        rows: Render only these recipes.
        workers: Processes.
        audio_format: "wav" or "flac".
        augment: A chain, its name, or a TOML file; varies the layers of train mixtures.
        progress: Called with (done, all): recordings that are compared, then mixtures.
        options: Of the task's drawing, such as ``snr_db`` and ``per_cell``.

    Raises:
        InputError: if the splits leak, another process writes into the folder, or anything that
            ``draw`` and ``render`` refuse.

    Examples:
        >>> build(corpus, "built", split="test", snr_db=(5,), count=4, seconds=1)  # doctest: +SKIP
        PosixPath('built')
    """
    shares(ratios)
    spec = registry.find(task)
    corpus = part_for(spec, corpus, options)
    with locked(Path(out), command="mn build"):
        entries = {name: source.entry for name, source in corpus.sources.items()}
        pairs = corpus_pairs(corpus.root, entries, workers=workers, progress=progress)
        divided = with_splits(corpus, ratios=ratios, seed=seed, pairs=pairs, reassign=reassign)
        audit = all_leaks(divided, pairs)
        if not allow_leak:
            refuse(audit, corpus.root)
        recipes = draw(
            divided,
            task=task,
            split=split,
            seed=seed,
            dataset_version=dataset_version,
            **options,
        )
        across = spec.across_splits(options)
        return render(
            recipes,
            divided,
            out,
            workers=workers,
            rows=rows,
            audio_format=audio_format,
            augment=augment,
            notes=[
                *audit_notes(audit),
                *lack_notes(divided, recipes, across=across),
                *across.values(),
            ],
            progress=progress,
        )


def with_splits(
    corpus: Corpus,
    *,
    ratios: Sequence[float] = DEFAULT_RATIOS,
    seed: int = 0,
    pairs: Sequence[Pair] = (),
    reassign: bool = False,
) -> Corpus:
    """Return the corpus with every empty split filled, groups and takes whole.

    Args:
        corpus: The corpus.
        ratios: Shares of train, validation and test.
        seed: Of the order in which groups are dealt.
        pairs: Near-duplicates by id.
        reassign: Empty every split first.
    """
    sources = dict(corpus.sources)
    pcm = _pcm_sha256(corpus)
    for role in TABLES:
        rows = [source.row for source in corpus.of(role)]
        if reassign:
            rows = [row.with_split("") for row in rows]
        for row in assign(rows, ratios=ratios, seed=seed, pcm_sha256=pcm, pairs=pairs):
            sources[row.id] = replace(sources[row.id], row=row)
    return replace(corpus, sources=sources)


def all_leaks(corpus: Corpus, pairs: Sequence[Pair] = ()) -> list[Leak]:
    """Audit all tables by declared group, identical samples and near-duplicates."""
    return leaks([source.row for source in corpus.sources.values()], _pcm_sha256(corpus), pairs)


def _pcm_sha256(corpus: Corpus) -> dict[str, str]:
    """Return the hash of the samples of every recording; silence ties nothing together."""
    return {
        name: source.entry.pcm_sha256
        for name, source in corpus.sources.items()
        if source.entry.peak
    }


def refuse(audit: Sequence[Leak], root: Path) -> None:
    """Refuse splits between which a take, or a group within one category, is shared.

    Raises:
        InputError: naming the recordings.
    """
    severe = [leak for leak in audit if leak.severe]
    if severe:
        raise InputError(
            f"{root}: column 'split' leaks: {severe[0]} ({len(severe)} in all); correct it, or "
            "pass `reassign` to have it assigned anew, or `allow_leak`"
        )


def audit_notes(audit: Sequence[Leak]) -> list[str]:
    """Say what the audit of the splits came to, for the dataset's card."""
    severe = [f"**leak**: {leak}" for leak in audit if leak.severe]
    others = [f"to know, no leak: {leak}" for leak in audit if not leak.severe]
    clear = "No take, and no group within a category, stands in two splits."
    return [*(severe or [clear]), *others]


def lack_notes(corpus: Corpus, recipes: Recipes, *, across: Collection[str] = ()) -> list[str]:
    """Say which categories and classes a split has no recording of, for the dataset's card.

    Args:
        corpus: With its splits.
        recipes: What was drawn.
        across: Roles whose recordings are mixed across splits, and are not judged by split.
    """
    tables: dict[Role, str] = {}
    for role in recipes.spec.roles:
        if role.name not in across and role.table in CATEGORIES:
            tables.setdefault(role.table, role.plural)
    notes = []
    for table, plural in tables.items():
        categories = sorted({source.row.category for source in corpus.of(table)})
        for split in sorted({recipe.split for recipe in recipes}, key=SPLITS.index):
            filled = {source.row.category for source in corpus.of(table, split)}
            lacking = [category for category in categories if category not in filled]
            if lacking:
                notes.append(
                    f"**{split} has no {plural} of {', '.join(lacking)}**, which the corpus has in "
                    "other splits: their cells are missing here"
                )
    return notes
