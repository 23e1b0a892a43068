"""Hold the words of the project: categories, classes, splits, and the rows that travel."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

SAMPLING_RATE = 44_100
"""The rate of every corpus in the M&N form, in Hz."""

SPLITS = ("train", "validation", "test")
MUSIC_CATEGORIES = (
    "piano",
    "drum_kit",
    "harp",
    "cello",
    "chinese_lute",
    "trumpet",
    "chinese_zither",
    "multi_instrument",
    "song",
)
NOISE_CLASSES = ("electrical", "crowd", "weather", "traffic", "stationary")

SYNTHETIC = "synthetic"
"""Name of the embedded corpus, and the ``origin`` of a recording that no microphone heard."""

Role = Literal["clean", "noise"]
ROLES: tuple[Role, ...] = ("clean", "noise")
SnrDefinition = Literal["power", "variance", "active", "lufs"]
SNR_DEFINITIONS: tuple[SnrDefinition, ...] = ("power", "variance", "active", "lufs")


@dataclass(frozen=True)
class Layer:
    """One recording's part in a recipe.

    Attributes:
        role: What the layer is to the mixture ("clean" or "noise").
        source_id: The namespaced id of the clip or noise.
        start: First sample in the recording, or in its loop when the recording is shorter.
        fade: Length of the loop's cross-fade in samples; 0 when the recording is not looped.
        gain: Linear gain, or None when ``snr_db`` decides it.
        snr_db: SNR of the clean layer to this one in dB, or None when ``gain`` decides.
        response: Name of the room response that the layer is convolved with; None is dry, as
            every layer of the task ``denoise`` is.
    """

    role: Role
    source_id: str
    start: int
    fade: int = 0
    gain: float | None = None
    snr_db: float | None = None
    response: str | None = None


@dataclass(frozen=True)
class Recipe:
    """The intent of one mixture; ``mn_dataset.mix.recipes`` writes and reads tables of them."""

    id: str
    task: str
    split: str
    seed: int
    num_samples: int
    sampling_rate: int
    layers: tuple[Layer, ...]
    targets: tuple[str, ...]
    snr_db: float
    snr_definition: SnrDefinition
    music_category: str
    noise_class: str

    def layer(self, role: Role) -> Layer:
        """Return the one layer with that role."""
        return next(layer for layer in self.layers if layer.role == role)
