"""Denoise a person's own recordings: any length, any rate, files and folders."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from benchmarks.denoise.outputs import output_names, write_outputs
from benchmarks.harness.backend import check_device
from benchmarks.recordings.clock import Progress
from benchmarks.recordings.run import Request, one_by_one, run
from benchmarks.recordings.summary import Summary
from benchmarks.recordings.work import Work, check_places
from benchmarks.signal.spectrogram import check_plots
from mn_dataset.errors import InputError

_CLIPPED = (
    "clipped: {recording}: {count} samples of the %s are beyond full scale and held at it; lower "
    "the recording, or write it in floating point"
)
_NEARLY_CLEAN = (
    "nearly clean: {recording}: what is left is {count} dB above what was taken out; of such "
    "recordings a denoiser harms about as many as it helps, so listen to both, or keep some of the "
    "noise (strength 0.5)"
)
DENOISING = Work(
    task_name="denoise",
    verb="denoised",
    version=1,
    remarks={
        "clipped": _CLIPPED % "estimate",
        "residual_clipped": _CLIPPED % "residual",
        "nearly_clean": _NEARLY_CLEAN,
    },
)


def denoise(
    inputs: Sequence[Path],
    *,
    denoiser: str,
    out: Path,
    strength: float = 1.0,
    residual: bool = False,
    spectrogram: bool = False,
    overwrite: bool = False,
    device: str = "cpu",
    precision: str = "float32",
    batch_size: int | None = None,
    progress: Progress | None = None,
) -> Summary:
    """Write an estimate of every recording into a folder, and report on each.

    An estimate has its recording's rate, channels, length in samples, and, where that is a
    lossless one, container and width; all else becomes WAV. In integers, samples beyond full
    scale are held at it, and counted. Memory does not grow with the length. An output that the same
    denoiser, options and recording left in the folder is not made again; a stop at any moment
    leaves whole files, and the same call resumes.

    Args:
        inputs: Files, and folders whose sub-folders are kept.
        denoiser: NAME, NAME@WEIGHTS or FILE.py:CLASS; one that needs only the recording.
        out: Folder of the outputs.
        strength: 0 leaves a recording as it is, 1 takes the estimate.
        residual: Also write what was removed, as ``NAME.residual``.
        spectrogram: Also draw before and after, as ``NAME.spectrogram.png``.
        overwrite: Replace outputs of other options, and files of unknown origin.
        device: "cpu", "cuda" or "cuda:N".
        precision: "float32", "bfloat16" (faster on some devices; estimates differ by about
            -35 dB), or "auto" for the faster one.
        batch_size: Pieces that are handed to the denoiser in one call.
        progress: Called with the seconds of audio that are done, and all that are known of.

    Returns:
        What became of each recording.

    Raises:
        InputError: before any work: if nothing is named, if an option makes no sense, if two
            outputs, or an output and a recording, have one name, or if another command writes into
            the folder.
        MissingExtra: if an optional package is not installed.
        DenoiserFailed: if the denoiser cannot be loaded.
        OutputError: if the folder cannot be written, or the disk is full.
        KeyboardInterrupt: saying how many recordings are done.

    Examples:
        >>> from tempfile import TemporaryDirectory
        >>> import numpy as np
        >>> from mn_dataset.audio.io import write_wav
        >>> with TemporaryDirectory() as folder:
        ...     tape = Path(folder, "tape.wav")
        ...     write_wav(tape, np.zeros(22_050, np.int16), sampling_rate=44_100)
        ...     summary = denoise([tape], denoiser="wiener", out=Path(folder, "clean"))
        >>> [(outcome.state, outcome.duration_s) for outcome in summary.outcomes]
        [('done', 0.5)]
    """
    if not 0 <= strength <= 1:
        raise InputError(f"strength is {strength:g}; expected 0 (as it was) to 1 (the estimate)")
    check_places(inputs, out)
    check_device(device)
    if spectrogram:
        check_plots()
    applied = DENOISING.denoiser(
        denoiser, device=device, precision=precision, batch_size=batch_size
    )
    request = Request(
        DENOISING,
        applied,
        out,
        output_names(residual=residual, spectrogram=spectrogram),
        one_by_one(partial(write_outputs, denoiser=applied, strength=strength)),
        {"strength": strength},
        overwrite,
    )
    return run(request, inputs, progress=progress)
