from __future__ import annotations

import csv
import io as memory
from collections import defaultdict
from functools import cache
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray
from scipy import signal

from mn_dataset import seeds
from mn_dataset.audio.fingerprint.extract import Fingerprint, fingerprint
from mn_dataset.audio.fingerprint.pairs import IN_STEP, Pair, correlation, near_duplicates
from mn_dataset.audio.fingerprint.screen import candidates, cut, describe
from mn_dataset.audio.io import Pcm
from mn_dataset.records import ROLES, SAMPLING_RATE
from mn_dataset.seeds import generator

SHARED = Path(__file__).parents[5] / "shared" / "corpus"

Sound = NDArray[np.float64]


def pcm(sound: Sound) -> Pcm:
    """Round to 16 bits, clipping what is louder than full scale."""
    return np.clip(np.rint(sound * 32_768), -32_768, 32_767).astype(np.int16)


@cache
def hiss(name: str, seconds: float) -> Sound:
    """Return stationary noise (time,) with a coloured spectrum."""
    white = seeds.generator(0, "hiss", name).normals(int(seconds * SAMPLING_RATE))
    coloured: Sound = signal.lfilter([0.05], [1.0, -0.8], white)
    return coloured


@cache
def tune(name: str, seconds: float, *, bank: str | None = None, player: str = "") -> Sound:
    """Return notes (time,): of a sample bank, where the same note is always the same samples.

    Players of one tune play the same notes, up to 10 ms apart, each on their own instrument.
    """
    hand = seeds.generator(0, "player", player)
    stream = seeds.generator(0, "tune", name)
    sound = np.zeros(int((seconds + 2) * SAMPLING_RATE))
    place = 0.0
    while place < seconds:  # two and a half octaves, 110 Hz upwards
        pitch = stream.integer(30)
        note = _note(f"{bank}/{pitch}" if bank else f"{name}{player}/{place}", pitch)
        late_s = hand.uniform(0.0, 0.01) if player else 0.0
        start = int((place + late_s) * SAMPLING_RATE)
        sound[start : start + len(note)] += note * stream.uniform(0.5, 1.0)
        place += 0.25 if bank else stream.uniform(0.15, 0.4)
    return sound[: int(seconds * SAMPLING_RATE)] * 0.2


@cache
def _note(name: str, pitch: int) -> Sound:
    stream = seeds.generator(0, "note", name)
    time_s = np.arange(int(1.5 * SAMPLING_RATE)) / SAMPLING_RATE
    partials = np.zeros(len(time_s))
    for number in range(1, 9):
        turn, size = stream.uniform(0, 2 * np.pi), stream.uniform(0.3, 1.0) / number
        frequency = 110.0 * 2 ** (pitch / 12) * number * (1 + 0.0002 * number**2)
        partials += size * np.sin(2 * np.pi * frequency * time_s + turn)
    attack = stream.normals(len(time_s)) * np.exp(-time_s * 60.0)
    return partials * np.exp(-time_s * 3.0) + 0.5 * attack


def mp3(sound: Sound) -> Sound:
    """Code and decode at 128 kbit/s."""
    file = memory.BytesIO()
    soundfile.write(
        file,
        sound,
        SAMPLING_RATE,
        format="MP3",
        subtype="MPEG_LAYER_III",
        bitrate_mode="CONSTANT",
        compression_level=0.67,  # 128 kbit/s, as the size of the file shows
    )
    assert abs(file.tell() * 8 / (len(sound) / SAMPLING_RATE) - 128_000) < 10_000
    file.seek(0)
    return np.asarray(soundfile.read(file)[0])


def noisy(sound: Sound, *, snr_db: float = 20.0) -> Sound:
    """Add white noise."""
    white = seeds.generator(1, "noise").normals(len(sound))
    return sound + white * np.sqrt(np.mean(sound**2) / 10 ** (snr_db / 10))


