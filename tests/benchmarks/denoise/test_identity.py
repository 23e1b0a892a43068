"""A network that returns its input returns the recording, of any length, in bounded memory."""

import os
import shutil
import subprocess
import sys

import numpy as np
import pytest
import soundfile

from benchmarks.denoise.denoise import denoise
from mn_dataset.seeds import generator

torch = pytest.importorskip("torch", reason="needs: pip install 'mn-dataset[torch]'")

needs_proc = pytest.mark.skipif(
    not os.path.exists("/proc/self/status"), reason="only Linux tells a process's peak of memory"
)
NETWORK = """
import torch

from benchmarks import DenoiserSpec
from benchmarks.layers import stft


class Network(torch.nn.Module):
    config = {"input_rms": 0.035}

    def __init__(self):
        super().__init__()
        self.gain = torch.nn.Parameter(torch.ones(1))

    def forward(self, spectra):
        return self.gain * spectra, spectra


class Spectral:
    spec = DenoiserSpec(name="stft", sampling_rate=44_100, channels=1, backend="torch",
                        chunk=220_500, overlap=22_050)

    def load(self, device, checkpoint):
        self.network = Network().to(device)

    def __call__(self, batch, sampling_rate, *, side=None):
        return stft.estimate(self.network, batch[:, 0])[:, None]
"""


@pytest.fixture
def spectral_network(tmp_path):
    path = tmp_path / "network.py"
    path.write_text(NETWORK, encoding="utf-8")
    return f"{path}:Spectral"


def snr_db(signal, estimate):
    error = np.square(signal - estimate).sum()
    return 10 * np.log10(np.square(signal).sum() / max(error, 1e-30))


def passed_through(tmp_path, denoiser, samples, rate):
    """Return what a recording in floating point becomes."""
    soundfile.write(tmp_path / "a.wav", samples, rate, subtype="FLOAT")
    denoise([tmp_path / "a.wav"], denoiser=denoiser, out=tmp_path / "out")
    return soundfile.read(tmp_path / "out" / "a.wav", always_2d=True)[0]


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("seconds", [1, 60, pytest.param(600, marks=pytest.mark.stress)])
def test_identity_is_identity_from_the_first_sample_to_the_last(
    tmp_path, spectral_network, seconds, channels
):
    """Over the whole, at both ends, and over every seam: level, margins, spectra, crossfades."""
    count = 44_100 * seconds + 17
    draws = generator(0, "identity", str(channels)).uniforms(count * channels)
    samples = (draws.reshape(count, channels) - 0.5).astype(np.float32).astype(float)

    found = passed_through(tmp_path, spectral_network, samples, 44_100)

    assert found.shape == samples.shape
    # float32 transforms: 138 dB measured. A head that is not padded for, a seam whose weights do
    # not sum to one and a tail that is lost have 20 to 40 dB.
    assert snr_db(samples, found) > 120
    for first in (0, count - 100, *range(198_450, count - 22_050, 198_450)):
        part = slice(first, first + 22_050)
        assert snr_db(samples[part], found[part]) > 110


@pytest.mark.parametrize("rate", [8_000, 16_000, 22_050, 32_000, 48_000, 96_000, 192_000])
def test_other_rates_come_back_as_soxr_allows(tmp_path, spectral_network, rate):
    """On time to the sample, for music below two thirds of what both rates can carry."""
    count = rate * 6 + 5
    time_s = np.arange(count) / rate
    top_hz = 0.65 * min(rate, 44_100) / 2
    pitches_hz = top_hz * generator(0, "identity", "pitches").uniforms(8)
    fade = np.sin(np.pi * np.arange(count) / count) ** 2
    music = fade * sum(0.1 * np.sin(2 * np.pi * pitch * time_s) for pitch in pitches_hz)
    samples = music[:, None].astype(np.float32).astype(float)

    found = passed_through(tmp_path, spectral_network, samples, rate)

    assert found.shape == samples.shape
    # VHQ falls off slowly: 110 dB at 0.65 of the band's edge, 70 dB at 0.9; one sample late: 10 dB.
    assert snr_db(samples, found) > 90


# getrusage would begin with the peak of the process that started this one.
PEAK = """
import sys
from pathlib import Path
from benchmarks.denoise.denoise import denoise
print(denoise([Path(sys.argv[1])], denoiser=sys.argv[2], out=Path(sys.argv[3]),
                    residual=True, spectrogram=len(sys.argv) > 4))
print(Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0])
"""


def peak_kb(*words):
    """Return the most memory that a process of its own held."""
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-c", PEAK, *map(str, words)]
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
    assert "1 recording" in done.stdout
    return int(done.stdout.splitlines()[-1])


def write_long(path, minutes, *, rate, subtype):
    """Write stereo that repeats every ten seconds."""
    count = rate * 10
    block = generator(0, "long").uniforms(2 * count).reshape(count, 2) - 0.5
    with soundfile.SoundFile(path, "w", rate, 2, subtype) as file:
        for _ in range(minutes * 6):
            file.write(block)
    return path


@pytest.fixture
def roomy(tmp_path):
    """A folder for gigabytes, which are not kept for the next sessions."""
    yield tmp_path
    shutil.rmtree(tmp_path)


@pytest.mark.stress
@needs_proc
def test_memory_does_not_grow_with_the_length(roomy, spectral_network, own):
    """The peak for an hour of stereo at 48 kHz is within a tenth of that for five minutes."""
    for number, denoiser in enumerate((spectral_network, own("Same"), own("Half"))):
        peaks = []
        for minutes in (5, 60):
            path = write_long(roomy / "a.wav", minutes, rate=48_000, subtype="PCM_16")
            peaks.append(peak_kb(path, denoiser, roomy / f"out-{number}-{minutes}"))

        assert peaks[1] < 1.1 * peaks[0]


@pytest.mark.stress
@needs_proc
def test_the_network_that_ships_takes_less_than_a_gigabyte(roomy):
    """And no more for four minutes of stereo than for one."""
    peaks = []
    for minutes in (1, 4):
        path = write_long(roomy / "a.wav", minutes, rate=44_100, subtype="PCM_16")
        peaks.append(peak_kb(path, "musicecan_small", roomy / f"out-{minutes}"))

    assert peaks[1] < 1.1 * peaks[0]
    assert peaks[1] < 1_000_000


@pytest.mark.stress
@needs_proc
def test_twenty_minutes_of_a_studios_recording(roomy, spectral_network):
    """96 kHz, 24 bits, stereo, with everything that can be asked for."""
    path = write_long(roomy / "a.wav", 20, rate=96_000, subtype="PCM_24")

    peak = peak_kb(path, spectral_network, roomy / "out", "picture")

    after = soundfile.info(roomy / "out" / "a.wav")
    assert (after.samplerate, after.subtype, after.channels) == (96_000, "PCM_24", 2)
    assert after.frames == 20 * 60 * 96_000
    assert (roomy / "out" / "a.spectrogram.png").stat().st_size > 10_000
    # The recording alone is 690 MB; torch, matplotlib and five seconds of work take 500.
    assert peak < 700_000
