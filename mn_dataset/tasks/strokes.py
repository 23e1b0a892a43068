"""Write what a drummer plays: the strokes of a groove, drawn from a stream of random numbers.

Bars of four beats in sixteenths. The kick plays one of a few figures, the snare beats two and four
with ghost notes between, a hi-hat or ride eighths, quarters or sixteenths with accents, an open
hi-hat before the bar's end. Every second or fourth bar ends in a fill down the toms, and a crash
follows it. No stroke stands where the grid has it: each is up to ``TIMING_S`` early or late.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from mn_dataset.records import SAMPLING_RATE
from mn_dataset.seeds import Stream

TEMPI_BPM = (80, 150)
TIMING_S = 0.005

_STEPS = 16
_KICKS = ((0, 8), (0, 8, 10), (0, 6, 8), (0, 7, 10), (0, 3, 8, 11), (0, 4, 8, 12))
_BACKBEAT = (4, 12)
_EVERY = (2, 2, 2, 4, 1)
_LOUD, _SOFT, _GHOST = (0.75, 1.0), (0.45, 0.7), (0.12, 0.3)

Drums = Mapping[str, Sequence[str]]
"""The drums that play each part."""


@dataclass(frozen=True, order=True)
class Stroke:
    """One stroke.

    Attributes:
        onset: The sample at which its recording begins.
        drum: What is hit.
        velocity: Linear gain of the recording, up to one.
    """

    onset: int
    drum: str
    velocity: float


@dataclass(frozen=True)
class Groove:
    """What is played, and how quickly.

    Attributes:
        tempo_bpm: Beats per minute.
        strokes: In the order of their onsets.
    """

    tempo_bpm: int
    strokes: tuple[Stroke, ...]


def groove(
    drums: Drums, needed: Sequence[Collection[str]], num_samples: int, stream: Stream
) -> Groove:
    """Draw a groove.

    Args:
        drums: The drums that play each part, by the names of ``kits.PARTS``.
        needed: Sets of drums of each of which one has to sound in the first three quarters.
        num_samples: Length in samples.
        stream: Of every choice.
    """
    low, high = TEMPI_BPM
    tempo_bpm = low + stream.integer(high - low + 1)
    step = SAMPLING_RATE * 60 / tempo_bpm / 4
    steps = range(-int(-num_samples // step))
    score = _Score(drums, stream)
    for number in steps:
        score.write(number)
    early = range(max(1, len(steps) * 3 // 4))
    for one_of in needed:
        if not any((drum, number) in score.velocities for drum in one_of for number in early):
            score.velocities[sorted(one_of)[0], stream.integer(len(early))] = _drawn(_LOUD, stream)
    late = round(TIMING_S * SAMPLING_RATE)
    strokes = []
    for (drum, number), velocity in sorted(score.velocities.items()):
        onset = round(number * step) + stream.integer(2 * late + 1) - late
        strokes.append(Stroke(min(max(onset, 0), num_samples - 1), drum, velocity))
    return Groove(tempo_bpm, tuple(sorted(strokes)))


class _Score:
    """The velocities of strokes on the grid, by drum and step."""

    def __init__(self, drums: Drums, stream: Stream) -> None:
        self.velocities: dict[tuple[str, int], float] = {}
        self._drums, self._stream = drums, stream
        self._kick = stream.choice(_KICKS)
        self._every = stream.choice(_EVERY)
        self._phrase, self._fill = stream.choice((2, 4)), stream.choice((4, 8))
        self._ghosts, self._opened = stream.uniform(0.0, 0.3), stream.uniform(0.2, 0.8)
        rides = drums["ride"] and stream.integer(3) == 0
        self._timekeeper = "ride" if rides else "hi-hat"

    def write(self, number: int) -> None:
        """Write what sounds on a step."""
        bar, place = divmod(number, _STEPS)
        filling = bar % self._phrase == self._phrase - 1 and place >= _STEPS - self._fill
        if place in self._kick:
            self._play("kick", number, _LOUD)
        if place == 0 and bar % self._phrase == 0 and (bar or self._chance(0.5)):
            self._play("crash", number, _LOUD)
        if filling and self._drums["tom"]:
            self._roll(number, place)
            return
        if place in _BACKBEAT:
            self._play("snare", number, _LOUD)
        elif place % 2 and self._chance(self._ghosts):
            self._play("snare", number, _GHOST)
        if place == _STEPS - 2 and self._drums["open hi-hat"] and self._chance(self._opened):
            self._play("open hi-hat", number, _LOUD)
        elif place % self._every == 0:
            self._play(self._timekeeper, number, _SOFT if place % 4 else _LOUD)

    def _roll(self, number: int, place: int) -> None:
        """Write a step of a fill, from the first tom to the last."""
        if place % 2 and self._chance(0.5):
            return
        toms = self._drums["tom"]
        turn = (place - (_STEPS - self._fill)) * len(toms) // self._fill
        self.velocities[toms[turn], number] = _drawn(_LOUD, self._stream)

    def _play(self, part: str, number: int, velocities: tuple[float, float]) -> None:
        if self._drums[part]:
            drum = self._stream.choice(self._drums[part])
            self.velocities[drum, number] = _drawn(velocities, self._stream)

    def _chance(self, share: float) -> bool:
        return self._stream.uniform() < share


def _drawn(velocities: tuple[float, float], stream: Stream) -> float:
    return round(stream.uniform(*velocities), 2)