def other_microphone(sound: Sound, *, seed: int = 0) -> Sound:
    """Delay, reverberate as strongly as the direct sound, and change the colour."""
    stream = seeds.generator(seed, "room")
    tail = stream.normals(20_000) * 10 ** (-3 * np.arange(20_000) / 20_000)
    response = np.zeros(20_300)
    response[200] = 1.0
    response[300:] = tail / np.sqrt(np.sum(tail**2))
    heard = signal.fftconvolve(sound, response)[: len(sound)]
    coloured = heard + 1.5 * signal.lfilter(*signal.butter(1, 0.05), heard)
    return np.asarray(coloured / np.abs(coloured).max() * 0.5)


def loud(sound: Sound) -> Sound:
    """Drive 12 dB over full scale and clip."""
    return np.clip(sound / np.abs(sound).max() * 10 ** (12 / 20), -1.0, 1.0)


def soft(sound: Sound) -> Sound:
    """Lower by 12 dB."""
    return sound * 10 ** (-12 / 20)


def compared(first: Sound, second: Sound) -> list[Pair]:
    return near_duplicates({"a": fingerprint(pcm(first)), "b": fingerprint(pcm(second))})


COPIES = {
    "plain": lambda sound: sound,
    "12 dB softer": soft,
    "polarity turned": lambda sound: -sound,
    "12 dB over full scale": loud,
    "MP3 at 128 kbit/s": mp3,
    "noise at 20 dB": noisy,
    "another microphone": other_microphone,
    "soft, noisy, MP3": lambda sound: mp3(noisy(soft(sound))),
    "another microphone, noisy": lambda sound: noisy(other_microphone(sound)),
}


@pytest.mark.parametrize("make", [tune, hiss], ids=["music", "stationary noise"])
@pytest.mark.parametrize("copy", COPIES.values(), ids=COPIES.keys())
@pytest.mark.parametrize("shift_s", [-5.0, 3.217])
def test_a_copy_is_found_with_its_shift(make, copy, shift_s):
    """Two cuts of ten seconds that share five or more are one take, whatever was done to one."""
    take = make("take", 20.0)
    start = 5 * SAMPLING_RATE
    second = start + round(shift_s * SAMPLING_RATE)
    length = 10 * SAMPLING_RATE
    found = compared(take[start : start + length], copy(take[second : second + length]))

    assert len(found) == 1
    # A microphone's delay is part of the shift: here 200 samples and what its room adds.
    assert found[0].shift_s == pytest.approx(shift_s, abs=0.01)


@pytest.mark.parametrize("seconds", [1.0, 2.0, 3.0])
@pytest.mark.parametrize("make", [tune, hiss], ids=["music", "stationary noise"])
def test_a_short_recording_is_found_inside_a_long_one(make, seconds):
    """A second is enough, and the long one may last longer than a piece."""
    take = make("long", 40.0)
    start, length = round(23.4 * SAMPLING_RATE), round(seconds * SAMPLING_RATE)
    found = compared(take, mp3(take[start : start + length]))

    assert [pair.shift_s for pair in found] == [pytest.approx(23.4, abs=0.01)]


def test_both_channels_of_a_wide_stereo_picture_are_one_take():
    """What the channels share is enough: here half of what each holds."""
    middle, left, right = (tune(name, 10.0) for name in ("middle", "left", "right"))

    assert compared(middle + left, middle + right)


def test_both_channels_of_the_widest_stereo_picture_are_one_take():
    """All in common is a direct sound 6 dB under two different reverberations."""
    for name in ("left", "right", "hall"):
        take = tune(name, 10.0)
        left, right = (
            take + 2.0 * signal.fftconvolve(take, hall(f"{name} {side}"))[: len(take)]
            for side in "lr"
        )
        found = compared(left * 0.2, right * 0.2)

        assert [pair.shift_s for pair in found] == [pytest.approx(0.0, abs=0.01)]


