"""What the documentation says is there, and runs."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from benchmarks import registry
from benchmarks.cli import app
from mn_dataset.mix.augment.chain import from_tables

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = sorted(path for path in ROOT.glob("**/*.md") if not {".venv", "out"} & set(path.parts))


def test_every_command_is_in_the_readme():
    """And the README names no command that does not exist."""
    commands = {name for name in app if not name.startswith("-")}
    named = set(re.findall(r"\bmn ([a-z-]+)\b", README)) | set(re.findall(r"make ([a-z]+)", README))

    assert commands <= named
    assert set(re.findall(r"\$ mn ([a-z-]+)", README)) <= commands


def test_every_denoiser_and_metric_is_in_the_readme():
    """By its name."""
    for name in (*registry.denoisers(), *registry.metrics()):
        assert f"`{name}`" in README


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(page):
    """Every relative link of every page is a file of the project."""
    for target in re.findall(r"\]\(([^)#]+)\)", page.read_text(encoding="utf-8")):
        if "://" not in target:
            assert (page.parent / target).exists(), target


def test_the_readme_s_chains_are_chains():
    """Each TOML block can be given to --augment."""
    for block in re.findall(r"```toml\n(.*?)```", README, flags=re.DOTALL):
        assert from_tables(tomllib.loads(block), where="README.md").transforms


def test_the_readme_s_python_runs(tmp_path, monkeypatch):
    """Each block as it stands, in an empty folder."""
    pytest.importorskip("torch", reason="the block streams through torch (the extra `torch`)")
    monkeypatch.chdir(tmp_path)
    for block in re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL):
        exec(compile(block, "README.md", "exec"), {"__name__": "readme"})  # noqa: S102 - ours

    assert (tmp_path / "dataset/manifest.parquet").is_file()
