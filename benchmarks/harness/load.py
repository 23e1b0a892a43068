"""Construct a denoiser of a registered name: its declaration, requirements and revision.

A declaration that makes no sense is refused, a package or program that is missing is named with
the command that installs it, and the revision identifies the version that makes the estimates.
A learned one uses the weights that were named with it, or those that ship.
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
from benchmarks.contract import INPUTS, SIDE, Denoiser, DenoiserSpec
from benchmarks.harness.checks import importing
from benchmarks.layers.weights_file import WEIGHTS_NAME
from benchmarks.registry import Entry
from mn_dataset.audio.io import file_sha256
from mn_dataset.errors import InputError, MissingExtra
from mn_dataset.tasks import registry as tasks

SHIPPED = Path(__file__).parents[1] / "weights"


def weights_of(spec: DenoiserSpec, checkpoint: Path | None) -> Path | None:
    """Return the file of weights; None for a denoiser that learned nothing.

    Args:
        spec: What the denoiser declares.
        checkpoint: A file of weights, or a run folder of ``mn train``; None for what ships.

    Raises:
        InputError: if there are none, or if they were named for a denoiser without any.
    """
    if not spec.learned:
        if checkpoint is not None:
            raise InputError(f"{spec.name}@{checkpoint}: {spec.name!r} has no weights to load")
        return None
    if checkpoint is None:
        shipped = shipped_weights(spec)
        if shipped is None:
            raise InputError(
                f"denoiser {spec.name!r} ships no weights; train some with "
                f"`{train_command(spec)}` and name it {spec.name}@RUN"
            )
        return shipped
    path = checkpoint / WEIGHTS_NAME if checkpoint.is_dir() else checkpoint
    if not path.is_file():
        raise InputError(
            f"{spec.name}@{checkpoint}: no {path}; expected a file of weights or a run folder of "
            f"`mn train {spec.name}`"
        )
    return path


def shipped_weights(spec: DenoiserSpec) -> Path | None:
    """Return the weights that come with the package, if any do."""
    path = SHIPPED / f"{spec.name}.safetensors"
    return path if spec.learned and path.is_file() else None


def train_command(spec: DenoiserSpec) -> str:
    """Return the command that makes weights."""
    return f"mn train {spec.name} --data CORPUS --out RUN"


def label(name: str, checkpoint: Path | None) -> str:
    """Name a denoiser in tables: two checkpoints of one model are two denoisers.

    >>> label("wiener", None), label("musicecan", Path("runs/a")), label("m", Path("b.safetensors"))
    ('wiener', 'musicecan@a', 'm@b')
    """
    return (
        name
        if checkpoint is None
        else f"{name}@{checkpoint.resolve().name.removesuffix('.safetensors')}"
    )


class Requirement(NamedTuple):
    """A package, and the extra of ours that installs it, if one does; or a program."""

    package: str
    extra: str | None
    program: bool = False

    @property
    def installed(self) -> bool:
        """Whether it can be imported or called, without doing so."""
        if self.program:
            return shutil.which(self.package) is not None
        return importlib.util.find_spec(self.package) is not None

    @property
    def kind(self) -> str:
        """Its kind: "program" or "package"."""
        return "program" if self.program else "package"

    @property
    def command(self) -> str:
        """The command that installs it.

        >>> Requirement("pesq", "perceptual").command, Requirement("foo", None).command
        ("pip install 'mn-dataset[perceptual]'", 'pip install foo')
        >>> Requirement("sox", None, program=True).command
        'apt-get install sox'
        """
        if self.program:
            return f"apt-get install {self.package}"
        distribution = f"'mn-dataset[{self.extra}]'" if self.extra else self.package
        return f"pip install {distribution}"


def missing_requirement(spec: DenoiserSpec) -> Requirement | None:
    """Return the first package or program the denoiser needs that is not installed."""
    requirements = [Requirement(spec.package, spec.extra)] if spec.package else []
    requirements += [Requirement("torch", "torch")] if spec.backend == "torch" else []
    requirements += [Requirement(spec.program, None, program=True)] if spec.program else []
    return next((one for one in requirements if not one.installed), None)


def revision_of(
    entry: Entry, spec: DenoiserSpec, *, weights: Path | None = None, detail: str | None = None
) -> str:
    """Join the spec's version, its package's version, and the hash of a person's own file.

    The SHA-256 of its weights stands for the version of a learned denoiser.

    Args:
        entry: Where the denoiser is defined.
        spec: What it declares.
        weights: File of a learned one's weights.
        detail: What the denoiser itself adds, such as the hash of the TOML file that describes it.

    >>> revision_of(Entry("half", "benchmarks.classical.half", "Half"), DenoiserSpec(name="half"))
    '1'
    """
    parts = [spec.version if weights is None else file_sha256(weights)]
    if spec.package is not None:
        parts.append(f"{spec.package}-{_version(spec.package)}")
    if entry.module.endswith(".py"):
        parts.append(hashlib.sha256(Path(entry.module).read_bytes()).hexdigest()[:12])
    if detail is not None:
        parts.append(detail)
    return "+".join(parts)


def _version(package: str) -> str:
    """Return the version of the distribution that ships an import package."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        owners = metadata.packages_distributions().get(package, ())
        return metadata.version(owners[0]) if owners else "unknown"


