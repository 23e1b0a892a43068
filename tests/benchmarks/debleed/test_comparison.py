"""Before and after are compared by what is known of the mixing."""

import numpy as np
import pytest

from benchmarks.debleed.comparison import compare
from mn_dataset.audio.tracks import read_track
from mn_dataset.seeds import generator

RATE = 16_000
GAINS = np.array([[1, 0.1, 0.05], [0.3, 1, 0.1], [0.5, 0.2, 1]])
NAMES = ("kick.wav", "snare.wav", "voice.wav")


@pytest.fixture
def sources():
    """White noises that take turns of half a second, shape (3, time)."""
    draws = generator(0, "test", "comparison").normals(3 * 12 * RATE).reshape(3, 24, -1)
    turns = np.arange(24) % 3 == np.arange(3)[:, np.newaxis]
    return 0.1 * (draws * turns[:, :, np.newaxis]).reshape(3, -1)


def tracks(record, folder, signals):
    paths = [
        record(f"{folder}/{name}", signal, rate=RATE, subtype="FLOAT")
        for name, signal in zip(NAMES, signals, strict=True)
    ]
    return [read_track(path) for path in paths]


def test_bleed_is_that_of_the_mixing(record, sources):
    """Before as it was mixed; after, where a tenth of the amplitude is left, 20 dB less."""
    less = GAINS * 0.1 + 0.9 * np.eye(3)

    before = tracks(record, "before", GAINS @ sources)
    made = compare(before, tracks(record, "after", less @ sources), [0, 1, 2])

    off = ~np.eye(3, dtype=bool)
    expected_db = 20 * np.log10(GAINS)
    np.testing.assert_allclose(made.before.source_bleed_db, expected_db, atol=1)
    np.testing.assert_allclose(made.after.source_bleed_db[off], expected_db[off] - 20, atol=1)
    powers = np.square(GAINS).sum(axis=1)  # all sources have one power
    np.testing.assert_allclose(made.before.bleed_db, 10 * np.log10(1 - 1 / powers), atol=1)
    dropped = made.before.others_dbfs - made.after.others_dbfs
    np.testing.assert_allclose(dropped, 20, atol=0.1)
    nearest, coherent_before, coherent_after = made.strongest(2)
    assert nearest == 0
    assert coherent_before > 0.15
    assert coherent_after < 0.01


def test_what_changes_nothing_changes_no_figure(record, sources):
    """To the last digit."""
    before = tracks(record, "before", GAINS @ sources)

    made = compare(before, before, [0, 1, 2])

    for name, value in vars(made.before).items():
        np.testing.assert_array_equal(value, getattr(made.after, name))
    table = made.lines()
    assert table[0].startswith("microphone")
    assert table[3].startswith("voice.wav")
    assert table[3].endswith("with kick.wav")


def test_microphones_of_one_source_do_not_bleed_into_each_other(record, sources):
    """Kick in and kick out, which hear the same."""
    heard = GAINS @ sources
    heard[1] = 0.5 * heard[0]

    made = compare(tracks(record, "a", heard), tracks(record, "b", heard), [0, 0, 1])

    assert made.before.source_bleed_db.shape == (3, 2)
    assert made.sources == ("kick.wav", "voice.wav")
    assert made.before.source_bleed_db[0, 0] == made.before.source_bleed_db[1, 0] == 0
    np.testing.assert_allclose(*made.before.bleed_db[:2], atol=0.01)
    assert made.strongest(0)[0] == made.strongest(1)[0] == 2
