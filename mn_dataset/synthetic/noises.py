"""Make noises: mains and converters, crowds, weather, traffic, and stationary noise.

Electrical noise is mains hum with harmonics, rectifier buzz, hiss and discharges; stationary
noise is Gaussian noise of a fixed spectrum (Voss and Clarke 1978 for the power laws).
"""

from __future__ import annotations

import numpy as np
import scipy  # its parts are imported when they are first used

from mn_dataset.records import SAMPLING_RATE
from mn_dataset.seeds import Stream
from mn_dataset.synthetic import synthesis, voice
from mn_dataset.synthetic.synthesis import Sound

_SOUND_M_S = 343.0
_COLOURS = ("white", "pink", "brown", "band", "fan", "air")


def electrical(draw: Stream, num_samples: int) -> Sound:
    """Hum at 50 or 60 Hz with harmonics, buzz at twice that, hiss and crackle."""
    mains_hz = draw.choice((50.0, 60.0))
    unsteady = synthesis.wander(draw, num_samples, rate_hz=0.7) - 0.5
    cycles = synthesis.phase(mains_hz * (1.0 + 0.002 * unsteady))
    n = np.arange(1.0, 13.0)
    odd = np.where(n % 2 == 1, 1.0, 0.5)
    hum = synthesis.turn(synthesis.cycle(odd * draw.uniforms(12) / n**0.7), cycles)
    h = np.arange(2.0, 241.0, 2.0)
    spikes = np.zeros(240)
    spikes[1::2] = (0.4 + 0.6 * draw.uniforms(120)) / (1.0 + (h * mains_hz / 2500.0) ** 2)
    buzz = synthesis.turn(synthesis.cycle(spikes), cycles)
    load = 0.6 + 0.4 * synthesis.wander(draw, num_samples, rate_hz=1.5)
    hiss = synthesis.band(synthesis.white(draw, num_samples), 1500.0, SAMPLING_RATE / 2)
    discharges = synthesis.scatter(draw, num_samples, rate_hz=draw.uniform(8.0, 20.0), tail=0.4)
    return (
        synthesis.unit(hum)
        + draw.uniform(0.4, 0.9) * load * synthesis.unit(buzz)
        + draw.uniform(0.3, 0.45) * hiss
        + draw.uniform(2.5, 3.5) * synthesis.band(discharges, 800.0, 12_000.0)
    )


def stationary(draw: Stream, num_samples: int, *, kind: int) -> Sound:
    """Draw Gaussian noise: white, pink, brown, one band, a fan, or moving air, by ``kind``."""
    f = np.fft.rfftfreq(num_samples, 1.0 / SAMPLING_RATE)
    safe = np.maximum(f, 20.0)
    centre_hz = draw.uniform(500.0, 1200.0)
    shape = {
        "white": np.ones(len(f)),
        "pink": safe**-0.5,
        "brown": 1.0 / np.hypot(safe, 80.0),
        "band": np.exp(-0.5 * (np.log(safe / centre_hz) / 0.6) ** 2) + 0.02,
        "fan": safe**-0.7 + 0.02 * np.exp(-0.5 * ((f - centre_hz / 4) / 3.0) ** 2),
        "air": 1.0 / np.hypot(safe, 400.0) + 3e-4 * np.exp(-0.5 * ((f - 4000.0) / 1500.0) ** 2),
    }[_COLOURS[kind % len(_COLOURS)]]
    spectrum = np.fft.rfft(draw.normals(num_samples))
    return np.fft.irfft(spectrum * shape, num_samples)


def crowd(draw: Stream, num_samples: int) -> Sound:
    """Let people talk at once while some cheer and some clap."""
    vowels = [np.zeros(num_samples) for _ in voice.VOWELS_HZ]
    for talker in range(14):
        cheers = talker >= 11
        base_hz = draw.choice((110.0, 130.0, 190.0, 220.0)) * draw.uniform(0.9, 1.15)
        base_hz *= 1.7 if cheers else 1.0
        intonation = synthesis.wander(draw, num_samples, rate_hz=2.0)
        source = voice.glottis(base_hz * (0.8 + 0.5 * intonation))
        syllable_hz = 1.5 if cheers else 8.0
        syllables = np.clip(
            synthesis.wander(draw, num_samples, rate_hz=syllable_hz) - 0.3, 0.0, 1.0
        )
        speaks = synthesis.wander(draw, num_samples, rate_hz=0.8) > 0.3
        source *= syllables * speaks * draw.uniform(0.3, 1.0)
        mouth = synthesis.wander(draw, num_samples, rate_hz=5.0)
        vowels[talker % 5] += source * mouth
        vowels[(talker + 1 + draw.integer(4)) % 5] += source * (1.0 - mouth)
    babble = np.zeros(num_samples)
    for source, formants_hz in zip(vowels, voice.VOWELS_HZ, strict=True):
        babble += voice.say(source, formants_hz, tract=1.08, singer=False)
    sibilants = synthesis.band(synthesis.white(draw, num_samples), 3000.0, 8000.0)
    sibilants *= np.clip(synthesis.wander(draw, num_samples, rate_hz=9.0) - 0.5, 0.0, 1.0)
    applause = _claps(draw, num_samples)
    return (
        synthesis.unit(babble)
        + 0.2 * sibilants
        + draw.uniform(0.15, 0.4) * synthesis.unit(applause)
    )


