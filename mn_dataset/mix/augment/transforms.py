"""Name the transforms that vary a layer for training, and draw what each is to do.

A transform holds ranges; drawing from them gives the numbers of one step, rounded to six digits,
so that what the manifest says is what was done. Nothing here touches audio.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import Field, dataclass, field, fields
from typing import Any

from mn_dataset.audio.codec import LADDERS
from mn_dataset.errors import InputError
from mn_dataset.records import ROLES, Role
from mn_dataset.seeds import Stream

Range = tuple[float, float]
Parameters = dict[str, float | int | str]


def limits(low: float, high: float, *, log: bool = False) -> dict[str, Any]:
    """Describe a field that is a range: its bounds, and whether it is drawn on a log scale."""
    return {"limits": (low, high), "log": log}


def items(values: Sequence[object]) -> dict[str, Any]:
    """Describe a field that lists what is chosen from."""
    return {"items": tuple(values)}


@dataclass(frozen=True, kw_only=True)
class Transform:
    """What all transforms have.

    Attributes:
        probability: Of being applied to a layer, 0 to 1.
        layers: Which layers it may be applied to.
    """

    probability: float
    layers: tuple[Role, ...] = field(default=ROLES, metadata=items(ROLES))

    def __post_init__(self) -> None:
        """Refuse values that make no sense.

        Raises:
            InputError: naming field, found and expected.
        """
        if not (_is_number(self.probability) and 0.0 <= self.probability <= 1.0):
            raise InputError(f"probability is {self.probability!r}; expected a number from 0 to 1")
        for one in fields(self):
            value = getattr(self, one.name)
            if "limits" in one.metadata:
                _check_range(one.name, value, one.metadata["limits"])
            if "items" in one.metadata:
                _check_items(one.name, value, one.metadata["items"])

    def parameter_fields(self) -> list[Field[Any]]:
        """Return the fields that its kind has beside those of every transform."""
        shared = {one.name for one in fields(Transform)}
        return [one for one in fields(self) if one.name not in shared]

    def draw(self, stream: Stream) -> Parameters:
        """Draw the numbers of one step."""
        return {
            one.name: _drawn(getattr(self, one.name), one, stream)
            for one in self.parameter_fields()
        }


@dataclass(frozen=True, kw_only=True)
class Pitch(Transform):
    """Shift the pitch and keep the tempo."""

    semitones: Range = field(metadata=limits(-12, 12))


@dataclass(frozen=True, kw_only=True)
class Shelf(Transform):
    """Raise or lower all that lies below (low shelf) or above (high shelf) a frequency."""

    center_hz: Range = field(metadata=limits(20, 20_000, log=True))
    gain_db: Range = field(metadata=limits(-24, 24))
    q: Range = field(default=(0.5, 0.9), metadata=limits(0.1, 1.0))


@dataclass(frozen=True, kw_only=True)
class Peak(Transform):
    """Raise or lower a band."""

    center_hz: Range = field(metadata=limits(20, 20_000, log=True))
    gain_db: Range = field(metadata=limits(-24, 24))
    q: Range = field(default=(0.5, 2.0), metadata=limits(0.1, 20, log=True))


@dataclass(frozen=True, kw_only=True)
class Pass(Transform):
    """Take away all that lies below (high-pass) or above (low-pass) a frequency: Butterworth."""

    cutoff_hz: Range = field(metadata=limits(10, 20_000, log=True))
    rolloff_db_per_octave: tuple[int, ...] = field(
        default=(12, 24), metadata=items(range(6, 54, 6))
    )


@dataclass(frozen=True, kw_only=True)
class Reverb(Transform):
    """Add the reverberation of a room: an exponentially decaying noise tail."""

    rt60_s: Range = field(metadata=limits(0.05, 5, log=True))
    direct_to_reverberant_db: Range = field(metadata=limits(-10, 40))
    damping_hz: Range = field(default=(2_000, 10_000), metadata=limits(100, 20_000, log=True))

    def draw(self, stream: Stream) -> Parameters:
        """Draw the room's parameters and the seed of its tail."""
        return super().draw(stream) | {"seed": stream.integer(2**32)}


@dataclass(frozen=True, kw_only=True)
class Codec(Transform):
    """Encode and decode: MP3 at a constant bitrate, Ogg Vorbis at a nominal one."""

    format: tuple[str, ...] = field(default=tuple(LADDERS), metadata=items(tuple(LADDERS)))
    bitrate_kbps: Range = field(metadata=limits(48, 320))

    def __post_init__(self) -> None:
        """Refuse a range that holds no bitrate of a format.

        Raises:
            InputError: naming the format's bitrates.
        """
        super().__post_init__()
        for name in self.format:
            if not self._rungs(name):
                raise InputError(
                    f"bitrate_kbps is {list(self.bitrate_kbps)}, which holds no bitrate of {name}; "
                    f"it has {', '.join(map(str, LADDERS[name]))}"
                )

    def draw(self, stream: Stream) -> Parameters:
        """Draw a format and one of its bitrates within the range."""
        name = stream.choice(self.format)
        return {"format": name, "bitrate_kbps": stream.choice(self._rungs(name))}

    def _rungs(self, name: str) -> list[int]:
        low, high = self.bitrate_kbps
        return [rung for rung in LADDERS[name] if low <= rung <= high]


@dataclass(frozen=True, kw_only=True)
class Polarity(Transform):
    """Invert the polarity."""


@dataclass(frozen=True, kw_only=True)
class Gain(Transform):
    """Make the layer louder or softer; on a noise whose SNR is asked, the SNR undoes it."""

    layers: tuple[Role, ...] = field(default=("clean",), metadata=items(ROLES))
    gain_db: Range = field(metadata=limits(-40, 40))


def _drawn(value: Any, described: Field[Any], stream: Stream) -> float | int | str:
    if "items" in described.metadata:
        item: int | str = stream.choice(value)
        return item
    low, high = value
    if described.metadata["log"]:
        drawn = math.exp(stream.uniform(math.log(low), math.log(high)))
    else:
        drawn = stream.uniform(low, high)
    return float(min(max(float(f"{drawn:.6g}"), low), high))


def _check_range(name: str, value: Any, bounds: Range) -> None:
    pair = isinstance(value, tuple) and len(value) == 2 and all(map(_is_number, value))
    if not (pair and bounds[0] <= value[0] <= value[1] <= bounds[1]):
        raise InputError(
            f"{name} is {_listed(value)!r}; expected a number or [low, high], "
            f"from {bounds[0]:g} to {bounds[1]:g}"
        )


def _check_items(name: str, value: Any, allowed: tuple[object, ...]) -> None:
    listed = isinstance(value, tuple) and len(value) > 0
    if not (listed and all(_is_among(item, allowed) for item in value)):
        raise InputError(
            f"{name} is {_listed(value)!r}; "
            f"expected one or several of {', '.join(map(str, allowed))}"
        )


def _listed(value: Any) -> Any:
    """Return a tuple as the list that a person wrote."""
    return list(value) if isinstance(value, tuple) else value


def _is_among(item: object, allowed: tuple[object, ...]) -> bool:
    return any(type(item) is type(one) and item == one for one in allowed)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
