from __future__ import annotations

from itertools import combinations
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pandas as pd

NAMES = "[data-group=blind] .opener"


def test_the_front_joins_what_nothing_else_beats(page: Any, benched: Path) -> None:
    """The filled points are those that no blind denoiser beats in quality and in cost."""
    table = pd.read_csv(benched / "leaderboard.csv")
    whole = table[(table[["noise_class", "music_category", "snr_db"]] == "all").all(axis=1)]
    means = whole[whole["metric"] == "si_sdr"].set_index("denoiser")["mean"]
    costs = pd.read_parquet(benched / "timing.parquet").set_index("denoiser")["real_time_factor"]
    blind = [name for name in means.index if name in page.texts(NAMES)]
    front = {
        name
        for name in blind
        if not any(means[one] > means[name] and costs[one] <= costs[name] for one in blind)
    }

    assert set(page.texts(".plot .label.on-front")) == front
    everyone = {*blind, "mmse_stsa+profile"}
    assert set(page.texts(".plot .label")) == everyone
    assert "log scale" in " ".join(page.texts("#cost-plot text"))


def test_the_map_tells_n_to_mouse_and_keyboard(page: Any) -> None:
    """A cell tells its difference and n when it is focused; arrow keys walk; the SNR is chosen."""
    page.run("document.querySelector('#map button[tabindex=\"0\"]').focus()")
    before = page.texts("#map-readout")[0]
    for _ in range(9):
        page.press("Down")

    after = page.texts("#map-readout")[0]
    assert before != after
    assert page.run("return document.activeElement.dataset.focus") == "map -1 0"
    for _ in range(9):
        page.press("Right")
    assert " n 30 of 30." in page.texts("#map-readout")[0]

    page.choose("SNR", "10 dB")
    page.click("#map tr:last-child td:last-child button")

    assert " n 15 of 15." in page.texts("#map-readout")[0]
    assert "10 dB" in page.texts("[data-map-cell]")[0]


def test_labels_do_not_cover_each_other(page: Any) -> None:
    """On a desk and on a phone every point has its label, and each can be read."""
    for width in (1280, 360):
        page.size(width, 800)
        page.run("drawCost()")
        boxes = page.run(
            "return [...document.querySelectorAll('.plot .label')].map(item => item.getBBox())"
            ".map(box => [box.x, box.y, box.x + box.width, box.y + box.height])"
        )

        assert len(boxes) == 4
        for one, other in combinations(boxes, 2):
            beside = one[2] <= other[0] or other[2] <= one[0]
            assert beside or one[3] <= other[1] or other[3] <= one[1]


def test_the_plot_is_saved_as_it_is_seen(page: Any) -> None:
    """As SVG that needs nothing of the page, in the chosen colours, under the metric's name."""
    page.run(
        "window.saved = {};"
        "URL.createObjectURL = file =>"
        " { file.text().then(text => { saved.text = text; }); return '#'; };"
        "HTMLAnchorElement.prototype.click = function () { saved.name = this.download; };"
    )
    page.click("#cost-save")
    text = page.wait("return saved.text")

    drawn = ElementTree.fromstring(text)  # noqa: S314 - ours
    assert page.run("return saved.name") == "cost-si_sdr.svg"
    assert drawn.tag == "{http://www.w3.org/2000/svg}svg"
    labels = [item for item in drawn.iter() if "label" in item.get("class", "").split()]
    assert len(labels) == 4
    assert "--paper" in "".join(drawn.itertext())
