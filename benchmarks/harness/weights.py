"""Find the weights of a learned denoiser: those that were named with it, or those that ship."""

from __future__ import annotations

from pathlib import Path

from benchmarks.contract import DenoiserSpec
from benchmarks.layers.weights_file import WEIGHTS_NAME
from mn_dataset.errors import InputError

SHIPPED = Path(__file__).parents[1] / "weights"


def weights_of(spec: DenoiserSpec, checkpoint: Path | None) -> Path | None:
    """Return the file of weights; None for a denoiser that learned nothing.

    Args:
        spec: What the denoiser declares.
        checkpoint: A file of weights, or a run folder of ``mn train``; None for what ships.

    Raises:
        InputError: if there are none, or if they were named for a denoiser without any.
    """
    if not spec.learned:
        if checkpoint is not None:
            raise InputError(f"{spec.name}@{checkpoint}: {spec.name!r} has no weights to load")
        return None
    if checkpoint is None:
        shipped = shipped_weights(spec)
        if shipped is None:
            raise InputError(
                f"denoiser {spec.name!r} ships no weights; train some with "
                f"`{train_command(spec)}` and name it {spec.name}@RUN"
            )
        return shipped
    path = checkpoint / WEIGHTS_NAME if checkpoint.is_dir() else checkpoint
    if not path.is_file():
        raise InputError(
            f"{spec.name}@{checkpoint}: no {path}; expected a file of weights or a run folder of "
            f"`mn train {spec.name}`"
        )
    return path


def shipped_weights(spec: DenoiserSpec) -> Path | None:
    """Return the weights that come with the package, if any do."""
    path = SHIPPED / f"{spec.name}.safetensors"
    return path if spec.learned and path.is_file() else None


def train_command(spec: DenoiserSpec) -> str:
    """Return the command that makes weights."""
    return f"mn train {spec.name} --data CORPUS --out RUN"


def label(name: str, checkpoint: Path | None) -> str:
    """Name a denoiser in tables: two checkpoints of one model are two denoisers.

    >>> label("wiener", None), label("musicecan", Path("runs/a")), label("m", Path("b.safetensors"))
    ('wiener', 'musicecan@a', 'm@b')
    """
    return (
        name
        if checkpoint is None
        else f"{name}@{checkpoint.resolve().name.removesuffix('.safetensors')}"
    )
