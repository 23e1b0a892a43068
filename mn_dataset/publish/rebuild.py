"""Make the audio of a publication again from its recipes, and prove it equal."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from mn_dataset.audio.corpus import Corpus
from mn_dataset.errors import DatasetError, InputError
from mn_dataset.files import parquet
from mn_dataset.files.lock import locked
from mn_dataset.mix import manifest
from mn_dataset.mix import recipes as recipe_table
from mn_dataset.mix.recipes import GENERATOR_VERSION, Recipes
from mn_dataset.mix.render import render
from mn_dataset.publish.hub import Hub
from mn_dataset.publish.publish import OPTIONAL_TABLES, TABLES, tables_of
from mn_dataset.synthetic.generated import is_generated, recording
from mn_dataset.tasks.registry import task_of

_NAMED = 5  # recordings or mixtures named in a message


def rebuild(
    publication: str | Path,
    corpus: Corpus,
    out: str | Path,
    *,
    revision: str | None = None,
    workers: int = 1,
    progress: Callable[[int, int], None] | None = None,
) -> Path:
    """Render a publication's recipes into a dataset folder that equals the one it was made of.

    Args:
        publication: Folder of a publication, or of a repository's tables; or a repository,
            OWNER/NAME.
        corpus: The corpus; recordings that no recipe uses need not be there.
        out: The dataset folder; an unfinished one is resumed.
        revision: Branch, tag or commit of the repository.
        workers: Processes.
        progress: Called with (done, all) mixtures.

    Returns:
        The folder.

    Raises:
        InputError: if a recording is missing or has other samples, by name; or another command
            writes into the folder.
        DatasetError: if what came out is not what was published, by mixture and column.
        FetchError: if the repository cannot be read.

    Examples:
        >>> rebuild("published", corpus, "again")  # doctest: +SKIP
        PosixPath('again')
    """
    tables = _tables(publication, revision)
    recipes = recipe_table.read_recipes(tables[manifest.RECIPES])
    if recipes.generator_version != GENERATOR_VERSION:
        raise InputError(
            f"{publication}: rendered by generator {recipes.generator_version}, found "
            f"{GENERATOR_VERSION}; install the mn-dataset that has that one"
        )
    listed = manifest.read_sources(tables[manifest.SOURCES])
    refuse_other_sources(listed, corpus, where=publication)
    _, published = manifest.read_facts(tables[manifest.MANIFEST])
    used = manifest.used_sources(recipes)
    with locked(Path(out), command="mn rebuild"):
        folder = render(
            recipes,
            corpus.only([name for name in used if not is_generated(name)]),
            out,
            workers=workers,
            audio_format=_audio_format(published),
            proven=True,
            progress=progress,
        )
        _refuse_difference(published, folder, recipes)
    return folder


def refuse_other_sources(
    listed: Sequence[Mapping[str, str]], corpus: Corpus, *, where: object
) -> None:
    """Refuse a corpus whose recordings are not those that were mixed.

    Args:
        listed: Rows of sources.parquet.
        corpus: The corpus.
        where: What they are of, for the message.

    Raises:
        InputError: naming the recordings.
    """
    faults = []
    for row in listed:
        name = row["id"]
        source = recording(name) if is_generated(name) else corpus.sources.get(name)
        if source is None:
            faults.append(f"{row['id']} is not there")
        elif source.entry.pcm_sha256 != row.get("pcm_sha256"):
            path = corpus.root / source.row.file
            faults.append(f"{row['id']} ({path}) has other samples")
    if faults:
        more = f" ({len(faults) - _NAMED} more)" if len(faults) > _NAMED else ""
        raise InputError(
            f"{corpus.root}: not the recordings of {where}: {', '.join(faults[:_NAMED])}{more}; "
            "get them as sources.parquet says (url, sha256, pcm_sha256)"
        )


def _tables(publication: str | Path, revision: str | None) -> dict[str, Path]:
    folder = Path(publication)
    if folder.is_dir():
        missing = [name for name in TABLES if not (folder / name).is_file()]
        if missing:
            raise DatasetError(
                f"{folder}: not a publication (no {', '.join(missing)}); expected a folder of "
                "`mn publish`, or a repository OWNER/NAME"
            )
        return {name: folder / name for name in tables_of(folder)}
    if str(publication).count("/") != 1 or str(publication).startswith((".", "/")):
        raise InputError(f"{publication}: no such folder, and no repository OWNER/NAME")
    hub = Hub(str(publication), revision=revision)
    optional = [name for name in OPTIONAL_TABLES if name in hub.tree().hashes]
    return hub.fetch([*TABLES, *optional])


def _audio_format(published: pa.Table) -> str:
    """Return the format of the audio that a manifest names."""
    task = task_of(published["task"].to_pylist(), where=manifest.MANIFEST, error=DatasetError)
    files = manifest.files_of(task, published.slice(0, 1).to_pylist()[0])
    return files[0][1].rpartition(".")[2]


def _refuse_difference(published: pa.Table, folder: Path, recipes: Recipes) -> None:
    """Compare two manifests cell by cell; the hashes in them are of the samples."""
    rebuilt = parquet.read_table(folder / manifest.MANIFEST)
    differences = _differences(published, rebuilt)
    if not differences and published.schema.equals(rebuilt.schema, check_metadata=True):
        return
    reason = (
        "augmented recipes promise equal samples on one machine with one set of versions only"
        if recipes.varied
        else "the samples of the recordings are equal, so this is a fault of the toolkit"
    )
    where = "; ".join(differences[:_NAMED]) or "the columns or metadata of its manifest"
    raise DatasetError(f"{folder}: not what was published: {where}; {reason}")


def _differences(published: pa.Table, rebuilt: pa.Table) -> list[str]:
    """Return the mixtures that differ, each with the columns in which it does."""
    rows: dict[str, dict[str, Any]] = {row["id"]: row for row in rebuilt.to_pylist()}
    differences = []
    for row in published.to_pylist():
        other = rows.get(row["id"], {})
        # As text, in which NaN equals NaN.
        columns = [name for name in row if repr(row[name]) != repr(other.get(name))]
        if columns:
            differences.append(f"{row['id']} ({', '.join(columns)})")
    return differences
