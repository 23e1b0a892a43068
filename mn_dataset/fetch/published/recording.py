"""Convert one published recording to the M&N form and store it, saying how it was verified."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from mn_dataset.audio.convert import to_mono, to_pcm
from mn_dataset.audio.io import Pcm, file_sha256, read_any, read_pcm
from mn_dataset.errors import AudioError
from mn_dataset.fetch.clips import write_clip
from mn_dataset.fetch.lockfile import Pin, agreement, pin_samples
from mn_dataset.fetch.report import Status
from mn_dataset.records import SAMPLING_RATE
from mn_dataset.tables import Row

PROVEN, PINNED, EQUAL, NEARLY = PROOFS = (
    "proven by SHA-256",
    "pinned at first use",
    "equal to the lock",
    "within ±1 LSB of the lock",
)
"""How a recording is known to be the right one."""

_REPIN = "if it is right, remove its line from the lock"
_POINTER = b"version https://git-lfs"
_TOLERANCE_S = 1.0  # tables state whole seconds


@dataclass(frozen=True)
class OriginalForm:
    """What a recording was before it was converted."""

    sampling_rate: int
    channels: int
    as_is: bool

    def __str__(self) -> str:
        """Name rate, channels and what was done, for a person."""
        channels = {1: "mono", 2: "stereo"}.get(self.channels, f"{self.channels} channels")
        conversion = "taken bit for bit" if self.as_is else "converted"
        return f"{self.sampling_rate / 1000:g} kHz {channels}, {conversion}"


@dataclass(frozen=True)
class Conversion:
    """What became of a row whose recording was at hand.

    Attributes:
        row: The row.
        status: "present" when the recording was stored.
        detail: What it was, and how it was verified or why it is not taken.
        pin: What to keep in the lock file; None for a recording that is not taken.
    """

    row: Row
    status: Status
    detail: str
    pin: Pin | None = None


def convert(row: Row, source: Path, *, folder: Path, pinned: Pin | None) -> Conversion:
    """Convert a recording, compare it with its hash and pin, and store it if it agrees.

    A mono 44.1 kHz 16-bit recording is taken bit for bit; of others the channels are averaged, the
    rate is converted, and peaks over −1 dBFS are lowered to it. Clips are cut to their stated
    duration from their beginning; noises stay whole.

    Args:
        row: The row.
        source: The recording, in any form that soundfile reads.
        folder: The corpus.
        pinned: What the recording was at its first use; None when this is it.

    Raises:
        OutputError: if it cannot be written.
    """
    original_sha256 = file_sha256(source)
    is_proven = original_sha256 == row.sha256
    try:
        samples, form = _read(source)
    except AudioError as error:
        return Conversion(row, "different", _unreadable(source, error))
    if row.sha256 and not is_proven and not form.as_is and _claims_to_be_original(source, form):
        detail = f"{form}: SHA-256 is {original_sha256}, the original's is {row.sha256}"
        return Conversion(row, "different", detail)
    clip = _cut(samples, row)
    if not clip.any():
        return Conversion(row, "different", f"{form}: every sample is zero")
    pin = pin_samples(row.id, clip, original_sha256=original_sha256)
    verdict = agreement(pinned, pin) if pinned else None
    if verdict == "different":
        return Conversion(row, "different", f"{form}: differs from the lock; {_REPIN}")
    write_clip(folder / row.file, clip)
    pinning = {None: PINNED, "equal": EQUAL, "±1 LSB": NEARLY}[verdict]
    parts = (str(form), PROVEN if is_proven else "", pinning, _unusual_length(samples, row))
    return Conversion(row, "present", "; ".join(part for part in parts if part), pin)


def _read(source: Path) -> tuple[Pcm, OriginalForm]:
    """Return int16 samples (time,) at 44.1 kHz and what they were before."""
    try:
        samples = read_pcm(source, sampling_rate=SAMPLING_RATE)
    except AudioError:
        floats, sampling_rate = read_any(source)
        pcm, _ = to_pcm(to_mono(floats, sampling_rate))
        return pcm, OriginalForm(sampling_rate, floats.shape[1], as_is=False)
    return samples, OriginalForm(SAMPLING_RATE, 1, as_is=True)


def _claims_to_be_original(source: Path, form: OriginalForm) -> bool:
    """Tell FAIR-Play's own form, whose hashes are published, from somebody's conversion of it."""
    with source.open("rb") as file:
        is_wav = file.read(4) == b"RIFF"
    return is_wav and (form.sampling_rate, form.channels) == (48_000, 2)


def _cut(samples: Pcm, row: Row) -> Pcm:
    if not row.id.startswith("clean/") or not row.duration_s:
        return samples
    return samples[: round(float(row.duration_s) * SAMPLING_RATE)]


def _unusual_length(samples: Pcm, row: Row) -> str:
    """Return both lengths when a recording is not as long as its row states; else nothing."""
    actual_s, stated_s = len(samples) / SAMPLING_RATE, float(row.duration_s or 0)
    shortest_s = -0.001 if row.id.startswith("clean/") else -_TOLERANCE_S
    if not stated_s or shortest_s < actual_s - stated_s < _TOLERANCE_S:
        return ""
    if actual_s < stated_s:
        return f"{actual_s:.3f} s of {stated_s:g}"
    return f"{stated_s:g} s of {actual_s:.3f}"


def _unreadable(source: Path, error: AudioError) -> str:
    with source.open("rb") as file:
        if file.read(len(_POINTER)) == _POINTER:
            return "a Git LFS pointer, not audio; run git lfs pull where it comes from"
    return str(error).removeprefix(f"{source}: ")
