"""Define the columns of a publication: their types to `datasets`, and what they mean."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import pyarrow as pa

from mn_dataset.errors import MissingExtra
from mn_dataset.publish.selection import FURTHER, audio_columns
from mn_dataset.records import MUSIC_CATEGORIES, NOISE_CLASSES, SAMPLING_RATE

MEANINGS = {
    "id": "name of the mixture, unique over all splits",
    "split": "train, validation or test",
    "noisy": "the mixture: mono, 16-bit",
    "clean": "the music as it stands in the mixture",
    "noise": "the noise as it stands in the mixture; noisy − clean, sample for sample",
    "inputs": "what the task is given, one recording per microphone",
    "targets": "what is wanted: names, or the recordings where the task has several",
    "target_names": "what each target is",
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

LABELS = {"music_category": MUSIC_CATEGORIES, "noise_class": NOISE_CLASSES}
"""Columns of classes, in the order that a published number stands for."""

_FIRST = ("id", "split")

Audio = Literal["embedded", "named", "absent"]
"""Where the audio of a row is: inside, in files that are named beside it, or nowhere."""


def features(schema: pa.Schema, audio: Audio) -> Any:
    """Return the `datasets.Features` of a publication's rows.

    Args:
        schema: Of the manifest.
        audio: Where the audio is.

    Raises:
        MissingExtra: if `datasets` is not installed.
    """
    library = _library()
    audio_names = audio_columns(schema)
    text = library.Value("string")
    cell = library.Audio(sampling_rate=SAMPLING_RATE) if audio == "embedded" else text
    columns: dict[str, Any] = {}
    for field in _ordered(schema, audio_names):
        if field.name in audio_names:
            listed = pa.types.is_list(field.type)
            ending = "" if audio == "embedded" else "_file_names" if listed else "_file_name"
            if audio != "absent":
                columns[field.name + ending] = library.List(cell) if listed else cell
        elif field.name in LABELS:
            columns[field.name] = library.ClassLabel(names=list(LABELS[field.name]))
        else:
            columns[field.name] = _plain(library, field.type)
    columns |= dict(zip(FURTHER, (text, library.List(text), text), strict=True))
    return library.Features(columns)


def arrow_schema(schema: pa.Schema, audio: Audio) -> pa.Schema:
    """Return the columns as Arrow stores them, `datasets`' own metadata included."""
    return features(schema, audio).arrow_schema


def numbered(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row with its classes as the numbers that stand for them; none is none.

    >>> numbered({"noise_class": "crowd"})
    {'noise_class': 1}
    """
    numbers = {
        column: names.index(row[column]) if row[column] in names else None
        for column, names in LABELS.items()
        if column in row
    }
    return dict(row) | numbers


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


def _ordered(schema: pa.Schema, audio: tuple[str, ...]) -> list[pa.Field]:
    """Return the columns with those first that a person looks at."""
    first = [*_FIRST, *audio, "target_names", *LABELS, "snr_db"]
    order = {name: number for number, name in enumerate(first)}
    return sorted(schema, key=lambda field: order.get(field.name, len(order)))


def _plain(library: Any, kind: pa.DataType) -> Any:
    if pa.types.is_list(kind):
        return library.List(_plain(library, kind.value_type))
    if pa.types.is_struct(kind):
        return {field.name: _plain(library, field.type) for field in kind}
    return library.Value(str(kind) if not pa.types.is_floating(kind) else f"float{kind.bit_width}")
