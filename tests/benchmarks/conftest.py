"""Give the tests of this package what several of its rooms need."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import torch

from benchmarks.layers.tensorflow_weights import reference_name
from mn_dataset.seeds import generator

OWN = '''
import os
import time
from pathlib import Path

import numpy as np

from benchmarks import DenoiserSpec


class Same:
    spec = DenoiserSpec(name="same", chunk=20_000, overlap=2_000)

    def __call__(self, batch, sampling_rate, *, side=None):
        return batch


class Half(Same):
    spec = DenoiserSpec(name="half")

    def __call__(self, batch, sampling_rate, *, side=None):
        return 0.5 * batch


class Most(Same):
    spec = DenoiserSpec(name="most")

    def __call__(self, batch, sampling_rate, *, side=None):
        return 0.9 * batch


class Double(Same):
    spec = DenoiserSpec(name="double")

    def __call__(self, batch, sampling_rate, *, side=None):
        return 2 * batch


class Fails(Same):
    spec = DenoiserSpec(name="fails")

    def __call__(self, batch, sampling_rate, *, side=None):
        if batch.shape[1] == 2:
            raise RuntimeError("stereo!")
        return batch


class Unloadable(Same):
    spec = DenoiserSpec(name="unloadable")

    def load(self, device, checkpoint):
        raise RuntimeError("weights of another world")


class Oracle(Same):
    spec = DenoiserSpec(name="oracle", needs=frozenset({"clean"}))


class Stuck(Same):
    """Says that it was reached, and waits, while a file tells it to; in the middle of stereo."""

    spec = DenoiserSpec(name="stuck", chunk=20_000, overlap=2_000)
    calls = 0

    def __call__(self, batch, sampling_rate, *, side=None):
        self.calls += batch.shape[1] == 2
        here = Path(__file__).parent
        if self.calls > 2 and (here / "wait").exists():
            (here / "reached").touch()
            time.sleep(60)
        return 0.5 * batch


class Parts(Same):
    """A separator for 16 kHz, in pieces: a quarter of what it hears is sung."""

    spec = DenoiserSpec(name="parts", task="separate", sampling_rate=16_000, channels=1,
                        chunk=20_000, overlap=2_000, remainder="accompaniment")

    def __call__(self, batch, sampling_rate, *, side=None):
        return np.stack([0.25 * batch, 0.75 * batch], axis=1)


class Loud(Same):
    """Hears a voice three times as loud as the song, upside down."""

    spec = DenoiserSpec(name="loud", task="separate")

    def __call__(self, batch, sampling_rate, *, side=None):
        return np.stack([-3 * batch, batch], axis=1)


class Told(Parts):
    spec = DenoiserSpec(name="told", task="separate", needs=frozenset({"clean"}))


class Halves(Same):
    """A debleeder of one microphone per source, in pieces: half of each."""

    spec = DenoiserSpec(name="halves", task="debleed", channels=1, chunk=20_000, overlap=2_000)

    def __call__(self, batch, sampling_rate, *, side=None):
        return 0.5 * batch


class Unmixed(Halves):
    """Knows that each source is heard at a tenth in the microphones of the others."""

    spec = DenoiserSpec(name="unmixed", task="debleed", channels=1, chunk=20_000, overlap=2_000)
    voices = None

    def assign(self, voices):
        self.voices = list(voices)

    def __call__(self, batch, sampling_rate, *, side=None):
        voices = self.voices or list(range(batch.shape[1]))
        first = [voices.index(voice) for voice in range(max(voices) + 1)]
        count = len(first)
        paths = np.full((count, count), 0.1) + 0.9 * np.eye(count)
        apart = np.einsum("ij,bjct->bict", np.linalg.inv(paths), batch[:, first])
        return apart[:, voices].astype(np.float32)


class Narrow(Halves):
    spec = DenoiserSpec(name="narrow", task="debleed", channels=1, sampling_rate=16_000,
                        chunk=20_000, overlap=2_000, remainder="inputs")


class Louder(Halves):
    spec = DenoiserSpec(name="louder", task="debleed", channels=1)

    def __call__(self, batch, sampling_rate, *, side=None):
        return 3 * batch


class ToldMics(Halves):
    spec = DenoiserSpec(name="told_mics", task="debleed", needs=frozenset({"clean"}))


class StuckMics(Stuck):
    spec = DenoiserSpec(name="stuck_mics", task="debleed", chunk=20_000, overlap=2_000)


class StuckParts(Stuck):
    spec = DenoiserSpec(name="stuck", task="separate", chunk=20_000, overlap=2_000)

    def __call__(self, batch, sampling_rate, *, side=None):
        half = super().__call__(batch, sampling_rate)
        return np.stack([half, half], axis=1)
'''


@pytest.fixture
def arrays_of() -> Callable[[torch.nn.Module], dict[str, np.ndarray]]:
    """Return a function that gives a network's weights as the reference would store them."""
    axes = {4: (2, 3, 1, 0), 3: (2, 1, 0), 2: (0, 1), 1: (0,)}

    def stored(network):
        weights = network.state_dict()
        return {
            reference_name(name): value.permute(axes[value.ndim]).numpy()
            for name, value in weights.items()
        }

    return stored


@pytest.fixture(scope="session")
def song() -> np.ndarray:
    """A voice that glides over a loop of a fifth of a second, 6 s at 44.1 kHz: (1, 2, 1, time)."""
    time_s = np.arange(6 * 44_100) / 44_100
    since_s = time_s % 0.2
    chord = sum(np.sin(2 * np.pi * hz * time_s) for hz in (110, 220, 330, 440))
    beat = np.tile(generator(0, "song", "beat").normals(8_820), 30) * np.exp(-60 * since_s)
    accompaniment = 0.1 * chord + 0.2 * beat
    glide = 300 * time_s + 60 * time_s**2 + np.sin(11 * np.pi * time_s)
    voice = sum(np.sin(2 * np.pi * n * glide) / n for n in (1, 2, 3, 4))
    voice *= 0.2 * (np.sin(2 * np.pi * 0.41 * time_s) > -0.3)
    return np.stack([voice, accompaniment])[None, :, None].astype(np.float32)


@pytest.fixture
def own(tmp_path: Path) -> Callable[[str], str]:
    """Return a function that names one of the denoisers above."""
    path = tmp_path / "own.py"
    path.write_text(OWN, encoding="utf-8")
    return lambda name: f"{path}:{name}"


@pytest.fixture
def record(tmp_path: Path) -> Callable[..., Path]:
    """Return a function that writes a recording below the folder "in": noise of ±0.5 by default."""

    def write(
        name: str,
        samples: Any = None,
        *,
        rate: int = 44_100,
        seconds: float = 0.5,
        channels: int = 2,
        **form: str,
    ) -> Path:
        path = tmp_path / "in" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if samples is None:
            draws = generator(0, "recordings", name).uniforms(round(seconds * rate) * channels)
            samples = draws.reshape(-1, channels) - 0.5
        soundfile.write(path, samples, rate, **form)
        return path

    return write
