"""Describe a dataset folder from its own data, for the person who opens it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from mn_dataset.audio.corpus import Corpus
from mn_dataset.errors import OutputError
from mn_dataset.mix import manifest
from mn_dataset.mix.augment.apply import versions
from mn_dataset.mix.augment.draw import AUGMENTED_SPLIT
from mn_dataset.mix.recipes import AUGMENTATION, Recipes
from mn_dataset.records import MUSIC_CATEGORIES, NOISE_CLASSES, SPLITS, SYNTHETIC

_TEXT = """\
# Mixtures of clean music and noise at known SNRs

{count} mixtures, {hours:.2f} h, made from the corpus `{corpus}`{synthetic}.
Data version {dataset_version}; corpus hash `{corpus_hash}`; generator {generator_version}.

* SNR: {snr_range} dB, definition `{definitions}`, met within 0.01 dB; all four definitions are
  in `manifest.parquet`.
* In 16-bit samples `noisy − clean == noise`, exactly.
* `mn verify` proves that the folder is what its recipes say.
{augmentation}
## Mixtures per music category and noise class

{cells}

## Distinct recordings per split

{recordings}

## Splits

{notes}

## Licences of the sources

{licences}

Every recording's licence and attribution stand in `sources.parquet`.
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

_NO_NOTES = "As the recipes state; `mn check` audits those of a corpus."


def write_card(folder: Path, recipes: Recipes, corpus: Corpus, *, notes: Sequence[str]) -> None:
    """Write the folder's README.md from its recipes and sources.

    Args:
        folder: The dataset.
        recipes: What it holds.
        corpus: What they were drawn from.
        notes: Lines about the splits, such as what an audit found.

    Raises:
        OutputError: if the card cannot be written.
    """
    used = [corpus.sources[name] for name in manifest.used_sources(recipes)]
    synthetic = sum(dict(source.row.further).get("origin") == SYNTHETIC for source in used)
    lows, highs = min(r.snr_db for r in recipes), max(r.snr_db for r in recipes)
    text = _TEXT.format(
        count=len(recipes),
        hours=sum(recipe.num_samples / recipe.sampling_rate for recipe in recipes) / 3600,
        synthetic=f" ({synthetic} of {len(used)} recordings are synthetic)" if synthetic else "",
        snr_range=f"{lows:g}" if lows == highs else f"{lows:g} to {highs:g}",
        definitions=", ".join(sorted({recipe.snr_definition for recipe in recipes})),
        cells=_cells(recipes),
        recordings=_recordings(recipes),
        augmentation=_augmentation(recipes),
        notes="\n".join(f"* {note}" for note in notes or [_NO_NOTES]),
        licences=_counts(Counter(source.row.license or "unknown" for source in used), "licence"),
        **{name: text for name, text in recipes.metadata.items() if name != AUGMENTATION},
    )
    try:
        (folder / manifest.CARD).write_text(text, encoding="utf-8")
    except OSError as error:
        raise OutputError(f"{folder / manifest.CARD}: cannot be written ({error})") from error


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
        ranges = (f"{one.name} {_span(getattr(transform, one.name))}" for one in transform.own())
        layers = ", ".join(transform.layers)
        rows.append([name, layers, f"{transform.probability:g}", "; ".join(ranges)])
    return _AUGMENTATION.format(
        count=sum(recipe.split == AUGMENTED_SPLIT for recipe in recipes),
        split=AUGMENTED_SPLIT,
        transforms=_table(["transform", "layers", "probability", "ranges"], rows),
        versions=versions(),
    )


def _span(bounds: Sequence[object]) -> str:
    first, last = bounds[0], bounds[-1]
    return f"{first}" if first == last else f"{first} … {last}"


def _cells(recipes: Recipes) -> str:
    count = Counter((recipe.music_category, recipe.noise_class) for recipe in recipes)
    classes = [name for name in NOISE_CLASSES if any(key[1] == name for key in count)]
    rows = [
        [category, *(str(count[category, name]) for name in classes)]
        for category in MUSIC_CATEGORIES
        if any(key[0] == category for key in count)
    ]
    return _table(["category", *classes], rows)


def _recordings(recipes: Recipes) -> str:
    rows = []
    for split in SPLITS:
        chosen = [recipe for recipe in recipes if recipe.split == split]
        if chosen:
            clips = {recipe.layer("clean").source_id for recipe in chosen}
            noises = {recipe.layer("noise").source_id for recipe in chosen}
            rows.append([split, str(len(chosen)), str(len(clips)), str(len(noises))])
    return _table(["split", "mixtures", "clips", "noises"], rows)


def _counts(count: Mapping[str, int], name: str) -> str:
    return _table([name, "recordings"], [[key, str(count[key])] for key in sorted(count)])


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
