"""The ideal ratio mask of the true layers: a bound for every mask-based denoiser.

Wang, Narayanan and Wang, "On training targets for supervised speech separation", IEEE/ACM
Transactions on Audio, Speech, and Language Processing 22(12), 2014.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from benchmarks.contract import Batch, DenoiserSpec
from benchmarks.signal.stft import masked, power_of, ratio_mask, stft_at


@dataclass(frozen=True)
class OracleRatioMask:
    """The ideal ratio mask on the short-time spectrum.

    Attributes:
        exponent: Of the ratio of powers (the paper's β).
    """

    exponent: float = 1.0

    spec = DenoiserSpec(
        name="oracle_ratio_mask",
        needs=frozenset({"clean", "noise"}),
        citation="Wang, Narayanan and Wang, IEEE/ACM TASLP 22(12) 2014, "
        "doi:10.1109/TASLP.2014.2352935",
    )

    def __call__(self, batch: Batch, sampling_rate: int, *, side: Mapping[str, Batch]) -> Batch:
        """Return the masked batch; ``side`` holds its clean and noise layers."""
        stft = stft_at(sampling_rate)
        clean, noise = (power_of(stft.forward(side[name])) for name in ("clean", "noise"))
        return masked(
            batch, sampling_rate, lambda _: ratio_mask(clean, noise, exponent=self.exponent)
        )
