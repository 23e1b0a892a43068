"""Serve originals from loopback, well and badly, and describe a small corpus cut of them."""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import itertools
import os
import pickle
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import BinaryIO
from urllib.parse import quote, unquote

import numpy as np
import pytest
import soundfile

from mn_dataset import seeds
from mn_dataset.curate.curate import curate
from mn_dataset.fetch.session import FetchRequest
from mn_dataset.fetch.transfer import Patience
from mn_dataset.files import lock
from mn_dataset.records import ROLES
from mn_dataset.tables import Row

SHARED = Path(__file__).parents[3] / "shared"
PAGE = b"<!DOCTYPE html>\n<html><title>Quota exceeded</title></html>"


@dataclass
class Mirror:
    """A server of a folder; ``faults`` says what it does wrong, by decoded path.

    Attributes:
        url: Its address.
        faults: "slow", "silent", "truncated", "flipped", "html", "endless", "bomb", "drip",
            "header" (one that drips), "claim" (a length beyond all disks), "length" (one that is no
            number), "redirect" (with an endless body), or a status such as "404"; a number behind a
            blank, as in "500 2", is how many answers are wrong before the right.
        asked: How often each path was asked for.
        queries: What stood behind the question marks.
    """

    url: str
    faults: dict[str, str] = field(default_factory=dict)
    asked: Counter[str] = field(default_factory=Counter)
    queries: list[str] = field(default_factory=list)


_BAD_HEADS = {
    "endless": b"HTTP/1.0 200 OK\r\n\r\n",
    "bomb": b"HTTP/1.0 200 OK\r\nContent-Encoding: gzip\r\n\r\n",
    "drip": b"HTTP/1.0 200 OK\r\n\r\n",
    "header": b"HTTP/1.0 200 OK\r\nX: ",
    "claim": b"HTTP/1.0 200 OK\r\nContent-Length: 1000000000000000\r\n\r\n",
    "length": b"HTTP/1.0 200 OK\r\nContent-Length: abc\r\n\r\n",
    "redirect": b"HTTP/1.0 302 Found\r\nLocation: http://[::1\r\n\r\n",
}


def misbehave(wire: BinaryIO, fault: str, content: bytes) -> None:
    """Answer without bound, below any speed, or with a header that lies."""
    drips = fault in ("drip", "header")
    blocks = itertools.repeat(b"x" if drips else bytes(1 << 16), 40 if drips else 2000)
    if fault in ("bomb", "length"):
        blocks = iter([gzip.compress(bytes(1 << 22)) if fault == "bomb" else content])
    with contextlib.suppress(ConnectionError):
        wire.write(_BAD_HEADS[fault])
        for block in blocks:
            wire.write(block)
            time.sleep(0.05 * drips)


