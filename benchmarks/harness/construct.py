"""Make a denoiser of what a name stands for, once its declaration makes sense."""

from __future__ import annotations

import math
from typing import Any, cast

from benchmarks import registry
from benchmarks.contract import Denoiser, DenoiserSpec
from benchmarks.harness.guard import importing
from benchmarks.harness.requirements import missing
from benchmarks.registry import Entry
from mn_dataset.errors import InputError, MissingExtra

SIDE_NAMES = frozenset({"clean", "noise", "noise_profile", "mixture"})


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
        "task": (spec.task == "denoise", "'denoise'"),
        "sampling_rate": (spec.sampling_rate is None or spec.sampling_rate > 0, "Hz or None"),
        "channels": (spec.channels in (None, 1), "1 or None"),
        "backend": (spec.backend in ("numpy", "torch"), "'numpy' or 'torch'"),
        "needs": (spec.needs <= SIDE_NAMES, f"some of {', '.join(sorted(SIDE_NAMES))}"),
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
