"""A mask that knows frequencies and nothing else: one share of the voice for each bin.

Where the loss is the squared error of both targets, the best share is
``mean(x (x + v − a)) / (2 mean(x²))`` over all frames, of the magnitudes of mixture x, voice v and
accompaniment a: what mean spectra tell.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn


class MeanSpectrumMask(nn.Module):
    """The sigmoid of one number per bin, whatever the frame.

    Attributes:
        config: Keywords of the model's ``build``.
        logit: Shape (bins,); 0, an even half, before training.
    """

    def __init__(self, config: dict[str, Any]) -> None:
        super().__init__()
        self.config = config
        self.logit = nn.Parameter(torch.zeros(config["window"] // 2 + 1))

    def forward(self, mixture: Tensor) -> Tensor:
        """Return the magnitudes of voice and accompaniment, shape (batch, 2, frames, bins).

        Args:
            mixture: Magnitudes, shape (batch, frames, bins).
        """
        share = self.logit.to(mixture.dtype).sigmoid()
        voice = share * mixture
        return torch.stack((voice, mixture - voice), dim=1)
