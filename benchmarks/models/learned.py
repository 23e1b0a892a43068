"""What every model shares: its weights are loaded once, and its network is called in torch.

No torch at the top: the models are listed on machines without it.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from benchmarks.contract import DenoiserSpec
from mn_dataset.errors import InputError

if TYPE_CHECKING:
    import torch


class Learned(ABC):
    """A denoiser or separator with weights; each model adds its spec, its network and its use."""

    spec: ClassVar[DenoiserSpec]

    def __init__(self) -> None:
        self._network: torch.nn.Module | None = None

    @abstractmethod
    def build(self) -> torch.nn.Module:
        """Return a fresh network; each model has keywords of its own."""

    @abstractmethod
    def estimate(self, network: torch.nn.Module, noisy: torch.Tensor) -> torch.Tensor:
        """Return the estimates of mixtures.

        Args:
            network: What ``build`` returned, with its weights.
            noisy: float32, at the model's rate: (batch, time), or (batch, inputs, time).

        Returns:
            (batch, time), or (batch, targets, time).
        """

    def load(self, device: str, checkpoint: Path | None, *, precision: str = "float32") -> None:
        """Make the next call use the weights of a file, on a device.

        Args:
            device: "cpu", "cuda", ….
            checkpoint: A file that ``mn train`` or ``mn convert`` wrote.
            precision: "float32" or "bfloat16".

        Raises:
            InputError: if there is no file, or it holds no network of this model.
        """
        from benchmarks.layers import weights_file  # noqa: PLC0415 - torch is an extra
        from benchmarks.layers.precision import number_type  # noqa: PLC0415 - the same

        if checkpoint is None:
            raise InputError(f"{self.spec.name}: no weights were named; use {self.spec.name}@FILE")
        network = weights_file.load(checkpoint, self.build, model=self.spec.name, device=device)
        self._network = network.to(dtype=number_type(precision))

    def __call__(self, batch: Any, sampling_rate: int, *, side: Any = None) -> Any:
        """Return the estimates of a float32 tensor (batch, 1, time), or (batch, inputs, 1, time).

        Returns:
            (batch, 1, time), with an axis of targets after the first where there are several.
        """
        del sampling_rate, side
        if self._network is None:
            raise InputError(f"{self.spec.name}: call load before the first batch")
        return self.estimate(self._network, batch[..., 0, :]).unsqueeze(-2)


def check_frames(name: str, window: int, hop: int) -> None:
    """Refuse a transform whose frames do not add up.

    Args:
        name: Of the model, for the message.
        window: Length of a frame in samples.
        hop: Distance between frames in samples.

    Raises:
        InputError: if the window is odd, or the hop is not 1 to half of it.
    """
    if window < 2 or window % 2 or not 1 <= hop <= window // 2:
        raise InputError(
            f"{name}: window is {window} and hop is {hop}; expected an even window, and a hop of 1 "
            "to half of it"
        )


def check_sparing(name: str, spare_db: Sequence[float] | None) -> list[float] | None:
    """Return the range of ``benchmarks.layers.sparing`` as a config holds it, or refuse it.

    Args:
        name: Of the model, for the message.
        spare_db: Two powers in dB, the lower first; None to spare nothing.

    Raises:
        InputError: if it is no such range.
    """
    if spare_db is None:
        return None
    if len(spare_db) != 2 or not -math.inf < spare_db[0] < spare_db[1] <= 0.0:
        raise InputError(
            f"{name}: spare_db is {list(spare_db)}; expected two numbers up to 0, the lower first"
        )
    return list(spare_db)
