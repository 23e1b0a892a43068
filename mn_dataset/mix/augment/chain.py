"""Describe as data how the layers of training mixtures are varied: presets, files, one text.

A file is TOML with one table per transform; numbers are fixed, pairs are ranges::

    [peaking]
    probability = 0.3
    layers = ["clean"]
    center_hz = [200, 4000]
    gain_db = [-6, 6]
    q = 1.0
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import MISSING, Field, dataclass, fields, replace
from pathlib import Path
from typing import Any, get_type_hints

from mn_dataset.errors import InputError, UnknownName, suggestion
from mn_dataset.files.json_text import parse
from mn_dataset.files.toml import read_toml
from mn_dataset.mix.augment.transforms import (
    Codec,
    Gain,
    Pass,
    Peak,
    Pitch,
    Polarity,
    Reverb,
    Shelf,
    Transform,
)


@dataclass(frozen=True, kw_only=True)
class Chain:
    """Transforms in the order in which a layer passes them; None leaves one out.

    An instrument's pitch and timbre come first, then the room, the microphone's band, the
    recorder's codec, and the level, so that gain and polarity are exactly what was drawn.
    """

    pitch: Pitch | None = None
    low_shelf: Shelf | None = None
    high_shelf: Shelf | None = None
    peaking: Peak | None = None
    reverb: Reverb | None = None
    high_pass: Pass | None = None
    low_pass: Pass | None = None
    codec: Codec | None = None
    polarity: Polarity | None = None
    gain: Gain | None = None

    def __post_init__(self) -> None:
        """Refuse a chain that does nothing.

        Raises:
            InputError: naming the transforms that there are.
        """
        if not self.transforms:
            raise InputError(f"no transform is given; expected some of {', '.join(NAMES)}")

    @property
    def transforms(self) -> dict[str, Transform]:
        """The transforms that are there, by name, in order."""
        every = ((name, getattr(self, name)) for name in NAMES)
        return {name: transform for name, transform in every if transform is not None}

    @property
    def text(self) -> str:
        """The chain as canonical JSON, for a file's metadata."""
        tables = {
            name: {one.name: _plain(getattr(transform, one.name), one) for one in fields(transform)}
            for name, transform in self.transforms.items()
        }
        return json.dumps(tables, sort_keys=True, separators=(",", ":"))


NAMES = tuple(one.name for one in fields(Chain))
_KINDS: dict[str, type[Transform]] = {
    name: hint.__args__[0] for name, hint in get_type_hints(Chain).items()
}

LIGHT = Chain(
    low_shelf=Shelf(probability=0.3, center_hz=(60, 400), gain_db=(-4, 4)),
    high_shelf=Shelf(probability=0.3, center_hz=(2_000, 8_000), gain_db=(-4, 4)),
    peaking=Peak(probability=0.3, center_hz=(200, 6_000), gain_db=(-4, 4)),
    polarity=Polarity(probability=0.5),
    gain=Gain(probability=0.5, gain_db=(-6, 6)),
)
"""Timbre, polarity and level: cheap, and nothing that a listener would call another recording."""

FULL = Chain(
    pitch=Pitch(probability=0.25, semitones=(-1, 1)),
    low_shelf=Shelf(probability=0.4, center_hz=(60, 400), gain_db=(-8, 8)),
    high_shelf=Shelf(probability=0.4, center_hz=(2_000, 8_000), gain_db=(-8, 8)),
    peaking=Peak(probability=0.4, center_hz=(200, 6_000), gain_db=(-8, 8)),
    reverb=Reverb(
        probability=0.2, layers=("clean",), rt60_s=(0.15, 0.9), direct_to_reverberant_db=(3, 15)
    ),
    high_pass=Pass(probability=0.1, cutoff_hz=(30, 150)),
    low_pass=Pass(probability=0.15, cutoff_hz=(4_000, 16_000)),
    codec=Codec(probability=0.1, bitrate_kbps=(64, 192)),
    polarity=Polarity(probability=0.5),
    gain=Gain(probability=0.5, gain_db=(-10, 6)),
)
"""Pitch, timbre, room, band, codec, polarity and level."""

