from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soxr

from benchmarks.metrics.pesq import pesq, pesq_cor2, pesq_nb
from benchmarks.metrics.reference import Truth
from mn_dataset.errors import MissingExtra

library = pytest.importorskip("pesq", reason="pesq is not installed")

LONG_WITH_MANY_NOTES = """
import numpy as np
from benchmarks.metrics.pesq import pesq
from benchmarks.metrics.reference import Truth
from mn_dataset.seeds import generator

time = np.arange(40 * 16_000) / 16_000
clean = 0.3 * generator(0, "test", "notes").normals(len(time)) * (time % 0.5 < 0.25)
print(pesq(0.5 * clean, Truth(clean, 16_000)))
"""


def test_pesq_is_that_of_its_library_at_16_khz(music, noisy):
    """Nothing but the resampling stands between."""
    clean, heard = (soxr.resample(x, 44_100, 16_000, quality="VHQ") for x in (music, noisy))

    assert pesq(noisy, Truth(music, 44_100)) == (library.pesq(16_000, clean, heard, "wb"), "ok")
    assert pesq(heard, Truth(clean, 16_000)) == pesq(noisy, Truth(music, 44_100))


def test_narrow_band_pesq_is_that_of_its_library_at_8_khz(music, noisy):
    """Another band, another number."""
    clean, heard = (soxr.resample(x, 44_100, 8_000, quality="VHQ") for x in (music, noisy))

    found = pesq_nb(noisy, Truth(music, 44_100))

    assert found == (library.pesq(8_000, clean, heard, "nb"), "ok")
    assert found.value != pesq(noisy, Truth(music, 44_100)).value


def test_the_corrected_pesq_is_that_of_its_library(music, noisy):
    """Which gives more than the code before the corrigendum, and writes past the same arrays."""
    corrected = pytest.importorskip("pesqc2", reason="pesqc2 is not installed")
    clean, heard = (soxr.resample(x, 44_100, 16_000, quality="VHQ") for x in (music, noisy))

    found = pesq_cor2(noisy, Truth(music, 44_100))

    assert found == (corrected.pesq(16_000, clean, heard, "wb"), "ok")
    assert found.value > pesq(noisy, Truth(music, 44_100)).value + 0.1


def test_without_the_corrected_library_the_message_says_what_to_install(music, noisy, monkeypatch):
    """No extra can: the package declares another numpy than it works with."""
    monkeypatch.setitem(sys.modules, "pesqc2", None)

    with pytest.raises(MissingExtra, match=r"'pesqc2' is not installed; run: .* --no-deps pesqc2"):
        pesq_cor2(noisy, Truth(music, 44_100))


def test_an_identical_estimate_has_the_highest_opinion(music):
    """The top of the MOS-LQO scale is 4.644."""
    # float32 inside the library
    assert pesq(music, Truth(music, 44_100)).value == pytest.approx(4.644, abs=1e-3)


def test_a_reference_without_an_utterance_has_that_as_its_reason(music, noisy):
    """A tenth of a second of sound in two seconds is not speech to it."""
    click = music * (np.arange(len(music)) < 4_410)

    assert pesq(noisy, Truth(click, 44_100)).reason == "no_utterance"


def test_a_library_that_raises_gives_a_reason(music, noisy, monkeypatch, caplog):
    """The run goes on, and the log tells why."""

    def broken(*arguments):
        raise ValueError("cannot convert float NaN to integer")

    monkeypatch.setattr(library, "pesq", broken)

    assert pesq(noisy, Truth(music, 44_100)).reason == "library_error"
    assert "cannot convert" in caplog.text


def test_many_notes_in_a_long_signal_do_not_end_the_process():
    """The library alone writes past an array at its 50th utterance; here it is scored in pieces."""
    found = subprocess.run(
        [sys.executable, "-c", LONG_WITH_MANY_NOTES],
        cwd=Path(__file__).parents[3],
        capture_output=True,
        text=True,
        check=False,
    )

    assert found.returncode == 0, found.stderr
    assert "reason='ok'" in found.stdout


def test_without_its_package_the_message_says_what_to_install(music, noisy, monkeypatch):
    """The exact command stands in the error."""
    monkeypatch.setitem(sys.modules, "pesq", None)

    with pytest.raises(MissingExtra, match=r"pip install 'mn-dataset\[perceptual\]'"):
        pesq(noisy, Truth(music, 44_100))
