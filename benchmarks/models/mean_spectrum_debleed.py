"""A mask of mean spectra for every microphone: what is told of bleed by frequency alone.

The simplest thing that learns from the data that other systems are trained on; one that is no
better has learned where instruments lie, and nothing of what bleeds.

No torch at the top: the models are listed on machines without it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.contract import DenoiserSpec
from benchmarks.models.debleeder import Debleeder
from benchmarks.models.learned import check_frames
from mn_dataset.errors import InputError

if TYPE_CHECKING:
    import torch

RATE = 44_100


class MeanSpectrumDebleed(Debleeder):
    """One share per microphone and frequency; microphones keep the order of the training."""

    spec = DenoiserSpec(
        name="mean_spectrum_debleed",
        task="debleed",
        sampling_rate=RATE,
        channels=1,
        backend="torch",
        chunk=30 * RATE,
        overlap=RATE,
        learned=True,
        extra="torch",
        citation="Wiener filter of mean spectra, as in Boll, IEEE TASSP 27(2) 1979",
        trained_on="what its weights say",
    )

    def build(self, *, microphones: int = 4, window: int = 2048, hop: int = 512) -> torch.nn.Module:
        """Return a fresh network of waveforms (batch, microphones, time), which halves them.

        Its ``config`` holds these keywords.

        Args:
            microphones: How many sessions have.
            window: Of the transform in samples, even.
            hop: Of the transform in samples, at most half a window.

        Raises:
            InputError: if the numbers make no network.
        """
        from benchmarks.layers.microphone_masks import (  # noqa: PLC0415 - torch is an extra
            MicrophoneMasks,
        )

        check_frames(self.spec.name, window, hop)
        if microphones < 1:
            raise InputError(f"{self.spec.name}: microphones is {microphones}; expected 1 or more")
        return MicrophoneMasks({"microphones": microphones, "window": window, "hop": hop})
