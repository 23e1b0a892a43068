"""df-UNet, the dilated full U-Net of bleed removal, with or without a graph of microphones.

its-rajesh/ChebGCN and its-rajesh/GIRNet, 2023: an image whose rows are microphones goes through
four levels of two linear 4 x 4 convolutions, a normalisation, a leaky ReLU and max pooling; 1, 2, 4
and 16 samples lie from tap to tap. Skips are taken after the pooling, and the last layer doubles
time once more.

Departures:

* Dilation is along time only. The published one spreads the taps over the microphones as well: at
  16 they lie 24 and 8 rows away, of four microphones on zeros alone, and the fourth level answers
  its bias whatever it is given, so that neither the bottleneck nor a graph there carries a signal;
  at 2 and 4 no microphone reads its own row. ``DownLevel`` takes any dilation, to show that.
* The graph, if there is one, has a node for each microphone, of features averaged over time, and
  its one head of attention gates them. Of the published ones, Chebyshev's of order 1 exchanges
  nothing between nodes and costs 227 million parameters, because its nodes are whole images of one
  length; attention over all 55,112 places would need three billion pairs. Neither is built.
* ``output = "residual"``: what is to be taken out of a microphone. Its last layer is linear; the
  published leaky ReLU after it makes waveforms that are not alike above and below 0.
* Any number of microphones, any length, any momentum of the normalisations.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from benchmarks.layers.full_unet import FAINT, answered, as_image
from benchmarks.layers.graph_gate import GraphGate
from benchmarks.layers.initialise import initialise
from benchmarks.layers.same_convolution import LEAKY_GAIN, SameConv, SameUp, leaky

DILATIONS = (1, 2, 4, 16)
"""Samples from tap to tap, from the finest level to the coarsest."""

_KERNEL = 4
_EPSILON = 1e-3  # of Keras
_GRAPH_DROPOUT = 0.2


class DilatedUnet(nn.Module):
    """Waveforms of microphones in, those of their own sources out.

    Attributes:
        config: Keywords of the model's ``build``.
        encoder: Four levels.
        graph: What gates the coarsest features, or nothing.
    """

    def __init__(self, config: dict[str, Any]) -> None:
        super().__init__()
        self.config = config
        *widths, bottom = config["widths"]
        momentum, last = config["momentum"], config["last_width"]
        self.encoder = nn.ModuleList(
            DownLevel(
                entry, width, dilation=(1, distance), dropout=config["dropout"], momentum=momentum
            )
            for entry, width, distance in zip([1, *widths], widths, DILATIONS, strict=False)
        )
        self.graph = GraphGate(widths[-1], dropout=_GRAPH_DROPOUT) if config["graph"] else None
        self.middle = nn.Sequential(
            SameConv(widths[-1], bottom, kernel=_KERNEL),
            SameConv(bottom, bottom, kernel=_KERNEL),
            _norm(bottom, momentum),
        )
        rising = [bottom, *reversed(widths)]
        self.decoder = nn.ModuleList(
            _UpLevel(below, width, outputs, stride=1 if below == bottom else 2, momentum=momentum)
            for below, width, outputs in zip(
                rising, rising[1:], [*rising[1:-1], last], strict=False
            )
        )
        gain = FAINT if config["output"] == "residual" else 1.0
        self.output = SameUp(last, 1, kernel=_KERNEL, gain=gain)

    def forward(self, microphones: Tensor) -> Tensor:
        """Return the sources (batch, K, time) of microphones (batch, K, time)."""
        features = as_image(microphones.to(self.output.weight.dtype), levels=len(self.encoder))
        skips = []
        for level in self.encoder:
            features = level(features)
            skips.append(features)
        if self.graph is not None:
            features = self.graph(features)
        features = leaky(self.middle(features))
        for level in self.decoder:
            features = level(features, skips.pop())
        waves = self.output(features)
        if self.config["output"] == "waveform":
            waves = leaky(waves)
        return answered(waves, microphones, self.config["output"])


class DownLevel(nn.Module):
    """Two linear convolutions, a normalisation, a leaky ReLU, and time halved.

    Args:
        inputs: Features in.
        outputs: Features out.
        dilation: Distance of the taps in rows and in time.
        dropout: Share of what is left out in training.
        momentum: Share of a batch in the moving statistics.
    """

    def __init__(
        self,
        inputs: int,
        outputs: int,
        *,
        dilation: tuple[int, int],
        dropout: float = 0.1,
        momentum: float = 0.01,
    ) -> None:
        super().__init__()
        self.convolutions = nn.Sequential(
            SameConv(inputs, outputs, kernel=_KERNEL, dilation=dilation),
            SameConv(outputs, outputs, kernel=_KERNEL, dilation=dilation),
        )
        self.norm = _norm(outputs, momentum)
        self.dropout = nn.Dropout(dropout)

    def forward(self, features: Tensor) -> Tensor:
        """Return (batch, outputs, rows, time // 2) of (batch, inputs, rows, time)."""
        normed = leaky(self.norm(self.convolutions(features)))
        halved: Tensor = self.dropout(functional.max_pool2d(normed, (1, 2)))
        return halved


class _UpLevel(nn.Module):
    """Time doubled or kept, a skip joined, two convolutions."""

    def __init__(
        self, inputs: int, width: int, outputs: int, *, stride: int, momentum: float
    ) -> None:
        super().__init__()
        self.up = SameUp(inputs, width, kernel=_KERNEL, stride=stride)
        self.norm = _norm(width, momentum)
        self.convolutions = nn.Sequential(
            SameConv(2 * width, outputs, kernel=_KERNEL),
            SameConv(outputs, outputs, kernel=_KERNEL, gain=LEAKY_GAIN),
        )

    def forward(self, features: Tensor, skip: Tensor) -> Tensor:
        """Return (batch, outputs, rows, time of the skip)."""
        raised = leaky(self.norm(self.up(features)))
        return leaky(self.convolutions(torch.cat((raised, skip), dim=1)))


def _norm(width: int, momentum: float) -> nn.BatchNorm2d:
    return nn.BatchNorm2d(width, eps=_EPSILON, momentum=momentum)


def build(config: dict[str, Any]) -> DilatedUnet:
    """Return a fresh network.

    Args:
        config: Keywords of ``benchmarks.models.df_unet.DfUnet.build``, all of them given.
    """
    network = DilatedUnet(config)
    initialise(network, seed=config["seed"], scheme="fan_in")
    if network.graph is not None:
        network.graph.begin_open()
    return network