def hall(name: str) -> Sound:
    """Return a reverberation of a second, with as much power as the direct sound."""
    noise = seeds.generator(0, "hall", name).normals(SAMPLING_RATE)
    tail: Sound = noise * 10 ** (-3 * np.arange(SAMPLING_RATE) / SAMPLING_RATE)
    return tail / np.sqrt(np.sum(tail**2))


def test_players_of_one_tune_in_step_are_told_apart():
    """Their levels move as one; the phases of each note do not."""
    prints = {
        f"{name}, {player}": fingerprint(pcm(tune(name, 10.0, player=player)))
        for name in ("first", "second")
        for player in ("one", "two", "three")
    }
    one, two, *_ = (describe(cut(0, print_)[0])[:, np.newaxis] for print_ in prints.values())
    peaks = candidates(one, two, np.ones((1, 1)), first=0, second=1)

    assert peaks[0].height > IN_STEP
    assert near_duplicates(prints) == []


def test_two_microphones_in_a_diffuse_field_are_one_take():
    """Twenty centimetres apart, they agree below some 800 Hz alone."""
    stream = seeds.generator(0, "field")
    size = 10 * SAMPLING_RATE
    hertz = np.fft.rfftfreq(size, 1 / SAMPLING_RATE)
    spectra = np.zeros((2, len(hertz)), np.complex128)
    for number in range(40):
        wave = np.fft.rfft(hiss(f"direction {number}", 10.0))
        delay_s = 0.2 * stream.uniform(-1.0, 1.0) / 343.0
        spectra += np.stack([wave, wave * np.exp(-2j * np.pi * hertz * delay_s)])
    first, second = 0.1 * np.fft.irfft(spectra, size)

    assert compared(first, second[4 * SAMPLING_RATE :])


def test_different_takes_of_one_tune_are_told_apart():
    """The same notes at the same times, played again: no waveform repeats."""
    first = tune("tune", 10.0)
    stretched = signal.resample(first, round(1.03 * len(first)))

    assert compared(first, stretched) == []


def test_sequences_of_one_sample_bank_are_told_apart():
    """Every note is the same samples in all of them, on one grid; only the order differs."""
    prints = {
        str(number): fingerprint(pcm(tune(str(number), 10.0, bank="bank"))) for number in range(12)
    }

    assert near_duplicates(prints) == []


def test_hums_of_one_frequency_are_told_apart():
    """They are coherent at every period, and so at none; their hiss is what differs."""

    def hum(name: str) -> Sound:
        stream = seeds.generator(0, "hum", name)
        time_s = np.arange(10 * SAMPLING_RATE) / SAMPLING_RATE
        buzz = np.zeros(len(time_s))
        for number in range(1, 56):
            turn = stream.uniform(0, 2 * np.pi)
            buzz += np.sin(2 * np.pi * 50 * number * time_s + turn) / number
        return 0.1 * buzz + 0.001 * stream.normals(len(time_s))

    first, second = hum("first"), hum("second")

    assert compared(first, second) == []
    assert compared(first, first[3 * SAMPLING_RATE :])


def test_stationary_noises_and_silence_are_told_apart():
    """Silent, constant, clicking and barely dithered recordings are like nothing."""
    dither = [seeds.generator(number, "dither").words(441_000) % np.uint64(3) for number in (0, 1)]
    click = np.zeros(441_000, np.int16)
    click[1000] = 20_000
    prints = {f"hiss {n}": fingerprint(pcm(hiss(str(n), 4.0 + n))) for n in range(10)}
    prints |= {f"dither {n}": fingerprint(d.astype(np.int16)) for n, d in enumerate(dither)}
    prints |= {f"silence {n}": fingerprint(np.zeros(441_000, np.int16)) for n in range(2)}
    prints |= {f"constant {n}": fingerprint(np.full(441_000, 7 + n, np.int16)) for n in range(2)}
    prints |= {f"click {n}": fingerprint(np.roll(click, n)) for n in range(2)}
    prints |= {f"short {n}": fingerprint(np.ones(n, np.int16)) for n in (0, 1, 7, 9, 900)}

    assert near_duplicates(prints) == []