RESONANT = replace(
    FULL,
    peaking=Peak(
        probability=0.7,
        layers=("noise",),
        center_hz=(80, 4_000),
        gain_db=(6, 24),
        q=(2, 20),
    ),
)
"""As full, but most noises get a resonance: fans, pipes and motors sound like a note that stays."""

CHAINS = {"light": LIGHT, "full": FULL, "resonant": RESONANT}


def load_chain(chain: str | Path | Chain) -> Chain:
    """Return a chain: itself, one of ``CHAINS`` by name, or the contents of a TOML file.

    Raises:
        UnknownName: if there is no such name.
        InputError: if the file is missing or says what no chain can mean.

    >>> load_chain("light") is LIGHT
    True
    """
    if isinstance(chain, Chain):
        return chain
    if str(chain) in CHAINS:
        return CHAINS[str(chain)]
    path = Path(chain)
    if path.suffix.lower() != ".toml":
        raise UnknownName("augmentation", str(chain), [*CHAINS, "FILE.toml"])
    return from_tables(read_toml(path), where=str(path))


def from_text(text: str, *, where: str) -> Chain:
    """Return the chain of a file's metadata.

    Raises:
        InputError: if the text is none.
    """
    try:
        tables = parse(text)
    except ValueError as error:
        raise InputError(f"{where}: the augmentation is not JSON ({error})") from error
    return from_tables(tables, where=where)


def from_tables(tables: Any, *, where: str) -> Chain:
    """Return the chain that tables describe, one per transform.

    Raises:
        InputError: naming file, table and field.

    >>> from_tables({"gain": {"probability": 1, "gain_db": -3}}, where="here").gain.gain_db
    (-3, -3)
    """
    if not isinstance(tables, Mapping):
        raise InputError(f"{where}: {tables!r} is no table of transforms")
    transforms: dict[str, Transform] = {}
    for name, table in tables.items():
        if name not in NAMES:
            raise InputError(
                f"{where}: unknown transform {name!r}{suggestion(name, NAMES)} "
                f"Expected tables such as [gain] with probability = 0.5 and gain_db = [-6, 6]; "
                f"known: {', '.join(NAMES)}"
            )
        if not isinstance(table, Mapping):
            raise InputError(f"{where}: {name} is {table!r}; expected a table of its fields")
        transforms[name] = _transform(_KINDS[name], table, where=f"{where}: [{name}]")
    try:
        return Chain(**transforms)  # type: ignore[arg-type] # each of the kind that its name has
    except InputError as error:
        raise InputError(f"{where}: {error}") from error


def _transform(kind: type[Transform], table: Mapping[str, Any], *, where: str) -> Transform:
    columns = {one.name: one for one in fields(kind)}
    for name in table:
        if name not in columns:
            raise InputError(
                f"{where} unknown field {name!r}{suggestion(name, columns)} "
                f"Known: {', '.join(columns)}"
            )
    lacking = [name for name, one in columns.items() if one.default is MISSING]
    lacking = [name for name in lacking if name not in table]
    if lacking:
        raise InputError(f"{where} lacks {', '.join(lacking)}")
    values = {name: _read(value, columns[name]) for name, value in table.items()}
    try:
        return kind(**values)
    except InputError as error:
        raise InputError(f"{where} {error}") from error


def _read(value: Any, described: Field[Any]) -> Any:
    """Read a list as a tuple, a number as a range of one point, a word as a list of one."""
    if not described.metadata:
        return value
    if isinstance(value, list):
        return tuple(value)
    return (value, value) if "limits" in described.metadata else (value,)


def _plain(value: Any, described: Field[Any]) -> Any:
    """Return a field's value in one spelling: equal chains have equal texts."""
    if "limits" in described.metadata:
        return [float(bound) for bound in value]
    return list(value) if isinstance(value, tuple) else float(value)
