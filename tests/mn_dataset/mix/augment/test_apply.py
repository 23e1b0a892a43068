from __future__ import annotations

import random
import sys

import numpy as np
import pytest

from mn_dataset import seeds
from mn_dataset.audio import codec
from mn_dataset.audio.level import CEILING, hop_energies, measure
from mn_dataset.errors import InputError, MissingExtra
from mn_dataset.mix.augment import apply as application
from mn_dataset.mix.augment.apply import (
    apply,
    replay,
    require,
    reverberate,
    room_response,
    vary,
    versions,
)
from mn_dataset.mix.augment.chain import FULL, LIGHT, Chain
from mn_dataset.mix.augment.draw import FIT, Step
from mn_dataset.mix.augment.transforms import Codec
from mn_dataset.mix.gains import Loudness, Measured
from mn_dataset.mix.source_cache import Cut

pytest.importorskip("audiomentations", reason="audiomentations is not installed (`augment`)")

RATE = 44_100


def done(transform, samples, **parameters):
    return apply(Step("clean", transform, parameters), samples, sampling_rate=RATE)


@pytest.fixture(scope="module")
def noise():
    return (0.1 * seeds.generator(0, "deeds test").normals(2 * RATE)).astype(np.float32)


def gain_db_at(transform, frequencies, **parameters):
    """Measure a filter by its response to a click."""
    click = np.zeros(2 * RATE, np.float32)
    click[1_000] = 1
    spectrum = np.abs(np.fft.rfft(done(transform, click, **parameters).astype(np.float64)))
    return 20 * np.log10(spectrum[np.round(frequencies * 2).astype(int)])


FREQUENCIES = np.array([50, 120, 300, 700, 1_500, 3_000, 6_000, 12_000, 18_000], float)


def prewarped(frequencies, center_hz):
    """Return s of the analogue prototype: the bilinear transform bends the frequency axis."""
    return 1j * np.tan(np.pi * frequencies / RATE) / np.tan(np.pi * center_hz / RATE)


@pytest.mark.parametrize(("center_hz", "gain_db", "q"), [(150.0, 4.0, 0.7), (3_000.0, -8.0, 0.5)])
@pytest.mark.parametrize("transform", ["low_shelf", "high_shelf", "peaking"])
def test_an_equaliser_has_its_recorded_response(transform, center_hz, gain_db, q):
    """Measured with a click, against the analogue prototypes of the Audio EQ Cookbook."""
    a, s = 10 ** (gain_db / 40), prewarped(FREQUENCIES, center_hz)
    slope = np.sqrt(a) / q * s
    response = {
        "low_shelf": a * (s**2 + slope + a) / (a * s**2 + slope + 1),
        "high_shelf": a * (a * s**2 + slope + 1) / (s**2 + slope + a),
        "peaking": (s**2 + s * a / q + 1) / (s**2 + s / (a * q) + 1),
    }[transform]
    measured = gain_db_at(transform, FREQUENCIES, center_hz=center_hz, gain_db=gain_db, q=q)

    # The click comes back as float32.
    assert np.allclose(measured, 20 * np.log10(np.abs(response)), atol=0.01)


@pytest.mark.parametrize("rolloff", [12, 24])
@pytest.mark.parametrize(("transform", "sign"), [("high_pass", -1), ("low_pass", 1)])
def test_a_band_limit_has_its_recorded_response(transform, sign, rolloff):
    """Butterworth's: half the power at the cutoff, and the recorded slope beyond it."""
    measured = gain_db_at(transform, FREQUENCIES, cutoff_hz=2_000.0, rolloff_db_per_octave=rolloff)
    power = 1 / (1 + np.abs(prewarped(FREQUENCIES, 2_000.0)) ** (2 * sign * rolloff / 6))
    heard = power > 1e-9  # below −90 dB float32 clicks are rounding

    assert np.allclose(measured[heard], 10 * np.log10(power[heard]), atol=0.01)


