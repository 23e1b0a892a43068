from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from benchmarks.report.summary import Board, read_board

CELLS = """
return [...document.querySelectorAll(".duels tbody tr")].flatMap(row =>
  [...row.querySelectorAll("button")].map((button, at) => [
    row.querySelector("th").textContent,
    row.closest("table").querySelectorAll("thead th")[at].textContent,
    button.innerText, button.classList.contains("sure"), button.title,
  ]));
"""


@pytest.fixture(scope="module")
def board(benched: Path) -> Board:
    return read_board(benched)


def expected(board: Board, metric: str, snr_db: str) -> dict[tuple[str, str], Any]:
    """The pairs of a metric at one SNR or over all mixtures, seen from both sides."""
    inside = (board.duels["metric"] == metric) & (board.duels["snr_db"] == snr_db)
    rows = board.duels[inside & (board.duels["noise_class"] == "all")]
    up = board.metrics[metric]["higher_is_better"]
    told = {}
    for row in rows.to_dict("records"):
        size = row["difference"] if up else -row["difference"]
        told[row["better"], row["worse"]] = {**row, "signed": size, "word": "better"}
        told[row["worse"], row["better"]] = {**row, "signed": -size, "word": "worse"}
    return told


def figures(text: str) -> list[float]:
    return [float(found.replace("−", "-")) for found in re.findall(r"[+−]?\d+\.\d+", text)]


@pytest.mark.parametrize("snr_db", ["all", "0"])
@pytest.mark.parametrize(("metric", "choice"), [("si_sdr", 1), ("lsd", 2)])
def test_the_pairs_are_those_of_the_tests(
    page: Any, board: Board, metric: str, choice: int, snr_db: str
) -> None:
    """Row against column in the chosen cell and metric: difference, a frame if sure, p."""
    page.click(f"[data-filter=Metric] label:nth-of-type({choice})")
    page.choose("SNR", "all" if snr_db == "all" else f"{snr_db} dB")
    told = expected(board, metric, snr_db)
    cells = page.run(CELLS)

    assert len(cells) == 9  # three blind denoisers; the informed one is alone
    assert len({row for row, *_ in cells}) == 3
    frames = set()
    for row, column, text, framed, title in cells:
        if row == column:
            assert (text, framed, title) == ("·", False, f"{row}: itself.")
            continue
        pair = told[row, column]
        frames.add(framed)
        assert framed == (pair["p_value"] < 0.05)
        assert title.startswith(f"{row} against {column}: ")
        assert (f"surely {pair['word']} (p " in title) == framed
        ends = [pair["ci_low"], pair["ci_high"]]
        ends = ends if pair["signed"] > 0 else [-end for end in reversed(ends)]
        sizes = [pair["signed"], *ends, pair["p_value"], pair["detectable"]]
        # Two digits of the five that the page has.
        assert figures(title.removeprefix(f"{row} against {column}")) == pytest.approx(
            sizes, abs=0.0056
        )
        assert figures(text) == pytest.approx([pair["signed"]], abs=0.051)
    assert True in frames


def test_the_pairs_stand_in_the_order_of_the_table(page: Any) -> None:
    """Best first, as the table's rows; another sorting turns both."""
    names = "[data-group=blind] .opener"
    for heading in ("mean", "name"):
        page.click(f"th[data-key={heading}] button")

        assert page.texts(".duels tbody th") == page.texts(names)
        columns = "return [...document.querySelectorAll('.duels thead th')].map(e => e.textContent)"
        assert page.run(columns) == page.texts(names)


def test_what_is_sure_is_seen_without_colours(page: Any) -> None:
    """A frame and bold figures, which the legend names."""
    style = (
        "const found = getComputedStyle(document.querySelector(arguments[0]));"
        "return [found.borderTopWidth, Number(found.fontWeight) >= 700]"
    )

    assert page.run(style, ".duels button.sure") == ["2px", True]
    assert page.run(style, ".duels button:not(.sure)") == ["0px", False]
    assert "surely different" in page.texts("#duels .controls")[0]


def test_a_keyboard_walks_the_pairs(page: Any) -> None:
    """One tab stop; arrow keys walk and stay inside; what is walked to is told, and kept."""
    assert page.run("return document.querySelectorAll('.duels [tabindex=\"0\"]').length") == 1
    page.run("document.querySelector('.duels [tabindex=\"0\"]').focus()")
    first = page.texts("#duels .readout")[0]
    page.press("Right")
    second = page.texts("#duels .readout")[0]
    for key in ("Down", "Right") * 4:
        page.press(key)

    assert first.endswith(": itself.")
    assert " against " in second
    last = page.run("return [...document.querySelectorAll('.duels button')].at(-1).dataset.focus")
    focused = "return document.activeElement.dataset.focus"
    assert page.run(focused) == last
    assert page.run("return document.querySelectorAll('.duels [tabindex=\"0\"]').length") == 1
    page.run("change({ metric: 1 })")
    assert page.run(focused) == last
    assert page.run("return document.activeElement.tabIndex") == 0


