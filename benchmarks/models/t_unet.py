"""The truncated U-Net: estimates how loud every microphone hears every source, and undoes it.

its-rajesh/IRMR, https://github.com/its-rajesh/IRMR, the code of a paper at WASPAA 2023; "t" is for
truncated: the encoder of a U-Net, and dense layers where its decoder was. Microphones X = A S are
undone by S = A⁻¹ X, with one matrix of gains A for ten seconds, which holds of instantaneous mixing
alone: delays and rooms make no such matrix.

What was mended of the original:

* Its last layer was rectified, so that matrices could be singular or nothing but zeros. Gains to
  the own microphone are 0.5 to 1, to the others 0 to 0.5, by sigmoids, and no matrix has a singular
  value under 0.1: `benchmarks.layers.mixing_matrix.bounded`.
* The scale of A cannot be told from X: its diagonal is 1, so that a source is estimated as its own
  microphone hears it, the target ``image``.
* Waveforms were taken at any level: every block is brought to one RMS over all microphones.
* The convolutions' kernel was as long as there were microphones: it is 4 samples for any number.
* What it was tested with was trained on too (in NNBL): here splits are apart by song.
* A silent source, of which no gain can be told, counts nothing in the loss.

No torch at the top: the models are listed on machines without it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from benchmarks.contract import DenoiserSpec
from benchmarks.models.learned import Learned
from mn_dataset.errors import InputError

if TYPE_CHECKING:
    import torch

    from benchmarks.layers.truncated_unet import MatrixObjective

RATE = 22_050
WIDTHS = (16, 32, 64, 128, 512)
"""Channels of the original's convolutions."""


class TruncatedUnet(Learned):
    """The network of the original: for four microphones 3,528,736 parameters.

    Attributes:
        matrix: Of the last call, float32 (batch, microphones, microphones): how loud each
            microphone (row) hears each source (column) beside that source's own; None before.
    """

    spec = DenoiserSpec(
        name="t_unet",
        task="debleed",
        sampling_rate=RATE,
        channels=1,
        backend="torch",
        remainder="inputs",
        chunk=10 * RATE,
        overlap=RATE,
        learned=True,
        extra="torch",
        citation="its-rajesh/IRMR, WASPAA 2023, https://github.com/its-rajesh/IRMR",
        trained_on="what its weights say",
        assumes="instantaneous mixing",
    )

    def __init__(self) -> None:
        super().__init__()
        self.matrix: torch.Tensor | None = None

    def build(
        self,
        *,
        microphones: int = 4,
        widths: Sequence[int] | None = None,
        width_multiplier: float = 1.0,
        seed: int = 0,
    ) -> torch.nn.Module:
        """Return a fresh network of waveforms (batch, microphones, time), which gives matrices.

        Its ``config`` holds these keywords, with the widths as they came out.

        Args:
            microphones: How many sessions have.
            widths: Channels of the five convolutions; those of the original by default.
            width_multiplier: Factor of all widths, which are rounded, and at least 1.
            seed: Of the first weights.

        Raises:
            InputError: if the numbers make no network.
        """
        from benchmarks.layers import truncated_unet  # noqa: PLC0415 - torch is an extra

        full = list(WIDTHS if widths is None else widths)
        whole = all(width == int(width) >= 1 for width in full)
        if len(full) != len(WIDTHS) or not whole or not 0 < width_multiplier < math.inf:
            raise InputError(
                f"t_unet: widths {full} times {width_multiplier}; expected {len(WIDTHS)} whole "
                "widths of 1 or more, and a factor above 0"
            )
        if microphones < 1:
            raise InputError(f"t_unet: microphones is {microphones}; expected 1 or more")
        config = {
            "microphones": microphones,
            "widths": [max(1, round(width * width_multiplier)) for width in full],
            "seed": seed,
        }
        return truncated_unet.build(config)

    def objective(
        self, network: torch.nn.Module, weights: Sequence[Mapping[str, float]]
    ) -> MatrixObjective:
        """Return what training minimises of a network.

        Args:
            network: What ``build`` returned.
            weights: One table of "matrix", the original's: squares of what a matrix differs from
                the one that fits microphones and sources best; and of "mse", "mae" and "snr" of the
                separated waveforms.

        Raises:
            UnknownName: if a loss has no such name.
            InputError: if there are several tables, or weights without a positive sum.
        """
        from benchmarks.layers import truncated_unet  # noqa: PLC0415 - torch is an extra

        config: Any = network.config
        return truncated_unet.objective(config, weights)

    def estimate(self, network: torch.nn.Module, noisy: torch.Tensor) -> torch.Tensor:
        """Return the estimates of sessions (batch, microphones, time), and keep their matrices."""
        objective = self.objective(network, ())
        self.matrix = objective.matrices(network, noisy)
        return objective.separated(self.matrix, noisy)
