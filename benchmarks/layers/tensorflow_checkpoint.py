"""Read a TensorFlow checkpoint of the reference.

The one module that knows tensorflow. Variables are named after the attributes of the published
code (unet.py of Moliner's denoising-historical-recordings, which MusicECAN was made of), below any
prefix:
``layer_with_weights-0/decoder_s1/dblocks/0/i_block/tfc/H/0/kernel/.ATTRIBUTES/VARIABLE_VALUE``.
What an optimiser keeps is left out.
"""

from __future__ import annotations

import importlib
import re
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from mn_dataset.errors import InputError, MissingExtra

_VALUE = re.compile(r"(.+)/(kernel|bias)/\.ATTRIBUTES/VARIABLE_VALUE")
# The last one ends like others: the order counts.
_LAYERS = {
    r"encoder_s([12])/eblocks/(\d+)/conv2d_2": "s{}/enc/{}/down",
    r"encoder_s([12])/eblocks/(\d+)/i_block/tfc/H/(\d+)": "s{}/enc/{}/iblock/tfc/{}",
    r"encoder_s([12])/eblocks/(\d+)/i_block/conv2d_res": "s{}/enc/{}/iblock/res",
    r"encoder_s([12])/i_block/tfc/H/(\d+)": "s{}/mid/tfc/{}",
    r"encoder_s([12])/i_block/conv2d_res": "s{}/mid/res",
    r"decoder_s([12])/dblocks/(\d+)/tconv_1": "s{}/dec/{}/tconv",
    r"decoder_s([12])/dblocks/(\d+)/projection": "s{}/dec/{}/proj",
    r"decoder_s([12])/dblocks/(\d+)/i_block/tfc/H/(\d+)": "s{}/dec/{}/iblock/tfc/{}",
    r"decoder_s([12])/dblocks/(\d+)/i_block/conv2d_res": "s{}/dec/{}/iblock/res",
    r"sam_1/conv1": "sam/feat",
    r"sam_1/conv2": "sam/resid",
    r"sam_1/conv3": "sam/mask",
    r"finalblock/conv2": "s2/out",
    r"conv2d_([12])": "s{}/conv_in",
}


def read(checkpoint: Path) -> dict[str, NDArray[Any]]:
    """Return the weights of a checkpoint by the names of ``benchmarks.layers.tensorflow_weights``.

    Args:
        checkpoint: The prefix of its files, one of them, or the folder of the newest.

    Raises:
        InputError: if it is no checkpoint, or holds a variable of another network.
        MissingExtra: if tensorflow is not installed.
    """
    tensorflow = _tensorflow()
    prefix = re.sub(r"\.(index|data-\d+-of-\d+)$", "", str(checkpoint))
    try:
        reader = tensorflow.train.load_checkpoint(prefix)
    except (ValueError, tensorflow.errors.OpError) as error:
        raise InputError(
            f"{checkpoint}: no TensorFlow checkpoint; expected the prefix of files such as "
            f"PREFIX.index: {error}"
        ) from error
    names = {key: reference_name(key) for key in reader.get_variable_to_shape_map()}
    return {name: reader.get_tensor(key) for key, name in names.items() if name is not None}


def reference_name(key: str) -> str | None:
    """Translate a variable's key; None for what is no weight of a network.

    Raises:
        InputError: if it is a weight of a layer that the reference does not have.

    >>> reference_name("layer_with_weights-0/sam_1/conv2/bias/.ATTRIBUTES/VARIABLE_VALUE")
    'sam/resid/bias'
    >>> reference_name("save_counter/.ATTRIBUTES/VARIABLE_VALUE")
    """
    variable = _VALUE.fullmatch(key)
    if variable is None:
        return None
    layer, kind = variable.groups()
    for pattern, name in _LAYERS.items():
        match = re.search(rf"(?:^|/){pattern}$", layer)
        if match:
            return f"{name.format(*match.groups())}/{kind}"
    raise InputError(
        f"checkpoint variable {layer}/{kind}: no layer of MusicECAN or the two-stage U-Net; "
        "expected names such as layer_with_weights-0/encoder_s1/eblocks/0/conv2d_2"
    )


def _tensorflow() -> Any:
    try:
        return importlib.import_module("tensorflow")
    except ImportError as error:
        raise MissingExtra("tensorflow", extra="convert") from error
