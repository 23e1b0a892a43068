"""Use a program as a denoiser: it reads a WAV and writes others."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.contract import Batch, DenoiserSpec
from benchmarks.external import program
from benchmarks.external.places import IN, OUT, OUTDIR, check_targets, filled
from mn_dataset.errors import InputError
from mn_dataset.tasks import registry as tasks


@dataclass(frozen=True)
class Command:
    """A program that reads one WAV of 32-bit floats and writes another, or one per target.

    Attributes:
        path: The TOML file.
        spec: The declaration.
        command: Program and arguments, no shell. ``{in}`` is the mixture's file, ``{out}`` where
            the estimate is expected; or ``{outdir}`` a folder in which one WAV is.
        targets: Where in that folder, as in ``{outdir}/vocals.wav``, the estimate of each target
            is expected, for a task with several.
        multichannel: Whether all channels of a mixture are in one file; else each is a mono run.
        timeout_s: Longer than this is a failure.
    """

    path: Path
    spec: DenoiserSpec
    command: list[str]
    targets: Mapping[str, str] = field(default_factory=dict)
    multichannel: bool = False
    timeout_s: float = 600.0

    def __post_init__(self) -> None:
        """Refuse a command without a place for its input or its outputs.

        Raises:
            InputError: with what is expected.
        """
        line = " ".join(map(str, self.command)) if isinstance(self.command, list) else ""
        several = check_targets(self.path, self.spec, self.targets, [OUTDIR])
        outputs = [OUTDIR] if several else [OUT, OUTDIR]
        if IN not in line or not any(place in line for place in outputs):
            raise InputError(
                f"{self.path}: command is {self.command!r}; expected a list of words with {IN} "
                f"and {' or '.join(outputs)}"
            )

    @property
    def revision(self) -> str:
        """Hash of the description: another option is another denoiser."""
        return hashlib.sha256(self.path.read_bytes()).hexdigest()[:12]

    def __call__(
        self, batch: Batch, sampling_rate: int, *, side: Mapping[str, Batch] | None = None
    ) -> Batch:
        """Return the estimates, shape (batch, channels, time), with an axis of targets if several.

        Raises:
            RuntimeError: if the program is not there, or fails.
            TimeoutError: if it takes too long.
        """
        del side
        return np.stack([self._run(item, sampling_rate) for item in batch])

    def _run(self, clip: NDArray[np.float32], sampling_rate: int) -> NDArray[np.float32]:
        """Return the estimates of one mixture (channels, time)."""
        with program.scratch({"in": clip}, sampling_rate) as folder:
            paths = {IN: folder / "in.wav", OUT: folder / "out.wav", OUTDIR: folder / "out"}
            paths[OUTDIR].mkdir()
            words = [filled(word, paths) for word in self.command]
            program.run(words, folder, timeout_s=self.timeout_s)
            if not tasks.find(self.spec.task).target_axis:
                return program.read_channels(_output(paths), clip.shape, sampling_rate)
            files = [
                _target(self.targets[target], target, paths)
                for target in tasks.find(self.spec.task).target_names
            ]
            return np.stack(
                [program.read_channels(file, clip.shape, sampling_rate) for file in files]
            )


def _output(paths: Mapping[str, Path]) -> Path:
    """Return the file that a program wrote."""
    if paths[OUT].is_file():
        return paths[OUT]
    files = sorted(paths[OUTDIR].rglob("*.wav"))
    if len(files) != 1:
        raise RuntimeError(f"wrote {len(files)} WAV files, expected one")
    return files[0]


def _target(place: str, target: str, paths: Mapping[str, Path]) -> Path:
    """Return the file of a target that a program wrote."""
    file = Path(filled(place, paths))
    if not file.is_file():
        folder = paths[OUTDIR]
        found = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.*"))
        raise RuntimeError(f"wrote no {place} for {target}; found {', '.join(found) or 'nothing'}")
    return file
