"""The ideal masks of the true targets: bounds for every separator that weighs the mixture.

Wang, "On ideal binary mask as the computational goal of auditory scene analysis", 2005; Wang,
Narayanan and Wang, IEEE/ACM TASLP 22(12), 2014 (ratio mask). ``oracle_ratio_mask`` is their like
for denoisers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from benchmarks.contract import Batch, DenoiserSpec
from benchmarks.signal.stft import Gain, Power, power_of, ratio_mask, stft_at


class OracleVoiceRatioMask:
    """The share of each target in the power of all of them."""

    spec = DenoiserSpec(
        name="oracle_voice_ratio_mask",
        task="separate",
        needs=frozenset({"clean"}),
        citation="Wang, Narayanan and Wang, IEEE/ACM TASLP 22(12) 2014, "
        "doi:10.1109/TASLP.2014.2352935",
    )

    def __call__(self, batch: Batch, sampling_rate: int, *, side: Mapping[str, Batch]) -> Batch:
        """Return the estimates (batch, targets, channels, time) that true targets tell."""

        def shares(power: Power) -> Gain:
            others = power.sum(axis=1, keepdims=True) - power
            return ratio_mask(power, np.maximum(others, 0), exponent=1.0)

        return _masked_by(shares, batch, side["clean"], sampling_rate)


class OracleVoiceBinaryMask:
    """1 for the strongest target of each bin, 0 for the others."""

    spec = DenoiserSpec(
        name="oracle_voice_binary_mask",
        task="separate",
        needs=frozenset({"clean"}),
        citation="Wang, On ideal binary mask as the computational goal of auditory scene analysis, "
        "2005, doi:10.1007/0-387-22794-6_12",
    )

    def __call__(self, batch: Batch, sampling_rate: int, *, side: Mapping[str, Batch]) -> Batch:
        """Return the estimates (batch, targets, channels, time) that true targets tell."""

        def strongest(power: Power) -> Gain:
            first = power.argmax(axis=1, keepdims=True)
            targets = np.arange(power.shape[1]).reshape(1, -1, 1, 1, 1)
            mask: Gain = (targets == first).astype(np.float32)
            return mask

        return _masked_by(strongest, batch, side["clean"], sampling_rate)


def _masked_by(
    mask: Callable[[Power], Gain], batch: Batch, targets: Batch, sampling_rate: int
) -> Batch:
    """Weigh the spectrum of mixtures by masks of their targets' power."""
    stft = stft_at(sampling_rate)
    gains = mask(power_of(stft.forward(targets)))
    spectrum = stft.forward(batch)[:, np.newaxis] * gains
    return stft.inverse(spectrum, num_samples=batch.shape[-1])
