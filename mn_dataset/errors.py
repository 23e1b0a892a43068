"""Name everything that can go wrong, in one tree.

    MnError
    ├── InputError            the user's input is at fault
    │   ├── TableError        a cell of a metadata table
    │   ├── AudioError        a recording that is missing, damaged or in another form
    │   ├── RecipeError       a mixture that cannot be drawn or rendered as asked
    │   ├── DatasetError      a dataset or run folder that is not what its recipes say
    │   ├── FetchError        a file that cannot be had from its address, or is not the expected one
    │   ├── UnknownName       a name nobody registered; carries the nearest ones
    │   └── MissingExtra      an optional package; carries the command that installs it
    ├── OutputError           a file or folder that cannot be written
    └── DenoiserFailed        a denoiser raised or broke its contract (benchmarks.harness.checks)

Every message says what was found, what was expected, where, and what to do. The command
line prints the message alone and exits with 1.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class MnError(Exception):
    """Anything the toolkit reports instead of a traceback."""


class InputError(MnError):
    """The user's input is at fault."""


class TableError(InputError):
    """A metadata table is at fault, named by file, row and column."""


class AudioError(InputError):
    """A recording is missing, damaged or in another form than expected."""


class RecipeError(InputError):
    """A mixture cannot be drawn or rendered as asked."""


class DatasetError(InputError):
    """A dataset or run folder is not what its recipes say."""


class FetchError(InputError):
    """A file cannot be had from its address, or is not the one that is expected there."""


class OutputError(MnError):
    """A file or folder cannot be written."""


class UnknownName(InputError):
    """A name is not registered.

    >>> str(UnknownName("denoiser", "weiner", ["noisy", "wiener"]))
    "unknown denoiser 'weiner'; did you mean 'wiener'? Known: noisy, wiener."
    """

    def __init__(self, kind: str, name: str, names: Iterable[str]) -> None:
        self.kind, self.name, self.names = kind, name, sorted(names)
        super().__init__(
            f"unknown {kind} {name!r}{suggestion(name, self.names)} "
            f"Known: {', '.join(self.names) or 'none'}."
        )

    def __reduce__(self) -> tuple[type[UnknownName], tuple[str, str, list[str]]]:
        """Rebuild from the arguments, so that worker processes can raise it."""
        return type(self), (self.kind, self.name, self.names)


class MissingExtra(InputError):
    """An optional package is not installed.

    >>> str(MissingExtra("pesq", extra="perceptual"))
    "the package 'pesq' is not installed; run: pip install 'mn-dataset[perceptual]'"
    >>> str(MissingExtra("foo", command="pip install --no-deps foo"))
    "the package 'foo' is not installed; run: pip install --no-deps foo"
    """

    def __init__(self, package: str, *, extra: str = "", command: str = "") -> None:
        self.package, self.extra, self.command = package, extra, command
        command = command or f"pip install 'mn-dataset[{extra}]'"
        super().__init__(f"the package {package!r} is not installed; run: {command}")

    def __reduce__(self) -> tuple[object, ...]:
        """Rebuild from the arguments, so that worker processes can raise it."""
        return _missing_extra, (self.package, self.extra, self.command)


def _missing_extra(package: str, extra: str, command: str) -> MissingExtra:
    return MissingExtra(package, extra=extra, command=command)


def suggestion(name: str, names: Iterable[str]) -> str:
    """Return "; did you mean 'x'?" for the nearest of several names, or a full stop.

    >>> suggestion("Cello ", ["cello", "harp"])
    "; did you mean 'cello'?"
    """
    folded = {candidate.casefold(): candidate for candidate in names}
    query = name.strip().casefold()
    completions = [candidate for candidate in folded if query and candidate.startswith(query)]
    nearest = completions or difflib.get_close_matches(query, folded, n=1)
    return f"; did you mean {folded[nearest[0]]!r}?" if nearest else "."
