"""Decide what is written for each recording, and under which names, before any work begins."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from benchmarks.harness.recordings.find import Found
from mn_dataset.audio import io
from mn_dataset.audio.sink import Form, kept, wav
from mn_dataset.errors import InputError

_LOSSLESS = {
    "PCM_24": "PCM_24",
    "ALAC_20": "PCM_24",
    "ALAC_24": "PCM_24",
    "ALAC_32": "FLOAT",
    "FLOAT": "FLOAT",
}
"""What holds more than 16 bits of foreign containers, by their encodings."""


@dataclass(frozen=True)
class Wish:
    """What is wanted beside the estimates.

    Attributes:
        residual: A file of what was removed.
        spectrogram: A picture of before and after.
    """

    residual: bool = False
    spectrogram: bool = False


@dataclass(frozen=True)
class Job:
    """One recording and its outputs.

    Attributes:
        path: The recording.
        sampling_rate: In Hz.
        channels: How many.
        duration_s: None where only its end will tell.
        form: How estimate and residual are written.
        own_form: Whether the recording has that form too.
        estimate: Path below the folder of outputs.
        residual: The same, or None.
        spectrogram: The same, or None.
    """

    path: Path
    sampling_rate: int
    channels: int
    duration_s: float | None
    form: Form
    own_form: bool
    estimate: PurePosixPath
    residual: PurePosixPath | None
    spectrogram: PurePosixPath | None

    @property
    def outputs(self) -> list[PurePosixPath]:
        """Every file that is written."""
        parts = (self.estimate, self.residual, self.spectrogram)
        return [part for part in parts if part is not None]


def planned(found: Found, wish: Wish, *, whole_name: bool = False) -> Job:
    """Read a recording's header and choose the form of its outputs.

    Lossless WAV, AIFF, AU, CAF, W64 and FLAC keep container and width. All else becomes WAV: of
    16 bits, or of 24, or of floating point where that many were coded without loss.

    Args:
        found: The recording.
        wish: What is wanted beside the estimate.
        whole_name: Keep the recording's suffix in the names of what is made of it.

    Raises:
        AudioError: if it cannot be read.
    """
    with io.stream(found.path) as audio:
        pass
    form = kept(audio.format, audio.subtype)
    own_form = form is not None
    name = found.name
    stem = name.name if whole_name else name.stem
    if form is None:
        seconds = audio.duration_s
        frames = None if seconds is None else round(seconds * audio.sampling_rate)
        encoding = _LOSSLESS.get(audio.subtype, "PCM_16")
        form = wav(encoding, frames=frames, channels=audio.channels)
        name = name.with_name(f"{stem}.wav")
    return Job(
        path=found.path,
        sampling_rate=audio.sampling_rate,
        channels=audio.channels,
        duration_s=audio.duration_s,
        form=form,
        own_form=own_form,
        estimate=name,
        residual=name.with_name(f"{stem}.residual{name.suffix}") if wish.residual else None,
        spectrogram=name.with_name(f"{stem}.spectrogram.png") if wish.spectrogram else None,
    )


def clashing(jobs: Sequence[Job]) -> set[Path]:
    """Return the recordings whose outputs have a name in common with another's."""
    counts = Counter(name for job in jobs for name in job.outputs)
    return {job.path for job in jobs if any(counts[name] > 1 for name in job.outputs)}


def check_names(jobs: Sequence[Job], out: Path) -> None:
    """Refuse outputs that would take each other's place, or a recording's.

    Raises:
        InputError: naming both files.
    """
    recordings = {_identity(job.path): job.path for job in jobs}
    takers: dict[PurePosixPath, Path] = {}
    for job in jobs:
        for name in job.outputs:
            other = takers.setdefault(name, job.path)
            if other != job.path or job.outputs.count(name) > 1:
                raise InputError(
                    f"{other} and {job.path} would both become {out / name}; rename one, or give "
                    "each its own --out"
                )
            if (out / name).exists() and _identity(out / name) in recordings:
                original = recordings[_identity(out / name)]
                raise InputError(
                    f"{out / name} would take the place of the recording {original}; choose "
                    "another --out"
                )


def _identity(path: Path) -> tuple[int, int]:
    state = os.stat(path)
    return state.st_dev, state.st_ino
