"""Describe a publication as Croissant, JSON-LD that search engines and `mlcroissant` read."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from mn_dataset.files.atomic import write_json
from mn_dataset.mix import manifest
from mn_dataset.publish.layouts import Layout
from mn_dataset.publish.publication import File, Record
from mn_dataset.publish.schema import class_names, meaning
from mn_dataset.publish.selection import Selection
from mn_dataset.publish.shards import Config
from mn_dataset.tasks.spec import TaskSpec

CROISSANT = "croissant.json"

_CONFORMS_TO = "http://mlcommons.org/croissant/1.1"
_PARQUET = "application/x-parquet"  # as mlcroissant knows it
_TABLES = (manifest.MANIFEST, manifest.SOURCES)
_SPDX = "https://spdx.org/licenses/"
_TERMS = (
    *("arrayShape", "citeAs", "column", "containedIn", "equivalentProperty", "extract", "field"),
    *("fileObject", "fileProperty", "fileSet", "format", "includes", "isArray", "isLiveDataset"),
    *("jsonPath", "key", "md5", "parentField", "path", "recordSet", "references", "regex"),
    *("repeated", "replace", "samplingRate", "separator", "source", "subField", "transform"),
)
_CONTEXT: dict[str, Any] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "dct": "http://purl.org/dc/terms/",
    "sc": "https://schema.org/",
    "conformsTo": "dct:conformsTo",
    "data": {"@id": "cr:data", "@type": "@json"},
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "name": {"@container": "@language"},
    "description": {"@container": "@language"},
    **{term: f"cr:{term}" for term in _TERMS},
}
"""The standard one of Croissant 1.1."""


def write_croissant(
    out: Path,
    selection: Selection,
    record: Record,
    *,
    layout: Layout,
    configs: Sequence[Config],
    schema: pa.Schema | None,
) -> None:
    """Write croissant.json into a publication whose other files are in place.

    Args:
        out: The publication.
        selection: What it was made of.
        record: What it is, with the hashes of its tables.
        layout: Its layout.
        configs: Its configurations.
        schema: Of its Parquet shards with audio; None where there are none.

    Raises:
        OutputError: if it cannot be written.
    """
    content = describe(out, selection, record, layout=layout, configs=configs, schema=schema)
    write_json(out / CROISSANT, content)


def describe(
    out: Path,
    selection: Selection,
    record: Record,
    *,
    layout: Layout,
    configs: Sequence[Config],
    schema: pa.Schema | None,
) -> dict[str, Any]:
    """Return the JSON-LD; the arguments are those of ``write_croissant``."""
    task = selection.task
    sets = [
        _records(name, pq.read_schema(out / name), task, "fileObject", name) for name in _TABLES
    ]
    distribution: list[dict[str, Any]] = [_file(name, record.files[name]) for name in _TABLES]
    distribution += [
        _shards(config, layout if config.with_audio else None, record)
        for config in configs
        if config.is_default
    ]
    if schema is not None:
        audio = selection.audio
        sets.insert(0, _records("mixtures", schema, task, "fileSet", "shards", audio=audio))
    works = sorted({row["license"] for row in selection.shown})
    return {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": _CONFORMS_TO,
        "name": f"mn-{record.corpus}",
        "description": (
            f"{record.mixtures_with_audio} {task.title[0].lower()}{task.title[1:]} with "
            f"their audio, {record.mixtures - record.mixtures_with_audio} as recipes; made from "
            f"the corpus {record.corpus}."
        ),
        "version": record.dataset_version,
        "license": [_license(name) for name in works],
        **_paper(task),
        "isLiveDataset": False,
        "distribution": distribution,
        "recordSet": sets,
    }


def _paper(task: TaskSpec) -> dict[str, str]:
    """Return the paper whose task it is, if there is one."""
    text = task.card_text
    return {"url": text.url, "citeAs": text.cite_as} if text and text.url else {}


def _license(expression: str) -> str:
    """Return the address of a single licence; an expression stands as it is."""
    plain = " " not in expression and not expression.startswith(("LicenseRef", "NOASSERTION"))
    return f"{_SPDX}{expression}.html" if plain else expression


def _file(name: str, file: File) -> dict[str, Any]:
    return {
        "@type": "cr:FileObject",
        "@id": name,
        "name": name,
        "contentUrl": name,
        "contentSize": f"{file.size} B",
        "encodingFormat": _PARQUET,
        "sha256": file.sha256,
    }


def _shards(config: Config, layout: Layout | None, record: Record) -> dict[str, Any]:
    """Describe the files of the configuration that loads without a name."""
    formats = {"webdataset": "application/x-tar", "audiofolder": f"audio/{record.audio_format}"}
    return {
        "@type": "cr:FileSet",
        "@id": "shards",
        "name": "shards",
        "description": "The mixtures with their audio." if layout else "The recipes.",
        "encodingFormat": formats.get(layout.name, _PARQUET) if layout else _PARQUET,
        "includes": [split.paths for split in config.splits.values()],
    }


def _records(
    name: str,
    schema: pa.Schema,
    task: TaskSpec,
    kind: str,
    source: str,
    *,
    audio: Sequence[str] = (),
) -> dict[str, Any]:
    title = name.removesuffix(".parquet")
    classes = class_names(schema)
    fields = []
    for field in schema:
        data_type = "sc:AudioObject" if field.name in audio else _data_type(field.type)
        if data_type and not (field.name in audio and pa.types.is_list(field.type)):
            origin: dict[str, Any] = {kind: {"@id": source}, "extract": {"column": field.name}}
            if field.name in audio:
                origin["transform"] = {"jsonPath": "bytes"}
            fields.append(
                {
                    "@type": "cr:Field",
                    "@id": f"{title}/{field.name}",
                    "name": field.name,
                    "description": _description(field.name, task, classes.get(field.name, ())),
                    "dataType": data_type,
                    "source": origin,
                }
            )
    key = {"@id": f"{title}/id"}
    return {"@type": "cr:RecordSet", "@id": title, "name": title, "key": key, "field": fields}


def _data_type(kind: pa.DataType) -> str | None:
    if pa.types.is_string(kind):
        return "sc:Text"
    if pa.types.is_integer(kind):
        return "sc:Integer"
    return "sc:Float" if pa.types.is_floating(kind) else None


def _description(column: str, task: TaskSpec, classes: Sequence[str]) -> str:
    text = meaning(column, task) or column.replace("_", " ")
    if classes:
        text += ": " + ", ".join(f"{number} {name}" for number, name in enumerate(classes))
    return text
