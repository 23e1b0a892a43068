"""Trainer: put network, data, engine and run folder together, restore what is there, and train."""

from __future__ import annotations

import inspect
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch

from benchmarks.contract import Model
from benchmarks.harness.checks import importing
from benchmarks.layers import stft, weights_file
from benchmarks.training import checkpoint
from benchmarks.training.config import Config
from benchmarks.training.data.base import (
    TRAIN,
    TrainingData,
    data_facts,
    warn_of_unlicensed,
    write_sources,
)
from benchmarks.training.data.loader import BatchPlan, batch_plan, step_batches
from benchmarks.training.engine import Engine, open_engine
from benchmarks.training.loop import INTERRUPTED, Loop, deferred_signals
from benchmarks.training.losses import objective_of
from benchmarks.training.monitor import SHOWN, Monitor
from benchmarks.training.progress import Pace, Progress
from benchmarks.training.run_folder import RunFolder, start_record
from benchmarks.training.train_state import TrainState, initial_state
from benchmarks.training.validate import Validator
from benchmarks.training.warm_start import FirstWeights, former_sources, load_weights
from mn_dataset import seeds
from mn_dataset.errors import DatasetError, InputError, OutputError, suggestion
from mn_dataset.files.atomic import sweep

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Outcome:
    """How a run, or one start of it, ended.

    Attributes:
        model: The registered name.
        run: The run folder.
        steps: Done in all.
        reason: Why it ended.
        best_db: Mean SI-SDR gain of the best weights in validation, None before the first.
        best_step: After how many steps they were reached.
        learned: Whether they pass the test of learning.
    """

    model: str
    run: Path
    steps: int
    reason: str
    best_db: float | None
    best_step: int
    learned: bool

    @property
    def interrupted(self) -> bool:
        """Whether a signal stopped it."""
        return self.reason == INTERRUPTED

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {**asdict(self), "run": str(self.run)}

    def __str__(self) -> str:
        """Say how it went, how to use the weights, and how to go on."""
        lines = [f"{self.steps} steps; {self.reason}"]
        if self.best_db is not None:
            doubt = "" if self.learned else ", not surely better than the mixtures"
            lines.append(
                f"best in validation: {self.best_db:+.2f} dB SI-SDR over the mixtures after "
                f"{self.best_step} steps{doubt}; use it as {self.model}@{self.run}"
            )
        if self.interrupted:
            lines.append("to continue, resume with the same arguments")
        return "\n".join(lines)


@dataclass(frozen=True)
class Job:
    """What is to be trained.

    Attributes:
        model: The learned denoiser.
        data: What it learns from.
        config: How.
        seed: Of every choice.
        out: The run folder.
        resume: Whether to continue what is there.
        device: "cpu", "cuda" or "cuda:N".
        command_line: What was typed, for the record.
        weights: A file of weights to begin with; None for fresh ones.
    """

    model: Model
    data: TrainingData
    config: Config
    seed: int
    out: Path
    resume: bool
    device: str
    command_line: Sequence[str]
    weights: Path | None = None


def run_job(job: Job, *, progress: Callable[[int, int], None] | None = None) -> Outcome:
    """Train from the start, or from the newest whole checkpoint.

    Args:
        job: What is to be trained.
        progress: Called with (done, all) seconds of work.

    Raises:
        DatasetError: if the folder holds another run, or none of its checkpoints is whole.
        InputError: if model, data and configuration do not go together, or another run is in the
            folder now.
        OutputError: if something cannot be written.
        MnError: if loss or gradient stay without a finite value.
    """
    devices = range(torch.cuda.device_count()) if job.device != "cpu" else []
    with (
        torch.random.fork_rng(devices),
        open_engine(job.device, job.config.optimizer.precision) as engine,
    ):
        # Layers with chance of their own know no other generator than torch's.
        torch.manual_seed(_torch_seed(job.seed, engine.rank))
        return _train(job, _first_weights(job), engine, progress)


