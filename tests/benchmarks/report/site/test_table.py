from __future__ import annotations

import glob
import shlex
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

NAMES = "[data-group=blind] .opener"


def column(page: Any, place: int) -> list[str]:
    """The texts of a column of the blind rows."""
    return page.texts(f"[data-group=blind] tr[data-row] > :nth-child({place})")


def numbers(texts: list[str]) -> list[float]:
    return [float(text.replace("−", "-")) for text in texts]


def test_sorting_turns_the_rows(page: Any) -> None:
    """A click on a heading sorts by it, another one turns it; the heading says so."""
    best_first = numbers(column(page, 3))
    page.click("th[data-key=mean] button")

    assert best_first == sorted(best_first, reverse=True)
    assert numbers(column(page, 3)) == best_first[::-1]
    assert page.run("return document.querySelector('th[data-key=mean]').ariaSort") == "ascending"

    page.click("th[data-key=name] button")

    assert page.texts(NAMES) == sorted(page.texts(NAMES))
    assert page.run("return document.querySelector('th[data-key=mean]').ariaSort") == "none"


def test_every_column_can_be_sorted(page: Any) -> None:
    """Every heading with words has a button, and what it orders is in order."""
    headings = "return [...document.querySelectorAll('th[data-key]')].map(e => e.dataset.key)"
    for key in page.run(headings):
        page.click(f"th[data-key={key}] button")

        assert page.run(f"return document.querySelector('th[data-key={key}]').ariaSort") != "none"
    page.click("th[data-key=real_time_factor] button")
    times = numbers(column(page, 10))
    assert times == sorted(times)


def test_filters_show_the_rows_of_the_csv(page: Any, benched: Path) -> None:
    """Noise class, SNR, music category and metric: the page shows the table's own numbers."""
    table = pd.read_csv(benched / "leaderboard.csv", dtype={"snr_db": str})
    blind = {"wiener", "mmse_stsa", "<script>document.title='obeyed'</script>"}
    page.choose("Metric", "lsd [dB] ↓")
    page.choose("Noise class", "crowd")
    page.choose("SNR", "0 dB")

    inside = (table["metric"] == "lsd") & (table["noise_class"] == "crowd")
    inside &= (table["snr_db"] == "0") & (table["music_category"] == "all")
    rows = table[inside & table["denoiser"].isin(blind)].sort_values("mean")  # less is better
    assert page.texts(NAMES) == rows["denoiser"].tolist()
    assert numbers(column(page, 3)) == pytest.approx(rows["mean"].tolist(), abs=0.0051)
    assert [text.split()[0] for text in column(page, 6)] == [str(n) for n in rows["n"]]

    page.choose("Noise class", "all")
    page.choose("SNR", "all")
    page.choose("Music category", "cello")

    inside = (table["metric"] == "lsd") & (table["music_category"] == "cello")
    inside &= (table["noise_class"] == "all") & (table["snr_db"] == "all")
    rows = table[inside & table["denoiser"].isin(blind)].sort_values("mean")
    assert numbers(column(page, 3)) == pytest.approx(rows["mean"].tolist(), abs=0.0051)


def test_groups_stand_apart_and_intervals_are_drawn(page: Any, benched: Path) -> None:
    """Blind, informed, bounds and references; a whisker spans each interval in one scale."""
    groups = "return [...document.querySelectorAll('tbody[data-group]')].map(e => e.dataset.group)"
    assert page.run(groups) == ["blind", "informed", "oracle", "reference"]

    table = pd.read_csv(benched / "leaderboard.csv")
    whole = table[(table[["noise_class", "music_category", "snr_db"]] == "all").all(axis=1)]
    rows = whole[whole["metric"] == "si_sdr"].set_index("denoiser")
    drawn = page.run(
        "return [...document.querySelectorAll('tr[data-row]')]"
        ".map(row => [row.dataset.row, row.querySelector('.span')])"
        ".filter(([name, span]) => span && name !== 'oracle_ratio_mask')"
        ".map(([name, span]) => [name, ...['x1', 'x2'].map(end => span.getAttribute(end))])"
    )
    drawn = [(name, float(low), float(high)) for name, low, high in drawn]
    ends = [(rows.loc[name, "ci_low"], low) for name, low, _ in drawn]
    ends += [(rows.loc[name, "ci_high"], high) for name, _, high in drawn]
    ends.sort()
    slopes = [(b[1] - a[1]) / (b[0] - a[0]) for a, b in pairwise(ends) if b[0] - a[0] > 0.05]
    # One scale: pixels per decibel are the same everywhere, but for six digits of the CSV.
    assert slopes == pytest.approx([slopes[0]] * len(slopes), rel=1e-2)
    assert slopes[0] > 0


