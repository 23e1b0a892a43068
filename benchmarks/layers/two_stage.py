"""The two-stage network of spectra: MusicECAN, and the two-stage U-Net that it was made of.

Cheng et al., "MusicECAN: An Automatic Denoising Network for Music Recordings With Efficient
Channel Attention", IEEE/ACM TASLP 2024, doi:10.1109/TASLP.2024.3378118; Moliner and Välimäki,
"A Two-Stage U-Net for High-Fidelity Denoising of Historical Recordings", ICASSP 2022,
doi:10.1109/ICASSP43922.2022.9746977. Both as their released code computes them, with two
departures: ECA is a learned layer, and excerpts too short for the depth are padded with zeros.

Ten cosines over the bins, the frequency code, tell a convolution at which frequency it is.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from benchmarks.layers import padding
from benchmarks.layers.attention import GATES, SupervisedAttention
from benchmarks.layers.convolution import Conv
from benchmarks.layers.initialise import begin_second_stage, initialise
from benchmarks.layers.unet import Unet
from mn_dataset.errors import InputError, UnknownName

CODES = 10
"""How many cosines the frequency code has, each of twice the frequency of the one before."""
SECOND_STAGES = ("direct", "residual")
"""How stage 2 answers: as in the reference, or with what it adds to the answer of stage 1."""


class TwoStage(nn.Module):
    """Two U-Nets; the second sees the spectrum again, and the features of the first.

    Stage 1 answers with its input plus a residual, stage 2 as ``config["second_stage"]`` says.

    Attributes:
        config: Keywords of the model's ``build``.
        code: Frequency code, shape (bins, 10).
    """

    code: Tensor

    def __init__(self, config: dict[str, Any]) -> None:
        super().__init__()
        self.config = config
        widths, num_tfc = config["widths"], config["num_tfc"]
        gate = nn.Identity() if config["gate"] is None else GATES[config["gate"]](widths[-1])
        self.stage_1 = Unet(widths, inputs=2 + CODES, carried=0, num_tfc=num_tfc, attention=gate)
        self.sam = SupervisedAttention(widths[0])
        self.stage_2 = Unet(
            widths,
            inputs=2 + CODES,
            carried=widths[0],
            num_tfc=num_tfc,
            attention=nn.Identity(),
        )
        self.output = Conv(widths[0], 2, kernel=3, elu=False)
        self.register_buffer("code", torch.from_numpy(frequency_code(config["bins"])))

    def forward(self, spectrum: Tensor) -> tuple[Tensor, Tensor]:
        """Return the estimates of stage 2 and stage 1, each of the spectrum's shape.

        Args:
            spectrum: Real and imaginary parts, shape (batch, 2, frames, bins).

        Raises:
            InputError: if the network is one of other bins.
        """
        frames, bins = spectrum.shape[-2:]
        if bins != self.config["bins"]:
            raise InputError(f"the spectra have {bins} bins; the network has {self.config['bins']}")
        wide = padding.at_least(spectrum, frames=self._lengthened(frames), bins=self._shortest)
        given = wide.contiguous(memory_format=torch.channels_last)
        code = functional.pad(self.code, (0, 0, 0, wide.shape[-1] - len(self.code)))
        carried, first = self.sam(self.stage_1(given, code=code), given)
        second = self.output(self.stage_2(given, carried, code=code))
        if self.config["second_stage"] == "residual":
            second = second + first
        return (
            padding.cropped(second, frames=frames, bins=bins),
            padding.cropped(first, frames=frames, bins=bins),
        )

    def _lengthened(self, frames: int) -> int:
        """Return the next number of frames whose halvings round as those of training did.

        At every halving the last frame of an odd number is mirrored, and its double cut off again.
        A network that only ever saw excerpts of one length has learned one such pattern, and its
        estimate of the last half-second explodes in another one.
        """
        frames = max(frames, self._shortest)
        trained = self.config["train_frames"]
        if trained is None:
            return frames
        halvings = len(self.config["widths"]) - 1
        return frames + int(trained - frames) % (1 << halvings)

    @property
    def _shortest(self) -> int:
        """Lines from which on every level can mirror two of its own, and the input three."""
        halvings: int = len(self.config["widths"]) - 1
        return max(3, (1 << (halvings - 1)) + 1)


def build(config: dict[str, Any]) -> TwoStage:
    """Return a fresh network.

    Args:
        config: Keywords of ``benchmarks.models.two_stage_unet.TwoStageModel.build``; the widths go
            from full resolution to the bottleneck, and are at least two.

    Raises:
        UnknownName: if there is no such second stage, gate or initialiser.
    """
    if config["second_stage"] not in SECOND_STAGES:
        raise UnknownName("second stage", config["second_stage"], SECOND_STAGES)
    if config["gate"] not in (None, *GATES):
        raise UnknownName("gate", config["gate"], GATES)
    network = TwoStage(config)
    initialise(network, seed=config["seed"], scheme=config["initialiser"])
    if config["initialiser"] == "fan_in":
        begin_second_stage(network)
    network.to(memory_format=torch.channels_last)  # type: ignore[call-overload] # torch forgot it
    return network


def frequency_code(bins: int) -> NDArray[np.float32]:
    """Return ``cos(2^j π f / (bins - 1))``, shape (bins, 10).

    Every step is rounded to float32, as the reference rounds it: the argument is off by up to
    1e-4 at the upper end, and a table that is more exact is another network.
    """
    position = np.arange(bins, dtype=np.float32) / np.float32(bins - 1)
    rates = (2.0 ** np.arange(CODES) * np.pi).astype(np.float32)
    return np.cos((position[:, np.newaxis] * rates).astype(np.float64)).astype(np.float32)
