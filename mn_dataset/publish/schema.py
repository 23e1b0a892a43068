"""Define the columns of a publication: their types to `datasets`, and what they mean."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import pyarrow as pa

from mn_dataset.errors import MissingExtra
from mn_dataset.publish.selection import FURTHER, audio_columns
from mn_dataset.records import SAMPLING_RATE
from mn_dataset.tasks.facets import named
from mn_dataset.tasks.spec import TaskSpec

MEANINGS = {
    "id": "name of the mixture, unique over all splits",
    "split": "train, validation or test",
    "noisy": "the mixture: mono, 16-bit",
    "clean": "the music as it stands in the mixture",
    "noise": "the noise as it stands in the mixture; noisy − clean, sample for sample",
    "inputs": "what the task is given, one recording per microphone",
    "targets": "what is wanted: names, or the recordings where the task has several",
    "kept": "what else was mixed, as it stands in the mixture",
    "input_names": "what each input is",
    "target_names": "what each target is",
    "kept_names": "what each of the others is",
    "music_category": "class of the music",
    "noise_class": "class of the noise",
    "snr_db": "SNR that was asked, in dB",
    "snr_definition": "how it was meant: power, variance, active or lufs",
    "snr_db_achieved": "SNR of the published samples under that definition, in dB",
    "snr_power_db": "ratio of the energies, in dB",
    "snr_variance_db": "the same, means removed",
    "snr_active_db": "over the blocks within 40 dB of each layer's loudest, in dB",
    "snr_lufs_db": "difference of integrated loudness (BS.1770), in dB; NaN under its gate",
    "task": "denoise, separate or debleed",
    "seed": "of the drawing",
    "num_samples": "length in samples",
    "sampling_rate": "in Hz",
    "layers": "the recipe: which recording from which sample, at which SNR or gain",
    "clean_id": "id of the clip in sources.parquet",
    "noise_id": "id of the noise in sources.parquet",
    "clean_start": "first sample in the clip",
    "noise_start": "first sample in the noise, or in its loop",
    "noise_gain": "linear gain of the noise, before mix_gain",
    "ratios_db": "ratio of each layer of the published samples, in dB, in the order of layers",
    "gains": "linear gain of each layer, before mix_gain",
    "mix_gain": "linear gain of all layers; 1 unless a sample would have left 16 bits",
    "peak_dbfs": "peak of the mixture in dB re full scale",
    "noisy_sha256": "SHA-256 of the mixture's samples (16-bit, little-endian)",
    "clean_sha256": "SHA-256 of the music's samples",
    "noise_sha256": "SHA-256 of the noise's samples",
    "augmentation": "what was done to the layers before they were mixed, as JSON",
    "license": "licence of the mixture: one that satisfies both works, or all that hold (AND)",
    "source_licenses": "licences of the recordings, in the order of layers",
    "attribution": "whom to name when this mixture is used",
}
"""What the card and Croissant say of each column."""

_FIRST = ("id", "split")
_NAMES = ("input_names", "target_names", "kept_names")

Audio = Literal["embedded", "named", "absent"]
"""Where the audio of a row is: inside, in files that are named beside it, or nowhere."""


def features(schema: pa.Schema, task: TaskSpec, audio: Audio) -> Any:
    """Return the `datasets.Features` of a publication's rows.

    Args:
        schema: Of the manifest.
        task: What the mixtures are for.
        audio: Where the audio is.

    Raises:
        MissingExtra: if `datasets` is not installed.
    """
    library = _library()
    audio_names = audio_columns(task)
    classes = {facet.column: facet.labels for facet in named(task.facets) if facet.labels}
    text = library.Value("string")
    cell = library.Audio(sampling_rate=SAMPLING_RATE) if audio == "embedded" else text
    columns: dict[str, Any] = {}
    for field in _ordered(schema, task):
        if field.name in audio_names:
            listed = pa.types.is_list(field.type)
            ending = "" if audio == "embedded" else "_file_names" if listed else "_file_name"
            if audio != "absent":
                columns[field.name + ending] = library.List(cell) if listed else cell
        elif field.name in classes:
            columns[field.name] = library.ClassLabel(names=list(classes[field.name]))
        else:
            columns[field.name] = _plain(library, field.type)
    columns |= dict(zip(FURTHER, (text, library.List(text), text), strict=True))
    return library.Features(columns)


def arrow_schema(schema: pa.Schema, task: TaskSpec, audio: Audio) -> pa.Schema:
    """Return the columns as Arrow stores them, `datasets`' own metadata included."""
    return features(schema, task, audio).arrow_schema


