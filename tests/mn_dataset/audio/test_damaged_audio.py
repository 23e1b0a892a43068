"""Recordings that are cut, flipped, or of which the header lies: read, or refused in one line."""

from __future__ import annotations

import random
import resource
from functools import partial
from importlib import import_module
from itertools import product
from pathlib import Path

import numpy as np
import pytest

from mn_dataset import tables
from mn_dataset.audio import io
from mn_dataset.errors import AudioError
from mn_dataset.records import SAMPLING_RATE as RATE
from mn_dataset.tables import Row

PERF = Path(__file__).parents[3] / "perf"
FORMATS = ("wav", "flac", "ogg", "mp3")
DAMAGE = ("cut", "bits flipped", "header that lies")
CASES = list(product(FORMATS, DAMAGE))
FEW, MANY, LONGEST_S, LARGEST_MB = 6, 180, 5.0, 300
PER_FOLDER = 30
FIELDS = {  # of a WAV file: where they begin and their bytes
    "size": (4, 4),
    "encoding": (20, 2),
    "channels": (22, 2),
    "rate": (24, 4),
    "rate of bytes": (28, 4),
    "frame": (32, 2),
    "bits": (34, 2),
    "size of data": (40, 4),
}

pytestmark = pytest.mark.skipif(not PERF.is_dir(), reason="an installation has no perf/")


@pytest.fixture
def perf(monkeypatch):
    """Return a function that imports a module of perf/."""
    monkeypatch.syspath_prepend(PERF)
    return import_module


@pytest.fixture
def whole(perf):
    """A recording of a second and a half in every format."""
    recording = perf("fuzz_targets").recording
    return {name: recording(name, seconds=1.5) for name in FORMATS}


def checksum(page):
    """Return that of an Ogg page, of which the field for it is zero."""
    remainder = 0
    for byte in page:
        remainder ^= byte << 24
        for _ in range(8):
            remainder = remainder << 1 ^ (0x04C11DB7 if remainder & 1 << 31 else 0)
            remainder &= 2**32 - 1
    return remainder


def lie(name, content, rng, number):
    """State another size, rate, number of channels or of bits."""
    new = bytearray(content)
    if name == "wav":
        start, size = FIELDS[rng.choice(list(FIELDS))]
        new[start : start + size] = (number % 256**size).to_bytes(size, "little")
    elif name == "flac":
        start, bits = rng.choice([(4, 16), (6, 16), (14, 20), (16, 4), (17, 5), (18, 36)])
        if bits == 16:  # the shortest and the longest block, before the packed fields
            new[4 + start : 6 + start] = (number % 2**16).to_bytes(2, "big")
        else:
            shift = {20: 44, 4: 41, 5: 36, 36: 0}[bits]
            facts = int.from_bytes(new[18:26], "big")
            mask = 2 ** min(bits, 3 if bits == 4 else bits) - 1
            new[18:26] = (facts & ~(mask << shift) | (number & mask) << shift).to_bytes(8, "big")
    elif name == "ogg":
        start, size = rng.choice([(39, 1), (40, 4), (44, 4), (48, 4), (56, 1)])
        new[start : start + size] = (number % 256**size).to_bytes(size, "little")
        new[22:26] = bytes(4)
        new[22:26] = checksum(new[:58]).to_bytes(4, "little")
    else:
        frame = new.find(b"\xff\xfb")
        count = max(new.find(b"Xing"), new.find(b"Info")) + 8
        if rng.random() < 0.5:
            new[frame + rng.randint(1, 3)] = number % 256
        else:
            new[count : count + 4] = (number % 2**32).to_bytes(4, "big")
    return bytes(new)


def damaged(name, content, kind, rng, numbers):
    """Return a recording damaged in one way."""
    if kind == "cut":
        return content[: rng.randrange(len(content))]
    if kind == "bits flipped":
        new = bytearray(content)
        for _ in range(rng.randint(1, 20)):
            new[rng.randrange(len(new) if rng.random() < 0.7 else 200)] ^= 1 << rng.randrange(8)
        return bytes(new)
    for _ in range(rng.randint(1, 2)):
        content = lie(name, content, rng, rng.choice([*numbers, rng.randrange(2**32)]))
    return content


def read_all(path):
    """Read what can be read, and find no sample that is no number."""
    samples, rate = io.read_any(path)
    assert samples.ndim == 2
    assert np.isfinite(samples).all()
    assert 1_000 <= rate <= 1_000_000


