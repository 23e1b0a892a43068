"""What the documentation says is there, and runs."""

from __future__ import annotations

import re
import shlex
import tomllib
from pathlib import Path

import pytest

import benchmarks
import mn_dataset
from benchmarks import registry
from benchmarks.cli import app
from mn_dataset.commands import terminal
from mn_dataset.mix.augment.chain import from_tables

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
GUIDES = sorted((ROOT / "docs").glob("*.md"))
USE = [page for page in GUIDES if page.stem.startswith("use-")]
PAGES = sorted(path for path in ROOT.glob("**/*.md") if not {".venv", "out"} & set(path.parts))


def test_every_command_is_shown():
    """In the README or a page of docs; and neither shows one that does not exist."""
    commands = {name for name in app if not name.startswith("-")}
    text = README + "".join(page.read_text(encoding="utf-8") for page in GUIDES)
    shown = set(re.findall(r"^\$ mn ([a-z-]+)", text, flags=re.MULTILINE))

    assert shown == commands


@pytest.mark.parametrize("kind", ["denoisers", "metrics"])
def test_every_denoiser_and_metric_is_on_its_page(kind):
    text = (ROOT / f"docs/{kind}.md").read_text(encoding="utf-8")

    assert [name for name in getattr(registry, kind)() if f"`{name}`" not in text] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(page):
    """Every relative link of every page is a file of the project."""
    for target in re.findall(r"\]\(([^)#]+)\)", page.read_text(encoding="utf-8")):
        if "://" not in target:
            assert (page.parent / target).exists(), target


def test_make_explains_every_target_and_no_page_names_another():
    """Nor do the workflow and what continuous integration runs."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8").replace("\\\n", " ")
    targets = set(re.findall(r"^\.PHONY: (.+)$", makefile, flags=re.MULTILINE)[0].split())
    explained = set(re.findall(r"^([a-z-]+):.*## \S", makefile, flags=re.MULTILINE))
    named = {
        target
        for path in (*PAGES, ROOT / ".github/workflows/ci.yml", ROOT / ".ci/run")
        for target in re.findall(
            r"(?:`|\$ |run: |^)make ([a-z-]+)", path.read_text(encoding="utf-8"), flags=re.MULTILINE
        )
    }

    assert targets == explained
    assert named
    assert named <= targets


def test_the_site_builds_without_a_warning(tmp_path):
    """Every page has its place, every link and anchor leads somewhere, the reference is whole."""
    config = pytest.importorskip("mkdocs.config", reason="mkdocs is not installed (group `docs`)")
    commands = pytest.importorskip("mkdocs.commands.build")
    settings = config.load_config(str(ROOT / "docs/mkdocs.yml"), site_dir=str(tmp_path / "site"))

    commands.build(settings)

    home = (tmp_path / "site/index.html").read_text("utf-8")
    styles = re.findall(r'href="(assets/[^"]+\.css)"', home)
    assert len(styles) >= 2
    assert all((tmp_path / "site" / style).is_file() for style in styles)
    assert "load_corpus" in (tmp_path / "site/docs/reference/python.html").read_text("utf-8")
    assert "verify-run" in (tmp_path / "site/docs/reference/commands.html").read_text("utf-8")


@pytest.mark.parametrize("package", [mn_dataset, benchmarks], ids=lambda package: package.__name__)
def test_the_reference_has_every_public_name(package):
    """And no other."""
    text = (ROOT / "docs/reference/python.md").read_text(encoding="utf-8")
    shown = re.findall(rf"^::: {package.__name__}\.[\w.]*?(\w+)$", text, flags=re.MULTILINE)

    assert sorted(shown) == sorted(package.__all__)


def blocks(page, language):
    text = page.read_text(encoding="utf-8")
    return re.findall(rf"```{language}\n(.*?)```", text, flags=re.DOTALL)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Where the commands were run that every page begins with."""
    datasets = pytest.importorskip("datasets", reason="the extra `publish` is not installed")
    commands = {blocks(page, "console")[0] for page in USE}
    assert len(commands) == 1
    home = tmp_path_factory.mktemp("use")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(home)
        patch.setattr(datasets.config, "HF_DATASETS_CACHE", home / "cache")
        for line in commands.pop().splitlines():
            assert terminal.run(app, shlex.split(line.removeprefix("$ mn "))) == 0
        yield home


@pytest.mark.parametrize("page", USE, ids=lambda path: path.stem)
def test_a_page_on_use_runs(page, folder, monkeypatch):
    """Block after block, in one Python, beside the publication that it makes."""
    if page.stem == "use-torch":
        pytest.importorskip("torch", reason="the page is about it (the extra `torch`)")
    monkeypatch.chdir(folder)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    names = {"__name__": page.stem}
    found = blocks(page, "python")
    for block in found:
        exec(compile(block, page.name, "exec"), names)  # noqa: S102 - ours

    assert len(found) >= 3


def test_chains_are_chains():
    """The TOML block can be given to --augment."""
    page = ROOT / "docs/build-and-compare.md"
    (block,) = blocks(page, "toml")
    assert from_tables(tomllib.loads(block), where=page.name).transforms


def test_the_readme_s_python_runs(tmp_path, monkeypatch):
    """Each block as it stands, in an empty folder."""
    pytest.importorskip("torch", reason="the block streams through torch (the extra `torch`)")
    monkeypatch.chdir(tmp_path)
    for block in re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL):
        exec(compile(block, "README.md", "exec"), {"__name__": "readme"})  # noqa: S102 - ours

    assert (tmp_path / "dataset/manifest.parquet").is_file()
