"""Simulate how sources sound at microphones in a rectangular room.

Every echo is the sound of a mirror image of its source (Allen and Berkley, "Image method for
efficiently simulating small-room acoustics", JASA 65, 1979); pyroomacoustics finds the images. An
echo is louder the nearer its image is, quieter by the same factor at every wall, and falls between
samples: a windowed sinc places it there. The builder of pyroomacoustics is not used: it delays all
responses by 40 samples, filters them in both directions of time, and rounds to float32 in an order
that depends on the number of cores.

How much the walls absorb is found by measuring the decay: in such rooms Sabine's formula, and
Eyring's, miss it by 30 to 50 %.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from types import ModuleType

import numpy as np
from numpy.typing import NDArray

from mn_dataset.errors import MissingExtra, RecipeError
from mn_dataset.records import SAMPLING_RATE

SPEED_OF_SOUND = 343.0
"""In m/s, at 20 °C."""

HALF_WIDTH = 40
"""Samples that the sinc of an echo reaches to either side."""

MIN_DISTANCE_M = 0.32
"""From a source to a microphone: nearer, the sinc would begin before the sound does."""

MOST_ECHOES = 1_000_000

_DECAY_DB = (-5.0, -35.0)  # between which a decay is measured (ISO 3382: T30)
_CLOSE = 0.02  # of the decay asked
_LOSSES = (1e-3, 10.0)  # nepers: absorption of 0.1 % to all but 5e-5
_ITERATIONS = 40
_MEASURED_PATHS = 4

Float64 = NDArray[np.float64]
Point = tuple[float, float, float]


@dataclass(frozen=True)
class Room:
    """A rectangular room with sources and microphones.

    Attributes:
        size_m: Length, width and height.
        rt60_s: Time in which the sound of a source decays by 60 dB.
        sources_m: Where the sources are, from one corner of the floor.
        microphones_m: Where the microphones are, each close to the source of its number.
    """

    size_m: Point
    rt60_s: float
    sources_m: tuple[Point, ...]
    microphones_m: tuple[Point, ...]

    def distance_m(self, microphone: int, source: int) -> float:
        """Return how far a microphone is from a source."""
        return math.dist(self.microphones_m[microphone], self.sources_m[source])

    @property
    def volume(self) -> float:
        """In cubic metres."""
        return math.prod(self.size_m)

    @property
    def surface(self) -> float:
        """Of walls, floor and ceiling, in square metres."""
        length, width, height = self.size_m
        return 2.0 * (length * width + length * height + width * height)


@dataclass(frozen=True)
class Echoes:
    """What comes from one source to one microphone.

    Attributes:
        distances_m: Of the source and its images, shape (echo,).
        bounces: How many walls each has met, shape (echo,).
    """

    distances_m: Float64
    bounces: Float64

    @property
    def times(self) -> Float64:
        """When each comes, in samples."""
        return self.distances_m / SPEED_OF_SOUND * SAMPLING_RATE

    def amplitudes(self, loss: float) -> Float64:
        """Return how loud each is, one at 1 m without a wall.

        Args:
            loss: Of energy at a wall, in nepers: −ln(1 − absorption).
        """
        return np.exp(-0.5 * loss * self.bounces) / self.distances_m

    def response(self, loss: float) -> Float64:
        """Return the impulse response, (time,)."""
        return place(self.times, self.amplitudes(loss))


def place(times: Float64, amplitudes: Float64) -> Float64:
    """Return a sum of impulses between samples, each a sinc within a Hann window.

    Args:
        times: In samples, shape (impulse,).
        amplitudes: Of the same shape.

    Returns:
        Shape (time,). What a sinc would begin before time 0 is cut.

    >>> place(np.array([50.0]), np.array([0.5]))[48:53].round(6).tolist()
    [0.0, 0.0, 0.5, 0.0, 0.0]
    """
    whole = np.floor(times).astype(np.int64)
    part = times - whole
    length = int(whole.max()) + 2 * HALF_WIDTH + 1
    sums = np.zeros(length)
    # At k − part: sin(π(k − part)) = ±sin(π part), and the window by the sum of angles.
    waves = -amplitudes * np.sin(np.pi * part) / np.pi
    cosine, sine = (0.5 * turn(np.pi / HALF_WIDTH * part) for turn in (np.cos, np.sin))
    for offset in range(1 - HALF_WIDTH, HALF_WIDTH + 1):
        angle = math.pi / HALF_WIDTH * offset
        window = 0.5 + math.cos(angle) * cosine + math.sin(angle) * sine
        with np.errstate(invalid="ignore"):
            sinc = waves / (offset - part)
        if offset == 0:
            sinc[part == 0.0] = amplitudes[part == 0.0]
        weights = window * (-sinc if offset % 2 else sinc)
        sums += np.bincount(whole + (offset + HALF_WIDTH), weights, minlength=length)
    return sums[HALF_WIDTH:]


def decay_s(energies: Float64) -> float:
    """Return the time in which a sound decays by 60 dB, by backward integration (Schroeder 1965).

    Args:
        energies: Of an impulse response, shape (time,).

    Returns:
        In seconds; 0 for a sound that ends at once.

    >>> round(decay_s(10.0 ** (-6.0 / 22050 * np.arange(44100))), 3)  # 60 dB in half a second
    0.5
    """
    remaining = np.cumsum(energies[::-1])[::-1]
    level_db = 10.0 * np.log10(np.maximum(remaining / remaining[0], 1e-30))
    first, last = (int(np.argmax(level_db <= bound)) for bound in _DECAY_DB)
    if last - first < 2:
        return 0.0
    times = np.arange(first, last) / SAMPLING_RATE
    slope = np.polyfit(times, level_db[first:last], 1)[0]
    return float(-60.0 / slope)


def simulate(room: Room) -> tuple[list[list[Float64]], float]:
    """Return the impulse responses of a room, and how much of the energy its walls absorb.

    Returns:
        Per microphone, the response from every source: (time,), of amplitude one for a sound from
        1 m away, no longer than ``rt60_s`` after its beginning.

    Raises:
        MissingExtra: if pyroomacoustics is not installed.
        RecipeError: if the room cannot decay so, or has too many echoes to count.
    """
    paths = _paths(room)
    pairs = range(min(len(paths), _MEASURED_PATHS))
    loss = _loss(room, [paths[one][one - 1] for one in pairs])
    responses = [[path.response(loss) for path in of_mic] for of_mic in paths]
    return responses, -math.expm1(-loss)


def _loss(room: Room, paths: list[Echoes]) -> float:
    """Return the loss at a wall with which the sound of some paths decays as asked."""
    times = [np.rint(path.times).astype(np.int64) for path in paths]  # near enough for a decay
    length = max(int(one.max()) for one in times) + 1
    low, high = _LOSSES
    found = math.nan
    for _ in range(_ITERATIONS):
        loss = math.sqrt(low * high)
        energies = np.zeros(length)
        for path, at in zip(paths, times, strict=True):
            energies += np.square(np.bincount(at, path.amplitudes(loss), minlength=length))
        found = decay_s(energies)
        if abs(found / room.rt60_s - 1.0) <= _CLOSE:
            return loss
        low, high = (loss, high) if found > room.rt60_s else (low, loss)
    raise RecipeError(
        f"a room of {_size(room)} decays in {found:.2g} s where {room.rt60_s:g} s is asked, and no "
        "material of its walls brings it nearer; ask for another time, or another size"
    )


def _paths(room: Room) -> list[list[Echoes]]:
    """Return the echoes from every source to every microphone."""
    reach = SPEED_OF_SOUND * room.rt60_s
    count = 4.0 / 3.0 * math.pi * reach**3 / room.volume
    if count > MOST_ECHOES:
        raise RecipeError(
            f"a room of {_size(room)} has some {count:.1g} echoes in {room.rt60_s:g} s; expected "
            f"at most {MOST_ECHOES}: ask for a larger room, or a shorter time"
        )
    length, width, height = room.size_m
    sides = ((length, width), (length, height), (width, height))
    # Images of up to that many bounces fill a diamond; a sphere of the radius `reach` is in it.
    order = math.ceil(reach / min(a * b / math.hypot(a, b) for a, b in sides))
    images = _images(room, order)
    paths = []
    for microphone in room.microphones_m:
        row = []
        for positions, bounces in images:
            distances = np.sqrt(np.square(positions - np.array(microphone)[:, np.newaxis]).sum(0))
            near = distances <= distances.min() + reach
            row.append(Echoes(distances[near], bounces[near]))
        paths.append(row)
    return paths


def _images(room: Room, order: int) -> list[tuple[Float64, Float64]]:
    """Return the images of every source, (3, image), and how many walls each has met."""
    library = load_library()
    shoebox = library.ShoeBox(list(room.size_m), fs=SAMPLING_RATE, max_order=order)
    for source in room.sources_m:
        shoebox.add_source(list(source))
    shoebox.add_microphone_array(np.array(room.microphones_m).T)
    shoebox.image_source_model()
    return [
        (np.asarray(source.images, np.float64), np.asarray(source.orders, np.float64))
        for source in shoebox.sources
    ]


def load_library() -> ModuleType:
    """Return pyroomacoustics.

    Raises:
        MissingExtra: if it is not installed.
    """
    try:
        import pyroomacoustics  # noqa: PLC0415 - an extra, and slow to import
    except ModuleNotFoundError as error:
        raise MissingExtra("pyroomacoustics", extra="rooms") from error
    library: ModuleType = pyroomacoustics
    return library


def _size(room: Room) -> str:
    return " × ".join(f"{side:g}" for side in room.size_m) + " m"
