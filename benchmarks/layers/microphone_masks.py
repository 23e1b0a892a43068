"""One mask of frequencies for each microphone: what mean spectra tell of a source and its bleed.

Where the loss is the squared error of waveforms, the best share of a bin is
``mean(Re X S*) / mean(|X|²)`` over all frames, of a microphone X and its own source S: a Wiener
filter that knows how loud both are on average, and nothing of the moment.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from benchmarks.layers.transform import Transform


class MicrophoneMasks(nn.Module):
    """The sigmoid of one number per microphone and bin, whatever the frame.

    Attributes:
        config: Keywords of the model's ``build``.
        logit: Shape (microphones, 1, bins); 0, an even half, before training.
    """

    def __init__(self, config: dict[str, Any]) -> None:
        super().__init__()
        self.config = config
        self._transform = Transform(config["window"], config["hop"])
        self.logit = nn.Parameter(torch.zeros(config["microphones"], 1, self._transform.bins))

    def forward(self, wave: Tensor) -> Tensor:
        """Return waveforms (batch, microphones, time) through the masks."""
        spectrum = self._transform.forward(wave) * self.logit.to(wave.dtype).sigmoid()
        return self._transform.inverse(spectrum, num_samples=wave.shape[-1])
