"""The pages on using a publication run, as they stand."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from benchmarks.cli import app
from mn_dataset import terminal

ROOT = Path(__file__).parents[1]
PAGES = sorted((ROOT / "docs").glob("use-*.md"))


def blocks(page, language):
    text = page.read_text(encoding="utf-8")
    return re.findall(rf"```{language}\n(.*?)```", text, flags=re.DOTALL)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Where the commands were run that every page begins with."""
    pytest.importorskip("datasets", reason="the extra `publish` is not installed")
    commands = {blocks(page, "console")[0] for page in PAGES}
    assert len(commands) == 1
    home = tmp_path_factory.mktemp("use")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(home)
        for line in commands.pop().splitlines():
            assert terminal.run(app, shlex.split(line.removeprefix("$ mn "))) == 0
    return home


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.stem)
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
