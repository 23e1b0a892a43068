"""Remove bleed: K microphones in, K sources out, each microphone close to one of them.

Every microphone hears its own source and, fainter, all others. The layers of an input are its own
source, of the role ``own``, and those that bleed into it, of the role ``bleed``; their ratio in an
input is therefore that of the source to the bleed. How microphones come to hear other sources has a
name too:

* ``linear``: by a gain, one matrix per song (`mn_dataset.tasks.paths`);
* ``convolutive``: through a room of its own per song, each source with a delay of its own;
* ``room``: through one room of given size and reverberation (`mn_dataset.tasks.rooms` for both).

What is to be returned is told by name:

* ``image``: the source as its own microphone hears it, so that nothing but bleed is removed;
* ``dry``: the source as it was recorded, before the path to its microphone;
* ``direct``: the source as it comes straight to its microphone, in time and at the level of the
  image, without the room.

`mn_dataset.tasks.sessions` says which sources sound together; of measured bleed, which is never
simulated, `mn_dataset.tasks.grooves`.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from mn_dataset.audio.corpus import Corpus
from mn_dataset.audio.response import Response
from mn_dataset.errors import InputError, UnknownName
from mn_dataset.records import SAMPLING_RATE, Recipe, Role
from mn_dataset.tasks.bleeds import BLEEDS, HAVE, Asked
from mn_dataset.tasks.columns import Column, label_column
from mn_dataset.tasks.drawing import refuse_amounts, splits_of
from mn_dataset.tasks.facets import Axis, Facet
from mn_dataset.tasks.paths import TARGETS, microphone, target_kind
from mn_dataset.tasks.sessions import DEFAULT_STEMS, TABLE_OF, Heard, order, table_of
from mn_dataset.tasks.spec import (
    Audio,
    CardText,
    Drawn,
    Expectation,
    LayerRole,
    TaskSpec,
    Wave,
    mixture_and_targets,
)


def draw(
    corpus: Corpus,
    *,
    split: str | Sequence[str] | None = None,
    bleed: str = "linear",
    stems: int = DEFAULT_STEMS,
    target: str = "image",
    sources: str | None = None,
    count: int | None = None,
    seconds: float | None = None,
    bleed_db: float | None = None,
    room_m: Sequence[float] | None = None,
    rt60_s: float | None = None,
    seed: int = 0,
) -> Drawn:
    """Draw recipes from a corpus's table of stems, or of clips, and its index.

    Args:
        corpus: The corpus; no audio is opened.
        split: One split, several, or None for every split that has recordings.
        bleed: One of ``BLEEDS``.
        stems: How many sources and microphones a mixture has.
        target: One of ``TARGETS``.
        sources: "songs" takes the stems of a song, "clips" those of different music categories;
            None is songs where the corpus has stems.
        count: Mixtures per split, dealt evenly to songs; by default every song, or clip, once.
        seconds: Length of a mixture; None makes each as long as its song or shortest clip.
        bleed_db: Of "linear" alone: the level of every source in all microphones but its own, which
            hears it as it was recorded; None draws one matrix per song.
        room_m: Of "room" alone: length, width and height; 40 × 35 × 20 m by default.
        rt60_s: Of "room" alone: the time in which sound decays by 60 dB; 0.8 s by default.
        seed: Of every choice.

    Raises:
        RecipeError: if a split has no song of so many stems, or they sound nowhere, or a room
            cannot be.
        InputError: if an argument makes no sense.
        UnknownName: if there is no such bleed or target.
        MissingExtra: if a room is asked and pyroomacoustics is not installed.
    """
    refuse_amounts(None, count, seconds)
    known = (("bleed", bleed, BLEEDS), ("target", target, TARGETS))
    for name, value, names in (*known, ("sources", sources or "songs", TABLE_OF)):
        if value not in names:
            raise UnknownName(name, value, names)
    asked = Asked(
        seed=seed,
        stems=stems,
        target=target,
        count=count,
        seconds=seconds,
        sources=sources,
        bleed_db=bleed_db,
        room_m=None if room_m is None else _size(room_m),
        rt60_s=rt60_s,
    )
    _refuse_others(bleed, asked)
    rows, responses = [], dict[str, Response]()
    for name in splits_of(corpus, split, (table_of(corpus, sources),)):
        for heard in BLEEDS[bleed](corpus, name, asked):
            rows.append(_recipe(heard, bleed=bleed, split=name, seed=seed))
            responses |= {response.name: response for response in heard.responses}
    used = {layer.response for recipe in rows for layer in recipe.layers}
    return Drawn(rows, [response for name, response in responses.items() if name in used])


def _size(room_m: Sequence[float]) -> tuple[float, float, float]:
    """Return the size of a room.

    Raises:
        InputError: naming the parameter.
    """
    if len(room_m) != 3 or not all(0 < side < math.inf for side in room_m):
        raise InputError(f"room_m is {list(room_m)}; expected length, width and height in m")
    return float(room_m[0]), float(room_m[1]), float(room_m[2])


def _refuse_others(bleed: str, asked: Asked) -> None:
    """Refuse arguments of another kind of bleed, or numbers that cannot be meant.

    Raises:
        InputError: naming the parameter.
    """
    for name, kinds in HAVE.items():
        value = getattr(asked, name)
        if value is not None and bleed not in kinds:
            raise InputError(
                f"{name} is {value}, and bleed is {bleed!r}; it is for {', '.join(kinds)} alone"
            )
    if asked.bleed_db is not None and not -math.inf < asked.bleed_db < 0:
        raise InputError(f"bleed_db is {asked.bleed_db:g}; expected a number of dB below 0")
    if asked.rt60_s is not None and not 0 < asked.rt60_s < math.inf:
        raise InputError(f"rt60_s is {asked.rt60_s:g}; expected a time above 0")


def _recipe(heard: Heard, *, bleed: str, split: str, seed: int) -> Recipe:
    return Recipe(
        id=heard.session.id,
        task="debleed",
        split=split,
        seed=seed,
        num_samples=heard.session.num_samples,
        sampling_rate=SAMPLING_RATE,
        layers=tuple(heard.layers),
        targets=heard.session.names,
        labels=(("bleed", bleed),),
    )


def _tables(corpus: Corpus, options: Mapping[str, Any]) -> Collection[Role]:
    """Return the table that sources are drawn from."""
    sources = options.get("sources")
    return (table_of(corpus, sources if sources in TABLE_OF else None),)


def _expectations(recipe: Recipe) -> list[Expectation]:
    expected = tuple(microphone(name) for name in recipe.targets)
    first: dict[str | None, str] = {}
    for layer in recipe.layers:
        first.setdefault(layer.input, layer.role)
    return [
        Expectation(
            "layers", f"inputs {', '.join(expected)}, one per target", recipe.inputs == expected
        ),
        Expectation(
            "layers",
            "of every input the own source first, and of targets alone truth",
            all(role == ("truth" if name is None else "own") for name, role in first.items()),
        ),
        Expectation(
            "layers",
            "targets that are all images, made of the own layers of their microphones, or all of "
            "truth, of the recordings that their own microphones hear",
            _is_one_kind(recipe),
        ),
    ]


def _is_one_kind(recipe: Recipe) -> bool:
    """Tell whether what is to be returned is meant in one way, and is what its name says."""
    image = target_kind(recipe) == "image"
    for name in recipe.targets:
        own = [one for one in recipe.layers if one.role == "own" and one.input == microphone(name)]
        made = [one for one in recipe.layers if one.target == name]
        heard = {(one.source_id, one.start) for one in own}
        if image and made != own:
            return False
        if not image and any(one.role != "truth" or one.input is not None for one in made):
            return False
        if {(one.source_id, one.start) for one in made} != heard:
            return False
    return True


def _first_id(recipe: Recipe) -> str:
    return recipe.layers[0].source_id


def _side(task: TaskSpec, audio: Audio, sampling_rate: int) -> Mapping[str, Wave]:
    """Return the targets, and their sum, the clean mixture, once for every microphone."""
    clean = mixture_and_targets(task, audio, sampling_rate)["clean"]
    return {"clean": clean, "mixture": np.broadcast_to(clean.sum(axis=0), clean.shape)}


def _promises(recipes: Sequence[Recipe]) -> list[str]:
    """Return what the card says of the mixtures: what was simulated, and what is to be returned."""
    kinds = sorted({str(recipe.label("bleed")) for recipe in recipes})
    targets = sorted({target_kind(recipe) for recipe in recipes})
    lines = [_BLEED_LINES[kind] for kind in kinds if kind in _BLEED_LINES]
    lines += [_TARGET_LINES[kind] for kind in targets]
    return [*lines, "In 16-bit samples the layers of a microphone add up to it, exactly."]


_BLEED_LINES = {
    "linear": "Bleed is **linear**: every microphone hears every source at once, at a gain; one "
    "matrix per song.",
    "convolutive": "Bleed is **convolutive**: every song has a simulated room, in which sound "
    "takes up to 15 ms from a source to a microphone, and a different time to each.",
    "measured": "Bleed is **measured**: grooves of single hits of a drum kit, each recorded by all "
    "microphones at once.",
    "room": "Bleed is that of one simulated **room** of given size and reverberation; its "
    "responses are the same in every split, and who stands where is drawn per song.",
}
_TARGET_LINES = {
    "image": "Targets are **images**: each source as its own microphone alone hears it.",
    "dry": "Targets are **dry**: each source as it was recorded, not as its microphone hears it.",
    "direct": "Targets are **direct**: each source as it comes straight to its own microphone, "
    "in time with it and without the room.",
}

_CARD_TEXT = CardText(
    name="Sessions of several microphones with bleed",
    recipe="""\
