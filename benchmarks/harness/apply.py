"""Call a denoiser on audio of any rate, length and number of channels.

The only way that the project does: rates, channels, pieces, latency, lengths, array kinds and
checks are done here, once, so that a denoiser is a few lines.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path

import numpy as np

from benchmarks import registry
from benchmarks.contract import Batch, Denoiser, DenoiserSpec, Side
from benchmarks.harness import backend
from benchmarks.harness.backend import choose_precision
from benchmarks.harness.channels import as_mono, mono_shape, with_channels
from benchmarks.harness.checks import PROFILE, check_batch, checked, importing, picked, running
from benchmarks.harness.chunked import Layout, advanced, in_pieces, layout
from benchmarks.harness.load import construct, label, revision_of, weights_of
from benchmarks.harness.remainder import completed, has_changes
from benchmarks.harness.resample import Counted, fitted, resampled, resampled_blocks
from benchmarks.signal.chunks import BlockBuffer
from mn_dataset.errors import InputError
from mn_dataset.tasks import registry as tasks
from mn_dataset.tasks.spec import TaskSpec

_PIECES_ON_GPU = 2


class AppliedDenoiser:
    """A denoiser with the harness around it.

    Attributes:
        denoiser: The object that was constructed.
        revision: Which version of it made the estimates.
        device: Where tensors go, for a denoiser of backend "torch".
        precision: "float32" or "bfloat16", in which a learned one computes.
        weights: File of a learned one's weights.
        label: Its name in tables; the spec's name by default.
        batch_size: Pieces of a long signal that are handed over in one call.
        front_end: The denoiser that goes first, if its spec names one.
    """

    def __init__(
        self,
        denoiser: Denoiser,
        *,
        revision: str = "1",
        device: str = "cpu",
        precision: str = "float32",
        weights: Path | None = None,
        label: str | None = None,
        batch_size: int | None = None,
        front_end: AppliedDenoiser | None = None,
    ) -> None:
        self.denoiser, self.revision, self.device = denoiser, revision, device
        self.precision, self.weights, self.label = precision, weights, label
        self.batch_size = batch_size or (1 if device == "cpu" else _PIECES_ON_GPU)
        self.front_end = front_end
        self._loaded = False

    @property
    def spec(self) -> DenoiserSpec:
        """What the denoiser declares."""
        return self.denoiser.spec

    @property
    def task(self) -> TaskSpec:
        """What it is for."""
        return tasks.find(self.spec.task)

    @property
    def name(self) -> str:
        """The name in tables."""
        return self.label or self.spec.name

    def __call__(
        self,
        batch: Batch,
        sampling_rate: int,
        *,
        side: Side | None = None,
        num_targets: int | None = None,
    ) -> Batch:
        """Estimate the targets of every mixture.

        Args:
            batch: float32, shape (batch, channels, time), at least one sample; with an axis of
                inputs after the first where the task has several. What is longer than the
                denoiser's ``chunk`` is handed over in pieces.
            sampling_rate: In Hz.
            side: Side information by name, each of the batch's shape; what the denoiser does
                not declare to need is not handed over.
            num_targets: How many targets a mixture has; by default as many as the task names, or
                one for every input, or one.

        Returns:
            float32, owned by the caller: (batch, channels, time), with an axis of targets after
            the first where the task has several. With one of them as the remainder they add up to
            the mixture, to the rounding of float32.

        Raises:
            InputError: if the batch or the side information is not as described.
            MissingExtra: if a package behind the denoiser is not installed.
            DenoiserFailed: if the denoiser raises, exits, or breaks its contract.
        """
        check_batch(batch, sampling_rate, has_inputs=self.task.input_axis)
        layers = picked(side, spec=self.spec, shape=batch.shape)
        first = batch if self.front_end is None else self.front_end(batch, sampling_rate)
        native_rate = self._native_rate(sampling_rate)
        mixture = self._native(first, sampling_rate)
        native = {name: self._native(layer, sampling_rate) for name, layer in layers.items()}
        targets = num_targets or self._num_targets(batch.shape[1])
        changes = has_changes(self.spec, sampling_rate)
        run = partial(
            self._run,
            sampling_rate=native_rate,
            profile=native.pop(PROFILE, None),
            num_targets=targets,
            changes=changes,
        )
        plan = self._plan(native_rate, num_samples=mixture.shape[-1])
        blocks = in_pieces(run, [mixture], plan=plan, shape=mixture.shape[:-1], layers=native)
        answer = resampled(np.concatenate(list(blocks), axis=-1), native_rate, sampling_rate)
        shape = self.task.estimate_shape(batch.shape, targets)
        whole = with_channels(fitted(answer, batch.shape[-1]), shape)
        return self._completed(whole, first if changes else batch, changes)

    def assign(self, voices: Sequence[int]) -> None:
        """Say which source each microphone is close to, before the first batch.

        Args:
            voices: For every input the number of its source; by default 0, 1, 2, …: one each.

        Raises:
            InputError: if the denoiser works with one microphone per source, and a source has
                several.
            DenoiserFailed: if the denoiser raises.
        """
        if hasattr(self.denoiser, "assign"):
            with importing(self.name):
                self.denoiser.assign(voices)
        elif list(voices) != list(range(len(voices))):
            raise InputError(
                f"{self.name} works with one microphone per source; give it one mono track per "
                f"source, or choose a {self.task.actor} that takes several"
            )

    def stream(
        self,
        blocks: Iterable[Batch],
        sampling_rate: int,
        *,
        channels: int,
        inputs: int = 1,
    ) -> Iterator[Batch]:
        """Estimate the targets of one mixture of any length, in bounded memory.

        It is handed over in pieces: of the denoiser's ``chunk``, or, where it declares none, of 30
        seconds that overlap by one. Otherwise the estimate is that of a call.

        Args:
            blocks: float32, shape (channels, time), with an axis of inputs before it where the
                task has several, of any lengths.
            sampling_rate: In Hz.
            channels: How many.
            inputs: How many, where the task has several.

        Yields:
            float32, shape (channels, time), with an axis of targets before it where the task has
            several: as many samples in all as came in.

        Raises:
            InputError: if the denoiser needs side information, or a block is not as described.
            MissingExtra: if a package behind the denoiser is not installed.
            DenoiserFailed: if the denoiser raises, exits, or breaks its contract.
        """
        self.check_alone()
        native_rate = self._native_rate(sampling_rate)
        single = (inputs, channels) if self.task.input_axis else (channels,)
        shape = mono_shape((1, *single)) if self.spec.channels == 1 else (1, *single)
        targets = self._num_targets(inputs)
        changes = has_changes(self.spec, sampling_rate)
        kept: BlockBuffer | None = None
        first: Iterable[Batch] = blocks
        if self.spec.remainder in self.task.target_names:
            first = kept = BlockBuffer(first)
        if self.front_end is not None:
            first = self.front_end.stream(first, sampling_rate, channels=channels, inputs=inputs)
        if changes:
            first = kept = BlockBuffer(first)
        counted = Counted(self._batches(first, sampling_rate))
        native = resampled_blocks(counted, sampling_rate, native_rate, shape=shape)
        run = partial(self._run, sampling_rate=native_rate, num_targets=targets, changes=changes)
        estimates = in_pieces(run, native, plan=self._plan(native_rate), shape=shape)
        rows = self.task.estimate_shape((*shape, 1), targets)[:-1]
        yielded = 0
        for estimate in resampled_blocks(estimates, native_rate, sampling_rate, shape=rows):
            part = estimate[..., : counted.samples - yielded]
            size = part.shape[-1]
            yielded += size
            block = with_channels(part, self.task.estimate_shape((1, *single, size), targets))
            if kept is not None and size:
                block = self._completed(block, kept.take(size)[np.newaxis], changes)
            yield block[0]

    def _batches(self, blocks: Iterable[Batch], sampling_rate: int) -> Iterator[Batch]:
        """Check the blocks of one mixture, and pass them on with the channels that are wanted."""
        for block in blocks:
            if block.shape[-1]:
                batch = block[np.newaxis]
                check_batch(batch, sampling_rate, has_inputs=self.task.input_axis)
                yield as_mono(batch) if self.spec.channels == 1 else batch

    def _num_targets(self, inputs: int) -> int:
        each = inputs if self.task.input_axis and self.task.target_axis else 1
        return len(self.task.target_names) or each

    def _completed(self, estimates: Batch, mixture: Batch, changes: bool) -> Batch:
        targets = self.task.target_names
        return completed(estimates, mixture, spec=self.spec, targets=targets, changes=changes)

    def check_alone(self) -> None:
        """Refuse a denoiser that needs side information: a recording comes with none.

        Raises:
            InputError: naming what it needs.
        """
        if self.spec.needs:
            raise InputError(
                f"denoiser {self.spec.name!r} needs {', '.join(sorted(self.spec.needs))}, which a "
                "recording alone does not tell; choose another one"
            )

    def load(self) -> None:
        """Load the weights now, once, rather than with the first call.

        Raises:
            InputError: if the file of weights is at fault.
            MissingExtra: if a package behind the denoiser is not installed.
            DenoiserFailed: if they cannot be loaded.
        """
        with importing(self.name):
            if not self._loaded and hasattr(self.denoiser, "load"):
                options = {} if self.precision == "float32" else {"precision": self.precision}
                self.denoiser.load(self.device, self.weights, **options)
            self._loaded = True

    def _native_rate(self, sampling_rate: int) -> int:
        return self.spec.sampling_rate or sampling_rate

    def _native(self, signal: Batch, sampling_rate: int) -> Batch:
        """Return the signal with the channels and at the rate the denoiser wants."""
        if self.spec.channels == 1:
            signal = as_mono(signal)
        return resampled(signal, sampling_rate, self._native_rate(sampling_rate))

    def _plan(self, native_rate: int, *, num_samples: int | None = None) -> Layout:
        together = self.batch_size
        return layout(
            self.spec, num_samples=num_samples, sampling_rate=native_rate, together=together
        )

    def _run(
        self,
        batch: Batch,
        layers: dict[str, Batch],
        *,
        sampling_rate: int,
        profile: Batch | None = None,
        num_targets: int = 1,
        changes: bool = False,
    ) -> Batch:
        """Load once, call with copies, check, and take the latency out; or return the changes."""
        size = max(batch.shape[-1], self.spec.min_samples)
        side = {name: fitted(layer, size) for name, layer in layers.items()}
        if profile is not None:
            side[PROFILE] = np.concatenate([profile] * (len(batch) // len(profile)))
        mixture = fitted(batch, size)
        self.load()
        with running(self.name):
            estimate = backend.call(
                self.denoiser, mixture, sampling_rate, side=side, device=self.device
            )
        shape = self.task.estimate_shape(mixture.shape, num_targets)
        whole = checked(estimate, name=self.name, shape=shape)
        estimates = advanced(whole, self.spec.latency)[..., : batch.shape[-1]]
        return estimates - batch if changes else estimates


def load_denoiser(
    name: str,
    *,
    device: str = "cpu",
    precision: str = "float32",
    batch_size: int | None = None,
) -> AppliedDenoiser:
    """Find a denoiser by name, ``path/to/file.py:Class`` or ``file.toml``, ready to be called.

    Args:
        name: A registered name; ``mn denoisers`` lists them. A learned one is NAME for the
            weights that ship, or NAME@PATH for a file of weights or a run of ``mn train``.
        device: Where tensors go: "cpu", "cuda", ….
        precision: In which a learned one computes: "float32", "bfloat16" (faster on some devices;
            estimates differ by about -35 dB), or "auto" for the faster one.
        batch_size: Pieces of a long signal that are handed over in one call; by default 1 on a
            CPU, which gains nothing from more, and 2 on a GPU.

    Raises:
        UnknownName: with the nearest names.
        InputError: if a person's file, class or spec is at fault, weights are missing, or an
            option makes no sense.
        MissingExtra: with the command that installs what it needs.
        DenoiserFailed: if its module cannot be imported or constructed.

    Examples:
        >>> import numpy as np
        >>> wiener = load_denoiser("wiener")
        >>> wiener(np.zeros((1, 2, 1000), np.float32), 44_100).shape
        (1, 2, 1000)
    """
    if batch_size is not None and batch_size < 1:
        raise InputError(f"batch_size is {batch_size}; expected 1 or more pieces")
    entry = registry.denoiser(name)
    denoiser = construct(entry)
    first = denoiser.spec.front_end
    weights = weights_of(denoiser.spec, entry.checkpoint)
    return AppliedDenoiser(
        denoiser,
        revision=revision_of(
            entry, denoiser.spec, weights=weights, detail=getattr(denoiser, "revision", None)
        ),
        device=device,
        precision=choose_precision(precision, spec=denoiser.spec, device=device),
        weights=weights,
        label=label(denoiser.spec.name, entry.checkpoint),
        batch_size=batch_size,
        front_end=None if first is None else load_denoiser(first, device=device),
    )
