"""Look at a session before anything is done to it: its tracks, their levels, and their bleed."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mn_dataset.audio.excerpt import Excerpt, source_bleed
from mn_dataset.audio.tracks import (
    Track,
    microphones,
    read_microphones,
    read_track,
    session_files,
    track_numbers,
)
from mn_dataset.check.finding import Finding
from mn_dataset.check.tracks import track_findings
from mn_dataset.errors import AudioError

WORST_PAIRS = 5
"""How many pairs of microphone and source are named."""


@dataclass(frozen=True)
class MicrophoneLevel:
    """What was measured of a microphone.

    Attributes:
        microphone: Its name.
        peak_dbfs: Largest magnitude of a sample; None for digital silence.
        rms_dbfs: Root mean square of all samples, 0 for a square wave at full scale; likewise.
    """

    microphone: str
    peak_dbfs: float | None
    rms_dbfs: float | None


@dataclass(frozen=True)
class SessionCheck:
    """What was found of a session.

    Attributes:
        tracks: Those that could be read.
        findings: Everything that is wrong or odd, errors first.
        levels: Of every microphone.
        bleed_db: Level of every source in every microphone, over that in the source's own, in dB,
            shape (microphones, tracks); 0 in its own microphones, NaN of a source that is silent.
            None where tracks are too few, or differ in their rates.
    """

    tracks: tuple[Track, ...]
    findings: tuple[Finding, ...]
    levels: tuple[MicrophoneLevel, ...]
    bleed_db: NDArray[np.float64] | None

    def _own(self) -> list[int]:
        return track_numbers(self.tracks)

    @property
    def errors(self) -> int:
        """How many findings are errors."""
        return sum(finding.severity == "error" for finding in self.findings)

    def pairs(self) -> list[tuple[str, str, float]]:
        """Return microphone, foreign source and level in dB, the strongest bleed first."""
        if self.bleed_db is None:
            return []
        own = self._own()
        every = [
            (name, track.name, float(level))
            for mic, (name, row) in enumerate(
                zip(microphones(self.tracks), self.bleed_db, strict=True)
            )
            for source, (track, level) in enumerate(zip(self.tracks, row, strict=True))
            if source != own[mic] and not math.isnan(level)
        ]
        return sorted(every, key=lambda pair: -pair[2])

    def lines(self) -> list[str]:
        """Return what a person reads: findings, levels, the matrix, its worst pairs."""
        lines = [str(finding) for finding in self.findings]
        names = microphones(self.tracks)
        width = max(map(len, names), default=0)
        if self.levels:
            lines.append(f"{'':3} {'microphone':{width}} {'peak':>7} {'RMS':>7}  dBFS")
        for number, level in enumerate(self.levels, start=1):
            cells = f"{_cell(level.peak_dbfs)} {_cell(level.rms_dbfs)}"
            lines.append(f"{number:3} {level.microphone:{width}} {cells}")
        if self.bleed_db is not None:
            lines += ["bleed in dB: level of each source in each microphone, over that in its own"]
            sources = range(1, len(self.tracks) + 1)
            lines.append(f"{'':{width}} " + " ".join(f"{source:>7}" for source in sources))
            for name, own, row in zip(names, self._own(), self.bleed_db, strict=True):
                cells = " ".join(
                    f"{'own':>7}" if source == own else _cell(level)
                    for source, level in enumerate(row)
                )
                lines.append(f"{name:{width}} {cells}")
            lines.append(
                f"sources: {', '.join(f'{n} {t.name}' for n, t in enumerate(self.tracks, 1))}"
            )
        lines += [
            f"{mic} hears {source} at {level:.1f} dB"
            for mic, source, level in self.pairs()[:WORST_PAIRS]
        ]
        return [*lines, f"{self.errors} errors, {len(self.findings) - self.errors} warnings"]

    def as_dict(self) -> dict[str, Any]:
        """Return plain values, for JSON; levels that are not known are None."""
        matrix = [] if self.bleed_db is None else self.bleed_db.tolist()
        return {
            "errors": self.errors,
            "warnings": len(self.findings) - self.errors,
            "findings": [vars(finding) for finding in self.findings],
            "tracks": [vars(track) | {"path": str(track.path)} for track in self.tracks],
            "levels": [vars(level) for level in self.levels],
            "microphones": microphones(self.tracks),
            "sources": [track.name for track in self.tracks],
            "bleed_db": [[None if math.isnan(x) else x for x in row] for row in matrix],
            "worst": [
                {"microphone": mic, "source": source, "level_db": level}
                for mic, source, level in self.pairs()[:WORST_PAIRS]
            ],
        }


def check_session(
    paths: Sequence[Path], *, progress: Callable[[int, int], None] | None = None
) -> SessionCheck:
    """Look at the tracks of a session, one file per microphone or stereo pair.

    Bleed is estimated from an excerpt of a long session.

    Args:
        paths: Files, and folders, of which the recordings directly in them count.
        progress: Called with the seconds that are read, and all of them.

    Raises:
        InputError: if there is no such file or folder, or a folder without recordings.
    """
    findings: list[Finding] = []
    tracks: list[Track] = []
    for path in session_files(paths):
        try:
            tracks.append(read_track(path))
        except AudioError as error:
            text, _, cure = str(error).removeprefix(f"{path}: ").rpartition("; ")
            findings.append(Finding("error", "unreadable", str(path), None, None, text, cure))
    if not tracks:
        return SessionCheck((), tuple(findings), (), None)
    odd = track_findings(tracks)
    findings += odd
    if any(finding.kind == "rate" for finding in odd):
        return SessionCheck(tuple(tracks), tuple(findings), (), None)
    return _measured(tracks, findings, progress)


def _measured(
    tracks: Sequence[Track], findings: list[Finding], progress: Callable[[int, int], None] | None
) -> SessionCheck:
    names = microphones(tracks)
    rate = tracks[0].sampling_rate
    num_samples = max(track.num_samples for track in tracks)
    excerpt = Excerpt(len(names), num_samples, rate)
    peak, energy = np.zeros(len(names)), np.zeros(len(names))
    done = 0
    for block in read_microphones(tracks):
        excerpt.add(block)
        np.maximum(peak, np.abs(block).max(axis=-1), out=peak)
        energy += np.einsum("kt,kt->k", block, block, dtype=np.float64)
        done += block.shape[-1]
        if progress:
            progress(done // rate, -(-num_samples // rate))
    own = track_numbers(tracks)
    rms = np.sqrt(energy / [tracks[source].num_samples for source in own])
    levels = tuple(map(MicrophoneLevel, names, map(_dbfs, peak), map(_dbfs, rms)))
    for name, top, source in zip(names, peak, own, strict=True):
        if not top:
            path = str(tracks[source].path)
            text = f"the microphone {name} is silent"
            cure = "leave it out unless that is what was recorded"
            findings.append(Finding("warning", "silent", path, None, None, text, cure))
    bleed_db = source_bleed(excerpt.samples, rate, own) if len(tracks) > 1 else None
    return SessionCheck(tuple(tracks), tuple(findings), levels, bleed_db)


def _dbfs(amplitude: float) -> float | None:
    return 20 * math.log10(amplitude) if amplitude else None


def _cell(level: float | None) -> str:
    return f"{'–':>7}" if level is None or math.isnan(level) else f"{level:7.1f}"
