"""The commands that make weights: train, pack, convert."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

from mn_dataset.cli import Flag, Json, app
from mn_dataset.commands import terminal
from mn_dataset.commands.options import Many, cores


@app.command
def train(
    model: str,
    /,
    *,
    data: Annotated[list[str], Many],
    out: Path,
    config: str | None = None,
    set: Annotated[list[str] | None, Many] = None,  # noqa: A002 - the option's name
    resume: Annotated[bool, Flag] = False,
    seed: int = 0,
    device: str = "cpu",
    max_steps: int | None = None,
    max_minutes: float | None = None,
    workers: int | None = None,
    json: Json = False,
) -> int:
    """Train a model on the train split; keep what is best on the validation split.

    Then NAME@RUN denoises: `mn denoise my.wav --denoiser musicecan@RUN --out out`. Ctrl-C, a crash
    or a limit lose nothing: with --resume the same command continues, and the weights become those
    of an unbroken run.

    Args:
        model: A learned denoiser (`mn denoisers` lists them), or FILE.py:CLASS. NAME@WEIGHTS (a
            file or a run folder) goes on from trained ones, with a new schedule or on new data.
        data: A corpus (folder or name), mixed on the fly, or a built dataset; or several corpora,
            of which the first is validated with and the train splits of all are learned from.
        out: The run folder: weights, checkpoints, history, TensorBoard, provenance.
        config: cpu, gpu, paper, small or a model's name (what ships), or a TOML file of your own;
            by default the one that bears the model's name, or cpu.
        set: Fields above the configuration's: data.batch=4 optimizer.learning_rate=1e-3.
        resume: Continue what the folder holds; without a checkpoint in it, begin.
        seed: Of first weights, recipes, order and validation.
        device: cpu, cuda or cuda:N; several processes by `accelerate launch`.
        max_steps: Steps in all, above the configuration's.
        max_minutes: Minutes of work in all, validation included, above the configuration's.
        workers: Processes that measure a new corpus; all cores by default.
        json: Print one JSON object.
    """
    from benchmarks.training import launch
    from benchmarks.training.config_file import default_for, load_config
    from benchmarks.training.train import train as train_model

    settings = load_config(
        config or default_for(model),
        changes=set or (),
        max_steps=max_steps,
        max_minutes=max_minutes,
    )
    with launch.as_one_of_several(), terminal.bar(f"training {model}") as progress:
        outcome = train_model(
            model,
            data,
            out,
            config=settings,
            resume=resume,
            seed=seed,
            device=device,
            workers=cores(workers),
            command_line=["mn", *sys.argv[1:]],
            progress=progress if launch.is_first() else None,
        )
    if launch.is_first():
        terminal.answer(outcome.as_dict()) if json else terminal.say(str(outcome))
    return terminal.INTERRUPTED if outcome.interrupted else terminal.DONE


@app.command
def pack(
    run: Path,
    /,
    *,
    out: Path,
    scores: Annotated[list[Path] | None, Many] = None,
    notes: Path | None = None,
    license: str = "CC-BY-4.0",  # noqa: A002 - the option's name
    model: str | None = None,
) -> None:
    """Pack a training run for others: light weights, sources, scores, a card.

    Pack, run `mn bench` with MODEL@OUT/MODEL.safetensors and noisy, then pack again with --scores.

    Args:
        run: A run folder of `mn train`.
        out: The folder to write to.
        scores: Run folders of `mn bench` with the packed weights.
        notes: A Markdown file that the card ends with, such as limits.
        license: SPDX id of the weights' licence.
        model: What was trained, where it is none of `mn denoisers`: FILE.py:CLASS.
    """
    from benchmarks.report.release import pack as pack_run

    weights = pack_run(run, out, scores=scores or (), notes=notes, license_id=license, model=model)
    terminal.say(f"{weights}, and its card {weights.with_suffix('.md')}")


@app.command
def convert(model: str, checkpoint: Path, out: Path, /) -> None:
    """Turn a checkpoint of the reference into weights that NAME@FILE takes.

    Args:
        model: musicecan, two_stage_unet or acapella_cnn.
        checkpoint: The authors' TensorFlow checkpoint (prefix, file or folder), or an .npz of its
            arrays; for acapella_cnn your own copy of the author's weights.h5, which has no licence.
        out: The file to write, *.safetensors.
    """
    from benchmarks.harness.convert import convert as run_conversion

    terminal.say(run_conversion(model, checkpoint, out))
