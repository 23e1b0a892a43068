"""Describe a dataset folder from its own data, for the person who opens it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from mn_dataset.audio.corpus import Corpus
from mn_dataset.audio.io import file_sha256
from mn_dataset.files.atomic import write_text
from mn_dataset.markdown import escaped, markdown_table
from mn_dataset.mix import manifest
from mn_dataset.mix.augment.apply import versions
from mn_dataset.mix.augment.draw import AUGMENTED_SPLIT
from mn_dataset.mix.recipes import AUGMENTATION, Recipes
from mn_dataset.records import SPLITS, SYNTHETIC
from mn_dataset.tasks.facets import Facet
from mn_dataset.tasks.spec import TaskSpec

_TEXT = """\
# {title}

{count} mixtures, {hours:.2f} h, made from the corpus `{corpus}`{synthetic}.
Data version {dataset_version}; corpus hash `{corpus_hash}`; generator {generator_version}.

{about}
* `mn verify` proves that the folder is what its recipes say.
{augmentation}
## Mixtures per {sides}

{cells}

## Distinct recordings per split

{recordings}

## Splits

{notes}

## Licences of the sources

{licences}

Every recording's licence and attribution stand in `sources.parquet`.

## Tables

{tables}
"""

_AUGMENTATION = """
## Training augmentation

Of these mixtures, {count} are of the split `{split}`: before they were mixed, each of their layers
passed the transforms below with the probability given, by numbers drawn from the ranges. A layer
that they drove over full scale was lowered (`fit`), one that they would have silenced is as it was
recorded, as is every other split. What was done to which layer stands in the column `augmentation`
of `manifest.parquet`.

{transforms}

The same recipes give the same samples again on one machine and with the same versions only (last
run: {versions}); recipes without augmentation give them everywhere.
"""

_HASH = re.compile(r"\| ([a-z]+\.parquet) \| ([0-9a-f]{64}) \|")
_NO_NOTES = "As the recipes state; `mn check` audits those of a corpus."


def write_card(folder: Path, recipes: Recipes, corpus: Corpus, *, notes: Sequence[str]) -> None:
    """Write the folder's README.md from its recipes and sources, after all of its tables.

    Args:
        folder: The dataset.
        recipes: What it holds.
        corpus: What they were drawn from.
        notes: Lines about the splits, such as what an audit found.

    Raises:
        OutputError: if the card cannot be written.
    """
    task = recipes.spec
    used = [corpus.sources[name] for name in manifest.used_sources(recipes)]
    synthetic = sum(dict(source.row.further).get("origin") == SYNTHETIC for source in used)
    sides = _sides(task)
    text = _TEXT.format(
        title=task.title,
        count=len(recipes),
        hours=sum(recipe.num_samples / recipe.sampling_rate for recipe in recipes) / 3600,
        synthetic=f" ({synthetic} of {len(used)} recordings are synthetic)" if synthetic else "",
        about="\n".join(f"* {line}" for line in task.about(recipes)),
        sides=" and ".join(side.title for side in sides),
        cells=_cells(recipes, sides),
        recordings=_recordings(recipes, task),
        augmentation=_augmentation(recipes),
        notes="\n".join(f"* {' '.join(note.split())}" for note in notes or [_NO_NOTES]),
        licences=_counts(Counter(source.row.license or "unknown" for source in used), "licence"),
        tables=markdown_table(["file", "SHA-256"], [*map(list, _hashes(folder).items())]),
        **{
            name: " ".join(text.replace("`", "'").split())
            for name, text in recipes.metadata.items()
            if name != AUGMENTATION
        },
    )
    write_text(folder / manifest.CARD, text)


def read_hashes(folder: Path) -> dict[str, str]:
    """Return the SHA-256 that a dataset's card states of its tables; none of an older card."""
    path = folder / manifest.CARD
    text = path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""
    rows = (_HASH.fullmatch(line) for line in text.partition("\n## Tables\n")[2].splitlines())
    return {row[1]: row[2] for row in rows if row}


def _hashes(folder: Path) -> dict[str, str]:
    names = (manifest.RECIPES, manifest.SOURCES, manifest.MANIFEST, manifest.RESPONSES)
    return {name: file_sha256(folder / name) for name in names if (folder / name).is_file()}


def read_notes(folder: Path) -> list[str]:
    """Return the lines about the splits that a dataset's card holds; none without a card."""
    path = folder / manifest.CARD
    text = path.read_text(encoding="utf-8") if path.is_file() else ""
    _, _, rest = text.partition("\n## Splits\n")
    lines = rest.partition("\n## ")[0].splitlines()
    return [line.removeprefix("* ") for line in lines if line.startswith("* ")]


def _augmentation(recipes: Recipes) -> str:
    """Describe the chain and its promise; nothing for plain recipes."""
    if not (recipes.augmentation and recipes.varied):
        return ""
    rows = []
    for name, transform in recipes.augmentation.transforms.items():
        ranges = (
            f"{one.name} {_span(getattr(transform, one.name))}"
            for one in transform.parameter_fields()
        )
        layers = ", ".join(transform.layers)
        rows.append([name, layers, f"{transform.probability:g}", "; ".join(ranges)])
    return _AUGMENTATION.format(
        count=sum(recipe.split == AUGMENTED_SPLIT for recipe in recipes),
        split=AUGMENTED_SPLIT,
        transforms=markdown_table(["transform", "layers", "probability", "ranges"], rows),
        versions=versions(),
    )


def _span(bounds: Sequence[object]) -> str:
    first, last = bounds[0], bounds[-1]
    return f"{first}" if first == last else f"{first} … {last}"


def _sides(task: TaskSpec) -> list[Facet]:
    """Return the sides of the table of cells: rows and columns, or rows alone."""
    named = [facet for facet in task.facets if not facet.numeric] or list(task.facets)
    return named[:2][::-1]


def _cells(recipes: Recipes, sides: Sequence[Facet]) -> str:
    """Count mixtures by one facet or two."""
    names = [side.names([recipe.label(side.column) for recipe in recipes]) for side in sides]
    orders = [side.ordered(words) for side, words in zip(sides, names, strict=True)]
    if len(sides) < 2:
        count = Counter(names[0] if names else [])
        rows = [[name, str(count[name])] for order in orders for name in order]
        return markdown_table([*(side.short for side in sides), "mixtures"], rows)
    pairs = Counter(zip(*names, strict=True))
    rows = [[row, *(str(pairs[row, name]) for name in orders[1])] for row in orders[0]]
    return markdown_table([sides[0].short, *orders[1]], rows)


def _recordings(recipes: Recipes, task: TaskSpec) -> str:
    rows = []
    for split in SPLITS:
        layers = [recipe.layers for recipe in recipes if recipe.split == split]
        if layers:
            used = [
                {layer.source_id for each in layers for layer in each if layer.role == role.name}
                for role in task.roles
            ]
            rows.append([split, str(len(layers)), *(str(len(names)) for names in used)])
    return markdown_table(["split", "mixtures", *(role.plural for role in task.roles)], rows)


def _counts(count: Mapping[str, int], name: str) -> str:
    rows = [[escaped(key), str(count[key])] for key in sorted(count)]
    return markdown_table([name, "recordings"], rows)
