"""A quick network that masks sub-bands, on top of what a quantile of the noise says.

No torch at the top: the models are listed on machines without it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from benchmarks.contract import DenoiserSpec
from benchmarks.models.learned import Learned, check_sparing
from mn_dataset.errors import InputError

if TYPE_CHECKING:
    import torch

RATE = 44_100

_INPUT_RMS = 0.035  # spectra of about unit RMS


class SubbandMask(Learned):
    """A mask of one number per bin, from recurrent layers over time and frequency."""

    spec = DenoiserSpec(
        name="subband_mask",
        sampling_rate=RATE,
        channels=1,
        backend="torch",
        front_end="hum_notch",
        chunk=20 * RATE,
        overlap=RATE,
        learned=True,
        extra="torch",
        citation="the M&N toolkit",
        trained_on="what its weights say",
    )

    def build(
        self,
        *,
        bins: int = 1025,
        patch: Sequence[int] = (2, 8),
        widths: Sequence[int] = (64, 64, 96, 128),
        blocks: int = 1,
        recurrent: int = 2,
        quantile: float = 0.2,
        input_rms: float | None = _INPUT_RMS,
        spare_db: Sequence[float] | None = None,
        seed: int = 0,
    ) -> torch.nn.Module:
        """Return a fresh network of spectra (batch, 2, frames, bins).

        Its ``config`` holds these keywords.

        Args:
            bins: Frequencies of a spectrum.
            patch: Neighbouring frames and bins that are one patch.
            widths: Channels, each but the first at half as many sub-bands as the one before.
            blocks: Pairs of convolutions at each width, on the way down and on the way up.
            recurrent: Pairs of recurrent layers at the last.
            quantile: Over time, of the smoothed power, that the noise floor is taken from.
            input_rms: Level that mixtures are brought to; None for as they are.
            spare_db: Two shares of the power, in dB: where less than the first would be removed,
                nothing is, and from the second on all of it. None to spare nothing.
            seed: Of the first weights.

        Raises:
            InputError: if the numbers make no network.
        """
        import torch  # noqa: PLC0415 - torch is an extra

        from benchmarks.layers.subband import SubbandMask as Network  # noqa: PLC0415 - the same

        if not widths or any(width < 2 or width % 2 for width in widths):
            raise InputError(f"{self.spec.name}: widths are {list(widths)}; expected even numbers")
        counts = (*patch, blocks, bins - 1, recurrent + 1)
        if len(patch) != 2 or min(counts) < 1 or not 0 < quantile < 1:
            raise InputError(
                f"{self.spec.name}: bins {bins}, patch {list(patch)}, blocks {blocks}, recurrent "
                f"{recurrent}, quantile {quantile}; expected numbers that make a network"
            )
        if input_rms is not None and not 0 < input_rms < math.inf:
            raise InputError(
                f"{self.spec.name}: input_rms is {input_rms}; expected a level above 0, or None"
            )
        config = {
            "bins": bins,
            "patch": list(patch),
            "widths": list(widths),
            "blocks": blocks,
            "recurrent": recurrent,
            "quantile": quantile,
            "input_rms": input_rms,
            "spare_db": check_sparing(self.spec.name, spare_db),
            "seed": seed,
        }
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            return Network(config)

    def estimate(self, network: torch.nn.Module, noisy: torch.Tensor) -> torch.Tensor:
        """Return the estimates of the clean layers of mixtures (batch, time)."""
        from benchmarks.layers import stft  # noqa: PLC0415 - torch is an extra

        return stft.estimate(network, noisy)
