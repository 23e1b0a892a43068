"""Give every test one small corpus made of integers, and the real one beside the project."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from benchmarks.cli import app
from mn_dataset import seeds, tables
from mn_dataset.audio import io
from mn_dataset.audio.corpus import Corpus, open_corpus
from mn_dataset.commands import terminal
from mn_dataset.records import NOISE_CLASSES, ROLES, SAMPLING_RATE, SPLITS
from mn_dataset.tables import Row

SHARED = Path(__file__).parents[2] / "shared"
LAYOUTS = {1: "mono", 2: "stereo", 6: "5.1"}

_HEAD = """
import os, signal, sys
from pathlib import Path

def halt(*_, **__):
    print("here", flush=True)
    sys.stdin.readline()

"""


@pytest.fixture(scope="session")
def real_corpus() -> Corpus:
    """The open corpus, in a folder that the tests may not write to."""
    folder = SHARED / "corpus" / "open"
    if not folder.is_dir():
        pytest.skip("the open corpus does not lie beside the project")
    return open_corpus(folder, workers=2)


@pytest.fixture(scope="session")
def upstream() -> Path:
    """The tables as the authors published them."""
    folder = SHARED / "upstream-metadata"
    if not folder.is_dir():
        pytest.skip("the published tables do not lie beside the project")
    return folder


@pytest.fixture(scope="session", autouse=True)
def private_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep the tests out of the user's cache."""
    old = os.environ.get("XDG_CACHE_HOME")
    os.environ["XDG_CACHE_HOME"] = str(tmp_path_factory.mktemp("cache"))
    yield
    if old is None:
        del os.environ["XDG_CACHE_HOME"]
    else:
        os.environ["XDG_CACHE_HOME"] = old


def texture(name: str, num_samples: int, peak: int) -> io.Pcm:
    """Make samples by integer arithmetic alone: the same on every platform."""
    words = seeds.generator(0, "texture", name).words(num_samples)
    samples = (words % np.uint64(2 * peak + 1)).astype(np.int64) - peak
    return samples.astype(np.int16)