def test_the_smallest_difference_stands_by_the_table(page: Any, benched: Path) -> None:
    """With the figures of leaderboard.md in the chosen metric; a class too small has none."""
    lines = (benched / "leaderboard.md").read_text(encoding="utf-8").splitlines()
    start = lines.index("## The smallest difference that these mixtures can show")
    header, _, *rows = (
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in lines[start:]
        if line.startswith("|")
    )
    table = {row[0]: dict(zip(header, row, strict=True)) for row in rows[:2]}
    for metric in ("si_sdr [dB] ↑", "lsd [dB] ↓"):
        page.choose("Metric", metric)
        page.choose("Noise class", "all")
        sentence = page.texts("#visible")[0]
        assert f"that all mixtures can show is {table[metric]['all']} dB, the median" in sentence
        assert sentence.endswith("in 80 of 100 such test sets.")

        page.choose("Noise class", "crowd")
        assert "crowd" not in header
        assert page.texts("#visible") == [""]


@pytest.fixture(scope="module")
def crowded(benched: Path, rewritten: Callable[..., Path]) -> Path:
    """The page of twenty blind denoisers: one is another's twin, one has few values."""
    scores = pd.read_parquet(benched / "scores.parquet")
    own = scores[scores["denoiser"] == "wiener"]
    rng = np.random.default_rng(0)
    more = [own.assign(denoiser="twin"), own.assign(denoiser="lacking")]
    few = own["mixture_id"].isin(own["mixture_id"].unique()[:3])
    more[1].loc[~few, "value"] = np.nan
    for place in range(15):
        values = own["value"] + place / 4 + rng.normal(0.0, 0.5, len(own))
        more.append(own.assign(denoiser=f"a_denoiser+with_a_long_name_{place}", value=values))
    return rewritten(scores=pd.concat([scores, *more]))


def test_twenty_denoisers_fit_a_phone(page: Any, crowded: Path) -> None:
    """Their pairs scroll in their box, with the names in sight, and the page does not."""
    page.size(360, 740, mobile=True)
    page.open(crowded)

    assert page.run("return document.documentElement.scrollWidth") == 360
    assert len(page.texts(".duels tbody tr")) == 20
    box = "document.querySelector('#duels .scroll')"
    assert page.run(f"{box}.scrollLeft = 9999; return {box}.scrollLeft") > 300
    name = page.run(
        f"const [name, box] = [document.querySelector('.duels tbody th'), {box}]"
        ".map(item => item.getBoundingClientRect()); return [name.left - box.left, name.width]"
    )
    assert name[0] == pytest.approx(0.0, abs=1.0)  # half a pixel of rounding, and of a border
    assert 80 <= name[1] <= 130


@pytest.mark.parametrize("key", ["Right", "Left"])
def test_who_is_walked_to_is_not_hidden(page: Any, crowded: Path, key: str) -> None:
    """Neither under the names that stay nor under the words that tell of it."""
    page.size(360, 740, mobile=True)
    page.open(crowded)
    start = "'.duels tbody tr:last-child button'"
    place = {"Right": "0", "Left": "19"}[key]
    page.run(f"document.querySelectorAll({start})[{place}].focus()")
    for _ in range(12):
        page.press(key)

        assert page.run(
            "const box = document.activeElement.getBoundingClientRect();"
            "const [x, y] = [box.left + box.width / 2, box.top + box.height / 2];"
            "return document.elementFromPoint(x, y) === document.activeElement"
        )


def test_twins_and_those_who_lack_values_are_told(page: Any, crowded: Path) -> None:
    """Two names of one denoiser are surely equal; what is lacking counts as the lowest."""
    page.open(crowded)
    titles = {(row, column): (text, title) for row, column, text, _, title in page.run(CELLS)}

    same = "twin against wiener: no difference; their scores are the same."
    assert titles["twin", "wiener"] == ("0.0", same)
    marked = "return [...document.querySelectorAll('.duels .equal')].map(e => e.title)"
    assert same in page.run(marked)
    glyph = "return getComputedStyle(document.querySelector('.duels .equal'), '::before').content"
    assert page.run(glyph) == '"≈"'
    assert "surely equal (within ±0.5 dB)" in page.texts("#duels .controls")[0]
    lacking = " What lacking lacks counts as the lowest that a ranked denoiser or noisy has there."
    assert titles["wiener", "lacking"][1].endswith(lacking)
    assert not titles["wiener", "mmse_stsa"][1].endswith(lacking)


def test_nobody_to_compare_is_said(
    page: Any, benched: Path, rewritten: Callable[..., Path]
) -> None:
    """A single ranked denoiser has no pairs."""
    scores = pd.read_parquet(benched / "scores.parquet")
    page.open(rewritten(scores=scores[scores["denoiser"].isin(["noisy", "wiener"])]))

    assert page.texts("#duels-view") == [
        "No two denoisers of this run are ranked against each other."
    ]