def _handler(folder: Path, mirror: Mirror) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            place, _, query = self.path.partition("?")
            mirror.queries.append(query)
            path = unquote(place).lstrip("/")
            mirror.asked[path] += 1
            fault, _, times = mirror.faults.get(path, "").partition(" ")
            if times and mirror.asked[path] > int(times):
                fault = ""
            time.sleep({"silent": 1.0, "slow": 0.1}.get(fault, 0.0))
            if not (folder / path).is_file() or fault.isdigit():
                self.send_error(int(fault) if fault.isdigit() else 404)
                return
            content = (folder / path).read_bytes()
            if fault in _BAD_HEADS:
                self.close_connection = True
                misbehave(self.wfile, fault, content)
            else:
                self._answer(fault, content)

        def _answer(self, fault: str, content: bytes) -> None:
            if fault == "html":
                content = PAGE
            if fault == "flipped":
                content = content[:1000] + bytes([content[1000] ^ 1]) + content[1001:]
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            sent = content[: len(content) // 2] if fault == "truncated" else content
            with contextlib.suppress(ConnectionError):  # nobody waits for a silent server's answer
                self.wfile.write(sent)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    return Handler


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Path], Mirror]]:
    """Return a function that serves a folder from loopback until the test ends."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    servers = []

    def start(folder: Path) -> Mirror:
        mirror = Mirror("")
        server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(folder, mirror))
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        servers.append(server)
        mirror.url = f"http://127.0.0.1:{server.server_port}"
        return mirror

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture
def hasty() -> Patience:
    """The patience of a test: one retry, at once."""
    return Patience(retries=1, timeout_s=0.5, pause_s=0.01)


@dataclass(frozen=True)
class Sample:
    """A corpus of six rows, cut of four originals.

    Attributes:
        folder: Holds the originals as a mirror does.
        rows: Both tables.
    """

    folder: Path
    rows: dict[str, list[Row]]

    def place(self, row_id: str) -> str:
        """Return where the mirror holds the original of a row."""
        row = next(row for role in ROLES for row in self.rows[role] if row.id == row_id)
        return "/".join(unquote(row.url).split("/")[3:5] + unquote(row.url).split("/")[6:])


_ORIGINALS = {
    "owner/music/a piece (live)/take 1.flac": (44_100, 2, 4.0),
    "owner/music/b.wav": (48_000, 1, 3.0),
    "other/sounds/rain.flac": (22_050, 1, 2.0),
    "other/sounds/hum.wav": (44_100, 1, 2.5),
}
_ROWS = (
    ("clean/piano/1", "piano", "train", 0, 0.5, 1.5, "CC-BY-3.0"),
    ("clean/piano/2", "piano", "test", 0, 2.2, 1.5, "CC-BY-3.0"),
    ("clean/song/1", "song", "train", 1, 0.0, 1.5, "CC-BY-NC-3.0"),
    ("clean/song/2", "song", "test", 1, 1.5, 1.5, ""),
    ("noise/weather/1", "weather", "train", 2, 0.0, 2.0, "CC0-1.0"),
    ("noise/electrical/1", "electrical", "test", 3, 0.0, 2.5, "MIT"),
)


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Sample:
    """Four originals of several forms, whose names hold blanks and parentheses, and their cuts."""
    folder = tmp_path_factory.mktemp("originals")
    addresses = []
    for name, (rate, channels, seconds) in _ORIGINALS.items():
        frames = int(rate * seconds)
        values = seeds.generator(0, "original", name).uniforms(frames * channels) - 0.5
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(path, np.reshape(values, (frames, channels)), rate, subtype="PCM_16")
        owner, repository, *rest = name.split("/")
        place = quote("/".join(rest))
        url = f"https://raw.githubusercontent.com/{owner}/{repository}/{'0' * 40}/{place}"
        addresses.append((url, hashlib.sha256(path.read_bytes()).hexdigest()))
    rows: dict[str, list[Row]] = {role: [] for role in ROLES}
    for row_id, category, split, number, start_s, duration_s, license_id in _ROWS:
        url, sha256 = addresses[number]
        rows[row_id.split("/")[0]].append(
            Row(
                id=row_id,
                file=f"{row_id}.wav",
                category=category,
                split=split,
                license=license_id,
                url=url,
                sha256=sha256,
                start_s=str(start_s),
                duration_s=str(duration_s),
                further=(("origin", "recorded"),),
            )
        )
    return Sample(folder, rows)


DRUMS = {
    "KdrumR": (24, 26),
    "Snare": (43, 50),
    "HihatClosed": (20,),
    "HihatOpen": (4,),
    "Tom1": (7,),
    "CrashR": (6,),
}
MICROPHONES = ("KdrumR", "Snare_top", "Hihat", "Tom1", "OHL", "AmbL")
CLOSE = dict(zip(DRUMS, ("KdrumR", "Snare_top", "Hihat", "Hihat", "Tom1", "OHL"), strict=True))


@pytest.fixture
def write_kit() -> Callable[..., Path]:
    """Return a function that writes a kit as DrumGizmo has it: bursts of noise of a tenth second.

    The close microphone hears a drum at once, the room as loudly and 355 samples later, the others
    at a sixteenth of it and later by 40 samples and more.
    """

    def write(folder: Path) -> Path:
        for drum, numbers in DRUMS.items():
            for number in numbers:
                words = seeds.generator(0, "hit", f"{drum} {number}").words(4410)
                burst = (words % np.uint64(16_385)).astype(np.int64) - 8_192
                for place, microphone in enumerate(MICROPHONES):
                    delay, part = 40 + 10 * place, 16
                    if microphone in (CLOSE[drum], "AmbL"):
                        delay, part = (355 if microphone == "AmbL" else 0), 1
                    heard = np.zeros(4410, np.int16)
                    heard[delay:] = burst[: 4410 - delay] // part
                    path = folder / "Samples" / drum / f"{number}-{drum}-{microphone}.wav"
                    path.parent.mkdir(parents=True, exist_ok=True)
                    soundfile.write(path, heard, 44_100, subtype="PCM_16")
        return folder

    return write


@pytest.fixture
def kit_folder(write_kit: Callable[..., Path], tmp_path: Path) -> Path:
    """The corpus of that kit."""
    folder = write_kit(tmp_path / "kit source")
    curate(folder, tmp_path / "kit", layout="drumgizmo", license="CC0-1.0")
    return tmp_path / "kit"


@pytest.fixture(scope="session")
def real_kit(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The corpus of a real kit: eleven hits, eleven microphones."""
    folder = SHARED / "corpus" / "kit"
    if not folder.is_dir():
        pytest.skip("the hits of a real kit do not lie beside the project")
    corpus = tmp_path_factory.mktemp("real") / "kit"
    curate(folder, corpus, layout="drumgizmo")
    return corpus


