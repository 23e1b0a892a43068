"""Tell which package a denoiser lacks, and how to get it."""

from __future__ import annotations

import importlib.util
from typing import NamedTuple

from benchmarks.contract import DenoiserSpec


class Requirement(NamedTuple):
    """A package, and the extra of ours that installs it, if one does."""

    package: str
    extra: str | None

    @property
    def installed(self) -> bool:
        """Whether it can be imported; it is not."""
        return importlib.util.find_spec(self.package) is not None

    @property
    def command(self) -> str:
        """What a person types.

        >>> Requirement("pesq", "perceptual").command, Requirement("foo", None).command
        ("pip install 'mn-dataset[perceptual]'", 'pip install foo')
        """
        what = f"'mn-dataset[{self.extra}]'" if self.extra else self.package
        return f"pip install {what}"


def missing(spec: DenoiserSpec) -> Requirement | None:
    """Return the first package the denoiser needs that is not installed."""
    wanted = [Requirement(spec.package, spec.extra)] if spec.package else []
    wanted += [Requirement("torch", "torch")] if spec.backend == "torch" else []
    return next((requirement for requirement in wanted if not requirement.installed), None)
