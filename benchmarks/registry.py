"""Know denoisers and metrics as strings, and import them only on use.

A folder's source is read, not run: a class whose body assigns ``spec = DenoiserSpec(name="…")``,
or a module that assigns ``spec = MetricSpec(name="…")``, is registered by that literal name. So
one more of either is one more file, and listing all of them imports none. Third parties add
denoisers through the entry-point group ``mn.denoisers``; a person's own file is
``./my_denoiser.py:Half``; a program or a folder of estimates is what ``./described.toml`` says.
``NAME@PATH`` is a learned one with the weights of a file or a run, ``NAME+TRACKER`` a classical one
over another noise tracker.
"""

from __future__ import annotations

import ast
import importlib
import importlib.util
import shutil
import sys
from dataclasses import dataclass, replace
from functools import cache
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

from mn_dataset.errors import InputError, UnknownName

_ROOT = Path(__file__).parent
DENOISER_ROOMS = ("classical", "external", "models")
METRIC_ROOMS = ("metrics",)

_BEHIND = ("package", "extra", "program")  # what a spec may name that is not ours


@dataclass(frozen=True)
class Entry:
    """A registered name and where it is.

    Attributes:
        name: The registered name.
        module: Dotted module, or the path of a person's file.
        attribute: What to take from the module.
        package: The optional package it needs, if its spec says so.
        extra: The extra that installs that package.
        program: The executable it needs, if its spec says so.
        checkpoint: File of weights or run folder that was named with it.
        variant: What followed a + in the request.
    """

    name: str
    module: str
    attribute: str
    package: str | None = None
    extra: str | None = None
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
        return f"pip install 'mn-dataset[{self.extra}]'" if self.extra else ""

    def load(self) -> Any:
        """Import the module and return the attribute.

        Raises:
            InputError: if a person's file or its class is not there.
        """
        if self.module.endswith(".py"):
            return _load_file(Path(self.module), self.attribute)
        if self.module.endswith(".toml"):
            described = importlib.import_module("benchmarks.external.adapters")
            return described.described(Path(self.module))
        return getattr(importlib.import_module(self.module), self.attribute)


@cache
def denoisers() -> dict[str, Entry]:
    """Return every registered denoiser by name: ours, then the entry points'."""
    found = _scan(DENOISER_ROOMS, "DenoiserSpec")
    for point in entry_points(group="mn.denoisers"):
        found.setdefault(point.name, Entry(point.name, point.module, point.attr))
    return found


@cache
def metrics() -> dict[str, Entry]:
    """Return every registered metric by name."""
    return _scan(METRIC_ROOMS, "MetricSpec")


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
    if name.endswith(".toml"):
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


def _scan(rooms: tuple[str, ...], spec_class: str) -> dict[str, Entry]:
    found: dict[str, Entry] = {}
    for room in rooms:
        for path in sorted((_ROOT / room).glob("*.py")):
            module = f"benchmarks.{room}.{path.stem}"
            for attribute, words in _specs(path, spec_class):
                if words["name"] in found:
                    raise RuntimeError(f"{path}: the name {words['name']!r} is taken")
                name = words["name"]
                package, extra, program = (words.get(key) for key in _BEHIND)
                found[name] = Entry(name, module, attribute or name, package, extra, program)
    return dict(sorted(found.items()))


def _specs(path: Path, spec_class: str) -> list[tuple[str, dict[str, str]]]:
    """Return (class name or "", literal words of the spec) for every spec in a source file."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    scopes: list[tuple[str, list[ast.stmt]]] = [("", tree.body)]
    scopes += [(node.name, node.body) for node in tree.body if isinstance(node, ast.ClassDef)]
    return [
        (owner, _words(statement.value))
        for owner, body in scopes
        for statement in body
        if isinstance(statement, ast.Assign | ast.AnnAssign)
        and isinstance(statement.value, ast.Call)
        and isinstance(statement.value.func, ast.Name)
        and statement.value.func.id == spec_class
    ]


def _words(call: ast.Call) -> dict[str, str]:
    wanted = ("name", *_BEHIND)
    return {
        keyword.arg: keyword.value.value
        for keyword in call.keywords
        if keyword.arg in wanted
        and isinstance(keyword.value, ast.Constant)
        and isinstance(keyword.value.value, str)
    }


def _load_file(path: Path, attribute: str) -> Any:
    if not path.is_file():
        raise InputError(f"{path}: no such file; expected --denoisers FILE.py:CLASS")
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