Every input is a microphone close to one source, and hears the others too. A layer of the role `own`
is its source, layers of the role `bleed` are the others; their gains, delays and responses say how
each source comes to each microphone. Responses have 16 bits and stand in `responses.parquet` beside
the recipes, with the room that they were computed of. The column `target_kind` says what is to be
returned: `image` (the source as its own microphone hears it), `dry` (as it was recorded) or
`direct` (as it comes straight to the microphone); scores of different kinds are not to be compared.
The achieved ratio of a layer is that of the own source to the bleed in its input.

Of songs and clips every source sounds in every mixture: at least 2 s, or a fifth of a shorter
mixture, in pieces of 0.1 s at −40 dBFS RMS or more.""",
    example="{bleed} bleed, {target_kind} targets",
    tags=("bleed", "music-source-separation", "multi-track"),
)


SPEC = TaskSpec(
    name="debleed",
    title="Sessions of several microphones that hear each other's sources",
    description="Return every source as its own microphone alone hears it.",
    activity="bleed removal",
    command="debleed",
    actor="debleeder",
    roles=(
        LayerRole("own", "stem", "sources", also=("clean",), beyond="silence"),
        LayerRole("bleed", "stem", "sources that bleed", also=("clean",), beyond="silence"),
        LayerRole("truth", "stem", "sources to return", also=("clean",)),
    ),
    facets=(Facet("bleed", "kind of bleed", "kinds of bleed"),),
    clusters=(
        Axis("song", "songs", "song_id"),
        Axis("song", "songs", ""),
    ),
    draw=draw,
    tables=_tables,
    expectations=_expectations,
    input_axis=True,
    about=_promises,
    target_order=order,
    baseline="the microphone as it came in",
    columns=(
        label_column("bleed", pa.string()),
        Column("target_kind", pa.string(), target_kind),
        Column("song_id", pa.string(), _first_id),
    ),
    side=_side,
    card_text=_CARD_TEXT,
    metrics=("sdr_v4", "sdr_v4_mean", "si_sdr", "sdr", "sir", "sar", "bleed_matrix_error"),
)
