"""Find a person's recordings: files that were named, and what folders hold."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from benchmarks.harness.recordings.ledger import LEDGER_NAME
from mn_dataset.catalogue.curate.walk import oddity, walk


@dataclass(frozen=True)
class Found:
    """A file that may be a recording, or what stands in its place.

    Attributes:
        path: Where it is.
        name: Its path below the folder that was named, or its own name.
        reason: Why it can be no recording; "" if it may be one.
    """

    path: Path
    name: PurePosixPath
    reason: str = ""


def found(inputs: Sequence[Path], *, out: Path) -> list[Found]:
    """Return the files in order, each once; of a folder those in its sub-folders too.

    Args:
        inputs: Files and folders. In folders, hidden files, and files that neither by name nor
            by their first bytes are audio or video, are passed over.
        out: A folder inside one of them whose files are estimates, not recordings; as are those
            in other folders inside them that outputs were written to.
    """
    every = [
        item for path in inputs for item in (_in(path, out) if os.path.isdir(path) else _at(path))
    ]
    return list({(_real(item.path), item.name): item for item in every}.values())


def _at(path: Path) -> Iterator[Found]:
    if not os.path.lexists(path):
        yield Found(path, PurePosixPath(path.name), "no such file or folder")
        return
    yield Found(path, PurePosixPath(path.name), oddity(path) or "")


def _in(folder: Path, out: Path) -> Iterator[Found]:
    tree = walk(folder)
    own = _real(out)
    inside = own.is_relative_to(_real(folder)) and own != _real(folder)
    for name in tree.recordings:
        path = folder / name
        if not (inside and _real(path).is_relative_to(own)) and not _is_output(folder, name):
            yield Found(path, PurePosixPath(name), oddity(path) or "")
    for rejection in tree.rejected:
        yield Found(folder / rejection.file, PurePosixPath(rejection.file), rejection.reason)
    if not tree.recordings and not tree.rejected:
        reason = "a folder without recordings; expected audio or video files in it or below"
        yield Found(folder, PurePosixPath(folder.name), reason)


def _is_output(folder: Path, name: str) -> bool:
    """Return whether a file stands in a folder of outputs below the one that was named."""
    below = list(PurePosixPath(name).parents)[:-1]
    return any((folder / parent / LEDGER_NAME).exists() for parent in below)


def _real(path: Path) -> Path:
    return Path(os.path.realpath(path))  # unlike resolve(), it lives with loops of links
