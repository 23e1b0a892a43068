"""Remove bleed: K microphones in, K sources out, each microphone close to one of them.

Every microphone hears its own source and, fainter, all others. The layers of an input are its own
source, of the role ``own``, and those that bleed into it, of the role ``bleed``; their ratio in an
input is therefore that of the source to the bleed. What is to be returned is told by name:

* ``image``: the source as its own microphone hears it, so that nothing but bleed is removed;
* ``dry``: the source as it was recorded, before the path to its microphone;
* ``direct``: the source as it comes straight to its microphone, in time and at the level of the
  image, without the room.

`mn_dataset.tasks.sessions` says which sources sound together; of measured bleed, which is never
simulated, `mn_dataset.tasks.grooves`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa

from mn_dataset import seeds
from mn_dataset.audio.corpus import Corpus
from mn_dataset.audio.level import round_gain
from mn_dataset.errors import UnknownName
from mn_dataset.records import SAMPLING_RATE, Layer, Recipe
from mn_dataset.tasks import grooves
from mn_dataset.tasks.drawing import refuse_amounts, splits_of
from mn_dataset.tasks.facets import Axis, Facet
from mn_dataset.tasks.sessions import DEFAULT_STEMS, Session, SessionPool
from mn_dataset.tasks.spec import (
    Audio,
    Column,
    Drawn,
    Expectation,
    LayerRole,
    TaskSpec,
    Wave,
    label_column,
    mixture_and_targets,
)

BLEEDS = ("linear", "measured")
"""How microphones come to hear other sources."""

TARGETS = ("image", "dry", "direct")
"""What is to be returned of a source."""

OWN_GAIN = (0.6, 1.0)
BLEED_GAIN = (0.05, 0.31)


def microphone(source: str) -> str:
    """Return the name of the input that is close to a source.

    >>> microphone("drums")
    'drums_mic'
    """
    return f"{source}_mic"


def draw(
    corpus: Corpus,
    *,
    split: str | Sequence[str] | None = None,
    bleed: str = "linear",
    stems: int = DEFAULT_STEMS,
    target: str = "image",
    count: int | None = None,
    seconds: float | None = None,
    seed: int = 0,
) -> Drawn:
    """Draw recipes from a corpus's table of stems and its index.

    Args:
        corpus: The corpus; no audio is opened.
        split: One split, several, or None for every split that has stems.
        bleed: "linear": one matrix per song, its diagonal uniform in ``OWN_GAIN``, the rest in
            ``BLEED_GAIN``, on a grid of 0.01. "measured": grooves of the hits of a drum kit.
        stems: How many sources and microphones a mixture has.
        target: One of ``TARGETS``; of measured bleed, of which no dry source exists, "image".
        count: Mixtures per split, dealt evenly to songs or kits; by default every one once.
        seconds: Length of a mixture; None makes each as long as its song, and grooves
            ``grooves.DEFAULT_SECONDS``.
        seed: Of every choice.

    Raises:
        RecipeError: if a split has no song of so many stems.
        InputError: if an argument makes no sense.
        UnknownName: if there is no such bleed or target.
    """
    refuse_amounts(None, count, seconds)
    for name, value, known in (("bleed", bleed, BLEEDS), ("target", target, TARGETS)):
        if value not in known:
            raise UnknownName(name, value, known)
    if bleed == "measured":
        played = [
            (name, one)
            for name in splits_of(corpus, split, ("stem",))
            for one in grooves.draw(
                corpus,
                split=name,
                stems=stems,
                target=target,
                count=count,
                seconds=seconds,
                seed=seed,
            )
        ]
        return Drawn(
            [
                _recipe(one.session, one.layers, bleed=bleed, split=name, seed=seed)
                for name, one in played
            ],
            [response for _, one in played for response in one.responses],
        )
    rows = []
    for name in splits_of(corpus, split, ("stem",)):
        pool = SessionPool(corpus, name, seed=seed, stems=stems, seconds=seconds)
        for number in range(count or pool.num_songs):
            session = pool.session(f"{name}/{number:06d}")
            layers = _linear(session, seed=seed, target=target)
            rows.append(_recipe(session, layers, bleed=bleed, split=name, seed=seed))
    return Drawn(rows)


def matrix_of(name: str, stems: int, *, seed: int) -> list[list[float]]:
    """Return the gains of a song: a row per microphone, a column per source."""
    stream = seeds.generator(seed, "bleed matrix", name)
    return [
        [
            round(stream.uniform(*(OWN_GAIN if source == mic else BLEED_GAIN)), 2)
            for source in range(stems)
        ]
        for mic in range(stems)
    ]


def _linear(session: Session, *, seed: int, target: str) -> list[Layer]:
    """Return the layers of instantaneous mixing: every path is a gain."""
    matrix = matrix_of(session.song, len(session.sources), seed=seed)
    layers = []
    for mic, own in enumerate(session.names):
        for number in [mic, *(other for other in range(len(matrix)) if other != mic)]:
            role = "own" if number == mic else "bleed"
            heard = target == "image" and role == "own"
            layers += [
                Layer(
                    role,
                    segment.name,
                    segment.start,
                    gain=round_gain(matrix[mic][number]),
                    input=microphone(own),
                    target=own if heard else None,
                )
                for segment in session.sources[number]
            ]
    if target != "image":
        for mic, own in enumerate(session.names):
            gain = 1.0 if target == "dry" else round_gain(matrix[mic][mic])
            layers += [
                Layer("truth", segment.name, segment.start, gain=gain, target=own)
                for segment in session.sources[mic]
            ]
    return layers


def _recipe(
    session: Session, layers: Sequence[Layer], *, bleed: str, split: str, seed: int
) -> Recipe:
    return Recipe(
        id=session.id,
        task="debleed",
        split=split,
        seed=seed,
        num_samples=session.num_samples,
        sampling_rate=SAMPLING_RATE,
        layers=tuple(layers),
        targets=session.names,
        labels=(("bleed", bleed),),
    )


def _expectations(recipe: Recipe) -> list[Expectation]:
    own = [layer for layer in recipe.layers if layer.role == "own"]
    expected = tuple(microphone(name) for name in recipe.targets)
    return [
        Expectation(
            "layers", f"inputs {', '.join(expected)}, one per target", recipe.inputs == expected
        ),
        Expectation(
            "layers",
            "of every input the own source first",
            {layer.input for layer in own} == set(recipe.inputs),
        ),
    ]


def _first_id(recipe: Recipe) -> str:
    return recipe.layers[0].source_id


def _side(task: TaskSpec, audio: Audio, sampling_rate: int) -> Mapping[str, Wave]:
    """Return the targets, and their sum, the clean mixture, once for every microphone."""
    clean = mixture_and_targets(task, audio, sampling_rate)["clean"]
    return {"clean": clean, "mixture": np.broadcast_to(clean.sum(axis=0), clean.shape)}


SPEC = TaskSpec(
    name="debleed",
    title="Sessions of several microphones that hear each other's sources",
    description="Return every source as its own microphone alone hears it.",
    activity="bleed removal",
    command="debleed",
    actor="debleeder",
    roles=(
        LayerRole("own", "stem", "sources", beyond="silence"),
        LayerRole("bleed", "stem", "sources that bleed", beyond="silence"),
        LayerRole("truth", "stem", "sources to return"),
    ),
    facets=(Facet("bleed", "bleed", "kinds of bleed"),),
    clusters=(
        Axis("song", "songs", "song_id"),
        Axis("song", "songs", ""),
    ),
    draw=draw,
    expectations=_expectations,
    input_axis=True,
    columns=(
        label_column("bleed", pa.string()),
        Column("song_id", pa.string(), _first_id),
    ),
    side=_side,
    metrics=("sdr_v4", "si_sdr", "sdr", "sir", "sar"),
)
