"""Rooms decay as asked, and sound takes the time that it takes."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from mn_dataset.audio.convolve import convolve, error_bound
from mn_dataset.audio.response import quantise
from mn_dataset.audio.room import Room, decay_s, place, simulate
from mn_dataset.errors import MissingExtra, RecipeError

SMALL = Room((8.3, 6.2, 2.7), 0.3, ((2, 2, 1), (6, 4, 1.2)), ((2, 2.5, 1), (6.3, 4.4, 1.2)))
MIDDLE = Room((13.5, 7, 7), 0.25, ((3, 5, 1), (8, 5.5, 1)), ((3, 4.5, 1), (8, 5, 1)))
LARGE = Room((40, 35, 20), 0.8, ((2, 33, 2), (20, 17, 18)), ((2, 30, 2), (20, 16, 18)))


def test_impulses_stand_between_samples():
    """As a sinc within a Hann window has it, whole samples included."""
    times, amplitudes = np.array([50.0, 60.25, 70.9]), np.array([0.5, 1.0, -2.0])
    at = np.arange(120)
    away = at - times[:, np.newaxis]
    window = np.where(abs(away) < 40, 0.5 + 0.5 * np.cos(np.pi / 40 * away), 0)
    expected = amplitudes @ (np.sinc(away) * window)

    found = place(times, amplitudes)

    np.testing.assert_allclose(found, expected[: len(found)], atol=1e-14)
    assert not expected[len(found) :].any()


def test_the_slope_of_a_decay_is_measured():
    """And a sound that ends at once has none."""
    decay = 10.0 ** (-6.0 * np.arange(44_100) / (0.7 * 44_100))

    assert decay_s(decay) == pytest.approx(0.7, rel=1e-3)
    assert decay_s(np.eye(1, 100)[0]) == 0.0


@pytest.mark.parametrize("room", [SMALL, MIDDLE, LARGE], ids=["small", "middle", "large"])
def test_rooms_decay_as_asked(room):
    """As another implementation measures it, from one source to the other's microphone."""
    library = pytest.importorskip("pyroomacoustics", reason="the extra `rooms` is not installed")
    responses, absorption = simulate(room)

    for one, other in ((0, 1), (1, 0)):
        response = responses[one][other]
        found = library.experimental.measure_rt60(response, fs=44_100, decay_db=30)
        assert found == pytest.approx(room.rt60_s, rel=0.2)
    assert 0 < absorption < 1


def test_sound_begins_after_the_time_that_it_takes():
    """At 343 m/s, between samples; a microphone hears its own source louder than the other."""
    pytest.importorskip("pyroomacoustics", reason="the extra `rooms` is not installed")
    responses, _ = simulate(MIDDLE)

    for mic, row in enumerate(responses):
        for source, response in enumerate(row):
            distance = MIDDLE.distance_m(mic, source)
            direct = place(np.array([distance / 343 * 44_100]), np.array([1 / distance]))
            until = int(distance / 343 * 44_100) + 1  # the first reflections come later
            np.testing.assert_allclose(response[:until], direct[:until], atol=1e-3 / distance)
    assert abs(responses[0][0]).max() > 4 * abs(responses[0][1]).max()


def test_the_convolution_with_such_responses_is_proven():
    """At full scale the bound stays under one half, at once or by high and low bytes."""
    pytest.importorskip("pyroomacoustics", reason="the extra `rooms` is not installed")
    amplitudes = simulate(LARGE)[0][0][1]
    taps = quantise(amplitudes, name="large", provenance="a test").taps
    samples = np.where(np.arange(80_000) * 7919 % 13 < 6, 32_767, -32_768).astype(np.int16)

    found = convolve(samples, taps)

    size = 2**18  # the longest transform there is
    byte_norm, taps_norm = 128 * np.sqrt(size), float(np.linalg.norm(taps.astype(np.float64)))
    assert error_bound(byte_norm, taps_norm, size) < 0.5
    for at in (0, 1, len(taps) - 1, len(taps), 79_999):
        heard = samples[max(0, at - len(taps) + 1) : at + 1][::-1].tolist()
        assert found[at] == sum(a * b for a, b in zip(heard, taps.tolist(), strict=False))


@pytest.mark.parametrize(
    ("rt60_s", "message"),
    [(30.0, "echoes in 30 s; expected at most 1000000"), (0.02, "where 0.02 s is asked")],
)
def test_rooms_that_cannot_be_are_refused(rt60_s, message):
    """Too long a decay has too many echoes, too short a one no wall can make."""
    pytest.importorskip("pyroomacoustics", reason="the extra `rooms` is not installed")
    room = Room(SMALL.size_m, rt60_s, SMALL.sources_m, SMALL.microphones_m)

    with pytest.raises(RecipeError, match=message):
        simulate(room)


def test_the_extra_is_named_where_it_lacks(monkeypatch):
    """With the command that installs it."""
    monkeypatch.setitem(sys.modules, "pyroomacoustics", None)

    with pytest.raises(MissingExtra, match=r"pip install 'mn-dataset\[rooms\]'"):
        simulate(SMALL)
