"""Count what a card tells of the data: composition, leak audit, limits, licences.

Mixtures are counted by the facets of their task. Ratios are rows of the tables as they are, or in
steps of 5 dB if there are many.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import product
from typing import Any

from mn_dataset import licenses
from mn_dataset.markdown import escaped
from mn_dataset.mix.card import read_notes
from mn_dataset.publish.selection import Row, Selection
from mn_dataset.records import SPLITS
from mn_dataset.split.audit import leaks
from mn_dataset.tables import COLUMNS
from mn_dataset.tables import Row as TableRow
from mn_dataset.tasks.facets import Facet, named, numeric
from mn_dataset.tasks.spec import TaskSpec

Table = list[list[str]]
"""A table of a card: its header, then its rows."""

_FEW = 12  # levels that a person reads one by one
_STEP_DB = 5
_RECORDED = ("", "recorded")
_LOUDNESS = "snr_lufs_db"
_NONE = "none"


def names(rows: Sequence[Row], facet: Facet) -> dict[str, str]:
    """Return the name of each row's place on a facet by id, in the order for people.

    >>> snr = Facet("snr_db", "SNR", "SNRs", numeric=True)
    >>> list(names([{"id": "b", "snr_db": 5.0}, {"id": "a", "snr_db": -5.0}], snr).items())
    [('a', '-5'), ('b', '5')]
    """
    labels = {row["id"]: row.get(facet.column) for row in rows}
    if facet.numeric:
        few = len(set(labels.values())) <= _FEW
        ordered = sorted(labels, key=lambda name: (_number(labels[name]), name))
        return {name: _level(labels[name], exact=few) for name in ordered}
    order = facet.ordered(str(label) for label in labels.values() if label)
    words = {name: str(label or _NONE) for name, label in labels.items()}
    ranks = {word: rank for rank, word in enumerate([*order, _NONE])}
    return dict(sorted(words.items(), key=lambda item: (ranks[item[1]], item[0])))


def cells(rows: Sequence[Row], facets: Sequence[Facet], *, by_split: bool = False) -> Table:
    """Return how many mixtures there are in each cell of some facets that holds any.

    Args:
        rows: The mixtures.
        facets: The last one is the columns, the others are rows; where there is only one, it is
            the rows.
        by_split: Whether the splits are rows too.
    """
    sides = [names(rows, facet) for facet in facets]
    splits = {row["id"]: row["split"] for row in rows}
    titles = [f"{facet.title} in dB" if facet.numeric else facet.title for facet in facets]
    if by_split:
        sides.insert(0, dict(sorted(splits.items(), key=lambda item: SPLITS.index(item[1]))))
        titles.insert(0, "split")
    columns = sides.pop() if len(sides) > 1 else dict.fromkeys(splits, "mixtures")
    shown = list(dict.fromkeys(columns.values()))
    count = Counter((*(side[name] for side in sides), columns[name]) for name in splits)
    table = [[*titles[: len(sides)], *shown]]
    for key in product(*(dict.fromkeys(side.values()) for side in sides)):
        counts = [count[*key, column] for column in shown]
        if any(counts):
            table.append([*key, *map(str, counts)])
    return table


def composition(rows: Sequence[Row], task: TaskSpec) -> Table:
    """Return mixtures per split and place on every facet of the task."""
    ratio = numeric(task.facets)
    return cells(rows, [*([ratio] if ratio else []), *named(task.facets)], by_split=True)


def hours(rows: Sequence[Row], task: TaskSpec) -> Table:
    """Return mixtures, hours and distinct recordings per split."""
    table = [["split", "mixtures", "hours", *(role.plural for role in task.roles)]]
    for split in SPLITS:
        members = [row for row in rows if row["split"] == split]
        if members:
            layers = [layer for row in members for layer in row["layers"]]
            used = [
                {layer["source_id"] for layer in layers if layer["role"] == role.name}
                for role in task.roles
            ]
            length = f"{duration_h(members):.2f}"
            table.append([split, str(len(members)), length, *(str(len(ids)) for ids in used)])
    return table


def duration_h(rows: Iterable[Row]) -> float:
    """Return the length of the mixtures together in hours."""
    return float(sum(row["num_samples"] / row["sampling_rate"] for row in rows)) / 3600


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
    looped = [[layer["role"] for layer in row["layers"] if layer["fade"]] for row in selection.rows]
    kinds = " or a ".join(dict.fromkeys(role for roles in looped for role in roles))
    facts = [
        (
            sum(others.values()),
            f"of {len(selection.sources)} recordings were not made by a microphone: "
            + ", ".join(f"{count} {name}" for name, count in sorted(others.items())),
        ),
        (
            sum(map(bool, looped)),
            f"mixtures repeat a {kinds} that is shorter than they are, with a cross-fade",
        ),
        (
            sum((row.get("mix_gain") or 1.0) != 1.0 for row in rows),
            "mixtures were lowered as a whole, for a sample would have left 16 bits (`mix_gain`)",
        ),
        (
            sum(_is_nan(row[_LOUDNESS]) for row in rows if _LOUDNESS in row),
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
        *([escaped(name), str(count[name])] for name in sorted(count)),
    ]


def attributions(selection: Selection) -> dict[str, dict[str, int]]:
    """Return, by licence of the recordings, whom to name and for how many of them, in Markdown."""
    holders: dict[str, Counter[str]] = defaultdict(Counter)
    for source in selection.sources.values():
        stated = escaped(source["license"]) or "unknown"
        holders[stated][escaped(source["attribution"])] += 1
    return {name: dict(sorted(holders[name].items())) for name in sorted(holders)}


def definitions(rows: Sequence[Row], task: TaskSpec) -> str:
    """Return the definitions of ratios in use, and the range asked for."""
    used = sorted({row["snr_definition"] for row in rows if row.get("snr_definition")})
    words = ", ".join(f"`{name}`" for name in used)
    ratio = numeric(task.facets)
    levels = [row[ratio.column] for row in rows if ratio and not _is_nan(row.get(ratio.column))]
    if not levels:
        return words
    low, high = min(levels), max(levels)
    return f"{words}, " + (f"{low:g} dB" if low == high else f"{low:g} to {high:g} dB")


def _number(level_db: float | None) -> float:
    return math.inf if level_db is None or math.isnan(level_db) else level_db


def _level(level_db: float | None, *, exact: bool) -> str:
    if level_db is None or math.isnan(level_db):
        return _NONE
    if exact:
        return f"{level_db:g}"
    low = _STEP_DB * math.floor(level_db / _STEP_DB)
    return f"{low} … {low + _STEP_DB}"


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
