"""The bleed between microphones is found where it is known."""

import numpy as np
import pytest

from mn_dataset.audio.bleed import FAINTEST_DB, estimate_band_bleed, estimate_bleed
from mn_dataset.errors import InputError
from mn_dataset.seeds import generator

RATE = 16_000


def hits(count, seconds=6):
    """Return sources (count, time) of decaying noises, each of which is at times alone."""
    stream = generator(0, "bleed", str(count))
    sources = np.zeros((count, seconds * RATE))
    fall = np.exp(-np.arange(RATE // 2) / (0.05 * RATE))
    for number, start in enumerate(range(0, (seconds - 1) * RATE, RATE // 5)):
        noise = stream.normals(len(fall)) * fall
        sources[number % count, start : start + len(fall)] += noise
        if number % 4 == 0:  # and sometimes with another
            sources[(number + 1) % count, start : start + len(fall)] += (
                stream.normals(len(fall)) * fall
            )
    return sources


def matrix(count):
    """Return gains of -32 to -6 dB, 1 on the diagonal."""
    stream = generator(1, "bleed", str(count))
    rows = [[10 ** (stream.uniform(-32, -6) / 20) for _ in range(count)] for _ in range(count)]
    gains = np.array(rows)
    np.fill_diagonal(gains, 1)
    return gains


@pytest.mark.parametrize("count", [2, 3, 5])
def test_gains_are_found_within_two_decibels(count):
    """Of instantaneous mixing."""
    gains = matrix(count)

    found = estimate_bleed(gains @ hits(count), RATE)

    np.testing.assert_allclose(found, 20 * np.log10(gains), atol=2)


def test_a_delay_changes_little():
    """It is a ratio of powers."""
    gains, sources = matrix(3), hits(3)
    late = np.roll(sources, 80, axis=1)  # 5 ms
    tracks = gains @ late - np.diag(gains)[:, np.newaxis] * late + sources

    found = estimate_bleed(tracks, RATE)

    np.testing.assert_allclose(found, 20 * np.log10(gains), atol=3)


def test_the_gain_of_a_microphone_moves_its_row_up_and_its_column_down():
    tracks = matrix(3) @ hits(3)
    gain_db = np.array([12.0, 0.0, -12.0])

    found = estimate_bleed(tracks * 10 ** (gain_db / 20)[:, np.newaxis], RATE)

    expected = estimate_bleed(tracks, RATE) + gain_db[:, np.newaxis] - gain_db
    np.testing.assert_allclose(found, expected, atol=0.1)


def test_sources_that_bleed_nowhere_are_told_as_faint():
    found = estimate_bleed(np.eye(3) @ hits(3), RATE)

    off = ~np.eye(3, dtype=bool)
    assert (found[off] < -30).all()
    assert (found >= FAINTEST_DB).all()


def test_of_a_silent_microphone_nothing_is_known():
    """Its column is NaN; into it bleeds nothing."""
    tracks = matrix(3) @ hits(3)
    tracks[1] = 0

    found = estimate_bleed(tracks, RATE)

    assert np.isnan(found[:, 1]).all()
    assert found[1, 0] == found[1, 2] == FAINTEST_DB
    assert np.isfinite(found[:, [0, 2]]).all()


def test_what_always_sounds_with_a_source_is_no_bleed():
    """Its power never stands alone, but no filter predicts it."""
    sources = hits(2)
    envelope = np.abs(sources[0]) > 0
    ringing = 0.3 * generator(2, "bleed").normals(sources.shape[1]) * envelope
    tracks = np.stack([sources[0], sources[1] + ringing])

    assert estimate_bleed(tracks, RATE)[1, 0] < -15  # their powers' ratio is above -10 dB


def test_microphones_of_one_source_do_not_bleed_into_each_other():
    """And what they hear of another is told as if either were alone."""
    gains, sources = matrix(3), hits(3)
    tracks = gains @ sources
    doubled = np.concatenate([tracks, 0.5 * tracks[:1]])

    found = estimate_bleed(doubled, RATE, voices=[0, 1, 2, 0])

    assert found[0, 3] == found[3, 0] == FAINTEST_DB
    expected = 20 * np.log10(gains)
    np.testing.assert_allclose(found[:3, 1:3], expected[:, 1:], atol=2)
    np.testing.assert_allclose(found[1:3, 0], expected[1:, 0], atol=2)
    np.testing.assert_allclose(found[1:3, 3], expected[1:, 0] + 6, atol=2)


@pytest.mark.parametrize("length", [1, 100, 1487, 1489])
def test_clips_shorter_than_a_frame_have_an_answer(length):
    assert estimate_bleed(hits(2)[:, :length].astype(np.float32), RATE).shape == (2, 2)


def test_bands_cover_everything_up_to_half_the_rate():
    bands = estimate_band_bleed(hits(2), RATE)

    assert bands.edges_hz[0] == 0
    assert bands.edges_hz[-1] == RATE / 2
    assert bands.ratio.shape == (2, 2, len(bands.edges_hz) - 1)
    assert bands.power.shape == bands.ratio.shape[1:]


@pytest.mark.parametrize(
    ("tracks", "message"),
    [
        (np.zeros(5), r"shape \(5,\); expected \(microphones, time\)"),
        (np.zeros((2, 0)), r"shape \(2, 0\)"),
        (np.full((1, 5), np.nan), "NaN or infinity"),
    ],
)
def test_what_are_no_tracks_is_refused(tracks, message):
    with pytest.raises(InputError, match=message):
        estimate_bleed(tracks, RATE)
