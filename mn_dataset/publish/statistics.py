"""Count what a card tells of the data: composition, leak audit, limits, licences.

SNRs are rows of its tables as they are, or in steps of 5 dB if there are many.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from mn_dataset import licenses
from mn_dataset.mix.card import read_notes
from mn_dataset.publish.selection import Row, Selection
from mn_dataset.records import MUSIC_CATEGORIES, NOISE_CLASSES, SPLITS
from mn_dataset.split.audit import leaks
from mn_dataset.tables import COLUMNS
from mn_dataset.tables import Row as TableRow

Table = list[list[str]]
"""A table of a card: its header, then its rows."""

_FEW = 12  # levels that a person reads one by one
_STEP_DB = 5
_RECORDED = ("", "recorded")


def level_names(rows: Sequence[Row]) -> dict[str, str]:
    """Return the name of each row's SNR level by id, in ascending order of levels.

    >>> list(level_names([{"id": "b", "snr_db": 5.0}, {"id": "a", "snr_db": -5.0}]).items())
    [('a', '-5'), ('b', '5')]
    """
    ordered = sorted(rows, key=lambda row: (_number(row["snr_db"]), row["id"]))
    few = len({row["snr_db"] for row in rows}) <= _FEW
    return {row["id"]: _name(row["snr_db"], exact=few) for row in ordered}


def composition(rows: Sequence[Row]) -> Table:
    """Return mixtures per split, SNR and music category (rows), and noise class (columns)."""
    levels = level_names(rows)
    keys = [
        (row["split"], levels[row["id"]], row.get("music_category") or "none", _noise(row))
        for row in rows
    ]
    count = Counter(keys)
    classes = [name for name in (*NOISE_CLASSES, "none") if any(key[3] == name for key in count)]
    table = [["split", "SNR in dB", "music category", *classes]]
    for split in SPLITS:
        for level in dict.fromkeys(levels.values()):
            for category in (*MUSIC_CATEGORIES, "none"):
                cells = [count[split, level, category, name] for name in classes]
                if any(cells):
                    table.append([split, level, category, *map(str, cells)])
    return table


def hours(rows: Sequence[Row]) -> Table:
    """Return mixtures, hours and distinct recordings per split."""
    table = [["split", "mixtures", "hours", "clips", "noises"]]
    for split in SPLITS:
        members = [row for row in rows if row["split"] == split]
        if members:
            used = {layer["source_id"] for row in members for layer in row["layers"]}
            clips = sum(name.startswith("clean/") for name in used)
            length = f"{duration_h(members):.2f}"
            counts = [str(len(members)), length, str(clips), str(len(used) - clips)]
            table.append([split, *counts])
    return table


def duration_h(rows: Iterable[Row]) -> float:
    """Return the length of the mixtures together in hours."""
    return float(sum(row["num_samples"] / row["sampling_rate"] for row in rows)) / 3600


def crossed(rows: Sequence[Row], columns: tuple[str, str], names: Sequence[str]) -> Table:
    """Return the mixtures per music category (rows) and something else (columns)."""
    count = Counter((row.get(columns[0]) or "none", row.get(columns[1]) or "none") for row in rows)
    shown = [name for name in (*names, "none") if any(key[1] == name for key in count)]
    table = [[columns[0].replace("_", " "), *shown]]
    for category in (*MUSIC_CATEGORIES, "none"):
        cells = [count[category, name] for name in shown]
        if any(cells):
            table.append([category, *map(str, cells)])
    return table


def audit(selection: Selection) -> list[str]:
    """Say what ties recordings of two splits: what the build found, and what the tables say."""
    lines = [f"when it was built: {note}" for note in read_notes(selection.folder)]
    rows = [_table_row(source) for source in selection.sources.values()]
    pcm = {name: source["pcm_sha256"] for name, source in selection.sources.items()}
    used = _splits(selection.rows)
    spread = [name for name, splits in used.items() if len(splits) > 1]
    severe = [leak for leak in leaks(rows, pcm) if leak.severe]
    lines += [
        f"now, by groups and samples of `sources.parquet`: **leak**: {leak}" for leak in severe
    ]
    lines += [
        f"now, by the manifest: **{name} is mixed in {' and '.join(sorted(used[name]))}**"
        for name in spread
    ]
    if not severe and not spread:
        count = f"{len(rows)} recordings"
        lines.append(
            f"now, over the {count} that are mixed here: no samples, and no group within a "
            "category, stand in two splits, and no recording is mixed in two"
        )
    return lines


def limits(selection: Selection) -> list[str]:
    """Say what is known to be less than ideal in these data."""
    rows, sources = selection.rows, selection.sources.values()
    origins = Counter(source.get("origin") or "" for source in sources)
    others = {name: count for name, count in origins.items() if name not in _RECORDED}
    facts = [
        (
            sum(others.values()),
            f"of {len(selection.sources)} recordings were not made by a microphone: "
            + ", ".join(f"{count} {name}" for name, count in sorted(others.items())),
        ),
        (
            sum(any(layer["fade"] for layer in row["layers"]) for row in rows),
            "mixtures repeat a noise that is shorter than they are, with a cross-fade",
        ),
        (
            sum((row.get("mix_gain") or 1.0) != 1.0 for row in rows),
            "mixtures were lowered as a whole, for a sample would have left 16 bits (`mix_gain`)",
        ),
        (
            sum(_is_nan(row.get("snr_lufs_db")) for row in rows),
            "mixtures have no SNR by loudness (`snr_lufs_db`): too short, or under its gate",
        ),
        (
            sum(licenses.kind(source["license"]) == "unknown" for source in sources),
            "recordings state no licence that is known",
        ),
        (
            sum(not source["attribution"] for source in sources),
            "recordings name nobody to attribute them to",
        ),
    ]
    return [f"{count} {text}" for count, text in facts if count]


def license_table(rows: Sequence[Row]) -> Table:
    """Return how many mixtures are under which licence."""
    count = Counter(row["license"] for row in rows)
    return [
        ["licence of the mixture", "mixtures"],
        *([name, str(count[name])] for name in sorted(count)),
    ]


def attributions(selection: Selection) -> dict[str, dict[str, int]]:
    """Return, by licence of the recordings, whom to name and for how many of them."""
    holders: dict[str, Counter[str]] = defaultdict(Counter)
    for source in selection.sources.values():
        holders[source["license"] or "unknown"][source["attribution"]] += 1
    return {name: dict(sorted(holders[name].items())) for name in sorted(holders)}


def definitions(rows: Sequence[Row]) -> str:
    """Return the SNR definitions in use, and the range asked for."""
    names = ", ".join(f"`{name}`" for name in sorted({row["snr_definition"] for row in rows}))
    levels = [row["snr_db"] for row in rows if not _is_nan(row["snr_db"])]
    if not levels:
        return names
    low, high = min(levels), max(levels)
    return f"{names}, " + (f"{low:g} dB" if low == high else f"{low:g} to {high:g} dB")


def _number(snr_db: float | None) -> float:
    return math.inf if snr_db is None or math.isnan(snr_db) else snr_db


def _name(snr_db: float | None, *, exact: bool) -> str:
    if snr_db is None or math.isnan(snr_db):
        return "none"
    if exact:
        return f"{snr_db:g}"
    low = _STEP_DB * math.floor(snr_db / _STEP_DB)
    return f"{low} … {low + _STEP_DB}"


def _noise(row: Row) -> str:
    return row.get("noise_class") or "none"


def _is_nan(value: float | None) -> bool:
    return value is None or math.isnan(value)


def _table_row(source: Mapping[str, str]) -> TableRow:
    cells: dict[str, Any] = {name: source.get(name) or "" for name in COLUMNS}
    return TableRow(**cells)


def _splits(rows: Sequence[Row]) -> dict[str, set[str]]:
    used: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        for layer in row["layers"]:
            used[layer["source_id"]].add(row["split"])
    return used
