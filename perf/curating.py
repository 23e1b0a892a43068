"""Hours of audio per minute that `mn curate` converts, beside a plain soundfile + soxr loop.

The loop reads, averages channels, resamples, cuts, quantises and writes; ours also hashes what it
reads and writes, looks for flaws, measures loudness and keeps a journal. Two workers are compared
with two processes that run the loop on half of the recordings each.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import side_by_side
import soundfile
import soxr

from mn_dataset.curate.curate import curate
from mn_dataset.records import SAMPLING_RATE
from mn_dataset.synthetic.corpus import write_corpus

CLIP_S = 10
MINUTES = 2
COPIES = 2
ROUNDS = 3
MEMORY = Path("/dev/shm")  # noqa: S108 - Linux's memory file system, used through tempfile
FORMS = (  # as people have them; the first is what costs the loop least
    ("mono.wav", 44_100, 1, "WAV", "PCM_16"),
    ("cd.wav", 44_100, 2, "WAV", "PCM_16"),
    ("video.wav", 48_000, 2, "WAV", "PCM_16"),
    ("studio.wav", 96_000, 2, "WAV", "PCM_24"),
    ("float.wav", 48_000, 2, "WAV", "FLOAT"),
    ("mac.aiff", 44_100, 2, "AIFF", "PCM_16"),
    ("archive.flac", 44_100, 2, "FLAC", "PCM_16"),
    ("web.ogg", 48_000, 2, "OGG", "VORBIS"),
    ("old.mp3", 44_100, 2, "MP3", "MPEG_LAYER_III"),
)


def main() -> None:
    """Measure every form by itself with one worker, and all of them with one and two."""
    home = MEMORY if MEMORY.is_dir() else None
    with tempfile.TemporaryDirectory(dir=home) as memory:
        source, out = Path(memory) / "source", Path(memory) / "out"
        files = recordings(Path(memory), source)
        by_form(source, files, out)
        together(source, files, out)


def recordings(memory: Path, source: Path) -> list[Path]:
    """Write the embedded corpus's clips, joined, in every form; return the files."""
    corpus = write_corpus(memory / "synthetic", workers=2)
    clips = sorted((corpus / "clean").rglob("*.wav"))[: MINUTES * 60 // CLIP_S]
    music = np.concatenate([soundfile.read(path)[0] for path in clips])
    made = []
    for name, rate, channels, file_format, subtype in FORMS:
        mono = soxr.resample(music, SAMPLING_RATE, rate)
        samples = np.stack([mono, 0.8 * np.roll(mono, 40)], axis=1)[:, :channels]
        for copy in range(COPIES):
            path = source / f"{Path(name).stem}_{copy}" / "piano" / name
            path.parent.mkdir(parents=True)
            with soundfile.SoundFile(
                path, "w", rate, channels, subtype=subtype, format=file_format
            ) as file:
                for start in range(0, len(samples), rate):  # Vorbis takes little at a time
                    file.write(samples[start : start + rate])
            made.append(path)
    return made


def by_form(source: Path, files: Sequence[Path], out: Path) -> None:
    """Print one worker's speed for every form."""
    rows = []
    for path in files[::COPIES]:
        folder = source / path.parent.parent.name
        jobs: dict[str, Callable[[], object]] = {
            "curate": lambda folder=folder: curate(folder, fresh(out)),
            "loop": lambda path=path: plain_loop([path], fresh(out)),
        }
        taken = side_by_side.seconds(jobs, rounds=ROUNDS)
        rows.append((path.name, *speeds(taken), f"{taken['loop'] / taken['curate']:.2f}"))
    header = ("", "mn curate, hours per minute", "loop", "ratio")
    side_by_side.table("One recording of two minutes, one worker", header, rows)


def together(source: Path, files: Sequence[Path], out: Path) -> None:
    """Print the speed for all forms with one and two workers."""
    halves = [(half, out / str(number)) for number, half in enumerate((files[::2], files[1::2]))]

    def two_loops() -> None:
        fresh(out)
        side_by_side.at_a_time(plain_loop, halves)

    jobs: dict[str, Callable[[], object]] = {
        "mn curate, one worker": lambda: curate(source, fresh(out)),
        "loop": lambda: plain_loop(files, fresh(out)),
        "mn curate, two workers": lambda: curate(source, fresh(out), workers=2),
        "two loops at a time": two_loops,
    }
    taken = side_by_side.seconds(jobs, rounds=ROUNDS)
    title = f"{len(files)} recordings of two minutes in {len(FORMS)} forms"
    side_by_side.ours_and_theirs(title, taken, hours=len(files) * MINUTES / 60)


def speeds(taken: dict[str, float]) -> list[str]:
    """Return hours of audio per minute of one recording."""
    return [f"{MINUTES / time:.1f}" for time in taken.values()]


def plain_loop(files: Sequence[Path], out: Path) -> None:
    """Convert as one would in an afternoon: nothing is judged, measured, or kept in mind."""
    out.mkdir(parents=True)
    length = CLIP_S * SAMPLING_RATE
    for number, path in enumerate(files):
        samples, rate = soundfile.read(path)
        mono = samples.mean(axis=1) if samples.ndim > 1 else samples
        mono = soxr.resample(mono, rate, SAMPLING_RATE)
        for start in range(0, len(mono) - length + 1, length):
            cut = mono[start : start + length]
            pcm = np.rint(cut * min(32_768.0, 29_204 / np.abs(cut).max())).astype(np.int16)
            soundfile.write(out / f"{number}_{start}.wav", pcm, SAMPLING_RATE, subtype="PCM_16")


def fresh(folder: Path) -> Path:
    """Return the folder, emptied."""
    shutil.rmtree(folder, ignore_errors=True)
    return folder


if __name__ == "__main__":
    main()
