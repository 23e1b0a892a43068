"""Train a learned denoiser: the one way in, which knows no torch until all is asked for rightly."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, cast

from benchmarks import registry
from benchmarks.contract import Model
from benchmarks.harness.backend import check_device
from benchmarks.harness.load import construct
from benchmarks.harness.weights import weights_of
from benchmarks.training.config import Config
from benchmarks.training.config_file import DEFAULT, load_config
from mn_dataset.errors import InputError, MissingExtra
from mn_dataset.records import SAMPLING_RATE

if TYPE_CHECKING:
    from benchmarks.training.trainer import Outcome

_PACKAGES = ("torch", "safetensors", "accelerate", "tensorboard")


def train(
    model: str,
    data: str | Path | Sequence[str | Path],
    out: str | Path,
    *,
    config: str | Path | Config = DEFAULT,
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
        config: Name of a configuration that ships, a TOML file, or a configuration.
        seed: Of first weights, recipes, order and validation.
        resume: Continue what the folder holds; one without a checkpoint is begun.
        device: "cpu", "cuda" or "cuda:N".
        workers: Processes that measure a corpus which is new.
        command_line: What was typed, for the record.
        progress: Called with (done, all): recordings that are measured, then seconds of work.

    Raises:
        UnknownName: if there is no such model, corpus or configuration, with the nearest.
        MissingExtra: with the command that installs what training needs.
        InputError: if model, data and configuration do not go together, if train and validation
            share a take, or the folder holds another run, one that goes on, or damaged checkpoints.
        OutputError: if the folder cannot be written.
        MnError: if loss or gradient stay without a finite value.
    """
    chosen = config if isinstance(config, Config) else load_config(config)
    found, weights = _model(model)
    check_device(device)
    from benchmarks.training.data.open import open_material  # noqa: PLC0415 - torch is an extra
    from benchmarks.training.trainer import Order, run  # noqa: PLC0415 - torch is an extra

    named = [data] if isinstance(data, (str, Path)) else list(data)
    material = open_material(named, chosen, seed=seed, workers=workers, progress=progress)
    order = Order(
        model=found,
        material=material,
        config=chosen,
        seed=seed,
        out=Path(out),
        resume=resume,
        device=device,
        command_line=tuple(command_line),
        weights=weights,
    )
    return run(order, progress=progress)


def _model(name: str) -> tuple[Model, Path | None]:
    """Return the learned denoiser of a name, and the weights that were named with it.

    Raises:
        InputError: if it is none, hears another task or rate than ours, or has no such weights.
        MissingExtra: if a package that training needs is not installed.
    """
    entry = registry.denoiser(name)
    denoiser = construct(entry)
    spec = denoiser.spec
    if not spec.learned:
        raise InputError(
            f"denoiser {spec.name!r} learns nothing; `mn denoisers` lists those that do"
        )
    if (spec.task, spec.sampling_rate) != ("denoise", SAMPLING_RATE):
        raise InputError(
            f"denoiser {spec.name!r} is for {spec.task} at {spec.sampling_rate} Hz; training is "
            f"for denoise at {SAMPLING_RATE} Hz"
        )
    for package in _PACKAGES:
        if importlib.util.find_spec(package) is None:
            raise MissingExtra(package, extra="train")
    weights = None if entry.checkpoint is None else weights_of(spec, entry.checkpoint)
    return cast(Model, denoiser), weights
