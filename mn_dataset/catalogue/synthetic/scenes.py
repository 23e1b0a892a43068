"""Make the noises of places: crowds, weather, traffic."""

from __future__ import annotations

import numpy as np
from scipy import signal

from mn_dataset.catalogue.synthetic import filters, voice, wavetable
from mn_dataset.catalogue.synthetic.filters import Sound
from mn_dataset.records import SAMPLING_RATE
from mn_dataset.seeds import Stream

_SOUND_M_S = 343.0


def crowd(draw: Stream, num_samples: int) -> Sound:
    """Let people talk at once while some cheer and some clap."""
    vowels = [np.zeros(num_samples) for _ in voice.VOWELS_HZ]
    for talker in range(14):
        cheers = talker >= 11
        base_hz = draw.choice((110.0, 130.0, 190.0, 220.0)) * draw.uniform(0.9, 1.15)
        base_hz *= 1.7 if cheers else 1.0
        intonation = filters.wander(draw, num_samples, rate_hz=2.0)
        source = voice.glottis(base_hz * (0.8 + 0.5 * intonation))
        syllable_hz = 1.5 if cheers else 8.0
        syllables = np.clip(filters.wander(draw, num_samples, rate_hz=syllable_hz) - 0.3, 0.0, 1.0)
        speaks = filters.wander(draw, num_samples, rate_hz=0.8) > 0.3
        source *= syllables * speaks * draw.uniform(0.3, 1.0)
        mouth = filters.wander(draw, num_samples, rate_hz=5.0)
        vowels[talker % 5] += source * mouth
        vowels[(talker + 1 + draw.integer(4)) % 5] += source * (1.0 - mouth)
    babble = np.zeros(num_samples)
    for source, formants_hz in zip(vowels, voice.VOWELS_HZ, strict=True):
        babble += voice.say(source, formants_hz, tract=1.08, singer=False)
    sibilants = filters.band(filters.white(draw, num_samples), 3000.0, 8000.0)
    sibilants *= np.clip(filters.wander(draw, num_samples, rate_hz=9.0) - 0.5, 0.0, 1.0)
    applause = _claps(draw, num_samples)
    return filters.unit(babble) + 0.2 * sibilants + draw.uniform(0.15, 0.4) * filters.unit(applause)


def weather(draw: Stream, num_samples: int) -> Sound:
    """Rain in drops and hiss, gusts of wind that howl as they rise, thunder behind."""
    gust = filters.wander(draw, num_samples, rate_hz=0.6) ** 2
    low = filters.band(filters.white(draw, num_samples), 60.0, 300.0)
    high = filters.band(filters.white(draw, num_samples), 300.0, 900.0)
    wind = low * (0.2 + gust) + 0.8 * high * gust**1.5 + _howl(draw, gust)
    hiss = filters.band(filters.white(draw, num_samples), 1500.0, 11_000.0)
    rain = hiss * (0.4 + 0.6 * filters.wander(draw, num_samples, rate_hz=0.5))
    rain += 0.8 * _drops(draw, num_samples)
    storm = draw.uniform(0.9, 1.4) * filters.unit(wind)
    storm += draw.uniform(0.5, 0.9) * filters.unit(rain)
    if draw.uniform() < 0.4:
        start_s = draw.uniform(0.1, 0.6) * num_samples / SAMPLING_RATE
        filters.place(storm, 2.0 * _thunder(draw), start_s=start_s)
    return storm


def traffic(draw: Stream, num_samples: int) -> Sound:
    """Let vehicles pass, with Doppler shift and swell, over the rumble of a city."""
    rumble = filters.band(filters.white(draw, num_samples), 30.0, 120.0)
    rumble += 0.3 * filters.band(filters.white(draw, num_samples), 120.0, 500.0)
    out = 0.35 * filters.unit(rumble)
    seconds = num_samples / SAMPLING_RATE
    count = max(1, round(seconds / 3.0))
    for vehicle in range(count):
        meets_s = seconds * (vehicle + draw.uniform(0.2, 0.8)) / count
        out += draw.uniform(0.6, 1.3) * _pass_by(draw, num_samples, meets_s)
    return out


def _claps(draw: Stream, num_samples: int) -> Sound:
    """Scatter hundreds of hand claps, each a short burst around 1 to 2 kHz."""
    impulses = filters.scatter(draw, num_samples, rate_hz=draw.uniform(60.0, 150.0), tail=0.2)
    burst_samples = filters.samples(0.03)
    burst = filters.white(draw, burst_samples) * filters.fall(burst_samples, 0.005)
    clapping = signal.oaconvolve(impulses, filters.band(burst, 700.0, 2800.0))[:num_samples]
    return np.asarray(clapping, dtype=np.float64) * filters.wander(draw, num_samples, rate_hz=0.5)


def _howl(draw: Stream, gust: Sound) -> Sound:
    """Return a narrow band of noise whose centre rises with the gust (aeolian tone)."""
    slow = filters.band(filters.white(draw, len(gust)), 0.0, 25.0)
    centre = wavetable.phase(280.0 + 420.0 * gust)
    return 3.0 * slow * np.sin(2.0 * np.pi * centre) * gust


def _drops(draw: Stream, num_samples: int) -> Sound:
    """Scatter drops: decaying bubbles, the smaller the higher (Minnaert 1933)."""
    out = np.zeros(num_samples)
    for octave in range(6):
        impulses = filters.scatter(draw, num_samples, rate_hz=draw.uniform(15.0, 40.0), tail=0.4)
        bubble_hz = 1300.0 * 2.0 ** (0.45 * octave + draw.uniform(0.0, 0.4))
        out += filters.resonate(impulses, ((bubble_hz, 4.0, 12.0),)) - impulses
    return out


def _thunder(draw: Stream) -> Sound:
    num_samples = filters.samples(3.5)
    roll = filters.fall(num_samples, 1.0) * (0.3 + filters.wander(draw, num_samples, rate_hz=4.0))
    rumble = filters.band(filters.white(draw, num_samples), 25.0, 150.0)
    crack = filters.band(filters.white(draw, num_samples), 100.0, 2000.0)
    rise = np.clip(np.arange(num_samples) / filters.samples(0.05), 0.0, 1.0)
    return rise * (roll * filters.unit(rumble) + 0.5 * filters.fall(num_samples, 0.12) * crack)


def _pass_by(draw: Stream, num_samples: int, meets_s: float) -> Sound:
    """Drive a vehicle past at constant speed: engine orders, tyres, 1 / distance, Doppler."""
    t = np.arange(num_samples) / SAMPLING_RATE - meets_s
    speed_m_s, nearest_m = draw.uniform(9.0, 20.0), draw.uniform(4.0, 8.0)
    distance_m = np.hypot(nearest_m, speed_m_s * t)
    approach_m_s = -(speed_m_s**2) * t / distance_m
    doppler = 1.0 / (1.0 - approach_m_s / _SOUND_M_S)
    n = np.arange(1.0, 41.0)
    orders = (0.3 + draw.uniforms(40)) / n
    orders[1::2] *= 1.6
    firing = wavetable.phase(draw.uniform(28.0, 65.0) * doppler)
    engine = wavetable.turn(wavetable.cycle(orders), firing)
    tyres = filters.band(filters.white(draw, num_samples), 500.0, 1600.0)
    return nearest_m / distance_m * (filters.unit(engine) + 1.2 * tyres)
