"""Read a TensorFlow checkpoint of a reference."""

from __future__ import annotations

import glob
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mn_dataset.errors import InputError

NEUTRAL = (
    "the reference never trains its channel attention (ECA) and stores no weights of it; it is "
    "filled with the neutral gate: kernel 0, bias 0, every channel times one half"
)


def network_of(module: Any, denoiser: Any, checkpoint: Path) -> tuple[Any, list[str]]:
    """Return the network that a checkpoint holds, and what was filled in.

    Args:
        module: The model's, with ``from_tensorflow``.
        denoiser: The model.
        checkpoint: Of TensorFlow (its prefix, one of its files, or its folder), or an ``.npz`` of
            arrays by the names of ``benchmarks.layers.tensorflow_weights``.

    Raises:
        InputError: if there is no such checkpoint, or it holds another network.
        MissingExtra: if a package is not installed.
    """
    from benchmarks.layers import tensorflow_weights  # noqa: PLC0415 - torch is an extra

    arrays = _arrays(checkpoint)
    notes = []
    if denoiser.gate and "s1/eca/kernel" not in arrays:
        arrays |= tensorflow_weights.neutral_attention(arrays)
        notes.append(NEUTRAL)
    return module.from_tensorflow(arrays), notes


def _arrays(checkpoint: Path) -> dict[str, NDArray[Any]]:
    if not any(checkpoint.parent.glob(f"{glob.escape(checkpoint.name)}*")):
        raise InputError(f"{checkpoint}: no such checkpoint; expected a file, folder or prefix")
    from benchmarks.layers import tensorflow_checkpoint  # noqa: PLC0415 - torch is an extra

    if checkpoint.suffix != ".npz":
        return tensorflow_checkpoint.read(checkpoint)
    try:
        with np.load(checkpoint) as archive:
            return {name.removeprefix("w/"): archive[name] for name in archive.files}
    except (OSError, EOFError, ValueError, zipfile.BadZipFile) as error:
        raise InputError(f"{checkpoint}: no archive of arrays: {error}") from error
