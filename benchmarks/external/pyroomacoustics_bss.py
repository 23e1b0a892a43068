"""AuxIVA and ILRMA: as many independent components as microphones, by a matrix per frequency.

Ono, "Stable and fast update rules for independent vector analysis based on auxiliary function
technique", WASPAA 2011; Kitamura, Ono, Sawada, Kameoka and Saruwatari, "Determined blind source
separation unifying independent vector analysis and nonnegative matrix factorization", IEEE/ACM
TASLP 24(9), 2016; both by ``pyroomacoustics.bss``. Ours is what is around them: each component is
projected back on the microphones, where the components add up to what was recorded, and in every
frequency each microphone gets one, those of which the microphones are most (the assignment of the
greatest sum of shares). One assignment for all frequencies leaves whole bands with their
neighbours: 1 to 1.5 dB less in the mean over songs whose bleed is 2 to 10 ms late.

The window is 93 ms (4096 samples at 44.1 kHz) with a hop of a quarter: a path must be shorter, and
paths across a stage are some 15 ms. Twenty steps are the program's default; ten more change little.
The time grows with the third power of the microphones, from some 8 s for 10 s of four. The
components are found on signals with noise of -80 dB beside them, without which the programs divide
by zero in silent frequencies; silent microphones are left out. ILRMA's random start is drawn with
one seed, and numpy's global generator, which the program draws from, is put back.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.fft
import scipy.optimize
from numpy.typing import NDArray

from benchmarks.contract import Batch, DenoiserSpec, Side
from benchmarks.signal.stft import Spectrum, Stft
from mn_dataset.errors import InputError, MissingExtra
from mn_dataset.seeds import generator

Complex = NDArray[np.complex128]

MOST_MICROPHONES = 16
"""Of more an answer would take hours."""

_HOP_S = 1024 / 44_100
_STEPS = 20
_FRAMES_EACH = 4  # of a microphone, at least: with fewer than one a matrix has no inverse
_DITHER = 1e-4  # of a microphone's RMS: -80 dB


class AuxIva:
    """Components whose frequencies are loud together (Laplace)."""

    spec = DenoiserSpec(
        name="auxiva",
        task="debleed",
        channels=1,
        package="pyroomacoustics",
        extra="rooms",
        citation="Ono, WASPAA 2011, doi:10.1109/ASPAA.2011.6082320; Scheibler, Bezzam and "
        "Dokmanić, Pyroomacoustics, ICASSP 2018",
    )

    def __call__(self, batch: Batch, sampling_rate: int, *, side: Side | None = None) -> Batch:
        """Return the sources, shape (batch, microphones, 1, time).

        Raises:
            MissingExtra: if the library is not installed.
            InputError: if there are more than ``MOST_MICROPHONES``.
        """
        del side
        return _separated(batch, sampling_rate, self._components)

    def _components(self, spectrum: Complex) -> Complex:
        found: Complex = _library().auxiva(spectrum, n_iter=_STEPS, proj_back=False)
        return found


class Ilrma:
    """Components whose powers are of low rank: two spectra each, the program's default."""

    spec = DenoiserSpec(
        name="ilrma",
        task="debleed",
        channels=1,
        package="pyroomacoustics",
        extra="rooms",
        citation="Kitamura et al., IEEE/ACM TASLP 24(9) 2016, doi:10.1109/TASLP.2016.2577880; "
        "Scheibler, Bezzam and Dokmanić, Pyroomacoustics, ICASSP 2018",
    )

    def __call__(self, batch: Batch, sampling_rate: int, *, side: Side | None = None) -> Batch:
        """Return the sources, shape (batch, microphones, 1, time).

        Raises:
            MissingExtra: if the library is not installed.
            InputError: if there are more than ``MOST_MICROPHONES``.
        """
        del side
        return _separated(batch, sampling_rate, self._components)

    def _components(self, spectrum: Complex) -> Complex:
        before = np.random.get_state()  # noqa: NPY002 - the program draws from it
        try:
            np.random.seed(0)  # noqa: NPY002
            found: Complex = _library().ilrma(spectrum, n_iter=_STEPS, proj_back=False)
        finally:
            np.random.set_state(before)  # noqa: NPY002
        return found


def _separated(batch: Batch, sampling_rate: int, components: Callable[[Complex], Complex]) -> Batch:
    """Separate each item's microphones that are not silent."""
    if batch.shape[1] > MOST_MICROPHONES:
        raise InputError(
            f"{batch.shape[1]} microphones; expected {MOST_MICROPHONES} or fewer, as the time "
            "grows with their third power; leave some out, or choose another denoiser"
        )
    hop = scipy.fft.next_fast_len(max(1, round(_HOP_S * sampling_rate)), real=True)
    stft = Stft(hop=hop)
    estimates = batch.copy()
    for item in estimates[:, :, 0]:
        sounding = item.any(axis=-1)
        spectrum = stft.forward(item[sounding])
        if len(spectrum) > 1 and spectrum.shape[1] >= _FRAMES_EACH * len(spectrum):
            images = _images(spectrum, components)
            item[sounding] = stft.inverse(images, num_samples=item.shape[-1])
    return estimates


def _images(spectrum: Spectrum, components: Callable[[Complex], Complex]) -> Spectrum:
    """Return of every microphone the component that is its own, as it hears it.

    Args:
        spectrum: Of the microphones, shape (microphones, frames, bins).
        components: Finds components (frames, bins, microphones) of microphones, likewise.
    """
    scale = np.sqrt(np.square(np.abs(spectrum)).mean(axis=(1, 2), dtype=np.float64))
    noise = generator(0, "dither", "bss").normals(2 * spectrum.size).view(np.complex128)
    level = _DITHER * scale.reshape(-1, 1, 1)
    heard = (spectrum + level * noise.reshape(spectrum.shape)).transpose(1, 2, 0)
    found = components(heard / scale.max())
    across, down = found.transpose(1, 2, 0), heard.transpose(1, 2, 0)
    adjoint = down.conj().swapaxes(1, 2)
    # Of the components themselves: the matrix that ILRMA returns is not theirs (0.10.1).
    unmixing = (across @ adjoint) @ np.linalg.inv(down @ adjoint)
    mixing = np.linalg.inv(unmixing)
    power = np.square(np.abs(mixing)) * np.square(np.abs(across)).sum(axis=2)[:, np.newaxis]
    shares = power / power.sum(axis=2, keepdims=True)
    own = np.stack([scipy.optimize.linear_sum_assignment(one, maximize=True)[1] for one in shares])
    own = own[:, :, np.newaxis]
    parts = np.take_along_axis(unmixing, own, axis=1) @ spectrum.transpose(2, 0, 1)
    images = np.take_along_axis(mixing, own, axis=2) * parts
    return np.ascontiguousarray(images.transpose(1, 2, 0), np.complex64)


def _library() -> Any:
    try:
        return importlib.import_module("pyroomacoustics.bss")
    except ImportError as error:
        raise MissingExtra("pyroomacoustics", extra="rooms") from error
