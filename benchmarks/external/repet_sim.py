"""REPET-SIM: what similar frames share is accompaniment, what they do not is voice.

Rafii and Pardo, "Music/voice separation using the similarity matrix", ISMIR 2012, by librosa's
median over neighbours and its soft masks.

Departures: the neighbours are ours, the most similar frames at least a second away. Those that
``nn_filter`` finds by itself are the earliest of twice as many and more (librosa 0.11), and with
the masks' margins of librosa's example, which leave a part of the mixture in neither estimate, they
cost 1 dB and more on songs of the train split.
"""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np
import scipy.sparse

from benchmarks.contract import Batch, DenoiserSpec, Side
from benchmarks.signal.stft import Gain, Power, ratio_mask, stft_at
from benchmarks.signal.voice import voice_of, with_accompaniment
from mn_dataset.errors import MissingExtra

_APART_S = 1.0
_NEIGHBOURS = 20


class RepetSim:
    """A ratio mask of the repeating background and what exceeds it, by the channel."""

    spec = DenoiserSpec(
        name="repet_sim",
        task="separate",
        chunk=30 * 44_100,
        overlap=44_100,
        package="librosa",
        extra="baselines",
        license="ISC",
        citation="Rafii and Pardo, ISMIR 2012; McFee et al., librosa, SciPy 2015",
    )

    def __call__(self, batch: Batch, sampling_rate: int, *, side: Side | None = None) -> Batch:
        """Return voice and accompaniment, shape (batch, 2, channels, time).

        Raises:
            MissingExtra: if the library is not installed.
        """
        del side
        decompose = _library()
        apart = round(_APART_S * sampling_rate / stft_at(sampling_rate).hop)

        def mask(power: Power) -> Gain:
            magnitude = np.sqrt(power)
            nearest = neighbours(magnitude, apart=apart, count=_NEIGHBOURS)
            repeating = decompose.nn_filter(magnitude.T, rec=nearest, aggregate=np.median).T
            background = np.minimum(magnitude, repeating)
            parts = np.square(magnitude - background), np.square(background)
            return ratio_mask(*parts, exponent=1.0)

        return with_accompaniment(voice_of(batch, sampling_rate, mask), batch)


def neighbours(magnitude: Power, *, apart: int, count: int) -> scipy.sparse.csc_matrix[np.float32]:
    """Return which frames are most like each frame, by the cosine of their spectra.

    Args:
        magnitude: float32, shape (frames, bins).
        apart: Distance of neighbours in frames, at least.
        count: How many, at most.

    Returns:
        Shape (frames, frames), 1 at the neighbours of a column's frame; a short clip has none.
    """
    frames = len(magnitude)
    norm = np.linalg.norm(magnitude, axis=-1, keepdims=True)
    unit = magnitude / np.maximum(norm, np.finfo(np.float32).tiny)
    likeness = unit @ unit.T
    number = np.arange(frames)
    likeness[np.abs(number[:, np.newaxis] - number) < apart] = -1.0
    nearest = np.argsort(-likeness, axis=0, kind="stable")[:count]
    is_apart = np.take_along_axis(likeness, nearest, axis=0) >= 0
    columns = np.broadcast_to(number, nearest.shape)[is_apart]
    ones = np.ones(len(columns), np.float32)
    return scipy.sparse.csc_matrix((ones, (nearest[is_apart], columns)), shape=(frames, frames))


def _library() -> Any:
    try:
        return importlib.import_module("librosa.decompose")
    except ImportError as error:
        raise MissingExtra("librosa", extra="baselines") from error
