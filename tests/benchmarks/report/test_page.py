from __future__ import annotations

import base64
import hashlib
import html
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from benchmarks.report.report import report
from mn_dataset.audio.io import write_wav


class Links(HTMLParser):
    """Collects what a page would load, the words it shows, and the scripts it holds."""

    def __init__(self) -> None:
        super().__init__()
        self.loaded: list[str] = []
        self.words: list[str] = []
        self.tags: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.loaded += [text or "" for name, text in attrs if name in ("src", "srcset")]
        self.loaded += [text or "" for name, text in attrs if name == "href" and tag == "link"]

    def handle_data(self, data: str) -> None:
        self.words.append(data.strip())


def page_of(run: Path) -> tuple[str, Links]:
    report(run)
    text = (run / "index.html").read_text(encoding="utf-8")
    links = Links()
    links.feed(text)
    return text, links


def data_of(text: str) -> dict[str, Any]:
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', text)
    assert found
    content: dict[str, Any] = json.loads(found[1])
    return content


def change(run: Path, **changes: Any) -> None:
    path = run / "run.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes), encoding="utf-8")


def test_the_page_loads_nothing_but_its_examples(run: Path) -> None:
    """Style and script are inside; players and pictures are the files beside the page."""
    for name in ("noisy", "clean"):
        file = run / "examples" / "test_000" / f"{name}.wav"
        file.parent.mkdir(parents=True, exist_ok=True)
        write_wav(file, np.zeros(8, np.int16), sampling_rate=8000)

    text, links = page_of(run)

    assert links.loaded == ["data:,"]  # an icon, lest the browser asks for one
    (example,) = data_of(text)["examples"]
    # The estimates have no file: one failed, one was deleted.
    assert example["estimates"] == {}
    assert {name: player["file"] for name, player in example["layers"].items()} == {
        "noisy": "examples/test_000/noisy.wav",
        "clean": "examples/test_000/clean.wav",
    }
    assert (run / example["layers"]["noisy"]["picture"]).is_file()
    assert set(re.findall(r"https?://[^\s\"'<>)]+", text)) == {"http://www.w3.org/2000/svg"}


def test_a_run_without_audio_has_a_page_without_players(run: Path) -> None:
    """--examples 0: everything but the players is there, and the page says how to have them."""
    change(run, examples=[])

    text, links = page_of(run)

    assert data_of(text)["examples"] == []
    assert "--examples 8" in links.words
    assert not (run / "examples").exists()


def test_names_are_text_and_never_markup(run: Path) -> None:
    """A denoiser that is called like a tag is shown, not obeyed, wherever it stands."""
    text, links = page_of(run)

    assert "<b>" not in text
    assert "<b>bold</b>" in links.words
    assert "<b>bold</b>" in [item["name"] for item in data_of(text)["denoisers"]]


@pytest.mark.parametrize("hostile", ["</script><img src=x onerror=alert(1)>", "<!--<script>"])
def test_words_of_a_run_cannot_end_the_script(run: Path, hostile: str) -> None:
    """Command, corpus, licence and example may hold anything."""
    story = json.loads((run / "run.json").read_text(encoding="utf-8"))
    plain = page_of(run)[1].tags
    story["denoisers"][1] |= {"license": hostile, "citation": hostile, "trained_on": hostile}
    story["dataset"]["corpus"] = hostile
    story["command_line"] = ["mn", "bench", hostile, "--denoisers", hostile]
    change(run, **story)

    text, links = page_of(run)

    assert links.tags == plain
    assert hostile not in text
    assert data_of(text)["denoisers"][1]["license"] == hostile


def test_the_policy_lets_the_page_s_own_script_run_and_no_other(run: Path) -> None:
    """Its hash is that of the script in the page; everything that is not named is refused."""
    text, _ = page_of(run)
    policy = re.search(r'http-equiv="Content-Security-Policy" content="(.*?)"', text)
    script = re.search(r"<script>(.*?)</script>", text, re.DOTALL)
    assert policy
    assert script
    digest = base64.b64encode(hashlib.sha256(script[1].encode()).digest()).decode()

    words = html.unescape(policy[1])
    assert words.startswith(f"default-src 'none'; script-src 'sha256-{digest}';")
    assert "connect-src" not in words


def test_the_page_tells_provenance_cost_and_what_is_missing(run: Path) -> None:
    """Hashes, machine, command, real-time factors and how to install what was left out."""
    text, links = page_of(run)

    shown = " ".join(links.words)
    for words in ("a" * 64, "c" * 64, "A processor", "numpy 2.4.6", "0.0125", "What it is."):
        assert words in shown
    assert "mn bench 'my data' --denoisers noisy,wiener" in shown
    assert "pip install 'mn-dataset[perceptual]'" in shown
    assert "2 × the metric's activity detector found nothing to score" in shown
    for name in ("leaderboard.csv", "leaderboard.json", "leaderboard.md", "leaderboard.tex"):
        assert f'<a href="{name}" download>' in text
        assert (run / name).is_file()


def test_learned_models_say_what_they_were_trained_on(run: Path) -> None:
    """The weights' own word comes first, then what the denoiser declares."""
    story = json.loads((run / "run.json").read_text(encoding="utf-8"))
    data = {"name": "open+extra", "train": {"recordings": 90, "groups": 40}}
    story["denoisers"][1] |= {"trained_on": "?", "weights": {"facts": {"data": data}}}
    story["denoisers"][2] |= {"trained_on": "speech"}
    change(run, **story)

    denoisers = data_of(page_of(run)[0])["denoisers"]

    told = [item["trained_on"] for item in denoisers]
    assert told == [None, "open+extra: 90 recordings, 40 groups", "speech", None]


def test_licences_of_what_is_heard_are_told(run: Path) -> None:
    """Each recording once, and only addresses of the web become links."""
    source = {"id": "clean/7", "source": "A harp", "license": "CC-BY-4.0", "attribution": "Ann"}
    story = json.loads((run / "run.json").read_text(encoding="utf-8"))
    story["examples"][0]["sources"] = [
        source | {"url": "https://example.org/harp"},
        source | {"id": "noise/3", "license": "", "url": "javascript:alert(1)"},
    ]
    change(run, **story)
    file = run / "examples" / "test_000" / "noisy.wav"
    file.parent.mkdir(parents=True)
    write_wav(file, np.zeros(8, np.int16), sampling_rate=8000)

    text, links = page_of(run)

    assert {"clean/7", "CC-BY-4.0", "Ann", "noise/3", "unknown"} <= set(links.words)
    assert 'href="https://example.org/harp"' in text
    assert 'href="javascript' not in text


def test_a_full_cube_stays_within_a_few_megabytes(run: Path) -> None:
    """Cells are numbers in a row, without names: 120 bytes for each denoiser, metric and cell."""
    text, _ = page_of(run)

    rows = pd.read_csv(run / "leaderboard.csv")
    size = len(json.dumps(data_of(text)["cells"], separators=(",", ":")))
    # 15 denoisers × 12 metrics × 240 cells are then 5 MB.
    assert size / len(rows) < 120
