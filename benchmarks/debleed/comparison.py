"""Compare the microphones of a session before and after bleed is removed; nobody knows the truth.

Everything is measured on files, as they were recorded and as they were written.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.recordings.clock import Progress
from benchmarks.signal.coherence import Coherence
from benchmarks.signal.own_silence import FramePower, level_dbfs, own_silent
from mn_dataset.audio.excerpt import Excerpt, loudest_microphones, mean_power, source_bleed
from mn_dataset.audio.tracks import Track, microphones, read_microphones, track_numbers

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Measures:
    """What was measured of the microphones of a session at one time.

    Attributes:
        source_bleed_db: Estimated level of every source in every microphone, over that in the
            source's own, in dB, shape (microphones, sources); NaN of a silent source.
        bleed_db: Of each microphone, the estimated power of all other sources in it, of all that it
            holds, in dB; NaN if it is silent.
        others_dbfs: RMS level of each microphone while its own source is silent and another sounds,
            in dBFS; NaN if that is less than a second. The frames are those of before.
        coherence: The part of each microphone's power that a fixed filter of each other explains,
            shape (microphones, microphones), from 0 to 1; NaN of one that is silent.
    """

    source_bleed_db: Floats
    bleed_db: Floats
    others_dbfs: Floats
    coherence: Floats


@dataclass(frozen=True)
class Comparison:
    """What was measured of a session before and after.

    Attributes:
        names: Of the microphones.
        sources: The name of each source: that of its loudest microphone.
        voices: The number of each microphone's source.
        before: Of the tracks.
        after: Of the outputs.
    """

    names: tuple[str, ...]
    sources: tuple[str, ...]
    voices: tuple[int, ...]
    before: Measures
    after: Measures

    def strongest(self, microphone: int) -> tuple[int, float, float]:
        """Return which microphone of another source is most coherent with one, before and after.

        Returns:
            Its number before, and the greatest coherence before and after; NaN where that is not
            known.
        """
        others = [n for n, voice in enumerate(self.voices) if voice != self.voices[microphone]]
        before, after = (
            np.nan_to_num(one.coherence[microphone, others], nan=-1.0)
            for one in (self.before, self.after)
        )
        greatest = [float(row.max()) if row.max() >= 0 else math.nan for row in (before, after)]
        return others[int(before.argmax())], greatest[0], greatest[1]

    def lines(self) -> list[str]:
        """Return a table for a person: a line per microphone."""
        width = max(map(len, self.names))
        head = (
            f"{'microphone':{width}} {'bleed in dB':>17} {'others in dBFS':>17} {'coherence':>15}"
        )
        return [head, *(self._line(number, width) for number in range(len(self.names)))]

    def _line(self, number: int, width: int) -> str:
        nearest, before, after = self.strongest(number)
        cells = [
            _change(self.before.bleed_db[number], self.after.bleed_db[number], ".1f"),
            _change(self.before.others_dbfs[number], self.after.others_dbfs[number], ".1f"),
            _change(before, after, ".2f"),
        ]
        partner = "" if math.isnan(before) else f"  with {self.names[nearest]}"
        return f"{self.names[number]:{width}} {cells[0]:>17} {cells[1]:>17} {cells[2]:>15}{partner}"

    def as_dict(self) -> dict[str, Any]:
        """Return plain values, for JSON; what is not known is None."""
        rows = []
        for number, name in enumerate(self.names):
            nearest, before, after = self.strongest(number)
            rows.append(
                {
                    "microphone": name,
                    "source": self.sources[self.voices[number]],
                    "bleed_before_db": _plain(self.before.bleed_db[number]),
                    "bleed_after_db": _plain(self.after.bleed_db[number]),
                    "others_before_dbfs": _plain(self.before.others_dbfs[number]),
                    "others_after_dbfs": _plain(self.after.others_dbfs[number]),
                    "coherence_before": _plain(before),
                    "coherence_after": _plain(after),
                    "most_coherent_with": None if math.isnan(before) else self.names[nearest],
                }
            )
        return {
            "microphones": rows,
            "sources": list(self.sources),
            "source_bleed_before_db": _plain(self.before.source_bleed_db),
            "source_bleed_after_db": _plain(self.after.source_bleed_db),
        }


def compare(
    tracks: Sequence[Track],
    outputs: Sequence[Track],
    voices: Sequence[int],
    *,
    progress: Progress | None = None,
) -> Comparison:
    """Measure a session before and after, in bounded memory.

    Args:
        tracks: As it was recorded.
        outputs: As it was written, in the same order.
        voices: The number of each microphone's source.
        progress: Called with the seconds that are read, and all of them, once through each.

    Raises:
        AudioError: if a file is damaged.
    """
    before = _listen(tracks, voices, progress)
    after = _listen(outputs, voices, progress)
    loudest = loudest_microphones(before.power, voices)
    silent = own_silent(before.frame_power, before.source_bleed_db, voices, loudest)
    names = microphones(tracks)
    owners = [tracks[number].name for number in track_numbers(tracks)]
    return Comparison(
        names=tuple(names),
        sources=tuple(owners[mic] for mic in loudest),
        voices=tuple(voices),
        before=_measures(before, silent, voices),
        after=_measures(after, silent, voices),
    )


@dataclass(frozen=True)
class _Heard:
    source_bleed_db: Floats
    power: Floats  # of the excerpt
    frame_power: Floats
    coherence: Floats


def _listen(tracks: Sequence[Track], voices: Sequence[int], progress: Progress | None) -> _Heard:
    count, rate = len(voices), tracks[0].sampling_rate
    num_samples = max(track.num_samples for track in tracks)
    excerpt = Excerpt(count, num_samples, rate)
    coherence, frames = Coherence(count, rate), FramePower(count, rate)
    done = 0
    for block in read_microphones(tracks):
        excerpt.add(block)
        coherence.add(block)
        frames.add(block)
        done += block.shape[-1]
        if progress:
            progress(done // rate, -(-num_samples // rate))
    return _Heard(
        source_bleed(excerpt.samples, rate, voices),
        mean_power(excerpt.samples),
        frames.power(),
        coherence.explained(),
    )


def _measures(heard: _Heard, silent: NDArray[np.bool_], voices: Sequence[int]) -> Measures:
    return Measures(
        source_bleed_db=heard.source_bleed_db,
        bleed_db=_bleed_db(heard.source_bleed_db, heard.power, voices),
        others_dbfs=level_dbfs(heard.frame_power, silent),
        coherence=heard.coherence,
    )


def _bleed_db(source_bleed_db: Floats, power: Floats, voices: Sequence[int]) -> Floats:
    """Return the power of all other sources in each microphone, of all that it holds, in dB."""
    sources = power[loudest_microphones(power, voices)]
    gains = np.nan_to_num(10 ** (source_bleed_db / 10))
    gains[np.arange(len(voices)), voices] = 0
    foreign = np.divide(gains @ sources, power, out=np.full(len(power), np.nan), where=power > 0)
    level: Floats = 10 * np.log10(foreign, where=foreign > 0, out=np.full(len(power), np.nan))
    return level


def _change(before: float, after: float, form: str) -> str:
    return f"{_text(before, form)} → {_text(after, form)}"


def _text(value: float, form: str) -> str:
    return "–" if math.isnan(value) else format(value, form)


def _plain(value: Any) -> Any:
    """Return numbers and arrays as JSON has them: NaN is None.

    >>> _plain(np.array([1.0, np.nan]))
    [1.0, None]
    """
    if isinstance(value, list | np.ndarray):
        return [_plain(item) for item in value]
    return None if math.isnan(value) else float(value)
