"""Put a run together: network, material, engine, folder; continue what is there, and go."""

from __future__ import annotations

import inspect
import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch

from benchmarks.contract import Model
from benchmarks.harness.checks import importing
from benchmarks.layers import stft, weights_file
from benchmarks.training import checkpoint, provenance
from benchmarks.training.checkpoint import Progress
from benchmarks.training.config import Config
from benchmarks.training.data import loader
from benchmarks.training.data.base import TRAIN, Material, facts
from benchmarks.training.data.loader import write_sources
from benchmarks.training.engine import Engine, engine
from benchmarks.training.loop import INTERRUPTED, Loop
from benchmarks.training.losses import denoising
from benchmarks.training.monitor import SHOWN, Monitor
from benchmarks.training.progress import Pace
from benchmarks.training.run_folder import RunFolder
from benchmarks.training.signals import deferred
from benchmarks.training.train_state import Learner, learner_of
from benchmarks.training.validate import Validator
from benchmarks.training.warm_start import Beginning, begin, further
from benchmarks.training.writing import written
from mn_dataset import seeds
from mn_dataset.errors import InputError, suggestion

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Outcome:
    """How a run, or one start of it, ended.

    Attributes:
        model: The registered name.
        run: The run folder.
        steps: Done in all.
        reason: Why it ended.
        best_db: Mean SI-SDR gain of the shipped weights in validation, None before the first.
        best_step: After how many steps they were found.
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
        """Whether somebody stopped it."""
        return self.reason == INTERRUPTED

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {**asdict(self), "run": str(self.run)}

    def __str__(self) -> str:
        """Tell a person how it went, and what to type next."""
        lines = [f"{self.steps} steps; {self.reason}"]
        if self.best_db is not None:
            sure = "" if self.learned else ", not surely better than the mixtures"
            lines.append(
                f"best in validation: {self.best_db:+.2f} dB SI-SDR over the mixtures after "
                f"{self.best_step} steps{sure}; use it as {self.model}@{self.run}"
            )
        if self.interrupted:
            lines.append("continue with the same command and --resume")
        return "\n".join(lines)


@dataclass(frozen=True)
class Order:
    """What is to be trained.

    Attributes:
        model: The learned denoiser.
        material: What it learns from.
        config: How.
        seed: Of every choice.
        out: The run folder.
        resume: Whether to continue what is there.
        device: "cpu", "cuda" or "cuda:N".
        command_line: What was typed, for the record.
        weights: A file of weights to begin with; None for fresh ones.
    """

    model: Model
    material: Material
    config: Config
    seed: int
    out: Path
    resume: bool
    device: str
    command_line: Sequence[str]
    weights: Path | None = None


def built(model: Model, options: Mapping[str, Any], *, seed: int, segment: int) -> torch.nn.Module:
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
    known = inspect.signature(model.build).parameters
    takes_any = any(one.kind is inspect.Parameter.VAR_KEYWORD for one in known.values())
    for name in options:
        if name not in known and not takes_any:
            raise InputError(
                f"[model] has the unknown field {name!r}{suggestion(name, known)} "
                f"{model.spec.name} knows: {', '.join(known)}"
            )
    own = {"seed": seed, "train_frames": stft.num_frames(segment)}
    given = {name: value for name, value in own.items() if name in known} | dict(options)
    with importing(model.spec.name):
        network: torch.nn.Module = model.build(**given)
    return network


def run(order: Order, *, progress: Callable[[int, int], None] | None = None) -> Outcome:
    """Train from the start, or from the newest whole checkpoint.

    Args:
        order: What is to be trained.
        progress: Called with (done, all) seconds of work.

    Raises:
        DatasetError: if the folder holds another run, or none of its checkpoints is whole.
        InputError: if model, data and configuration do not go together, or another run is in the
            folder now.
        OutputError: if something cannot be written.
        MnError: if loss or gradient stay without a finite value.
    """
    devices = range(torch.cuda.device_count()) if order.device != "cpu" else []
    with (
        torch.random.fork_rng(devices),
        engine(order.device, order.config.optimizer.precision) as place,
    ):
        # Layers with chance of their own know no other generator than torch's.
        torch.manual_seed(_torch_seed(order.seed, place.rank))
        return _run(order, _beginning(order), place, progress)


def _beginning(order: Order) -> Beginning:
    """Return the first weights: those that were named, or fresh ones."""
    options, segment = order.config.model, order.config.data.segment
    if order.weights is not None:
        frames = stft.num_frames(segment)
        return begin(order.model, order.weights, options, train_frames=frames)
    return Beginning(built(order.model, options, seed=order.seed, segment=segment), {}, None)


def _run(
    order: Order,
    beginning: Beginning,
    place: Engine,
    progress: Callable[[int, int], None] | None,
) -> Outcome:
    folder, config, material = RunFolder(order.out), order.config, order.material
    network, began = beginning.network, beginning.facts
    others = further(beginning, material.origins)
    objective = denoising(config.loss, network)
    plan = loader.plan_of(material, config.data, seed=order.seed, processes=place.processes)
    settings = {
        "model": order.model.spec.name,
        "network": network.config,
        "seed": order.seed,
        "config": config.settings(),
        "data": material.identity,
    } | ({"began_with": began["sha256"]} if began else {})
    data = facts(material)
    data[TRAIN]["ids"] = sorted([*data[TRAIN]["ids"], *(row["id"] for row in others)])
    with folder.locked() if place.is_main else nullcontext():
        folder.check(settings, resume=order.resume)
        learner = learner_of(network, config.optimizer, place)
        loop = Loop(
            model=order.model.spec.name,
            config=config,
            learner=learner,
            objective=objective,
            validator=Validator(material.validation(), place),
            folder=folder,
            pace=Pace(config, steps_per_epoch=plan.steps_per_epoch),
            progress=_restored(learner, folder),
            facts={"data": data, "seed": order.seed, "config": config.settings()}
            | ({"began_with": began} if began else {}),
            tell=progress,
        )
        told = _opened(loop, settings, order, others) if place.is_main else {}
        return _looped(loop, order, plan, told)


def _looped(loop: Loop, order: Order, plan: loader.Plan, told: Mapping[str, Any]) -> Outcome:
    """Run a loop in its folder, and write down how it ended."""
    place = loop.learner.engine
    place.wait()
    stream = loader.steps(
        order.material,
        plan,
        first=loop.progress.step,
        workers=loop.config.data.workers,
        rank=place.rank,
        processes=place.processes,
        pinned=place.device.type == "cuda",
    )
    try:
        with deferred() as request:
            reason = loop.run(stream, request)
    finally:
        stream.close()
        if loop.monitor is not None:
            loop.monitor.close()
    outcome = _outcome(loop, reason)
    if place.is_main:
        loop.folder.write({**told, "outcome": outcome.as_dict()})
    return outcome


def _restored(learner: Learner, folder: RunFolder) -> Progress:
    """Continue from the newest whole checkpoint, if there is one."""
    kept = checkpoint.newest(folder.checkpoints)
    if kept is None:
        return Progress()
    tensors, progress = kept
    learner.restore(tensors)
    return progress


def _opened(
    loop: Loop, settings: Mapping[str, Any], order: Order, others: Sequence[dict[str, str]]
) -> dict[str, Any]:
    """Make the folder's records those of the step to go on from; return what train.json says."""
    folder, done = loop.folder, loop.progress
    begun = provenance.start(loop.learner.engine, step=done.step, command_line=order.command_line)
    limits = asdict(order.config.limits)
    starts = folder.read().get("starts", [])
    _tell_threads(starts, begun)
    told = {
        "settings": dict(settings),
        "limits": limits,
        "data": loop.facts["data"],
        "parameters": sum(weight.numel() for weight in loop.learner.network.parameters()),
        "starts": [*starts, begun],
    }
    folder.write(told)
    with written(folder.root):
        write_sources(folder.root, order.material.origins, others)
    folder.sweep()
    folder.history.rewind(done.step)
    loop.monitor = Monitor(folder.events, step=done.step)
    if done.step == 0:
        for number, example in enumerate(loop.validator.examples[:SHOWN]):
            for name in ("noisy", "clean"):
                wave = torch.from_numpy(getattr(example, name))
                loop.monitor.audio(f"mixture_{number}/{name}", wave, step=0)
    return told


def _tell_threads(starts: Sequence[Mapping[str, Any]], begun: Mapping[str, Any]) -> None:
    """Log that sums in another order, of other threads, round otherwise than before."""
    if starts and starts[-1].get("threads") != begun["threads"]:
        logger.warning(
            "%s threads here, %s in the start before: the weights will differ in their last digits "
            "from those of an unbroken run; OMP_NUM_THREADS sets the number",
            begun["threads"],
            starts[-1].get("threads"),
        )


def _outcome(loop: Loop, reason: str) -> Outcome:
    weights, done = loop.folder.root / weights_file.WEIGHTS_NAME, loop.progress
    has_learned = False
    if done.best_db is not None:
        has_learned = bool(weights_file.read_card(weights).facts["validation"]["learned"])
    return Outcome(
        model=loop.model,
        run=loop.folder.root,
        steps=done.step,
        reason=reason,
        best_db=done.best_db,
        best_step=done.best_step,
        learned=has_learned,
    )


def _torch_seed(seed: int, rank: int) -> int:
    return int(seeds.generator(seed, "torch", str(rank)).words(1)[0] >> 1)
