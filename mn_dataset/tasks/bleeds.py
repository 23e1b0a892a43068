"""Name the ways in which microphones come to hear other sources, and draw mixtures by them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial

from mn_dataset.audio.corpus import Corpus
from mn_dataset.tasks import grooves, rooms
from mn_dataset.tasks.paths import Paths, layers_of, linear
from mn_dataset.tasks.sessions import Heard, Session, pool_of


@dataclass(frozen=True, kw_only=True)
class Asked:
    """The arguments of `mn_dataset.tasks.debleed.draw`, by their names."""

    seed: int
    stems: int
    target: str
    count: int | None
    seconds: float | None
    sources: str | None
    bleed_db: float | None
    room_m: tuple[float, float, float] | None
    rt60_s: float | None


def _simulated(
    paths_of: Callable[[Session, Asked], Paths], corpus: Corpus, split: str, asked: Asked
) -> Iterator[Heard]:
    """Yield the mixtures of a split in which sources come to microphones by simulated paths.

    The paths of a song are drawn once.
    """
    pool = pool_of(
        corpus,
        split,
        sources=asked.sources,
        seed=asked.seed,
        stems=asked.stems,
        seconds=asked.seconds,
    )
    drawn: dict[str, Paths] = {}
    for number in range(asked.count or pool.usual_count):
        session = pool.session(f"{split}/{number:06d}")
        paths = drawn.get(session.song) or paths_of(session, asked)
        drawn[session.song] = paths
        yield Heard(session, layers_of(session, paths, asked.target), paths.responses)


def _linear(session: Session, asked: Asked) -> Paths:
    return linear(session, seed=asked.seed, bleed_db=asked.bleed_db)


def _convolutive(session: Session, asked: Asked) -> Paths:
    return rooms.convolutive(session, seed=asked.seed)


def _room(session: Session, asked: Asked) -> Paths:
    return rooms.given_room(
        session,
        seed=asked.seed,
        room_m=asked.room_m or rooms.LARGE_ROOM_M,
        rt60_s=asked.rt60_s or rooms.LARGE_RT60_S,
    )


def _measured(corpus: Corpus, split: str, asked: Asked) -> Iterable[Heard]:
    return grooves.draw(
        corpus,
        split=split,
        stems=asked.stems,
        target=asked.target,
        count=asked.count,
        seconds=asked.seconds,
        seed=asked.seed,
    )


BLEEDS: Mapping[str, Callable[[Corpus, str, Asked], Iterable[Heard]]] = {
    "linear": partial(_simulated, _linear),
    "convolutive": partial(_simulated, _convolutive),
    "room": partial(_simulated, _room),
    "measured": _measured,
}
"""How microphones come to hear other sources: what yields the mixtures of a split."""

HAVE: Mapping[str, tuple[str, ...]] = {
    "sources": ("linear", "convolutive", "room"),
    "bleed_db": ("linear",),
    "room_m": ("room",),
    "rt60_s": ("room",),
}
"""Arguments that not every kind has, and which do."""
