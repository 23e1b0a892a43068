"""Reference rows without the top of the band: what a narrow model gains or loses by that alone.

A round trip through 16 kHz takes 4.5 dB off white noise, so any model of speech seems to denoise.
Its row is to be read beside these. A separator at 16 kHz loses the top of the voice instead.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from scipy.signal import firwin, oaconvolve

from benchmarks.contract import Batch, DenoiserSpec

_CUTOFF_HZ = 8_000
_TRANSITION_S = 0.004  # length of the filter: 36 dB down within 1 kHz


class Resample16k:
    """The mixture through 16 kHz and back: the harness's resampling, and no more."""

    spec = DenoiserSpec(name="resample_16k", sampling_rate=16_000, reference=True)

    def __call__(
        self, batch: Batch, sampling_rate: int, *, side: Mapping[str, Batch] | None = None
    ) -> Batch:
        """Return the batch."""
        del sampling_rate, side
        return batch


class Oracle16k:
    """The true targets through 16 kHz and back; the accompaniment takes what lies above.

    What the band alone costs any separator at 16 kHz: no estimate of one is closer.
    """

    spec = DenoiserSpec(
        name="oracle_16k",
        task="separate",
        sampling_rate=16_000,
        needs=frozenset({"clean"}),
        reference=True,
        remainder="accompaniment",
    )

    def __call__(self, batch: Batch, sampling_rate: int, *, side: Mapping[str, Batch]) -> Batch:
        """Return the targets, shape (batch, targets, channels, time)."""
        del batch, sampling_rate
        return side["clean"]


class Lowpass8k:
    """The mixture below 8 kHz, by a symmetric filter without delay."""

    spec = DenoiserSpec(name="lowpass_8k", reference=True)

    def __call__(
        self, batch: Batch, sampling_rate: int, *, side: Mapping[str, Batch] | None = None
    ) -> Batch:
        """Return the filtered batch, shape (batch, channels, time)."""
        del side
        if sampling_rate <= 2 * _CUTOFF_HZ:
            return batch
        half = round(_TRANSITION_S * sampling_rate / 2)
        taps = firwin(2 * half + 1, _CUTOFF_HZ, fs=sampling_rate)
        wide = oaconvolve(batch, taps[np.newaxis, np.newaxis], axes=-1)
        return np.ascontiguousarray(wide[..., half : half + batch.shape[-1]], dtype=np.float32)
