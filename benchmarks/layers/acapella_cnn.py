"""The convolutional network of acapellabot: the voice's log magnitudes from the mixture's.

madebyollin/acapellabot, 2017: twelve convolutions in the form of a U-Net over images of log
magnitudes. Widths, kernels, order of layers, and the borders of the strided convolutions are those
of the published weights, so that a person's own copy of them can be converted. A convolution that a
batch normalisation follows has no bias, and its ReLU comes before the normalisation.

Departures: any widths, one or two channels, and a mask as an alternative to the last ReLU.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from benchmarks.layers.initialise import glorot
from benchmarks.layers.padding import margins
from mn_dataset.errors import UnknownName

OUTPUTS = ("log_magnitude", "mask")
"""What the last convolution gives: the voice, as in the original, or its share of the mixture."""

NORMALISED = (1, 3, 5, 7)
"""Convolutions, counted from 0, that a batch normalisation follows."""
STRIDED = (1, 3)
"""Convolutions of 4 x 4 that halve both axes; all others are of 3 x 3."""

_EPSILON = 1e-3  # of Keras
_HALVINGS = 4  # both axes are padded to a multiple of it


class AcapellaCnn(nn.Module):
    """Log magnitudes of a mixture in, those of its voice out.

    Attributes:
        config: Keywords of the model's ``build``.
        convolutions: Twelve, in the order of the published weights.
        normalisations: Four, one for each of ``NORMALISED``.
    """

    def __init__(self, config: dict[str, Any]) -> None:
        super().__init__()
        self.config = config
        fine, coarse, bottom, last = config["widths"]
        channels = config["channels"]
        widths = [
            (channels, fine),
            (fine, fine),
            (fine, coarse),
            (coarse, coarse),
            (coarse, bottom),
            (bottom, bottom),
            (bottom + coarse, coarse),
            (coarse, coarse),
            (coarse + fine, fine),
            (fine, fine),
            (fine, last),
            (last, channels),
        ]
        self.convolutions = nn.ModuleList(
            nn.Conv2d(
                inputs,
                outputs,
                kernel_size=4 if number in STRIDED else 3,
                stride=2 if number in STRIDED else 1,
                padding=0 if number in STRIDED else 1,
                bias=number not in NORMALISED,
            )
            for number, (inputs, outputs) in enumerate(widths)
        )
        self.normalisations = nn.ModuleList(
            nn.BatchNorm2d(widths[number][1], eps=_EPSILON, momentum=config["momentum"])
            for number in NORMALISED
        )

    def forward(self, features: Tensor) -> Tensor:
        """Return the log magnitudes of the voice, of the features' shape and at least 0.

        Args:
            features: log(1 + |S|) of a mixture, shape (batch, channels, frames, bins).
        """
        frames, bins = features.shape[-2:]
        kind = next(self.parameters()).dtype
        # The kernels' first axis is that of the frequencies.
        image = functional.pad(
            features.to(kind).transpose(2, 3), (0, -frames % _HALVINGS, 0, -bins % _HALVINGS)
        ).contiguous(memory_format=torch.channels_last)
        answer = self._last(image)[..., :bins, :frames].transpose(2, 3)
        if self.config["output"] == "mask":
            return torch.log1p(torch.sigmoid(answer.float()) * torch.expm1(features))
        return functional.relu(answer)

    def strided(self, number: int, image: Tensor) -> Tensor:
        """Return a convolution that halves both axes, without its ReLU.

        Two lines of zeros stand before each axis and one after it, as Keras pads over Theano.
        """
        before, after = margins(4)
        halved: Tensor = self.convolutions[number](
            functional.pad(image, (before, after, before, after))
        )
        return halved

    def _last(self, image: Tensor) -> Tensor:
        fine = self._relu(0, image)
        coarse = self._relu(2, self._halved(1, fine))
        bottom = self._relu(4, self._halved(3, coarse))
        up = _doubled(self._normalised(5, functional.relu(self.convolutions[5](bottom))))
        coarse = self._relu(6, torch.cat((up, coarse), dim=1))
        up = _doubled(self._normalised(7, functional.relu(self.convolutions[7](coarse))))
        fine = self._relu(8, torch.cat((up, fine), dim=1))
        last: Tensor = self.convolutions[11](self._relu(10, self._relu(9, fine)))
        return last

    def _relu(self, number: int, image: Tensor) -> Tensor:
        return functional.relu(self.convolutions[number](image))

    def _halved(self, number: int, image: Tensor) -> Tensor:
        return self._normalised(number, functional.relu(self.strided(number, image)))

    def _normalised(self, number: int, image: Tensor) -> Tensor:
        normalised: Tensor = self.normalisations[NORMALISED.index(number)](image)
        return normalised


def _doubled(image: Tensor) -> Tensor:
    return functional.interpolate(image, scale_factor=2, mode="nearest")


def build(config: dict[str, Any]) -> AcapellaCnn:
    """Return a fresh network, its weights drawn as Keras draws them (Glorot and Bengio 2010).

    Args:
        config: Keywords of ``benchmarks.models.acapella_cnn.AcapellaCnn.build``.

    Raises:
        UnknownName: if there is no such output.
    """
    if config["output"] not in OUTPUTS:
        raise UnknownName("output", config["output"], OUTPUTS)
    with torch.random.fork_rng([]):  # torch's layers draw first weights of their own
        network = AcapellaCnn(config)
    glorot(network, seed=config["seed"])
    network.to(memory_format=torch.channels_last)  # type: ignore[call-overload] # torch forgot it
    return network
