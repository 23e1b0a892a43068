"""Sources sound in mixtures: in true dBFS, long enough, by the index alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mn_dataset.audio.level import block_energies
from mn_dataset.records import SAMPLING_RATE
from mn_dataset.tasks.activity import active_s, needed_s, sounding_starts


@pytest.fixture
def source(tiny):
    """Return a function that gives a recording with some samples."""
    some = next(iter(tiny.sources.values()))

    def make(samples):
        blocks = block_energies(samples.astype(np.float64))
        return replace(some, entry=replace(some.entry, frames=len(samples), blocks=blocks))

    return make


def constant(dbfs, seconds):
    return np.full(round(seconds * SAMPLING_RATE), round(32_768 * 10 ** (dbfs / 20)), np.int16)


@pytest.mark.parametrize(("dbfs", "heard_s"), [(-39.5, 4.0), (-40.5, 0.0), (-79.0, 0.0)])
def test_minus_40_dbfs_is_20_log10_of_the_rms(source, dbfs, heard_s):
    """Not 10·log10, by which the gate of the seed let −79 dBFS pass."""
    assert active_s([source(constant(dbfs, 4))], 4 * SAMPLING_RATE) == pytest.approx([heard_s])


@pytest.mark.parametrize(
    ("seconds", "expected_s"), [(60, 2.0), (10, 2.0), (5, 1.0), (1, 0.2), (0.1, 0.1)]
)
def test_two_seconds_are_needed_or_a_fifth(seconds, expected_s):
    """Of a mixture shorter than 10 s; one piece of 0.1 s at least."""
    assert needed_s(round(seconds * SAMPLING_RATE)) == pytest.approx(expected_s)


def test_strokes_count_in_sum(source):
    """A drum that sounds every second piece sounds half of the time."""
    strokes = np.tile(np.concatenate([constant(-38, 0.1), constant(-90, 0.1)]), 50)

    found = active_s([source(strokes)], 10 * SAMPLING_RATE)

    assert found[0] == pytest.approx(5.0, abs=0.2)  # energies are known per 23 ms
    assert sounding_starts([source(strokes)], 10 * SAMPLING_RATE).all()


def test_positions_where_nothing_sounds_are_known(source):
    """Ten seconds of which the last five are silent, in mixtures of 2 s."""
    samples = np.concatenate([constant(-38, 5), np.zeros(5 * SAMPLING_RATE, np.int16)])

    sounding = sounding_starts([source(samples)], 2 * SAMPLING_RATE)

    assert len(sounding) == 801
    assert np.flatnonzero(sounding)[[0, -1]] == pytest.approx([0, 460], abs=4)


def test_sources_that_sound_as_one_are_added(source):
    """Two of −42 dBFS are one of −39."""
    quiet = source(constant(-42, 2))

    assert active_s([quiet], 2 * SAMPLING_RATE)[0] == 0
    assert active_s([quiet, quiet], 2 * SAMPLING_RATE)[0] == pytest.approx(2.0)


def test_shorter_recordings_have_no_position(source):
    """Of a mixture that they do not last."""
    assert len(active_s([source(constant(-20, 1))], 2 * SAMPLING_RATE)) == 0
