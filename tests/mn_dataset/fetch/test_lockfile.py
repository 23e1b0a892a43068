"""What is pinned stays pinned, whatever stops the run."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mn_dataset.errors import InputError
from mn_dataset.fetch.lockfile import (
    Pin,
    agreement,
    append_pin,
    lock_path,
    pin_samples,
    pinned_row,
    published_pin,
    read_lock,
    write_lock,
)
from mn_dataset.tables import Row

SAMPLES = np.arange(-500, 500, dtype=np.int16)


def made(row_id: str, samples: np.ndarray = SAMPLES) -> Pin:
    return pin_samples(row_id, samples, original_sha256="0" * 64)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "open.lock.csv"


def test_the_lock_stands_beside_the_corpus(tmp_path):
    """So that removing the corpus forgets nothing."""
    assert lock_path(tmp_path / "open") == tmp_path / "open.lock.csv"


def test_no_lock_yet_is_no_pin(path):
    """The first use pins."""
    assert read_lock(path) == {}


def test_pins_are_read_as_they_were_written(path):
    """Whole or line by line, in any order; ids may hold what CSV must quote."""
    pins = {name: made(name) for name in ("clean/b", 'clean/"a", é', "noise/1")}
    write_lock(path, {})
    for found in pins.values():
        append_pin(path, found)

    assert read_lock(path) == pins
    appended = path.read_bytes()
    write_lock(path, pins)
    assert read_lock(path) == pins
    assert sorted(appended.splitlines()) == sorted(path.read_bytes().splitlines())


def test_the_last_pin_of_an_id_counts(path):
    """A later decoder's ±1 LSB takes the place of the first."""
    write_lock(path, {"a": made("a")})
    append_pin(path, made("a", SAMPLES + 1))

    assert read_lock(path) == {"a": made("a", SAMPLES + 1)}


@given(cut=st.integers(0, 400))
def test_a_line_cut_short_is_no_pin(tmp_path_factory, cut):
    """Killed while appending, the run loses at most the pin of that moment."""
    path = tmp_path_factory.mktemp("lock") / "x.lock.csv"
    write_lock(path, {"a": made("a")})
    before = path.read_bytes()
    append_pin(path, made("é"))
    whole = path.read_bytes()
    path.write_bytes(whole[: min(len(before) + cut, len(whole))])

    found = read_lock(path)
    assert found["a"] == made("a")
    assert set(found) == ({"a", "é"} if path.read_bytes() == whole else {"a"})


@pytest.mark.parametrize(
    ("content", "line"),
    [("a,b\n", 1), ("id,original_sha256,pcm_sha256,pcm_sketch\na,b\n", 2), ("\udcff\n", 1)],
)
def test_what_is_no_lock_is_named(path, content, line):
    """By line, with what to do."""
    path.write_bytes(content.encode(errors="surrogateescape"))

    with pytest.raises(InputError, match=rf"open\.lock\.csv:{line}: .*remove it to pin"):
        read_lock(path)


@pytest.mark.parametrize(
    ("samples", "expected"),
    [
        (SAMPLES, "equal"),
        (SAMPLES + (SAMPLES % 3 == 0), "±1 LSB"),
        (SAMPLES + 100, "different"),
        (SAMPLES[:-1], "different"),
    ],
)
def test_another_decoding_is_equal_near_or_different(samples, expected):
    """By hash, then by sketch."""
    assert agreement(made("a"), made("a", samples.astype(np.int16))) == expected


def test_a_row_carries_its_pin():
    """In further columns; where they are empty nothing is published."""
    row = Row(id="a", file="a.wav", category="song", sha256="0" * 64, further=(("origin", "x"),))

    assert published_pin(row) is None
    assert published_pin(pinned_row(row, made("a"))) == made("a")
    assert dict(pinned_row(row, made("a")).further)["origin"] == "x"
    emptied = replace(row, further=(("pcm_sha256", ""), ("pcm_sketch", "")))
    assert published_pin(emptied) is None
