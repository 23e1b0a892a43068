"""Fix what a denoiser and a metric promise, and nothing else.

A denoiser is any object with a ``spec`` and a call; it needs to inherit from nothing:

    class Half:
        spec = DenoiserSpec(name="half", task="denoise", sampling_rate=None)

        def __call__(self, batch, sampling_rate, *, side=None):
            return 0.5 * batch

A metric is a pure function beside a ``MetricSpec``; both stand in one file of
``benchmarks/metrics`` and are found there by the spec's literal name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Literal, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

Batch = NDArray[np.float32]
"""Audio, nominally in [-1, 1]: a mixture is (batch, channels, time), one of several inputs (batch,
inputs, channels, time), estimates of several targets are (batch, targets, channels, time)."""

Side = Mapping[str, Batch]
"""Side information by name, each of the batch's shape."""

RankGroup = Literal["reference", "blind", "informed", "oracle"]
RANK_GROUPS: tuple[RankGroup, ...] = ("reference", "blind", "informed", "oracle")

SIDE: Mapping[str, RankGroup] = {
    "clean": "oracle",
    "noise": "oracle",
    "mixture": "oracle",
    "noise_profile": "informed",
}
"""Side information that a denoiser may need, and with whom it ranks what is told it."""

INPUTS = "inputs"
"""The remainder of a denoiser whose every target takes what its own input holds above the band."""


@dataclass(frozen=True)
class DenoiserSpec:
    """What a denoiser declares; the harness does the rest.

    Attributes:
        name: The name in tables and on the command line.
        task: What it is for: "denoise", "separate", ….
        sampling_rate: Native rate in Hz; None for any. The harness resamples in and out.
        channels: 1 if every channel is to be handed over as a mono item; None for any number.
        backend: "numpy" for float32 arrays, "torch" for tensors on the run's device.
        needs: Side information that is handed over, of ``SIDE``.
        reference: True for rows that are measured but never ranked.
        latency: Delay of the output in samples at the native rate, may be fractional.
        remainder: Name of the target that takes what no estimate holds, such as what lies above
            the band of a separator; ``INPUTS`` where every target has an input of its own, and
            takes what that one holds above the band; None leaves estimates as they are.
        front_end: Name of a blind denoiser that goes first, over the whole recording at its own
            rate, and whose estimate is handed over in the mixture's place; None for none.
        min_samples: Shorter inputs are zero-padded to this many samples and trimmed again.
        chunk: Longer inputs are handed over in pieces of this many samples at the native rate,
            and the estimates are crossfaded; None for the whole at once.
        overlap: Samples that neighbouring pieces share, at most half of what latency leaves of
            a chunk.
        learned: Whether it is a model: it has weights, ``build`` and ``load``.
        deterministic: False if two calls may differ.
        version: Raised when the output changes; part of the revision in the scores.
        package: The optional package behind it, if any.
        extra: The extra that installs that package.
        program: The executable behind it, if any.
        license: SPDX id of the code or weights.
        citation: Where the algorithm comes from.
        trained_on: What a learned one saw.
    """

    name: str
    task: str = "denoise"
    sampling_rate: int | None = None
    channels: int | None = None
    backend: Literal["numpy", "torch"] = "numpy"
    needs: frozenset[str] = frozenset()
    reference: bool = False
    latency: float = 0.0
    remainder: str | None = None
    front_end: str | None = None
    min_samples: int = 1
    chunk: int | None = None
    overlap: int = 0
    learned: bool = False
    deterministic: bool = True
    version: str = "1"
    package: str | None = None
    extra: str | None = None
    program: str | None = None
    license: str = "MIT"
    citation: str = ""
    trained_on: str | None = None

    @property
    def rank_group(self) -> RankGroup:
        """Return with whom it may be ranked: what it is told decides.

        >>> DenoiserSpec(name="mask", needs=frozenset({"clean"})).rank_group
        'oracle'
        """
        if self.reference:
            return "reference"
        groups = {SIDE[name] for name in self.needs if name in SIDE}
        return max(groups, key=RANK_GROUPS.index, default="blind")


class Denoiser(Protocol):
    """Anything that turns mixtures into estimates."""

    spec: ClassVar[DenoiserSpec]

    def __call__(self, batch: Any, sampling_rate: int, *, side: Any = None) -> Any:
        """Return an estimate of the clean layer, shape and rate as given."""
        ...


class Objective(Protocol):
    """What training minimises of a network, and what inference makes of it."""

    def __call__(self, network: Any, batch: Mapping[str, Any]) -> Any:
        """Return the loss of a batch, a tensor of no dimension, with its gradient.

        Args:
            network: The module, as it is to be called in training.
            batch: "noisy", float32 tensor (batch, time) or (batch, inputs, time), and "clean",
                (batch, time) or (batch, targets, time), both at the model's rate.
        """
        ...

    def estimate(self, network: Any, noisy: Any) -> Any:
        """Return the estimates of mixtures: (batch, time), or (batch, targets, time).

        The call of the model on a mono batch does the same; ``noisy`` is as in a batch.
        """
        ...


