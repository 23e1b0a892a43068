"""Import public names on first use, and let a package be called by the name of its function."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any

from mn_dataset.errors import MissingExtra


def exports(package: str, modules: Mapping[str, str]) -> Callable[[str], Any]:
    """Return a package's ``__getattr__``: it imports a public name's module when it is asked for.

    Args:
        package: The package's name.
        modules: The module that defines each public name.
    """

    def attribute(name: str) -> Any:
        if name not in modules:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        try:
            module = importlib.import_module(modules[name])
        except ModuleNotFoundError as error:
            if error.name == "torch":
                raise MissingExtra("torch", extra="torch") from error
            raise
        return getattr(module, name)

    return attribute


def callable_package(package: str, module: str) -> None:
    """Let a package be called as the function of its name: ``mn.check(folder)``.

    Python binds an imported subpackage to its parent under its own name, where the function of
    that name would stand; so the package itself answers the call, and stays a package.

    Args:
        package: The package's name; its last part is the function's.
        module: The module that defines the function, imported at the first call.
    """
    name = package.rpartition(".")[2]

    class CallablePackage(ModuleType):
        def __call__(self, *arguments: Any, **options: Any) -> Any:
            return getattr(importlib.import_module(module), name)(*arguments, **options)

        @property
        def __wrapped__(self) -> Any:
            """The function, so that ``inspect.signature`` and ``help`` of tools know it."""
            return getattr(importlib.import_module(module), name)

    sys.modules[package].__class__ = CallablePackage
