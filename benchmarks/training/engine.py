"""Put a network on a device, in a precision, in one or several processes, by accelerate."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, cast

import torch
from accelerate import Accelerator
from accelerate.state import AcceleratorState
from accelerate.utils import DistributedDataParallelKwargs
from torch import Tensor

from mn_dataset.errors import InputError

_PRECISIONS = {"float32": "no", "bfloat16": "bf16"}


class Engine:
    """Device, precision and processes of a training; ``accelerate launch`` starts several.

    Args:
        accelerator: Of accelerate, which holds all three.
    """

    def __init__(self, accelerator: Accelerator) -> None:
        self._accelerator = accelerator

    @property
    def device(self) -> torch.device:
        """Where this process's tensors go."""
        return cast(torch.device, self._accelerator.device)

    @property
    def rank(self) -> int:
        """Which of the processes this is."""
        return int(self._accelerator.process_index)

    @property
    def processes(self) -> int:
        """How many there are."""
        return int(self._accelerator.num_processes)

    @property
    def is_main(self) -> bool:
        """Whether this process writes."""
        return bool(self._accelerator.is_main_process)

    def prepared(self, network: torch.nn.Module) -> torch.nn.Module:
        """Return the network as it is to be called in training: on the device, autocast, shared."""
        return cast(torch.nn.Module, self._accelerator.prepare(network))

    def accumulation(self, network: torch.nn.Module, *, last: bool) -> AbstractContextManager[Any]:
        """Return a block in which gradients are shared between processes only if it is the last."""
        if last or self.processes == 1:
            return torch.enable_grad()
        return cast(AbstractContextManager[Any], self._accelerator.no_sync(network))

    def backward(self, loss: Tensor) -> None:
        """Add the loss's gradient."""
        self._accelerator.backward(loss)

    def mean(self, value: Tensor) -> Tensor:
        """Return the mean over the processes."""
        return cast(Tensor, self._accelerator.reduce(value, reduction="mean"))

    def total(self, value: Tensor) -> Tensor:
        """Return the sum over the processes."""
        return cast(Tensor, self._accelerator.reduce(value, reduction="sum"))

    def gathered(self, value: Tensor) -> Tensor:
        """Return the tensors of all processes, one after the other."""
        return cast(Tensor, self._accelerator.gather(value))

    def to_device(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        """Return a batch on the device."""
        return {name: part.to(self.device, non_blocking=True) for name, part in batch.items()}

    def wait(self) -> None:
        """Wait for the other processes."""
        self._accelerator.wait_for_everyone()


@contextmanager
def open_engine(device: str, precision: str) -> Iterator[Engine]:
    """Open an engine, and leave nothing of it behind.

    Args:
        device: "cpu", "cuda" or "cuda:N".
        precision: "float32", or "bfloat16" for autocast.

    Raises:
        InputError: if there is no such device, or it cannot compute in that precision.
    """
    kind, _, number = device.partition(":")
    if number:
        torch.cuda.set_device(int(number))
    try:
        accelerator = Accelerator(
            cpu=kind == "cpu",
            mixed_precision=_PRECISIONS[precision],
            # A loss may leave outputs of the network away, and so some of its weights.
            kwargs_handlers=[DistributedDataParallelKwargs(find_unused_parameters=True)],
        )
    except ValueError as error:
        raise InputError(
            f"device {device} cannot train in precision {precision} ({error}); expected a device "
            "that can, or precision float32 in [optimizer]"
        ) from error
    engine = Engine(accelerator)
    try:
        yield engine
    finally:
        # accelerate remembers device and precision for as long as the process lives, and refuses
        # others; a group of processes is its launcher's.
        is_alone = engine.processes == 1
        accelerator.end_training()
        AcceleratorState._reset_state(reset_partial_state=is_alone)
