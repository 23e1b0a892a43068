"""Convert a TensorFlow checkpoint of the reference into a file of weights."""

from __future__ import annotations

import glob
import importlib
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks import registry
from benchmarks.harness.load import construct
from mn_dataset.audio.io import file_sha256
from mn_dataset.errors import InputError

NEUTRAL = (
    "the reference never trains its channel attention (ECA) and stores no weights of it; it is "
    "filled with the neutral gate: kernel 0, bias 0, every channel times one half"
)


def convert(model: str, checkpoint: Path, out: Path) -> str:
    """Write the weights of a reference's checkpoint as a file that ``NAME@FILE`` names.

    Args:
        model: Registered name of a model with a reference.
        checkpoint: Of TensorFlow (its prefix, one of its files, or its folder), or an ``.npz`` of
            arrays by the names of ``benchmarks.layers.tensorflow_weights``.
        out: The file to write; its folder is made.

    Returns:
        A report for people: the number of parameters, and what was filled in.

    Raises:
        UnknownName: if there is no such model.
        InputError: if the model has no reference, the checkpoint holds another network, or the
            file exists.
        MissingExtra: if a package is not installed.
    """
    entry = registry.denoiser(model)
    denoiser: Any = construct(entry)
    module: Any = importlib.import_module(entry.module) if denoiser.spec.learned else None
    if not hasattr(module, "from_tensorflow"):
        raise InputError(f"{model}: has no reference whose checkpoints could be converted")
    if out.exists():
        raise InputError(f"{out}: exists; remove it, or name another file")
    from benchmarks.layers import tensorflow_weights, weights_file  # noqa: PLC0415 - torch is an extra

    arrays = _arrays(checkpoint)
    notes = []
    if denoiser.gate and "s1/eca/kernel" not in arrays:
        arrays |= tensorflow_weights.neutral_attention(arrays)
        notes.append(NEUTRAL)
    network = module.from_tensorflow(arrays)
    facts = {"converted_from": checkpoint.name, "notes": notes, **_hash(checkpoint)}
    weights_file.save(out, network, model=denoiser.spec.name, facts=facts)
    parameters = sum(parameter.numel() for parameter in network.parameters())
    return "\n".join([f"{out}: {parameters:,} parameters of {checkpoint}", *notes])


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


def _hash(checkpoint: Path) -> dict[str, str]:
    return {"sha256": file_sha256(checkpoint)} if checkpoint.is_file() else {}
