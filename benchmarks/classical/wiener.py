"""The Wiener filter of the a priori signal-to-noise ratio.

Scalart and Filho, "Speech enhancement based on a priori signal to noise estimation", ICASSP 1996.
"""

from __future__ import annotations

from dataclasses import dataclass

from benchmarks.classical.decision_directed import DecisionDirected, Snr
from benchmarks.contract import DenoiserSpec
from benchmarks.signal.stft import Gain


@dataclass(frozen=True)
class Wiener(DecisionDirected):
    """The Wiener filter with the decision-directed a priori SNR."""

    spec = DenoiserSpec(
        name="wiener",
        citation="Scalart and Filho, ICASSP 1996, doi:10.1109/ICASSP.1996.543199",
    )

    def rule(self, prior: Snr, posterior: Snr) -> Gain:
        """Return ``wiener_gain``."""
        return wiener_gain(prior, posterior)


def wiener_gain(prior: Snr, posterior: Snr) -> Gain:
    """Return ``ξ / (1 + ξ)``, the Wiener filter of the a priori SNR."""
    del posterior
    return prior / (1 + prior)
