"""Denoise a person's own recordings: any length, any rate, files and folders."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from benchmarks.harness.apply import load_denoiser
from benchmarks.harness.backend import check_device
from benchmarks.harness.recordings.find import Found, found
from benchmarks.harness.recordings.job import Job, Wish, check_names, clashing, planned
from benchmarks.harness.recordings.ledger import Ledger
from benchmarks.harness.recordings.picture import check_plots
from benchmarks.harness.recordings.run import Clock, Progress, Run
from benchmarks.harness.recordings.summary import Outcome, Summary, refusal
from mn_dataset.errors import InputError


def denoise_files(
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
    """Write an estimate of every recording into a folder, and say what became of each.

    An estimate has its recording's rate, channels, length in samples, and, where that is a
    lossless one, container and width; all else becomes WAV. In integers, samples beyond full
    scale are held at it, and counted. Memory does not grow with the length. What stands in the
    folder as the same denoiser, options and recording left it is not done again; a stop at any
    moment leaves whole files, and the same call resumes.

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
        progress: Told the seconds of audio that are done, and all that are known of.

    Raises:
        InputError: before any work: if nothing is named, if an option makes no sense, or if two
            outputs, or an output and a recording, have one name.
        MissingExtra: if an optional package is not installed.
        DenoiserFailed: if the denoiser cannot be loaded.
        OutputError: if the folder cannot be written, or the disk is full.
        KeyboardInterrupt: saying how many recordings are done.
    """
    if not 0 <= strength <= 1:
        raise InputError(f"--strength is {strength:g}; expected 0 (as it was) to 1 (the estimate)")
    if not inputs:
        raise InputError("no recording was named; expected files or folders")
    if out.exists() and not out.is_dir():
        raise InputError(f"--out is {out}, a file; expected a folder")
    check_device(device)
    if spectrogram:
        check_plots()
    applied = load_denoiser(denoiser, device=device, precision=precision, batch_size=batch_size)
    applied.check_alone()
    jobs, refused = _planned(found(inputs, out=out), Wish(residual, spectrogram))
    check_names(jobs, out)
    outcomes = list(refused)
    if jobs:
        with Ledger(out) as ledger:
            run = Run(applied, ledger, out, strength, overwrite, Clock(jobs, progress))
            outcomes += run.all(jobs)
    return Summary(applied.name, applied.revision, applied.precision, device, out, tuple(outcomes))


def _planned(candidates: Sequence[Found], wish: Wish) -> tuple[list[Job], list[Outcome]]:
    jobs, refused = [], []
    for candidate in candidates:
        try:
            if candidate.reason:
                raise InputError(candidate.reason)
            jobs.append(planned(candidate, wish))
        except InputError as error:
            refused.append(refusal(candidate.path, error))
    crowded = clashing(jobs)
    by_path = {candidate.path: candidate for candidate in candidates}
    return [
        planned(by_path[job.path], wish, whole_name=True) if job.path in crowded else job
        for job in jobs
    ], refused
