"""Find denoisers and metrics by name, and import them only on use.

A folder's source is read, not run: a class whose body assigns ``spec = DenoiserSpec(name="…")``,
or a module that assigns ``spec = MetricSpec(name="…")``, is registered by that literal name. So
one more of either is one more file, and listing all of them imports none. Third parties add
denoisers through the entry-point group ``mn.denoisers``; a person's own file is
``./my_denoiser.py:Half``; a program or a folder of estimates is what ``./described.toml`` says.
``NAME@PATH`` is a learned one with the weights of a file or a run, ``NAME+TRACKER`` a classical one
over another noise tracker.

It stands below every denoiser and knows none: what makes one of a TOML file is handed to ``load``.
"""

from __future__ import annotations

import ast
import importlib
import importlib.util
import shutil
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

from mn_dataset.errors import InputError, UnknownName

Loader = Callable[[Path], Any]
"""Makes a denoiser of the file that describes it."""

_ROOT = Path(__file__).parent
_DENOISER_PACKAGES = ("classical", "external", "models")
_METRIC_PACKAGES = ("metrics",)
_REQUIREMENTS = (
    "package",
    "extra",
    "command",
    "program",
)  # fields of a spec that name what is not ours
_DESCRIPTION = ".toml"


@dataclass(frozen=True)
class Entry:
    """A registered name and where it is defined.

    Attributes:
        name: The registered name.
        module: Dotted module, or the path of a person's file.
        attribute: What to take from the module.
        package: The optional package it needs, if its spec says so.
        extra: The extra that installs that package.
        command: What installs it where no extra can.
        program: The executable it needs, if its spec says so.
        checkpoint: File of weights or run folder that was named with it.
        variant: What followed a + in the request.
    """

    name: str
    module: str
    attribute: str
    package: str | None = None
    extra: str | None = None
    command: str | None = None
    program: str | None = None
    checkpoint: Path | None = None
    variant: str | None = None

    @property
    def installed(self) -> bool:
        """Whether the optional package or program behind it is there."""
        if self.program is not None and shutil.which(self.program) is None:
            return False
        return self.package is None or importlib.util.find_spec(self.package) is not None

    @property
    def install(self) -> str:
        """The command that installs what it needs; empty when nothing is needed."""
        if self.program is not None:
            return f"apt-get install {self.program}"
        if self.command is not None:
            return self.command
        return f"pip install 'mn-dataset[{self.extra}]'" if self.extra else ""

    def load(self, loaders: Mapping[str, Loader] | None = None) -> Any:
        """Import the module and return the attribute, or load what a file describes.

        Args:
            loaders: What makes a denoiser of a file, by the file's suffix (".toml").

        Raises:
            InputError: if a person's file or its class is not there.
        """
        path = Path(self.module)
        if path.suffix == ".py":
            return _load_file(path, self.attribute)
        if path.suffix == _DESCRIPTION:
            return (loaders or {})[_DESCRIPTION](path)
        return getattr(importlib.import_module(self.module), self.attribute)


@cache
def denoisers() -> dict[str, Entry]:
    """Return every registered denoiser by name: ours, then the entry points'."""
    entries = _scan(_DENOISER_PACKAGES, "DenoiserSpec")
    for point in entry_points(group="mn.denoisers"):
        entries.setdefault(point.name, Entry(point.name, point.module, point.attr))
    return entries


@cache
def metrics() -> dict[str, Entry]:
    """Return every registered metric by name."""
    return _scan(_METRIC_PACKAGES, "MetricSpec")


def own_file(request: str) -> Path | None:
    """Return the file of a person's own that a request names, which is run when it is loaded.

    >>> own_file("./mine.py:Half"), own_file("drnn@run")
    (PosixPath('mine.py'), None)
    """
    name, _ = split_checkpoint(request)
    path = Path(name.rpartition(":")[0] if ".py:" in name else name)
    return path if path.suffix in (".py", _DESCRIPTION) else None


