"""Make a denoiser of what a name stands for, once its declaration makes sense.

Tell which package or program a denoiser lacks, and how to get it.

Say which revision of a denoiser made an estimate.
"""

from __future__ import annotations

import hashlib
import importlib.util
import math
import shutil
from importlib import metadata
from pathlib import Path
from typing import Any, NamedTuple, cast

from benchmarks import registry
from benchmarks.contract import SIDE, Denoiser, DenoiserSpec
from benchmarks.harness.checks import importing
from benchmarks.registry import Entry
from mn_dataset.audio.io import file_sha256
from mn_dataset.errors import InputError, MissingExtra
from mn_dataset.tasks import registry as tasks


class Requirement(NamedTuple):
    """A package, and the extra of ours that installs it, if one does; or a program."""

    package: str
    extra: str | None
    program: bool = False

    @property
    def installed(self) -> bool:
        """Whether it can be imported, or called; it is not."""
        if self.program:
            return shutil.which(self.package) is not None
        return importlib.util.find_spec(self.package) is not None

    @property
    def kind(self) -> str:
        """What it is, in a word."""
        return "program" if self.program else "package"

    @property
    def command(self) -> str:
        """What a person types.

        >>> Requirement("pesq", "perceptual").command, Requirement("foo", None).command
        ("pip install 'mn-dataset[perceptual]'", 'pip install foo')
        >>> Requirement("sox", None, program=True).command
        'apt-get install sox'
        """
        if self.program:
            return f"apt-get install {self.package}"
        what = f"'mn-dataset[{self.extra}]'" if self.extra else self.package
        return f"pip install {what}"


def missing(spec: DenoiserSpec) -> Requirement | None:
    """Return the first package or program the denoiser needs that is not installed."""
    wanted = [Requirement(spec.package, spec.extra)] if spec.package else []
    wanted += [Requirement("torch", "torch")] if spec.backend == "torch" else []
    wanted += [Requirement(spec.program, None, program=True)] if spec.program else []
    return next((requirement for requirement in wanted if not requirement.installed), None)


def revision_of(
    entry: Entry, spec: DenoiserSpec, *, weights: Path | None = None, own: str | None = None
) -> str:
    """Join the spec's version, its package's version, and the hash of a person's own file.

    The SHA-256 of its weights stands for the version of a learned denoiser. What a denoiser says
    itself (``own``, of what a TOML file describes) is added.

    >>> revision_of(Entry("half", "benchmarks.classical.half", "Half"), DenoiserSpec(name="half"))
    '1'
    """
    parts = [spec.version if weights is None else file_sha256(weights)]
    if spec.package is not None:
        parts.append(f"{spec.package}-{_version(spec.package)}")
    if entry.module.endswith(".py"):
        parts.append(hashlib.sha256(Path(entry.module).read_bytes()).hexdigest()[:12])
    if own is not None:
        parts.append(own)
    return "+".join(parts)


def _version(package: str) -> str:
    """Return the version of the distribution that ships an import package."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        owners = metadata.packages_distributions().get(package, ())
        return metadata.version(owners[0]) if owners else "unknown"


def constructed(entry: Entry) -> Denoiser:
    """Import, check and construct; no optional package is imported.

    Raises:
        InputError: if there is no such file or class, its ``spec`` makes no sense, or it has no
            variants.
        UnknownName: if it has none of that name.
        MissingExtra: if the package behind it is not installed.
        DenoiserFailed: if its module or constructor raises.
    """
    with importing(entry.name):
        attribute = entry.load()
    spec = declared(attribute, name=entry.name)
    lacks = missing(spec)
    if lacks is not None and lacks.extra:
        raise MissingExtra(lacks.package, extra=lacks.extra)
    if lacks is not None:
        raise InputError(
            f"the {lacks.kind} {lacks.package!r} is not installed; run: {lacks.command}"
        )
    if entry.variant is not None and not hasattr(attribute, "variant"):
        raise InputError(
            f"{entry.name}+{entry.variant}: {entry.name!r} runs over no noise tracker; use "
            f"{entry.name} alone"
        )
    with importing(entry.name):
        denoiser = attribute() if isinstance(attribute, type) else attribute
    if entry.variant is not None:
        denoiser = attribute.variant(entry.variant)
    if not callable(denoiser):
        raise InputError(f"denoiser {entry.name!r} cannot be called; give its class a __call__")
    return cast(Denoiser, denoiser)


def declared(attribute: Any, *, name: str) -> DenoiserSpec:
    """Return the spec of a class or object.

    Raises:
        InputError: naming the field that is missing or wrong.
    """
    spec = getattr(attribute, "spec", None)
    if not isinstance(spec, DenoiserSpec):
        raise InputError(
            f"denoiser {name!r}: 'spec' is {spec!r}; expected a DenoiserSpec as class attribute, "
            "from benchmarks import DenoiserSpec"
        )
    rules = {
        "task": (spec.task in tasks.names(), f"one of {', '.join(tasks.names())}"),
        "sampling_rate": (spec.sampling_rate is None or spec.sampling_rate > 0, "Hz or None"),
        "channels": (spec.channels in (None, 1), "1 or None"),
        "backend": (spec.backend in ("numpy", "torch"), "'numpy' or 'torch'"),
        "needs": (spec.needs <= SIDE.keys(), f"some of {', '.join(sorted(SIDE))}"),
        "latency": (spec.latency >= 0 and math.isfinite(spec.latency), "samples, at least 0"),
        "front_end": (_goes_first(spec.front_end), "the name of a blind denoiser without one"),
        "min_samples": (spec.min_samples >= 1, "at least 1"),
        "chunk": (spec.chunk is None or spec.chunk >= max(1, spec.min_samples), "samples or None"),
        "overlap": (_has_room(spec), "at most half of what spec.latency leaves of spec.chunk"),
    }
    for field, (holds, expected) in rules.items():
        if not holds:
            found = getattr(spec, field)
            raise InputError(f"denoiser {name!r}: spec.{field} is {found!r}; expected {expected}")
    return spec


def _goes_first(name: str | None) -> bool:
    if name is None:
        return True
    known = registry.denoisers().get(name)
    spec = None if known is None else getattr(known.load(), "spec", None)
    return isinstance(spec, DenoiserSpec) and not spec.needs and spec.front_end is None


def _has_room(spec: DenoiserSpec) -> bool:
    """Tell whether pieces go forward, and no sample lies in three of them."""
    if spec.chunk is None:
        return spec.overlap == 0
    left = spec.chunk - spec.latency
    return spec.overlap >= 0 and left >= 1 and 2 * spec.overlap <= left
