"""Encode and decode recordings in memory: as 16-bit files, or through a lossy codec and back."""

from __future__ import annotations

import io as streams

import numpy as np
import soundfile
from numpy.typing import NDArray

from mn_dataset.audio import decode as counted
from mn_dataset.audio import io
from mn_dataset.errors import AudioError

FORMATS = ("flac", "wav")
"""What recordings are encoded as."""

LADDERS = {
    "mp3": (56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    "vorbis": (48, 60, 70, 80, 86, 96, 110, 120, 140, 160, 240),
}
"""Bitrates in kbit/s of one channel at 44.1 kHz: MP3's constant ones (ISO 11172-3; under 56 LAME
lowers the sampling rate), and the nominal ones of Vorbis's qualities 0 to 10."""

_FORMS = {"mp3": ("MP3", "MPEG_LAYER_III"), "vorbis": ("OGG", "VORBIS")}
_BLOCK = 1 << 15  # libsndfile's Vorbis encoder overflows its stack on very long writes


def encode(samples: io.Pcm, *, sampling_rate: int, audio_format: str) -> bytes:
    r"""Return mono 16-bit samples (time,) as the bytes of a file.

    Args:
        samples: What to encode.
        sampling_rate: In Hz.
        audio_format: "flac" or "wav"; the bytes of FLAC depend on the encoder's version.

    >>> encode(np.zeros(4, np.int16), sampling_rate=44_100, audio_format="wav")[44:]
    b'\x00\x00\x00\x00\x00\x00\x00\x00'
    """
    if audio_format == "wav":
        content = np.ascontiguousarray(samples, dtype="<i2").tobytes()
        return io.wav_header(len(samples), sampling_rate) + content
    buffer = streams.BytesIO()
    soundfile.write(buffer, samples, sampling_rate, subtype="PCM_16", format="FLAC")
    return buffer.getvalue()


def encoder_version() -> str:
    """Return the version of libsndfile, on which the bytes of FLAC depend."""
    return str(soundfile.__libsndfile_version__)


def decode(content: bytes | memoryview) -> tuple[io.Pcm, int]:
    """Return the samples (time,) of a mono 16-bit WAV or FLAC file, and their rate in Hz.

    Raises:
        AudioError: if it is no such file.

    >>> content = encode(np.arange(3, dtype=np.int16), sampling_rate=8000, audio_format="flac")
    >>> decode(content)
    (array([0, 1, 2], dtype=int16), 8000)
    """
    try:
        with soundfile.SoundFile(streams.BytesIO(content)) as audio:
            if audio.channels != 1 or audio.subtype != "PCM_16":
                raise AudioError(
                    f"{audio.channels} channel(s), {audio.subtype}; expected mono 16-bit audio"
                )
            samples, stated = counted.pcm(audio), counted.stated_frames(audio)
            sampling_rate = int(audio.samplerate)
    except soundfile.LibsndfileError as error:
        raise AudioError(f"not audio ({error.error_string}); expected WAV or FLAC") from error
    if stated is not None and len(samples) != stated:
        raise AudioError(f"truncated, {len(samples)} samples found of {stated}")
    return samples, sampling_rate


def is_canonical_wav(content: bytes | memoryview, *, sampling_rate: int) -> bool:
    """Tell whether bytes are what ``encode`` makes: the 44-byte header, and nothing but samples.

    >>> is_canonical_wav(io.wav_header(0, 8000), sampling_rate=8000)
    True
    """
    return content[:44] == io.wav_header((len(content) - 44) // 2, sampling_rate)


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
    file = streams.BytesIO()
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
