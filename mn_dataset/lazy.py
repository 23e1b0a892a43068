"""Import public names on first use, and let a package be called by the name of its function."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any

from mn_dataset.errors import MissingExtra


def exports(package: str, modules: Mapping[str, str]) -> Callable[[str], Any]:
    """Return a package's ``__getattr__``, which imports a public name when it is asked for.

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


def callable_module(name: str, defined_in: str) -> None:
    """Let a module be called as the function of its name: ``mn.check(folder)``.

    Python binds an imported submodule to its package under its own name, where the public function
    of that name would stand; so the submodule itself answers the call, and stays a module.

    Args:
        name: The module's name; its last part is the function's.
        defined_in: The module that defines the function, imported at the first call.
    """
    function = name.rpartition(".")[2]

    class CallableModule(ModuleType):
        def __call__(self, *arguments: Any, **options: Any) -> Any:
            return self.__wrapped__(*arguments, **options)

        @property
        def __wrapped__(self) -> Callable[..., Any]:
            """The function, where ``inspect.signature`` looks for it."""
            defined: Callable[..., Any] = getattr(importlib.import_module(defined_in), function)
            return defined

    sys.modules[name].__class__ = CallableModule
