"""The two-stage U-Net for historical recordings, MusicECAN's ancestor.

Moliner and Välimäki, "A Two-Stage U-Net for High-Fidelity Denoising of Historical Recordings",
ICASSP 2022, doi:10.1109/ICASSP43922.2022.9746977.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from benchmarks.contract import DenoiserSpec
from benchmarks.models.two_stage import CHUNK, OVERLAP, RATE, TwoStageModel

if TYPE_CHECKING:
    import torch


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
