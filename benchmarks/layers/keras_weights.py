"""Read a file of weights of Keras 2 over Theano, and fill the network of acapellabot with them.

The one module that knows h5py. An array lies at ``LAYER/LAYER/ARRAY``, such as
``conv2d_1/conv2d_1/kernel``. Keras stores kernels as (frequencies, frames, in, out). Theano
convolves, and torch correlates: a kernel is turned by 180° on the way.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from mn_dataset.errors import InputError, MissingExtra

Array = NDArray[Any]

_BACKEND = "theano"
_NAMES = {"convolutions": "conv2d", "normalisations": "batch_normalization"}
_ARRAYS = {
    "conv2d": {"weight": "kernel", "bias": "bias"},
    "batch_normalization": {
        "weight": "gamma",
        "bias": "beta",
        "running_mean": "moving_mean",
        "running_var": "moving_variance",
    },
}
_COUNTER = "num_batches_tracked"  # of torch's alone


def read(path: Path) -> dict[str, Array]:
    """Return the arrays of a file by names such as ``conv2d_1/kernel``.

    Args:
        path: What ``Model.save_weights`` of Keras 2 wrote, or a stand-in of that layout.

    Raises:
        InputError: if it is not HDF5, not of Keras, of another backend, or lacks a layer's group.
        MissingExtra: if h5py is not installed.
    """
    h5py = _h5py()
    if not h5py.is_hdf5(path):
        raise InputError(
            f"{path}: no HDF5 file; expected weights that Keras wrote, such as weights.h5"
        )
    try:
        with h5py.File(path, "r") as file:
            _check_origin(path, file.attrs)
            layers = [_text(name) for name in file.attrs["layer_names"]]
            return {name: array for layer in layers for name, array in _arrays(path, file, layer)}
    except OSError as error:
        raise InputError(f"{path}: a damaged HDF5 file: {error}") from error


def reference_name(name: str) -> str:
    """Return Keras's name of a tensor of ours.

    >>> reference_name("convolutions.0.weight")
    'conv2d_1/kernel'
    >>> reference_name("normalisations.3.running_var")
    'batch_normalization_4/moving_variance'
    """
    kind, number, array = name.split(".")
    layer = _NAMES[kind]
    return f"{layer}_{int(number) + 1}/{_ARRAYS[layer][array]}"


def to_keras(tensor: torch.Tensor) -> Array:
    """Return a tensor of ours in the layout of Keras over Theano; a kernel is turned by 180°."""
    array: Array = tensor.numpy()
    return array[:, :, ::-1, ::-1].transpose(2, 3, 1, 0) if array.ndim == 4 else array


def fill(network: torch.nn.Module, arrays: Mapping[str, Array]) -> None:
    """Fill a network.

    Args:
        network: A ``benchmarks.layers.acapella_cnn.AcapellaCnn``.
        arrays: All of its weights, by Keras's names.

    Raises:
        InputError: naming the arrays that are missing, unknown or of another shape.
    """
    state = {name: tensor for name, tensor in network.state_dict().items() if _COUNTER not in name}
    names = {reference_name(name): name for name in state}
    problems = [f"missing: {name}" for name in names if name not in arrays]
    problems += [f"unknown: {name}" for name in arrays if name not in names]
    for name, own in names.items():
        expected = to_keras(state[own]).shape
        if name in arrays and arrays[name].shape != expected:
            problems.append(f"{name} has the shape {arrays[name].shape}, expected {expected}")
    if problems:
        raise InputError(
            f"these are not the weights of acapellabot's network: {'; '.join(problems)}"
        )
    with torch.no_grad():
        for name, own in names.items():
            state[own].copy_(_from_keras(arrays[name]))


def _from_keras(array: Array) -> torch.Tensor:
    if array.ndim == 4:
        array = array.transpose(3, 2, 0, 1)[:, :, ::-1, ::-1]
    return torch.from_numpy(np.ascontiguousarray(array, dtype=np.float32))


def _check_origin(path: Path, attributes: Mapping[str, Any]) -> None:
    if "layer_names" not in attributes:
        raise InputError(
            f"{path}: an HDF5 file, but not of Keras: it names no layers (layer_names); expected "
            "what Model.save_weights of Keras 2 wrote"
        )
    backend = _text(attributes.get("backend", "no backend"))
    if backend != _BACKEND:
        raise InputError(
            f"{path}: its weights are of the backend {backend!r}, expected {_BACKEND!r}: others "
            "correlate where Theano convolves, and pad a strided convolution by one line before "
            "each axis and not two, so that it would become another network"
        )


def _arrays(path: Path, file: Any, layer: str) -> list[tuple[str, Array]]:
    if layer not in file:
        raise InputError(f"{path}: the group {layer!r} is missing, which layer_names promises")
    group = file[layer].get(layer, {})  # layers without weights have none
    return [(f"{layer}/{name}", np.asarray(array)) for name, array in group.items()]


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


def _h5py() -> Any:
    try:
        return importlib.import_module("h5py")
    except ImportError as error:
        raise MissingExtra("h5py", extra="keras") from error
