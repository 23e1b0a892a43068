"""DI-CAE, a convolutional auto-encoder of magnitudes for each microphone of a session.

its-rajesh/Audio-Bleeding-Removal and its-rajesh/IRMR, 2023 ("dynamic input"): every nine frames in
succession are three groups of three, stacked along frequency to an image; two convolutions, a layer
of a hundred units, and the way back make of it the image of the same frames without bleed. What a
microphone's network is given is that microphone alone, and the network knows it by its place.

Departures:

* One hop in training and in use; the published training takes frames that do not overlap.
* The published network ends with a normalisation behind the ReLU, and so below 0; another ReLU
  follows here. ``output = "mask"`` ends with a sigmoid instead: a share of what was given.
* A frame is in up to nine images, and is the mean of what they say of it, not what the first says.
* Magnitudes have about unit mean square, whatever the level and the window.
* Recordings of fewer frames than an image has are lengthened by silence.
* Slots are named by number and nothing is loaded into another one's place.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from benchmarks.layers.initialise import initialise
from benchmarks.layers.recurrent_separator import Dense

OUTPUTS = ("mask", "magnitude")
"""What the last layer gives: a share of the microphone, or the source, as published."""

FRAMES = (9, 3)
"""How many frames an image may hold: of the published networks one takes nine, the other three."""

GROUPS = 3
"""Groups of frames that are stacked along frequency."""

_EPSILON = 1e-3  # of Keras
_OPEN = 2.0  # untrained masks are about 0.9
_SHRINKAGE = 2  # lines that two convolutions without padding take off an axis


class DiCae(nn.Module):
    """One auto-encoder per microphone.

    Attributes:
        config: Keywords of the model's ``build``.
        slots: The auto-encoders, in the order of the microphones.
    """

    def __init__(self, config: dict[str, Any]) -> None:
        super().__init__()
        self.config = config
        self.slots = nn.ModuleList(_AutoEncoder(config) for _ in range(config["microphones"]))

    def forward(self, magnitudes: Tensor) -> Tensor:
        """Return the magnitudes of the sources, of the shape of what is given.

        Args:
            magnitudes: Of the microphones, shape (batch, K, frames, bins).
        """
        pairs = zip(self.slots, magnitudes.unbind(dim=1), strict=True)
        return torch.stack([slot(microphone) for slot, microphone in pairs], dim=1)


class _AutoEncoder(nn.Module):
    """The magnitudes of one microphone in, those of its source out."""

    def __init__(self, config: dict[str, Any]) -> None:
        super().__init__()
        self.frames, self.output = config["frames"], config["output"]
        group, bins = self.frames // GROUPS, config["window"] // 2 + 1
        fine, coarse = config["widths"]
        # A group of one frame is an image of one line, which no kernel of two lines fits.
        kernel = (2 if group > 1 else 1, 2)
        self.inner = (coarse, max(1, group - _SHRINKAGE), GROUPS * bins - _SHRINKAGE)
        self.encoder = nn.ModuleList([_Conv(1, fine, kernel), _Conv(fine, coarse, kernel)])
        self.dense = nn.ModuleList(
            Dense(inputs, outputs, gain=math.sqrt(2))
            for inputs, outputs in (
                (math.prod(self.inner), config["bottleneck"]),
                (config["bottleneck"], math.prod(self.inner)),
            )
        )
        self.decoder = nn.ModuleList(
            [_Conv(coarse, fine, kernel, transposed=True), _Conv(fine, 1, kernel, transposed=True)]
        )
        self.norms = nn.ModuleList(
            nn.BatchNorm2d(width, eps=_EPSILON, momentum=config["momentum"])
            for width in (fine, coarse, fine, 1)
        )

    def forward(self, magnitudes: Tensor) -> Tensor:
        """Return (batch, frames, bins) of (batch, frames, bins)."""
        count = magnitudes.shape[1]
        longer = functional.pad(magnitudes, (0, 0, 0, max(0, self.frames - count)))
        images = as_images(longer.to(next(self.parameters()).dtype), self.frames)
        answers = self._decoded(images.flatten(0, 1)).reshape(images.shape)
        mean = mean_of_images(answers, self.frames)[:, :count]
        return mean * magnitudes if self.output == "mask" else mean

    def _decoded(self, images: Tensor) -> Tensor:
        """Return images (images, 1, frames / 3, 3 · bins) of such images."""
        features = images
        for convolution, norm in zip(self.encoder, self.norms[:2], strict=True):
            features = norm(convolution(features).relu())
        for dense in self.dense:
            features = dense(features.flatten(1)).relu()
        up, last = self.decoder
        features = last(self.norms[2](up(features.reshape(-1, *self.inner)).relu()))
        if self.output == "mask":
            mask: Tensor = self.norms[3](features).sigmoid()
            return mask
        magnitude: Tensor = self.norms[3](features.relu()).relu()
        return magnitude


class _Conv(nn.Conv2d):
    """A convolution before a ReLU: without padding, or as the transpose of one without.

    Transposed, at stride 1, it is a convolution over zeros beyond every border, by one less than
    the kernel.
    """

    gain = math.sqrt(2)

    def __init__(
        self, inputs: int, outputs: int, kernel: tuple[int, int], *, transposed: bool = False
    ) -> None:
        padding = (kernel[0] - 1, kernel[1] - 1) if transposed else (0, 0)
        super().__init__(inputs, outputs, kernel, padding=padding)

    @property
    def fan_in(self) -> int:
        """How many inputs an output is the sum of."""
        return self.weight[0].numel()


def as_images(magnitudes: Tensor, frames: int) -> Tensor:
    """Return the image of every so many frames in succession.

    Args:
        magnitudes: Shape (batch, all frames, bins), at least ``frames`` of them.
        frames: Of an image, a multiple of ``GROUPS``.

    Returns:
        Shape (batch, images, 1, frames / GROUPS, GROUPS · bins): a line is the place of a frame in
        its group, a column a bin of a group.
    """
    batch, count, bins = magnitudes.shape
    windows = magnitudes.unfold(1, frames, 1)
    split = windows.reshape(batch, count - frames + 1, bins, GROUPS, frames // GROUPS)
    return split.permute(0, 1, 4, 3, 2).flatten(3)[:, :, None]


def mean_of_images(images: Tensor, frames: int) -> Tensor:
    """Return for every frame the mean of what the images say of it; undoes ``as_images``.

    Args:
        images: As ``as_images`` makes them.
        frames: Of an image.

    Returns:
        Shape (batch, all frames, bins).
    """
    batch, number, _, lines, columns = images.shape
    split = images.reshape(batch, number, lines, GROUPS, columns // GROUPS)
    windows = split.transpose(2, 3).flatten(2, 3)
    total = windows.new_zeros(batch, number + frames - 1, windows.shape[-1])
    count = windows.new_zeros(number + frames - 1, 1)
    for place in range(frames):
        total[:, place : place + number] += windows[:, :, place]
        count[place : place + number] += 1
    return total / count


def build(config: dict[str, Any]) -> DiCae:
    """Return a fresh network.

    Args:
        config: Keywords of ``benchmarks.models.di_cae.DiCae.build``, all of them given.
    """
    with torch.random.fork_rng([]):  # torch's layers draw first weights of their own
        network = DiCae(config)
    initialise(network, seed=config["seed"], scheme="fan_in")
    if config["output"] == "mask":
        for slot in network.slots:
            nn.init.constant_(slot.get_parameter("norms.3.bias"), _OPEN)
    return network
