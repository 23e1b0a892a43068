"""Give the tests a stand-in of the published archives, and a way to import it."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mn_dataset import tables
from mn_dataset.fetch.published.importer import import_published
from mn_dataset.fetch.report import FetchReport
from mn_dataset.fetch.session import FetchRequest
from mn_dataset.fetch.transfer import Patience
from mn_dataset.records import ROLES

SCRIPT = Path(__file__).with_name("standin.py")


def make_standin(upstream: Path, out: Path, *options: str) -> Path:
    corpus = upstream.parent / "corpus" / "open"
    if not corpus.is_dir():
        pytest.skip("the open corpus does not lie beside the project")
    subprocess.run([sys.executable, SCRIPT, upstream, corpus, out, *options], check=True)
    return out


@pytest.fixture(scope="session")
def standin(upstream: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """40 rows as the three published archives hold them; not to be written to."""
    return make_standin(upstream, tmp_path_factory.mktemp("small") / "standin", "--small")


@pytest.fixture(scope="session")
def whole_standin(upstream: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """All 1235 + 42 rows; not to be written to. 2 GB, so that nothing is left behind."""
    folder = make_standin(upstream, tmp_path_factory.mktemp("whole") / "standin")
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def roomy(tmp_path: Path) -> Iterator[Path]:
    """A place for gigabytes, emptied at the end."""
    yield tmp_path
    shutil.rmtree(tmp_path)


@pytest.fixture
def take(tmp_path: Path, standin: Path, hasty: Patience) -> Callable[..., FetchReport]:
    """Return a function that imports from a place into ``tmp_path/root/mn``."""
    rows = {role: tables.read_table(standin / "tables" / f"{role}.csv", role) for role in ROLES}

    def run(origin, *, drives=None, noise=None, **options) -> FetchReport:
        place = None if origin is None else str(origin)
        fetch_request = FetchRequest(
            tmp_path / "root" / "mn", origin=place, patience=hasty, **options
        )
        asked = {**rows, "noise": noise} if noise else rows
        return import_published(asked, fetch_request, drives=drives or {})

    return run


@pytest.fixture(scope="session")
def pack() -> Callable[[Path, Path], Path]:
    """Return a function that packs a folder into a tar.gz or a zip, as the target is called."""

    def run(folder: Path, target: Path) -> Path:
        if target.name.endswith(".tar.gz"):
            with tarfile.open(target, "w:gz", compresslevel=1) as archive:
                archive.add(folder, folder.name)
            return target
        with zipfile.ZipFile(target, "w") as archive:
            for path in sorted(folder.rglob("*")):
                archive.write(path, f"{folder.name}/{path.relative_to(folder)}")
        return target

    return run


@pytest.fixture
def ends(tmp_path: Path) -> Callable[[], dict[str, str]]:
    """Return a function that hashes every file of the corpus and its lock."""
    root = tmp_path / "root"

    def read() -> dict[str, str]:
        return {
            path.relative_to(root).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted(root.rglob("*"))
            if path.is_file()
        }

    return read
