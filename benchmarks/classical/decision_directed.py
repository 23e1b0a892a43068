"""Estimate the a priori signal-to-noise ratio from frame to frame, whatever the gain rule.

Conventions of Ephraim and Malah 1984: the a posteriori SNR γ is the mixture's power over the
noise's (eq. 10), the a priori SNR ξ is the clean power over the noise's (eq. 9).
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.classical.gain_rule import Tracked
from benchmarks.signal.stft import Gain, Power

Snr = NDArray[np.float32]
"""Ratio of powers, shape (..., bins): one frame."""

GainRule = Callable[[Snr, Snr], Gain]
"""Turns the a priori and the a posteriori SNR of one frame into a gain."""

# Below 1e-3 lies one noise value in a thousand, above 1e6 every gain is 1: between them no
# rule over- or underflows in float32.
_POSTERIOR_RANGE = (1e-3, 1e6)


@dataclass(frozen=True)
class DecisionDirected(Tracked):
    """What the decision-directed denoisers share; each adds its spec and its gain rule.

    Attributes:
        smoothing: Weight of the past in the a priori SNR; 0.98 in the papers.
        prior_floor_db: Lowest a priori SNR, which bounds the attenuation of noise.
    """

    smoothing: float = 0.98
    prior_floor_db: float = -25.0

    def gain(self, power: Power, noise: Power) -> Gain:
        """Return the gain per frame and frequency."""
        return decision_directed(
            power,
            noise,
            self.rule,
            smoothing=self.smoothing,
            prior_floor_db=self.prior_floor_db,
        )

    @abstractmethod
    def rule(self, prior: Snr, posterior: Snr) -> Gain:
        """Turn the a priori and the a posteriori SNR of one frame into a gain."""


def posterior_snr(power: Power, noise: Power) -> Snr:
    """Return γ within [-30, 60] dB; 60 dB where there is no noise."""
    low, high = _POSTERIOR_RANGE
    bounded = np.clip(power, low * noise, high * noise)
    return np.divide(bounded, noise, out=np.full_like(power, high), where=noise > 0)


def decision_directed(
    power: Power, noise: Power, rule: GainRule, *, smoothing: float, prior_floor_db: float
) -> Gain:
    """Return the gains of a rule under the decision-directed a priori SNR.

    ``ξ(t) = a G(t-1)² γ(t-1) + (1 - a) max(γ(t) - 1, 0)`` (Ephraim and Malah 1984, eq. 51),
    with ``G² γ = 1`` before the first frame, and never below a floor (Cappé 1994).
    Time alone is walked through; frequencies and the batch go together.

    Args:
        power: Of the mixture, shape (..., frames, bins).
        noise: Mean noise power, shape (..., frames, bins) or (..., 1, bins).
        rule: The gain rule.
        smoothing: The weight a of the past.
        prior_floor_db: Lowest ξ in dB, which bounds how far noise is attenuated.

    Returns:
        The gains, of the shape of ``power``.
    """
    posterior = posterior_snr(power, noise)
    fresh = (1 - smoothing) * np.maximum(posterior - 1, 0)
    floor = 10 ** (prior_floor_db / 10)
    gains = np.empty_like(power)
    past = np.ones_like(power[..., 0, :])
    for frame in range(power.shape[-2]):
        prior = np.maximum(smoothing * past + fresh[..., frame, :], floor)
        now = posterior[..., frame, :]
        gain = rule(prior, now)
        gains[..., frame, :] = gain
        past = gain * gain * now
    return gains
