from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from benchmarks.report.summary import Board, read_board

CLAIMED = """
return [...document.querySelectorAll("[data-claim]")].map(row => [
  row.closest("[data-family]").dataset.family, row.closest("[data-verdict]").dataset.verdict,
  row.dataset.claim, row.querySelector("b").textContent, row.querySelector(".interval").textContent,
]);
"""
SIGNS = """
return [...document.querySelectorAll(".signs tbody tr")].map(row => [
  row.querySelector("th").textContent,
  [...row.querySelectorAll("button")].map(button => button.textContent),
]);
"""
FAMILIES = ("noisy", "best_classical")


@pytest.fixture(scope="module")
def board(benched: Path) -> Board:
    return read_board(benched)


def number(text: str) -> float:
    return float(text.replace("−", "-"))


@pytest.mark.parametrize("metric", ["si_sdr", "lsd"])
@pytest.mark.parametrize("snr_db", ["all", "10"])
def test_who_surely_gains_and_loses_is_told(
    page: Any, board: Board, metric: str, snr_db: str
) -> None:
    """Against doing nothing and the best classical one: verdict, gain and interval."""
    page.choose("Metric", {"si_sdr": "si_sdr [dB] ↑", "lsd": "lsd [dB] ↓"}[metric])
    page.choose("SNR", "all" if snr_db == "all" else "10 dB")
    shown = {(FAMILIES[int(family)], name): rest for family, *rest, name in rows(page)}

    inside = (board.claims["metric"] == metric) & (board.claims["snr_db"] == snr_db)
    expected = board.claims[inside & (board.claims["noise_class"] == "all")]
    assert len(shown) == len(expected) == 6
    for row in expected.to_dict("records"):
        verdict, gain, interval = shown[row["family"], row["denoiser"]]
        word = "gains" if row["difference"] > 0 else "loses"
        sure = f"Surely {word}" if row["p_value"] < 0.05 else "Cannot be told"
        assert verdict == sure
        assert number(gain) == pytest.approx(row["difference"], abs=0.006)
        ends = [number(end) for end in interval.strip(" ()").split(" … ")]
        assert ends == pytest.approx([row["ci_low"], row["ci_high"]], abs=0.006)
    assert page.texts("[data-family='1'] h3") == ["Against the best classical denoiser: mmse_stsa"]


def rows(page: Any) -> list[list[str]]:
    """Family, verdict, gain, interval and denoiser of every claim."""
    return [
        [family, verdict, gain, interval, name]
        for family, verdict, name, gain, interval in page.run(CLAIMED)
    ]


def test_who_surely_loses_to_the_best_classical_one_is_told(
    page: Any, benched: Path, rewritten: Callable[..., Path]
) -> None:
    """Not to be surely better is not to be worse: that is what the pair's test says."""
    scores = pd.read_parquet(benched / "scores.parquet")
    learned = scores["denoiser"].str.startswith("<") & (scores["metric"] == "si_sdr")
    scores.loc[learned, "value"] -= 60.0
    page.open(rewritten(scores=scores))

    (claim,) = (row for row in rows(page) if row[0] == "1")
    assert claim[1] == "Surely loses"
    assert claim[2].startswith("−")


def test_where_metrics_disagree_is_seen_at_a_glance(
    page: Any, benched: Path, board: Board, rewritten: Callable[..., Path]
) -> None:
    """Denoiser by metric: + surely better than noisy, − surely worse, · cannot be told."""
    over_all = board.claims_by(None, "si_sdr", "noisy"), board.claims_by(None, "lsd", "noisy")
    expected: dict[str, list[str]] = {}
    for claims in over_all:
        for row in claims.to_dict("records"):
            sign = "+" if row["difference"] > 0 else "−"
            expected.setdefault(row["denoiser"], []).append(sign if row["p_value"] < 0.05 else "·")

    assert dict(page.run(SIGNS)) == expected
    assert page.texts("#signs .verdict")[0].startswith("Nobody surely gains in one metric")

    scores = pd.read_parquet(benched / "scores.parquet")
    torn = (scores["denoiser"] == "wiener") & (scores["metric"] == "lsd")
    scores.loc[torn, "value"] -= 60.0
    page.open(rewritten(scores=scores))

    assert dict(page.run(SIGNS))["wiener"] == ["−", "+"]
    sentence = "1 of 5 surely gain in one metric and surely lose in another: wiener."
    assert page.texts("#signs .verdict") == [sentence]


def test_a_keyboard_walks_the_signs(page: Any) -> None:
    """One tab stop; a sign that is walked to tells its difference, interval and test."""
    page.run("document.querySelector('.signs [tabindex=\"0\"]').focus()")
    page.press("Right")

    told = page.texts("#signs-readout")[0]
    assert " in lsd: a gain of " in told
    assert "(95 % " in told
    assert page.run("return document.querySelectorAll('.signs [tabindex=\"0\"]').length") == 1


def test_a_run_without_learned_denoisers_says_so(
    page: Any, benched: Path, rewritten: Callable[..., Path]
) -> None:
    """Nobody can beat the best classical denoiser but who learned."""
    scores = pd.read_parquet(benched / "scores.parquet")
    page.open(rewritten(scores=scores[~scores["denoiser"].str.startswith("<")]))

    assert "No blind denoiser of this run learned" in page.texts("#claims-view")[0]
    assert {row[0] for row in rows(page)} == {"0"}
