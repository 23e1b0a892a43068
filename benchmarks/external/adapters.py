"""Use a program, or estimates that were made elsewhere, as a denoiser.

A TOML file describes it, and is its name: ``./deepfilter.toml``. A program reads and writes WAV::

    name = "deepfilternet3"
    command = ["deep-filter", "-D", "-o", "{outdir}", "{in}"]
    sampling_rate = 48000

Estimates are found in a folder by the mixtures that they were made of::

    name = "moliner"
    folder = "estimates"              # 000000.wav, … by the mixture's id, beside this file
    dataset = "out/open-test"         # the built dataset whose noisy files were denoised
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.contract import Batch, DenoiserSpec
from benchmarks.external import program
from mn_dataset.audio import io
from mn_dataset.errors import InputError, suggestion
from mn_dataset.files.toml import read_toml
from mn_dataset.mix.manifest import read_manifest

_IN, _OUT, _OUTDIR = "{in}", "{out}", "{outdir}"
_ID, _NAME = "{id}", "{name}"
_USUAL_FILES = [
    f"{stem}.{kind}" for stem in (_ID, _NAME, f"{_NAME}.noisy") for kind in ("wav", "flac")
]
_SPEC_FIELDS = (
    *("name", "sampling_rate", "latency", "deterministic"),
    *("version", "license", "citation", "trained_on"),
)


def load_described(path: Path) -> Command | Folder:
    """Return the denoiser that a TOML file describes.

    Raises:
        InputError: naming the file and the field that is missing, unknown or senseless.
    """
    description = read_toml(path)
    kinds = {"command": Command, "folder": Folder}
    named = [name for name in kinds if name in description]
    if len(named) != 1 or not isinstance(description.get("name"), str):
        raise InputError(
            f"{path}: expected a name, and either command = ['PROGRAM', '{_IN}', '{_OUT}'] or "
            "folder = 'ESTIMATES'"
        )
    kind = kinds[named[0]]
    kind_fields = [field.name for field in fields(kind) if field.name not in ("path", "spec")]
    for name in description:
        if name not in (*_SPEC_FIELDS, *kind_fields):
            nearest = suggestion(name, (*_SPEC_FIELDS, *kind_fields))
            raise InputError(f"{path}: unknown field {name!r}{nearest}")
    spec_values = {name: description[name] for name in _SPEC_FIELDS if name in description}
    kind_values = {name: description[name] for name in kind_fields if name in description}
    try:
        denoiser: Command | Folder = kind(
            path, DenoiserSpec(channels=1, **spec_values), **kind_values
        )
    except TypeError as error:
        raise InputError(f"{path}: {error}") from error
    return denoiser


@dataclass(frozen=True)
class Command:
    """A program that reads one mono WAV of 32-bit floats and writes another.

    Attributes:
        path: The TOML file.
        spec: The declaration.
        command: Program and arguments, no shell. ``{in}`` is the mixture's file, ``{out}`` where
            the estimate is expected; or ``{outdir}`` a folder in which one WAV is.
        timeout_s: Longer than this is a failure.
    """

    path: Path
    spec: DenoiserSpec
    command: list[str]
    timeout_s: float = 600.0

    def __post_init__(self) -> None:
        """Refuse a command without a place for its input or its output.

        Raises:
            InputError: with what is expected.
        """
        line = " ".join(map(str, self.command)) if isinstance(self.command, list) else ""
        if _IN not in line or not (_OUT in line or _OUTDIR in line):
            raise InputError(
                f"{self.path}: command is {self.command!r}; expected a list of words with {_IN} "
                f"and {_OUT} or {_OUTDIR}"
            )

    @property
    def revision(self) -> str:
        """Hash of the description: another option is another denoiser."""
        return hashlib.sha256(self.path.read_bytes()).hexdigest()[:12]

    def __call__(
        self, batch: Batch, sampling_rate: int, *, side: Mapping[str, Batch] | None = None
    ) -> Batch:
        """Return the estimates, shape (batch, 1, time).

        Raises:
            RuntimeError: if the program is not there, or fails.
            TimeoutError: if it takes too long.
        """
        del side
        return np.stack([self._run(item[0], sampling_rate) for item in batch])[:, np.newaxis]

    def _run(self, clip: NDArray[np.float32], sampling_rate: int) -> NDArray[np.float32]:
        with program.scratch({"in": clip}, sampling_rate) as folder:
            paths = {_IN: folder / "in.wav", _OUT: folder / "out.wav", _OUTDIR: folder / "out"}
            paths[_OUTDIR].mkdir()
            words = [_filled(word, paths) for word in self.command]
            program.run(words, folder, timeout_s=self.timeout_s)
            return program.read(_output(paths), len(clip), sampling_rate)


@dataclass(frozen=True)
class Folder:
    """Estimates that lie in a folder.

    Attributes:
        path: The TOML file.
        spec: The declaration.
        folder: Of the estimates, relative to the TOML file.
        dataset: The built dataset, relative to where the command is typed.
        file: Where in the folder an estimate lies, at any rate: ``{id}`` is its mixture's, such as
            test/000000, ``{name}`` the last part of that.
    """

    path: Path
    spec: DenoiserSpec
    folder: str
    dataset: str
    file: str = ""

    def __post_init__(self) -> None:
        """Refuse one estimate for all mixtures, and a rate: estimates lie at their own.

        Raises:
            InputError: with what is expected.
        """
        if self.file and not any(word in self.file for word in (_ID, _NAME)):
            raise InputError(f"{self.path}: file is {self.file!r}; expected {_ID} or {_NAME} in it")
        if self.spec.sampling_rate is not None:
            raise InputError(
                f"{self.path}: sampling_rate is for programs; leave it away, a folder's files say "
                "theirs"
            )

    @property
    def revision(self) -> str:
        """Hash of names, sizes and times: other estimates are another denoiser."""
        root = self.path.parent / self.folder
        files = sorted(path for path in root.rglob("*") if path.is_file())
        states = [(str(path.relative_to(root)), *path.stat()[6:9:2]) for path in files]
        return hashlib.sha256(repr(states).encode()).hexdigest()[:12]

    def __call__(
        self, batch: Batch, sampling_rate: int, *, side: Mapping[str, Batch] | None = None
    ) -> Batch:
        """Return the estimates, shape (batch, 1, time).

        Raises:
            RuntimeError: if a mixture is none of the dataset's, or its estimate is missing.
        """
        del side
        return np.stack([self._estimate(item[0], sampling_rate) for item in batch])[:, np.newaxis]

    def _estimate(self, clip: NDArray[np.float32], sampling_rate: int) -> NDArray[np.float32]:
        samples = np.rint(clip * np.float32(32_768)).astype(np.int16)
        name = self._ids.get(io.pcm_sha256(samples))
        if name is None:
            raise RuntimeError(f"was given a mixture that is not in {self.dataset}")
        root = self.path.parent / self.folder
        names = {_ID: name, _NAME: name.rpartition("/")[2]}
        files = [_filled(file, names) for file in ([self.file] if self.file else _USUAL_FILES)]
        for path in (root / file for file in files):
            if path.is_file():
                return program.read(path, len(clip), sampling_rate)
        raise RuntimeError(f"has no {files[0]} in {root}")

    @cached_property
    def _ids(self) -> dict[str, str]:
        return {row["noisy_sha256"]: row["id"] for row in read_manifest(Path(self.dataset))}


def _filled(word: str, values: Mapping[str, object]) -> str:
    for name, value in values.items():
        word = word.replace(name, str(value))
    return word


def _output(paths: Mapping[str, Path]) -> Path:
    """Return the file that a program wrote."""
    if paths[_OUT].is_file():
        return paths[_OUT]
    files = sorted(paths[_OUTDIR].rglob("*.wav"))
    if len(files) != 1:
        raise RuntimeError(f"wrote {len(files)} WAV files, expected one")
    return files[0]
