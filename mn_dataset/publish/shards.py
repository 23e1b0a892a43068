"""Cut the rows of a publication into shards, and name the configurations that read them.

Shards and row groups are cut by split and by the classes of the task's first facet, in the order of
the rows' ids. A configuration is a pattern over the shards' names: all rows, one class, or the
recipes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from mn_dataset.publish.publication import File
from mn_dataset.publish.selection import Row
from mn_dataset.records import SPLITS
from mn_dataset.tasks.facets import Facet
from mn_dataset.tasks.spec import TaskSpec

DATA = "data"
RECIPES = "recipes"
"""Folders of the shards with audio, and of those without."""

DEFAULT = "default"
RECIPE_ONLY = "recipe_only"
"""Names of the configurations that are no class."""

SHARD_BYTES = 256 * 2**20
"""Samples in a shard: enough for one request to be worth it, few enough to share out to workers."""

GROUP_BYTES = 24 * 2**20
"""Samples in a row group: a viewer or a shuffling reader takes a whole one to see one row."""

GROUP_ROWS = 100


@dataclass(frozen=True)
class Shard:
    """One file of a publication.

    Attributes:
        path: Relative to the publication.
        split: Of all its rows.
        label: The class of all its rows, such as their noise class; "" where there is none.
        groups: Its rows, by row group.
    """

    path: str
    split: str
    label: str
    groups: tuple[tuple[Row, ...], ...]

    @property
    def rows(self) -> list[Row]:
        """All rows."""
        return [row for group in self.groups for row in group]


@dataclass(frozen=True)
class Split:
    """What a configuration has of one split.

    Attributes:
        paths: A pattern over the publication's shards.
        rows: How many it matches.
        size: Bytes of their files.
    """

    paths: str
    rows: int
    size: int


@dataclass(frozen=True)
class Config:
    """A choice of rows that people load by name.

    Attributes:
        name: What they type.
        with_audio: Whether its rows have audio.
        splits: By name, in their order.
        is_default: Whether it is what they get without a name.
    """

    name: str
    with_audio: bool
    splits: Mapping[str, Split]
    is_default: bool = False

    @property
    def data_files(self) -> list[dict[str, str]]:
        """Its splits as a card's front matter has them."""
        return [{"split": name, "path": split.paths} for name, split in self.splits.items()]


def cut(
    rows: Sequence[Row],
    folder: str,
    suffix: str,
    *,
    task: TaskSpec,
    audio: Sequence[str],
    shard_bytes: int = SHARD_BYTES,
) -> list[Shard]:
    """Return the shards of rows; they depend on the rows alone.

    Args:
        rows: In the order of their ids.
        folder: Of the shards, relative to the publication.
        suffix: Of their names, dot included.
        task: What the mixtures are for.
        audio: Audio columns that they hold; none for recipes.
        shard_bytes: Samples in a shard, at most, as 16-bit PCM.
    """

    def size(row: Row) -> int:
        files = sum(1 if isinstance(row[name], str) else len(row[name]) for name in audio)
        return 2 * int(row["num_samples"]) * files

    facet = class_facet(task)

    def label_of(row: Row) -> str:
        return (row.get(facet.column) or "") if facet else ""

    def order(row: Row) -> tuple[int, int, str]:
        label = label_of(row)
        number = facet.labels.index(label) if facet and label in facet.labels else -1
        return SPLITS.index(row["split"]), number, row["id"]

    def cell(row: Row) -> tuple[str, str]:
        return row["split"], label_of(row)

    shards = []
    for (split, label), members in groupby(sorted(rows, key=order), key=cell):
        parts = _runs(list(members), size, limit=shard_bytes)
        stem = f"{folder}/{split}-{label}" if label else f"{folder}/{split}"
        for number, part in enumerate(parts):
            path = f"{stem}-{number:05d}-of-{len(parts):05d}{suffix}"
            groups = _runs(part, size, limit=min(GROUP_BYTES, shard_bytes), most=GROUP_ROWS)
            shards.append(Shard(path, split, label, tuple(map(tuple, groups))))
    return shards


def configs(
    with_audio: Sequence[Shard],
    without_audio: Sequence[Shard],
    files: Mapping[str, File],
    *,
    task: TaskSpec,
    ending: str,
) -> list[Config]:
    """Return the configurations; they share the shards, so that no byte is stored twice.

    Args:
        with_audio: Shards with audio.
        without_audio: Shards of recipes.
        files: Of the publication, by path.
        task: What the mixtures are for.
        ending: Of a pattern that matches the files of the shards with audio.
    """
    choices = []
    if with_audio:
        splits = _splits(with_audio, files, f"*{ending}")
        choices.append(Config(DEFAULT, with_audio=True, splits=splits, is_default=True))
        facet = class_facet(task)
        for name in facet.labels if facet else ():
            members = [shard for shard in with_audio if shard.label == name]
            if members:
                splits = _splits(members, files, f"{name}-*{ending}")
                choices.append(Config(name, with_audio=True, splits=splits))
    if without_audio:
        name = RECIPE_ONLY if with_audio else DEFAULT
        splits = _splits(without_audio, files, "*.parquet")
        choices.append(Config(name, with_audio=False, splits=splits, is_default=not with_audio))
    return choices


def class_facet(task: TaskSpec) -> Facet | None:
    """Return the facet whose classes have shards and a configuration of their own, if any.

    >>> from mn_dataset.tasks.registry import find
    >>> class_facet(find("denoise")).column
    'noise_class'
    """
    return next((facet for facet in task.facets if facet.labels), None)


def files_of(shard: str, files: Mapping[str, File]) -> dict[str, File]:
    """Return those of some files that are a shard's: itself, or what is in its folder."""
    return {
        path: file for path, file in files.items() if path == shard or path.startswith(f"{shard}/")
    }


def _splits(shards: Sequence[Shard], files: Mapping[str, File], pattern: str) -> dict[str, Split]:
    """Return what a configuration has of each split; the pattern follows the split's name."""
    splits = {}
    for name in SPLITS:
        members = [shard for shard in shards if shard.split == name]
        if members:
            folder = members[0].path.partition("/")[0]
            splits[name] = Split(
                paths=f"{folder}/{name}-{pattern}",
                rows=sum(len(shard.rows) for shard in members),
                size=sum(
                    file.size for shard in members for file in files_of(shard.path, files).values()
                ),
            )
    return splits


def _runs(
    rows: Sequence[Row], size: Callable[[Row], int], *, limit: int, most: int | None = None
) -> list[list[Row]]:
    """Cut rows into runs of at most ``limit`` bytes and ``most`` rows, or of a single row."""
    runs: list[list[Row]] = [[]]
    total = 0
    for row in rows:
        if runs[-1] and (total + size(row) > limit or len(runs[-1]) == most):
            runs.append([])
            total = 0
        runs[-1].append(row)
        total += size(row)
    return runs
