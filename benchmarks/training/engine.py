"""Put a network on a device, in a precision, in one or several processes, by accelerate."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, cast

import torch
from accelerate import Accelerator
from accelerate.state import AcceleratorState
from accelerate.utils import DistributedDataParallelKwargs, broadcast
from torch import Tensor

from benchmarks.training import launch
from mn_dataset.errors import InputError, MnError

_PRECISIONS = {"float32": "no", "bfloat16": "bf16"}
_BACKENDS = {"cpu": "gloo", "cuda": "nccl"}


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

    def share_buffers(self, network: torch.nn.Module) -> None:
        """Give all processes what the first measured of its share, as batch normalisation does."""
        if self.processes > 1:
            for buffer in network.buffers():
                broadcast(buffer)

    def agree(self, value: int) -> bool:
        """Tell whether all processes hold the same number."""
        values = self.gathered(torch.tensor([value], device=self.device))
        return bool((values == value).all())

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
        InputError: if there is no such device, it cannot compute in that precision, or several
            processes cannot share it.
        MnError: if another of the processes ends before its time.
    """
    kind, _, number = device.partition(":")
    _check_launch(device)
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
        if engine.processes == 1 and launch.was_left_alone():
            raise InputError(
                "`accelerate launch` was asked for several processes on the processor and started "
                "one, since it leaves them to MPI there; start it with multi_gpu in place of cpu, "
                "which starts them on a processor too, or with one process"
            )
        yield engine
    except RuntimeError as error:
        if engine.processes == 1 or not _is_of_connection(error):
            raise
        raise MnError(
            "another process of this training ended, or cannot be reached "
            f"({str(error).splitlines()[0]}); resume with the same arguments"
        ) from error
    finally:
        # accelerate remembers device and precision for as long as the process lives, and refuses
        # others; a group of processes is its launcher's.
        is_alone = engine.processes == 1
        accelerator.end_training()
        AcceleratorState._reset_state(reset_partial_state=is_alone)


def _check_launch(device: str) -> None:
    """Refuse processes that a launcher started and that cannot train together.

    Raises:
        InputError: saying how to start them.
    """
    if not launch.is_one_of_several():
        return
    kind, _, number = device.partition(":")
    count, backend = launch.on_this_machine(), _BACKENDS[kind]
    if number:
        raise InputError(
            f"device is {device}, and several processes were started; expected {kind}, so that "
            "each takes a GPU of its own"
        )
    if not (torch.distributed.is_available() and torch.distributed.is_backend_available(backend)):
        raise InputError(
            f"several processes on {kind} share gradients by {backend}, which this torch lacks; "
            "install a build of torch that has it, or train in one process"
        )
    if kind == "cuda" and count > torch.cuda.device_count():
        raise InputError(
            f"{count} processes were started here, and there are {torch.cuda.device_count()} GPUs; "
            "start one for each"
        )


def _is_of_connection(error: RuntimeError) -> bool:
    """Tell whether an error is of what carries tensors between processes, by its kind or words."""
    return isinstance(error, torch.distributed.DistError) or "gloo" in str(error)
