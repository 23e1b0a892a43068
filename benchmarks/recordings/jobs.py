"""Find the recordings of files and folders, and plan the outputs of each before any work begins."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from benchmarks.recordings.journal import journal_names
from mn_dataset.audio import io
from mn_dataset.audio.scan import oddity, walk
from mn_dataset.audio.writer import Form, lossless_form, wav_form
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
class Candidate:
    """A file that may be a recording, or what is there instead.

    Attributes:
        path: The file.
        name: Its path below the folder that was named, or its own name.
        reason: Why it can be no recording; "" if it may be one.
    """

    path: Path
    name: PurePosixPath
    reason: str = ""


def find_candidates(inputs: Sequence[Path], *, out: Path) -> list[Candidate]:
    """Return the files in order, each once; of a folder those in its sub-folders too.

    Args:
        inputs: Files and folders. In folders, hidden files, and files that neither by name nor
            by their first bytes are audio or video, are passed over.
        out: A folder inside one of them whose files are estimates, not recordings; as are those
            in other folders inside them that outputs were written to.
    """
    candidates = [
        candidate
        for path in inputs
        for candidate in (_in_folder(path, out) if os.path.isdir(path) else [_of_file(path)])
    ]
    return list({(_real(one.path), one.name): one for one in candidates}.values())


def _of_file(path: Path) -> Candidate:
    reason = oddity(path) if os.path.lexists(path) else "no such file or folder"
    return Candidate(path, PurePosixPath(path.name), reason or "")


def _in_folder(folder: Path, out: Path) -> Iterator[Candidate]:
    tree = walk(folder)
    real_out, journals = _real(out), journal_names()
    inside = real_out.is_relative_to(_real(folder)) and real_out != _real(folder)
    for name in tree.recordings:
        path = folder / name
        ours = inside and _real(path).is_relative_to(real_out)
        if not ours and not _is_output(folder, name, journals):
            yield Candidate(path, PurePosixPath(name), oddity(path) or "")
    for rejection in tree.rejected:
        yield Candidate(folder / rejection.file, PurePosixPath(rejection.file), rejection.reason)
    if not tree.recordings and not tree.rejected:
        reason = "a folder without recordings; expected audio or video files in it or below"
        yield Candidate(folder, PurePosixPath(folder.name), reason)


def _is_output(folder: Path, name: str, journals: Sequence[str]) -> bool:
    """Tell whether a file is in a folder of outputs below the one that was named."""
    below = list(PurePosixPath(name).parents)[:-1]
    return any((folder / parent / one).exists() for parent in below for one in journals)


def _real(path: Path) -> Path:
    return Path(os.path.realpath(path))  # unlike resolve(), it lives with loops of links


Names = Mapping[str, str]
"""How outputs are called, by what they hold, with ``{name}``, or ``{stem}`` and ``{suffix}``."""


@dataclass(frozen=True)
class Job:
    """One recording and its outputs.

    Attributes:
        path: The recording.
        sampling_rate: In Hz.
        channels: How many.
        duration_s: None where only its end will tell.
        form: How samples are written.
        own_form: Whether the recording has that form too.
        out: The folder of outputs.
        outputs: Paths below it by what they hold; the first stands for the recording.
    """

    path: Path
    sampling_rate: int
    channels: int
    duration_s: float | None
    form: Form
    own_form: bool
    out: Path
    outputs: Mapping[str, PurePosixPath]

    @property
    def paths(self) -> list[PurePosixPath]:
        """Every file that is written."""
        return list(self.outputs.values())


def plan_job(candidate: Candidate, names: Names, *, out: Path, whole_name: bool = False) -> Job:
    """Read a recording's header and choose the form of its outputs.

    Lossless WAV, AIFF, AU, CAF, W64 and FLAC keep container and width. All else becomes WAV: of
    16 bits, or of 24, or of floating point where that many were coded without loss.

    Args:
        candidate: The recording.
        names: What is written.
        out: The folder of outputs.
        whole_name: Keep the recording's suffix in the names of its outputs.

    Raises:
        AudioError: if it cannot be read.
    """
    with io.stream(candidate.path) as audio:
        pass
    form = lossless_form(audio.format, audio.subtype)
    own_form = form is not None
    name = candidate.name
    stem = name.name if whole_name else name.stem
    if form is None:
        seconds = audio.duration_s
        frames = None if seconds is None else round(seconds * audio.sampling_rate)
        encoding = _LOSSLESS.get(audio.subtype, "PCM_16")
        form = wav_form(encoding, frames=frames, channels=audio.channels)
        name = name.with_name(f"{stem}.wav")
    return Job(
        path=candidate.path,
        sampling_rate=audio.sampling_rate,
        channels=audio.channels,
        duration_s=audio.duration_s,
        form=form,
        own_form=own_form,
        out=out,
        outputs={
            part: name.with_name(output.format(name=name.name, stem=stem, suffix=name.suffix))
            for part, output in names.items()
        },
    )


def clashing_recordings(jobs: Sequence[Job]) -> set[Path]:
    """Return the recordings whose outputs have a name in common with another's."""
    counts = Counter(name for job in jobs for name in job.paths)
    return {job.path for job in jobs if any(counts[name] > 1 for name in job.paths)}


def check_names(jobs: Sequence[Job], out: Path) -> None:
    """Refuse outputs that would take each other's place, or a recording's.

    Raises:
        InputError: naming both files.
    """
    recordings = {_identity(job.path): job.path for job in jobs}
    owners: dict[PurePosixPath, Path] = {}
    for job in jobs:
        for name in job.paths:
            other = owners.setdefault(name, job.path)
            if other != job.path or job.paths.count(name) > 1:
                raise InputError(
                    f"{other} and {job.path} would both become {out / name}; rename one, or give "
                    "each its own `out`"
                )
            if (out / name).exists() and _identity(out / name) in recordings:
                original = recordings[_identity(out / name)]
                raise InputError(
                    f"{out / name} would take the place of the recording {original}; choose "
                    "another `out`"
                )


def _identity(path: Path) -> tuple[int, int]:
    state = os.stat(path)
    return state.st_dev, state.st_ino
