"""The two-stage U-Net for historical recordings, and what every model of its kind shares.

Moliner and Välimäki, "A Two-Stage U-Net for High-Fidelity Denoising of Historical Recordings",
ICASSP 2022, doi:10.1109/ICASSP43922.2022.9746977. MusicECAN was made of it.

No torch at the top: the models are listed on machines without it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from benchmarks.contract import DenoiserSpec
from benchmarks.models.learned import Learned, check_sparing
from mn_dataset.errors import InputError

if TYPE_CHECKING:
    import torch

RATE = 44_100
CHUNK = 5 * RATE
OVERLAP = RATE // 2

WIDTHS = (32, 64, 64, 128, 128, 256, 512)
"""Channels of the reference, from full resolution to the bottleneck."""

INPUT_RMS = 0.035
"""Level of mixtures at which their spectra have about unit RMS."""


class TwoStageModel(Learned):
    """A denoiser of spectra; each model adds its spec, its widths, and its gate."""

    gate: ClassVar[str | None]
    widths: ClassVar[tuple[int, ...]] = WIDTHS

    def build(
        self,
        *,
        widths: Sequence[int] | None = None,
        width_multiplier: float = 1.0,
        depth: int | None = None,
        num_tfc: int = 3,
        bins: int = 1025,
        input_rms: float | None = INPUT_RMS,
        second_stage: str = "direct",
        gate: str | None = None,
        train_frames: int | None = None,
        initialiser: str = "fan_in",
        spare_db: Sequence[float] | None = None,
        seed: int = 0,
    ) -> torch.nn.Module:
        """Return a fresh network of spectra (batch, 2, frames, bins).

        Its ``config`` holds these keywords, with the widths as they came out.

        Args:
            widths: Channels from full resolution to the bottleneck; the model's own by default.
            width_multiplier: Factor of all widths, which are rounded, and at least 1.
            depth: How often both axes are halved: the first ``depth + 1`` widths are taken.
            num_tfc: Convolutions of a dense block.
            bins: Frequencies of a spectrum.
            input_rms: Level that mixtures are brought to; None for as they are.
            second_stage: "direct", as in the reference, or "residual": it adds to the first.
            gate: What weighs the channels of the first bottleneck: "learned" (ECA), "half" for all,
                or "redrawn" at every call (ECA as released). None is the model's own.
            train_frames: Frames of the excerpts that it is trained with, which `mn train` fills in:
                others are lengthened to leave the same remainder by 2^depth. None for as they are.
            initialiser: "fan_in", with a second stage that passes its input through, or "original".
            spare_db: Two shares of the power, in dB: where less than the first would be removed,
                nothing is, and from the second on all of it. None to spare nothing.
            seed: Of the first weights.

        Raises:
            InputError: if the numbers make no network.
            UnknownName: if there is no such second stage, gate or initialiser.
        """
        from benchmarks.layers import two_stage  # noqa: PLC0415 - torch is an extra

        full = list(self.widths if widths is None else widths)
        levels = len(full) if depth is None else depth + 1
        whole = all(width == int(width) >= 1 for width in full)
        if not 2 <= levels <= len(full) or not whole or not 0 < width_multiplier < math.inf:
            raise InputError(
                f"{self.spec.name}: widths {full} times {width_multiplier} at depth {depth}; "
                "expected depth + 1 whole widths or more, and a depth of 1 or more"
            )
        if num_tfc < 1 or bins < 2:
            raise InputError(
                f"{self.spec.name}: num_tfc is {num_tfc} and bins is {bins}; expected at least 1 "
                "and 2"
            )
        if train_frames is not None and train_frames < 1:
            raise InputError(
                f"{self.spec.name}: train_frames is {train_frames}; expected 1 or more, or None"
            )
        if input_rms is not None and not 0 < input_rms < math.inf:
            raise InputError(
                f"{self.spec.name}: input_rms is {input_rms}; expected a level above 0, or None"
            )
        if gate is not None and self.gate is None:
            raise InputError(f"{self.spec.name}: gate is {gate!r}; it weighs no channels")
        config = {
            "widths": [max(1, round(width * width_multiplier)) for width in full[:levels]],
            "num_tfc": num_tfc,
            "bins": bins,
            "input_rms": input_rms,
            "second_stage": second_stage,
            "gate": gate or self.gate,
            "train_frames": train_frames,
            "initialiser": initialiser,
            "spare_db": check_sparing(self.spec.name, spare_db),
            "seed": seed,
        }
        return two_stage.build(config)

    def estimate(self, network: torch.nn.Module, noisy: torch.Tensor) -> torch.Tensor:
        """Return the network's best estimates of the clean layers of mixtures (batch, time)."""
        from benchmarks.layers import stft  # noqa: PLC0415 - torch is an extra

        return stft.estimate(network, noisy)


class TwoStageUnet(TwoStageModel):
    """The network of the paper: 71,408,196 parameters."""

    spec = DenoiserSpec(
        name="two_stage_unet",
        sampling_rate=RATE,
        channels=1,
        backend="torch",
        chunk=CHUNK,
        overlap=OVERLAP,
        learned=True,
        extra="torch",
        citation="Moliner and Välimäki, ICASSP 2022, doi:10.1109/ICASSP43922.2022.9746977",
        trained_on="what its weights say",
    )
    gate = None


def from_tensorflow(arrays: Mapping[str, Any]) -> torch.nn.Module:
    """Return the network that holds the reference's weights.

    Args:
        arrays: By names such as ``s1/enc/0/iblock/tfc/0/kernel``, in TensorFlow's layouts, of any
            widths, depth and number of dense convolutions; ``freq_emb`` where known.

    Raises:
        InputError: naming the arrays that are missing, unknown (those of channel attention, too)
            or of another shape.
    """
    from benchmarks.layers import tensorflow_weights  # noqa: PLC0415 - torch is an extra

    return tensorflow_weights.from_arrays(arrays, TwoStageUnet().build)
