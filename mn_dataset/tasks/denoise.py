"""Take noise away from music: one input, one target, and an SNR between the two layers.

Recipes are drawn in balanced cells of music category × noise class × SNR level.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import pyarrow as pa

from mn_dataset.audio.corpus import Corpus
from mn_dataset.errors import InputError
from mn_dataset.records import (
    MUSIC_CATEGORIES,
    NOISE_CLASSES,
    ROLES,
    SAMPLING_RATE,
    SNR_DEFINITIONS,
    Label,
    Layer,
    Recipe,
    SnrDefinition,
)
from mn_dataset.tasks import presets
from mn_dataset.tasks.columns import (
    SNR_DEFINITION,
    Column,
    FileNames,
    Measures,
    Ratios,
    label_column,
)
from mn_dataset.tasks.drawing import (
    SnrLevel,
    bounds,
    by_class,
    refuse_amounts,
    refuse_levels,
    refuse_share,
    splits_of,
)
from mn_dataset.tasks.facets import Axis, Facet
from mn_dataset.tasks.pairs import INPUT, Pair, Pool, noises_told, repeated, spread
from mn_dataset.tasks.spec import (
    Audio,
    Batch,
    CardText,
    Drawn,
    Expectation,
    LayerRole,
    TaskSpec,
    Wave,
)

DEFAULT_SNR_DB = (0.0, 5.0, 10.0)


def draw(
    corpus: Corpus,
    *,
    split: str | Sequence[str] | None = None,
    snr_db: Sequence[SnrLevel] = DEFAULT_SNR_DB,
    snr_definition: SnrDefinition = "power",
    per_cell: int | None = None,
    count: int | None = None,
    seconds: float | None = None,
    seed: int = 0,
    preset: str | None = None,
    generated: float | Mapping[str, float] = 0.0,
    second_noise: float = 0.0,
) -> Drawn:
    """Draw recipes from a corpus's tables and index.

    Args:
        corpus: The corpus; no audio is opened.
        split: One split, several, or None for every split that the corpus has.
        snr_db: SNR levels in dB; a pair is a range that is drawn from uniformly (0.01 dB grid).
        snr_definition: "power", "variance", "active" or "lufs".
        per_cell: Mixtures per music category × noise class × SNR level; 1 by default.
        count: Mixtures per split instead, spread evenly over the cells.
        seconds: Length of a mixture; None makes each as long as its clip.
        seed: Of every choice.
        preset: "musicecan-2024" for the paper's protocol; it fixes levels, lengths and SNRs.
        generated: Share of the mixtures whose noise is generated instead of a recording, 0 to 1:
            one for all noise classes, or by class. Classes stay as even as they are.
        second_noise: Share of the mixtures with a second noise, of any class, −10 to 10 dB above
            the first; the SNR is to the sum of both.

    Raises:
        RecipeError: if a cell cannot be drawn, naming it and the reason.
        InputError: if an argument makes no sense.
    """
    refuse_levels(snr_db, snr_definition)
    refuse_amounts(per_cell, count, seconds)
    shares = by_class(generated, name="generated")
    refuse_share(second_noise, name="second_noise")
    if preset is not None:
        if shares or second_noise:
            raise InputError(
                f"the preset {preset!r} mixes recordings, one noise at a time; leave generated and "
                "second_noise away"
            )
        if (seconds, per_cell, snr_definition) != (None, None, "power"):
            raise InputError(
                f"the preset {preset!r} fixes seconds, per_cell and snr_definition; give none"
            )
        if [*map(bounds, snr_db)] != [*map(bounds, DEFAULT_SNR_DB)]:
            raise InputError(f"the preset {preset!r} fixes the SNRs; do not give snr_db")
    splits = sorted(splits_of(corpus, split, ROLES))
    if preset is not None:
        return Drawn(
            _recipe(pair, name, seed, presets.SNR_DEFINITION)
            for name in splits
            for pair in presets.draw(preset, corpus, split=name, count=count, seed=seed)
        )

    def drawn(name: str) -> Iterator[Recipe]:
        pool = Pool(
            corpus,
            name,
            seed,
            snr_definition,
            seconds,
            generated=shares,
            second_noise=second_noise,
        )
        cells = pool.cells(snr_db)
        each = repeated(cells, per_cell or 1) if count is None else spread(cells, count, seed)
        pairs = (pool.pair(f"{name}/{number:06d}", cell) for number, cell in enumerate(each))
        return (_recipe(pair, name, seed, snr_definition) for pair in pairs)

    return Drawn(recipe for name in splits for recipe in drawn(name))


def _recipe(pair: Pair, split: str, seed: int, definition: SnrDefinition) -> Recipe:
    return Recipe(
        id=pair.name,
        task="denoise",
        split=split,
        seed=seed,
        num_samples=pair.clean.num_samples,
        sampling_rate=SAMPLING_RATE,
        layers=tuple(pair.layers),
        targets=("clean",),
        snr_definition=definition,
        labels=labels(pair.noise.category, pair.clean.category, pair.snr_db),
    )


def complete(layer: Layer) -> Layer:
    """Return a layer with what its role says: both sound in the input, one is the target."""
    return replace(layer, input=INPUT, target="clean" if layer.role == "clean" else None)


def labels(noise_class: str, music_category: str, snr_db: float) -> tuple[tuple[str, Label], ...]:
    """Return the labels of a recipe.

    >>> labels("crowd", "harp", 5.0)
    (('noise_class', 'crowd'), ('music_category', 'harp'), ('snr_db', 5.0))
    """
    return (("noise_class", noise_class), ("music_category", music_category), ("snr_db", snr_db))


def _expectations(recipe: Recipe) -> list[Expectation]:
    roles = tuple(layer.role for layer in recipe.layers)
    noises = [layer for layer in recipe.layers if layer.role == "noise"]
    dry = all(layer.response is None and not layer.delay for layer in recipe.layers)
    alone = all((layer.gain is None) != (layer.snr_db is None) for layer in recipe.layers)
    if len(noises) == 2:  # each at a gain against the other
        alone = all(None not in (layer.gain, layer.snr_db) for layer in noises)
    paired = roles in (ROLES, (*ROLES, "noise"))
    placed = all(layer == complete(layer) for layer in recipe.layers)
    return [
        Expectation("targets", "'clean'", recipe.targets == ("clean",)),
        Expectation(
            "layers",
            "one clean and one noise layer, dry, each with a gain or an SNR; or two noise layers, "
            "each with a gain and the SNR of their sum",
            paired and dry and alone and placed,
        ),
        Expectation(
            "snr_db",
            "the noise layer's SNR",
            not paired or noises[0].snr_db in (None, recipe.snr_db),
        ),
    ]


def _snrs(recipe: Recipe, ratios: Sequence[Ratios | None]) -> Mapping[str, Any]:
    """Return the achieved SNRs under all definitions: the ratio to the noise."""
    snrs = ratios[1]
    if snrs is None:
        return dict.fromkeys(field.name for field in _SNR_FIELDS)
    return {
        "snr_db_achieved": snrs[recipe.snr_definition],
        **{f"snr_{name}_db": snrs[name] for name in SNR_DEFINITIONS},
    }


def _noise_gain(recipe: Recipe, gains: Sequence[float]) -> Mapping[str, Any]:
    del recipe
    return {"noise_gain": gains[1]}


def _about(recipes: Sequence[Recipe]) -> Sequence[str]:
    lows, highs = min(r.snr_db for r in recipes), max(r.snr_db for r in recipes)
    snrs = f"{lows:g}" if lows == highs else f"{lows:g} to {highs:g}"
    definitions = ", ".join(sorted({recipe.snr_definition for recipe in recipes}))
    return [
        f"SNR: {snrs} dB, definition `{definitions}`, met within 0.01 dB; all four definitions are"
        "\n  in `manifest.parquet`.",
        "In 16-bit samples `noisy − clean == noise`, exactly.",
        *noises_told(recipes),
    ]


def _across_splits(options: Mapping[str, Any]) -> Mapping[str, str]:
    preset = options.get("preset")
    if preset is None:
        return {}
    return {
        "noise": f"**preset `{preset}`**: as its script does, noises of every split are mixed in "
        "every split, so test noise has been heard in training"
    }


def _unchanged(batch: Batch, num_targets: int) -> Batch:
    del num_targets
    return batch


def _side(task: TaskSpec, audio: Audio, sampling_rate: int) -> Mapping[str, Wave]:
    del task
    noise = audio.kept["noise"]
    return {
        "clean": audio.targets["clean"],
        "noise": noise,
        "noise_profile": noise[:, :sampling_rate],
        "mixture": audio.inputs["noisy"],
    }


def _source_id(role: str, recipe: Recipe) -> str:
    return recipe.layer(role).source_id


def _start(role: str, recipe: Recipe) -> int:
    return recipe.layer(role).start


_SNR_FIELDS = tuple(
    pa.field(name, pa.float64())
    for name in ("snr_db_achieved", *(f"snr_{name}_db" for name in SNR_DEFINITIONS))
)

_CARD_TEXT = CardText(
    name="Mixtures of music and noise",
    recipe="""\
