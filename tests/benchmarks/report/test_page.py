from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.report.build import write_report
from mn_dataset.audio.io import write_wav


class Links(HTMLParser):
    """Collects what a page would load, and the words it shows."""

    def __init__(self) -> None:
        super().__init__()
        self.loaded: list[str] = []
        self.words: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.loaded += [text or "" for name, text in attrs if name == "src"]
        self.loaded += [text or "" for name, text in attrs if name == "href" and tag == "link"]

    def handle_data(self, data: str) -> None:
        self.words.append(data.strip())


def page_of(run: Path) -> tuple[str, Links]:
    write_report(run)
    text = (run / "index.html").read_text(encoding="utf-8")
    links = Links()
    links.feed(text)
    return text, links


def data_of(text: str) -> dict[str, Any]:
    found = re.search(r"const board = (\{.*\});\n", text)
    assert found
    content: dict[str, Any] = json.loads(found[1])
    return content


def test_the_page_loads_nothing_but_its_examples(run: Path) -> None:
    """Style and script are inside; players point at the files beside the page."""
    for name in ("noisy", "clean"):
        file = run / "examples" / "test_000" / f"{name}.wav"
        file.parent.mkdir(parents=True, exist_ok=True)
        write_wav(file, np.zeros(8, np.int16), sampling_rate=8000)

    text, links = page_of(run)

    # The estimates have no file: one failed, one was deleted.
    assert links.loaded == ["examples/test_000/noisy.wav", "examples/test_000/clean.wav"]
    assert all(
        place in ("http://www.w3.org/2000/svg",)
        for place in re.findall(r"https?://\S+?(?=\")", text)
    )


def test_the_page_holds_the_rows_of_the_board(run: Path) -> None:
    """The script sorts and filters the same numbers as the CSV; the headline comes first."""
    text, _ = page_of(run)

    data = data_of(text)

    rows = json.loads((run / "leaderboard.json").read_text(encoding="utf-8"))["rows"]
    assert [dict(zip(data["columns"], row, strict=True)) for row in data["rows"]] == rows
    assert list(data["metrics"]) == ["si_sdr", "pesq", "lsd"]
    assert data["rising"] == ["lsd"]


def test_names_are_text_and_never_markup(run: Path) -> None:
    """A denoiser that is called like a tag is shown, not obeyed."""
    text, links = page_of(run)

    assert "<b>" not in text
    assert "<b>bold</b>" in links.words


def test_the_page_tells_provenance_cost_and_what_is_missing(run: Path) -> None:
    """Hashes, machine, command, real-time factors and how to install what was left out."""
    text, links = page_of(run)

    shown = " ".join(links.words)
    for words in ("a" * 64, "c" * 64, "A processor", "numpy 2.4.6", "0.0125", "What it is."):
        assert words in shown
    assert "mn bench 'my data' --denoisers noisy,wiener" in shown
    assert "pip install 'mn-dataset[perceptual]'" in shown
    assert "prefers-color-scheme: dark" in text
    assert "<h2>Listen</h2>" not in text  # there is no audio beside the page
