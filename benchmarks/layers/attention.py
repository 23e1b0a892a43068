"""Channel attention of the bottleneck, and attention supervised by a first estimate."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional

from benchmarks.layers.convolution import Conv


def eca_kernel(channels: int) -> int:
    """Return how many neighbouring channels a gate looks at (ECA-Net, eq. 12, γ = 2, b = 1).

    Bits are counted: a logarithm of a power of two may fall below the integer.

    >>> [eca_kernel(channels) for channels in (2, 8, 64, 127, 128, 512)]
    [1, 3, 3, 3, 5, 5]
    """
    whole = channels.bit_length() // 2
    return whole if whole % 2 else whole + 1


class ChannelAttention(nn.Module):
    """Efficient channel attention (Wang et al., ECA-Net, CVPR 2020).

    In the released MusicECAN it is drawn anew at every call, and so never trained; here it is
    learned like everything else. The mean covers the whole excerpt: the gate depends on its length.

    Attributes:
        weight: Shape (1, 1, kernel).
        bias: Shape (1,).
    """

    gain = 1.0

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(1, 1, eca_kernel(channels)))
        self.bias = nn.Parameter(torch.zeros(1))

    @property
    def fan_in(self) -> int:
        """How many inputs an output is the sum of."""
        return self.weight.numel()

    def forward(self, features: Tensor) -> Tensor:
        """Return the features (batch, channels, frames, bins), each channel times its gate."""
        means = features.mean(dim=(2, 3)).unsqueeze(1)
        kernel = self.weight.shape[-1]
        gates = functional.conv1d(means, self.weight, self.bias, padding=kernel // 2).sigmoid()
        return features * gates.squeeze(1)[:, :, None, None]


class HalfGate(nn.Module):
    """Halve every channel: what channel attention is with a kernel and a bias of zero."""

    def forward(self, features: Tensor) -> Tensor:
        """Return half the features."""
        return 0.5 * features


class RedrawnGate(nn.Module):
    """Channel attention as it was released: a kernel drawn anew at every call, never trained.

    Glorot-uniform without a bias. In training one kernel of torch's generator serves the whole
    batch, as there. The released inference hands over one excerpt at a time, so that each has a
    kernel of its own: here too, in a batch as well. Departure: it comes from the excerpt itself
    (its means of channels, in thousandths), so that an estimate can be had again.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.kernel = eca_kernel(channels)

    def forward(self, features: Tensor) -> Tensor:
        """Return the features (batch, channels, frames, bins), each channel times its gate."""
        means = features.mean(dim=(2, 3)).float()
        if self.training:
            kernels = self._drawn(None).expand(len(means), -1, -1)
        else:
            kernels = torch.cat([self._drawn(_generator(item)) for item in means])
        kernels = kernels.to(means).reshape(len(means), 1, self.kernel)
        # One kernel per item: items stand as channels of one convolution in groups.
        gates = functional.conv1d(means[None], kernels, padding=self.kernel // 2, groups=len(means))
        return features * gates[0].sigmoid().to(features.dtype)[:, :, None, None]

    def _drawn(self, generator: torch.Generator | None) -> Tensor:
        limit = math.sqrt(3.0 / self.kernel)
        return torch.empty(1, 1, self.kernel).uniform_(-limit, limit, generator=generator)


GATES: dict[str, Callable[[int], nn.Module]] = {
    "learned": ChannelAttention,
    "half": lambda _: HalfGate(),
    "redrawn": RedrawnGate,
}
"""What weighs the channels of the first bottleneck, by name."""


class SupervisedAttention(nn.Module):
    """Turn features into a first estimate, and weigh them by it (Zamir et al., MPRNet, CVPR 2021).

    All three convolutions are 3 x 3, as in the released code; its description says 1 x 1.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.features = Conv(channels, channels, kernel=3, elu=False)
        # A tenth: an untrained first stage hands on about what it was given.
        self.residual = Conv(channels, 2, kernel=3, elu=False, gain=0.1)
        self.mask = Conv(2, channels, kernel=3, elu=False)

    def forward(self, features: Tensor, spectrum: Tensor) -> tuple[Tensor, Tensor]:
        """Return the weighed features, and the estimate.

        Args:
            features: Shape (batch, channels, frames, bins).
            spectrum: Of the mixture, shape (batch, 2, frames, bins).
        """
        estimate = self.residual(features) + spectrum
        mask = self.mask(estimate).sigmoid()
        return torch.addcmul(features, self.features(features), mask), estimate


def _generator(means: Tensor) -> torch.Generator:
    thousandths = (1000.0 * means).round().to(torch.int64).cpu().numpy().tobytes()
    seed = int.from_bytes(hashlib.sha256(thousandths).digest()[:8], "big") >> 1
    return torch.Generator().manual_seed(seed)
