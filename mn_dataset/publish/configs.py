"""Name the configurations of a publication: all rows, each noise class, and the recipes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from mn_dataset.publish.publication import File
from mn_dataset.publish.shards import Shard
from mn_dataset.records import NOISE_CLASSES, SPLITS

DEFAULT = "default"
RECIPE_ONLY = "recipe_only"


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
    splits: dict[str, Split] = field(default_factory=dict)
    is_default: bool = False

    @property
    def data_files(self) -> list[dict[str, str]]:
        """Its splits as a card's front matter has them."""
        return [{"split": name, "path": split.paths} for name, split in self.splits.items()]


def configs(
    heard: Sequence[Shard],
    unheard: Sequence[Shard],
    files: Mapping[str, File],
    *,
    suffix: str,
    inside: str,
) -> list[Config]:
    """Return the configurations; they share the shards, so that no byte is stored twice.

    Args:
        heard: Shards with audio.
        unheard: Shards of recipes.
        files: Of the publication, by path.
        suffix: Of the shards with audio.
        inside: What a pattern needs behind their names.
    """
    found = []
    if heard:
        whole = Config(DEFAULT, with_audio=True, is_default=True)
        found = [_filled(whole, heard, files, "", suffix + inside)]
        for name in NOISE_CLASSES:
            own = [shard for shard in heard if shard.noise_class == name]
            if own:
                config = Config(name, with_audio=True)
                found.append(_filled(config, own, files, f"{name}-", suffix + inside))
    if unheard:
        name = RECIPE_ONLY if heard else DEFAULT
        config = Config(name, with_audio=False, is_default=not heard)
        found.append(_filled(config, unheard, files, "", ".parquet"))
    return found


def _filled(
    config: Config, shards: Sequence[Shard], files: Mapping[str, File], infix: str, ending: str
) -> Config:
    for split in SPLITS:
        own = [shard for shard in shards if shard.split == split]
        if own:
            place = own[0].path.partition("/")[0]
            config.splits[split] = Split(
                paths=f"{place}/{split}-{infix}*{ending}",
                rows=sum(len(shard.rows) for shard in own),
                size=sum(_size(shard, files) for shard in own),
            )
    return config


def _size(shard: Shard, files: Mapping[str, File]) -> int:
    inside = f"{shard.path}/"
    return sum(
        file.size for path, file in files.items() if path == shard.path or path.startswith(inside)
    )
