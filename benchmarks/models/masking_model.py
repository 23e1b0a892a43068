"""What models that mask the magnitudes of a mixture share: their objective and their estimate.

No torch at the top: the models are listed on machines without it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from benchmarks.models.learned import Learned, check_frames
from mn_dataset.errors import InputError

if TYPE_CHECKING:
    import torch

    from benchmarks.layers.magnitude import MagnitudeObjective
    from benchmarks.layers.transform import Transform

RATE = 16_000
CHUNK = 30 * RATE
OVERLAP = RATE

INPUT_RMS = 0.05
"""Level of mixtures at which magnitudes of a window of 1024 samples have about unit RMS."""


class MaskingModel(Learned):
    """A separator whose network takes magnitudes and gives those of both targets."""

    def objective(
        self, network: torch.nn.Module, weights: Sequence[Mapping[str, float]]
    ) -> MagnitudeObjective:
        """Return what training minimises.

        Args:
            network: What ``build`` returned.
            weights: One table with the weights ``mse``, ``kl`` and ``discrimination``: see
                ``benchmarks.layers.discriminative_loss``.

        Raises:
            UnknownName: if a loss has no such name.
            InputError: if the weights make no loss.
        """
        from benchmarks.layers.discriminative_loss import (  # noqa: PLC0415 - torch is an extra
            discriminative_loss,
        )

        return _objective(network, loss=discriminative_loss(weights))

    def estimate(self, network: torch.nn.Module, noisy: torch.Tensor) -> torch.Tensor:
        """Return the waveforms of voice and accompaniment, shape (batch, 2, time)."""
        return _objective(network, loss=None).estimate(network, noisy)

    def check(self, config: Mapping[str, Any]) -> None:
        """Refuse numbers that make no network.

        Args:
            config: Keywords of ``build``, among them window, hop, window_shape and input_rms, and,
                where there are any, hidden and layers.

        Raises:
            InputError: naming the keyword.
            UnknownName: if there is no such window.
        """
        name, window, hop = self.spec.name, config["window"], config["hop"]
        for size in ("hidden", "layers"):
            if config.get(size, 1) < 1:
                raise InputError(f"{name}: {size} is {config[size]}; expected 1 or more")
        check_frames(name, window, hop)
        level = config["input_rms"]
        if level is not None and not 0 < level < math.inf:
            raise InputError(f"{name}: input_rms is {level}; expected a level above 0, or None")
        _transform(config)


def _transform(config: Mapping[str, Any]) -> Transform:
    from benchmarks.layers.transform import Transform  # noqa: PLC0415 - torch is an extra

    return Transform(config["window"], config["hop"], config["window_shape"])


def _objective(network: torch.nn.Module, *, loss: Any) -> MagnitudeObjective:
    from benchmarks.layers.magnitude import MagnitudeObjective  # noqa: PLC0415 - torch is an extra

    config: dict[str, Any] = network.config  # type: ignore[assignment] # torch types it so
    return MagnitudeObjective(_transform(config), input_rms=config["input_rms"], loss=loss)
