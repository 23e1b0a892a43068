"""Decode what soundfile does not know, such as AAC, WMA and sound tracks of videos, by PyAV.

Its wheels carry libav, FFmpeg's libraries, so that no program need be installed.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mn_dataset.errors import AudioError

if TYPE_CHECKING:
    from av.audio.frame import AudioFrame
    from av.audio.stream import AudioStream
    from av.container import InputContainer

PATIENCE_S = 120.0
"""How long one step of reading may take before the file is taken for one that hangs."""

_BLOCK_VALUES = 2**17
_FORMATS = (
    "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,asf,flv,mpeg,mpegts,aac,amr,wv,ape"  # no playlists
)
_ONLY_FILES = {"protocol_whitelist": "file", "format_whitelist": _FORMATS}
_one_listener = threading.Lock()


@dataclass(frozen=True)
class SoundTrack:
    """A sound track that is being decoded.

    Attributes:
        sampling_rate: In Hz.
        channels: How many.
        duration_s: As the header states it; None where it does not.
        encoding: The narrowest encoding of a WAV file that loses nothing, as soundfile calls it;
            "" where the coding was lossy.
        blocks: Samples (time, channels) with full scale 1.
    """

    sampling_rate: int
    channels: int
    duration_s: float | None
    encoding: str
    blocks: Iterator[NDArray[np.float32]]


@contextmanager
def sound_track(path: Path) -> Iterator[SoundTrack]:
    """Decode the first sound track of a file at its own rate and channels.

    The samples are those that the program ``ffmpeg`` gives: what an encoder put before and after
    the sound is left out where the file tells how much that is. No other file is opened.

    Raises:
        AudioError: if PyAV is not installed, or libav finds fault with the file, at the latest
            when the blocks are exhausted; damage that it can play over is damage.
    """
    try:
        import av  # noqa: PLC0415 - an extra, and slow to import
    except ModuleNotFoundError as error:
        raise AudioError(
            f"{path}: a sound track that needs the package 'av', which is not installed; run: "
            "pip install 'mn-dataset[decode]'"
        ) from error
    with _fault_of(path):
        container = av.open(
            f"file:{path.absolute()}",
            container_options=_ONLY_FILES,
            metadata_errors="replace",
            timeout=PATIENCE_S,
        )
    with container:
        track = _first_track(path, container)
        frames = _frames(container, track)
        with _fault_of(path):
            first = next(frames, None)
        if first is None:
            raise AudioError(f"{path}: its sound track is empty; get the file again")
        stated = container.duration
        yield SoundTrack(
            sampling_rate=first.sample_rate,
            channels=first.layout.nb_channels,
            duration_s=None if stated is None else stated / av.time_base,
            encoding=_encoding(track),
            blocks=_blocks(path, chain([first], frames), first.layout.nb_channels),
        )


def _first_track(path: Path, container: InputContainer) -> AudioStream:
    """Return the first sound track, ready to be decoded; all else in the file is passed over."""
    if not container.streams.audio:
        raise AudioError(f"{path}: holds no sound track; remove it")
    track = container.streams.audio[0]
    if track.codec_context is None:
        raise AudioError(f"{path}: its sound track is coded in a way that libav does not know")
    track.codec_context.thread_count = 1  # what it complains of is heard in its own thread alone
    return track


def _frames(container: InputContainer, track: AudioStream) -> Iterator[AudioFrame]:
    """Yield the frames as interleaved float32.

    Raises:
        ValueError: if a packet is not all there, or the form of the sound changes.
    """
    import av  # noqa: PLC0415 - as above

    converter = av.AudioResampler(format="flt")  # neither rate nor channels are touched
    form = None
    for packet in container.demux(track):
        if packet.is_corrupt:
            raise ValueError("a packet is not all there")
        for frame in track.decode(packet):
            if frame.is_corrupt:
                raise ValueError("a frame is not all there")
            form = form or (frame.sample_rate, frame.layout.nb_channels)
            if form != (frame.sample_rate, frame.layout.nb_channels):
                raise ValueError(
                    f"changes from {form[0]} Hz and {form[1]} channels to {frame.sample_rate} Hz "
                    f"and {frame.layout.nb_channels}"
                )
            yield from converter.resample(frame)


def _blocks(
    path: Path, frames: Iterator[AudioFrame], channels: int
) -> Iterator[NDArray[np.float32]]:
    """Join frames, which last some hundredths of a second, into blocks."""
    while True:
        pieces: list[NDArray[np.float32]] = []
        count = 0
        with _fault_of(path):
            for frame in frames:
                pieces.append(np.asarray(frame.to_ndarray(), np.float32).reshape(-1, channels))
                count += pieces[-1].size
                if count >= _BLOCK_VALUES:
                    break
        if not pieces:
            return
        yield np.concatenate(pieces)


def _encoding(track: AudioStream) -> str:
    codec, form = track.codec_context.codec, track.format.name
    if not codec.lossless:
        return ""
    if form.startswith(("u8", "s16")):
        return "PCM_16"
    # ALAC, FLAC, WavPack and their like carry 24 bits in 32; PCM says how many it carries.
    return "PCM_24" if form.startswith("s32") and not codec.name.startswith("pcm_s32") else "FLOAT"


@contextmanager
def _fault_of(path: Path) -> Iterator[None]:
    """Raise as an AudioError what libav raises, and what it complains of without raising.

    PyAV drops complaints unless a level is set, for all threads. It is set back, so that whoever
    uses PyAV beside us finds it as they left it.
    """
    import av  # noqa: PLC0415 - as above

    hung, raised = "", ""
    with _one_listener:
        level, skips = av.logging.get_level(), av.logging.get_skip_repeated()
        av.logging.set_level(av.logging.ERROR)
        av.logging.set_skip_repeated(False)
        try:
            with av.logging.Capture() as complaints:
                yield
        except av.error.ExitError:
            hung = f"no answer in {PATIENCE_S:g} s"
        except (av.FFmpegError, ValueError) as error:
            raised = getattr(error, "strerror", "") or str(error)
        finally:
            av.logging.set_level(level)
            av.logging.set_skip_repeated(skips)
    complaint = " ".join(complaints[0][2].split()) if complaints else ""
    if reason := hung or complaint or raised:
        raise AudioError(f"{path}: cannot be decoded ({reason}); get the file again")
