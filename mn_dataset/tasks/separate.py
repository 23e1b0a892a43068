"""Part the voice of a song from its accompaniment: one input, two targets, a ratio between them.

A mixture is the sum of the stems of songs. What is sung is told by the names of the stems; the
ratio is that of the voice to the accompaniment, which keeps its inner balance. At 0 dB of `power`
both sides have one norm, which is what scaling each to unit norm before adding them comes to (Huang
et al.), but for the level of their sum: in 16 bits it stays near that of the recordings.
`mn_dataset.tasks.songs` says which stems sound together, `mn_dataset.tasks.huang` draws by their
protocol.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from functools import partial

import pyarrow as pa

from mn_dataset.audio.corpus import Corpus
from mn_dataset.errors import InputError, UnknownName
from mn_dataset.records import SAMPLING_RATE, Layer, Recipe, SnrDefinition
from mn_dataset.tasks import huang
from mn_dataset.tasks.columns import SNR_DEFINITION, Column, label_column
from mn_dataset.tasks.drawing import (
    SnrLevel,
    bounds,
    refuse_amounts,
    refuse_levels,
    splits_of,
)
from mn_dataset.tasks.facets import Axis, Facet
from mn_dataset.tasks.feasibility import Blend
from mn_dataset.tasks.songs import MIXINGS, SHIFTS, SongPool, Sung
from mn_dataset.tasks.spec import CardText, Drawn, Expectation, LayerRole, TaskSpec

DEFAULT_RATIOS_DB = (-5.0, 0.0, 5.0)
INPUT = "mixture"
TARGETS = ("voice", "accompaniment")


def draw(
    corpus: Corpus,
    *,
    split: str | Sequence[str] | None = None,
    snr_db: Sequence[SnrLevel] = DEFAULT_RATIOS_DB,
    snr_definition: SnrDefinition = "power",
    count: int | None = None,
    seconds: float | None = None,
    mixing: str = "coherent",
    shift: str = "none",
    stem_gain_db: tuple[float, float] | None = None,
    tempo_tolerance: float | None = None,
    seed: int = 0,
    preset: str | None = None,
) -> Drawn:
    """Draw recipes from a corpus's table of stems and its index.

    Args:
        corpus: The corpus; no audio is opened.
        split: One split, several, or None for every split that has stems.
        snr_db: Ratios of voice to accompaniment in dB; a pair is a range that is drawn from
            uniformly (0.01 dB grid).
        snr_definition: "power", "variance", "active" or "lufs".
        count: Mixtures per split, dealt evenly to ratios and songs; by default every song once at
            every ratio.
        seconds: Length of a mixture; None makes each as long as its song.
        mixing: "coherent", "paired" or "incoherent": see `mn_dataset.tasks.songs`.
        shift: "none", or the side that begins elsewhere in its song: "voice" or "accompaniment".
        stem_gain_db: Range of a gain of every stem in dB, before the ratio; None for none.
        tempo_tolerance: Of "paired" mixing: how far the tempos of the two songs may be apart, as a
            share, such as 0.04; half and twice a tempo are alike. None pairs any songs.
        seed: Of every choice.
        preset: "huang-2014" for the paper's protocol; it fixes all but split and count.

    Raises:
        RecipeError: if a split has no songs to mix so, or none can carry a ratio.
        InputError: if an argument makes no sense.
    """
    refuse_levels(snr_db, snr_definition)
    refuse_amounts(None, count, seconds)
    _refuse_unknown(mixing, shift, stem_gain_db)
    _refuse_tolerance(tempo_tolerance, mixing)
    if preset is not None:
        chosen = (snr_definition, seconds, mixing, shift, stem_gain_db, [*map(bounds, snr_db)])
        usual = ("power", None, "coherent", "none", None, [*map(bounds, DEFAULT_RATIOS_DB)])
        if chosen != usual:
            raise InputError(
                f"the preset {preset!r} fixes ratios, lengths and mixing; give none of snr_db, "
                "snr_definition, seconds, mixing, shift and stem_gain_db"
            )
    splits = sorted(splits_of(corpus, split, ("stem",)))
    if preset is not None:
        return Drawn(
            recipe_of(sung, name, seed, huang.SNR_DEFINITION)
            for name in splits
            for sung in huang.draw(preset, corpus, split=name, count=count)
        )

    def drawn(name: str) -> Iterator[Recipe]:
        pool = SongPool(
            corpus,
            name,
            seed=seed,
            definition=snr_definition,
            mixing=mixing,
            shift=shift,
            stem_gain_db=stem_gain_db,
            seconds=seconds,
            tempo_tolerance=tempo_tolerance,
        )
        for number in range(count or pool.num_songs * len(snr_db)):
            sung = pool.mixture(f"{name}/{number:06d}", snr_db)
            yield recipe_of(sung, name, seed, snr_definition)

    return Drawn(recipe for name in splits for recipe in drawn(name))


def recipe_of(sung: Sung, split: str, seed: int, definition: SnrDefinition) -> Recipe:
    """Return the recipe of what was drawn."""
    voice = _layers("voice", sung.voice, None)
    accompaniment = _layers("accompaniment", sung.accompaniment, sung.ratio_db)
    return Recipe(
        id=sung.name,
        task="separate",
        split=split,
        seed=seed,
        num_samples=sung.voice.num_samples,
        sampling_rate=SAMPLING_RATE,
        layers=voice + accompaniment,
        targets=TARGETS,
        snr_definition=definition,
        labels=(("snr_db", sung.ratio_db),),
    )


def _layers(role: str, blend: Blend, ratio_db: float | None) -> tuple[Layer, ...]:
    """Return the layers of a side; its gains say how its stems stand to each other."""
    return tuple(
        Layer(role, one.name, one.start, gain=gain, snr_db=ratio_db, input=INPUT, target=role)
        for one, gain in zip(blend.segments, blend.gains, strict=True)
    )


def _refuse_unknown(mixing: str, shift: str, stem_gain_db: tuple[float, float] | None) -> None:
    if mixing not in MIXINGS:
        raise UnknownName("mixing", mixing, MIXINGS)
    if shift not in SHIFTS:
        raise UnknownName("shift", shift, SHIFTS)
    if stem_gain_db is not None and not (
        all(map(math.isfinite, stem_gain_db)) and stem_gain_db[0] <= stem_gain_db[1]
    ):
        raise InputError(
            f"stem_gain_db is {stem_gain_db}; expected two finite numbers of dB, the lower first"
        )


def _refuse_tolerance(tempo_tolerance: float | None, mixing: str) -> None:
    if tempo_tolerance is None:
        return
    if mixing != "paired":
        raise InputError(
            f"tempo_tolerance is {tempo_tolerance:g}, and mixing is {mixing!r}; only songs that "
            "are 'paired' are chosen by their tempo"
        )
    if not 0 <= tempo_tolerance < 1 / 3:
        raise InputError(
            f"tempo_tolerance is {tempo_tolerance:g}; expected 0 to under 1/3, such as 0.04: a "
            "third of a tempo further, and any two would be alike"
        )


def _expectations(recipe: Recipe) -> list[Expectation]:
    roles = [layer.role for layer in recipe.layers]
    placed = all(layer.input == INPUT and layer.target == layer.role for layer in recipe.layers)
    dry = all(layer.response is None and not layer.delay for layer in recipe.layers)
    ordered = sorted(roles, key=TARGETS.index) == roles if set(roles) == set(TARGETS) else False
    asked = {layer.snr_db for layer in recipe.layers if layer.role == "accompaniment"}
    return [
        Expectation(
            "targets", ", ".join(map(repr, SPEC.target_names)), recipe.targets == SPEC.target_names
        ),
        Expectation(
            "layers",
            "the stems of the voice, then those of the accompaniment, dry, each in the mixture and "
            "in the target of its role",
            placed and dry and ordered,
        ),
        Expectation("snr_db", "the ratio of the accompaniment's layers", asked <= {recipe.snr_db}),
    ]


def _first(role: str, recipe: Recipe) -> Layer:
    return next(layer for layer in recipe.layers if layer.role == role)


def _source_id(role: str, recipe: Recipe) -> str:
    return _first(role, recipe).source_id


def _start(role: str, recipe: Recipe) -> int:
    return _first(role, recipe).start


def _about(recipes: Sequence[Recipe]) -> Sequence[str]:
    lows, highs = bounds((min(r.snr_db for r in recipes), max(r.snr_db for r in recipes)))
    ratios = f"{lows:g}" if lows == highs else f"{lows:g} to {highs:g}"
    definitions = ", ".join(sorted({recipe.snr_definition for recipe in recipes}))
    return [
        f"Ratio of voice to accompaniment: {ratios} dB, definition `{definitions}`, met within "
        "0.01 dB.",
        "In 16-bit samples `voice + accompaniment == mixture`, exactly.",
    ]


_CARD_TEXT = CardText(
    name="Mixtures of voice and accompaniment",
    recipe="""\
