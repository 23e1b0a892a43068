"""Convert a checkpoint of somebody else's code into a file of weights."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from benchmarks import registry
from benchmarks.harness import keras, tensorflow
from benchmarks.harness.load import construct
from mn_dataset.audio.io import file_sha256
from mn_dataset.errors import InputError

Reader = Callable[[Any, Any, Path], tuple[Any, list[str]]]
"""Takes a model's module, the model, and a checkpoint; returns the network, and what to say."""

_READERS: Mapping[str, Reader] = {
    "from_tensorflow": tensorflow.network_of,
    "from_keras": keras.network_of,
}
"""What reads the checkpoints of a model, by the function that its module has."""


def convert(model: str, checkpoint: Path, out: Path) -> str:
    """Write the weights of a reference's checkpoint as a file that ``NAME@FILE`` names.

    Args:
        model: Registered name of a model with a reference.
        checkpoint: Of TensorFlow (its prefix, one of its files, or its folder), or an ``.npz`` of
            arrays by the names of ``benchmarks.layers.tensorflow_weights``; of Keras, its file.
        out: The file to write; its folder is made.

    Returns:
        A report for people: the number of parameters, and what else is to be said.

    Raises:
        UnknownName: if there is no such model.
        InputError: if the model has no reference, the checkpoint holds another network, or the
            file exists.
        MissingExtra: if a package is not installed.
    """
    entry = registry.denoiser(model)
    denoiser: Any = construct(entry)
    module: Any = importlib.import_module(entry.module) if denoiser.spec.learned else None
    reader = next((_READERS[name] for name in _READERS if hasattr(module, name)), None)
    if reader is None:
        raise InputError(f"{model}: has no reference whose checkpoints could be converted")
    if out.exists():
        raise InputError(f"{out}: exists; remove it, or name another file")
    from benchmarks.layers import weights_file  # noqa: PLC0415 - torch is an extra

    network, notes = reader(module, denoiser, checkpoint)
    facts = {"converted_from": checkpoint.name, "notes": notes, **_hash(checkpoint)}
    weights_file.save(out, network, model=denoiser.spec.name, facts=facts)
    parameters = sum(parameter.numel() for parameter in network.parameters())
    return "\n".join([f"{out}: {parameters:,} parameters of {checkpoint}", *notes])


def _hash(checkpoint: Path) -> dict[str, str]:
    return {"sha256": file_sha256(checkpoint)} if checkpoint.is_file() else {}
