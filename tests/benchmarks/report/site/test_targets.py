"""A run with several targets shows each by itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from benchmarks.report.summary import read_board


def test_a_target_is_chosen_and_its_figure_of_the_field_is_told(page: Any, separated: Path) -> None:
    """Ratios are columns of the map, and the opened row has the GNSDR of the chosen target."""
    page.open(separated / "index.html")
    rows = read_board(separated).by("target", "nsdr").set_index(["target", "denoiser"])

    page.choose("Metric", "nsdr [dB] ↑")
    page.choose("Target", "accompaniment")
    page.click("[data-denoiser=bend]")

    told = page.texts(".dossier dl")[0].replace("−", "-")
    figure = rows.loc[("accompaniment", "bend"), "weighted_mean"]
    assert f"GNSDR\n{figure:.2f} dB, the mean weighted by length" in told
    assert page.texts("#map th")[:3] == ["−5 dB", "5 dB", "all"]


def test_both_targets_of_an_example_can_be_heard(page: Any, separated: Path) -> None:
    """Mixture, reference, estimate and residual, of the target that is chosen."""
    page.open(separated / "index.html")
    names = "#listen [data-layer] .what"

    before = page.texts(names)
    page.run(
        "const s = [...document.querySelectorAll('#listen select')].at(-1);"
        "s.value = s.options[1].value; s.dispatchEvent(new Event('change'))"
    )

    assert before == ["mixture", "bend", "voice", "residual"]
    assert page.texts(names) == ["mixture", "bend", "accompaniment", "residual"]
