"""Configuration of a training run: every field with its unit, default and allowed range."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Literal, cast

from mn_dataset.errors import InputError
from mn_dataset.licenses import ANY, gate
from mn_dataset.mix.augment.chain import load_chain
from mn_dataset.records import SAMPLING_RATE, SnrDefinition

_LONGEST_MINUTES = 1e7  # nineteen years


@dataclass(frozen=True, kw_only=True)
class Data:
    """Data of a training step. A built dataset has SNRs, levels and augmentation of its own.

    Attributes:
        segment_s: Length of a training item in seconds.
        batch: Items of one step, over all parts and processes.
        accumulate: Parts into which a batch is cut when it does not fit into memory at once.
        items_per_epoch: Mixtures that are drawn for an epoch; a built dataset has its own number.
        snr_db: Lowest and highest SNR of a drawn mixture in dB, or ratio of voice to accompaniment,
            of tasks that have one; or several such ranges, each drawn as often as another.
        snr_definition: "power", "variance", "active" or "lufs".
        gain_db: Lowest and highest level of a mixture's reference, the clean layer or the voice, in
            dB against its recording.
        draw: Further keywords of the task's drawing, such as ``mixing`` of ``separate``; those of
            what is validated with stand in ``Validation``.
        licenses: SPDX ids of what may be learned from, or "free"; all by default.
        exclude: Ids of recordings that are not learned from.
        augment: "light", "full", "resonant" or a TOML file; the layers are varied anew in every
            epoch. Left away, they stay as they were recorded.
        workers: Processes that mix ahead; 0 mixes between the steps. The batches are the same.
        cache_mb: Decoded recordings that each of these processes keeps, in megabytes.
    """

    segment_s: float = 2.0
    batch: int = 16
    accumulate: int = 1
    items_per_epoch: int = 2048
    snr_db: tuple[float, float] | tuple[tuple[float, float], ...] = (-2.0, 18.0)
    snr_definition: SnrDefinition = "power"
    gain_db: tuple[float, float] = (0.0, 0.0)
    draw: Mapping[str, Any] = field(default_factory=dict)
    licenses: tuple[str, ...] | None = None
    exclude: tuple[str, ...] = ()
    augment: str | None = None
    workers: int = 1
    cache_mb: int = 1024

    def __post_init__(self) -> None:
        """Refuse values that make no batch."""
        _finite(self)
        _at_least(self, batch=1, accumulate=1, items_per_epoch=1, workers=0, cache_mb=0)
        _within(self, segment_s=(0.1, 60.0))
        ranges = [("gain_db", self.gain_db), *(("snr_db", levels) for levels in self.snr_ranges)]
        for name, (low, high) in ranges:
            if not -100.0 <= low <= high <= 100.0:
                raise InputError(f"{name} is [{low:g}, {high:g}]; expected [lowest, highest] in dB")
        if self.batch % self.accumulate:
            raise InputError(
                f"batch is {self.batch}, which {self.accumulate} parts (accumulate) do not divide"
            )
        if self.augment is not None:
            load_chain(self.augment)
        self.permits("")

    def permits(self, license_id: str) -> bool:
        """Tell whether recordings under a licence may be learned from.

        Raises:
            InputError: if one of ``licenses`` is none that anybody knows.
        """
        return gate(self.licenses, default=ANY, parameter="licenses")(license_id)

    @property
    def snr_ranges(self) -> list[tuple[float, float]]:
        """The ranges of ``snr_db``, one or several."""
        several = [one for one in self.snr_db if isinstance(one, tuple)]
        return several or [cast(tuple[float, float], self.snr_db)]

    @property
    def segment(self) -> int:
        """Length of a training item in samples."""
        return round(self.segment_s * SAMPLING_RATE)


@dataclass(frozen=True, kw_only=True)
class Optimizer:
    """Settings of the optimiser and of the learning rate.

    Attributes:
        name: "adam", "adamw", or "lbfgs" with a line search by the strong Wolfe conditions, which
            wants large batches and neither clipping nor averaging.
        learning_rate: At its height; of L-BFGS, the length of step that a search begins with.
        betas: Memory of Adam's first and second moment.
        weight_decay: Decoupled with "adamw", added to the gradient with "adam".
        iterations: Of L-BFGS on the batch of a step.
        history: Changes of weights and gradient that L-BFGS remembers.
        warmup_steps: Steps over which the learning rate rises from nothing.
        schedule: "constant", or "cosine": down to ``floor`` after ``decay_steps``.
        decay_steps: Where the cosine ends; limits.max_steps by default.
        floor: Share of the learning rate at the cosine's end.
        clip_norm: Gradients of a larger norm are scaled down to it; left away, they are not.
        ema_decay: Memory of the moving average of the weights, which is what is validated and
            shipped; it starts short and reaches this value.
        precision: "float32", or "bfloat16": autocast, with weights in float32.
        max_skipped: Steps in a row without a finite loss and gradient after which training stops.
    """

    name: Literal["adam", "adamw", "lbfgs"] = "adam"
    learning_rate: float = 1e-3
    betas: tuple[float, float] = (0.9, 0.99)
    weight_decay: float = 0.0
    iterations: int = 20
    history: int = 50
    warmup_steps: int = 0
    schedule: Literal["constant", "cosine"] = "constant"
    decay_steps: int | None = None
    floor: float = 0.0
    clip_norm: float | None = None
    ema_decay: float = 0.998
    precision: Literal["float32", "bfloat16"] = "float32"
    max_skipped: int = 10

    def __post_init__(self) -> None:
        """Refuse values outside their ranges."""
        _finite(self)
        _at_least(self, warmup_steps=0, decay_steps=1, max_skipped=1, weight_decay=0)
        _at_least(self, iterations=1, history=1)
        _within(self, floor=(0.0, 1.0), ema_decay=(0.0, 0.999999), learning_rate=(1e-12, 100.0))
        if not all(0.0 <= beta < 1.0 for beta in self.betas):
            raise InputError(f"betas is {list(self.betas)}; expected two numbers from 0 to under 1")
        if self.clip_norm is not None and self.clip_norm <= 0:
            raise InputError(f"clip_norm is {self.clip_norm:g}; expected more than 0, or none")
        if self.name == "lbfgs" and (self.clip_norm is not None or self.weight_decay):
            raise InputError(
                "L-BFGS searches along the gradient of the loss itself; leave clip_norm and "
                "weight_decay away, or choose adam"
            )


@dataclass(frozen=True, kw_only=True)
class Validation:
    """Settings of validation, which chooses the best weights by their mean SI-SDR gain.

    Attributes:
        every_steps: Steps between two validations; a checkpoint follows each.
        mixtures: How many; they are fixed by the seed.
        seconds: Length of each.
        snr_db: Their SNRs in dB, of tasks that have one; a built dataset has its own.
        draw: Further keywords of the task's drawing, such as ``stems`` of ``debleed``.
        patience: Validations without a better one after which training stops; never by default.
    """

    every_steps: int = 200
    mixtures: int = 30
    seconds: float = 4.0
    snr_db: tuple[float, ...] = (0.0, 5.0, 10.0)
    draw: Mapping[str, Any] = field(default_factory=dict)
    patience: int | None = None

    def __post_init__(self) -> None:
        """Refuse values that validate nothing."""
        _finite(self)
        _at_least(self, every_steps=1, mixtures=2, patience=1)
        _within(self, seconds=(0.1, 60.0))


@dataclass(frozen=True, kw_only=True)
class Limits:
    """When training ends, and what it keeps meanwhile; all may differ when it is resumed.

    Attributes:
        max_steps: Steps in all.
        max_epochs: Epochs in all.
        max_minutes: Minutes of work in all, validation included, summed over resumes.
        checkpoint_steps: Steps between two checkpoints.
        keep_last: Checkpoints that are kept beside the best one.
        log_steps: Steps between two points of TensorBoard's curves.
    """

    max_steps: int | None = None
    max_epochs: int | None = None
    max_minutes: float | None = None
    checkpoint_steps: int = 200
    keep_last: int = 2
    log_steps: int = 10

    def __post_init__(self) -> None:
        """Refuse limits that allow no step."""
        _finite(self)
        _at_least(self, max_steps=1, max_epochs=1, checkpoint_steps=1, keep_last=1, log_steps=1)
        if self.max_minutes is not None and not 0 < self.max_minutes <= _LONGEST_MINUTES:
            raise InputError(
                f"max_minutes is {self.max_minutes:g}; expected more than 0, at the most "
                f"{_LONGEST_MINUTES:g}"
            )


@dataclass(frozen=True, kw_only=True)
class Config:
    """A whole training configuration; a TOML file has one table per part.

    Attributes:
        loss: Weights of the losses by name (``losses.LOSSES``), one table per output of the
            network, the best output first.
        model: Keywords of the model's ``build``.
        data: Data of a training step.
        optimizer: Optimiser and learning rate.
        validation: How the best weights are chosen.
        limits: When training ends.
    """

    loss: tuple[Mapping[str, float], ...] = ({"mae": 1.0}, {"mae": 1.0})
    model: Mapping[str, Any] = field(default_factory=dict)
    data: Data = field(default_factory=Data)
    optimizer: Optimizer = field(default_factory=Optimizer)
    validation: Validation = field(default_factory=Validation)
    limits: Limits = field(default_factory=Limits)

    def __post_init__(self) -> None:
        """Refuse a cosine without an end, and training without one.

        Raises:
            InputError: naming the fields.
        """
        _finite(self)
        limits = self.limits
        if (limits.max_steps, limits.max_epochs, limits.max_minutes) == (None, None, None):
            raise InputError(
                "[limits] sets no end; give max_steps, max_epochs or max_minutes (early stopping "
                "alone may never come)"
            )
        if self.optimizer.schedule == "cosine" and self.decay_steps is None:
            raise InputError(
                "[optimizer] the cosine has no end; give decay_steps, or max_steps in [limits]"
            )

    @property
    def decay_steps(self) -> int | None:
        """Step at which the cosine schedule reaches its floor."""
        return self.optimizer.decay_steps or self.limits.max_steps

    def settings(self) -> dict[str, Any]:
        """Return the fields that decide the weights, as JSON: a resumed run must have the same."""
        settings = asdict(self)
        del settings["limits"], settings["data"]["workers"], settings["data"]["cache_mb"]
        cosine = self.optimizer.schedule == "cosine"
        settings["optimizer"]["decay_steps"] = self.decay_steps if cosine else None
        if self.data.augment is not None:
            settings["data"]["augment"] = load_chain(self.data.augment).text
        for part in ("data", "validation"):
            if not settings[part]["draw"]:
                del settings[part]["draw"]
        if self.optimizer.name != "lbfgs":
            del settings["optimizer"]["iterations"], settings["optimizer"]["history"]
        return settings


def _finite(section: Any) -> None:
    """Refuse infinity and NaN, which TOML can write and no comparison can be trusted with."""
    for one in fields(section):
        for value in _numbers(getattr(section, one.name)):
            if not math.isfinite(value):
                raise InputError(f"{one.name} holds {value}; expected finite numbers")


def _numbers(value: Any) -> Iterator[float]:
    if isinstance(value, float):
        yield value
    elif isinstance(value, Mapping):
        yield from _numbers(tuple(value.values()))
    elif isinstance(value, (tuple, list)):
        for one in value:
            yield from _numbers(one)


def _at_least(section: Any, **bounds: float) -> None:
    for name, bound in bounds.items():
        value = getattr(section, name)
        if value is not None and not value >= bound:
            raise InputError(f"{name} is {value:g}; expected {bound:g} or more")


def _within(section: Any, **bounds: tuple[float, float]) -> None:
    for name, (low, high) in bounds.items():
        value = getattr(section, name)
        if not low <= value <= high:
            raise InputError(f"{name} is {value:g}; expected {low:g} to {high:g}")
