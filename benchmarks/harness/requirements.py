"""Tell which package or program a denoiser lacks, and how to get it."""

from __future__ import annotations

import importlib.util
import shutil
from typing import NamedTuple

from benchmarks.contract import DenoiserSpec


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
