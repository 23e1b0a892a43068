"""Hold the words of the project: categories, classes, splits, and the rows that travel."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from mn_dataset.errors import RecipeError

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

Role = Literal["clean", "noise", "stem"]
ROLES: tuple[Role, ...] = ("clean", "noise")
"""Of the two tables of recordings that are whole by themselves."""

TABLES: tuple[Role, ...] = (*ROLES, "stem")
"""Of all tables that a corpus may have; the third holds the stems of songs."""

_VOICE = re.compile(
    r"(?:(?:bg|back(?:ing|ground)?|lead|main|male|female)[\s_-]*)*(?:vox|vocal|voice|sing(?:er|ing))",
    re.IGNORECASE,
)

SnrDefinition = Literal["power", "variance", "active", "lufs"]
SNR_DEFINITIONS: tuple[SnrDefinition, ...] = ("power", "variance", "active", "lufs")


def is_voice(stem: str) -> bool:
    """Tell by its name whether a stem is sung: what is left is accompaniment.

    >>> [is_voice(stem) for stem in ("vocals", "VOX2", "BGVOX", "lead vocals", "vibraphone")]
    [True, True, True, True, False]
    """
    return bool(_VOICE.match(stem))


@dataclass(frozen=True)
class Layer:
    """One recording's part in a recipe.

    Attributes:
        role: What the layer is to the mixture, one of the task's roles.
        source_id: The namespaced id of the recording.
        start: First sample in the recording, or in its loop when the recording is shorter.
        fade: Length of the loop's cross-fade in samples; 0 when the recording is not looped.
        gain: Linear gain, or None when ``snr_db`` alone decides it. Beside ``snr_db`` it is
            relative to the other layers of the role.
        snr_db: Ratio in dB of the reference of its input to all layers of its role there, or None
            when ``gain`` alone decides. The reference are the layers of the role that comes first.
        response: Name of the room response that the layer is convolved with; None is dry, as
            every layer of the task ``denoise`` is.
        delay: Whole samples by which the layer comes later than its recording is cut.
        input: Name of the input that it sounds in; None for what is part of a target only.
        target: Name of the target that it is part of, if any.
    """

    role: str
    source_id: str
    start: int
    fade: int = 0
    gain: float | None = None
    snr_db: float | None = None
    response: str | None = None
    delay: int = 0
    input: str | None = None
    target: str | None = None


Label = str | float
"""What a recipe is, seen from one side: a name, or a number such as an SNR in dB."""


@dataclass(frozen=True)
class Recipe:
    """The intent of one mixture; ``mn_dataset.mix.recipes`` writes and reads tables of them.

    Attributes:
        id: "<split>/<name>", unique in a dataset.
        task: Name of the task.
        split: One of ``SPLITS``.
        seed: Of every choice.
        num_samples: Length.
        sampling_rate: In Hz.
        layers: What is added up; they are the truth.
        targets: Names of the targets, in the order of an estimate.
        snr_definition: How ratios are meant.
        labels: The mixture's place on every facet of its task, by the facet's column.
    """

    id: str
    task: str
    split: str
    seed: int
    num_samples: int
    sampling_rate: int
    layers: tuple[Layer, ...]
    targets: tuple[str, ...]
    snr_definition: SnrDefinition = "power"
    labels: tuple[tuple[str, Label], ...] = ()

    @property
    def inputs(self) -> tuple[str, ...]:
        """Names of the inputs, in the order in which the layers name them."""
        names = dict.fromkeys(layer.input for layer in self.layers)
        return tuple(name for name in names if name is not None)

    @property
    def snr_db(self) -> float:
        """The SNR asked, of tasks that have one."""
        return float(self.label("snr_db"))

    @property
    def music_category(self) -> str:
        """The category of the music, of tasks that have one."""
        return str(self.label("music_category"))

    @property
    def noise_class(self) -> str:
        """The class of the noise, of tasks that have one."""
        return str(self.label("noise_class"))

    def label(self, column: str) -> Label:
        """Return a label.

        Raises:
            RecipeError: if there is none of that column.
        """
        for name, label in self.labels:
            if name == column:
                return label
        raise RecipeError(
            f"recipe {self.id!r}: has no label {column!r}; expected one of "
            f"{', '.join(name for name, _ in self.labels) or 'none'}"
        )

    def layer(self, role: str) -> Layer:
        """Return the one layer with that role."""
        return next(layer for layer in self.layers if layer.role == role)