def denoiser(request: str) -> Entry:
    """Find a denoiser by name, by ``path/to/file.py:Class``, or by a TOML file.

    ``@CHECKPOINT`` names the weights of a learned one, ``+TRACKER`` what a classical one runs over.

    Raises:
        UnknownName: with the nearest names.
        InputError: if a class or a checkpoint is missing in the request.
    """
    name, checkpoint = split_checkpoint(request)
    if ".py:" in name:
        path, attribute = name.rsplit(":", 1)
        return Entry(name, path, attribute, checkpoint=checkpoint)
    if name.endswith(_DESCRIPTION):
        return Entry(name, name, "", checkpoint=checkpoint)
    if name.endswith(".py"):
        raise InputError(f"{name}: name the class too, as in {name}:MyDenoiser")
    name, plus, variant = name.partition("+")
    if plus and not variant:
        raise InputError(f"{request}: nothing follows the +; expected NAME+TRACKER")
    if name not in denoisers():
        raise UnknownName("denoiser", name, denoisers())
    return replace(denoisers()[name], checkpoint=checkpoint, variant=variant or None)


def split_checkpoint(request: str) -> tuple[str, Path | None]:
    """Split ``NAME@PATH``; a folder of a person's file may have an @ of its own.

    Raises:
        InputError: if nothing follows the @.

    >>> split_checkpoint("musicecan@runs/a"), split_checkpoint("wiener")
    (('musicecan', PosixPath('runs/a')), ('wiener', None))
    >>> split_checkpoint("me@home/half.py:Half")
    ('me@home/half.py:Half', None)
    """
    folders, file, rest = request.rpartition(".py:")
    name, at, checkpoint = rest.partition("@")
    if at and not checkpoint:
        raise InputError(f"{request}: nothing follows the @; expected NAME@FILE or NAME@RUN")
    return folders + file + name, Path(checkpoint) if at else None


def metric(name: str) -> Entry:
    """Find a metric by name.

    Raises:
        UnknownName: with the nearest names.
    """
    if name not in metrics():
        raise UnknownName("metric", name, metrics())
    return metrics()[name]


def _scan(packages: tuple[str, ...], spec_class: str) -> dict[str, Entry]:
    """Return what the modules of some packages declare by a spec, by name."""
    entries: dict[str, Entry] = {}
    for folder in packages:
        for path in sorted((_ROOT / folder).glob("*.py")):
            module = f"benchmarks.{folder}.{path.stem}"
            for attribute, literals in _specs(path, spec_class):
                name = literals["name"]
                if name in entries:
                    raise RuntimeError(f"{path}: the name {name!r} is taken")
                package, extra, command, program = map(literals.get, _REQUIREMENTS)
                entries[name] = Entry(
                    name, module, attribute or name, package, extra, command, program
                )
    return dict(sorted(entries.items()))


def _specs(path: Path, spec_class: str) -> list[tuple[str, dict[str, str]]]:
    """Return (class name or "", literal fields of the spec) for every spec in a source file."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    scopes: list[tuple[str, list[ast.stmt]]] = [("", tree.body)]
    scopes += [(node.name, node.body) for node in tree.body if isinstance(node, ast.ClassDef)]
    return [
        (class_name, _literals(statement.value))
        for class_name, body in scopes
        for statement in body
        if isinstance(statement, ast.Assign | ast.AnnAssign)
        and isinstance(statement.value, ast.Call)
        and isinstance(statement.value.func, ast.Name)
        and statement.value.func.id == spec_class
    ]


def _literals(call: ast.Call) -> dict[str, str]:
    return {
        keyword.arg: keyword.value.value
        for keyword in call.keywords
        if keyword.arg in ("name", *_REQUIREMENTS)
        and isinstance(keyword.value, ast.Constant)
        and isinstance(keyword.value.value, str)
    }


def _load_file(path: Path, attribute: str) -> Any:
    if not path.is_file():
        raise InputError(f"{path}: no such file; expected a denoiser as FILE.py:CLASS")
    private = f"_mn_denoiser_{path.stem}"
    spec = importlib.util.spec_from_file_location(private, path)
    if spec is None or spec.loader is None:
        raise InputError(f"{path}: not a Python file")
    module = importlib.util.module_from_spec(spec)
    if str(path.parent) not in sys.path:
        sys.path.append(str(path.parent))  # for modules that lie beside it
    sys.modules[private] = module  # dataclasses look their module up while the file is run
    spec.loader.exec_module(module)
    if not hasattr(module, attribute):
        raise InputError(f"{path}: defines no {attribute!r}; expected a class with a spec")
    return getattr(module, attribute)
