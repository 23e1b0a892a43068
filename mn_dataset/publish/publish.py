"""Make a publication of a built dataset in a folder; a rerun does only what is missing."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path

import pyarrow as pa

from mn_dataset.audio import encode
from mn_dataset.audio.io import file_sha256
from mn_dataset.errors import InputError, OutputError
from mn_dataset.mix import manifest
from mn_dataset.publish import figures, layouts, publication
from mn_dataset.publish import schema as features
from mn_dataset.publish.card import CARD, write_card
from mn_dataset.publish.configs import configs
from mn_dataset.publish.croissant import CROISSANT, write_croissant
from mn_dataset.publish.layouts import RECIPES, Layout
from mn_dataset.publish.publication import File, Record, measured, refuse_version
from mn_dataset.publish.selection import Content, pcm_hash, read_content
from mn_dataset.publish.shards import SHARD_BYTES, Shard, deal
from mn_dataset.workers import each

TABLES = (manifest.RECIPES, manifest.MANIFEST, manifest.SOURCES)

PLACE = "PATH_OR_REPO"
"""What people put the folder or the repository in place of."""

_VERSION = "1"
"""Raised when the same dataset would give other files."""


@dataclass(frozen=True)
class _Job:
    """A shard, and how it is written."""

    shard: Shard
    layout: Layout
    schema: pa.Schema
    audio: tuple[str, ...]


def publish(
    dataset: str | Path,
    to: str | Path,
    *,
    recipe_only: bool = False,
    license_allow: Sequence[str] | None = None,
    layout: str = "parquet",
    audio_format: str = "flac",
    shard_bytes: int = SHARD_BYTES,
    place: str = PLACE,
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
        place: How the card calls it where it shows how to load it.
        workers: Processes; the bytes do not depend on it.
        progress: Called with (done, all) mixtures.

    Returns:
        The record of what was made.

    Raises:
        InputError: if an option is wrong, or the data changed and their version did not.
        DatasetError: if the dataset is not finished, or its audio is not what its manifest says;
            or the folder holds something else.
        MissingExtra: if the extra `publish` is not installed.
        OutputError: if a file cannot be written; finished shards stay and are resumed.
    """
    form = layouts.find(layout)
    if audio_format not in encode.FORMATS:
        known = " or ".join(encode.FORMATS)
        raise InputError(f"the format is {audio_format!r}; expected {known}")
    content = read_content(Path(dataset), license_allow=license_allow, recipe_only=recipe_only)
    refuse_version(content.facts["dataset_version"])
    figures.check()
    jobs = _jobs(content, form, shard_bytes)
    record = _record(content, form, audio_format, options=f"{license_allow} {shard_bytes}")
    out = Path(to)
    made = publication.open_folder(out, record)
    files = _write_shards(out, content, jobs, record, made, workers=workers, progress=progress)
    files |= _copy_tables(content.folder, out)
    record = replace(record, files=files)
    record = _describe(out, content, record, form, jobs, place=place)
    publication.close_folder(out, record)
    return record


def _record(content: Content, form: Layout, audio_format: str, *, options: str) -> Record:
    own = {name: file_sha256(content.folder / name) for name in TABLES}
    versions = {name: version(name) for name in ("pyarrow", "datasets")}
    facts = content.facts
    return Record(
        dataset_version=facts["dataset_version"],
        corpus=facts["corpus"],
        corpus_hash=facts["corpus_hash"],
        generator_version=facts["generator_version"],
        pcm_sha256=pcm_hash(content.rows, content.audio),
        published_pcm_sha256=pcm_hash(content.heard, content.audio),
        mixtures=len(content.rows),
        mixtures_with_audio=len(content.heard),
        withheld=content.reasons,
        layout=form.name,
        audio_format=audio_format,
        made_of=own
        | versions
        | {"libsndfile": encode.encoder_version(), "publication": _VERSION, "options": options},
    )


def _jobs(content: Content, form: Layout, shard_bytes: int) -> list[_Job]:
    jobs = []
    for rows, layout, place in (
        (content.heard, form, "data"),
        (content.unheard, RECIPES, "recipes"),
    ):
        audio = content.audio if layout.audio != "absent" else ()
        if rows:
            schema = features.arrow_schema(content.schema, layout.audio)
            dealt = deal(rows, place, layout.suffix, audio=audio, shard_bytes=shard_bytes)
            jobs += [_Job(shard, layout, schema, audio) for shard in dealt]
    return jobs


def _write_shards(
    out: Path,
    content: Content,
    jobs: Sequence[_Job],
    record: Record,
    known: dict[str, File],
    *,
    workers: int,
    progress: Callable[[int, int], None] | None,
) -> dict[str, File]:
    files: dict[str, File] = {}
    done = 0
    missing = []
    for job in jobs:
        finished = publication.finished(out, job.shard.path, known)
        files |= finished
        done += len(job.shard.rows) if finished else 0
        if not finished:
            missing.append(job)
    pieces = ((out, job, content.folder, record.audio_format) for job in missing)
    for count, written in each(_write, pieces, workers=min(workers, max(1, len(missing)))):
        publication.note(out, written)
        files |= written
        done += count
        if progress:
            progress(done, len(content.rows))
    return files


def _write(out: Path, job: _Job, folder: Path, audio_format: str) -> tuple[int, dict[str, File]]:
    written = layouts.write(
        out,
        job.shard,
        layout=job.layout,
        schema=job.schema,
        audio=job.audio,
        folder=folder,
        audio_format=audio_format,
    )
    return len(job.shard.rows), written


def _copy_tables(folder: Path, out: Path) -> dict[str, File]:
    """Copy the dataset's own tables: what `mn rebuild` needs, byte for byte."""
    for name in TABLES:
        try:
            shutil.copyfile(folder / name, out / name)
        except OSError as error:
            raise OutputError(f"{out / name}: cannot be written ({error.strerror})") from error
    return {name: measured(out / name) for name in TABLES}


def _describe(
    out: Path,
    content: Content,
    record: Record,
    form: Layout,
    jobs: Sequence[_Job],
    *,
    place: str,
) -> Record:
    """Write what people and machines read first, and add it to the record."""
    heard = [job for job in jobs if job.audio]
    found = configs(
        [job.shard for job in heard],
        [job.shard for job in jobs if not job.audio],
        record.files,
        suffix=form.suffix,
        inside=form.inside,
    )
    drawn = figures.draw(out, content)
    write_card(out, content, record, layout=form, configs=found, pictures=drawn, place=place)
    schema = heard[0].schema if heard and form.name == "parquet" else None
    write_croissant(out, content, record, layout=form, configs=found, schema=schema)
    names = [CARD, CROISSANT, drawn.distribution, *drawn.spectrograms.values()]
    files = record.files | {name: measured(out / name) for name in names}
    return replace(record, files=dict(sorted(files.items())))
