"""What mixing on the fly adds to a training step, against the same step on a batch that is there.

An eighth and a quarter of MusicECAN's widths, on all cores. What is mixed between two steps is
waited for; what is mixed ahead takes a core's time all the same. Where other work is on the cores,
the processor's time tells more than the clock: the last column is the mixing's share of it.

Of the separators it measures how much of a step is the network's forward and backward pass, on one
thread, each by the configuration of its name, which mixes ahead on another core.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from contextlib import ExitStack
from dataclasses import replace

import side_by_side

from benchmarks import registry
from benchmarks.contract import Objective
from benchmarks.training.config import Data, Validation
from benchmarks.training.config_file import load_config
from benchmarks.training.data.corpus import CorpusTrainingData
from benchmarks.training.data.loader import Batch, BatchPlan, step_batches
from benchmarks.training.engine import Engine, open_engine
from benchmarks.training.losses import denoising_loss, objective_of
from benchmarks.training.step import train_step
from benchmarks.training.train_state import TrainState, initial_state
from benchmarks.training.trainer import build_network
from mn_dataset.audio.corpus import Corpus
from mn_dataset.catalogue.load import load_corpus
from mn_dataset.tasks import registry as tasks
from mn_dataset.workers import cores

ROUNDS = 5
SIZES = ((1 / 8, 2, 1.5), (1 / 8, 4, 1.5), (1 / 4, 2, 2.0))
"""Share of the full widths, batch, and seconds of an item."""
SEPARATORS: tuple[tuple[str, dict[str, object]], ...] = (
    ("drnn", {}),
    ("drnn", {"kind": "drnn-2", "hidden": 1000}),
    ("wvpnn", {}),
    ("wvpnn", {"hidden": 512}),
    ("cvpnn", {}),
    ("acapella_cnn", {}),
)
WIDTHS = (32, 64, 64, 128, 128, 256, 512)
MIXED = 50
STEPS = 5


def main() -> None:
    """Print one row per size and way of mixing."""
    corpus = load_corpus("synthetic", workers=cores())
    rows = []
    with open_engine("cpu", "float32") as engine:
        for share, batch, seconds in SIZES:
            data = Data(segment_s=seconds, batch=batch, gain_db=(-6, 6), workers=0)
            rows += compare(corpus, data, share, engine)
    header = (
        "widths",
        "batch",
        "way",
        "fixed batch, s",
        "drawn, s",
        "added",
        "mixing, ms/item",
        "share",
    )
    side_by_side.table("A training step, and what its data adds", header, rows)
    with open_engine("cpu", "float32") as engine:
        shares = [network_share(name, size, corpus, engine) for name, size in SEPARATORS]
    header = ("separator", "size", "batch", "a step, s", "its network, s", "share")
    side_by_side.table("How much of a step is the network", header, shares)


def compare(corpus: Corpus, data: Data, share: float, engine: Engine) -> list[tuple[str, ...]]:
    """Time steps of one size on a batch that stays, and on batches of every kind, in turn."""
    state, loss_function = small(share, engine)
    ways = {
        "between the steps": data,
        "between, augmented": replace(data, augment="light"),
        "ahead, one worker": replace(data, workers=1),
    }
    rows = []
    with ExitStack() as stack:
        streams = {name: opened(corpus, chosen) for name, chosen in ways.items()}
        for stream in streams.values():
            stack.callback(stream.close)
        there = next(streams["between the steps"])
        jobs: dict[str, Callable[[], object]] = {"fixed": lambda: step(state, loss_function, there)}
        for name, stream in streams.items():
            jobs[name] = lambda stream=stream: step(state, loss_function, next(stream))
        taken = side_by_side.seconds(jobs, rounds=ROUNDS)
        for name, chosen in ways.items():
            added = f"{100 * (taken[name] / taken['fixed'] - 1):+.1f} %"
            times = (f"{taken['fixed']:.3f}", f"{taken[name]:.3f}", added)
            size = (f"1/{round(1 / share)}", f"{data.batch} × {data.segment_s:g} s")
            mixing_s = mixing(corpus, chosen)
            part = f"{100 * data.batch * mixing_s / processor_s(jobs['fixed']):.1f} %"
            rows.append((*size, name, *times, f"{1000 * mixing_s:.1f}", part))
    return rows


def network_share(
    name: str, changes: dict[str, object], corpus: Corpus, engine: Engine
) -> tuple[str, ...]:
    """Measure a step on drawn batches, and the bare forward and backward pass on one that stays."""
    config = load_config(name)
    model = registry.denoiser(name).load()()
    options = {**config.model, **changes}
    network = build_network(model, options, seed=0, segment=config.data.segment)
    state = initial_state(network, config.optimizer, engine)
    objective = objective_of(model, network, config.loss)
    items = CorpusTrainingData(
        corpus,
        config.data,
        Validation(),
        task=tasks.find(model.spec.task),
        sampling_rate=model.spec.sampling_rate,
        seed=0,
    )
    size = config.data.batch
    plan = BatchPlan(0, items.num_items, size)
    batches = step_batches(items, plan, first=0, workers=config.data.workers)
    there = next(batches)
    for _ in range(MIXED):  # what is cached after a while is cached
        next(batches)
    jobs = {
        "whole": lambda: [step(state, objective, next(batches)) for _ in range(STEPS)],
        "bare": lambda: [objective(network, there[0]).backward() for _ in range(STEPS)],
    }
    taken = side_by_side.seconds(jobs, rounds=ROUNDS)
    batches.close()
    whole_s, bare_s = taken["whole"] / STEPS, taken["bare"] / STEPS
    shape = ", ".join(f"{key} = {value}" for key, value in options.items())
    batch = f"{size} × {config.data.segment_s:g} s"
    return name, shape, batch, f"{whole_s:.3f}", f"{bare_s:.3f}", f"{100 * bare_s / whole_s:.0f} %"


def small(share: float, engine: Engine) -> tuple[TrainState, Objective]:
    """Return MusicECAN at a share of its widths, and the loss of the configuration ``cpu``."""
    config = load_config("cpu")
    widths = [max(1, round(share * width)) for width in WIDTHS]
    model = registry.denoiser("musicecan").load()()
    network = build_network(model, {"widths": widths}, seed=0, segment=config.data.segment)
    return initial_state(network, config.optimizer, engine), denoising_loss(config.loss, network)


def step(state: TrainState, objective: Objective, parts: list[Batch]) -> None:
    """Make one step."""
    options = {"learning_rate": 1e-4, "clip_norm": 1.0, "seconds": 0.0, "stop_requested": False}
    train_step(state, objective, parts, **options)


def opened(corpus: Corpus, data: Data) -> Generator[list[Batch], None, None]:
    """Return the batches of a run, with what is cached after a while cached already."""
    items = CorpusTrainingData(corpus, data, Validation(), task=tasks.find("denoise"), seed=0)
    if not data.workers:
        for index in range(4 * MIXED):
            items.item(0, index)
    plan = BatchPlan(0, items.num_items, data.batch)
    return step_batches(items, plan, first=0, workers=data.workers)


def processor_s(job: Callable[[], object]) -> float:
    """Return the processor's seconds for a job, of all threads."""
    begun = time.process_time()
    for _ in range(ROUNDS):
        job()
    return (time.process_time() - begun) / ROUNDS


def mixing(corpus: Corpus, data: Data) -> float:
    """Return the processor's seconds for an item, once the recordings are cached."""
    items = CorpusTrainingData(corpus, data, Validation(), task=tasks.find("denoise"), seed=0)
    for index in range(4 * MIXED):
        items.item(0, index)
    begun = time.process_time()
    for index in range(MIXED):
        items.item(1, index)
    return (time.process_time() - begun) / MIXED


if __name__ == "__main__":
    main()