def build_network(
    model: Model, options: Mapping[str, Any], *, seed: int, segment: int
) -> torch.nn.Module:
    """Build a fresh network whose first weights follow from the seed.

    Args:
        model: Whose ``build`` makes it; where it knows them, the keywords ``seed`` and
            ``train_frames`` are given to it.
        options: Further keywords, of the configuration.
        seed: Of the first weights.
        segment: Samples of a training item.

    Raises:
        InputError: if ``build`` has no such keyword.
        DenoiserFailed: if it raises.
    """
    keywords = inspect.signature(model.build).parameters
    takes_any = any(one.kind is inspect.Parameter.VAR_KEYWORD for one in keywords.values())
    for name in options:
        if name not in keywords and not takes_any:
            raise InputError(
                f"[model] has the unknown field {name!r}{suggestion(name, keywords)} "
                f"{model.spec.name} knows: {', '.join(keywords)}"
            )
    ours = {"seed": seed, "train_frames": stft.num_frames(segment)}
    values = {name: value for name, value in ours.items() if name in keywords} | dict(options)
    with importing(model.spec.name):
        network: torch.nn.Module = model.build(**values)
    return network


def _first_weights(job: Job) -> FirstWeights:
    """Return the weights to begin with: those of a file, or fresh ones."""
    options, segment = job.config.model, job.config.data.segment
    if job.weights is not None:
        frames = stft.num_frames(segment)
        return load_weights(job.model, job.weights, options, train_frames=frames)
    return FirstWeights(build_network(job.model, options, seed=job.seed, segment=segment), {}, None)


def _train(
    job: Job,
    first: FirstWeights,
    engine: Engine,
    progress: Callable[[int, int], None] | None,
) -> Outcome:
    folder, config, data, network = RunFolder(job.out), job.config, job.data, first.network
    former = former_sources(first, data.sources)
    warn_of_unlicensed(data.sources, where=data.identity["name"])
    objective = objective_of(job.model, network, config.loss)
    plan = batch_plan(data, config.data, seed=job.seed, processes=engine.processes)
    settings = {
        "model": job.model.spec.name,
        "network": network.config,
        "seed": job.seed,
        "config": config.settings(),
        "data": data.identity,
    } | ({"began_with": first.facts["sha256"]} if first.facts else {})
    facts = data_facts(data)
    facts[TRAIN]["ids"] = sorted([*facts[TRAIN]["ids"], *(row["id"] for row in former)])
    with folder.locked() if engine.is_main else nullcontext(), _resumable():
        folder.check(settings, resume=job.resume)
        state = initial_state(network, config.optimizer, engine)
        done = _restore(state, folder)
        _refuse_other_folder(folder, done.step, engine)
        rate = data.sampling_rate
        validator = Validator(data.validation(), objective, engine, sampling_rate=rate)
        loop = Loop(
            model=job.model.spec.name,
            config=config,
            state=state,
            objective=objective,
            validator=validator,
            folder=folder,
            pace=Pace(config, steps_per_epoch=plan.steps_per_epoch),
            progress=done,
            card_facts={"data": facts, "seed": job.seed, "config": config.settings()}
            | ({"began_with": first.facts} if first.facts else {}),
            on_progress=progress,
        )
        description = _open_folder(loop, settings, job, former) if engine.is_main else {}
        return _run_loop(loop, job, plan, description)


@contextmanager
def _resumable() -> Iterator[None]:
    """Say of what could not be written that the run can go on afterwards."""
    try:
        yield
    except OutputError as error:
        raise OutputError(f"{error}; once it can be, resume with the same arguments") from error


