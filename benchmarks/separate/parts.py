"""Part a recording so that its two parts add up to it, sample by sample, as they are written.

The voice is the separator's; the accompaniment is what it leaves of the recording.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.recordings.stream import Samples, in_upper_bits
from mn_dataset.audio.writer import Form


@dataclass(frozen=True)
class Parts:
    """Samples in the type that a sink takes, shape (time, channels).

    Attributes:
        voice: What is sung.
        accompaniment: The recording less the voice.
        moved: Samples whose voice is not the separator's: one part would be beyond full scale.
        beyond: Samples of the recording that two parts at full scale do not reach.
        inexact: Samples whose two parts, in floating point, add up to a neighbour of the recording.
    """

    voice: NDArray[Any]
    accompaniment: NDArray[Any]
    moved: int = 0
    beyond: int = 0
    inexact: int = 0


def parts(recording: Samples, voice: Samples, *, form: Form) -> Parts:
    """Round the voice to the form, and leave the rest to the accompaniment.

    In integers both are within full scale and add up to the recording exactly. In floating point
    they do wherever its type can hold two such parts, which it cannot where the recording is far
    fainter than both and has bits below the last one of theirs; there the sum is off by half a step
    of the louder part at most.

    Args:
        recording: Shape (time, channels).
        voice: The separator's estimate, the same shape.
        form: How samples are written.

    >>> recording, voice = np.array([[0.5], [-1.0]]), np.array([[-0.75], [0.5]])
    >>> made = parts(recording, voice, form=Form("WAV", "PCM_16"))
    >>> (made.voice >> 16).ravel().tolist(), (made.accompaniment >> 16).ravel().tolist()
    ([-16383, 0], [32767, -32768])
    >>> made.moved
    2
    """
    if form.bits is None:
        return _floating(recording.astype(form.dtype), voice.astype(form.dtype))
    scale = 2.0 ** (form.bits - 1)
    lowest, highest = -scale, scale - 1
    given = np.rint(recording * scale)
    whole = np.clip(given, 2 * lowest, 2 * highest)
    wanted = np.rint(voice * scale)
    # Where the accompaniment fits, and where the voice does; they always meet.
    sung = np.clip(wanted, np.maximum(lowest, whole - highest), np.minimum(highest, whole - lowest))
    return Parts(
        in_upper_bits(sung, form),
        in_upper_bits(whole - sung, form),
        moved=int(np.count_nonzero(sung != wanted)),
        beyond=int(np.count_nonzero(whole != given)),
    )


def _floating(recording: NDArray[Any], voice: NDArray[Any]) -> Parts:
    accompaniment = recording - voice
    # What the accompaniment was rounded by goes to the voice (Dekker, 1971: this is exact where
    # the voice is not the louder one).
    sung = recording - accompaniment
    inexact = int(np.count_nonzero(sung + accompaniment != recording))
    return Parts(sung, accompaniment, inexact=inexact)
