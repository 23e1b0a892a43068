"""The CNN of acapellabot: takes the voice out of a song by an image of its spectrum.

madebyollin/acapellabot, 2017, https://github.com/madebyollin/acapellabot. Nothing of that
repository is here, which carries no licence: the network is built anew from its shapes.

No torch at the top: the models are listed on machines without it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from benchmarks.contract import DenoiserSpec, Objective
from benchmarks.models.learned import Learned, check_frames
from mn_dataset.errors import InputError, UnknownName

if TYPE_CHECKING:
    import torch

RATE = 22_050
WIDTHS = (64, 64, 128, 32)
"""Channels of the original: at full resolution, half, a quarter, and before the last layer."""

UNLICENSED = (
    "the repository that published these weights carries no licence: they stay your own copy, for "
    "your own use, and are not to be published"
)


class AcapellaCnn(Learned):
    """The network of the original: 667,585 parameters, 640 more numbers in its normalisation."""

    spec = DenoiserSpec(
        name="acapella_cnn",
        task="separate",
        sampling_rate=RATE,
        backend="torch",
        remainder="accompaniment",
        chunk=8 * RATE,
        overlap=RATE,
        learned=True,
        extra="torch",
        citation="madebyollin/acapellabot, 2017, https://github.com/madebyollin/acapellabot",
        trained_on="what its weights say",
    )

    def build(
        self,
        *,
        widths: Sequence[int] | None = None,
        width_multiplier: float = 1.0,
        channels: int = 1,
        window: int = 1536,
        hop: int = 384,
        output: str = "log_magnitude",
        momentum: float = 0.01,
        mixture: str = "sum",
        synthesis: str = "mixture_phase",
        iterations: int = 10,
        seed: int = 0,
    ) -> torch.nn.Module:
        """Return a fresh network of log magnitudes (batch, channels, frames, bins).

        Its ``config`` holds these keywords, with the widths as they came out.

        Args:
            widths: Channels at full resolution, half, a quarter, and before the last layer; those
                of the original by default.
            width_multiplier: Factor of all widths, which are rounded, and at least 1.
            channels: 1, and every channel is separated for itself, or 2, and both at once: a mono
                mixture is given to both.
            window: Length of a frame in samples, even.
            hop: Distance between frames in samples, at most half a window.
            output: "log_magnitude" of the voice, or "mask": its share of the mixture.
            momentum: Share of a batch in the moving statistics of the normalisations. At 0.01, that
                of the original, they lag by a hundred steps, too much for a training of hundreds.
            mixture: What training shows it: "sum", the spectrum of the mixture, or "maximum", the
                larger one of the magnitudes of voice and accompaniment.
            synthesis: "mixture_phase"; "griffin_lim" from the mixture's phase, or
                "griffin_lim_random" from a random one, as in the original.
            iterations: Of Griffin and Lim's; 10 in the original.
            seed: Of the first weights.

        Raises:
            InputError: if the numbers make no network or no transform.
            UnknownName: if there is no such output, mixture or synthesis.
        """
        from benchmarks.layers import acapella_cnn  # noqa: PLC0415 - torch is an extra
        from benchmarks.layers.acapella_objective import MIXTURES, SYNTHESES  # noqa: PLC0415

        full = list(WIDTHS if widths is None else widths)
        whole = all(width == int(width) >= 1 for width in full)
        if len(full) != len(WIDTHS) or not whole or not 0 < width_multiplier < math.inf:
            raise InputError(
                f"acapella_cnn: widths {full} times {width_multiplier}; expected {len(WIDTHS)} "
                "whole widths of 1 or more, and a factor above 0"
            )
        if channels not in (1, 2) or iterations < 0:
            raise InputError(
                f"acapella_cnn: channels is {channels} and iterations is {iterations}; expected 1 "
                "or 2, and 0 or more"
            )
        if not 0 < momentum <= 1:
            raise InputError(f"acapella_cnn: momentum is {momentum}; expected above 0, at most 1")
        check_frames(self.spec.name, window, hop)
        if mixture not in MIXTURES:
            raise UnknownName("mixture", mixture, MIXTURES)
        if synthesis not in SYNTHESES:
            raise UnknownName("synthesis", synthesis, SYNTHESES)
        config = {
            "widths": [max(1, round(width * width_multiplier)) for width in full],
            "channels": channels,
            "window": window,
            "hop": hop,
            "output": output,
            "momentum": momentum,
            "mixture": mixture,
            "synthesis": synthesis,
            "iterations": iterations,
            "seed": seed,
        }
        return acapella_cnn.build(config)

    def objective(
        self, network: torch.nn.Module, weights: Sequence[Mapping[str, float]]
    ) -> Objective:
        """Return what training minimises of a network.

        Args:
            network: What ``build`` returned.
            weights: One table of "mse_log", the original's, "mae_log", "mae" and "snr".

        Raises:
            UnknownName: if a loss has no such name.
            InputError: if there are several tables, or weights without a positive sum.
        """
        from benchmarks.layers import acapella_objective  # noqa: PLC0415 - torch is an extra

        config: Any = network.config
        return acapella_objective.objective(config, weights)

    def estimate(self, network: torch.nn.Module, noisy: torch.Tensor) -> torch.Tensor:
        """Return voice and accompaniment of mixtures (batch, time) or (batch, channels, time)."""
        estimates: torch.Tensor = self.objective(network, ()).estimate(network, noisy)
        return estimates

    def __call__(self, batch: Any, sampling_rate: int, *, side: Any = None) -> Any:
        """Return the estimates of a float32 tensor (batch, channels, time).

        Returns:
            (batch, 2, channels, time).
        """
        del sampling_rate, side
        if self._network is None:
            raise InputError(f"{self.spec.name}: call load before the first batch")
        return self.estimate(self._network, batch)


def from_keras(arrays: Mapping[str, Any]) -> torch.nn.Module:
    """Return the network that holds the original's weights.

    Args:
        arrays: By names such as ``conv2d_1/kernel``, in the layout of Keras 2 over Theano.

    Raises:
        InputError: naming the arrays that are missing, unknown or of another shape.
    """
    from benchmarks.layers import keras_weights  # noqa: PLC0415 - torch is an extra

    network = AcapellaCnn().build(mixture="maximum")
    keras_weights.fill(network, arrays)
    return network.eval()