def test_best_worst_and_command_are_three_clicks_away(page: Any, benched: Path) -> None:
    """Crowd, 0 dB, and the first name: there are its worst clip and the command that made it."""
    page.choose("Noise class", "crowd")
    page.choose("SNR", "0 dB")
    best = page.texts(NAMES)[0]
    page.click(NAMES)

    scores = pd.read_parquet(benched / "scores.parquet")
    cell = scores[(scores["noise_class"] == "crowd") & (scores["snr_db"] == 0)]
    cell = cell[cell["metric"] == "si_sdr"]
    blind = cell[cell["denoiser"].isin(page.texts(NAMES))]
    assert best == blind.groupby("denoiser")["value"].mean().idxmax()
    own = cell[cell["denoiser"] == best]
    worst = own.loc[own["value"].idxmin(), "mixture_id"]
    shown = page.run("return document.querySelector('[data-dossier] li').dataset.clip")
    assert shown == worst
    words = shlex.split(page.texts(".dossier li code:not(p code)")[0])
    assert words[:2] == ["mn", "denoise"]
    assert words[3:5] == ["--denoiser", "../plugins.py:Tag" if best.startswith("<") else best]
    (noisy,) = glob.glob(words[2], root_dir=benched)
    assert (benched / noisy).is_file()
    page.choose("Noise class", "all")
    assert page.texts(NAMES)[0] in page.texts("#verdict")[0]


def test_the_address_keeps_what_was_chosen(page: Any, benched: Path) -> None:
    """A view can be passed on as a link: cell, metric and the denoiser that is open."""
    page.open(benched / "index.html", fragment="#noise=crowd&snr=10&metric=lsd&denoiser=wiener")

    assert "lsd [dB] ↓ · crowd · 10 dB" in page.texts("[data-cell]")
    assert page.run("return document.querySelector('.dossier').dataset.dossier") == "wiener"
    page.choose("SNR", "0 dB")
    assert page.run("return location.hash") == "#noise=crowd&snr=0&metric=lsd&denoiser=wiener"


def test_a_row_tells_wins_and_what_hangs_on_one_recording(page: Any, benched: Path) -> None:
    """Shares won, tied and lost; the range of the difference when each is left out; who carries."""
    table = pd.read_csv(benched / "leaderboard.csv")
    whole = table[(table[["noise_class", "music_category", "snr_db"]] == "all").all(axis=1)]
    rows = whole[whole["metric"] == "si_sdr"].set_index("denoiser")
    for name in ("mmse_stsa", "wiener"):
        row = rows.loc[name]
        cells = page.run(
            "return [...document.querySelector(`tr[data-row='${arguments[0]}']`).cells]"
            ".map(cell => cell.textContent)",
            name,
        )
        shares = [round(100 * row[kind]) for kind in ("won", "tied", "lost")]
        assert [int(share) for share in cells[7].split(" · ")] == pytest.approx(shares, abs=1)
        low, high = (
            f"{row[end]:+.2f}".replace("-", "−") for end in ("without_low", "without_high")
        )
        assert cells[6].endswith(f"{low} … {high}")
        assert ("carried by" in cells[1]) == (not pd.isna(row["carried_by"]))


def test_an_opened_row_tells_the_bad_mixtures(page: Any, benched: Path) -> None:
    """Tenth percentile, worst, wins in words, and cost in processor seconds."""
    table = pd.read_csv(benched / "leaderboard.csv")
    whole = table[(table[["noise_class", "music_category", "snr_db"]] == "all").all(axis=1)]
    row = whole[(whole["metric"] == "si_sdr") & (whole["denoiser"] == "mmse_stsa")].iloc[0]
    page.click("[data-denoiser=mmse_stsa]")

    told = page.texts(".dossier dl")[0].replace("−", "-")
    assert f"of the mixtures have {row['p10']:.2f} dB or more; the worst has" in told
    assert f"the worst has {row['worst']:.2f} dB" in told
    assert f"worse on {round(100 * row['lost'])} %" in told
    assert "processor seconds per second of audio" in told


def test_who_lacks_values_has_a_worst_case(
    page: Any, benched: Path, rewritten: Callable[..., Path]
) -> None:
    """Below its mean, and nobody else's."""
    scores = pd.read_parquet(benched / "scores.parquet")
    names = sorted(scores["mixture_id"].unique())[:2]
    lacking = (scores["denoiser"] == "wiener") & scores["mixture_id"].isin(names)
    scores.loc[lacking, "value"] = float("nan")
    index = rewritten(scores=scores)
    page.open(index)

    table = pd.read_csv(index.parent / "leaderboard.csv")
    whole = table[(table[["noise_class", "music_category", "snr_db"]] == "all").all(axis=1)]
    row = whole[(whole["metric"] == "si_sdr") & (whole["denoiser"] == "wiener")].iloc[0]
    (mark,) = page.texts("#board .narrow")
    assert mark.split()[:2] == ["worst", "case"]
    assert numbers(mark.split()[2:]) == pytest.approx([row["worst_case"]], abs=0.006)
    assert row["worst_case"] != row["mean"]
