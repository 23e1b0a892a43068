"""Run what is no Python of ours: a program, or estimates that were made elsewhere.

A TOML file says which; ``--denoisers ./deepfilter.toml`` takes it. A program reads and writes WAV::

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
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.contract import Batch, DenoiserSpec
from benchmarks.external import program
from mn_dataset.audio import io
from mn_dataset.errors import InputError, suggestion
from mn_dataset.mix.manifest import read_manifest

_IN, _OUT, _OUTDIR = "{in}", "{out}", "{outdir}"
_ID, _NAME = "{id}", "{name}"
_FILES = [f"{stem}.{kind}" for stem in (_ID, _NAME, f"{_NAME}.noisy") for kind in ("wav", "flac")]
_SPEC_FIELDS = (
    *("name", "sampling_rate", "latency", "deterministic"),
    *("version", "license", "citation", "trained_on"),
)


def described(path: Path) -> Command | Folder:
    """Return the denoiser that a TOML file describes.

    Raises:
        InputError: naming the file and the field that is missing, unknown or senseless.
    """
    try:
        words = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: not TOML ({error})") from error
    kinds = {"command": Command, "folder": Folder}
    chosen = [name for name in kinds if name in words]
    if len(chosen) != 1 or not isinstance(words.get("name"), str):
        raise InputError(
            f"{path}: expected a name, and either command = ['PROGRAM', '{_IN}', '{_OUT}'] or "
            "folder = 'ESTIMATES'"
        )
    kind = kinds[chosen[0]]
    own = [one.name for one in fields(kind) if one.name not in ("path", "spec")]
    for name in words:
        if name not in (*_SPEC_FIELDS, *own):
            nearest = suggestion(name, (*_SPEC_FIELDS, *own))
            raise InputError(f"{path}: unknown field {name!r}{nearest}")
    told: dict[str, Any] = {name: words[name] for name in _SPEC_FIELDS if name in words}
    rest = {name: words[name] for name in own if name in words}
    try:
        made: Command | Folder = kind(path, DenoiserSpec(channels=1, **told), **rest)
    except TypeError as error:
        raise InputError(f"{path}: {error}") from error
    return made


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
        """Refuse a command that hears or says nothing.

        Raises:
            InputError: with what is expected.
        """
        whole = " ".join(map(str, self.command)) if isinstance(self.command, list) else ""
        if _IN not in whole or not (_OUT in whole or _OUTDIR in whole):
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
        with program.scratch({"in": clip}, sampling_rate) as place:
            places = {_IN: place / "in.wav", _OUT: place / "out.wav", _OUTDIR: place / "out"}
            places[_OUTDIR].mkdir()
            words = [_filled(word, places) for word in self.command]
            program.run(words, place, timeout_s=self.timeout_s)
            return program.read(_answer(places), len(clip), sampling_rate)


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
        told = [(str(path.relative_to(root)), *path.stat()[6:9:2]) for path in files]
        return hashlib.sha256(repr(told).encode()).hexdigest()[:12]

    def __call__(
        self, batch: Batch, sampling_rate: int, *, side: Mapping[str, Batch] | None = None
    ) -> Batch:
        """Return the estimates, shape (batch, 1, time).

        Raises:
            RuntimeError: if a mixture is none of the dataset's, or its estimate is missing.
        """
        del side
        return np.stack([self._found(item[0], sampling_rate) for item in batch])[:, np.newaxis]

    def _found(self, clip: NDArray[np.float32], sampling_rate: int) -> NDArray[np.float32]:
        samples = np.rint(clip * np.float32(32_768)).astype(np.int16)
        name = self._ids.get(io.pcm_sha256(samples))
        if name is None:
            raise RuntimeError(f"was given a mixture that is not in {self.dataset}")
        root = self.path.parent / self.folder
        wanted = [self.file] if self.file else _FILES
        files = [_filled(file, {_ID: name, _NAME: name.rpartition("/")[2]}) for file in wanted]
        for path in (root / file for file in files):
            if path.is_file():
                return program.read(path, len(clip), sampling_rate)
        raise RuntimeError(f"has no {files[0]} in {root}")

    @cached_property
    def _ids(self) -> dict[str, str]:
        return {row["noisy_sha256"]: row["id"] for row in read_manifest(Path(self.dataset))}


def _filled(word: str, places: Mapping[str, object]) -> str:
    for name, place in places.items():
        word = word.replace(name, str(place))
    return word


def _answer(places: Mapping[str, Path]) -> Path:
    """Return the file that a program wrote."""
    if places[_OUT].is_file():
        return places[_OUT]
    found = sorted(places[_OUTDIR].rglob("*.wav"))
    if len(found) != 1:
        raise RuntimeError(f"wrote {len(found)} WAV files, expected one")
    return found[0]
