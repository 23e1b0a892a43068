"""f-UNet, the full U-Net of bleed removal: an image whose rows are microphones, in the time domain.

its-rajesh/Audio-Bleeding-Removal, 2023 (f for full: waveforms in, waveforms out; first named
iWaveUNet): four levels of two 2 x 2 convolutions, each followed by a leaky ReLU, time halved by
max pooling, doubled by transposed 2 x 2 convolutions, skips concatenated behind what comes up.

Microphones are the rows of the image and the kernels span two of them, so that a layer mixes a
microphone with the one after it, or, on the way up, with the one before it: what microphones far
from each other share goes through all that lie between, and the order of the microphones matters.

Departures: any number of microphones; any length, by zeros at the end; first weights drawn at the
scale that a leaky ReLU asks for; and ``output = "residual"``, what is to be taken out of a
microphone, which passes a session on as it came before anything is learned.
"""

from __future__ import annotations

import itertools
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from benchmarks.layers.initialise import initialise
from benchmarks.layers.same_convolution import LEAKY_GAIN, SameConv, SameUp, leaky

OUTPUTS = ("waveform", "residual")
"""What the last layer gives: the sources, as published, or what microphones lose to become them."""

FAINT = 0.05
"""Scale of the first weights of a residual's last layer: it begins with a small subtraction."""

_KERNEL = 2


class FullUnet(nn.Module):
    """Waveforms of microphones in, those of their own sources out.

    Attributes:
        config: Keywords of the model's ``build``.
    """

    def __init__(self, config: dict[str, Any]) -> None:
        super().__init__()
        self.config = config
        widths = config["widths"]
        pairs = list(itertools.pairwise(widths))
        self.encoder = nn.ModuleList(
            _Pair(entry, width) for entry, width in zip([1, *widths], widths[:-1], strict=False)
        )
        self.middle = _Pair(*widths[-2:])
        self.up = nn.ModuleList(SameUp(below, width, kernel=_KERNEL) for width, below in pairs)
        self.decoder = nn.ModuleList(_Pair(2 * width, width) for width, _ in pairs)
        gain = FAINT if config["output"] == "residual" else 1.0
        self.output = SameConv(widths[0], 1, kernel=1, gain=gain)
        self.dropout = nn.Dropout(config["dropout"])

    def forward(self, microphones: Tensor) -> Tensor:
        """Return the sources (batch, K, time) of microphones (batch, K, time)."""
        features = as_image(microphones.to(self.output.weight.dtype), levels=len(self.encoder))
        skips = []
        for level in self.encoder:
            skips.append(level(features))
            features = self.dropout(functional.max_pool2d(skips[-1], (1, 2)))
        features = self.middle(features)
        for up, level in zip(reversed(self.up), reversed(self.decoder), strict=True):
            joined = torch.cat((up(features), skips.pop()), dim=1)
            features = level(self.dropout(joined))
        return answered(self.output(features), microphones, self.config["output"])


class _Pair(nn.Sequential):
    """Two convolutions, each with its leaky ReLU."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__(
            SameConv(inputs, outputs, kernel=_KERNEL, gain=LEAKY_GAIN),
            SameConv(outputs, outputs, kernel=_KERNEL, gain=LEAKY_GAIN),
        )

    def forward(self, features: Tensor) -> Tensor:
        """Return (batch, outputs, rows, time) of (batch, inputs, rows, time)."""
        for convolution in self:
            features = leaky(convolution(features))
        return features


def as_image(microphones: Tensor, *, levels: int) -> Tensor:
    """Return (batch, 1, K, time), time lengthened by zeros until it can be halved so often."""
    return functional.pad(microphones[:, None], (0, -microphones.shape[-1] % 2**levels))


def answered(image: Tensor, microphones: Tensor, output: str) -> Tensor:
    """Return the sources that a last layer's image (batch, 1, K, time or longer) means.

    Args:
        image: Of the network.
        microphones: Shape (batch, K, time).
        output: One of ``OUTPUTS``.
    """
    waves = image[:, 0, :, : microphones.shape[-1]]
    return waves if output == "waveform" else microphones - waves


def build(config: dict[str, Any]) -> FullUnet:
    """Return a fresh network.

    Args:
        config: Keywords of ``benchmarks.models.f_unet.FUnet.build``, all of them given.
    """
    network = FullUnet(config)
    initialise(network, seed=config["seed"], scheme="fan_in")
    return network
