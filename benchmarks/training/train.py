"""Train a learned denoiser: check what was asked for, open the data, and start the trainer.

Nothing here imports torch before model, configuration and device are known to be right.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, cast

from benchmarks import registry
from benchmarks.contract import Model
from benchmarks.harness.backend import check_device
from benchmarks.harness.load import construct, weights_of
from benchmarks.training.config import Config
from benchmarks.training.config_file import default_for, load_config
from benchmarks.training.data.base import TRAIN, TrainingData
from benchmarks.training.data.corpus import CorpusTrainingData
from benchmarks.training.data.dataset import DatasetTrainingData
from mn_dataset.audio.corpus import Corpus, joined
from mn_dataset.catalogue.load import load_corpus
from mn_dataset.errors import InputError, MissingExtra
from mn_dataset.mix.manifest import MANIFEST, RECIPES
from mn_dataset.records import SAMPLING_RATE
from mn_dataset.tasks import registry as tasks
from mn_dataset.tasks.drawing import part_for
from mn_dataset.tasks.spec import TaskSpec

if TYPE_CHECKING:
    from benchmarks.training.trainer import Outcome

_PACKAGES = ("torch", "safetensors", "accelerate", "tensorboard")


def train(
    model: str,
    data: str | Path | Sequence[str | Path],
    out: str | Path,
    *,
    config: str | Path | Config | None = None,
    seed: int = 0,
    resume: bool = False,
    device: str = "cpu",
    workers: int = 1,
    command_line: Sequence[str] = (),
    progress: Callable[[int, int], None] | None = None,
) -> Outcome:
    """Train a model on the train split, and keep what is best on the validation split.

    The run folder holds ``weights.safetensors`` (the moving average of the weights that was best),
    ``checkpoints/``, ``history.csv``, ``tensorboard/``, ``sources.csv`` (what was learned from and
    validated with) and ``train.json``. Whatever stops it, with
    ``resume`` the same arguments continue it, with the batch and the weights that would have come.
    On a CPU, the same arguments and the same number of threads (``OMP_NUM_THREADS``) give the same
    weights; with another number sums are rounded otherwise, and a resumed run says so in its log.

    Args:
        model: Registered name of a learned denoiser, or ``FILE.py:CLASS``, for fresh weights;
            ``NAME@WEIGHTS`` (a file or a run folder) begins with those.
        data: A corpus (name or folder) or a built dataset, with the splits train and validation;
            or several corpora, of which the first is validated with and all are learned from.
        out: The run folder.
        config: Name of a configuration that ships, a TOML file, or a configuration; by default
            the one that bears the model's name, or "cpu".
        seed: Of first weights, recipes, order and validation.
        resume: Continue what the folder holds; one without a checkpoint is begun.
        device: "cpu", "cuda" or "cuda:N".
        workers: Processes that measure a corpus which is new.
        command_line: What was typed, for the record.
        progress: Called with (done, all): recordings that are measured, then seconds of work.

    Returns:
        How the run ended; its weights are the denoiser ``MODEL@OUT``.

    Raises:
        UnknownName: if there is no such model, corpus or configuration, with the nearest.
        MissingExtra: with the command that installs what training needs.
        InputError: if model, data and configuration do not go together, if train and validation
            share a take, or the folder holds another run, one that goes on, or damaged checkpoints.
        OutputError: if the folder cannot be written.
        MnError: if loss or gradient stay without a finite value.

    Examples:
        >>> from benchmarks.training.config_file import load_config
        >>> small = ["model.width_multiplier=0.25", "data.segment_s=0.5", "data.items_per_epoch=8"]
        >>> short = ["validation.mixtures=2", "validation.seconds=0.5"]
        >>> config = load_config("cpu", changes=small + short, max_steps=1)
        >>> outcome = train("musicecan_small", "synthetic", "run", config=config) # doctest: +SKIP
        >>> outcome.steps, outcome.reason # doctest: +SKIP
        (1, 'all steps are done')
    """
    settings = config if isinstance(config, Config) else load_config(config or default_for(model))
    denoiser, weights = _model(model)
    check_device(device)
    from benchmarks.training.trainer import Job, run_job  # noqa: PLC0415 - torch is an extra

    names = [data] if isinstance(data, (str, Path)) else list(data)
    if not names:
        raise InputError("data is empty; expected a corpus, a built dataset, or several corpora")
    job = Job(
        model=denoiser,
        data=open_training_data(
            names,
            settings,
            task=tasks.find(denoiser.spec.task),
            sampling_rate=denoiser.spec.sampling_rate or SAMPLING_RATE,
            seed=seed,
            workers=workers,
            progress=progress,
        ),
        config=settings,
        seed=seed,
        out=Path(out),
        resume=resume,
        device=device,
        command_line=tuple(command_line),
        weights=weights,
    )
    return run_job(job, progress=progress)


def open_training_data(
    data: Sequence[str | Path],
    config: Config,
    *,
    task: TaskSpec,
    sampling_rate: int = SAMPLING_RATE,
    seed: int,
    workers: int = 1,
    progress: Callable[[int, int], None] | None = None,
) -> TrainingData:
    """Open corpora, by name or folder, or a built dataset.

    Args:
        data: Names of known corpora, or folders. What is validated with stands in the first; the
            others are learned from only.
        config: What is drawn from it.
        task: What is mixed.
        sampling_rate: That the model wants, in Hz.
        seed: Of every choice.
        workers: Processes that measure recordings which the corpus's index does not hold yet.
        progress: Called with (done, all) recordings.

    Raises:
        InputError: if one is neither, or is not fit to be learned from.
    """
    for folder in map(Path, data):
        if any((folder / name).is_file() for name in (MANIFEST, RECIPES)):
            if len(data) > 1:
                raise InputError(
                    f"{folder}: a built dataset is learned from alone; give it alone as data, or "
                    "corpora"
                )
            return DatasetTrainingData(
                folder,
                config.data,
                config.validation,
                task=task,
                sampling_rate=sampling_rate,
                seed=seed,
            )
    first, *others = (
        part_for(task, load_corpus(one, workers=workers, progress=progress), config.data.draw)
        for one in data
    )
    corpus = joined([first, *map(_train_split, others)]) if others else first
    return CorpusTrainingData(
        corpus,
        config.data,
        config.validation,
        task=task,
        sampling_rate=sampling_rate,
        seed=seed,
        workers=workers,
        progress=progress,
    )


def _model(name: str) -> tuple[Model, Path | None]:
    """Return the learned denoiser of a name, and the weights that were named with it.

    Raises:
        InputError: if it learns nothing, or has no such weights.
        MissingExtra: if a package that training needs is not installed.
    """
    entry = registry.denoiser(name)
    denoiser = construct(entry)
    spec = denoiser.spec
    if not spec.learned:
        raise InputError(
            f"model {spec.name!r} learns nothing; `mn denoisers` lists the denoisers that do"
        )
    for package in _PACKAGES:
        if importlib.util.find_spec(package) is None:
            raise MissingExtra(package, extra="train")
    weights = None if entry.checkpoint is None else weights_of(spec, entry.checkpoint)
    return cast(Model, denoiser), weights


def _train_split(corpus: Corpus) -> Corpus:
    """Return the part of a corpus that is learned from: its train split."""
    return corpus.only(
        [source.id for source in corpus.sources.values() if source.row.split == TRAIN]
    )
