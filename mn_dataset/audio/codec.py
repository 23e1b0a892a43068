"""Send samples through a lossy codec and back, in memory; io and this room know soundfile."""

from __future__ import annotations

import io

import numpy as np
import soundfile
from numpy.typing import NDArray

LADDERS = {
    "mp3": (56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    "vorbis": (48, 60, 70, 80, 86, 96, 110, 120, 140, 160, 240),
}
"""Bitrates in kbit/s of one channel at 44.1 kHz: MP3's constant ones (ISO 11172-3; under 56 LAME
lowers the sampling rate), and the nominal ones of Vorbis's qualities 0 to 10."""

_FORMS = {"mp3": ("MP3", "MPEG_LAYER_III"), "vorbis": ("OGG", "VORBIS")}
_BLOCK = 1 << 15  # libsndfile's Vorbis encoder overflows its stack on very long writes


def encoders() -> tuple[str, ...]:
    """Return the codecs that this machine's libsndfile can write."""
    containers = soundfile.available_formats()
    return tuple(
        codec
        for codec, (container, subtype) in _FORMS.items()
        if container in containers and subtype in soundfile.available_subtypes(container)
    )


def round_trip(
    samples: NDArray[np.float32], codec: str, *, bitrate_kbps: int, sampling_rate: int
) -> NDArray[np.float32]:
    """Return what a codec leaves of mono samples: the same length, in step with the input.

    Args:
        samples: float32 (time,); what exceeds ±1 is lowered for the encoder and raised again.
        codec: "mp3" (constant bitrate) or "vorbis" (nominal bitrate).
        bitrate_kbps: One of the codec's ``LADDERS``.
        sampling_rate: In Hz.

    >>> len(round_trip(np.zeros(5000, np.float32), "mp3", bitrate_kbps=64, sampling_rate=44_100))
    5000
    """
    container, subtype = _FORMS[codec]
    top = max(1.0, float(np.abs(samples).max(initial=0.0)))
    file = io.BytesIO()
    with soundfile.SoundFile(
        file,
        "w",
        samplerate=sampling_rate,
        channels=1,
        format=container,
        subtype=subtype,
        compression_level=_compression(codec, bitrate_kbps),
        bitrate_mode="CONSTANT" if codec == "mp3" else None,
    ) as encoder:
        for first in range(0, len(samples), _BLOCK):
            encoder.write(samples[first : first + _BLOCK] / np.float32(top))
    file.seek(0)
    decoded, _ = soundfile.read(file, dtype="float32")
    decoded *= np.float32(top)
    kept: NDArray[np.float32] = decoded[: len(samples)]
    return np.pad(kept, (0, len(samples) - len(kept)))


def _compression(codec: str, bitrate_kbps: int) -> float:
    """Return libsndfile's 0 (best) to 1 (smallest) for a rung of a codec's ladder."""
    if codec == "vorbis":
        return 1.0 - LADDERS[codec].index(bitrate_kbps) / 10.0
    return (320 - bitrate_kbps) / (320 - 32)  # libsndfile's own scale