@pytest.fixture(scope="session")
def tiny_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A corpus of three categories and five classes: 1.5-second clips, noises of 0.8 to 2.8 s."""
    root = tmp_path_factory.mktemp("corpora") / "tiny"
    rows: dict[str, list[Row]] = {role: [] for role in ROLES}
    for split in SPLITS:
        for role, categories in (("clean", ("piano", "cello", "song")), ("noise", NOISE_CLASSES)):
            for category in categories:
                for number in range(2):
                    name = f"{role}/{category}_{split}_{number}"
                    seconds = 1.5 if role == "clean" else 0.8 + 2 * number
                    samples = texture(name, int(seconds * SAMPLING_RATE), 3000 + 4000 * number)
                    (root / role).mkdir(parents=True, exist_ok=True)
                    io.write_wav(root / f"{name}.wav", samples, sampling_rate=SAMPLING_RATE)
                    rows[role].append(
                        Row(
                            id=name,
                            file=f"{name}.wav",
                            category=category,
                            split=split,
                            license="CC0-1.0",
                        )
                    )
    for role in ROLES:
        tables.write_table(tables.table_path(root, role), rows[role])
    return root


@pytest.fixture(scope="session")
def tiny(tiny_folder: Path) -> Corpus:
    """The small corpus, opened."""
    return open_corpus(tiny_folder)


_SONGS = {"one": ("vocals", "bass", "drums"), "two": ("VOX1", "BGVOX", "guitar")}


@pytest.fixture(scope="session")
def songs_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A corpus of stems alone: in every split two songs that are sung and one that is not."""
    root = tmp_path_factory.mktemp("corpora") / "songs"
    rows = []
    for split in SPLITS:
        for song, stems in (_SONGS | {"three": ("bass", "other")}).items():
            for number, stem in enumerate(stems):
                name = f"{split}_{song}/{stem}"
                file = root / f"{name}.wav"
                file.parent.mkdir(parents=True, exist_ok=True)
                samples = texture(name, int((1.5 + 0.1 * len(song)) * SAMPLING_RATE), 4000)
                io.write_wav(file, samples // (1 + number), sampling_rate=SAMPLING_RATE)
                rows.append(
                    Row(
                        id=f"stem/{name}",
                        file=f"{name}.wav",
                        category=stem,
                        song=f"{split}_{song}",
                        split=split,
                        license="CC0-1.0",
                    )
                )
    tables.write_table(tables.table_path(root, "stem"), rows)
    return root


@pytest.fixture(scope="session")
def songs(songs_folder: Path) -> Corpus:
    """The small corpus of stems, opened."""
    return open_corpus(songs_folder)


@pytest.fixture
def damaged(tiny_folder: Path, tmp_path: Path) -> Callable[..., Path]:
    """Return a function that copies the small corpus and changes one cell of a table."""

    def change(role: str = "clean", line: int = 2, **cells: str) -> Path:
        root = tmp_path / "damaged"
        if not root.exists():
            shutil.copytree(tiny_folder, root)
        path = root / f"{role}.csv"
        rows = tables.parse_table(path)
        changed = [Row(**{**vars(row), **cells}) if row.line == line else row for row in rows]
        tables.write_table(path, changed)
        return root

    return change


@pytest.fixture(scope="session")
def film() -> Callable[..., None]:
    """Return a function that writes a sound track as phones and cameras do."""
    av = pytest.importorskip("av", reason="the extra `decode` is not installed")

    def write(
        path: Path,
        *tracks: np.ndarray,
        codec: str,
        rate: int = 44_100,
        sample_format: str | None = None,
        picture: str | None = None,
    ) -> None:
        """Write one or more tracks of samples (time, channels), full scale 1, and a picture."""
        path.parent.mkdir(parents=True, exist_ok=True)
        with av.open(f"file:{path}", "w") as container:
            if picture is not None:
                screen = container.add_stream(picture, rate=25, width=16, height=16)
                screen.pix_fmt = screen.codec.video_formats[0].name
            layouts = [LAYOUTS.get(x.shape[1], f"{x.shape[1]} channels") for x in tracks]
            streams = [container.add_stream(codec, rate=rate, layout=name) for name in layouts]
            for stream in streams:
                stream.bit_rate = 128_000
                stream.codec_context.options = {"strict": "experimental"}  # libav's own Vorbis
                if sample_format is not None:
                    stream.codec_context.format = sample_format
            if picture is not None:
                image = av.VideoFrame.from_ndarray(np.zeros((16, 16, 3), np.uint8))
                container.mux([*screen.encode(image), *screen.encode()])
            for stream, samples, layout in zip(streams, tracks, layouts, strict=True):
                flat = np.ascontiguousarray(samples, np.float64).reshape(1, -1)
                frame = av.AudioFrame.from_ndarray(flat, format="dbl", layout=layout)
                frame.sample_rate, frame.pts, frame.time_base = rate, 0, Fraction(1, rate)
                container.mux([*stream.encode(frame), *stream.encode()])

    return write


@pytest.fixture
def mn(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """Return a function that runs a command line and gives its exit code, stdout and stderr."""

    def run(*words: object) -> tuple[int, str, str]:
        code = terminal.run(app, [str(word) for word in words])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run


@pytest.fixture
def halted() -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Start a program and return it once it calls ``halt()``; its arguments are in ``sys.argv``."""
    processes: list[subprocess.Popen[str]] = []

    def start(program: str, *arguments: object) -> subprocess.Popen[str]:
        command = [sys.executable, "-c", _HEAD + program, *map(str, arguments)]
        pipe = subprocess.PIPE
        process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True)
        processes.append(process)
        assert process.stdout is not None
        if process.stdout.readline() != "here\n":
            pytest.fail(process.communicate()[1])
        return process

    yield start
    for process in processes:
        process.kill()
        process.communicate()


@pytest.fixture
def outliving() -> Iterator[Callable[..., list[Path]]]:
    """End a program by a signal; return which of its processes are there 4 s later, as in /proc."""
    if not Path("/proc/self/stat").exists():
        pytest.skip("looks for processes where Linux shows them")
    left: list[Path] = []

    def end(parent: subprocess.Popen[str], number: int, *, least: int) -> list[Path]:
        stats = {path.parent: path.read_text() for path in Path("/proc").glob("[0-9]*/stat")}
        numbers = {path: text.rpartition(")")[2].split()[1] for path, text in stats.items()}
        left[:] = [path for path, number in numbers.items() if number == str(parent.pid)]
        assert len(left) >= least
        parent.send_signal(number)
        parent.wait()
        deadline = time.monotonic() + 4.0
        while left and time.monotonic() < deadline:
            time.sleep(0.05)
            left[:] = [path for path in left if path.exists()]
        return left

    yield end
    for path in left:  # they would keep the program's pipes open
        os.kill(int(path.name), signal.SIGKILL)
