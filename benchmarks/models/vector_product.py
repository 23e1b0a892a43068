"""Vector product networks with a layer of masks: voice and accompaniment apart.

Fan, Chan, Yang, Jang, "Music Signal Processing Using Vector Product Neural Networks", 2017,
arXiv:1706.09555.

No torch at the top: the models are listed on machines without it.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from benchmarks.contract import DenoiserSpec
from benchmarks.models.masking_model import CHUNK, INPUT_RMS, OVERLAP, RATE, MaskingModel
from mn_dataset.errors import InputError

if TYPE_CHECKING:
    import torch

WHITE = 64.0
"""Magnitude of full scale: few bins of a mixture at ``INPUT_RMS`` are larger."""


class Wvpnn(MaskingModel):
    """Vectors of neighbouring frames: 3,944,454 parameters."""

    spec = DenoiserSpec(
        name="wvpnn",
        task="separate",
        sampling_rate=RATE,
        channels=1,
        backend="torch",
        remainder="accompaniment",
        chunk=CHUNK,
        overlap=OVERLAP,
        learned=True,
        extra="torch",
        citation="Fan et al., 2017, arXiv:1706.09555",
        trained_on="what its weights say",
    )

    def build(
        self,
        *,
        hidden: int = 512,
        layers: int = 3,
        activation: str = "sigmoid",
        window: int = 1024,
        hop: int = 256,
        window_shape: str = "hann",
        input_rms: float | None = INPUT_RMS,
        seed: int = 0,
    ) -> torch.nn.Module:
        """Return a fresh network of magnitudes (batch, frames, bins).

        Its ``config`` holds these keywords.

        Args:
            hidden: Vectors of a hidden layer.
            layers: Hidden layers.
            activation: "sigmoid", "tanh" or "relu"; the paper names none.
            window: Of the transform in samples, even.
            hop: Of the transform in samples, at most half a window.
            window_shape: "hann" or "sine".
            input_rms: Level that mixtures are brought to; None for as they are.
            seed: Of the first weights.

        Raises:
            InputError: if the numbers make no network.
            UnknownName: if there is no such activation or window.
        """
        from benchmarks.layers import vector_product  # noqa: PLC0415 - torch is an extra

        config = {
            "hidden": hidden,
            "layers": layers,
            "activation": activation,
            "window": window,
            "hop": hop,
            "window_shape": window_shape,
            "input_rms": input_rms,
            "seed": seed,
        }
        self.check(config)
        return vector_product.build(config, vector_product.ContextWindow())


class Cvpnn(MaskingModel):
    """Vectors of red, green and blue: 3,944,454 parameters."""

    spec = DenoiserSpec(
        name="cvpnn",
        task="separate",
        sampling_rate=RATE,
        channels=1,
        backend="torch",
        remainder="accompaniment",
        chunk=CHUNK,
        overlap=OVERLAP,
        learned=True,
        extra="torch",
        citation="Fan et al., 2017, arXiv:1706.09555",
        trained_on="what its weights say",
    )

    def build(
        self,
        *,
        hidden: int = 512,
        layers: int = 3,
        activation: str = "sigmoid",
        white: float = WHITE,
        window: int = 1024,
        hop: int = 256,
        window_shape: str = "hann",
        input_rms: float | None = INPUT_RMS,
        seed: int = 0,
    ) -> torch.nn.Module:
        """Return a fresh network of magnitudes (batch, frames, bins).

        Its ``config`` holds these keywords.

        Args:
            hidden: Vectors of a hidden layer.
            layers: Hidden layers.
            activation: "sigmoid", "tanh" or "relu"; the paper names none.
            white: Magnitude of full scale, stored with the weights; larger ones have its colour.
            window: Of the transform in samples, even.
            hop: Of the transform in samples, at most half a window.
            window_shape: "hann" or "sine".
            input_rms: Level that mixtures are brought to; None for as they are.
            seed: Of the first weights.

        Raises:
            InputError: if the numbers make no network.
            UnknownName: if there is no such activation or window.
        """
        from benchmarks.layers import vector_product  # noqa: PLC0415 - torch is an extra

        config: dict[str, Any] = {
            "hidden": hidden,
            "layers": layers,
            "activation": activation,
            "white": white,
            "window": window,
            "hop": hop,
            "window_shape": window_shape,
            "input_rms": input_rms,
            "seed": seed,
        }
        self.check(config)
        if not 0 < white < math.inf:
            raise InputError(f"{self.spec.name}: white is {white}; expected a magnitude above 0")
        return vector_product.build(config, vector_product.SpectralColour(white))
