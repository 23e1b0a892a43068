"""Filter by the a priori signal-to-noise ratio alone.

Scalart and Filho, "Speech enhancement based on a priori signal to noise estimation", ICASSP 1996.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from benchmarks.classical.decision_directed import Snr, decision_directed
from benchmarks.classical.quantile import quantile_noise
from benchmarks.contract import Batch, DenoiserSpec
from benchmarks.signal.masks import Gain, Power, masked


@dataclass(frozen=True)
class Wiener:
    """The Wiener filter with the decision-directed a priori SNR.

    Departure from the paper: the noise is the clip's low quantile instead of what a voice
    activity detector found.

    Attributes:
        smoothing: Weight of the past in the a priori SNR.
        prior_floor_db: Lowest a priori SNR; the gain floor is ``ξ / (1 + ξ)`` of it.
        quantile: Of the mixture's power over time, taken as noise.
    """

    smoothing: float = 0.98
    prior_floor_db: float = -25.0
    quantile: float = 0.1

    spec = DenoiserSpec(
        name="wiener",
        citation="Scalart and Filho, ICASSP 1996, doi:10.1109/ICASSP.1996.543199",
    )

    def __call__(
        self, batch: Batch, sampling_rate: int, *, side: Mapping[str, Batch] | None = None
    ) -> Batch:
        """Return the denoised batch, shape (batch, channels, time)."""
        del side
        return masked(batch, sampling_rate, self.gain)

    def gain(self, power: Power) -> Gain:
        """Return the gain per frame and frequency."""
        return decision_directed(
            power,
            quantile_noise(power, quantile=self.quantile),
            wiener_gain,
            smoothing=self.smoothing,
            prior_floor_db=self.prior_floor_db,
        )


def wiener_gain(prior: Snr, posterior: Snr) -> Gain:
    """Return ``ξ / (1 + ξ)``, the Wiener filter of the a priori SNR."""
    del posterior
    return prior / (1 + prior)
