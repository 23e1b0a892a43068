"""A drum kit keeps its time and covers the spectrum from kick to cymbal."""

import numpy as np
import pytest

from mn_dataset.records import SAMPLING_RATE
from mn_dataset.seeds import generator
from mn_dataset.synthetic import percussion
from mn_dataset.synthetic.composition import MAJOR, Tune

TUNE = Tune(0, MAJOR, 0.5, (0,))


@pytest.fixture(scope="module", params=range(3))
def groove(request):
    return percussion.play(TUNE, draw=generator(request.param, "percussion"))


def test_low_and_high_drums_sound(groove):
    """The kick's power lies under 150 Hz, that of cymbals and wires above 5 kHz."""
    power = np.abs(np.fft.rfft(groove)) ** 2
    f = np.fft.rfftfreq(len(groove), 1 / SAMPLING_RATE)
    share = {limit: power[f < limit].sum() / power.sum() for limit in (150.0, 5000.0)}

    assert share[150.0] > 0.2
    assert 1.0 - share[5000.0] > 0.005


def test_strokes_fall_on_sixteenths(groove):
    """The level rises in the 30 ms after a sixteenth rather than in the middle between two."""
    sixteenth = TUNE.beat_s / 4
    hop = round(0.005 * SAMPLING_RATE)
    level = np.abs(groove[: len(groove) // hop * hop].reshape(-1, hop)).mean(axis=1)
    rise = np.maximum(np.diff(level), 0.0)
    position = (np.arange(1, len(level)) * 0.005 - 0.1) % sixteenth
    onset = rise[position < 0.03].sum() / (position < 0.03).sum()
    between = rise[position >= 0.05].sum() / (position >= 0.05).sum()

    assert onset > 2 * between  # chance is 1; ghost strokes and hiss rise anywhere


def test_bars_are_varied(groove):
    """Ghost strokes, fills and strengths: no bar is a copy of another."""
    length = round(TUNE.bar_s * SAMPLING_RATE)
    bars = [groove[4410 + n * length :][:length] for n in range(4)]

    for n, bar in enumerate(bars):
        for other in bars[:n]:
            assert np.corrcoef(bar, other)[0, 1] < 0.95
