"""Tables, TOML, archives and packed weights that come from outside, damaged as a seed draws.

Nothing but an error of the toolkit may come out. What belongs to a dataset or a run is damaged in
`test_damaged_files.py`.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import partial
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest

from benchmarks.external.adapters import load_described
from benchmarks.layers import weights_file
from benchmarks.training.config_file import load_config
from mn_dataset import tables
from mn_dataset.curate.user_tables import read_user_table
from mn_dataset.errors import InputError
from mn_dataset.fetch.lockfile import pin_samples, read_lock, write_lock
from mn_dataset.mix.augment.chain import load_chain
from mn_dataset.publish.publication import RECORD as RECORD_NAME
from mn_dataset.publish.publication import File, Record, read_record, stored
from mn_dataset.tables import Row

ROOT = Path(__file__).parents[1]
PERF = ROOT / "perf"
FEW, MANY, LONGEST_S = 10, 250, 5.0

CHAIN = "[polarity]\nprobability = 0.5\n\n[gain]\nprobability = 0.5\ngain_db = [-10.0, 6.0]\n"
COMMAND = 'name = "theirs"\ncommand = ["program", "{in}", "{out}"]\nversion = "1.0"\n'
TITLES = 'file,category,split\na.wav,harp,test\n"b, c.wav",cello,train\n'
LINES = '{"file": "a.wav", "category": "harp"}\n{"file": "b.wav", "split": "test"}\n'
RECORD = Record(
    dataset_version="1.0.0",
    corpus="mn",
    corpus_hash="0" * 64,
    generator_version="1",
    pcm_sha256="1" * 64,
    published_pcm_sha256="2" * 64,
    mixtures=3,
    mixtures_with_audio=2,
    withheld={"licence": 1},
    layout="parquet",
    audio_format="flac",
    made_of={"card": "3" * 64},
    files={"data/0.parquet": File(10, "4" * 64)},
)

pytestmark = pytest.mark.skipif(not PERF.is_dir(), reason="an installation has no perf/")


def read_publication(path: Path) -> None:
    """Read the record of a publication, and say what it says."""
    record = read_record(path.read_text("utf-8", "replace"), where=path)
    assert record.text
    assert record.lines()
    assert record.summary()


def through(door: str, path: Path) -> None:
    """Use a file in the last way that is fuzzed."""
    import_module("fuzz_targets").TARGETS[door].uses[-1](path)


USES: dict[str, Callable[[Path], object]] = {
    "clean.csv": partial(tables.read_table, role="clean"),
    "stems.csv": partial(tables.read_table, role="stem"),
    "titles.csv": read_user_table,
    "titles.jsonl": read_user_table,
    "pins.lock.csv": read_lock,
    "config.toml": load_config,
    "chain.toml": load_chain,
    "denoiser.toml": load_described,
    "record.json": read_publication,
    "archive.zip": partial(through, "archive"),
    "archive.tar": partial(through, "archive"),
    "net.safetensors": partial(through, "weights"),
    "card": weights_file.read_card,
}
"""What reads each kind."""


@pytest.fixture(autouse=True)
def perf(monkeypatch):
    """Return a function that imports a module of perf/."""
    monkeypatch.syspath_prepend(PERF)
    return import_module


@pytest.fixture
def whole(perf, tmp_path):
    """Write one of every kind; return their paths by name."""
    targets = perf("fuzz_targets").TARGETS
    clip = Row("clean/1", "a, b.wav", "harp", split="test", license="CC0-1.0", start_s="0.5")
    stem = Row("stem/1/vox", "vox.wav", "vox", song="1", split="train", license="CC0-1.0")
    tables.write_table(tmp_path / "clean.csv", [clip, clip.with_split("train")][:1])
    tables.write_table(tmp_path / "stems.csv", [stem])
    pin = pin_samples("clean/1", np.arange(44_100, dtype=np.int16), original_sha256="0" * 64)
    write_lock(tmp_path / "pins.lock.csv", {pin.id: pin})
    texts = {
        "titles.csv": TITLES,
        "titles.jsonl": LINES,
        "config.toml": (ROOT / "benchmarks" / "configs" / "small.toml").read_text("utf-8"),
        "chain.toml": CHAIN,
        "denoiser.toml": COMMAND,
        "record.json": RECORD.text,
    }
    for name, text in texts.items():
        (tmp_path / name).write_text(text, "utf-8")
    archives = list(targets["archive"].whole(tmp_path))
    (tmp_path / "archive.zip").write_bytes(archives[1])
    (tmp_path / "archive.tar").write_bytes(archives[3])
    net = next(iter(targets["weights"].whole(tmp_path)))
    (tmp_path / "net.safetensors").write_bytes(net)
    (tmp_path / "card").write_bytes(net)
    return {name: tmp_path / name for name in USES}


def attempts(perf, path, seeds):
    """Damage a file once for each seed, and use it."""
    trials = perf("robustness").Trials(f"file: {path.name}", "bytes", f"{seeds[0]} to {seeds[-1]}")
    content = path.read_bytes()
    for seed in seeds:
        rng = random.Random(seed)  # noqa: S311 - a seed draws the damage, no secret
        path.write_bytes(perf("damage").damaged(content, rng, header=400))
        trials.attempt(partial(USES[path.name], path))
    assert trials.longest_s < LONGEST_S
    return trials


def test_whole_inputs_are_read(whole):
    """Else nothing would be shown by those that follow."""
    for name, path in whole.items():
        USES[name](path)


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("pins.lock.csv", b"clean/1", b"clean\r/1"),
        ("record.json", b'"mixtures": 3', b'"mixtures": "3"'),
        ("record.json", b'"licence": 1', b'"licence": []'),
        ("record.json", b'"size": 10', b'"size": null'),
    ],
)
def test_a_false_cell_is_told_in_words(whole, name, old, new):
    path = whole[name]
    path.write_bytes(path.read_bytes().replace(old, new))

    with pytest.raises(InputError, match=name):
        USES[name](path)


def test_the_record_of_a_publication_that_is_no_text_is_told_in_words(tmp_path):
    (tmp_path / RECORD_NAME).write_bytes(b"{\xff")

    with pytest.raises(InputError, match="not the record of a publication"):
        stored(tmp_path)


@pytest.mark.parametrize("name", USES)
def test_a_damaged_input_is_told_in_words(perf, whole, name):
    attempts(perf, whole[name], range(FEW))


@pytest.mark.stress
@pytest.mark.parametrize("name", USES)
def test_an_input_damaged_in_many_ways_is_told_in_words(perf, whole, name):
    perf("robustness").record(attempts(perf, whole[name], range(FEW, FEW + MANY)))
