"""df-UNet: takes bleed out of waveforms by dilated convolutions, with or without a graph.

its-rajesh/ChebGCN and its-rajesh/GIRNet, 2023; the network is in
``benchmarks.layers.dilated_unet``, with what is different here: dilation along time alone, above
all.

No torch at the top: the models are listed on machines without it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from benchmarks.contract import DenoiserSpec
from benchmarks.models.debleeder import Debleeder
from benchmarks.models.f_unet import RATE, WIDTHS
from benchmarks.models.widths import check_share, scaled
from mn_dataset.errors import InputError, UnknownName

if TYPE_CHECKING:
    import torch


class DfUnet(Debleeder):
    """3,859,793 numbers, those of its normalisations among them; 16,768 more with a graph."""

    spec = DenoiserSpec(
        name="df_unet",
        task="debleed",
        sampling_rate=RATE,
        channels=1,
        backend="torch",
        remainder="inputs",
        chunk=10 * RATE,
        overlap=RATE,
        learned=True,
        extra="torch",
        citation="https://github.com/its-rajesh/GIRNet, 2023",
        trained_on="what its weights say",
    )

    def build(
        self,
        *,
        widths: Sequence[int] | None = None,
        last_width: int = 32,
        width_multiplier: float = 1.0,
        graph: bool = False,
        dropout: float = 0.1,
        momentum: float = 0.01,
        output: str = "residual",
        seed: int = 0,
    ) -> torch.nn.Module:
        """Return a fresh network of waveforms (batch, microphones, time), any number of them.

        Its ``config`` holds these keywords, with the widths as they came out.

        Args:
            widths: Channels of the four levels and of the bottleneck, rising; those of the
                original by default.
            last_width: Channels of the last two convolutions: 32, or 16 as in GIRNet.
            width_multiplier: Factor of all widths, which are rounded, and at least 1.
            graph: Whether a graph of the microphones gates the coarsest features.
            dropout: Share of features that is left out in training, below 1.
            momentum: Share of a batch in the moving statistics of the normalisations. At 0.01, that
                of the original, they lag by a hundred steps, too much for a training of hundreds.
            output: "residual", and the network gives what is to be taken out of a microphone, or
                "waveform", as published, and it gives the source.
            seed: Of the first weights.

        Raises:
            InputError: if the numbers make no network.
            UnknownName: if there is no such output.
        """
        from benchmarks.layers import dilated_unet, full_unet  # noqa: PLC0415 - torch is an extra

        name, full = self.spec.name, list(WIDTHS if widths is None else widths)
        levels = len(dilated_unet.DILATIONS)
        if len(full) != levels + 1:
            raise InputError(
                f"{name}: widths are {full}; expected {levels + 1} of them, of {levels} levels and "
                "the bottleneck"
            )
        check_share(name, "dropout", dropout)
        if not 0 < momentum <= 1:
            raise InputError(f"{name}: momentum is {momentum}; expected above 0, at most 1")
        if output not in full_unet.OUTPUTS:
            raise UnknownName("output", output, full_unet.OUTPUTS)
        config: dict[str, Any] = {
            "widths": scaled(name, full, width_multiplier),
            "last_width": scaled(name, [last_width], width_multiplier)[0],
            "graph": graph,
            "dropout": dropout,
            "momentum": momentum,
            "output": output,
            "seed": seed,
        }
        return dilated_unet.build(config)
