"""A mask of mean spectra: what can be told of a voice by frequency alone.

The simplest thing that learns from the data that other separators are trained on; one that is no
better has learned where voices lie, and nothing of how they sound.

No torch at the top: the models are listed on machines without it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.contract import DenoiserSpec
from benchmarks.models.masking_model import MaskingModel

if TYPE_CHECKING:
    import torch

RATE = 44_100

_INPUT_RMS = 0.035  # magnitudes of about unit RMS


class MeanSpectrum(MaskingModel):
    """One share of the voice per frequency: 1025 parameters, at the rate of the recordings."""

    spec = DenoiserSpec(
        name="mean_spectrum_mask",
        task="separate",
        sampling_rate=RATE,
        channels=1,
        backend="torch",
        remainder="accompaniment",
        chunk=30 * RATE,
        overlap=RATE,
        learned=True,
        extra="torch",
        citation="Wiener filter of mean spectra, as in Boll, IEEE TASSP 27(2) 1979",
        trained_on="what its weights say",
    )

    def build(
        self,
        *,
        window: int = 2048,
        hop: int = 512,
        window_shape: str = "hann",
        input_rms: float | None = _INPUT_RMS,
    ) -> torch.nn.Module:
        """Return a fresh network of magnitudes (batch, frames, bins), which halves them.

        Its ``config`` holds these keywords.

        Args:
            window: Of the transform in samples, even.
            hop: Of the transform in samples, at most half a window.
            window_shape: "sine" or "hann".
            input_rms: Level that mixtures are brought to in training; None for as they are.

        Raises:
            InputError: if the numbers make no network.
            UnknownName: if there is no such window.
        """
        from benchmarks.layers.mean_spectrum import (  # noqa: PLC0415 - torch is an extra
            MeanSpectrumMask,
        )

        config = {
            "window": window,
            "hop": hop,
            "window_shape": window_shape,
            "input_rms": input_rms,
        }
        self.check(config)
        return MeanSpectrumMask(config)
