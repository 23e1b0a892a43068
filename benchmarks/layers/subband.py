"""A network that masks spectra by sub-bands, and sees what a rule of noise power would say.

Eight neighbouring bins are one sub-band (space to depth): the network works on 128 of them, so that
no layer has the resolution of the spectrum. Every bin brings three numbers: its level, its level
over the noise floor of the recording, and that of its neighbourhood, the floor being a low quantile
over time of the smoothed power (Stahl, Fischer, Bippus: Quantile based noise estimation, ICASSP
2000). Convolutions halve the sub-bands; recurrent layers run over time and over frequency where
there are fewest (Luo, Chen, Yoshioka: Dual-path RNN, ICASSP 2020). The answer is added to the
logarithm of the Wiener filter's ratio, so that an untrained network is the Wiener filter of that
floor, and training says where to believe it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

_EPS = 1e-8  # of a power whose usual level is one: −80 dB
_SMOOTHED = (3, 5)  # frames and bins over which power is averaged before its floor is taken
_SPAN = 6.0  # nepers: ratios beyond ±26 dB of power are all alike


class SubbandMask(nn.Module):
    """Masks spectra.

    Args:
        config: ``bins``, ``bins_per_band``, ``widths`` from the embedding down, ``recurrent``: how
            many pairs of recurrent layers, ``quantile`` of the floor.
    """

    def __init__(self, config: Mapping[str, Any]) -> None:
        super().__init__()
        self.config = dict(config)
        widths: Sequence[int] = config["widths"]
        size = config["bins_per_band"]
        self.embed = nn.Linear(3 * size, widths[0])
        self.down = nn.ModuleList(
            nn.Conv2d(wide, wider, (3, 3), stride=(1, 2), padding=1)
            for wide, wider in zip(widths, widths[1:], strict=False)
        )
        self.recurrent = nn.ModuleList(_DualPath(widths[-1]) for _ in range(config["recurrent"]))
        self.up = nn.ModuleList(
            nn.Conv2d(wider + wide, wide, (3, 3), padding=1)
            for wide, wider in zip(widths, widths[1:], strict=False)
        )
        self.head = nn.Linear(widths[0], size)
        nn.init.zeros_(self.head.weight)
        nn.init.zeros_(self.head.bias)

    def forward(self, spectra: Tensor) -> list[Tensor]:
        """Return the masked spectra, shape (batch, 2, frames, bins) as given."""
        power = spectra.float().square().sum(dim=1)
        evidence, prior = self._evidence(power)
        size = self.config["bins_per_band"]
        bins = power.shape[-1]
        missing = -bins % size
        features = functional.pad(evidence, (0, missing)).unflatten(-1, (-1, size))
        hidden = features.permute(0, 2, 3, 1, 4).flatten(-2)  # (batch, frames, bands, features)
        maps = functional.elu(self.embed(hidden.to(self.embed.weight.dtype))).permute(0, 3, 1, 2)
        skips = []
        for layer in self.down:
            skips.append(maps)
            maps = functional.elu(layer(maps))
        for pair in self.recurrent:
            maps = pair(maps)
        for layer, skip in zip(reversed(self.up), reversed(skips), strict=True):
            wide = maps.repeat_interleave(2, dim=-1)[..., : skip.shape[-1]]
            maps = functional.elu(layer(torch.cat([wide, skip], dim=1)))
        change = self.head(maps.permute(0, 2, 3, 1)).flatten(-2)[..., :bins].float()
        mask = torch.sigmoid(prior + change)
        return [spectra * mask[:, None].to(spectra.dtype)]

    def _evidence(self, power: Tensor) -> tuple[Tensor, Tensor]:
        """Return three numbers per bin, (batch, 3, frames, bins), and the Wiener filter's logit."""
        frames, bins = _SMOOTHED
        smooth = functional.avg_pool2d(
            functional.pad(power[:, None], (bins // 2, bins // 2, frames // 2, frames // 2), mode="replicate"),
            _SMOOTHED,
            stride=1,
        )[:, 0]
        place = max(1, round(self.config["quantile"] * smooth.shape[1]))
        floor = smooth.kthvalue(place, dim=1, keepdim=True).values + _EPS
        level = (power + _EPS).log()
        over = ((power + _EPS) / floor).log()
        around = ((smooth + _EPS) / floor).log()
        evidence = torch.stack(
            [level / _SPAN, over.clamp(-_SPAN, _SPAN) / 3.0, around.clamp(-_SPAN, _SPAN) / 3.0], dim=1
        )
        # The floor is below the mean of the noise; twice the quantile of 20 % is about its mean.
        signal = (smooth / (2.0 * floor) - 1.0).clamp(min=0.05)
        return evidence, signal.log().clamp(-3.0, _SPAN)


class _DualPath(nn.Module):
    """A recurrent layer over time and one over frequency, each in both directions."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.time = nn.GRU(width, width // 2, batch_first=True, bidirectional=True)
        self.frequency = nn.GRU(width, width // 2, batch_first=True, bidirectional=True)
        self.norms = nn.ModuleList([nn.LayerNorm(width), nn.LayerNorm(width)])

    def forward(self, maps: Tensor) -> Tensor:
        """Return maps of the same shape (batch, width, frames, bands)."""
        batch, _, frames, bands = maps.shape
        hidden = maps.permute(0, 3, 2, 1).flatten(0, 1)  # (batch · bands, frames, width)
        hidden = hidden + self.time(self.norms[0](hidden))[0]
        hidden = hidden.unflatten(0, (batch, bands)).transpose(1, 2).flatten(0, 1)
        hidden = hidden + self.frequency(self.norms[1](hidden))[0]
        return hidden.unflatten(0, (batch, frames)).permute(0, 3, 1, 2)
