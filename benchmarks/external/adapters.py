"""Use a program, or estimates that were made elsewhere, as a denoiser.

A TOML file describes it, and is its name: ``./deepfilter.toml``. A program reads and writes WAV::

    name = "deepfilternet3"
    command = ["deep-filter", "-D", "-o", "{outdir}", "{in}"]
    sampling_rate = 48000

Estimates are found in a folder by the mixtures that they were made of::

    name = "moliner"
    folder = "estimates"              # 000000.wav, … by the mixture's id, beside this file
    dataset = "out/open-test"         # the built dataset whose noisy files were denoised

Of a task with several targets each has a file of its own::

    task = "separate"
    targets = { voice = "{outdir}/in/vocals.wav", accompaniment = "{outdir}/in/residual.wav" }
"""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

from benchmarks.contract import DenoiserSpec
from benchmarks.external.command import Command
from benchmarks.external.folder import Folder
from benchmarks.external.places import IN, OUT
from mn_dataset.errors import InputError, suggestion
from mn_dataset.files.toml import read_toml

_SPEC_FIELDS = (
    *("name", "task", "sampling_rate", "latency", "remainder", "deterministic"),
    *("version", "license", "citation", "trained_on"),
)


def load_described(path: Path) -> Command | Folder:
    """Return the denoiser that a TOML file describes.

    Raises:
        InputError: naming the file and the field that is missing, unknown or senseless.
    """
    description = read_toml(path)
    kinds = {"command": Command, "folder": Folder}
    named = [name for name in kinds if name in description]
    if len(named) != 1 or not isinstance(description.get("name"), str):
        raise InputError(
            f"{path}: expected a name, and either command = ['PROGRAM', '{IN}', '{OUT}'] or "
            "folder = 'ESTIMATES'"
        )
    kind = kinds[named[0]]
    kind_fields = [one.name for one in fields(kind) if one.name not in ("path", "spec")]
    for name in description:
        if name not in (*_SPEC_FIELDS, *kind_fields):
            nearest = suggestion(name, (*_SPEC_FIELDS, *kind_fields))
            raise InputError(f"{path}: unknown field {name!r}{nearest}")
    spec_values = {name: description[name] for name in _SPEC_FIELDS if name in description}
    kind_values = {name: description[name] for name in kind_fields if name in description}
    channels = None if description.get("multichannel") else 1
    try:
        denoiser: Command | Folder = kind(
            path, DenoiserSpec(channels=channels, **spec_values), **kind_values
        )
    except TypeError as error:
        raise InputError(f"{path}: {error}") from error
    return denoiser