## The recipe, and what the ratio means

A mixture is a sum of layers, each a stem of a song: what is sung, and all else. Which stem, from
which sample, at which gain stands in `layers`; `recipes.parquet` holds nothing else. A layer that
reaches the end of its song goes on from the song's beginning (a circular shift).

* Ratio of voice to accompaniment: {levels}; met within 0.01 dB over the samples that are mixed.
  `power` is the ratio of the energies (0 dB: both of one norm); `variance` the same without the
  means; `active` counts, for each side alone, the blocks of 1024 samples within 40 dB of its
  loudest; `lufs` is the difference of integrated loudness (BS.1770).
* `voice + accompaniment == mixture` in 16-bit samples, exactly. Where a sample would pass 32 000,
  all layers are scaled by one `mix_gain`.
""",
    example="voice at {snr_db:g} dB to its accompaniment",
    tags=("source-separation", "singing-voice", "music"),
    url="https://arxiv.org/abs/1502.04149",
    cite_as=(
        "Huang, Kim, Hasegawa-Johnson, Smaragdis, Joint Optimization of Masks and Deep Recurrent "
        "Neural Networks for Monaural Source Separation, IEEE/ACM TASLP 2015"
    ),
    citation="""\
```bibtex
@article{huang2015joint,
  author  = {Huang, Po-Sen and Kim, Minje and Hasegawa-Johnson, Mark and Smaragdis, Paris},
  title   = {Joint Optimization of Masks and Deep Recurrent Neural Networks for Monaural Source Separation},
  journal = {IEEE/ACM Transactions on Audio, Speech, and Language Processing},
  year    = {2015},
}
```

