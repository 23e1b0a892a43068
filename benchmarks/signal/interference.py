"""Kernel additive modelling of microphones that hear each other's sources.

Prätzlich, Bittner, Liutkus and Müller, "Kernel additive modeling for interference reduction in
multi-channel music recordings", ICASSP 2015. The power of microphone i is ``Σ_j L_ij P_j``: the
spectra P of the voices, and how loud each is in every microphone, L, by frequency. In turn every
spectrum is refitted to what the Wiener filter takes for that voice in its own microphones, and
smoothed over its kernel (the paper's algorithm 1), and the matrix is updated for the
Itakura-Saito divergence (its eq. 8 with β = 0).

Frequencies come first, so that all products of matrices are those of one batch. A voice's model
power is computed of the newest spectra when its turn comes, which costs one product per pass.
Everything takes numpy arrays or torch tensors, of float32 or float64.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarks.signal.array_stft import ascending, module_of
from mn_dataset.errors import InputError, UnknownName

Array = Any

KERNELS = {
    "point": ((0, 0),),
    "time": tuple((0, frame) for frame in range(-4, 5)),
    "frequency": tuple((bin_, 0) for bin_ in range(-4, 5)),
    "cross": tuple({(0, step) for step in range(-2, 3)} | {(step, 0) for step in range(-2, 3)}),
}
"""Where a voice is alike, as (bins, frames) from any point: nowhere else, at neighbouring frames
(what sounds on), at neighbouring frequencies (what is struck), or at both (what sings)."""

SLOPE, THRESHOLD = 20.0, 0.6
"""Of the logistic function that stands in for the Wiener gain."""

_FAINT = 1e-10  # of the mean power: below it there is nothing to tell apart
_FAINTEST = 1e-12  # its square times a power is still no subnormal number
_QUIET = 0.05  # quantile of a microphone's power that equalisation takes for its gain
_LEAST_GAIN = 1e-3  # of the median over frequencies


@dataclass(frozen=True)
class Model:
    """How powers are fitted.

    Attributes:
        iterations: Passes over all voices.
        floor: What the matrix begins with where a microphone is not close to a voice; 1 where it
            is.
        leakage: The least that the matrix holds.
        updates: Of the matrix in every pass.
        normalised: Whether the rows of the matrix are scaled to sum to one.
        kernel: One of ``KERNELS``, over which spectra are smoothed by their median.
        logistic: Whether the logistic function of the Wiener gain stands in for it.
    """

    iterations: int = 5
    floor: float = 0.1
    leakage: float = 0.05
    updates: int = 1
    normalised: bool = False
    kernel: str = "point"
    logistic: bool = False

    def __post_init__(self) -> None:
        """Refuse a kernel that is not known."""
        if self.kernel not in KERNELS:
            raise UnknownName("kernel", self.kernel, KERNELS)

    def gains(self, power: Array, voices: Sequence[int]) -> Array:
        """Return the gain of every microphone that leaves it its own voice.

        Args:
            power: Squared magnitudes, shape (bins, microphones, frames), their mean near 1.
            voices: The voice that each microphone is close to, from 0.

        Returns:
            Between 0 and 1, of the power's shape.
        """
        close = close_microphones(voices)
        matrix = self._first_matrix(power, voices)
        own = _stacked(
            [
                self._smoothed(_mean([power[:, microphone] for microphone in microphones]))
                for microphones in close
            ]
        )
        for _ in range(self.iterations):
            for voice, microphones in enumerate(close):
                own[:, voice] = self._refitted(power, matrix, own, voice, microphones)
            for _ in range(self.updates):
                matrix = self._updated(power, matrix, own)
        total = matrix @ own + _FAINT
        shares = [
            self._gain(matrix[:, i, j, None] * own[:, j] / total[:, i])
            for i, j in enumerate(voices)
        ]
        return _stacked(shares)

    def _first_matrix(self, power: Array, voices: Sequence[int]) -> Array:
        matrix = np.full((len(voices), max(voices) + 1), self.floor)
        matrix[np.arange(len(voices)), np.asarray(voices)] = 1
        ones = module_of(power).ones_like(power[:, :1, :1])
        return ones * as_array(matrix, like=power)

    def _refitted(
        self, power: Array, matrix: Array, own: Array, voice: int, microphones: list[int]
    ) -> Array:
        """Return the spectrum of a voice, as its own microphones tell it, (bins, frames)."""
        total = matrix[:, microphones] @ own
        total += _FAINT
        found = []
        for number, microphone in enumerate(microphones):
            level = matrix[:, microphone, voice, None]
            share = own[:, voice] / total[:, number]
            if self.logistic:
                share = self._gain(share * level) / level.clip(_FAINT)
            share *= share
            share *= power[:, microphone]
            share *= level
            found.append(share)
        # Subnormal numbers, which squares of the faintest are, slow a processor down tenfold.
        return self._smoothed(_mean(found)).clip(_FAINTEST)

    def _updated(self, power: Array, matrix: Array, own: Array) -> Array:
        """Return the matrix after one multiplicative update, the Itakura-Saito divergence's."""
        total = matrix @ own
        total += _FAINT
        inverse = 1 / total
        turned = own.swapaxes(1, 2)
        total[:] = power  # its memory, which need not be found anew
        total *= inverse
        total *= inverse
        above = total @ turned
        matrix = matrix * above / (inverse @ turned + _FAINT)
        if self.normalised:
            matrix = matrix / (matrix.sum(-1)[..., None] + _FAINT)
        return matrix.clip(self.leakage)

    def _gain(self, share: Array) -> Array:
        if not self.logistic:
            return share
        return 1 / (1 + module_of(share).exp(-SLOPE * (share - THRESHOLD)))

    def _smoothed(self, spectrum: Array) -> Array:
        """Return the median over the kernel at every point; ends are continued."""
        steps = KERNELS[self.kernel]
        if len(steps) == 1:
            return spectrum
        module = module_of(spectrum)
        bins, frames = spectrum.shape
        shifted = [spectrum[_moved(bins, down)][:, _moved(frames, along)] for down, along in steps]
        return ascending(module.stack(shifted), axis=0)[len(steps) // 2]


class CloseMicrophones:
    """What knows the voice that every microphone is close to: by default there is one each."""

    _voices: tuple[int, ...] | None = None

    def assign(self, voices: Sequence[int]) -> None:
        """Say which voice every microphone is close to.

        Args:
            voices: Their numbers, from 0, one per microphone.

        Raises:
            InputError: if a voice has no microphone.
        """
        close_microphones(voices)
        self._voices = tuple(voices)

    def voices_of(self, microphones: int) -> tuple[int, ...]:
        """Return the voices of so many microphones.

        Raises:
            InputError: if others were assigned.
        """
        voices = self._voices or tuple(range(microphones))
        if len(voices) != microphones:
            raise InputError(
                f"there are {microphones} microphones; expected {len(voices)}, as many as were "
                "assigned to voices"
            )
        return voices


def close_microphones(voices: Sequence[int]) -> list[list[int]]:
    """Return the microphones that are close to each voice.

    Raises:
        InputError: if a voice has none.

    >>> close_microphones([0, 1, 1])
    [[0], [1, 2]]
    """
    numbers = list(voices)
    if not numbers or min(numbers) < 0 or set(numbers) != set(range(max(numbers) + 1)):
        raise InputError(
            f"the microphones are close to the voices {numbers}; expected whole numbers from 0, "
            "each voice with a microphone of its own at least"
        )
    return [[i for i, voice in enumerate(numbers) if voice == j] for j in range(max(numbers) + 1)]


def equalisation(power: Array) -> Array:
    """Return the gain of every microphone and frequency: a low quantile of its magnitude.

    Never 0, as a quantile is where a microphone is silent for long: a thousandth of the median over
    frequencies at least.

    Args:
        power: Shape (bins, microphones, frames).

    Returns:
        Shape (bins, microphones, 1).
    """
    ordered = ascending(power, axis=-1)
    gain = ordered[..., int(_QUIET * power.shape[-1]), None] ** 0.5
    middle = ascending(gain, axis=0)[gain.shape[0] // 2]
    least = (_LEAST_GAIN * middle).clip(_FAINT)
    return module_of(gain).maximum(gain, least)


def as_array(values: Any, *, like: Array) -> Array:
    """Return numpy values as an array of another's kind, precision and device."""
    if isinstance(like, np.ndarray):
        return np.asarray(values, like.dtype)
    return module_of(like).from_numpy(np.ascontiguousarray(values)).to(like)


def _mean(arrays: list[Array]) -> Array:
    return sum(arrays) / len(arrays) if len(arrays) > 1 else arrays[0]


def _stacked(spectra: list[Array]) -> Array:
    return module_of(spectra[0]).stack(spectra, 1)


def _moved(size: int, steps: int) -> Any:
    return np.clip(np.arange(size) + steps, 0, size - 1)
