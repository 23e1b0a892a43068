"""Use estimates that were made elsewhere, and lie in a folder, as a denoiser."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.contract import Batch, DenoiserSpec
from benchmarks.external import program
from benchmarks.external.places import ID, NAME, check_targets, filled
from mn_dataset.audio import io
from mn_dataset.errors import InputError
from mn_dataset.mix.manifest import file_groups, read_manifest
from mn_dataset.tasks import registry as tasks

_KINDS_OF_FILES = ("wav", "flac")


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
        targets: The same of each target, for a task with several.
    """

    path: Path
    spec: DenoiserSpec
    folder: str
    dataset: str
    file: str = ""
    targets: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse one estimate for all mixtures, and a rate: estimates lie at their own.

        Raises:
            InputError: with what is expected.
        """
        several = check_targets(self.path, self.spec, self.targets, [ID, NAME])
        if self.file and several:
            raise InputError(
                f"{self.path}: file is for one target; expected targets, one file of each"
            )
        if self.file and not any(word in self.file for word in (ID, NAME)):
            raise InputError(f"{self.path}: file is {self.file!r}; expected {ID} or {NAME} in it")
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
        """Return the estimates, shape (batch, 1, time), with an axis of targets if several.

        Raises:
            RuntimeError: if a mixture is none of the dataset's, or its estimate is missing.
        """
        del side
        return np.stack([self._estimates(item[0], sampling_rate) for item in batch])

    def _estimates(self, clip: NDArray[np.float32], sampling_rate: int) -> NDArray[np.float32]:
        samples = np.rint(clip * np.float32(32_768)).astype(np.int16)
        name = self._ids.get(io.pcm_sha256(samples))
        if name is None:
            raise RuntimeError(f"was given a mixture that is not in {self.dataset}")
        shape = (1, len(clip))
        task = tasks.find(self.spec.task)
        if not task.target_axis:
            file = self._found(name, [self.file] if self.file else _usual_files(""))
            return program.read_channels(file, shape, sampling_rate)
        by_target = [
            [self.targets[target]] if self.targets else _usual_files(f".{target}")
            for target in task.target_names
        ]
        found = [self._found(name, files) for files in by_target]
        return np.stack([program.read_channels(file, shape, sampling_rate) for file in found])

    def _found(self, name: str, files: list[str]) -> Path:
        """Return the first of some files that is there for a mixture."""
        root = self.path.parent / self.folder
        names = {ID: name, NAME: name.rpartition("/")[2]}
        places = [root / filled(file, names) for file in files]
        for place in places:
            if place.is_file():
                return place
        raise RuntimeError(f"has no {places[0].relative_to(root)} in {root}")

    @cached_property
    def _ids(self) -> dict[str, str]:
        ids: dict[str, str] = {}
        for row in read_manifest(Path(self.dataset)):
            inputs, _, _ = file_groups(tasks.find(row["task"]))
            ids |= {sha256: row["id"] for _, _, sha256 in inputs.files(row)}
        return ids


def _usual_files(target: str) -> list[str]:
    """Return where estimates of a mixture lie: by its id, its name, or its file's name."""
    stems = (ID, NAME, f"{NAME}.mixture" if target else f"{NAME}.noisy")
    return [f"{stem}{target}.{kind}" for stem in stems for kind in _KINDS_OF_FILES]