def stream_all(path):
    """Read in blocks, by the form that the header states."""
    with io.stream(path) as audio:
        assert all(block.shape[1] == audio.channels for block in audio.blocks)


def read_recording(path):
    """Read what a corpus holds."""
    assert io.read_pcm(path, sampling_rate=RATE).ndim == 1


def attempts(perf, whole, path, case, seeds):
    """Damage a recording once for each seed, and read it in every way."""
    name, kind = case
    trials = perf("robustness").Trials(f"audio: {name}", kind, f"{seeds[0]} to {seeds[-1]}")
    numbers = perf("damage").NUMBERS
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for seed in seeds:
        rng = random.Random(seed)  # noqa: S311 - a seed draws the damage, no secret
        path.write_bytes(damaged(name, whole[name], kind, rng, numbers))
        uses = (read_all, stream_all, read_recording)
        trials.attempt(*(partial(use, path) for use in uses))
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < LARGEST_MB * 1024
    assert trials.longest_s < LONGEST_S
    return trials


def test_whole_recordings_are_read(whole, tmp_path):
    """Else nothing would be shown by those that follow."""
    for name, content in whole.items():
        (tmp_path / name).write_bytes(content)
        read_all(tmp_path / name)
        stream_all(tmp_path / name)


def test_a_page_is_summed_as_ogg_does(whole):
    """So that what lies in a header is read, and not refused by its checksum."""
    page = bytearray(whole["ogg"][:58])
    stated = int.from_bytes(page[22:26], "little")
    page[22:26] = bytes(4)

    assert checksum(page) == stated


@pytest.mark.parametrize("case", CASES, ids=" ".join)
def test_a_damaged_recording_is_read_or_refused_in_words(perf, whole, tmp_path, capfd, case):
    """A few of each, and the C libraries keep silent."""
    attempts(perf, whole, tmp_path / "take", case, range(FEW))

    assert capfd.readouterr() == ("", "")


@pytest.mark.stress
@pytest.mark.parametrize("case", CASES, ids=" ".join)
def test_recordings_damaged_in_many_ways(perf, whole, tmp_path, capfd, case):
    """The same, by the hundred."""
    trials = attempts(perf, whole, tmp_path / "take", case, range(FEW, FEW + MANY))

    assert capfd.readouterr() == ("", "")
    perf("robustness").record(trials)


def corpus_of_damaged(perf, whole, root, seed):
    """Write a corpus of damaged clips; return those that cannot be read."""
    numbers = perf("damage").NUMBERS
    rng = random.Random(seed)  # noqa: S311 - a seed draws the damage, no secret
    (root / "clean").mkdir(parents=True)
    rows, refused = [], set()
    for number in range(PER_FOLDER):
        name, kind = rng.choice(FORMATS), rng.choice(DAMAGE)
        file = f"clean/{number}.{name}"
        (root / file).write_bytes(damaged(name, whole[name], kind, rng, numbers))
        rows.append(Row(f"clean/{number}", file, "harp", split="test", license="CC0-1.0"))
        try:
            read_recording(root / file)
        except AudioError:
            refused.add(file)
    tables.write_table(root / "clean.csv", rows)
    tables.write_table(root / "noise.csv", [])
    return refused


def check_corpora(perf, whole, root, mn, seeds):
    """Let `mn check` judge a corpus for each seed: every file that cannot be read is named."""
    kind = f"{PER_FOLDER} recordings, damaged in all these ways"
    trials = perf("robustness").Trials("folder: mn check", kind, f"{seeds[0]} to {seeds[-1]}")
    for seed in seeds:
        refused = corpus_of_damaged(perf, whole, root / str(seed), seed)
        trials.attempt(partial(judged, mn, root / str(seed), refused))
    assert trials.longest_s < PER_FOLDER * LONGEST_S / 5
    return trials


def judged(mn, folder, refused):
    """Run the command; what it prints names what could not be read."""
    code, out, err = mn("check", folder, "--workers", 1)
    assert code == 1
    assert "Traceback" not in out + err
    assert not {file for file in refused if file not in out}


def test_a_folder_of_damaged_recordings_is_judged(perf, whole, tmp_path, mn):
    check_corpora(perf, whole, tmp_path, mn, range(1))


@pytest.mark.stress
def test_many_folders_of_damaged_recordings_are_judged(perf, whole, tmp_path, mn):
    perf("robustness").record(check_corpora(perf, whole, tmp_path, mn, range(1, 13)))
