"""A network that masks spectra patch by patch, and sees what rules of noise power would say.

A patch is a few neighbouring bins of a few frames (space to depth): no layer has the resolution of
the spectrum. Beside its level, every bin brings evidence:

- its level, and that of its neighbourhood, over the noise floor of the recording, a low quantile
  over time of the smoothed power (Stahl, Fischer, Bippus: Quantile based noise estimation, ICASSP
  2000);
- its level over a floor nearby, the minimum over a second (Martin: Noise power spectral density
  estimation based on optimal smoothing and minimum statistics, IEEE TSAP 2001);
- its level over the means along time and along frequency, by which held notes and clicks differ
  (Fitzgerald: Harmonic/percussive separation using median filtering, DAFx 2010).

Residual convolutions halve the sub-bands; recurrent layers run over time and over frequency where
there are fewest (Luo, Chen, Yoshioka: Dual-path RNN, ICASSP 2020). The answer is added to the
logarithm of a Wiener filter's ratio, so that an untrained network is the Wiener filter of the first
floor, and training says where to believe it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn import functional

FEATURES = 6
"""Numbers that every bin brings."""

_EPS = 1e-8  # of a power whose usual level is one: −80 dB
_SPAN = 6.0  # nepers: ratios beyond ±26 dB of power are all alike
_ALONG = 9  # frames or bins that a mean along one axis takes in
_COARSE = 4  # frames of a coarse one
_SHIFTS = (1, 2, 4, 3)  # coarse frames: one after the other they reach ten, or half a second
_BIAS = 1.5  # mean of a noise's power over the quantile of 20 % of its coarse frames


class SubbandMask(nn.Module):
    """Masks spectra.

    Args:
        config: ``bins``, ``patch`` in frames and bins, ``widths`` from the embedding down,
            ``blocks`` of two convolutions at each width, ``recurrent``: how many pairs of recurrent
            layers, ``quantile`` of the floor.
    """

    def __init__(self, config: Mapping[str, Any]) -> None:
        super().__init__()
        self.config = dict(config)
        widths: Sequence[int] = config["widths"]
        steps = list(pairwise(widths))
        frames, bins = config["patch"]
        self.embed = nn.Linear(FEATURES * frames * bins, widths[0])
        self.fine = nn.ModuleList(_blocks(wide, config["blocks"]) for wide, _ in steps)
        self.merge = nn.ModuleList(nn.Linear(2 * wide, wider) for wide, wider in steps)
        self.recurrent = nn.ModuleList(_DualPath(widths[-1]) for _ in range(config["recurrent"]))
        self.split = nn.ModuleList(nn.Linear(wider, 2 * wide) for wide, wider in steps)
        self.joined = nn.ModuleList(_blocks(wide, config["blocks"]) for wide, _ in steps)
        self.norm = nn.LayerNorm(widths[0])
        self.head = nn.Linear(widths[0], frames * bins)
        nn.init.zeros_(self.head.weight)
        nn.init.zeros_(self.head.bias)

    def forward(self, spectra: Tensor) -> list[Tensor]:
        """Return the masked spectra, shape (batch, 2, frames, bins) as given."""
        power = spectra.float().square().sum(dim=1)
        features, prior = evidence(power, quantile=self.config["quantile"])
        maps = functional.relu(self.embed(self._patches(features)))
        skips = []
        for blocks, merge in zip(self.fine, self.merge, strict=True):
            maps = blocks(maps)
            skips.append(maps)
            maps = merge(maps.unflatten(2, (-1, 2)).flatten(-2))
        for pair in self.recurrent:
            maps = pair(maps)
        for split, blocks in zip(reversed(self.split), reversed(self.joined), strict=True):
            maps = blocks(split(maps).unflatten(-1, (2, -1)).flatten(2, 3) + skips.pop())
        mask = torch.sigmoid(prior + self._bins(self.head(self.norm(maps)).float(), power.shape))
        return [spectra * mask[:, None].to(spectra.dtype)]

    def _patches(self, features: Tensor) -> Tensor:
        """Cut features (batch, 6, frames, bins) into patches (batch, times, bands, numbers)."""
        frames, bins = self.config["patch"]
        whole = bins * 2 ** len(self.merge)  # the last recurrent layer sees whole bands
        missing = -features.shape[2] % frames, -features.shape[3] % whole
        padded = functional.pad(features, (0, missing[1], 0, missing[0]))
        batch, number, times, bands = padded.shape
        cut = padded.reshape(batch, number, times // frames, frames, bands // bins, bins)
        return cut.permute(0, 2, 4, 1, 3, 5).flatten(3).to(self.embed.weight.dtype)

    def _bins(self, patches: Tensor, shape: Sequence[int]) -> Tensor:
        """Put patches (batch, times, bands, numbers) together to (batch, frames, bins)."""
        frames, bins = self.config["patch"]
        batch, times, bands, _ = patches.shape
        cut = patches.reshape(batch, times, bands, frames, bins).transpose(2, 3)
        return cut.reshape(batch, times * frames, bands * bins)[:, : shape[1], : shape[2]]


def evidence(power: Tensor, *, quantile: float) -> tuple[Tensor, Tensor]:
    """Return the numbers that bins bring, and the logit of a Wiener filter.

    Args:
        power: Of a mixture's bins, about 1 where it is as loud as ever; (batch, frames, bins).
        quantile: Over time, of the smoothed power, that is the noise floor.

    Returns:
        Shape (batch, 6, frames, bins), each number within ±2 or little more; and (batch, frames,
        bins).
    """
    coarse = _coarse(_mean(power, 5, dim=2))
    place = max(1, round(quantile * coarse.shape[1]))
    floor = coarse.kthvalue(place, dim=1, keepdim=True).values + _EPS
    nearby = _lowest(coarse).repeat_interleave(_COARSE, dim=1)[:, : power.shape[1]] + _EPS
    smooth = _mean(_mean(power, 3, dim=1), 5, dim=2)
    level, low = (power + _EPS).log(), floor.log()
    features = [level / 2.0, level - low, (smooth + _EPS).log() - low, level - nearby.log()]
    features += [level - (_mean(power, _ALONG, dim=dim) + _EPS).log() for dim in (1, 2)]
    bounded = torch.stack([number.clamp(-_SPAN, _SPAN) / 3.0 for number in features], dim=1)
    signal = (smooth / (_BIAS * floor) - 1.0).clamp(min=0.05)
    return bounded, signal.log().clamp(-3.0, _SPAN)


def _mean(power: Tensor, number: int, *, dim: int) -> Tensor:
    """Return means over neighbours along a dimension, over fewer at the edges."""
    total, length = power.clone(), power.shape[dim]
    count = torch.ones(length)
    for shift in range(1, min(number // 2, length - 1) + 1):
        rest = length - shift
        total.narrow(dim, 0, rest).add_(power.narrow(dim, shift, rest))
        total.narrow(dim, shift, rest).add_(power.narrow(dim, 0, rest))
        count[:rest] += 1.0
        count[shift:] += 1.0
    shape = (-1, 1) if dim == 1 else (-1,)
    return total.div_(count.to(power.device).reshape(shape))


def _coarse(power: Tensor) -> Tensor:
    """Return the means of every four frames, of fewer at the end."""
    return functional.avg_pool2d(power[:, None], (_COARSE, 1), ceil_mode=True)[:, 0]


def _lowest(coarse: Tensor) -> Tensor:
    """Return the minimum over half a second before and after each coarse frame."""
    for shift in _SHIFTS:
        rest = max(0, coarse.shape[1] - shift)
        here, lowest = coarse, coarse.clone()
        lowest[:, :rest] = torch.minimum(here[:, :rest], here[:, shift:])
        lowest[:, shift:] = torch.minimum(lowest[:, shift:], here[:, :rest])
        coarse = lowest
    return coarse


def _blocks(width: int, number: int) -> nn.Sequential:
    return nn.Sequential(*(_Residual(width) for _ in range(number)))


class _Residual(nn.Module):
    """Two convolutions, added to what goes in; nothing before training."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.first, self.last = (nn.Conv2d(width, width, 3, padding=1) for _ in range(2))
        nn.init.zeros_(self.last.weight)
        nn.init.zeros_(cast(Tensor, self.last.bias))

    def forward(self, maps: Tensor) -> Tensor:
        """Return maps of the same shape (batch, times, bands, width)."""
        hidden = functional.relu(self.first(self.norm(maps).permute(0, 3, 1, 2)))
        change: Tensor = self.last(hidden).permute(0, 2, 3, 1)
        return maps + change


class _DualPath(nn.Module):
    """A recurrent layer over time and one over frequency, each in both directions."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.time = nn.LSTM(width, width // 2, batch_first=True, bidirectional=True)
        self.frequency = nn.LSTM(width, width // 2, batch_first=True, bidirectional=True)
        self.norms = nn.ModuleList([nn.LayerNorm(width), nn.LayerNorm(width)])

    def forward(self, maps: Tensor) -> Tensor:
        """Return maps of the same shape (batch, times, bands, width)."""
        batch, times, _, _ = maps.shape
        hidden = maps.transpose(1, 2).flatten(0, 1)  # (batch · bands, times, width)
        hidden = hidden + self.time(self.norms[0](hidden))[0]
        hidden = hidden.unflatten(0, (batch, -1)).transpose(1, 2).flatten(0, 1)
        hidden = hidden + self.frequency(self.norms[1](hidden))[0]
        whole: Tensor = hidden.unflatten(0, (batch, times))
        return whole