_PROGRAM = """
import pickle, sys
from mn_dataset.fetch.pinned import fetch_pinned
assert fetch_pinned(*pickle.load(open(sys.argv[1], "rb"))).has_tables
"""


@pytest.fixture
def killed(tmp_path: Path) -> Callable[..., tuple[Path, Path]]:
    """Return a function that fetches twice from a mirror: undisturbed, and killed many times.

    It gives the two folders of corpora. Each fetch asks the mirror under another address, so the
    second finds nothing in the cache of the first.
    """

    def start(rows: object, fetch_request: FetchRequest) -> subprocess.Popen[bytes]:
        state = tmp_path / "state.pickle"
        state.write_bytes(pickle.dumps((rows, fetch_request)))
        command = [sys.executable, "-c", _PROGRAM, str(state)]
        return subprocess.Popen(command, start_new_session=True)

    def run(rows: object, fetch_request: FetchRequest, *, times: int) -> tuple[Path, Path]:
        folders = tmp_path / "whole", tmp_path / "killed"
        name = fetch_request.folder.name
        whole = replace(fetch_request, folder=folders[0] / name, workers=2)
        other = replace(whole, folder=folders[1] / name, origin=f"{fetch_request.origin}/.")
        started = time.monotonic()
        assert start(rows, whole).wait() == 0
        whole_s = time.monotonic() - started
        for part in seeds.generator(0, "kill").uniforms(times):
            program = start(rows, other)
            time.sleep((0.3 + 0.7 * part) * whole_s)
            os.killpg(program.pid, signal.SIGKILL)
            program.wait()
        assert start(rows, other).wait() == 0
        return folders

    return run


_COMMAND = "import sys; from benchmarks.cli import main; sys.exit(main())"


@pytest.fixture
def holding() -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    """Return a function that starts a command and halts it while it holds the lock of a folder.

    The folder comes first, then the words of the command. Killed, the process holds it no longer.
    """
    processes: list[subprocess.Popen[bytes]] = []

    def start(folder: Path, *words: object) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-c", _COMMAND, *map(str, words)]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        processes.append(process)
        while (holder := lock.owner(folder)) is None or holder.process != process.pid:
            assert process.poll() is None, "it ended before it was halted"
            time.sleep(0.0005)
        process.send_signal(signal.SIGSTOP)
        return process

    yield start
    for process in processes:
        process.kill()
        process.wait()
