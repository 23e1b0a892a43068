"""Independent components, each at the microphone that is close to it."""

import sys

import numpy as np
import pytest

from benchmarks.external.pyroomacoustics_bss import AuxIva, Ilrma
from benchmarks.harness.apply import load_denoiser
from mn_dataset.errors import MissingExtra
from mn_dataset.seeds import generator

RATE = 16_000
NAMES = ["auxiva", "ilrma"]


def sources():
    """Return two that play bursts of their own colour, each in its own time, 3 s: (2, time)."""
    draws = generator(0, "bss", "sources")
    time_s = np.arange(3 * RATE) / RATE
    tracks = []
    for beat_s, pole in ((0.37, 0.9), (0.53, -0.5)):
        noise = draws.normals(len(time_s))
        colour = pole ** np.arange(40.0)
        tracks.append(np.convolve(noise, colour)[: len(time_s)] * np.exp(-12 * (time_s % beat_s)))
    return np.stack([track / np.abs(track).max() for track in tracks])


def session():
    """Return what two microphones hear, with bleed 2 to 4 ms late in a room, and their own."""
    draws = generator(0, "bss", "room")
    heard, own = [], []
    for mic, other in ((0, 1), (1, 0)):
        response = 0.2 * draws.normals(200) * np.exp(-np.arange(200) / 40)
        response[0] += 1
        late = np.pad(np.convolve(sources()[other], response), (32 * (mic + 1), 0))
        own.append(sources()[mic])
        heard.append(own[-1] + 0.3 * late[: own[-1].size])
    return np.stack(heard), np.stack(own)


def batch_of(signals):
    return np.ascontiguousarray(signals[None, :, None], np.float32)


def si_sdr_db(truth, estimate):
    part = (truth @ estimate) / (truth @ truth) * truth
    return 10 * np.log10((part @ part) / ((estimate - part) @ (estimate - part)))


@pytest.fixture(params=NAMES)
def debleeder(request):
    pytest.importorskip("pyroomacoustics", reason="the extra 'rooms' is not installed")
    return load_denoiser(request.param)


def test_late_bleed_in_a_room_is_reduced(debleeder):
    """By 5 dB and more at both microphones, where instantaneous mixing fails."""
    heard, own = session()

    estimates = debleeder(batch_of(heard), RATE, num_targets=2)[0, :, 0].astype(np.float64)

    for truth, before, after in zip(own, heard, estimates, strict=True):
        assert si_sdr_db(truth, after) > si_sdr_db(truth, before) + 5


def test_each_estimate_has_the_scale_of_its_own_microphone(debleeder):
    """A microphone that is turned up by 20 dB has an estimate that is turned up by as much."""
    heard, _ = session()
    gain = np.array([[10.0], [1.0]])

    turned = debleeder(batch_of(gain * heard), RATE, num_targets=2)[0, :, 0]

    before = debleeder(batch_of(heard), RATE, num_targets=2)[0, :, 0]
    for loud, quiet, factor in zip(turned, before, (10.0, 1.0), strict=True):
        level = (loud @ quiet) / (quiet @ quiet)
        assert level == pytest.approx(factor, rel=0.1)


def test_estimates_of_what_is_too_short_are_the_microphones(debleeder):
    """Fewer frames than a matrix has rows tell nothing."""
    heard = batch_of(session()[0][:, :1_000])

    np.testing.assert_array_equal(debleeder(heard, RATE, num_targets=2), heard)


@pytest.mark.parametrize("row", [AuxIva, Ilrma])
def test_a_missing_library_is_told_with_the_command(monkeypatch, row):
    """It is an extra."""
    monkeypatch.setitem(sys.modules, "pyroomacoustics.bss", None)

    with pytest.raises(MissingExtra, match=r"pip install 'mn-dataset\[rooms\]'"):
        row()(batch_of(session()[0]), RATE)
