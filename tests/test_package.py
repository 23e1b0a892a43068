"""What is released holds its files and no others; the wheel, alone, does the main job.

``make wheel`` names the folder of what it built in ``MN_DIST``; without that the tests build.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import tomllib
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
PACKAGES = ("mn_dataset", "benchmarks")
pytestmark = pytest.mark.stress


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a wheel and an sdist, built in an isolated environment."""
    if built := os.environ.get("MN_DIST"):
        return Path(built).resolve()
    folder = tmp_path_factory.mktemp("dist")
    build = [sys.executable, "-m", "build", "--outdir", str(folder), str(ROOT)]
    subprocess.run(build, check=True, cwd=folder)
    return folder


@pytest.fixture(scope="module")
def wheel(dist: Path) -> Path:
    (wheel,) = dist.glob("*.whl")
    return wheel


def files_of(*folders: str) -> set[str]:
    """Name the checkout's files below folders, less what Python compiles."""
    return {
        path.relative_to(ROOT).as_posix()
        for folder in folders
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and path.parent.name != "__pycache__"
    }


def test_the_wheel_holds_both_packages_and_the_tables_and_nothing_else(wheel: Path) -> None:
    """Every module, configuration, template, script, style and weight; two licences."""
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    described = {name for name in names if ".dist-info/" in name}

    assert names - described == files_of(*PACKAGES) | {
        f"mn_dataset/{name}" for name in files_of("metadata")
    }
    assert {name.partition(".dist-info/")[2] for name in described} == {
        "METADATA",
        "RECORD",
        "WHEEL",
        "entry_points.txt",
        "licenses/LICENSE",
        "licenses/benchmarks/weights/LICENSE",
    }
    kinds = {Path(name).suffix for name in names}
    assert {".py", ".typed", ".toml", ".j2", ".js", ".css", ".safetensors", ".csv"} <= kinds


def test_the_sdist_holds_what_the_wheel_is_made_of_and_nothing_else(dist: Path) -> None:
    """No tests, and nothing that a run left behind."""
    (sdist,) = dist.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        names = {member.name.partition("/")[2] for member in archive if member.isfile()}

    assert names == files_of(*PACKAGES, "metadata") | {
        ".gitignore",
        "CHANGELOG.md",
        "CITATION.cff",
        "LICENSE",
        "PKG-INFO",
        "README.md",
        "pyproject.toml",
    }


def test_the_core_install_alone_does_the_main_job(wheel: Path, tmp_path: Path) -> None:
    """In an empty environment, outside the checkout; what is an extra's shows as not installed."""
    venv.create(tmp_path / "env", with_pip=True)
    programs = tmp_path / "env/bin"
    subprocess.run([programs / "pip", "install", "--quiet", wheel], check=True)

    def mn(*words: str) -> str:
        done = subprocess.run(
            [programs / "mn", *words],
            check=True,
            cwd=tmp_path,
            env={name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
            capture_output=True,
            text=True,
        )
        return done.stdout

    version = mn("--version")
    printed = mn("demo", "--out", "demo")

    assert version.strip() == PROJECT["version"]
    assert "mmse_stsa" in printed
    assert "- noisereduce: `pip install 'mn-dataset[baselines]'`" in printed
    assert "- pesq: `pip install 'mn-dataset[perceptual]'`" in printed
    assert (tmp_path / "demo/run/leaderboard.md").is_file()
    assert (tmp_path / "demo/run/index.html").is_file()
