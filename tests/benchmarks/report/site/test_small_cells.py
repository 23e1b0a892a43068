from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd

RANKS = "return [...document.querySelectorAll('[data-group=blind] tr[data-row] td')]"
FIRST = RANKS + ".filter(cell => cell.cellIndex === 0).map(cell => cell.textContent)"


def test_a_cell_too_small_for_ranks_is_not_resolved(page: Any) -> None:
    """The verdict says it first, with what there is and what it takes; no row has a rank."""
    page.choose("Noise class", "crowd")

    verdict = page.texts("#verdict")[0]
    assert verdict.startswith("Best on crowd: not resolved. ")
    assert "6 clean recordings, 2 noise recordings and 6 mixtures are too few" in verdict
    assert "at least 3 clean recordings, 3 noise recordings and 12 mixtures" in verdict
    assert page.run(FIRST) == ["not resolved"] * 3
    for view in ("#claims-view", "#duels-view", "#signs-view"):
        assert page.texts(view)[0].startswith("Not resolved on crowd. ")
    assert page.texts("#visible") == [""]


def test_the_nearest_resolved_cells_are_a_click_away(page: Any) -> None:
    """Those that let go of the fewest filters; what they bring has the focus."""
    page.choose("Noise class", "crowd")
    page.choose("SNR", "0 dB")

    assert page.texts("#verdict .offer button") == ["0 dB"]
    page.click("#duels .offer button")

    assert page.run("return location.hash") == "#snr=0"
    assert page.run("return document.activeElement.matches('#duels .scroll')")
    assert page.texts("#duels .offer") == []
    assert page.texts("#verdict")[0].startswith("Best on 0 dB: ")
    assert "not resolved" not in page.run(FIRST)


def test_a_map_tells_which_of_its_cells_are_sure(page: Any) -> None:
    """A frame where the difference to noisy is sure; a small cell is told as not resolved."""
    page.click("#map tr:first-child td:nth-of-type(1) button")
    assert page.texts("#map-readout")[0].endswith(": not resolved.")

    page.click("#map tr:last-child td:last-child button")
    assert not page.texts("#map-readout")[0].endswith(": not resolved.")
    page.run("change({ denoiser: denoisers.findIndex(item => item.name === 'wiener') })")
    framed = "return [...document.querySelectorAll('#map .sure')].map(e => e.dataset.focus)"
    assert page.run(framed) == ["map -1 -1"]


def test_without_enough_recordings_nothing_is_sure(
    page: Any, benched: Path, rewritten: Callable[..., Path]
) -> None:
    """With one clean recording nothing is resolved, and there is nowhere else to look."""
    mixtures = pd.read_parquet(benched / "mixtures.parquet").assign(clean_cluster="one")
    page.open(rewritten(mixtures=mixtures))

    assert "1 clean recording, " in page.texts("#verdict")[0]
    assert page.texts("#visible") == [""]
    assert page.texts(".offer") == []
    assert page.texts(".duels, .claims, .signs, #map .sure") == []


def test_a_metric_on_a_part_of_the_mixtures_says_so(
    page: Any, benched: Path, rewritten: Callable[..., Path]
) -> None:
    """In words, and its n is out of those on which it was asked for."""
    scores = pd.read_parquet(benched / "scores.parquet")
    asked = sorted(scores["mixture_id"].unique())[::5]
    scores.loc[~scores["mixture_id"].isin(asked), "value"] = float("nan")
    page.open(rewritten({"every": 5}, scores=scores))

    assert page.texts("#visible")[0].startswith("si_sdr is scored on every 5th mixture.")
    assert page.texts("tr[data-row] td:nth-child(6)")[0].split() == ["6", "of", "6"]
    assert "6 mixtures with a value in si_sdr are too few" in page.texts("#verdict")[0]
    assert "Scored on every 5th mixture." in page.texts("#metrics dl")[0]
