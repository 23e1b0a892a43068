"""Record the versions, the machine and the time behind a number."""

from __future__ import annotations

import os
import platform
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

PACKAGES = (
    "accelerate",
    "audiomentations",
    "joblib",
    "mn-dataset",
    "noisereduce",
    "numpy",
    "pandas",
    "pesq",
    "pyarrow",
    "pystoi",
    "safetensors",
    "scipy",
    "soundfile",
    "soxr",
    "tensorboard",
    "torch",
)
"""Packages on which a number may depend; the absent ones are left out."""

_CPUINFO = Path("/proc/cpuinfo")


def environment() -> dict[str, Any]:
    """Return the versions and the machine behind every number.

    >>> environment()["python"].startswith("3.")
    True
    """
    return {
        "python": platform.python_version(),
        "platform": platform.platform(),
        "cpu": _cpu(_CPUINFO),
        "cores": os.cpu_count(),
        "packages": {name: version for name in PACKAGES if (version := _version(name))},
    }


def now() -> str:
    """Return the time in UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def _cpu(cpuinfo: Path) -> str:
    """Return the processor's model, where the platform tells it."""
    if cpuinfo.is_file():
        for line in cpuinfo.read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return ""
