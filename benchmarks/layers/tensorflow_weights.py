"""Fill a network with the weights of the reference, by its names and in TensorFlow's layouts.

Names are paths such as ``s1/enc/0/iblock/tfc/0/kernel``. Kernels of convolutions are stored as
(frames, bins, in, out), those of transposed ones as (frames, bins, out, in), neither flipped; the
one of channel attention as (kernel, 1, 1).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from benchmarks.layers.attention import eca_kernel
from mn_dataset.errors import InputError, suggestion

Array = NDArray[Any]

FREQUENCY_CODE = "freq_emb"
"""The table of the frequency code, shape (bins, 10); no weight, and may be left out."""

_REFERENCE_WORDS = {
    "stage_1": "s1",
    "stage_2": "s2",
    "input": "conv_in",
    "encoder": "enc",
    "middle": "mid",
    "decoder": "dec",
    "block": "iblock",
    "dense": "tfc",
    "straight": "res",
    "up": "tconv",
    "project": "proj",
    "attention": "eca",
    "features": "feat",
    "residual": "resid",
    "output": "s2/out",
    "weight": "kernel",
    "code": FREQUENCY_CODE,
}


def reference_name(name: str) -> str:
    """Return the reference's name of a tensor of ours.

    >>> reference_name("stage_1.encoder.0.block.dense.2.weight")
    's1/enc/0/iblock/tfc/2/kernel'
    """
    return "/".join(_REFERENCE_WORDS.get(word, word) for word in name.split("."))


def from_arrays(
    arrays: Mapping[str, Array], build: Callable[..., torch.nn.Module]
) -> torch.nn.Module:
    """Build the network that the arrays are the weights of, and fill it.

    Args:
        arrays: By the reference's names, with or without the frequency code.
        build: Makes a network of ``widths``, ``num_tfc``, ``bins`` and ``input_rms``.

    Returns:
        In float64 if a weight is, else in float32.

    Raises:
        InputError: naming the arrays that are missing, unknown or of another shape.
    """
    network = build(**shape_of(arrays), input_rms=None)
    fill(network, {FREQUENCY_CODE: network.state_dict()["code"].numpy(), **arrays})
    return network.eval()


def fill(module: torch.nn.Module, arrays: Mapping[str, Array]) -> None:
    """Fill a network, or one of its blocks, in float64 if a weight is.

    Args:
        module: Made of the layers of this folder.
        arrays: All of its weights, by the reference's names below it.

    Raises:
        InputError: naming the arrays that are missing, unknown or of another shape.
    """
    tensors = module.state_dict()
    names = {reference_name(name): name for name in tensors}
    _check_names(arrays, names)
    filled = {ours: _ours(arrays[theirs]) for theirs, ours in names.items()}
    wrong = [
        f"{theirs} is {arrays[theirs].shape}, expected {tuple(_theirs(tensors[ours]).shape)}"
        for theirs, ours in names.items()
        if filled[ours].shape != tensors[ours].shape
    ]
    if wrong:
        raise InputError(f"arrays of another shape than the others imply: {'; '.join(wrong)}")
    if any(arrays[name].dtype == np.float64 for name in names if name != FREQUENCY_CODE):
        module.double()
    module.load_state_dict(filled)


def neutral_attention(arrays: Mapping[str, Array]) -> dict[str, Array]:
    """Return an untrained channel attention that treats all channels alike: a gate of one half.

    Args:
        arrays: The other weights, by the reference's names.

    Raises:
        InputError: if an array is missing that tells a width.
    """
    kernel = eca_kernel(shape_of(arrays)["widths"][-1])
    zeros = np.zeros((kernel, 1, 1), np.float32), np.zeros(1, np.float32)
    return dict(zip(("s1/eca/kernel", "s1/eca/bias"), zeros, strict=True))


def shape_of(arrays: Mapping[str, Array]) -> dict[str, Any]:
    """Return widths, num_tfc and bins, as the shapes of the arrays imply them.

    Raises:
        InputError: if an array that tells one is missing or of another shape.
    """
    depth = sum(f"s1/enc/{level}/down/kernel" in arrays for level in range(len(arrays)))
    names = ["s1/conv_in/kernel", *(f"s1/enc/{level}/down/kernel" for level in range(depth))]
    missing = [name for name in names if name not in arrays]
    if missing or not depth:
        raise InputError(
            f"no weights of the reference: no {', '.join(missing) or 's1/enc/0/down/kernel'}; "
            "expected names such as s1/enc/0/iblock/tfc/0/kernel"
        )
    code = arrays.get(FREQUENCY_CODE)
    wrong = [f"{name} is {arrays[name].shape}" for name in names if arrays[name].ndim != 4]
    if code is not None and code.ndim != 2:
        wrong.append(f"{FREQUENCY_CODE} is {code.shape}")
    if wrong:
        raise InputError(f"{'; '.join(wrong)}: expected kernels of 4 axes, and a code of 2")
    return {
        "widths": [int(arrays[name].shape[-1]) for name in names],
        "num_tfc": sum(f"s1/mid/tfc/{number}/kernel" in arrays for number in range(len(arrays))),
        "bins": 1025 if code is None else len(code),
    }


def _check_names(arrays: Mapping[str, Array], names: Mapping[str, str]) -> None:
    missing = [name for name in names if name not in arrays]
    unknown = [name for name in arrays if name not in names]
    faults = [f"missing: {', '.join(missing)}"] if missing else []
    faults += [f"unknown: {', '.join(unknown)}"] if unknown else []
    if faults:
        hint = suggestion(unknown[0], names) if unknown else "."
        raise InputError(f"not the arrays of this model; {'; '.join(faults)}{hint}")


def _ours(array: Array) -> torch.Tensor:
    axes = {4: (3, 2, 0, 1), 3: (2, 1, 0)}.get(array.ndim)
    tensor = torch.from_numpy(np.ascontiguousarray(array.transpose(axes) if axes else array))
    return tensor.double() if array.dtype == np.float64 else tensor.float()


def _theirs(tensor: torch.Tensor) -> torch.Tensor:
    axes = {4: (2, 3, 1, 0), 3: (2, 1, 0)}.get(tensor.ndim)
    return tensor.permute(axes) if axes else tensor
