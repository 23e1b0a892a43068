"""Read a training configuration from TOML, and name unknown fields and values out of range."""

from __future__ import annotations

import tomllib
import types
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

from benchmarks import registry
from benchmarks.training.config import Config
from mn_dataset.errors import InputError, UnknownName, suggestion
from mn_dataset.files.toml import read_toml

DEFAULT = "cpu"
"""The configuration of a model that has none of its own name."""

_SHIPPED = Path(__file__).parents[1] / "configs"
_TYPE_NAMES = {int: "a whole number", float: "a number", str: "a text in quotes"}


def shipped_names() -> list[str]:
    """Return the names of the configurations that ship.

    >>> {"cpu", "gpu", "paper", "small"} <= set(shipped_names())
    True
    """
    return sorted(path.stem for path in _SHIPPED.glob("*.toml"))


def default_for(model: str) -> str:
    """Return the name of the configuration that is taken when none is: the model's own, or "cpu".

    Args:
        model: As it was asked for: NAME, NAME@WEIGHTS or FILE.py:CLASS.

    >>> default_for("musicecan"), default_for("./mine.py:Mine")
    ('cpu', 'cpu')
    """
    name, _ = registry.split_checkpoint(model)
    return name if name in shipped_names() else DEFAULT


def load_config(
    config: str | Path = DEFAULT,
    *,
    changes: Sequence[str] = (),
    max_steps: int | None = None,
    max_minutes: float | None = None,
) -> Config:
    """Return a configuration: one that ships, by name, or that of a TOML file.

    Args:
        config: Name, or path of a file that ends in ``.toml``.
        changes: Fields that override the file's, as ``section.field=value`` in TOML; a text needs
            no quotes.
        max_steps: Overrides the file's; None leaves it.
        max_minutes: Overrides the file's; None leaves it.

    Raises:
        UnknownName: if there is no such name.
        InputError: naming file, table and field of what is wrong.

    >>> load_config("cpu", changes=["data.batch=4"], max_steps=10).data.batch
    4
    """
    path = Path(config)
    if str(config) in shipped_names():
        path = _SHIPPED / f"{config}.toml"
    elif path.suffix.lower() != ".toml":
        raise UnknownName("configuration", str(config), [*shipped_names(), "FILE.toml"])
    tables = read_toml(path)
    for change in changes:
        _apply_change(tables, change)
    loaded = from_tables(tables, where=str(path))
    limits = loaded.limits
    if max_steps is not None:
        limits = replace(limits, max_steps=max_steps)
    if max_minutes is not None:
        limits = replace(limits, max_minutes=max_minutes)
    return replace(loaded, limits=limits)


def from_tables(tables: Mapping[str, Any], *, where: str) -> Config:
    """Return the configuration that the tables of a TOML file describe.

    Args:
        tables: Tables by name, as ``tomllib`` gives them.
        where: The file, for messages.

    Raises:
        InputError: naming file, table and field.

    >>> from_tables({"limits": {"max_steps": 5}}, where="here").limits.max_steps
    5
    """
    config: Config = _section(Config, tables, where)
    return config


def _apply_change(tables: dict[str, Any], change: str) -> None:
    """Set the field that ``section.field=value`` names."""
    name, equals, value = change.partition("=")
    *sections, field = name.strip().split(".")
    if not equals or not all((*sections, field)):
        raise InputError(
            f"the change {change!r} sets no field; expected FIELD=VALUE, such as data.batch=4"
        )
    for section in sections:
        tables = tables.setdefault(section, {})
        if not isinstance(tables, dict):
            raise InputError(
                f"the change {change!r} sets a field of {section}, and {section} is no table; "
                "expected FIELD=VALUE with the field of a table"
            )
    try:
        tables[field] = tomllib.loads(f"value = {value}")["value"]
    except tomllib.TOMLDecodeError:
        tables[field] = value.strip()


def _section(section: type[Any], table: Any, where: str) -> Any:
    """Return a section of the configuration, a dataclass, made of a table."""
    if not isinstance(table, Mapping):
        raise InputError(f"{where}: {table!r} is no table")
    names = [field.name for field in fields(section)]
    for name in table:
        if name not in names:
            raise InputError(
                f"{where}: unknown field {name!r}{suggestion(name, names)} Known: "
                f"{', '.join(names)}"
            )
    hints = get_type_hints(section)
    values = {
        name: _section(hints[name], value, f"{where}: [{name}]")
        if is_dataclass(hints[name])
        else _typed(value, hints[name], f"{where}: {name}")
        for name, value in table.items()
    }
    try:
        return section(**values)
    except InputError as error:
        raise InputError(f"{where}: {error}") from error


def _typed(value: Any, hint: Any, where: str) -> Any:
    """Return a value in the type of its field."""
    origin, parameters = get_origin(hint), get_args(hint)
    if origin is types.UnionType:
        kinds = [kind for kind in parameters if kind is not types.NoneType]
        of_lists = isinstance(value, list) and all(isinstance(one, list) for one in value)
        return _typed(value, kinds[-1 if of_lists else 0], where)
    if origin is Literal:
        if value not in parameters:
            raise InputError(
                f"{where} is {value!r}{suggestion(str(value), parameters)} Expected "
                f"{' or '.join(map(repr, parameters))}"
            )
        return value
    if origin is tuple:
        return _typed_tuple(value, parameters, where)
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    plain = origin or hint
    if plain is not Any and (not isinstance(value, plain) or isinstance(value, bool)):
        raise InputError(f"{where} is {value!r}; expected {_TYPE_NAMES.get(plain, 'a table')}")
    if plain is Mapping:
        return {key: _typed(item, parameters[1], f"{where}: {key}") for key, item in value.items()}
    return value


def _typed_tuple(value: Any, parameters: tuple[Any, ...], where: str) -> tuple[Any, ...]:
    count = None if parameters[-1] is Ellipsis else len(parameters)
    if not isinstance(value, list) or not value or count not in (None, len(value)):
        raise InputError(f"{where} is {value!r}; expected a list of {count or 'one or more'}")
    return tuple(_typed(item, parameters[0], where) for item in value)
