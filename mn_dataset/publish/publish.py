"""Make a publication of a built dataset in a folder; a rerun does only what is missing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path

import pyarrow as pa

from mn_dataset.audio import codec
from mn_dataset.audio.io import file_sha256
from mn_dataset.errors import InputError
from mn_dataset.files.atomic import write_bytes
from mn_dataset.files.journal import Journal
from mn_dataset.files.lock import locked
from mn_dataset.mix import manifest
from mn_dataset.publish import figures, layouts, publication, schema, shards
from mn_dataset.publish.card import CARD, write_card
from mn_dataset.publish.croissant import CROISSANT, write_croissant
from mn_dataset.publish.encoded import Encoder
from mn_dataset.publish.layouts import Layout
from mn_dataset.publish.publication import File, Record, measured, refuse_version
from mn_dataset.publish.selection import Selection, pcm_hash, select
from mn_dataset.publish.shards import SHARD_BYTES, Shard
from mn_dataset.workers import each

TABLES = (manifest.RECIPES, manifest.MANIFEST, manifest.SOURCES)
"""The dataset's own tables, which are published as they are: what `mn rebuild` needs."""

OPTIONAL_TABLES = (manifest.RESPONSES,)
"""Those that only some datasets have."""

ADDRESS = "PATH_OR_REPO"
"""What people put the folder or the repository in place of."""

_VERSION = "1"
"""Raised when the same dataset would give other files."""


@dataclass(frozen=True)
class _Job:
    """A shard, and how it is written."""

    shard: Shard
    layout: Layout
    schema: pa.Schema
    encoder: Encoder


def publish(
    dataset: str | Path,
    to: str | Path,
    *,
    recipe_only: bool = False,
    license_allow: Sequence[str] | None = None,
    layout: str = "parquet",
    audio_format: str = "flac",
    shard_bytes: int = SHARD_BYTES,
    address: str = ADDRESS,
    workers: int = 1,
    progress: Callable[[int, int], None] | None = None,
) -> Record:
    """Write a publication: shards, tables, card, Croissant, and a record of all files.

    Args:
        dataset: A built dataset.
        to: The folder; it may hold an unfinished or an older publication.
        recipe_only: Publish recipes, hashes and tables without a byte of audio.
        license_allow: Licences that recordings may be under, by SPDX id, or "free"; "any" lets
            unknown and unlike ones pass too. None for all that are known, judged by the pair.
        layout: "parquet", "audiofolder" or "webdataset".
        audio_format: "flac" or "wav".
        shard_bytes: Samples in a shard, at most.
        address: What the card says to load it from.
        workers: Processes; the bytes do not depend on it.
        progress: Called with (done, all) mixtures.

    Returns:
        The record of what was made.

    Raises:
        InputError: if an option is wrong, another command writes into the folder, or the data
            changed and their version did not.
        DatasetError: if the dataset is not finished, or its audio is not what its manifest says;
            or the folder holds something else.
        MissingExtra: if the extra `publish` is not installed.
        OutputError: if a file cannot be written; finished shards stay and are resumed.

    Examples:
        >>> record = publish("dataset", "published")  # doctest: +SKIP
        >>> record.layout  # doctest: +SKIP
        'parquet'
    """
    form = layouts.find(layout)
    if audio_format not in codec.FORMATS:
        expected = " or ".join(codec.FORMATS)
        raise InputError(f"audio_format is {audio_format!r}; expected {expected}")
    selection = select(Path(dataset), license_allow=license_allow, recipe_only=recipe_only)
    refuse_version(selection.provenance["dataset_version"])
    figures.require_matplotlib()
    jobs = _jobs(selection, form, audio_format, shard_bytes)
    record = _record(selection, form, audio_format, options=f"{license_allow} {shard_bytes}")
    out = Path(to)
    with locked(out, command="mn publish"):
        journal, finished = publication.open_folder(out, record)
        files = _write_shards(out, jobs, journal, finished, workers=workers, progress=progress)
        files |= _copy_tables(selection.folder, out)
        record = replace(record, files=files)
        record = _describe(out, selection, record, form, jobs, address=address)
        publication.close_folder(out, record, journal)
    return record


