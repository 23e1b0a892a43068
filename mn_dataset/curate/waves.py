"""Read the stems of a song, see that they belong together, and find the gain of all."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mn_dataset.audio import io
from mn_dataset.audio.convert import PEAK_CEILING, mix_down, peak, resample_blocks
from mn_dataset.audio.level import FULL_SCALE
from mn_dataset.curate.song_files import SongFiles
from mn_dataset.errors import AudioError
from mn_dataset.records import SAMPLING_RATE

_LARGEST = 2**15 - 1


def read(path: Path, channel: int | None) -> tuple[NDArray[np.float64], int]:
    """Return a channel of a recording, or the mean of all, at 44.1 kHz, in LSB of 16 bits.

    Beside it stands the rate of the recording itself.

    Raises:
        AudioError: if it cannot be read, is not finite, or has no such channel.
    """
    with io.stream(path) as audio:
        if channel is not None and audio.channels != 2:
            raise AudioError(
                f"{path}: has {audio.channels} channels; expected two, accompaniment and voice"
            )
        parts = list(
            resample_blocks(
                (
                    mix_down(
                        block if channel is None else block[:, channel : channel + 1],
                        scale=FULL_SCALE * audio.scale,
                    )
                    for block in audio.blocks
                ),
                from_rate=audio.sampling_rate,
                to_rate=SAMPLING_RATE,
            )
        )
    wave = np.concatenate(parts) if parts else np.zeros(0)
    if not len(wave) or not np.isfinite(wave).all():
        raise AudioError(f"{path}: is empty, or holds NaN or infinite samples; export it again")
    return wave, audio.sampling_rate


def refuse_unequal(
    song: SongFiles, rates: Sequence[int], waves: Sequence[NDArray[np.float64]]
) -> None:
    """Refuse stems that do not belong together.

    Args:
        song: The song.
        rates: Of the recording of each stem, in Hz.
        waves: The stems.

    Raises:
        AudioError: if they are not equally long, or the recordings of a hit of two rates.
    """
    first = song.stems[0]
    for stem, rate, wave in zip(song.stems, rates, waves, strict=True):
        if song.is_hit and rate != rates[0]:
            raise AudioError(
                f"{stem.file} is at {rate} Hz where {first.file} is at {rates[0]} Hz; the "
                f"{song.parts} have one rate: export them again"
            )
        if len(wave) != len(waves[0]):
            raise AudioError(
                f"{stem.file} lasts {len(wave) / SAMPLING_RATE:.4f} s where {first.file} lasts "
                f"{len(waves[0]) / SAMPLING_RATE:.4f} s; the {song.parts} have to begin and end "
                "together: export them again"
            )


def common_gain(song: SongFiles, waves: Sequence[NDArray[np.float64]]) -> float:
    """Return what all stems are multiplied by."""
    loudest = max(map(peak, waves))
    if song.is_hit:
        return min(1.0, _LARGEST / loudest) if loudest else 1.0
    loudest = max(loudest, peak(np.sum(waves, axis=0)))
    return min(1.0, PEAK_CEILING / loudest) if loudest else 1.0
