from __future__ import annotations

import builtins

import pytest
import soxr

from benchmarks.metrics import visqol as room
from benchmarks.metrics.reference import Truth
from benchmarks.metrics.visqol import visqol
from mn_dataset.errors import MissingExtra

library = pytest.importorskip("visqol", reason="the extra 'visqol' is not installed")


def test_visqol_is_that_of_its_library_at_48_khz(music, noisy):
    """Nothing but the resampling stands between."""
    listener = library.VisqolApi()
    listener.create(mode="audio")
    clean, heard = (soxr.resample(x, 44_100, 48_000, quality="VHQ") for x in (music, noisy))

    found = visqol(noisy, Truth(music, 44_100))

    assert found == (listener.measure_from_arrays(clean, heard, 48_000).moslqo, "ok")


def test_more_noise_is_a_lower_opinion(music, white):
    """From that of an identical estimate down."""
    truth = Truth(music, 44_100)
    values = [visqol(music + gain * white, truth).value for gain in (0.0, 0.03, 1.0)]

    assert values[0] == pytest.approx(4.732, abs=0.001)  # what its authors publish for a copy
    assert values == sorted(values, reverse=True)


def test_a_library_that_raises_gives_a_reason(music, noisy, monkeypatch, caplog):
    """The run goes on, and the log tells why."""

    class Broken:
        def measure_from_arrays(self, *arguments):
            raise IndexError("index 0 is out of bounds")

    monkeypatch.setattr(room, "_listener", Broken)

    assert visqol(noisy, Truth(music, 44_100)).reason == "library_error"
    assert "out of bounds" in caplog.text


def test_without_its_package_the_message_says_what_to_install(music, noisy, monkeypatch):
    """The exact command stands in the error."""
    genuine = builtins.__import__

    def without(name, *arguments, **options):
        if name == "visqol":
            raise ImportError(name)
        return genuine(name, *arguments, **options)

    monkeypatch.setattr(builtins, "__import__", without)
    room._listener.cache_clear()

    with pytest.raises(MissingExtra, match=r"pip install 'mn-dataset\[visqol\]'"):
        visqol(noisy, Truth(music, 44_100))