## The recipe, and what SNR means

A mixture is a sum of layers: a clip, and a noise at an SNR. Which recording, from which sample, at
which SNR or gain stands in `layers`; `recipes.parquet` holds nothing else. A noise that is shorter
than its clip is repeated with an equal-power cross-fade.

* SNR: {levels}; met within 0.01 dB over the samples that are mixed. `power` is the ratio of
  the energies; `variance` the same without the means; `active` counts, for each layer alone, the
  blocks of 1024 samples within 40 dB of its loudest; `lufs` is the difference of integrated
  loudness (BS.1770). All four are measured on the published samples and stored.
* `noisy − clean == noise` in 16-bit samples, exactly. Where a sample would pass 32 000, all layers
  are scaled by one `mix_gain`.
""",
    example="{music_category} in {noise_class} noise at {snr_db:g} dB",
    tags=("denoising", "music-enhancement", "snr"),
    url="https://doi.org/10.1109/taslp.2024.3378118",
    cite_as=(
        "Cheng et al., MusicECAN: An Automatic Denoising Network for Music Recordings With "
        "Efficient Channel Attention, IEEE/ACM TASLP 2024, doi 10.1109/taslp.2024.3378118"
    ),
    citation="""\
```bibtex
@article{cheng2024musicecan,
  author  = {Cheng, Haonan and Liu, Shulin and Lian, Zhicheng and Ye, Long and Zhang, Qin},
  title   = {{MusicECAN}: An Automatic Denoising Network for Music Recordings With Efficient Channel Attention},
  journal = {IEEE/ACM Transactions on Audio, Speech, and Language Processing},
  year    = {2024},
  doi     = {10.1109/taslp.2024.3378118},
}
```

