"""Convolve layers with room responses of 16 bits, exactly; read and write the table of responses.

A response is drawn or measured once, rounded to 16 bits, and stored beside the recipes in
``responses.parquet``; from then on everything is exact or correctly rounded, and so the same on
every platform:

1. The segment is cut from the recording or from its loop. Either way it is 16-bit: a loop's
   cross-fade is rounded once, when the loop is made, and nothing fades after it.
2. ``apply`` convolves that segment and nothing before it: the room is silent when the mixture
   begins. The result is shifted by whole samples, and what lies beyond the end is cut. Sums are
   exact integers below 2**53, and times 2**−scale_bits they are exact in float64.
3. ``scaled`` multiplies by the layer's gain (one correctly rounded multiplication per sample,
   not fused with anything) and rounds to whole numbers, halves to even.

The gain is solved on what ``apply`` gives: ``scaled(values, 1.0)`` are whole numbers whose
energies ``mn_dataset.audio.level`` adds up exactly.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import ArrayLike, NDArray

from mn_dataset.audio.convolve import MAX_TAPS, convolve
from mn_dataset.audio.io import Pcm
from mn_dataset.errors import RecipeError
from mn_dataset.files.parquet import read_table, write_rows

RESPONSES_FILE = "responses.parquet"
"""Name of the table in a dataset folder."""

MAX_SCALE_BITS = 60
"""The finest scale; a response that needs a finer one is 270 dB below its dry sound."""

MAX_PEAK = 2**21
"""36 dB above full scale; up to here float64 adds up the energy of a block exactly."""

Float64 = NDArray[np.float64]

_LARGEST_TAP = 2**15 - 1
_SCHEMA = pa.schema(
    [
        pa.field("name", pa.string()),
        pa.field("taps", pa.list_(pa.field("element", pa.int16()))),
        pa.field("scale", pa.int32()),
        pa.field("provenance", pa.string()),
    ]
)


@dataclass(frozen=True, eq=False)
class Response:
    """The impulse response of a room, or of any linear path, in 16 bits.

    Attributes:
        name: What ``Layer.response`` calls it; unique in a dataset.
        taps: int16 (time,), the first at the time of the dry sample.
        scale_bits: The amplitude of a tap is ``tap * 2**-scale_bits``; 0 to 60.
        provenance: Where it comes from: a generator with its arguments and seed, or a recording
            with its source and licence.
    """

    name: str
    taps: Pcm
    scale_bits: int
    provenance: str

    def __eq__(self, other: object) -> bool:
        """Tell whether another one sounds and is called the same."""
        return isinstance(other, Response) and self._identity == other._identity

    def __hash__(self) -> int:
        return hash(self._identity)

    @property
    def _identity(self) -> tuple[str, bytes, int, str]:
        return self.name, self.taps.tobytes(), self.scale_bits, self.provenance

    @property
    def amplitudes(self) -> Float64:
        """The amplitudes of the taps, exact in float64."""
        return np.ldexp(self.taps.astype(np.float64), -self.scale_bits)


def quantise(amplitudes: ArrayLike, *, name: str, provenance: str) -> Response:
    """Round amplitudes to 16-bit taps with the finest power-of-two scale that holds them all.

    Every step is exact but for the rounding itself, halves to even.

    Args:
        amplitudes: Shape (time,); one is a path of gain one.
        name: Of the response.
        provenance: Where the amplitudes come from.

    >>> response = quantise([1.0, 0.0, -0.3], name="hall", provenance="by hand")
    >>> response.taps.tolist(), response.scale_bits
    ([16384, 0, -4915], 14)

    Raises:
        RecipeError: if the amplitudes are not finite, all round to zero, exceed 16 bits, or
            ``validate`` refuses the rest.
    """
    values = np.asarray(amplitudes, np.float64)
    finite = bool(np.isfinite(values).all())
    if values.ndim != 1 or not finite:
        raise RecipeError(
            f"response {name!r}: the amplitudes have shape {values.shape}"
            f"{'' if finite else ' and are not all finite'}; expected finite numbers (time,)"
        )
    largest = float(np.abs(values).max(initial=0.0))
    # largest < 2**exponent; −2**15 fits where 2**15 does not, hence one step more than needed.
    bits = min(MAX_SCALE_BITS, 16 - math.frexp(largest)[1])
    while not _fits(whole := np.rint(np.ldexp(values, bits))):
        bits -= 1
    if bits < 0:
        raise RecipeError(
            f"response {name!r}: its largest amplitude is {largest:g}; "
            f"expected at most {_LARGEST_TAP}: scale it down"
        )
    response = Response(name, whole.astype(np.int16), bits, provenance)
    validate(response)
    return response


def _fits(whole: Float64) -> bool:
    return bool((whole >= -_LARGEST_TAP - 1).all() and (whole <= _LARGEST_TAP).all())


def validate(response: Response, *, where: str = "") -> None:
    """Refuse a response that cannot be stored, named or heard.

    Args:
        response: To look at.
        where: Put before the message, such as the file that holds it.

    Raises:
        RecipeError: naming the response, what is wrong with it and what is expected.
    """
    name, taps = response.name, response.taps
    label = f"{where}: response {name!r}" if where else f"response {name!r}"
    if not name or name != name.strip() or not name.isprintable():
        fault = "not a name; expected printable characters without blanks at the ends"
    elif not response.provenance.strip():
        fault = "the provenance is empty; say which generator or recording it comes from"
    elif taps.ndim != 1 or taps.dtype != np.int16:
        fault = (
            f"the taps are {taps.dtype} of shape {taps.shape}; expected int16 (time,), "
            "as quantise() makes them"
        )
    elif not 1 <= len(taps) <= MAX_TAPS:
        fault = f"there are {len(taps)} taps; expected 1 to {MAX_TAPS}"
    elif not taps.any():
        fault = "all taps are 0, nothing would be heard; leave it out"
    elif not 0 <= response.scale_bits <= MAX_SCALE_BITS:
        fault = f"the scale is {response.scale_bits} bits; expected 0 to {MAX_SCALE_BITS}"
    else:
        return
    raise RecipeError(f"{label}: {fault}")


def write_responses(path: Path, responses: Iterable[Response]) -> None:
    """Write a table of responses, sorted by name; the bytes depend on the responses alone.

    Raises:
        RecipeError: if a response is not valid or a name stands twice.
        OutputError: if the file cannot be written.
    """
    ordered = sorted(responses, key=lambda response: response.name)
    for response in ordered:
        validate(response, where=str(path))
    _refuse_repeated(path, [response.name for response in ordered])
    rows = [
        {
            "name": response.name,
            "taps": response.taps,
            "scale": response.scale_bits,
            "provenance": response.provenance,
        }
        for response in ordered
    ]
    write_rows(path, rows, _SCHEMA)


def read_responses(path: Path) -> dict[str, Response]:
    """Read a table of responses: the response of each name, in the order of the names.

    Raises:
        InputError: if the file is missing or damaged.
        RecipeError: if it is another table, or a response is not valid.
    """
    table = read_table(path, cure="draw the recipes again")
    columns = [(field.name, field.type) for field in table.schema]
    if columns != [(field.name, field.type) for field in _SCHEMA]:
        raise RecipeError(
            f"{path}: the columns are {_described(table.schema)}; expected {_described(_SCHEMA)}: "
            "write the table with write_responses()"
        )
    empty = [name for name in table.column_names if table.column(name).null_count]
    if empty:
        raise RecipeError(f"{path}: the column {empty[0]!r} has empty cells; fill them")
    taps = [cell.values for cell in table.column("taps")]
    scalars = table.select(["name", "scale", "provenance"]).to_pylist()
    responses = []
    for row, values in zip(scalars, taps, strict=True):
        if values.null_count:
            raise RecipeError(f"{path}: response {row['name']!r}: a tap is empty; fill it")
        samples = values.to_numpy(zero_copy_only=False)
        responses.append(Response(row["name"], samples, row["scale"], row["provenance"]))
        validate(responses[-1], where=str(path))
    responses.sort(key=lambda response: response.name)
    _refuse_repeated(path, [response.name for response in responses])
    return {response.name: response for response in responses}


def _described(schema: pa.Schema) -> str:
    return ", ".join(f"{field.name} {field.type}" for field in schema) or "none"


def _refuse_repeated(path: Path, names: list[str]) -> None:
    repeated = [name for name, following in pairwise(names) if name == following]
    if repeated:
        raise RecipeError(
            f"{path}: the response {repeated[0]!r} stands there twice; names are unique"
        )


def apply(segment: Pcm, response: Response | None, *, delay: int = 0) -> Float64:
    """Return the segment as it sounds through a response and a delay, before its gain.

    Args:
        segment: int16 (time,), as it is cut from the recording or its loop.
        response: What it sounds through; None leaves it dry.
        delay: Whole samples by which it comes later.

    Returns:
        float64 (time,), as long as the segment, in LSB: exact, and not whole numbers in general.

    >>> echo = Response("echo", np.array([2, 0, -1], np.int16), 1, "by hand")
    >>> apply(np.array([10, 20, 30, 40], np.int16), echo, delay=1).tolist()
    [0.0, 10.0, 20.0, 25.0]

    Raises:
        RecipeError: if the delay is negative or leaves nothing of the segment, or the response
            lifts it beyond ``MAX_PEAK``.
    """
    if not 0 <= delay < len(segment):
        raise RecipeError(
            f"the delay is {delay} samples; expected 0 to {len(segment) - 1}, for a layer of "
            f"{len(segment)} samples"
        )
    values = np.zeros(len(segment))
    sounding = segment[: len(segment) - delay]
    if response is None:
        values[delay:] = sounding
        return values
    values[delay:] = convolve(sounding, response.taps)
    values *= 2.0**-response.scale_bits
    peak = _peak(values)
    if peak > MAX_PEAK:
        raise RecipeError(
            f"response {response.name!r}: it lifts a segment to a peak of {peak:.0f} LSB; "
            f"expected at most {MAX_PEAK}: lower its amplitudes, and let the gain lift the layer"
        )
    return values


def scaled(values: Float64, gain: float) -> NDArray[np.int32]:
    """Multiply by a gain and round to whole numbers, halves to even.

    Whether they fit in 16 bits is for the clipping guard to see.

    >>> scaled(np.array([0.5, 1.5, -3.0]), 1.0).tolist()
    [0, 2, -3]

    Raises:
        OverflowError: if the gain is not finite or a result exceeds ``MAX_PEAK``.
    """
    products = values * gain
    peak = _peak(products)
    if not peak <= MAX_PEAK:
        raise OverflowError(f"a gain of {gain} gives a peak of {peak} LSB, beyond {MAX_PEAK}")
    return np.rint(products, out=products).astype(np.int32)


def _peak(values: Float64) -> float:
    return float(max(values.max(), -values.min())) if len(values) else 0.0