class Model(Denoiser, Protocol):
    """A learned denoiser: its network can be built, trained, stored, and loaded again.

    One whose network does not take and give the spectra of ``benchmarks.layers.stft`` has a third
    method, ``objective(network, weights)``, which returns the ``Objective`` of a network that
    ``build`` returned; ``weights`` are the tables ``[[loss]]`` of the configuration.
    """

    def build(self, **config: Any) -> Any:
        """Return a fresh ``torch.nn.Module``; its ``config`` holds every keyword, as JSON.

        It is built on the device "meta" too, to compare shapes with those of a file.

        Without an ``objective`` it takes spectra (batch, 2, frames, bins), real and imaginary, and
        returns estimates of the same shape, the best first. See ``benchmarks.layers.stft``.
        """
        ...

    def load(self, device: str, checkpoint: Path | None, *, precision: str = "float32") -> None:
        """Make the next call use the weights of a file, on a device, in a precision.

        The precision, "float32" or "bfloat16", is only handed over where it is not float32.
        """
        ...


class Score(NamedTuple):
    """One value of one metric; an undefined one is NaN with a typed reason.

    Attributes:
        value: The number, in the metric's unit.
        reason: "ok", one of ``REASONS``, or one that the metric's spec declares.
    """

    value: float
    reason: str = "ok"


REASONS = {
    "ok": "the value is defined",
    "saturated": "the value is beyond ±100 dB and reported as ±100 dB",
    "silent_reference": "the clean signal has no energy",
    "silent_estimate": "the estimate has no energy",
    "constant_reference": "the clean signal has no energy once its mean is removed",
    "too_short": "fewer samples than the metric is defined on",
    "non_finite": "the estimate holds NaN or infinity",
    "not_installed": "the metric's package is not installed",
    "raised": "the denoiser raised an error; the run's journal tells which",
    "exited": "the denoiser asked the process to end",
    "died": "the denoiser ended its process",
    "timed_out": "the denoiser took longer than it may",
    "wrong_shape": "the estimate has another length or shape than the mixture",
    "denoiser_failed": "the denoiser broke its contract; the run's journal tells how",
    "misaligned": "the value is defined, of an estimate that is late or early",
    "wrong_level": "the value is defined, of an estimate more than 3 dB too quiet or too loud",
    "inverted": "the value is defined, of an estimate that is upside down",
    "library_error": "the metric's library raised",
    "unreadable_audio": "a file of the dataset is missing, damaged or changed",
    "not_sampled": "the metric is scored on a part of the mixtures, of which this one is not",
}
"""The reasons that every metric shares, and what each means; see ``MetricSpec.reasons``."""

DEFINED = frozenset({"ok", "saturated", "misaligned", "wrong_level", "inverted"})
"""The reasons that stand beside a number."""


@dataclass(frozen=True)
class MetricSpec:
    """What a metric is, for people and for tables.

    Attributes:
        name: The name in tables and on the command line.
        unit: "dB", "MOS" or "1".
        higher_is_better: The direction.
        range: Lowest and highest value.
        definition: One sentence with the formula.
        citation: Where it comes from.
        known_as: Which papers and tools mean it by which name.
        sampling_rate: The rate it is computed at in Hz; None for the signal's own.
        min_samples: Shorter signals are "too_short".
        version: Raised when a value changes.
        package: The optional package behind it, if any.
        extra: The extra that installs that package.
        command: What installs it where no extra can.
        reasons: Why it alone may be undefined, by reason, beside what ``REASONS`` holds for all.
        negligible: A difference on one mixture that hardly matters to a listener. In dB half of the
            1 dB that a change of level takes to be noticed (Fastl, Zwicker: Psychoacoustics, 2007,
            chapter 7), which is the default; 0.1 in a mean opinion, a tenth of one step of its
            scale; 0.01 in an intelligibility, whose scale ends at 1.
    """

    name: str
    unit: str
    higher_is_better: bool
    range: tuple[float, float]
    definition: str
    citation: str
    known_as: str = ""
    sampling_rate: int | None = None
    min_samples: int = 1
    version: int = 1
    package: str | None = None
    extra: str | None = None
    command: str | None = None
    reasons: Mapping[str, str] = field(default_factory=dict, hash=False)
    negligible: float = 0.5

    def undefined(self, reason: str) -> Score:
        """Return NaN with a reason that is shared by all metrics, or declared by this one.

        Raises:
            ValueError: if it is neither.

        >>> spec = MetricSpec("half", "dB", True, (0, 1), "", "", reasons={"odd": "it is odd"})
        >>> spec.undefined("odd")
        Score(value=nan, reason='odd')
        """
        known = REASONS | dict(self.reasons)
        if reason not in known:
            raise ValueError(f"{reason!r} is not a reason of {self.name}; expected {sorted(known)}")
        return Score(float("nan"), reason)
