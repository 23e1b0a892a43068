"""Part a person's own songs into voice and accompaniment: any length, any rate, any channels."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from benchmarks.harness.backend import check_device
from benchmarks.recordings.clock import Progress
from benchmarks.recordings.run import Request, one_by_one, run
from benchmarks.recordings.summary import Summary
from benchmarks.recordings.work import Work, check_places
from benchmarks.separate.outputs import NAMES, write_outputs

SEPARATION = Work(
    task_name="separate",
    verb="separated",
    version=1,
    remarks={
        "moved": "moved: {recording}: in {count} samples a part would be beyond full scale; the "
        "other took what did not fit, and they add up all the same",
        "beyond": "clipped: {recording}: {count} samples are louder than two parts at full scale; "
        "lower the recording, or write it in floating point",
        "inexact": "rounded: {recording}: {count} samples have bits below those of both parts; "
        "there they add up to within half a step of the louder one",
    },
)


def separate(
    inputs: Sequence[Path],
    *,
    separator: str,
    out: Path,
    overwrite: bool = False,
    device: str = "cpu",
    precision: str = "float32",
    batch_size: int | None = None,
    progress: Progress | None = None,
) -> Summary:
    """Write voice and accompaniment of every song into a folder, and report on each.

    Both have their song's rate, channels, length in samples, and, where that is a lossless one,
    container and width; all else becomes WAV. The voice is the separator's, the accompaniment what
    it leaves of the song: in integers they add up to it exactly, in floating point wherever that
    can hold such parts. Memory does not grow with the length. Outputs that the same separator and
    song left in the folder are not made again; a stop at any moment leaves whole files, and the
    same call resumes.

    Args:
        inputs: Files, and folders whose sub-folders are kept.
        separator: NAME, NAME@WEIGHTS or FILE.py:CLASS; one that needs only the song.
        out: Folder of the outputs.
        overwrite: Replace outputs of other separators, and files of unknown origin.
        device: "cpu", "cuda" or "cuda:N".
        precision: "float32", "bfloat16" (faster on some devices; estimates differ by about
            -35 dB), or "auto" for the faster one.
        batch_size: Pieces that are handed to the separator in one call.
        progress: Called with the seconds of audio that are done, and all that are known of.

    Returns:
        What became of each song.

    Raises:
        InputError: before any work: if nothing is named, if the separator is a denoiser of another
            task, if an option makes no sense, if two outputs, or an output and a recording, have
            one name, or if another command writes into the folder.
        MissingExtra: if an optional package is not installed.
        DenoiserFailed: if the separator cannot be loaded.
        OutputError: if the folder cannot be written, or the disk is full.
        KeyboardInterrupt: saying how many songs are done.
    """
    check_places(inputs, out)
    check_device(device)
    applied = SEPARATION.denoiser(
        separator, device=device, precision=precision, batch_size=batch_size
    )
    write = one_by_one(partial(write_outputs, separator=applied))
    request = Request(SEPARATION, applied, out, NAMES, write, {}, overwrite)
    return run(request, inputs, progress=progress)
