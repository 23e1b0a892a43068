"""Keep what made each output of a folder, so that nothing is done twice and nothing is lost.

The journal has one line per finished recording; the last one of an estimate counts. A line is
written before the files that it names are put in place: whatever a kill leaves is either named in
it or a temporary.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from mn_dataset.audio.io import file_sha256
from mn_dataset.errors import InputError
from mn_dataset.files.journal import Journal
from mn_dataset.tasks import registry as tasks


def journal_name(command: str) -> str:
    """Return the name of the file in a folder of outputs of a command of ``mn``.

    >>> journal_name("denoise")
    '.mn-denoise.jsonl'
    """
    return f".mn-{command}.jsonl"


def journal_names() -> list[str]:
    """Return those of all commands that do a task to recordings."""
    commands = [tasks.find(name).command for name in tasks.names()]
    return [journal_name(command) for command in commands if command]


@dataclass(frozen=True)
class Provenance:
    """What estimates depend on.

    Attributes:
        recording: SHA-256 of the recording's file.
        denoiser: Its registered name.
        revision: Which version of it, or of its weights.
        precision: In which it computed.
        version: Of the processing around the denoiser.
        options: Of that processing, by name.
    """

    recording: str
    denoiser: str
    revision: str
    precision: str
    version: int
    options: Mapping[str, float | str] = field(default_factory=dict)


@dataclass(frozen=True)
class Outputs:
    """The outputs of one recording.

    Attributes:
        estimate: The first one's path below the folder, which stands for the recording.
        provenance: What they depend on.
        hashes: SHA-256 of every output by its path below the folder.
    """

    estimate: str
    provenance: Provenance
    hashes: dict[str, str]


class OutputJournal:
    """What a folder's outputs were made of.

    Args:
        out: The folder; whoever writes into it holds its lock.
        command: The command of ``mn`` that does.

    Raises:
        InputError: if the journal is damaged, or cannot be read.
    """

    def __init__(self, out: Path, command: str) -> None:
        self._out, self._command = out, command
        path = out / journal_name(command)

        def decode(line: Any) -> Outputs:
            try:
                return Outputs(
                    str(line["estimate"]), _provenance(line["made"]), dict(line["files"])
                )
            except (ValueError, LookupError, TypeError) as error:
                raise InputError(
                    f"{path}: damaged ({error}); remove it, and `overwrite` what it stood for"
                ) from error

        self._journal = Journal(path, decode, _encoded)
        self._outputs = {outputs.estimate: outputs for outputs in self._journal.entries()}

    def finished(
        self, names: Sequence[PurePosixPath], provenance: Provenance, *, overwrite: bool
    ) -> bool:
        """Tell whether all outputs are there as this provenance left them.

        Args:
            names: Paths below the folder; the first stands for the recording.
            provenance: What they would be made of now.
            overwrite: Whether outputs of another provenance, and files of unknown origin, may go.

        Raises:
            InputError: if one is there, is something else, and may not go.
        """
        outputs = self._outputs.get(str(names[0]))
        same = outputs is not None and outputs.provenance == provenance
        existing = [name for name in names if os.path.lexists(self._out / name)]
        for name in existing:
            if not (outputs and same and self._is_unchanged(name, outputs)):
                if overwrite:
                    return False
                origin = self._origin(outputs, same=same)
                raise InputError(
                    f"{self._out / name} is there already, {origin}; choose another `out`, or "
                    "`overwrite` it"
                )
        return len(existing) == len(names)

    def note(self, provenance: Provenance, hashes: Mapping[PurePosixPath, str]) -> None:
        """Add what is about to be put in place.

        Args:
            provenance: What it was made of.
            hashes: SHA-256 of every output by its path below the folder, in the same order.

        Raises:
            OutputError: if it cannot be written.
        """
        estimate = str(next(iter(hashes)))
        earlier = self._outputs.get(estimate)
        kept = earlier.hashes if earlier and earlier.provenance == provenance else {}
        added = {str(name): digest for name, digest in hashes.items()}
        outputs = Outputs(estimate, provenance, kept | added)
        self._journal.append(outputs)
        self._outputs[estimate] = outputs

    def _is_unchanged(self, name: PurePosixPath, outputs: Outputs) -> bool:
        try:
            return file_sha256(self._out / name) == outputs.hashes.get(str(name))
        except OSError:  # a folder of that name, or a file that nobody may read
            return False

    def _origin(self, outputs: Outputs | None, *, same: bool) -> str:
        """Say where a file that is in the way comes from."""
        if outputs is None:
            return f"and not of `mn {self._command}`"
        if same:
            return "and changed since it was made"
        return f"made by {outputs.provenance.denoiser} of another recording, revision or options"


def _encoded(outputs: Outputs) -> dict[str, Any]:
    return {
        "estimate": outputs.estimate,
        "made": _line(outputs.provenance),
        "files": outputs.hashes,
    }


_FIXED = ("recording", "denoiser", "revision", "precision")


def _line(provenance: Provenance) -> dict[str, Any]:
    fixed = {name: getattr(provenance, name) for name in _FIXED}
    return {**fixed, **provenance.options, "version": provenance.version}


def _provenance(line: Mapping[str, Any]) -> Provenance:
    fixed = {name: line[name] for name in (*_FIXED, "version")}
    return Provenance(**fixed, options={name: line[name] for name in line.keys() - fixed})