def class_names(schema: pa.Schema) -> dict[str, list[str]]:
    """Return the columns of classes of a published table, each with the names of its numbers.

    They stand in the metadata that `datasets` keeps in a table.
    """
    text = (schema.metadata or {}).get(b"huggingface", b"{}")
    columns = json.loads(text).get("info", {}).get("features", {})
    return {
        name: column["names"]
        for name, column in columns.items()
        if isinstance(column, dict) and column.get("_type") == "ClassLabel"
    }


def numbered(row: Mapping[str, Any], classes: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """Return a row with its classes as the numbers that stand for them; none is none.

    >>> numbered({"noise_class": "crowd"}, {"noise_class": ["electrical", "crowd"]})
    {'noise_class': 1}
    """
    numbers = {
        column: names.index(row[column]) if row[column] in names else None
        for column, names in classes.items()
        if column in row
    }
    return dict(row) | numbers


def meaning(column: str, task: TaskSpec) -> str:
    """Return what the card and Croissant say of a column; "" if that is for its name to say.

    >>> from mn_dataset.tasks.registry import find
    >>> meaning("noise_class", find("denoise")), meaning("origin", find("denoise"))
    ('class of the noise', '')
    """
    titles = {facet.column: facet.title for facet in task.facets}
    return MEANINGS.get(column) or titles.get(column, "")


def card_metadata(configs: Mapping[str, Any], infos: Mapping[str, Mapping[str, Any]]) -> Any:
    """Return what a card's front matter says of the configurations.

    Args:
        configs: By name: `data_files`, and whether it is the `default`.
        infos: By name: its `features`, and `splits` with rows and bytes.

    Returns:
        A `DatasetCardData` with `configs` and `dataset_info`.
    """
    from datasets.info import DatasetInfo, DatasetInfosDict  # noqa: PLC0415 - an extra
    from datasets.splits import SplitDict, SplitInfo  # noqa: PLC0415 - an extra
    from huggingface_hub import DatasetCardData  # noqa: PLC0415 - an extra

    data = DatasetCardData()
    descriptions = {}
    for name, info in infos.items():
        splits = SplitDict()
        for split, (rows, size) in info["splits"].items():
            splits.add(SplitInfo(name=split, num_bytes=size, num_examples=rows))
        total = sum(size for _, size in info["splits"].values())
        descriptions[name] = DatasetInfo(
            config_name=name,
            features=info["features"],
            splits=splits,
            download_size=total,
            dataset_size=total,
        )
    DatasetInfosDict(descriptions).to_dataset_card_data(data)
    data["configs"] = [{"config_name": name, **config} for name, config in configs.items()]
    return data


def _library() -> Any:
    try:
        import datasets  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise MissingExtra("datasets", extra="publish") from error
    return datasets


def _ordered(schema: pa.Schema, task: TaskSpec) -> list[pa.Field]:
    """Return the columns with those first that a person looks at."""
    facets = [facet.column for facet in named(task.facets)]
    facets += [facet.column for facet in task.facets if facet.numeric]
    first = [*_FIRST, *audio_columns(task), *_NAMES, *facets]
    order = {name: number for number, name in enumerate(first)}
    return sorted(schema, key=lambda field: order.get(field.name, len(order)))


def _plain(library: Any, kind: pa.DataType) -> Any:
    if pa.types.is_list(kind):
        return library.List(_plain(library, kind.value_type))
    if pa.types.is_struct(kind):
        return {field.name: _plain(library, field.type) for field in kind}
    return library.Value(str(kind) if not pa.types.is_floating(kind) else f"float{kind.bit_width}")
