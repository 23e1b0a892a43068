"""Encode and decode 16-bit recordings in memory, for files that hold many of them."""

from __future__ import annotations

import io as streams

import numpy as np
import soundfile

from mn_dataset.audio import io
from mn_dataset.errors import AudioError

FORMATS = ("flac", "wav")


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
            samples: io.Pcm = audio.read(dtype="int16")
            return samples, int(audio.samplerate)
    except soundfile.LibsndfileError as error:
        raise AudioError(f"not audio ({error.error_string}); expected WAV or FLAC") from error


def is_canonical_wav(content: bytes | memoryview, *, sampling_rate: int) -> bool:
    """Tell whether bytes are what ``encode`` makes: the 44-byte header, and nothing but samples.

    >>> is_canonical_wav(io.wav_header(0, 8000), sampling_rate=8000)
    True
    """
    return content[:44] == io.wav_header((len(content) - 44) // 2, sampling_rate)