def construct(entry: Entry) -> Denoiser:
    """Import, check and construct a denoiser; no optional package is imported.

    Raises:
        InputError: if there is no such file or class, its ``spec`` makes no sense, or it has no
            variants.
        UnknownName: if it has none of that name.
        MissingExtra: if the package behind it is not installed.
        DenoiserFailed: if its module or constructor raises.
    """
    with importing(entry.name):
        attribute = entry.load(LOADERS)
    spec = read_spec(attribute, name=entry.name)
    missing = missing_requirement(spec)
    if missing is not None and missing.extra:
        raise MissingExtra(missing.package, extra=missing.extra)
    if missing is not None:
        raise InputError(
            f"the {missing.kind} {missing.package!r} is not installed; run: {missing.command}"
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


def read_spec(attribute: Any, *, name: str) -> DenoiserSpec:
    """Return the spec of a class or object, once it makes sense.

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
        "remainder": (spec.remainder in (None, *_remainders(spec)), _remainder_text(spec)),
        "front_end": (_is_front_end(spec.front_end), "the name of a blind denoiser without one"),
        "min_samples": (spec.min_samples >= 1, "at least 1"),
        "chunk": (spec.chunk is None or spec.chunk >= max(1, spec.min_samples), "samples or None"),
        "overlap": (_overlap_fits(spec), "at most half of what spec.latency leaves of spec.chunk"),
    }
    for field, (holds, expected) in rules.items():
        if not holds:
            value = getattr(spec, field)
            raise InputError(f"denoiser {name!r}: spec.{field} is {value!r}; expected {expected}")
    return spec


def _remainders(spec: DenoiserSpec) -> tuple[str, ...]:
    """Return what may take what no estimate holds: a target, or each what its own input does."""
    if spec.task not in tasks.names():
        return ()
    task = tasks.find(spec.task)
    return (*task.target_names, *([INPUTS] if task.input_axis and task.target_axis else []))


def _remainder_text(spec: DenoiserSpec) -> str:
    names = _remainders(spec)
    if not names:
        return f"None: the task {spec.task!r} names no targets"
    return f"None or {'one of ' if len(names) > 1 else ''}{', '.join(names)}"


def _is_front_end(name: str | None) -> bool:
    if name is None:
        return True
    entry = registry.denoisers().get(name)
    spec = None if entry is None else getattr(entry.load(), "spec", None)
    return isinstance(spec, DenoiserSpec) and not spec.needs and spec.front_end is None


def _overlap_fits(spec: DenoiserSpec) -> bool:
    """Tell whether pieces go forward, and no sample lies in three of them."""
    if spec.chunk is None:
        return spec.overlap == 0
    step = spec.chunk - spec.latency
    return spec.overlap >= 0 and step >= 1 and 2 * spec.overlap <= step


def _load_described(path: Path) -> Any:
    # Few denoisers are described, and the reader of their datasets takes a second to import.
    from benchmarks.external.adapters import load_described  # noqa: PLC0415

    return load_described(path)


LOADERS: dict[str, registry.Loader] = {".toml": _load_described}
"""What makes a denoiser of a file that describes it, by suffix."""
