"""Short-time Fourier transform of any window and hop, and its inverse, in torch.

The ends are mirrored by half a window, so that frame n is centred on sample ``hop · n``; the
inverse divides the overlapped and added frames by the sum of the squared windows (Griffin and Lim
1984, eq. 6). ``benchmarks.layers.stft`` has the one transform of MusicECAN.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from mn_dataset.errors import UnknownName

_SHAPES = ("hann", "sine")
_FAINT = 1e-12  # magnitude under which a bin has no phase


@dataclass(frozen=True)
class Transform:
    """A short-time Fourier transform.

    Attributes:
        window: Length of a frame in samples, even.
        hop: Distance between frames in samples, at most half a window.
        shape: Of the window, periodic: "hann", or "sine", its square root.

    Raises:
        UnknownName: if there is no such shape.

    >>> transform = Transform(1024, 256)
    >>> transform.bins, transform.num_frames(16_000)
    (513, 63)
    """

    window: int
    hop: int
    shape: str = "hann"

    def __post_init__(self) -> None:
        """Refuse a shape that is not known."""
        if self.shape not in _SHAPES:
            raise UnknownName("window shape", self.shape, _SHAPES)

    @property
    def bins(self) -> int:
        """How many frequencies a frame has."""
        return self.window // 2 + 1

    def num_frames(self, num_samples: int) -> int:
        """Return how many frames ``forward`` makes of so many samples."""
        return 1 + num_samples // self.hop

    def forward(self, wave: Tensor) -> Tensor:
        """Analyse waveforms.

        Args:
            wave: Real, shape (..., time), of any length.

        Returns:
            Complex, shape (..., 1 + time // hop, bins).
        """
        flat = wave.reshape(-1, wave.shape[-1])
        half = self.window // 2
        # A mirror is no longer than what it stands before.
        missing = max(0, half + 1 - wave.shape[-1])
        padded = functional.pad(functional.pad(flat, (0, missing)), (half, half), mode="reflect")
        frames = padded.unfold(-1, self.window, self.hop)[:, : self.num_frames(wave.shape[-1])]
        spectrum = torch.fft.rfft(frames * self._shape(wave))
        shaped: Tensor = spectrum.reshape(*wave.shape[:-1], *spectrum.shape[1:])
        return shaped

    def inverse(self, spectrum: Tensor, *, num_samples: int) -> Tensor:
        """Overlap and add; undoes ``forward`` up to rounding.

        Args:
            spectrum: Complex, shape (..., frames, bins).
            num_samples: Length of the waveforms that were analysed.

        Returns:
            Real, shape (..., num_samples).
        """
        frames = torch.fft.irfft(spectrum, self.window)
        shape = self._shape(frames)
        flat = (frames * shape).reshape(-1, *frames.shape[-2:])
        length = (flat.shape[1] - 1) * self.hop + self.window
        sizes = (1, length), (1, self.window)
        added = functional.fold(flat.transpose(1, 2), *sizes, stride=(1, self.hop))[:, 0, 0]
        squared = shape.square()[None, :, None].expand(1, -1, flat.shape[1])
        weight = functional.fold(squared, *sizes, stride=(1, self.hop))[0, 0, 0]
        half = self.window // 2
        wave = (added / weight.clamp(min=1e-8))[:, half : half + num_samples]
        wave = functional.pad(wave, (0, num_samples - wave.shape[-1]))
        return wave.reshape(*frames.shape[:-2], num_samples)

    def _shape(self, like: Tensor) -> Tensor:
        return torch.from_numpy(_window(self.window, self.shape)).to(like)


def unit(spectrum: Tensor) -> Tensor:
    """Return a complex spectrum divided by its modulus; 0 where it is silent."""
    return spectrum / spectrum.abs().clamp(min=_FAINT)


@cache
def _window(length: int, shape: str) -> NDArray[np.float64]:
    """Return a periodic window, built by numpy: torch's first one is not always right."""
    sine: NDArray[np.float64] = np.sin(np.pi * np.arange(length) / length)
    return np.square(sine) if shape == "hann" else sine
