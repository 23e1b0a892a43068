"""Say by which paths microphones hear sources, and turn them into layers.

A path is a gain, a delay and a response; what a microphone hears is the sum over all sources of
what comes by their paths. Of linear bleed every path is a gain: one matrix per song, its diagonal
drawn from ``OWN_GAIN`` and the rest from ``BLEED_GAIN``, on a grid of 0.01, or one of equal bleed.
"""

from __future__ import annotations

from dataclasses import dataclass

from mn_dataset import seeds
from mn_dataset.audio.level import round_gain
from mn_dataset.audio.response import Response
from mn_dataset.records import Layer, Recipe
from mn_dataset.tasks.sessions import Session

TARGETS = ("image", "dry", "direct")
"""What is to be returned of a source."""

OWN_GAIN = (0.6, 1.0)
BLEED_GAIN = (0.05, 0.31)


@dataclass(frozen=True)
class Path:
    """How a source comes to a microphone.

    Attributes:
        gain: Linear.
        delay: Whole samples, before the response begins.
        response: What it sounds through; None leaves it as it is.
    """

    gain: float = 1.0
    delay: int = 0
    response: Response | None = None


@dataclass(frozen=True)
class Paths:
    """How the sources of a session come to its microphones.

    Attributes:
        heard: Per microphone, the path from every source; the own one has the same number.
        direct: Per microphone, the part of its own path that meets no wall.
    """

    heard: tuple[tuple[Path, ...], ...]
    direct: tuple[Path, ...]

    @property
    def responses(self) -> list[Response]:
        """All that are named by a path."""
        paths = [path for row in (*self.heard, self.direct) for path in row]
        return [path.response for path in paths if path.response is not None]


def microphone(source: str) -> str:
    """Return the name of the input that is close to a source.

    >>> microphone("drums")
    'drums_mic'
    """
    return f"{source}_mic"


def matrix_of(
    name: str, stems: int, *, seed: int, bleed_db: float | None = None
) -> list[list[float]]:
    """Return the gains of a song: a row per microphone, a column per source.

    Args:
        name: Of the song.
        stems: How many sources and microphones there are.
        seed: Of every gain.
        bleed_db: Level of every source in all other microphones, where its own hears it at gain
            one; None draws all gains.

    >>> matrix_of("song", 2, seed=0, bleed_db=-20)
    [[1.0, 0.1], [0.1, 1.0]]
    """
    if bleed_db is not None:
        equal = 10.0 ** (bleed_db / 20.0)
        return [
            [1.0 if source == mic else equal for source in range(stems)] for mic in range(stems)
        ]
    stream = seeds.generator(seed, "bleed matrix", name)
    return [
        [
            round(stream.uniform(*(OWN_GAIN if source == mic else BLEED_GAIN)), 2)
            for source in range(stems)
        ]
        for mic in range(stems)
    ]


def linear(session: Session, *, seed: int, bleed_db: float | None) -> Paths:
    """Return the paths of instantaneous mixing."""
    matrix = matrix_of(session.song, len(session.names), seed=seed, bleed_db=bleed_db)
    heard = tuple(tuple(Path(round_gain(gain)) for gain in row) for row in matrix)
    return Paths(heard, tuple(row[mic] for mic, row in enumerate(heard)))


def layers_of(session: Session, paths: Paths, target: str) -> list[Layer]:
    """Return the layers of a session: of every microphone its own source first.

    Args:
        session: What sounds.
        paths: How it comes to the microphones.
        target: One of ``TARGETS``. Of "image" the own layers are part of the target; of the others
            it has layers of its own, which sound in no microphone.
    """
    layers = []
    for mic, (own, row) in enumerate(zip(session.names, paths.heard, strict=True)):
        for number in sorted(range(len(row)), key=lambda source: source != mic):
            layers += _layers(
                session,
                number,
                row[number],
                role="own" if number == mic else "bleed",
                input_name=microphone(own),
                target=own if number == mic and target == "image" else None,
            )
    if target != "image":
        for mic, own in enumerate(session.names):
            path = Path() if target == "dry" else paths.direct[mic]
            layers += _layers(session, mic, path, role="truth", input_name=None, target=own)
    return layers


def _layers(
    session: Session,
    source: int,
    path: Path,
    *,
    role: str,
    input_name: str | None,
    target: str | None,
) -> list[Layer]:
    return [
        Layer(
            role,
            segment.name,
            segment.start,
            gain=path.gain,
            response=path.response.name if path.response else None,
            delay=path.delay,
            input=input_name,
            target=target,
        )
        for segment in session.sources[source]
    ]


def target_kind(recipe: Recipe) -> str:
    """Return what is to be returned, one of ``TARGETS``, as the layers have it.

    Where the direct path is the source as it was recorded, "dry" and "direct" are the same sound,
    and it is called dry.
    """
    truth = [layer for layer in recipe.layers if layer.role == "truth"]
    if not truth:
        return "image"
    dry = all(one.gain == 1.0 and one.response is None and not one.delay for one in truth)
    return "dry" if dry else "direct"
