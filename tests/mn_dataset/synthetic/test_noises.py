"""A noise has what its class is known by."""

import numpy as np
import pytest

from mn_dataset.records import SAMPLING_RATE
from mn_dataset.seeds import generator
from mn_dataset.synthetic import noises

LENGTH = 5 * SAMPLING_RATE


def draw(name):
    return generator(0, "noises", name)


def spectrum_of(sound):
    """Mean power of frames of 4096 samples, and their frequencies."""
    frames = sound[: len(sound) // 4096 * 4096].reshape(-1, 4096) * np.hanning(4096)
    power = (np.abs(np.fft.rfft(frames, axis=1)) ** 2).mean(axis=0)
    return power, np.fft.rfftfreq(4096, 1 / SAMPLING_RATE)


def levels_db(sound, seconds=0.25):
    length = round(seconds * SAMPLING_RATE)
    return 10 * np.log10((sound[: len(sound) // length * length].reshape(-1, length) ** 2).mean(1))


@pytest.mark.parametrize(("kind", "slope_db"), [(0, 0.0), (1, -3.0), (2, -6.0)])
def test_white_pink_and_brown_fall_by_their_decibels_per_octave(kind, slope_db):
    """Measured from 200 Hz to 12.8 kHz, six octaves."""
    sound = noises.stationary(draw(str(kind)), LENGTH, kind=kind)
    power, f = spectrum_of(sound)
    low, high = (power[(c / 1.2 < f) & (f < c * 1.2)].mean() for c in (200.0, 12_800.0))

    assert 10 * np.log10(high / low) / 6 == pytest.approx(slope_db, abs=0.4)


@pytest.mark.parametrize("kind", range(6))
def test_a_stationary_noise_keeps_its_level(kind):
    """Every quarter of a second within 3 dB of the others."""
    levels = levels_db(noises.stationary(draw(str(kind)), LENGTH, kind=kind))

    assert levels.max() - levels.min() < 6.0


def test_electrical_noise_hums_at_multiples_of_the_mains():
    """Of 50 or of 60 Hz; beside them there is 20 dB less."""
    power = np.abs(np.fft.rfft(noises.electrical(draw("electrical"), LENGTH))) ** 2

    def comb(mains_hz, offset_hz):
        centres = 5 * (mains_hz * np.arange(2, 13, 2) + offset_hz)  # bins of 0.2 Hz
        return np.mean([power[int(c) - 20 : int(c) + 21].max() for c in centres])

    assert max(comb(hz, 0.0) / comb(hz, hz / 2) for hz in (50.0, 60.0)) > 100.0


@pytest.mark.parametrize("name", ["crowd", "weather", "traffic"])
def test_places_change_over_time(name):
    """Their level moves more than that of any stationary noise."""
    levels = levels_db(getattr(noises, name)(draw(name), LENGTH))

    assert levels.std() > 0.5
    assert np.isfinite(levels).all()


def test_a_crowd_is_of_voices_and_traffic_rumbles():
    """Most of the one lies where vowels do, most of the other under 2 kHz."""
    crowd, f = spectrum_of(noises.crowd(draw("crowd"), LENGTH))
    traffic, _ = spectrum_of(noises.traffic(draw("traffic"), LENGTH))

    assert crowd[(f > 200) & (f < 4000)].sum() > 0.6 * crowd.sum()
    assert traffic[f < 2000].sum() > 0.8 * traffic.sum()
    assert traffic[f < 200].sum() > 2 * crowd[f < 200].sum() / crowd.sum() * traffic.sum()