The task is that paper's; the recordings are other people's, named above.
""",  # noqa: E501 - a title is one line
)

SPEC = TaskSpec(
    name="separate",
    title="Songs as mixtures of voice and accompaniment at known ratios",
    description="Return the voice and the accompaniment of a song.",
    activity="voice separation",
    command="separate",
    actor="separator",
    roles=(
        LayerRole("voice", "stem", "voices", beyond="start"),
        LayerRole("accompaniment", "stem", "accompanying stems", beyond="start"),
    ),
    facets=(Facet("snr_db", "ratio", "ratios", numeric=True),),
    clusters=(
        Axis("song of the voice", "songs of voices", "voice_id"),
        Axis("song of the accompaniment", "songs of accompaniments", "accompaniment_id"),
    ),
    draw=draw,
    expectations=_expectations,
    input_names=(INPUT,),
    target_names=TARGETS,
    columns=(
        label_column("snr_db", pa.float64()),
        SNR_DEFINITION,
        Column("voice_id", pa.string(), partial(_source_id, "voice")),
        Column("accompaniment_id", pa.string(), partial(_source_id, "accompaniment")),
        Column("voice_start", pa.int64(), partial(_start, "voice")),
        Column("accompaniment_start", pa.int64(), partial(_start, "accompaniment")),
    ),
    about=_about,
    metrics=("nsdr", "sir", "sar", "si_sdr", "sdr_v4"),
    card_text=_CARD_TEXT,
)