def test_the_answer_does_not_depend_on_workers_or_order():
    """Threads share the work, not the result; a pair's shift has the sign of its order."""
    take = tune("order", 16.0)
    cuts = {str(start): take[start * SAMPLING_RATE :][: 10 * SAMPLING_RATE] for start in (0, 3, 5)}
    prints = {name: fingerprint(pcm(cut)) for name, cut in cuts.items()}
    calls: list[tuple[int, int]] = []
    one = near_duplicates(prints, progress=lambda done, total: calls.append((done, total)))
    turned = near_duplicates(dict(reversed(prints.items())), workers=2)

    assert one == near_duplicates(prints, workers=2)
    assert [(pair.first, pair.second) for pair in one] == [("0", "3"), ("0", "5"), ("3", "5")]
    assert [pair.shift_s for pair in one] == pytest.approx([3.0, 5.0, 2.0], abs=0.01)
    assert {(p.second, p.first) for p in turned} == {(p.first, p.second) for p in one}
    assert [pair.shift_s for pair in turned] == pytest.approx([-2.0, -5.0, -3.0], abs=0.01)
    assert calls[-1][0] == calls[-1][1]


@pytest.fixture(scope="module")
def open_sounds() -> dict[str, Sound]:
    """Every recording of the open corpus (time,), by id."""
    folder = SHARED / "open"
    if not folder.is_dir():
        pytest.skip("the open corpus does not lie beside the project")
    sounds = {}
    for role in ROLES:
        with (folder / f"{role}.csv").open(newline="", encoding="utf-8") as table:
            for row in csv.DictReader(table):
                sounds[row["id"]] = soundfile.read(folder / row["file"])[0]
    return sounds


@pytest.fixture(scope="module")
def open_prints(open_sounds: dict[str, Sound]) -> dict[str, Fingerprint]:
    return {name: fingerprint(pcm(sound)) for name, sound in open_sounds.items()}


def test_the_open_corpus_has_three_pairs_and_no_false_one(open_prints):
    """13 041 pairs. The three were confirmed by hand: sharp peaks of the raw cross-correlation
    at these lags (rain 0.98 over 4 s; crowd 0.43; under the two thunders, one rain at −60 dBFS).
    """
    found = {(pair.first, pair.second) for pair in near_duplicates(open_prints)}

    assert found == {
        ("noise/crowd/olpc_crowd1", "noise/crowd/olpc_crowd5"),
        ("noise/weather/0ad_rain_11", "noise/weather/0ad_rain_12"),
        ("noise/weather/olpc_thunder1", "noise/weather/olpc_thunder2"),
    }


