"""Write a recording of any form block by block, in the form of another one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from numpy.typing import NDArray

from mn_dataset.files.atomic import Faults, writing

CONTAINERS = ("WAV", "WAVEX", "RF64", "W64", "AIFF", "AU", "CAF", "FLAC")
"""Containers that can be written as they are read, lossless encodings in them."""

WIDTHS = {"PCM_S8": 8, "PCM_U8": 8, "PCM_16": 16, "PCM_24": 24, "PCM_32": 32}
"""Bits of a sample of the integer encodings; libsndfile's ALAC loses samples, and is left out."""

_FLOATS: dict[str, np.dtype[Any]] = {
    "FLOAT": np.dtype(np.float32),
    "DOUBLE": np.dtype(np.float64),
}
_FAULTS: Faults = (soundfile.SoundFileError, AssertionError)  # it asserts that all was written
_LARGEST_WAV = 2**32 - 2**16
_BYTES = {"PCM_16": 2, "PCM_24": 3, "FLOAT": 4}


@dataclass(frozen=True)
class Form:
    """How samples are written.

    Attributes:
        container: As soundfile calls it.
        encoding: soundfile's subtype.
    """

    container: str
    encoding: str

    @property
    def bits(self) -> int | None:
        """Bits of an integer sample; None for floating point."""
        return WIDTHS.get(self.encoding)

    @property
    def dtype(self) -> np.dtype[Any]:
        """What a sink takes: int32 with the sample in the upper bits, or floating point.

        >>> Form("WAV", "PCM_24").dtype, Form("AIFF", "FLOAT").dtype
        (dtype('int32'), dtype('float32'))
        """
        return _FLOATS.get(self.encoding, np.dtype(np.int32))


def lossless_form(container: str, encoding: str) -> Form | None:
    """Return the form that keeps every sample of a recording as it is; None if there is none.

    >>> lossless_form("FLAC", "PCM_24"), lossless_form("OGG", "VORBIS")
    (Form(container='FLAC', encoding='PCM_24'), None)
    """
    is_lossless = encoding in WIDTHS or encoding in _FLOATS
    return Form(container, encoding) if container in CONTAINERS and is_lossless else None


def wav_form(encoding: str, *, frames: int | None, channels: int) -> Form:
    """Return WAV, or RF64 for what is longer than a WAV can be.

    >>> wav_form("PCM_16", frames=44_100, channels=2)
    Form(container='WAV', encoding='PCM_16')
    """
    size = (frames or 0) * channels * _BYTES[encoding]
    return Form("WAV" if size < _LARGEST_WAV else "RF64", encoding)


@contextmanager
def sink(
    path: Path, form: Form, *, sampling_rate: int, channels: int, meant_for: Path
) -> Iterator[Callable[[NDArray[Any]], None]]:
    """Open a file for samples; the caller makes it atomic.

    Args:
        path: Where they are written for now.
        form: How they are written.
        sampling_rate: In Hz.
        channels: How many.
        meant_for: What a person knows the file as.

    Yields:
        A function that writes samples (time, channels) of ``form.dtype``.

    Raises:
        OutputError: if the file cannot be written to its end, which closing it tells.
    """

    def write(samples: NDArray[Any]) -> None:
        with writing(meant_for, faults=_FAULTS):
            file.write(samples)

    with ExitStack() as files:
        with writing(meant_for, faults=_FAULTS):
            opened = files.enter_context(path.open("w+b"))
            file = soundfile.SoundFile(
                opened.fileno(),
                "w",
                samplerate=sampling_rate,
                channels=channels,
                subtype=form.encoding,
                format=form.container,
                closefd=False,
            )
        try:
            yield write
        finally:
            with writing(meant_for, faults=_FAULTS):
                file.close()
