"""Judge whether a process of a cluster gives the bytes that this process would give."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Mapping
from functools import cache
from importlib import metadata, util
from pathlib import Path

_PACKAGES = ("benchmarks", "mn_dataset")
_DEPENDENCIES = ("numpy", "scipy", "pandas", "pyarrow", "soundfile", "soxr", "pyloudnorm")


@cache
def versions() -> Mapping[str, str]:
    """Return what the bytes of an answer may depend on: the code, and the packages below it.

    >>> list(versions())[:2]
    ['mn-dataset', 'Python']
    """
    code = hashlib.sha256()
    for package in _PACKAGES:
        spec = util.find_spec(package)
        for root in (spec and spec.submodule_search_locations) or ():
            for path in sorted(Path(root).rglob("*.py")):
                code.update(path.relative_to(root).as_posix().encode() + path.read_bytes())
    return {
        "mn-dataset": f"{metadata.version('mn-dataset')} (code {code.hexdigest()[:12]})",
        "Python": platform.python_version(),
        **{name: metadata.version(name) for name in _DEPENDENCIES},
    }


def fault(folder: str, expected: Mapping[str, str]) -> str:
    """Say what keeps the process that this is called in from working for another; "" if nothing.

    Args:
        folder: The other's working folder.
        expected: The other's versions.
    """
    for name, wanted in expected.items():
        found = versions().get(name, "none")
        if found != wanted:
            return (
                f"it has {name} {found}, and this command {wanted}; install the same on both, and "
                "start it again"
            )
    if not Path(folder).is_dir():
        return (
            f"it sees no folder {folder}; start it where this machine's folders are "
            "mounted at the same paths"
        )
    return ""
