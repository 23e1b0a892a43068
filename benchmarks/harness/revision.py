"""Say which revision of a denoiser made an estimate."""

from __future__ import annotations

import hashlib
from importlib import metadata
from pathlib import Path

from benchmarks.contract import DenoiserSpec
from benchmarks.registry import Entry
from mn_dataset.audio.io import file_sha256


def revision_of(
    entry: Entry, spec: DenoiserSpec, *, weights: Path | None = None, own: str | None = None
) -> str:
    """Join the spec's version, its package's version, and the hash of a person's own file.

    The SHA-256 of its weights stands for the version of a learned denoiser. What a denoiser says
    itself (``own``, of what a TOML file describes) is added.

    >>> revision_of(Entry("half", "benchmarks.classical.half", "Half"), DenoiserSpec(name="half"))
    '1'
    """
    parts = [spec.version if weights is None else file_sha256(weights)]
    if spec.package is not None:
        parts.append(f"{spec.package}-{_version(spec.package)}")
    if entry.module.endswith(".py"):
        parts.append(hashlib.sha256(Path(entry.module).read_bytes()).hexdigest()[:12])
    if own is not None:
        parts.append(own)
    return "+".join(parts)


def _version(package: str) -> str:
    """Return the version of the distribution that ships an import package."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        owners = metadata.packages_distributions().get(package, ())
        return metadata.version(owners[0]) if owners else "unknown"
