"""Make a stand-in of the published archives: their names, their layout, other people's audio.

    python standin.py UPSTREAM_TABLES OPEN_CORPUS OUT [--small]

reads nothing but the tables that the authors and FAIR-Play published, and openly licensed audio; it
knows nothing of the importer. OUT gets three folders as the archives hold them, and `tables`, our
two tables with the hashes of the stand-in's own binaural files.
"""

from __future__ import annotations

import csv
import hashlib
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import numpy as np
import soundfile
import soxr

BINAURAL, CLEAN, NOISE = "FAIR-Play/binaural_audios", "M&N clean recordings", "M&N noise recordings"
FAIR_PLAY_RATE, RATE = 48_000, 44_100
HEADER = 46  # bytes before the samples of a FAIR-Play file: its sizes are whole frames after it
ADDRESS = (
    "https://media.githubusercontent.com/media/facebookresearch/FAIR-Play/"
    "2666d6caf2d126ae43a84841e94e0c9ae24b3e2d/binaural_audios/"
)
COLUMNS = "id,file,category,split,group,source,license,attribution,url,sha256,start_s,duration_s"
FEW = {
    "Fair-Play": 14,
    "free sound effects website": 13,
    "Cello ": 3,
    "noise": 10,
}
"""How many rows a small stand-in has, 40 in all."""


def published(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8-sig") as file:
        return list(csv.DictReader(file))


def few(rows: list[dict[str, str]], count: int) -> list[dict[str, str]]:
    """Take rows evenly, the first among them."""
    return [rows[len(rows) * number // count] for number in range(count)]


class Audio:
    """Recordings to cut from; every cut is another one."""

    def __init__(self, corpus: Path) -> None:
        self.files = {role: sorted((corpus / role).rglob("*.flac")) for role in ("clean", "noise")}

    @cache  # noqa: B019 - lives as long as the script
    def take(self, role: str, number: int, rate: int) -> np.ndarray:
        files = self.files[role]
        samples, found = soundfile.read(files[number % len(files)], dtype="float32")
        return soxr.resample(samples, found, rate, quality="HQ") if found != rate else samples

    def cut(self, role: str, number: int, *, frames: int, rate: int) -> np.ndarray:
        """Return int16 samples: turned round, repeated as far as need be, at a level of its own."""
        samples = self.take(role, number, rate)
        turned = np.roll(samples, -977 * number)
        level = 0.4 + 0.5 * (number * 0.618 % 1.0)
        scaled = np.resize(turned, frames) * np.float32(level / max(np.abs(samples).max(), 1e-3))
        return np.rint(scaled * 32_767).astype(np.int16)


def binaural(out: Path, audio: Audio, tables: Path, names: list[str]) -> dict[str, str]:
    """Write FAIR-Play's files, 48 kHz and stereo, as long as the published ones are."""
    sizes = {row["file"]: int(row["bytes"]) for row in published(tables / "fairplay.csv")}
    hashes = {}
    for name in names:
        number, frames = int(name[:6]), (sizes[name] - HEADER) // 4
        left = audio.cut("clean", number, frames=frames, rate=FAIR_PLAY_RATE)
        right = np.roll(left, 17) // 2
        path = out / BINAURAL / name
        path.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(path, np.stack([left, right], axis=1), FAIR_PLAY_RATE, subtype="PCM_16")
        hashes[name] = hashlib.sha256(path.read_bytes()).hexdigest()
    return hashes


def mono(path: Path, samples: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, samples, RATE, subtype="PCM_16")


def clean_rows(
    rows: list[dict[str, str]], hashes: dict[str, str]
) -> Iterator[tuple[str, str, str, str, str, str, str, str, str, str, str, str]]:
    splits = {"train": "train", "val": "validation", "test": "test"}
    for row in rows:
        name, sha256 = row["Audio"], hashes.get(row["Audio"], "")
        category = row["Type"].strip().lower().replace(" ", "_").replace("-", "_")
        licence, url = ("CC-BY-4.0", ADDRESS + name) if sha256 else ("", "")
        fixed = (f"clean/{name[:6]}", f"clean/{name}", category, splits[row["Split"]], "")
        yield (*fixed, row["Source"], licence, "", url, sha256, "", "10")


def noise_rows(
    rows: list[dict[str, str]],
) -> Iterator[tuple[str, str, str, str, str, str, str, str, str, str, str, str]]:
    for row in rows:
        name, category = row["Audio"], row["Type"].split()[0].lower()
        fixed = (f"noise/{name[:6]}", f"noise/{name}", category, "train", "")
        yield (*fixed, row["Source"], "", "", "", "", "", str(seconds(row)))


def seconds(row: dict[str, str]) -> int:
    minutes, rest = row["Duration(mm:ss)"].split(":")
    return 60 * int(minutes) + int(rest)


def make(tables: Path, corpus: Path, out: Path, *, small: bool = False) -> Path:
    """Write the stand-in: all 1235 + 42 rows, or 40 of them."""
    audio = Audio(corpus)
    clean = published(tables / "Clean music recording metadata.csv")
    noise = published(tables / "Noise recording metadata.csv")
    theirs = [row for row in clean if row["Source"] == "Fair-Play"]
    own = [row for row in clean if row["Source"] != "Fair-Play"]
    if small:
        blank = [row for row in own if row["Type"] == "Cello "][: FEW["Cello "]]
        theirs = few(theirs, FEW["Fair-Play"])
        rest = [row for row in own if row not in blank]
        own = few(rest, FEW["free sound effects website"]) + blank
        noise = few(noise, FEW["noise"])
    names = [row["Audio"] for row in theirs]
    used = {row["Audio"] for row in clean}
    strangers = [r["file"] for r in published(tables / "fairplay.csv") if r["file"] not in used]
    hashes = binaural(out, audio, tables, [*names, *strangers[:11]])  # nine have names of noises
    for row in own:
        samples = audio.cut("clean", int(row["Audio"][:6]), frames=10 * RATE, rate=RATE)
        mono(out / CLEAN / row["Type"] / row["Audio"], samples)
    for row in noise:
        frames = seconds(row) * RATE
        samples = audio.cut("noise", int(row["Audio"][:6]), frames=frames, rate=RATE)
        mono(out / NOISE / row["Type"] / row["Audio"], samples)
    ours = {name: hashes[name] for name in names}
    for role, rows in (
        ("clean", clean_rows([row for row in clean if row in theirs or row in own], ours)),
        ("noise", noise_rows(noise)),
    ):
        path = out / "tables" / f"{role}.csv"
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("w", newline="", encoding="utf-8") as file:
            csv.writer(file, lineterminator="\n").writerows([COLUMNS.split(","), *rows])
    return out


if __name__ == "__main__":
    make(*map(Path, sys.argv[1:4]), small="--small" in sys.argv)