def tables_of(folder: Path) -> list[str]:
    """Return the names of the tables of a dataset, or of a publication."""
    return [*TABLES, *(name for name in OPTIONAL_TABLES if (folder / name).is_file())]


def _record(selection: Selection, form: Layout, audio_format: str, *, options: str) -> Record:
    tables = {name: file_sha256(selection.folder / name) for name in tables_of(selection.folder)}
    libraries = {name: version(name) for name in ("pyarrow", "datasets")}
    provenance = selection.provenance
    return Record(
        dataset_version=provenance["dataset_version"],
        corpus=provenance["corpus"],
        corpus_hash=provenance["corpus_hash"],
        generator_version=provenance["generator_version"],
        pcm_sha256=pcm_hash(selection.rows, selection.audio),
        published_pcm_sha256=pcm_hash(selection.with_audio, selection.audio),
        mixtures=len(selection.rows),
        mixtures_with_audio=len(selection.with_audio),
        withheld=selection.reasons,
        layout=form.name,
        audio_format=audio_format,
        made_of=tables
        | libraries
        | {"libsndfile": codec.encoder_version(), "publication": _VERSION, "options": options},
    )


def _jobs(selection: Selection, form: Layout, audio_format: str, shard_bytes: int) -> list[_Job]:
    jobs = []
    for rows, layout, folder in (
        (selection.with_audio, form, shards.DATA),
        (selection.without_audio, layouts.RECIPES, shards.RECIPES),
    ):
        audio = selection.audio if layout.audio != "absent" else ()
        if rows:
            columns = schema.arrow_schema(selection.schema, selection.task, layout.audio)
            encoder = Encoder(selection.folder, audio, audio_format)
            parts = shards.cut(
                rows,
                folder,
                layout.suffix,
                task=selection.task,
                audio=audio,
                shard_bytes=shard_bytes,
            )
            jobs += [_Job(shard, layout, columns, encoder) for shard in parts]
    return jobs


def _write_shards(
    out: Path,
    jobs: Sequence[_Job],
    journal: Journal[dict[str, File]],
    finished: dict[str, File],
    *,
    workers: int,
    progress: Callable[[int, int], None] | None,
) -> dict[str, File]:
    """Write the shards that are not whole yet; return the files of all."""
    files: dict[str, File] = {}
    missing = []
    for job in jobs:
        parts = shards.files_of(job.shard.path, finished)
        if parts and publication.are_whole(out, parts):
            files |= parts
        else:
            missing.append(job)
    total = sum(len(job.shard.rows) for job in jobs)
    done = total - sum(len(job.shard.rows) for job in missing)
    pieces = ((out, job) for job in missing)
    processes = min(workers, max(1, len(missing)))
    for count, parts in each(_write, pieces, workers=processes, ordered=False):
        journal.append(parts)
        files |= parts
        done += count
        if progress:
            progress(done, total)
    return files


def _write(out: Path, job: _Job) -> tuple[int, dict[str, File]]:
    files = layouts.write(out, job.shard, layout=job.layout, schema=job.schema, encoder=job.encoder)
    return len(job.shard.rows), files


def _copy_tables(folder: Path, out: Path) -> dict[str, File]:
    names = tables_of(folder)
    for name in names:
        write_bytes(out / name, (folder / name).read_bytes())
    return {name: measured(out / name) for name in names}


def _describe(
    out: Path,
    selection: Selection,
    record: Record,
    form: Layout,
    jobs: Sequence[_Job],
    *,
    address: str,
) -> Record:
    """Write what people and machines read first, and add it to the record."""
    with_audio = [job for job in jobs if job.encoder.columns]
    configs = shards.configs(
        [job.shard for job in with_audio],
        [job.shard for job in jobs if not job.encoder.columns],
        record.files,
        task=selection.task,
        ending=form.ending,
    )
    pictures = figures.draw(out, selection)
    write_card(
        out, selection, record, layout=form, configs=configs, pictures=pictures, address=address
    )
    columns = with_audio[0].schema if with_audio and form.name == "parquet" else None
    write_croissant(out, selection, record, layout=form, configs=configs, schema=columns)
    names = [CARD, CROISSANT, pictures.distribution, *pictures.spectrograms.values()]
    files = record.files | {name: measured(out / name) for name in names}
    return replace(record, files=dict(sorted(files.items())))
