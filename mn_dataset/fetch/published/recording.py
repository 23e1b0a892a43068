"""Bring one recording into M&N's form and put it in its row's place, telling how it was proven."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from mn_dataset.audio.convert import to_mono, to_pcm
from mn_dataset.audio.io import Pcm, file_sha256, read_any, read_pcm
from mn_dataset.audio.place import place_wav
from mn_dataset.errors import AudioError
from mn_dataset.fetch.lockfile import Pin, agreement, pin
from mn_dataset.fetch.report import Status
from mn_dataset.records import SAMPLING_RATE
from mn_dataset.tables import Row

PROVEN, PINNED, EQUAL, NEARLY = PROOFS = (
    "proven by SHA-256",
    "pinned at first use",
    "equal to the lock",
    "within ±1 LSB of the lock",
)
"""How a recording is told to be the right one."""

_REPIN = "if it is right, remove its line from the lock"
_POINTER = b"version https://git-lfs"
_ODD_S = 1.0  # tables state whole seconds


@dataclass(frozen=True)
class Form:
    """What a recording was before it was converted."""

    sampling_rate: int
    channels: int
    as_is: bool

    def __str__(self) -> str:
        """Say it to a person."""
        channels = {1: "mono", 2: "stereo"}.get(self.channels, f"{self.channels} channels")
        done = "taken bit for bit" if self.as_is else "converted"
        return f"{self.sampling_rate / 1000:g} kHz {channels}, {done}"


@dataclass(frozen=True)
class Made:
    """What became of a row whose recording was at hand.

    Attributes:
        row: The row.
        status: "present" when the recording was put in its place.
        detail: What it was, and how it was proven or why it is not taken.
        pin: What to keep in the lock; None for a recording that is not taken.
    """

    row: Row
    status: Status
    detail: str
    pin: Pin | None = None


def convert(row: Row, source: Path, *, folder: Path, pinned: Pin | None) -> Made:
    """Convert a recording, compare it with what is known of it, and place it if it agrees.

    A mono 44.1 kHz 16-bit recording is taken bit for bit; of others the channels are averaged, the
    rate is converted, and peaks over −1 dBFS are lowered to it. Clips are cut to their stated
    duration from their beginning; noises stay whole.

    Args:
        row: The row.
        source: The recording, in any form that soundfile reads.
        folder: The corpus.
        pinned: What the recording was at its first use; None when this is it.
    """
    original_sha256 = file_sha256(source)
    proven = original_sha256 == row.sha256
    try:
        samples, form = _in_form(source)
    except AudioError as error:
        return Made(row, "different", _unreadable(source, error))
    if row.sha256 and not proven and not form.as_is and _claims_to_be_original(source, form):
        detail = f"{form}: SHA-256 is {original_sha256}, the original's is {row.sha256}"
        return Made(row, "different", detail)
    cut = _cut(samples, row)
    if not cut.any():
        return Made(row, "different", f"{form}: every sample is zero")
    found = pin(row.id, cut, original_sha256=original_sha256)
    verdict = agreement(pinned, found) if pinned else None
    if verdict == "different":
        return Made(row, "different", f"{form}: differs from the lock; {_REPIN}")
    place_wav(folder / row.file, cut)
    locked = {None: PINNED, "equal": EQUAL, "±1 LSB": NEARLY}[verdict]
    told = (str(form), PROVEN if proven else "", locked, _odd(samples, row))
    return Made(row, "present", "; ".join(part for part in told if part), found)


def _in_form(source: Path) -> tuple[Pcm, Form]:
    """Return int16 samples (time,) at 44.1 kHz and what they were before."""
    try:
        samples = read_pcm(source, sampling_rate=SAMPLING_RATE)
    except AudioError:
        floats, sampling_rate = read_any(source)
        pcm, _ = to_pcm(to_mono(floats, sampling_rate))
        return pcm, Form(sampling_rate, floats.shape[1], as_is=False)
    return samples, Form(SAMPLING_RATE, 1, as_is=True)


def _claims_to_be_original(source: Path, form: Form) -> bool:
    """Tell FAIR-Play's own form, whose hashes are published, from somebody's conversion of it."""
    with source.open("rb") as file:
        is_wav = file.read(4) == b"RIFF"
    return is_wav and (form.sampling_rate, form.channels) == (48_000, 2)


def _cut(samples: Pcm, row: Row) -> Pcm:
    if not row.id.startswith("clean/") or not row.duration_s:
        return samples
    return samples[: round(float(row.duration_s) * SAMPLING_RATE)]


def _odd(samples: Pcm, row: Row) -> str:
    """Say it when a recording is not as long as its row states."""
    lasts, stated = len(samples) / SAMPLING_RATE, float(row.duration_s or 0)
    cut = row.id.startswith("clean/")
    if not stated or (-0.001 if cut else -_ODD_S) < lasts - stated < _ODD_S:
        return ""
    return f"{lasts:.3f} s of {stated:g}" if lasts < stated else f"{stated:g} s of {lasts:.3f}"


def _unreadable(source: Path, error: AudioError) -> str:
    with source.open("rb") as file:
        if file.read(len(_POINTER)) == _POINTER:
            return "a Git LFS pointer, not audio; run git lfs pull where it comes from"
    return str(error).removeprefix(f"{source}: ")
