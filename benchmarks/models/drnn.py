"""Deep recurrent networks with a layer of masks: voice and accompaniment apart.

Huang, Kim, Hasegawa-Johnson, Smaragdis, "Singing-Voice Separation from Monaural Recordings using
Deep Recurrent Neural Networks", ISMIR 2014. The kind "gru" is a later re-implementation's network.

No torch at the top: the models are listed on machines without it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from benchmarks.contract import DenoiserSpec
from benchmarks.models.masking_model import CHUNK, INPUT_RMS, OVERLAP, RATE, MaskingModel
from mn_dataset.errors import InputError, UnknownName

if TYPE_CHECKING:
    import torch


class Drnn(MaskingModel):
    """The network of the paper: as DRNN-2 with a context of three frames 5,569,026 parameters."""

    spec = DenoiserSpec(
        name="drnn",
        task="separate",
        sampling_rate=RATE,
        channels=1,
        backend="torch",
        remainder="accompaniment",
        chunk=CHUNK,
        overlap=OVERLAP,
        learned=True,
        extra="torch",
        citation="Huang et al., ISMIR 2014; IEEE/ACM TASLP 2015, arXiv:1502.04149",
        trained_on="what its weights say",
    )

    def build(
        self,
        *,
        kind: str = "drnn-2",
        hidden: int | None = None,
        layers: int = 3,
        context: int | None = None,
        window: int = 1024,
        hop: int = 512,
        window_shape: str = "sine",
        input_rms: float | None = INPUT_RMS,
        seed: int = 0,
    ) -> torch.nn.Module:
        """Return a fresh network of magnitudes (batch, frames, bins).

        Its ``config`` holds these keywords, with the numbers that the kind implies.

        Args:
            kind: "dnn" without recurrence, "drnn-1", "drnn-2", … with recurrence in that hidden
                layer alone, "srnn" with recurrence in all, or "gru" of gated units.
            hidden: Units of a hidden layer; 1000 by default, 256 gated ones.
            layers: Hidden layers.
            context: Frames that the network sees at once, odd; 3 by default, 1 of gated units.
            window: Of the transform in samples, even.
            hop: Of the transform in samples, at most half a window.
            window_shape: "sine" or "hann".
            input_rms: Level that mixtures are brought to; None for as they are.
            seed: Of the first weights.

        Raises:
            InputError: if the numbers make no network.
            UnknownName: if there is no such kind or window.
        """
        from benchmarks.layers import recurrent_separator  # noqa: PLC0415 - torch is an extra

        gated = kind == "gru"
        config = {
            "kind": kind,
            "hidden": hidden if hidden is not None else 256 if gated else 1000,
            "layers": layers,
            "context": context if context is not None else 1 if gated else 3,
            "window": window,
            "hop": hop,
            "window_shape": window_shape,
            "input_rms": input_rms,
            "seed": seed,
        }
        self.check(config)
        kinds = ("dnn", *(f"drnn-{number + 1}" for number in range(layers)), "srnn", "gru")
        if kind not in kinds:
            raise UnknownName("kind", kind, kinds)
        return recurrent_separator.build(config)

    def check(self, config: Mapping[str, Any]) -> None:
        """Refuse numbers that make no network, an even number of frames among them."""
        super().check(config)
        context = config["context"]
        if context < 1 or context % 2 == 0:
            raise InputError(
                f"{self.spec.name}: context is {context}; expected an odd number of frames"
            )
