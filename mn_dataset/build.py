"""Build a dataset from a corpus in one go: check, split, draw, render."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from mn_dataset.audio.corpus import Corpus
from mn_dataset.audio.fingerprint.pairs import Pair
from mn_dataset.audio.fingerprint.store import corpus_pairs
from mn_dataset.errors import InputError
from mn_dataset.mix.augment.chain import Chain
from mn_dataset.mix.draw import draw
from mn_dataset.mix.recipes import Recipes
from mn_dataset.mix.render import render
from mn_dataset.records import ROLES, SPLITS, Role, SnrDefinition
from mn_dataset.split.assign import DEFAULT_RATIOS, assign, shares
from mn_dataset.split.audit import Leak, leaks
from mn_dataset.tasks.denoise import DEFAULT_SNR_DB
from mn_dataset.tasks.drawing import SnrLevel


def build(
    corpus: Corpus,
    out: str | Path,
    *,
    split: str | Sequence[str] | None = None,
    ratios: Sequence[float] = DEFAULT_RATIOS,
    snr_db: Sequence[SnrLevel] = DEFAULT_SNR_DB,
    snr_definition: SnrDefinition = "power",
    per_cell: int | None = None,
    count: int | None = None,
    seconds: float | None = None,
    seed: int = 0,
    preset: str | None = None,
    dataset_version: str = "1.0.0",
    reassign: bool = False,
    allow_leak: bool = False,
    rows: Sequence[str] | None = None,
    workers: int = 1,
    audio_format: str = "wav",
    augment: str | Path | Chain | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Path:
    """Build a dataset folder; see ``draw`` and ``render`` for the arguments they share.

    Args:
        corpus: An opened corpus: every row and recording has been judged.
        out: The dataset folder.
        split: The splits to build; None for all.
        ratios: Shares of train, validation and test for rows whose split is empty.
        snr_db: SNR levels in dB.
        snr_definition: How they are meant.
        per_cell: Mixtures per cell.
        count: Mixtures per split instead.
        seconds: Length of a mixture.
        seed: Of the split and every choice.
        preset: A published protocol.
        dataset_version: SemVer of the data.
        reassign: Forget the splits that the tables state; by default they stay.
        allow_leak: Build even if a take or a group stands in two splits.
        rows: Render only these recipes.
        workers: Processes.
        audio_format: "wav" or "flac".
        augment: A chain, its name, or a TOML file; varies the layers of train mixtures.
        progress: Called with (done, all): recordings that are compared, then mixtures.

    Raises:
        InputError: if the splits leak, or anything that ``draw`` and ``render`` refuse.
    """
    shares(ratios)
    entries = {name: source.entry for name, source in corpus.sources.items()}
    pairs = corpus_pairs(corpus.root, entries, workers=workers, progress=progress)
    placed = with_splits(corpus, ratios=ratios, seed=seed, pairs=pairs, reassign=reassign)
    found = all_leaks(placed, pairs)
    if not allow_leak:
        refuse(found, corpus.root)
    recipes = draw(
        placed,
        split=split,
        snr_db=snr_db,
        snr_definition=snr_definition,
        per_cell=per_cell,
        count=count,
        seconds=seconds,
        seed=seed,
        preset=preset,
        dataset_version=dataset_version,
    )
    return render(
        recipes,
        placed,
        out,
        workers=workers,
        rows=rows,
        audio_format=audio_format,
        augment=augment,
        notes=audit_notes(found) + lack_notes(placed, recipes, preset) + preset_notes(preset),
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
    pcm = {source.id: source.entry.pcm_sha256 for source in sources.values()}
    for role in ROLES:
        rows = [source.row for source in corpus.of(role)]
        if reassign:
            rows = [row.with_split("") for row in rows]
        for row in assign(rows, ratios=ratios, seed=seed, pcm_sha256=pcm, pairs=pairs):
            sources[row.id] = replace(sources[row.id], row=row)
    return replace(corpus, sources=sources)


def all_leaks(corpus: Corpus, pairs: Sequence[Pair] = ()) -> list[Leak]:
    """Audit both tables by declared group, identical samples and near-duplicates."""
    pcm = {name: source.entry.pcm_sha256 for name, source in corpus.sources.items()}
    return leaks([source.row for source in corpus.sources.values()], pcm, pairs)


def refuse(found: Sequence[Leak], root: Path) -> None:
    """Refuse splits between which a take, or a group within one category, is shared.

    Raises:
        InputError: naming the recordings.
    """
    severe = [leak for leak in found if leak.severe]
    if severe:
        raise InputError(
            f"{root}: column 'split' leaks: {severe[0]} ({len(severe)} in all); correct it, "
            "pass --reassign to have it assigned anew, or pass --allow-leak"
        )


def audit_notes(found: Sequence[Leak]) -> list[str]:
    """Say what the audit found, for the dataset's card."""
    severe = [f"**leak**: {leak}" for leak in found if leak.severe]
    told = [f"to know, no leak: {leak}" for leak in found if not leak.severe]
    clear = "No take, and no group within a category, stands in two splits."
    return [*(severe or [clear]), *told]


def lack_notes(corpus: Corpus, recipes: Recipes, preset: str | None) -> list[str]:
    """Say which categories and classes a split has no recording of, for the dataset's card.

    A preset's noises are of every split, and are not judged by split.
    """
    notes = []
    roles: tuple[Role, ...] = ROLES if preset is None else ("clean",)
    for role in roles:
        known = sorted({source.row.category for source in corpus.of(role)})
        for split in sorted({recipe.split for recipe in recipes}, key=SPLITS.index):
            here = {source.row.category for source in corpus.of(role, split)}
            lacking = [category for category in known if category not in here]
            if lacking:
                kind = "clips" if role == "clean" else "noises"
                notes.append(
                    f"**{split} has no {kind} of {', '.join(lacking)}**, which the corpus has in "
                    "other splits: their cells are missing here"
                )
    return notes


def preset_notes(preset: str | None) -> list[str]:
    """Say what a preset does across splits, for the dataset's card."""
    if preset is None:
        return []
    return [
        f"**preset `{preset}`**: as its script does, noises of every split are mixed in every "
        "split, so test noise has been heard in training"
    ]
