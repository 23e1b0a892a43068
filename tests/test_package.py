"""The wheel, installed where nothing else is, does the main job."""

from __future__ import annotations

import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "-w", folder, ROOT]
    subprocess.run([str(word) for word in command], check=True)
    return next(folder.glob("*.whl"))


@pytest.mark.stress
def test_the_wheel_carries_both_packages_and_the_tables(wheel):
    """Types are marked, the page's template and the metadata are inside."""
    names = zipfile.ZipFile(wheel).namelist()

    for name in (
        "mn_dataset/py.typed",
        "benchmarks/py.typed",
        "benchmarks/report/page.html.j2",
        "benchmarks/report/model_card.md.j2",
        "mn_dataset/publish/card.md.j2",
        "benchmarks/weights/LICENSE",
        "benchmarks/weights/musicecan_small.safetensors",
        "benchmarks/weights/musicecan_small.md",
        "benchmarks/weights/musicecan_small.sources.csv",
        "benchmarks/weights/musicecan_small.scores.csv",
        "mn_dataset/metadata/mn/clean.csv",
        "mn_dataset/metadata/mn/noise.csv",
        "mn_dataset/metadata/open/clean.csv",
        "mn_dataset/metadata/open/noise.csv",
        "mn_dataset/metadata/README.md",
    ):
        assert name in names
    assert not [name for name in names if name.startswith(("tests", "perf"))]


@pytest.mark.stress
def test_the_core_install_alone_does_the_main_job(wheel, tmp_path):
    """In an empty environment, outside the checkout; what is an extra's shows as not installed."""
    venv.create(tmp_path / "env", with_pip=True)
    programs = tmp_path / "env/bin"
    subprocess.run([programs / "pip", "install", "--quiet", wheel], check=True)

    demo = [programs / "mn", "demo", "--out", "demo"]
    done = subprocess.run(demo, check=True, cwd=tmp_path, capture_output=True, text=True)

    assert "mmse_stsa" in done.stdout
    assert "- noisereduce: `pip install 'mn-dataset[baselines]'`" in done.stdout
    assert "- pesq: `pip install 'mn-dataset[perceptual]'`" in done.stdout
    assert (tmp_path / "demo/run/leaderboard.md").is_file()
    assert (tmp_path / "demo/run/index.html").is_file()