The task and the classes are that paper's; the recordings are other people's, named above.
""",  # noqa: E501 - a title is one line
)

SPEC = TaskSpec(
    name="denoise",
    title="Mixtures of clean music and noise at known SNRs",
    description="Return the music of a mixture of music and noise.",
    activity="denoising",
    command="denoise",
    roles=(
        LayerRole("clean", "clean", "clips", varied_as="clean"),
        LayerRole("noise", "noise", "noises", varied_as="noise"),
    ),
    facets=(
        Facet("noise_class", "noise class", "noise classes", NOISE_CLASSES),
        Facet(
            "music_category",
            "music category",
            "music categories",
            MUSIC_CATEGORIES,
            header="category",
        ),
        Facet("snr_db", "SNR", "SNRs", numeric=True),
    ),
    clusters=(
        Axis("clean recording", "clean recordings", "clean_id"),
        Axis("noise recording", "noise recordings", "noise_id"),
    ),
    draw=draw,
    expectations=_expectations,
    kept=("noise",),
    target_axis=False,
    columns=(
        label_column("snr_db", pa.float64()),
        SNR_DEFINITION,
        label_column("music_category", pa.string()),
        label_column("noise_class", pa.string()),
        Column("clean_id", pa.string(), partial(_source_id, "clean")),
        Column("noise_id", pa.string(), partial(_source_id, "noise")),
        Column("clean_start", pa.int64(), partial(_start, "clean")),
        Column("noise_start", pa.int64(), partial(_start, "noise")),
    ),
    layer_fields=("role", "source_id", "start", "fade", "gain", "snr_db", "response"),
    complete=complete,
    named_files=FileNames((INPUT,), ("clean",)),
    ratios=Measures(_SNR_FIELDS, _snrs),
    gains=Measures((pa.field("noise_gain", pa.float64()),), _noise_gain),
    categories=(*MUSIC_CATEGORIES, *NOISE_CLASSES),
    about=_about,
    across_splits=_across_splits,
    unchanged=_unchanged,
    side=_side,
    card_text=_CARD_TEXT,
)