@pytest.mark.parametrize("semitones", [-1.0, -0.37, 0.5, 1.0])
def test_a_tone_is_shifted_by_the_recorded_semitones(semitones):
    """Two seconds of 1 kHz, measured to a fiftieth of a semitone; its length stays."""
    tone = np.sin(2 * np.pi * 1_000 * np.arange(3 * RATE) / RATE).astype(np.float32)
    shifted = done("pitch", tone, semitones=semitones)
    middle = shifted[RATE // 2 : -RATE // 2].astype(np.float64)
    spectrum = np.abs(np.fft.rfft(middle * np.hanning(len(middle)), 8 * len(middle)))
    found_hz = np.argmax(spectrum) * RATE / (8 * len(middle))

    assert len(shifted) == len(tone)
    assert 12 * np.log2(found_hz / 1_000) == pytest.approx(semitones, abs=0.02)


@pytest.mark.parametrize("semitones", [-1.0, 1.0])
def test_a_shifted_click_stays_in_its_place(semitones):
    """Within a millisecond: the stretcher's delay is taken back."""
    clicks = np.zeros(2 * RATE, np.float32)
    clicks[[RATE // 2, RATE + 7]] = 0.9
    energy = np.square(done("pitch", clicks, semitones=semitones))

    for place in (RATE // 2, RATE + 7):
        around = energy[place - 4_000 : place + 4_000]
        assert abs(int(np.argmax(np.convolve(around, np.ones(50), "same"))) - 4_000) < 44


def test_polarity_and_gain_are_exactly_what_is_recorded(noise):
    """A sign, and a factor of 10 ** (gain_db / 20)."""
    assert np.array_equal(done("polarity", noise), -noise)
    louder = done("gain", noise, gain_db=-4.5)
    assert np.allclose(louder, noise * 10 ** (-4.5 / 20), rtol=1e-7)  # one float32 rounding


@pytest.mark.parametrize("transform", list(FULL.transforms))
def test_a_deed_is_the_same_again_and_asks_no_global_generator(transform, noise):
    """Twice the same bytes under other global seeds, whose states stay as they were."""
    numbers = FULL.transforms[transform].draw(seeds.generator(1, "deeds test", transform))
    answers = []
    for seed in (1, 2):
        random.seed(seed)
        np.random.seed(seed)  # noqa: NPY002 - the global generator is the one under suspicion
        before = random.getstate(), np.random.get_state()  # noqa: NPY002 - the same
        given = noise.copy()
        answers.append(done(transform, given, **numbers))
        after = random.getstate(), np.random.get_state()  # noqa: NPY002 - the same

        assert before[0] == after[0]
        assert np.array_equal(before[1][1], after[1][1])
        assert before[1][2:] == after[1][2:]
        assert np.array_equal(given, noise)  # the input is left alone
    assert np.array_equal(*answers)
    assert answers[0].dtype == np.float32
    assert answers[0].shape == noise.shape


def test_a_missing_package_is_told_with_its_command(monkeypatch, noise):
    """Before anything is written, and in the deed itself."""
    monkeypatch.setitem(sys.modules, "audiomentations", None)

    with pytest.raises(MissingExtra, match=r"pip install 'mn-dataset\[augment\]'"):
        require(LIGHT)
    with pytest.raises(MissingExtra, match="'audiomentations' is not installed"):
        done("polarity", noise)


def test_a_missing_encoder_is_told(monkeypatch):
    """A chain that this machine cannot apply is not half applied."""
    monkeypatch.setattr(codec, "encoders", lambda: ("vorbis",))
    chain = Chain(codec=Codec(probability=0.1, bitrate_kbps=(64, 192)))

    with pytest.raises(InputError, match="cannot write mp3 here"):
        require(chain)
    require(LIGHT)


def test_versions_name_every_package_that_computes():
    """As the card prints them."""
    packages = ("audiomentations", "python-stretch", "numpy", "scipy", "soundfile")

    assert [line.split()[0] for line in versions().split(", ")] == list(packages)


RATE_of_reverb = 44_100


def room(**changes):
    asked = {"rt60_s": 0.6, "direct_to_reverberant_db": 6.0, "damping_hz": 6_000.0, "seed": 5}
    return room_response(**asked | changes, sampling_rate=RATE_of_reverb)


@pytest.mark.parametrize("rt60_s", [0.2, 0.6, 1.5])
def test_the_tail_decays_as_asked(rt60_s):
    """Schroeder's backward integral (1965) falls by 60 dB in rt60_s, from −5 to −25 dB."""
    tail = room(rt60_s=rt60_s)[1:].astype(np.float64)
    decay_db = 10 * np.log10(np.cumsum(np.square(tail)[::-1])[::-1] / np.square(tail).sum())
    between = np.flatnonzero((decay_db < -5) & (decay_db > -25))
    slope = np.polyfit(between / RATE_of_reverb, decay_db[between], 1)[0]

    # One noise of 0.2 s estimates its own decay within a few percent.
    assert -60 / slope == pytest.approx(rt60_s, rel=0.08)


@pytest.mark.parametrize("asked_db", [-3.0, 6.0, 15.0])
def test_the_direct_sound_stands_above_the_tail_as_asked(asked_db):
    """The direct sound is one, at time zero."""
    made = room(direct_to_reverberant_db=asked_db)

    assert made[0] == 1
    found_db = -10 * np.log10(np.square(made[1:], dtype=np.float64).sum())
    assert found_db == pytest.approx(asked_db, abs=1e-4)  # float32 of 26 460 samples


def test_damping_takes_the_treble_from_the_tail():
    """A tail damped at 1 kHz has far less above 8 kHz than one damped at 10 kHz."""
    treble = []
    for damping_hz in (1_000.0, 10_000.0):
        spectrum = np.square(np.abs(np.fft.rfft(room(damping_hz=damping_hz)[1:])))
        first = round(8_000 / RATE_of_reverb * (2 * (len(spectrum) - 1)))
        treble.append(spectrum[first:].sum() / spectrum.sum())

    assert treble[0] < 0.25 * treble[1]


def test_a_seed_is_a_room():
    """The same seed is the same room, another one another."""
    assert np.array_equal(room(), room())
    assert not np.array_equal(room(), room(seed=6))


def test_a_click_sounds_as_the_room():
    """Convolution, in time with the click, and of its own length."""
    click = np.zeros(30_000, np.float32)
    click[1_000] = 1
    made = room()
    wet = reverberate(click, made)

    assert wet.dtype == np.float32
    assert wet.shape == click.shape
    # FFTs of float32 leave 1e-7 of the largest sample.
    assert np.allclose(wet[1_000:][: len(made)], made, atol=1e-6)
    assert np.allclose(wet[:1_000], 0, atol=1e-6)


def cut(samples):
    return Cut(
        samples,
        Measured(measure(samples), Loudness(hop_energies(samples, sampling_rate=RATE), RATE)),
    )


@pytest.fixture(scope="module")
def sound():
    words = seeds.generator(0, "layer test").normals(RATE)
    return cut(np.clip(np.rint(4_000 * words), -20_000, 20_000).astype(np.int16))


def gain(gain_db):
    return Step("clean", "gain", {"gain_db": gain_db})


def test_no_steps_leave_the_layer_itself(sound):
    """Not even a copy."""
    assert vary(sound, ()) == (sound, ())


def test_gain_and_polarity_reach_the_samples_as_recorded(sound):
    """To the rounding of 16 bits."""
    steps = [Step("clean", "polarity", {}), gain(-3.5)]
    varied, stated = vary(sound, steps)
    expected = -sound.samples * 10 ** (-3.5 / 20)

    assert stated == tuple(steps)
    # Half a step of rounding, and float32's own where that falls on a half.
    assert np.abs(varied.samples - expected).max() <= 0.501


def test_a_varied_layer_is_measured_as_it_is(sound):
    """Level and loudness are those of the new samples, and its hash is not yet known."""
    varied, _ = vary(
        sound, [Step("clean", "low_pass", {"cutoff_hz": 3_000.0, "rolloff_db_per_octave": 12})]
    )

    assert varied.measured.level.energy == int(np.square(varied.samples.astype(np.int64)).sum())
    assert varied.measured.lufs == pytest.approx(cut(varied.samples).measured.lufs)
    assert varied.sha256 is None


def test_a_layer_over_full_scale_is_lowered_and_says_so(sound):
    """To the ceiling of the guard, by a recorded gain."""
    varied, stated = vary(sound, [gain(12.0)])

    assert [step.transform for step in stated] == ["gain", FIT]
    assert CEILING - 10 < varied.measured.level.peak <= CEILING  # a thousandth of a decibel: 4
    assert np.array_equal(replay(sound.samples, stated), varied.samples)


def test_the_most_negative_sample_can_change_sign():
    """−32768 has no opposite in 16 bits: the layer is lowered, not wrapped round."""
    samples = np.array([-32_768, 100, 3_000] * 10_000, np.int16)
    varied, stated = vary(cut(samples), [Step("clean", "polarity", {})])

    assert [step.transform for step in stated] == ["polarity", FIT]
    assert CEILING - 10 < varied.samples[0] <= CEILING


@pytest.mark.parametrize(
    "step",
    [gain(-40.0), Step("clean", "high_pass", {"cutoff_hz": 18_000.0, "rolloff_db_per_octave": 48})],
)
def test_a_layer_that_would_fall_silent_stays_as_recorded(step):
    """A low tone behind a high-pass, a whisper made softer: under −60 dBFS RMS."""
    tone = np.rint(900 * np.sin(2 * np.pi * 200 * np.arange(RATE) / RATE)).astype(np.int16)
    dry = cut(tone)

    assert vary(dry, [step]) == (dry, ())


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_step_that_gives_no_number_is_not_applied(sound, monkeypatch, value):
    """NaN never reaches a file."""
    monkeypatch.setattr(
        application, "apply", lambda step, samples, **_: samples * np.float32(value)
    )

    with np.errstate(invalid="ignore"):
        assert vary(sound, [gain(1.0)]) == (sound, ())
