"""Refuse recipes that cannot be rendered as they stand, before anything is written."""

from __future__ import annotations

import re
from collections.abc import Iterable

from mn_dataset.audio.corpus import Corpus, Source
from mn_dataset.errors import RecipeError
from mn_dataset.records import ROLES, SAMPLING_RATE, SNR_DEFINITIONS, SPLITS, Layer, Recipe

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def refuse_malformed(recipes: Iterable[Recipe]) -> None:
    """Refuse recipes that no corpus could satisfy; ids become file names and are kept inside.

    Raises:
        RecipeError: naming recipe and column.
    """
    for recipe in recipes:
        for column, expected, holds in _expectations(recipe):
            if not holds:
                found = getattr(recipe, column)
                raise RecipeError(
                    f"recipe {recipe.id!r}: {column} is {found!r}; expected {expected}"
                )


def refuse_unfitting(recipes: Iterable[Recipe], corpus: Corpus) -> None:
    """Refuse recipes whose layers are not in the corpus.

    Raises:
        RecipeError: naming recipe, recording and place.
    """
    for recipe in recipes:
        for layer in recipe.layers:
            source = corpus.sources.get(layer.source_id)
            if source is None or source.role != layer.role:
                raise RecipeError(
                    f"recipe {recipe.id!r}: the corpus has no {layer.role} {layer.source_id!r}; "
                    "draw the recipes again"
                )
            if not _fits(layer, source, recipe.num_samples):
                raise RecipeError(
                    f"recipe {recipe.id!r}: {recipe.num_samples} samples from {layer.start} with "
                    f"a fade of {layer.fade} leave {layer.source_id!r}, which has "
                    f"{source.entry.frames}; draw the recipes again"
                )


def _expectations(recipe: Recipe) -> list[tuple[str, str, bool]]:
    prefix, _, name = recipe.id.partition("/")
    dry = all(layer.response is None for layer in recipe.layers)
    roles = tuple(layer.role for layer in recipe.layers)
    told = all((layer.gain is None) != (layer.snr_db is None) for layer in recipe.layers)
    return [
        ("split", f"one of {', '.join(SPLITS)}", recipe.split in SPLITS),
        ("id", f"{recipe.split}/NAME", prefix == recipe.split and bool(_NAME.fullmatch(name))),
        ("task", "'denoise'", recipe.task == "denoise"),
        ("sampling_rate", str(SAMPLING_RATE), recipe.sampling_rate == SAMPLING_RATE),
        ("num_samples", "1 or more", recipe.num_samples > 0),
        (
            "snr_definition",
            f"one of {', '.join(SNR_DEFINITIONS)}",
            recipe.snr_definition in SNR_DEFINITIONS,
        ),
        ("layers", "one clean and one noise layer, dry, each with a gain or an SNR",
         roles == ROLES and dry and told),
        ("snr_db", "the noise layer's SNR",
         roles != ROLES or recipe.layer("noise").snr_db in (None, recipe.snr_db)),
    ]  # fmt: skip


def _fits(layer: Layer, source: Source, num_samples: int) -> bool:
    if layer.fade:
        enough = source.entry.frames >= 2 * layer.fade > 0
        return enough and 0 <= layer.start < source.entry.frames - layer.fade
    return 0 <= layer.start <= source.entry.frames - num_samples
