"""The open corpus, published, and read where nothing but `datasets` and soundfile is installed."""

from __future__ import annotations

import json
import os
import subprocess
import venv

import pytest

from mn_dataset.build import build
from mn_dataset.publish.publish import publish

READER = """
import hashlib, io, json, sys
import pyarrow.parquet as pq
import soundfile
from datasets import Audio, load_dataset

folder, streaming = sys.argv[1], sys.argv[2] == "streaming"
wanted = {row["id"]: row for row in pq.read_table(f"{folder}/manifest.parquet").to_pylist()}
loaded = load_dataset(folder, streaming=streaming)
seen, cells = [], 0
for split in loaded.values():
    for part in ("noisy", "clean", "noise"):
        split = split.cast_column(part, Audio(decode=False))
    for row in split:
        for part in ("noisy", "clean", "noise"):
            samples, rate = soundfile.read(io.BytesIO(row[part]["bytes"]), dtype="int16")
            found = hashlib.sha256(samples.astype("<i2").tobytes()).hexdigest()
            assert (rate, found) == (44100, wanted[row["id"]][part + "_sha256"])
            cells += 1
        seen.append(row["id"])
assert sorted(seen) == sorted(wanted)
absent = [name for name in ("mn_dataset", "torch", "torchcodec") if name in sys.modules]
print(json.dumps({"rows": len(seen), "cells": cells, "absent": absent}))
"""


@pytest.fixture(scope="module")
def clean(tmp_path_factory):
    """An environment of `datasets`, `soundfile`, and what they need."""
    home = tmp_path_factory.mktemp("clean") / "env"
    venv.create(home, with_pip=True)
    packages = ["datasets", "soundfile"]
    subprocess.run([home / "bin/pip", "install", "--quiet", *packages], check=True)
    return home / "bin/python"


@pytest.mark.stress
def test_270_mixtures_of_the_open_corpus_are_read_where_nothing_else_is(
    real_corpus, clean, tmp_path
):
    """Every row, whole and streaming; every sample is the manifest's."""
    levels = {"split": "test", "snr_db": (0, 5, 10), "per_cell": 2, "seed": 0}
    folder = build(real_corpus, tmp_path / "dataset", workers=2, **levels)
    record = publish(folder, tmp_path / "published", license_allow=["any"], workers=2)
    assert record.mixtures == record.mixtures_with_audio == 270

    (tmp_path / "read.py").write_text(READER)
    kept = {name: os.environ[name] for name in ("PATH",) if name in os.environ}
    environment = kept | {"HF_HOME": str(tmp_path / "hf"), "HF_HUB_OFFLINE": "1"}
    for how in ("whole", "streaming"):
        command = [clean, tmp_path / "read.py", tmp_path / "published", how]
        done = subprocess.run(
            command, cwd=tmp_path, env=environment, check=True, capture_output=True, text=True
        )
        found = json.loads(done.stdout.splitlines()[-1])
        assert found == {"rows": 270, "cells": 810, "absent": []}


@pytest.mark.stress
def test_the_open_corpus_withholds_what_may_not_be_published(real_corpus, tmp_path):
    """Non-commercial meets share-alike, and share-alike another port of it: three of 270."""
    levels = {"split": "test", "snr_db": (0, 5, 10), "per_cell": 2, "seed": 0}
    folder = build(real_corpus, tmp_path / "dataset", workers=2, **levels)
    record = publish(folder, tmp_path / "published", recipe_only=False, workers=2)

    assert (record.mixtures, record.mixtures_with_audio) == (270, 267)
    assert sorted(record.withheld.values()) == [1, 2]
    kept = publish(folder, tmp_path / "free", license_allow=["free"], workers=2)
    assert kept.mixtures_with_audio == 239
