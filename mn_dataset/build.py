"""Build a dataset from a corpus in one go: check, split, draw, render."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from mn_dataset.audio.corpus import Corpus
from mn_dataset.errors import InputError
from mn_dataset.mix.draw import DEFAULT_SNR_DB, SnrLevel, draw
from mn_dataset.mix.write import render
from mn_dataset.records import ROLES, SnrDefinition
from mn_dataset.split.assign import DEFAULT_RATIOS, assign
from mn_dataset.split.audit import Leak, leaks


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
    allow_leak: bool = False,
    rows: Sequence[str] | None = None,
    workers: int = 1,
    audio_format: str = "wav",
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
        allow_leak: Build even if a group stands in two splits.
        rows: Render only these recipes.
        workers: Processes.
        audio_format: "wav" or "flac".
        progress: Called with (done, all) mixtures.

    Raises:
        InputError: if the splits leak, or anything that ``draw`` and ``render`` refuse.
    """
    placed = with_splits(corpus, ratios=ratios, seed=seed)
    found = all_leaks(placed)
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
        notes=audit_notes(found) + preset_notes(preset),
        progress=progress,
    )


def with_splits(
    corpus: Corpus, *, ratios: Sequence[float] = DEFAULT_RATIOS, seed: int = 0
) -> Corpus:
    """Return the corpus with every empty split filled, groups whole."""
    sources = dict(corpus.sources)
    for role in ROLES:
        held = corpus.of(role)
        pcm = {source.id: source.entry.pcm_sha256 for source in held}
        rows = [source.row for source in held]
        if all(row.split for row in rows):
            continue
        for row in assign(rows, ratios=ratios, seed=seed, pcm_sha256=pcm):
            sources[row.id] = replace(sources[row.id], row=row)
    return replace(corpus, sources=sources)


def all_leaks(corpus: Corpus) -> list[Leak]:
    """Audit both tables by declared group and identical samples."""
    pcm = {name: source.entry.pcm_sha256 for name, source in corpus.sources.items()}
    return [leak for role in ROLES for leak in leaks([s.row for s in corpus.of(role)], pcm)]


def refuse(found: Sequence[Leak], root: Path) -> None:
    """Refuse splits between which recordings of one group and category are shared.

    Raises:
        InputError: naming the recordings.
    """
    severe = [leak for leak in found if leak.severe]
    if severe:
        raise InputError(
            f"{root}: column 'split' leaks: {severe[0]} ({len(severe)} in all); correct it, "
            "empty it to have it assigned, or pass --allow-leak"
        )


def audit_notes(found: Sequence[Leak]) -> list[str]:
    """Say what the audit found, for the dataset's card."""
    severe = [f"**leak**: {leak}" for leak in found if leak.severe]
    told = [f"across categories only: {leak}" for leak in found if not leak.severe]
    clear = "No recording, and no group within a category, stands in two splits."
    return [*(severe or [clear]), *told]


def preset_notes(preset: str | None) -> list[str]:
    """Say what a preset does across splits, for the dataset's card."""
    if preset is None:
        return []
    return [
        f"**preset `{preset}`**: as its script does, noises of every split are mixed in every "
        "split, so test noise has been heard in training"
    ]
