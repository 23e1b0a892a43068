"""MusicECAN: a two-stage U-Net with channel attention at its first bottleneck.

Cheng et al., "MusicECAN: An Automatic Denoising Network for Music Recordings With Efficient
Channel Attention", IEEE/ACM TASLP 2024, doi:10.1109/TASLP.2024.3378118. Built as the released
code computes it, with one departure: there the attention is drawn anew at every call and so never
trained; here it is learned.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from benchmarks.contract import DenoiserSpec
from benchmarks.models.two_stage_unet import CHUNK, OVERLAP, RATE, TwoStageModel

if TYPE_CHECKING:
    import torch


class MusicEcan(TwoStageModel):
    """The network of the paper: 71,408,202 parameters."""

    spec = DenoiserSpec(
        name="musicecan",
        sampling_rate=RATE,
        channels=1,
        backend="torch",
        chunk=CHUNK,
        overlap=OVERLAP,
        learned=True,
        extra="torch",
        citation="Cheng et al., IEEE/ACM TASLP 2024, doi:10.1109/TASLP.2024.3378118",
        trained_on="what its weights say",
    )
    gate = "learned"


class MusicEcanSmall(TwoStageModel):
    """A quarter of the widths, for machines without a GPU, behind a hum notch.

    A network that hears five seconds takes mains hum for held notes.
    """

    spec = DenoiserSpec(
        name="musicecan_small",
        sampling_rate=RATE,
        channels=1,
        backend="torch",
        front_end="hum_notch",
        chunk=CHUNK,
        overlap=OVERLAP,
        learned=True,
        extra="torch",
        citation="Cheng et al., IEEE/ACM TASLP 2024, doi:10.1109/TASLP.2024.3378118",
        trained_on="what its weights say",
    )
    gate = "learned"
    widths = (8, 16, 16, 32, 32, 64, 128)


def from_tensorflow(arrays: Mapping[str, Any]) -> torch.nn.Module:
    """Return the network that holds the reference's weights.

    Args:
        arrays: By names such as ``s1/enc/0/iblock/tfc/0/kernel``, in TensorFlow's layouts, of any
            widths, depth and number of dense convolutions; ``freq_emb`` where known.

    Raises:
        InputError: naming the arrays that are missing, unknown or of another shape.
    """
    from benchmarks.layers import tensorflow_weights  # noqa: PLC0415 - torch is an extra

    return tensorflow_weights.from_arrays(arrays, MusicEcan().build)
