from __future__ import annotations

import numpy as np
import pytest
from scipy import signal

from mn_dataset import seeds
from mn_dataset.audio.fingerprint.extract import RATE, THINNING, fingerprint
from mn_dataset.records import SAMPLING_RATE


def take(name: str = "take", seconds: float = 5.0) -> np.ndarray:
    noise = seeds.generator(0, "extract", name).normals(int(seconds * SAMPLING_RATE))
    return signal.lfilter([1.0], [1.0, -0.95], noise)


def pcm(sound: np.ndarray) -> np.ndarray:
    return np.clip(np.rint(sound), -32_768, 32_767).astype(np.int16)


def alike(one: np.ndarray, two: np.ndarray) -> float:
    return float(np.corrcoef(one.astype(float), two.astype(float))[0, 1])


def test_a_gain_changes_next_to_nothing():
    """24 dB apart, the softer at 300 LSB."""
    loud, soft = (fingerprint(pcm(take() * level)).wave for level in (2400, 150))

    # Rounding to 16 bits is noise some 50 dB below the softer one, to 8 bits 38 dB below both.
    assert alike(loud, soft) > 0.99


def test_an_equaliser_changes_little():
    """A shelf of 12 dB that turns no phases."""
    plain = take() * 1000
    shelved = plain + 3 * signal.filtfilt(*signal.butter(1, 0.02), plain)

    # The spectrum is estimated over 15 Hz, where the shelf is not quite level.
    assert alike(fingerprint(pcm(plain)).wave, fingerprint(pcm(shelved)).wave) > 0.98


def test_a_shift_by_the_thinning_is_a_shift_by_one():
    """Within a recording nothing depends on where it begins, but for its spectrum's estimate."""
    sound = pcm(take() * 1000)
    whole, cut = fingerprint(sound).wave, fingerprint(sound[400 * THINNING :]).wave

    assert alike(whole[400:], cut) > 0.98


def test_another_take_is_not_like_it():
    """The same spectrum, other phases."""
    one, two = (fingerprint(pcm(take(name) * 1000)).wave for name in ("one", "two"))

    # 27 000 values: a chance correlation of 0.006.
    assert abs(alike(one, two)) < 0.04


def test_the_spectrum_is_flat_and_the_level_even():
    """Whatever the colour: octaves differ by less than 3 dB, and so do seconds."""
    fading = take(seconds=6.0) * 2000 * np.linspace(1.0, 0.5, 6 * SAMPLING_RATE)
    wave = fingerprint(pcm(fading)).wave.astype(float)
    hertz, power = signal.welch(wave, RATE, nperseg=1024)
    octaves = [
        power[(hertz >= low) & (hertz < 2 * low)].mean() for low in (80, 160, 320, 640, 1280)
    ]
    seconds = [np.mean(part**2) for part in np.array_split(wave, 6)]

    assert max(octaves) / min(octaves) < 2
    assert max(seconds) / min(seconds) < 2


@pytest.mark.parametrize("length", [0, 1, 7, 8, 63, 5000])
@pytest.mark.parametrize("level", [0, 5])
def test_any_length_is_taken(length, level):
    """Silence and a constant leave nothing behind."""
    found = fingerprint(np.full(length, level, np.int16)).wave

    assert found.dtype == np.int8
    assert len(found) == length // THINNING
    assert level == 5 or not found.any()


def test_full_scale_does_not_overflow():
    """The largest samples, both signs."""
    square = np.where(np.arange(44_100) % 100 < 50, 32_767, -32_768).astype(np.int16)

    assert np.abs(fingerprint(square).wave.astype(int)).max() <= 127
