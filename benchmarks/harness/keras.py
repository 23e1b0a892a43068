"""Read a Keras file of weights of a reference."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mn_dataset.errors import InputError


def network_of(module: Any, denoiser: Any, checkpoint: Path) -> tuple[Any, list[str]]:
    """Return the network that a file of weights holds, and what to say of it.

    Args:
        module: The model's, with ``from_keras``, and ``UNLICENSED`` for what to say.
        denoiser: The model.
        checkpoint: HDF5, as ``Model.save_weights`` of Keras 2 wrote it.

    Raises:
        InputError: if there is no such file, or it holds another network.
        MissingExtra: if h5py is not installed.
    """
    if not checkpoint.is_file():
        raise InputError(
            f"{checkpoint}: no such file; expected the weights of {denoiser.spec.name}'s reference "
            "that Keras wrote, such as weights.h5"
        )
    from benchmarks.layers import keras_weights  # noqa: PLC0415 - torch is an extra

    arrays = keras_weights.read(checkpoint)
    try:
        return module.from_keras(arrays), [module.UNLICENSED]
    except InputError as error:
        raise InputError(f"{checkpoint}: {error}") from error