def test_channels_of_stereo_recordings_are_found():
    """Left against right, every ten seconds: none of what these bars were set on."""
    folder = SHARED / "originals"
    if not folder.is_dir():
        pytest.skip("the originals of the open corpus do not lie beside the project")
    missed, count = [], 0
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        sound, _ = soundfile.read(path, always_2d=True)
        size = 10 * SAMPLING_RATE
        for start in range(0, max(1, len(sound) - size // 2), size):
            part = sound[start : start + size]
            if part.shape[1] == 2 and part.any(axis=0).all():
                count += 1
                if not compared(part[:, 0], part[:, 1]):
                    missed.append(f"{path.name} from {start / SAMPLING_RATE} s")

    assert missed == []
    assert count > 50


def recall(sounds: dict[str, Sound], prints: dict[str, Fingerprint]) -> dict[str, list[str]]:
    """Return what is missed, by copy, of copies that lack up to five seconds of their take."""
    missed = defaultdict(list)
    for name, sound in sounds.items():
        cut_s = seeds.generator(0, "cut", name).uniform(1.0, len(sound) / SAMPLING_RATE / 2)
        start = round(min(cut_s, 5.0) * SAMPLING_RATE)
        for label, copy in COPIES.items():
            found = near_duplicates({"a": prints[name], "b": fingerprint(pcm(copy(sound[start:])))})
            if not found:
                missed[label].append(name)
    return missed


def test_copies_of_open_recordings_are_found(open_sounds, open_prints):
    """Every fifteenth recording; all of them under stress."""
    chosen = dict(list(open_sounds.items())[::15])

    assert recall(chosen, open_prints) == {}


@pytest.mark.stress
def test_copies_of_every_open_recording_are_found(open_sounds, open_prints):
    """162 recordings, eight copies each, all shifted: one change is never too much."""
    missed = recall(open_sounds, open_prints)
    in_a_room = missed.pop("another microphone, noisy", [])

    assert missed == {}
    # Reverberation as strong as the sound and noise besides: a sparse koto is at the threshold.
    assert len(in_a_room) <= 0.01 * len(open_sounds)


@pytest.mark.stress
def test_transposed_and_stretched_takes_are_told_apart(open_sounds, open_prints):
    """By another's hand (librosa): ± 1 and 2 semitones, ± 3 to 10 %; against everything."""
    librosa = pytest.importorskip("librosa", reason="librosa makes the different takes")
    takes = {name: {"": held} for name, held in open_prints.items()}
    for name, sound in open_sounds.items():
        if name.startswith("clean/"):
            for steps in (-2, -1, 1, 2):
                other = librosa.effects.pitch_shift(sound, sr=SAMPLING_RATE, n_steps=steps)
                takes[name][f"{steps} semitones"] = fingerprint(pcm(other))
            for rate in (0.9, 0.95, 0.97, 1.03, 1.05, 1.1):
                other = librosa.effects.time_stretch(sound, rate=rate)
                takes[name][f"{rate} times"] = fingerprint(pcm(other))
    prints = {f"{name}|{how}": p for name, held in takes.items() for how, p in held.items()}
    found = near_duplicates(prints, workers=2)

    assert [p for p in found if p.first.split("|")[1] != p.second.split("|")[1]] == []
    assert len(list(combinations(prints, 2))) > 600_000


def noise(name: str, seconds: float = 8.0) -> np.ndarray:
    """Sound below 2 kHz, where a fingerprint looks."""
    rough = generator(0, "weight", name).normals(round(seconds * SAMPLING_RATE))
    return np.convolve(rough, np.hanning(32), mode="same")


def pcm_of_weight(sound: np.ndarray) -> np.ndarray:
    return np.rint(3_000 * sound / sound.std()).astype(np.int16)


@pytest.mark.parametrize("shift_s", [0.0, 2.5, -3.0])
def test_one_take_correlates_at_its_shift(shift_s):
    """Whichever begins earlier, and at any gain and polarity."""
    take = noise("take")
    start = round(abs(shift_s) * SAMPLING_RATE)
    first, second = (take, take[start:]) if shift_s >= 0 else (take[start:], take)

    # A shift that is no multiple of the thinning costs up to half a slow sample: 10 % here.
    assert correlation(pcm_of_weight(first), pcm_of_weight(-0.2 * second), shift_s=shift_s) > 0.85


def test_a_background_counts_by_its_share_of_the_power():
    """Two sounds over one background 20 dB below: a hundredth of the power is common."""
    rain = noise("rain")
    first, second = (noise(name) + 0.1 * rain for name in ("one", "two"))

    # Chance correlation of 8 s below 2 kHz is about 0.005; the largest of 660 lags three times it.
    assert correlation(pcm_of_weight(first), pcm_of_weight(second), shift_s=0.0) == pytest.approx(
        0.01, abs=0.02
    )
    assert correlation(pcm_of_weight(rain), pcm_of_weight(rain), shift_s=0.0) == pytest.approx(1.0)


def test_silence_and_no_common_time_correlate_with_nothing():
    """Nothing is in common."""
    sound = pcm_of_weight(noise("sound"))

    assert correlation(sound, np.zeros_like(sound), shift_s=0.0) == 0.0
    assert correlation(sound, sound, shift_s=60.0) == 0.0
