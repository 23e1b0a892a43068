"""Read a training configuration from TOML, and name what nobody knows or what has no sense."""

from __future__ import annotations

import tomllib
import types
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

from benchmarks.training.config import Config
from mn_dataset.errors import InputError, UnknownName, suggestion

SHIPPED = Path(__file__).parents[1] / "configs"
DEFAULT = "cpu"
"""The configuration that is taken when none is named."""


def names() -> list[str]:
    """Return the configurations that ship.

    >>> names()
    ['ablation', 'cpu', 'gpu', 'paper', 'small']
    """
    return sorted(path.stem for path in SHIPPED.glob("*.toml"))


def load_config(
    named: str | Path = DEFAULT,
    *,
    changes: Sequence[str] = (),
    max_steps: int | None = None,
    max_minutes: float | None = None,
) -> Config:
    """Return a configuration: one that ships, by name, or that of a TOML file.

    Args:
        named: Name, or path of a file that ends in ``.toml``.
        changes: Fields that stand above the file's, as ``section.field=value`` in TOML; a text
            needs no quotes.
        max_steps: Stands above the file's; None leaves it.
        max_minutes: Stands above the file's; None leaves it.

    Raises:
        UnknownName: if there is no such name.
        InputError: naming file, table and field of what is wrong.

    >>> load_config("cpu", changes=["data.batch=4"], max_steps=10).data.batch
    4
    """
    path = Path(named)
    if str(named) in names():
        path = SHIPPED / f"{named}.toml"
    elif path.suffix.lower() != ".toml":
        raise UnknownName("configuration", str(named), [*names(), "FILE.toml"])
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: not TOML ({error})") from error
    for change in changes:
        _change(tables, change)
    config = from_tables(tables, where=str(path))
    limits = config.limits
    if max_steps is not None:
        limits = replace(limits, max_steps=max_steps)
    if max_minutes is not None:
        limits = replace(limits, max_minutes=max_minutes)
    return replace(config, limits=limits)


def _change(tables: dict[str, Any], change: str) -> None:
    """Set the field that ``section.field=value`` names."""
    name, equals, value = change.partition("=")
    *sections, field = name.strip().split(".")
    if not equals or not all((*sections, field)):
        raise InputError(f"--set {change!r}; expected FIELD=VALUE, such as data.batch=4")
    for section in sections:
        tables = tables.setdefault(section, {})
        if not isinstance(tables, dict):
            raise InputError(f"--set {change!r}: {section} is no table")
    try:
        tables[field] = tomllib.loads(f"value = {value}")["value"]
    except tomllib.TOMLDecodeError:
        tables[field] = value.strip()


def from_tables(tables: Mapping[str, Any], *, where: str) -> Config:
    """Return the configuration that tables describe.

    Raises:
        InputError: naming place, table and field.

    >>> from_tables({"limits": {"max_steps": 5}}, where="here").limits.max_steps
    5
    """
    config: Config = _filled(Config, tables, where)
    return config


def _filled(kind: type[Any], table: Any, where: str) -> Any:
    """Return a dataclass filled from a table."""
    if not isinstance(table, Mapping):
        raise InputError(f"{where}: {table!r} is no table")
    known = [one.name for one in fields(kind)]
    for name in table:
        if name not in known:
            raise InputError(
                f"{where}: unknown field {name!r}{suggestion(name, known)} Known: "
                f"{', '.join(known)}"
            )
    hints = get_type_hints(kind)
    values = {
        name: _filled(hints[name], value, f"{where}: [{name}]")
        if is_dataclass(hints[name])
        else _read(value, hints[name], f"{where}: {name}")
        for name, value in table.items()
    }
    try:
        return kind(**values)
    except InputError as error:
        raise InputError(f"{where}: {error}") from error


def _read(value: Any, hint: Any, where: str) -> Any:
    """Return a value as its field's type wants it."""
    origin, inner = get_origin(hint), get_args(hint)
    if origin is types.UnionType:
        return _read(value, inner[0], where)
    if origin is Literal:
        if value not in inner:
            raise InputError(
                f"{where} is {value!r}{suggestion(str(value), inner)} Expected {_either(inner)}"
            )
        return value
    if origin is tuple:
        return _tuple(value, inner, where)
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    plain = origin or hint
    if plain is not Any and (not isinstance(value, plain) or isinstance(value, bool)):
        raise InputError(f"{where} is {value!r}; expected {_SPELLED.get(plain, 'a table')}")
    if plain is Mapping or origin is Mapping:
        return {key: _read(one, inner[1], f"{where}: {key}") for key, one in value.items()}
    return value


def _tuple(value: Any, inner: tuple[Any, ...], where: str) -> tuple[Any, ...]:
    count = None if inner[-1] is Ellipsis else len(inner)
    if not isinstance(value, list) or not value or count not in (None, len(value)):
        raise InputError(f"{where} is {value!r}; expected a list of {count or 'one or more'}")
    return tuple(_read(one, inner[0], where) for one in value)


def _either(words: tuple[Any, ...]) -> str:
    return " or ".join(map(repr, words))


_SPELLED = {int: "a whole number", float: "a number", str: "a text in quotes"}