def weather(draw: Stream, num_samples: int) -> Sound:
    """Rain in drops and hiss, gusts of wind that howl as they rise, thunder behind."""
    gust = synthesis.wander(draw, num_samples, rate_hz=0.6) ** 2
    low = synthesis.band(synthesis.white(draw, num_samples), 60.0, 300.0)
    high = synthesis.band(synthesis.white(draw, num_samples), 300.0, 900.0)
    wind = low * (0.2 + gust) + 0.8 * high * gust**1.5 + _howl(draw, gust)
    hiss = synthesis.band(synthesis.white(draw, num_samples), 1500.0, 11_000.0)
    rain = hiss * (0.4 + 0.6 * synthesis.wander(draw, num_samples, rate_hz=0.5))
    rain += 0.8 * _drops(draw, num_samples)
    storm = draw.uniform(0.9, 1.4) * synthesis.unit(wind)
    storm += draw.uniform(0.5, 0.9) * synthesis.unit(rain)
    if draw.uniform() < 0.4:
        start_s = draw.uniform(0.1, 0.6) * num_samples / SAMPLING_RATE
        synthesis.mix_in(storm, 2.0 * _thunder(draw), start_s=start_s)
    return storm


def traffic(draw: Stream, num_samples: int) -> Sound:
    """Let vehicles pass, with Doppler shift and swell, over the rumble of a city."""
    rumble = synthesis.band(synthesis.white(draw, num_samples), 30.0, 120.0)
    rumble += 0.3 * synthesis.band(synthesis.white(draw, num_samples), 120.0, 500.0)
    out = 0.35 * synthesis.unit(rumble)
    seconds = num_samples / SAMPLING_RATE
    count = max(1, round(seconds / 3.0))
    for vehicle in range(count):
        meets_s = seconds * (vehicle + draw.uniform(0.2, 0.8)) / count
        out += draw.uniform(0.6, 1.3) * _pass_by(draw, num_samples, meets_s)
    return out


def _claps(draw: Stream, num_samples: int) -> Sound:
    """Scatter hundreds of hand claps, each a short burst around 1 to 2 kHz."""
    impulses = synthesis.scatter(draw, num_samples, rate_hz=draw.uniform(60.0, 150.0), tail=0.2)
    burst_samples = synthesis.samples(0.03)
    burst = synthesis.white(draw, burst_samples) * synthesis.fall(burst_samples, 0.005)
    clapping = scipy.signal.oaconvolve(impulses, synthesis.band(burst, 700.0, 2800.0))[:num_samples]
    return np.asarray(clapping, dtype=np.float64) * synthesis.wander(draw, num_samples, rate_hz=0.5)


def _howl(draw: Stream, gust: Sound) -> Sound:
    """Return a narrow band of noise whose centre rises with the gust (aeolian tone)."""
    slow = synthesis.band(synthesis.white(draw, len(gust)), 0.0, 25.0)
    centre = synthesis.phase(280.0 + 420.0 * gust)
    return 3.0 * slow * np.sin(2.0 * np.pi * centre) * gust


def _drops(draw: Stream, num_samples: int) -> Sound:
    """Scatter drops: decaying bubbles, the smaller the higher (Minnaert 1933)."""
    out = np.zeros(num_samples)
    for octave in range(6):
        impulses = synthesis.scatter(draw, num_samples, rate_hz=draw.uniform(15.0, 40.0), tail=0.4)
        bubble_hz = 1300.0 * 2.0 ** (0.45 * octave + draw.uniform(0.0, 0.4))
        out += synthesis.resonate(impulses, ((bubble_hz, 4.0, 12.0),)) - impulses
    return out


def _thunder(draw: Stream) -> Sound:
    num_samples = synthesis.samples(3.5)
    roll = synthesis.fall(num_samples, 1.0) * (
        0.3 + synthesis.wander(draw, num_samples, rate_hz=4.0)
    )
    rumble = synthesis.band(synthesis.white(draw, num_samples), 25.0, 150.0)
    crack = synthesis.band(synthesis.white(draw, num_samples), 100.0, 2000.0)
    rise = np.clip(np.arange(num_samples) / synthesis.samples(0.05), 0.0, 1.0)
    return rise * (roll * synthesis.unit(rumble) + 0.5 * synthesis.fall(num_samples, 0.12) * crack)


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
    firing = synthesis.phase(draw.uniform(28.0, 65.0) * doppler)
    engine = synthesis.turn(synthesis.cycle(orders), firing)
    tyres = synthesis.band(synthesis.white(draw, num_samples), 500.0, 1600.0)
    return nearest_m / distance_m * (synthesis.unit(engine) + 1.2 * tyres)