def _restore(state: TrainState, folder: RunFolder) -> Progress:
    """Continue from the newest whole checkpoint, if there is one."""
    newest = checkpoint.load_newest(folder.checkpoints)
    if newest is None:
        return Progress()
    tensors, progress = newest
    try:
        state.restore(tensors)
    except (RuntimeError, LookupError, TypeError, ValueError) as error:
        raise DatasetError(
            f"{folder.checkpoints}: the checkpoint of step {progress.step} does not fit this "
            f"network ({str(error).splitlines()[0]}); remove it to continue from one before"
        ) from error
    return progress


def _refuse_other_folder(folder: RunFolder, step: int, engine: Engine) -> None:
    """Refuse a run folder that is not the same for all processes."""
    if not engine.agree(step):
        raise InputError(
            f"{folder.root}: the processes of this training hold checkpoints of different steps "
            f"there ({step} in process {engine.rank}); expected one folder that all of them reach"
        )


def _open_folder(
    loop: Loop, settings: Mapping[str, Any], job: Job, former: Sequence[dict[str, str]]
) -> dict[str, Any]:
    """Rewind the folder's records to the step to go on from; return the content of train.json."""
    folder, step = loop.folder, loop.progress.step
    start = start_record(loop.state.engine, step=step, command_line=job.command_line)
    starts = folder.read().get("starts", [])
    _warn_of_threads(starts, start)
    description = {
        "settings": dict(settings),
        "limits": asdict(job.config.limits),
        "data": loop.card_facts["data"],
        "parameters": sum(weight.numel() for weight in loop.state.network.parameters()),
        "starts": [*starts, start],
    }
    folder.write(description)
    write_sources(folder.root, job.data.sources, former)
    sweep(folder.root)
    folder.history.rewind(step)
    loop.monitor = Monitor(folder.events, sampling_rate=job.data.sampling_rate, step=step)
    if step == 0:
        for index, example in enumerate(loop.validator.examples[:SHOWN]):
            for name, wave in {**example.inputs, **example.named(example.clean)}.items():
                loop.monitor.add_audio(f"mixture_{index}/{name}", wave, step=0)
    return description


def _run_loop(loop: Loop, job: Job, plan: BatchPlan, description: Mapping[str, Any]) -> Outcome:
    """Run a loop in its folder, and write down how it ended."""
    engine = loop.state.engine
    engine.wait()
    batches = step_batches(
        job.data,
        plan,
        first=loop.progress.step,
        workers=loop.config.data.workers,
        rank=engine.rank,
        processes=engine.processes,
        pinned=engine.device.type == "cuda",
    )
    try:
        with deferred_signals() as request:
            reason = loop.run(batches, request)
    finally:
        batches.close()
        if loop.monitor is not None:
            loop.monitor.close()
    engine.wait()  # the weights that the outcome is of are written by one process
    outcome = _outcome(loop, reason)
    if engine.is_main:
        loop.folder.write({**description, "outcome": outcome.as_dict()})
    return outcome


def _warn_of_threads(starts: Sequence[Mapping[str, Any]], start: Mapping[str, Any]) -> None:
    """Log that sums in another order, of other threads, round otherwise than before."""
    if starts and starts[-1].get("threads") != start["threads"]:
        logger.warning(
            "%s threads here, %s in the start before: the weights will differ in their last digits "
            "from those of an unbroken run; OMP_NUM_THREADS sets the number",
            start["threads"],
            starts[-1].get("threads"),
        )


def _outcome(loop: Loop, reason: str) -> Outcome:
    weights, progress = loop.folder.root / weights_file.WEIGHTS_NAME, loop.progress
    learned = False
    if progress.best_db is not None:
        learned = bool(weights_file.read_card(weights).facts["validation"]["learned"])
    return Outcome(
        model=loop.model,
        run=loop.folder.root,
        steps=progress.step,
        reason=reason,
        best_db=progress.best_db,
        best_step=progress.best_step,
        learned=learned,
    )


def _torch_seed(seed: int, rank: int) -> int:
    return int(seeds.generator(seed, "torch", str(rank)).words(1)[0] >> 1)
