"""A generated noise has what its kind is known by, over the whole of its range."""

import numpy as np
import pytest

from mn_dataset.records import SAMPLING_RATE
from mn_dataset.seeds import generator
from mn_dataset.synthetic import babble, grains, machines, outdoors, spectra

LENGTH = 2 * SAMPLING_RATE


def made(make, count=10, num_samples=LENGTH):
    return [make(generator(0, "kinds", str(number)), num_samples) for number in range(count)]


def crest_db(sound):
    return 20 * np.log10(np.abs(sound).max() / sound.std())


def kurtosis(sound):
    return np.mean((sound / sound.std()) ** 4)


def slope_db(sound):
    """Decibels per octave between 300 Hz and 5 kHz, by a straight line through the octaves."""
    power = np.abs(np.fft.rfft(sound)) ** 2
    f = np.fft.rfftfreq(len(sound), 1 / SAMPLING_RATE)
    centres = 300.0 * 2.0 ** np.arange(5)
    levels = [10 * np.log10(power[(f > c / 1.4) & (f < c * 1.4)].mean()) for c in centres]
    return np.polyfit(np.arange(5), levels, 1)[0]


def test_clicks_stand_alone():
    """Most of their energy is in few samples, in the median: some come over a hiss."""
    shares = []
    for sound in made(grains.clicks):
        energy = np.sort(sound**2)[::-1]
        shares.append(energy[: LENGTH // 10].sum() / energy.sum())
        assert crest_db(sound) > 15

    assert np.median(shares) > 0.9


def test_crackle_is_denser_than_clicks():
    """In the middle of its range."""
    clicks, crackle = (
        np.median([*map(crest_db, made(one))]) for one in (grains.clicks, grains.crackle)
    )

    assert crackle < clicks


def test_hiss_has_any_slope_and_is_gaussian():
    """From falling steeply to rising."""
    sounds = made(machines.hiss, count=16)
    slopes = [slope_db(sound) for sound in sounds]

    assert min(slopes) < -5
    assert max(slopes) > 0
    assert np.median([kurtosis(sound) for sound in sounds]) == pytest.approx(3.0, abs=0.2)


def test_the_slope_of_noise_is_the_one_asked_for():
    """In the median: edges and resonances bend it."""
    for asked in (-6.0, 0.0):
        sounds = made(lambda draw, n, s=asked: spectra.noise(draw, n, slope_db=(s, s)), count=16)
        assert np.median([slope_db(one) for one in sounds]) == pytest.approx(asked, abs=1.5)


def test_hum_is_of_the_mains_of_either_continent():
    """Its strongest line below 1 kHz is near a multiple of 50 or of 60 Hz, but for converters."""
    near = 0
    for sound in made(machines.hum, count=16):
        power = np.abs(np.fft.rfft(sound * np.hanning(LENGTH))) ** 2
        top_hz = np.argmax(power[60:2000]) / 2 + 30
        near += any(abs(top_hz / base - round(top_hz / base)) * base < 2 for base in (50, 60))

    assert near > 8


def test_an_engine_changes_its_pitch():
    """The order that leads moves from the first half to the last in some of them."""
    moved = 0
    for sound in made(machines.engine, count=12, num_samples=2 * LENGTH):
        halves = np.split(sound, 2)
        tops = [
            np.argmax(np.abs(np.fft.rfft(half * np.hanning(LENGTH)))[20:800]) for half in halves
        ]
        moved += abs(tops[0] - tops[1]) > 4

    assert moved > 2


@pytest.mark.parametrize("make", [grains.applause, grains.rain, grains.thumps, babble.babble])
def test_showers_swell_from_sparse_to_dense(make):
    """The crest tells single grains from many."""
    crests = [crest_db(sound) for sound in made(make)]

    assert max(crests) - min(crests) > 4


@pytest.mark.parametrize("make", [outdoors.wind, outdoors.thunder, outdoors.road, machines.rails])
def test_what_is_outdoors_is_low(make):
    """More below 1 kHz than above, in the median."""
    shares = []
    for sound in made(make):
        power = np.abs(np.fft.rfft(sound)) ** 2
        shares.append(power[:2000].sum() / power.sum())

    assert np.median(shares) > 0.5


def test_recording_leaves_the_length_and_bends_the_spectrum():
    """White noise comes back coloured, most of the time."""
    white = generator(0, "kinds", "white").uniforms(LENGTH) - 0.5
    slopes = [
        slope_db(spectra.recorded(generator(0, "kinds", str(n)), white, room=0.5))
        for n in range(12)
    ]

    assert max(slopes) - min(slopes) > 3
