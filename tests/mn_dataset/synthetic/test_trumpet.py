"""A trumpet sounds at its pitch, and is the brighter, the louder it is blown."""

import numpy as np

from mn_dataset.records import SAMPLING_RATE
from mn_dataset.seeds import generator
from mn_dataset.synthetic import trumpet
from mn_dataset.synthetic.composition import Note


def blown(velocity, midi=69.0):
    sound = trumpet.play([Note(0.0, 1.5, midi, velocity)], draw=generator(0, "trumpet"))
    return sound[11_025:44_100]


def centroid_hz(sound):
    power = np.abs(np.fft.rfft(sound)) ** 2
    return (np.fft.rfftfreq(len(sound), 1 / SAMPLING_RATE) * power).sum() / power.sum()


def test_harmonics_are_multiples_of_the_pitch():
    """Each is within a third of a semitone of its place, vibrato and all."""
    sound = blown(0.8)
    spectrum = np.abs(np.fft.rfft(sound * np.hanning(len(sound))))
    f = np.fft.rfftfreq(len(sound), 1 / SAMPLING_RATE)

    for harmonic in range(1, 6):
        near = np.abs(f - 440.0 * harmonic) < 200.0
        strongest_hz = f[near][spectrum[near].argmax()]
        assert abs(1200 * np.log2(strongest_hz / (440.0 * harmonic))) < 33


def test_the_louder_the_brighter():
    """The spectrum spreads upwards as the lips are driven harder."""
    centroids = [centroid_hz(blown(velocity)) for velocity in (0.2, 0.5, 0.9)]

    assert centroids == sorted(centroids)
    assert centroids[-1] > 1.2 * centroids[0]


def test_notes_are_apart():
    """A rest between two of them is silent."""
    notes = [Note(0.0, 0.5, 60, 0.8), Note(1.0, 0.5, 62, 0.8)]
    sound = trumpet.play(notes, draw=generator(0, "trumpet"))
    rest = sound[round(0.6 * SAMPLING_RATE) : round(0.99 * SAMPLING_RATE)]

    assert not rest.any()
    assert sound[SAMPLING_RATE : SAMPLING_RATE + 11_025].std() > 0.0
