from __future__ import annotations

import numpy as np
import pytest

from benchmarks.signal.mel import mel_filters


@pytest.mark.parametrize(
    ("bands", "window", "rate"), [(512, 4096, 44_100), (128, 2048, 22_050), (40, 1024, 16_000)]
)
def test_the_filters_are_those_of_librosa(bands, window, rate):
    """Its default ones: Slaney's scale, of one area."""
    filters = pytest.importorskip("librosa", reason="librosa is not installed").filters

    expected = filters.mel(sr=rate, n_fft=window, n_mels=bands, dtype=np.float64)

    # Weights reach 0.13; what is left is rounding.
    assert mel_filters(bands, window=window, sampling_rate=rate) == pytest.approx(
        expected, abs=1e-15
    )


def test_each_band_has_one_area_and_stands_on_its_neighbours_tops():
    """By the definition, in so fine a transform that sums are integrals."""
    filters = mel_filters(10, window=2**16, sampling_rate=8_000)
    bin_hz = 8_000 / 2**16

    assert (filters.sum(axis=1) * bin_hz).tolist() == pytest.approx([1.0] * 10, rel=1e-3)
    tops = filters.argmax(axis=1)
    for band, top in enumerate(tops[1:], start=1):
        # The neighbour's foot is within a bin of the top.
        assert filters[band - 1, top] < 2 * bin_hz / 100 * filters[band - 1].max()


def test_a_band_below_the_knee_is_as_wide_as_every_other_there():
    """A mel is 200/3 Hz up to 1000 Hz."""
    tops_hz = mel_filters(14, window=2**16, sampling_rate=2_000).argmax(axis=1) * 2_000 / 2**16

    assert np.diff(tops_hz).tolist() == pytest.approx([200 / 3] * 13, abs=0.05)
