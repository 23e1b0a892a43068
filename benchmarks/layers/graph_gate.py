"""A gate whose strength microphones settle among each other, as the nodes of a graph.

Veličković et al., "Graph Attention Networks", ICLR 2018, eq. 1 to 4, one head over a complete
graph: every microphone attends to all, itself among them.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

_SLOPE = 0.2  # of the leaky ReLU in eq. 3


class GraphGate(nn.Module):
    """Features (batch, width, K, time) times one factor per microphone and feature.

    A node is a microphone's features, averaged over time. The graph's answer multiplies the
    features (Hadamard); its bias begins with 1, so that an untrained gate hardly changes them.

    Attributes:
        weight: W, shape (width, width).
        bias: Shape (width,).
        own: Attention's weights of the node that asks, shape (width,).
        other: Attention's weights of the node that answers, shape (width,).
        gain: Scale of the first weights, beside what the fan-in asks for.
    """

    def __init__(self, width: int, *, dropout: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(width, width))
        self.bias = nn.Parameter(torch.zeros(width))
        self.own = nn.Parameter(torch.zeros(width))
        self.other = nn.Parameter(torch.zeros(width))
        self.dropout = nn.Dropout(dropout)
        self.gain = 1.0

    @property
    def fan_in(self) -> int:
        """How many inputs an output is the sum of."""
        return self.weight.shape[1]

    def forward(self, features: Tensor) -> Tensor:
        """Return the gated features."""
        nodes = functional.linear(features.mean(dim=-1).transpose(1, 2), self.weight)
        asked = (nodes @ self.own)[:, :, None] + (nodes @ self.other)[:, None, :]
        attention = functional.leaky_relu(asked, _SLOPE).softmax(dim=-1)
        gates: Tensor = self.dropout(attention) @ nodes + self.bias
        return features * gates.transpose(1, 2)[..., None]

    def begin_open(self) -> None:
        """Let an untrained gate pass features on."""
        with torch.no_grad():
            self.bias.fill_(1.0)
            self.weight.mul_(0.1)
