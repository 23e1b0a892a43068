from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from benchmarks.report.report import report

NAMES = "[data-group=blind] .opener"
CONTRASTS = """
const pen = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
function luminance(colour) {
  pen.fillStyle = colour;
  pen.fillRect(0, 0, 1, 1);
  const [r, g, b] = [...pen.getImageData(0, 0, 1, 1).data].map(part => part / 255)
    .map(part => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}
function ground(item) {
  const colour = getComputedStyle(item).backgroundColor;
  return colour === "rgba(0, 0, 0, 0)" ? ground(item.parentElement) : colour;
}
const kinds = ".note, .about, .cell, td, th, nav a, .segments span, code, .map button, dd";
return [...document.querySelectorAll(kinds)].filter(item => item.innerText.length > 1).map(item => {
  const pair = [luminance(getComputedStyle(item).color), luminance(ground(item))];
  const [light, dark] = pair.sort((a, b) => b - a);
  return [(light + 0.05) / (dark + 0.05), item.innerText];
});
"""


def test_the_page_opens_from_disk_with_nothing_to_complain_of(page: Any) -> None:
    """No error in the console, every picture drawn, no name obeyed as markup."""
    page.run("document.querySelector('#listen').scrollIntoView()")
    page.wait(
        "return [...document.images].length > 0"
        " && [...document.images].every(one => one.complete && one.naturalWidth > 0)"
    )

    assert page.run("return document.title").startswith("Denoising leaderboard")
    assert "<script>document.title='obeyed'</script>" in page.texts(NAMES)
    assert "trained on <b>bold</b>" in page.texts(".trained")
    assert "assumes <i>sines</i>" in page.texts(".trained")


def test_colours_follow_the_person_and_the_switch(page: Any) -> None:
    """Light or dark by preference, until one of them is chosen; that is remembered."""
    paper = "return getComputedStyle(document.body).backgroundColor"
    light = page.run(paper)
    page.prefer(prefers_color_scheme="dark")
    dark = page.run(paper)
    page.click("#theme label:nth-of-type(2)")

    assert light != dark
    assert page.run(paper) == light
    page.run("location.reload()")
    page.wait("return document.querySelectorAll('#theme input').length === 3")
    assert page.run(paper) == light


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_from_its_ground(page: Any, scheme: str) -> None:
    """Text has a contrast of 4.5 or more to the paper (WCAG 2.2, AA), soft text too."""
    page.prefer(prefers_color_scheme=scheme)
    ratios = page.run(CONTRASTS)

    assert len(ratios) > 100
    assert min(ratios)[0] >= 4.4, min(ratios)  # mixed colours are rounded to 8 bits


@pytest.mark.parametrize("opened", [False, True])
def test_a_phone_scrolls_tables_and_not_the_page(page: Any, opened: bool) -> None:
    """At 360 pixels nothing but the boxes of tables is wider than the screen."""
    page.size(360, 740, mobile=True)
    if opened:
        page.run("document.querySelector('.opener').click()")

    assert page.run("return document.documentElement.scrollWidth") == 360
    box = "document.querySelector('#board .scroll')"
    assert page.run(f"return {box}.scrollWidth > {box}.clientWidth")
    assert page.run("return document.querySelector('.dossier')?.clientWidth ?? 0") <= 360


def test_a_keyboard_is_enough(page: Any) -> None:
    """Tab goes from filters to headings to rows; Enter opens; the focus is seen, and stays."""
    focused = "const e = document.activeElement; return e.name || e.dataset.focus || e.tagName"
    seen: list[str] = []
    for _ in range(60):
        page.press("Tab")
        what = page.run(focused)
        seen.append(what)
        if what.startswith("open "):
            break
    outline = page.run("return getComputedStyle(document.activeElement).outlineStyle")
    page.press("Enter")

    order = [
        "theme",
        "Noise class",
        "Music category",
        "SNR",
        "Metric",
        "sort rank",
        "sort mean",
        seen[-1],
    ]
    assert [name for name in seen if name in order] == order
    assert outline == "solid"
    assert page.run("return document.querySelectorAll('.dossier').length") == 1
    assert page.run("return document.activeElement.dataset.focus") == seen[-1]


def test_a_run_without_audio_and_without_noisy_has_a_page_too(
    page: Any, benched: Path, tmp_path: Path
) -> None:
    """Nothing to listen to and nothing to compare with: said, and nothing breaks."""
    for name in ("mixtures.parquet", "timing.parquet"):
        shutil.copy(benched / name, tmp_path)
    scores = pd.read_parquet(benched / "scores.parquet")
    scores[scores["denoiser"] != "noisy"].to_parquet(tmp_path / "scores.parquet")
    story = json.loads((benched / "run.json").read_text(encoding="utf-8"))
    story["examples"] = []
    story["denoisers"] = [item for item in story["denoisers"] if item["name"] != "noisy"]
    (tmp_path / "run.json").write_text(json.dumps(story), encoding="utf-8")
    report(tmp_path)

    page.open(tmp_path / "index.html")
    page.click(NAMES)

    assert page.texts(".play") == []
    assert "--examples 8" in page.texts("#listen .note")[0]
    assert "noisy" not in page.texts("#verdict")[0]
    assert len(page.texts("[data-dossier] li")) == 3
    assert set(page.texts("#map button")) == {"·"}


def test_a_phone_shows_the_answer_first(page: Any) -> None:
    """Who is best stands on the first screen, the command is folded, intervals are below means."""
    page.size(360, 740)
    bottom = "return document.querySelector(arguments[0]).getBoundingClientRect().bottom"

    assert page.run(bottom, "#verdict") < 740
    assert page.run("return document.querySelector('.made').open") is False
    right = page.run(
        "return Math.max(...[...document.querySelectorAll('#board-table .phone')]"
        ".map(item => item.getBoundingClientRect().right))"
    )
    assert 0 < right <= 360
