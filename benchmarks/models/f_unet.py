"""f-UNet: takes bleed out of the waveforms of microphones, which are the rows of an image.

its-rajesh/Audio-Bleeding-Removal, 2023, https://github.com/its-rajesh/Audio-Bleeding-Removal; its
network is in ``benchmarks.layers.full_unet``, with what is different here.

No torch at the top: the models are listed on machines without it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from benchmarks.contract import DenoiserSpec
from benchmarks.models.debleeder import Debleeder
from benchmarks.models.widths import check_share, scaled
from mn_dataset.errors import InputError, UnknownName

if TYPE_CHECKING:
    import torch

RATE = 22_050
WIDTHS = (16, 32, 64, 128, 256)
"""Channels of the original, from full resolution to the bottleneck."""


class FUnet(Debleeder):
    """960,257 parameters, whatever the number of microphones."""

    spec = DenoiserSpec(
        name="f_unet",
        task="debleed",
        sampling_rate=RATE,
        channels=1,
        backend="torch",
        remainder="inputs",
        chunk=10 * RATE,
        overlap=RATE,
        learned=True,
        extra="torch",
        citation="https://github.com/its-rajesh/Audio-Bleeding-Removal, 2023",
        trained_on="what its weights say",
    )

    def build(
        self,
        *,
        widths: Sequence[int] | None = None,
        width_multiplier: float = 1.0,
        dropout: float = 0.3,
        output: str = "residual",
        seed: int = 0,
    ) -> torch.nn.Module:
        """Return a fresh network of waveforms (batch, microphones, time), any number of them.

        Its ``config`` holds these keywords, with the widths as they came out.

        Args:
            widths: Channels from full resolution to the bottleneck, two or more; those of the
                original by default.
            width_multiplier: Factor of all widths, which are rounded, and at least 1.
            dropout: Share of features that is left out in training, below 1.
            output: "residual", and the network gives what is to be taken out of a microphone, or
                "waveform", as published, and it gives the source.
            seed: Of the first weights.

        Raises:
            InputError: if the numbers make no network.
            UnknownName: if there is no such output.
        """
        from benchmarks.layers import full_unet  # noqa: PLC0415 - torch is an extra

        name, full = self.spec.name, list(WIDTHS if widths is None else widths)
        if len(full) < 2:
            raise InputError(f"{name}: widths are {full}; expected two or more")
        check_share(name, "dropout", dropout)
        if output not in full_unet.OUTPUTS:
            raise UnknownName("output", output, full_unet.OUTPUTS)
        config: dict[str, Any] = {
            "widths": scaled(name, full, width_multiplier),
            "dropout": dropout,
            "output": output,
            "seed": seed,
        }
        return full_unet.build(config)
