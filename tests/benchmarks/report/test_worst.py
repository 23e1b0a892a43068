from __future__ import annotations

from pathlib import Path

import pandas as pd

from benchmarks.report.board import read_board
from benchmarks.report.packed import packed
from benchmarks.report.worst import EACH, worst


def test_the_worst_clips_of_any_cell_are_found(run: Path) -> None:
    """Class, category and SNR alone or together, upward and downward metrics: as in the scores."""
    board = read_board(run)
    cube = packed(board)
    axes = cube["axes"]
    found = worst(board, axes)
    scores = pd.read_parquet(run / "scores.parquet")
    cells = [(-1, -1, -1), (0, -1, -1), (-1, 1, -1), (1, -1, 0), (1, 0, 1)]
    for metric_place, (metric, spec) in enumerate(board.metrics.items()):
        for place, name in enumerate(board.names):
            flat = found["clips"][metric_place][place]
            clips = [(found["mixtures"][flat[at]], flat[at + 1]) for at in range(0, len(flat), 3)]
            own = scores[(scores["metric"] == metric) & (scores["denoiser"] == name)]
            own = own.sort_values("value", ascending=spec["higher_is_better"])
            for cell in cells:
                inside = own
                for key, wanted in zip(axes, cell, strict=True):
                    label = None if wanted < 0 else axes[key][wanted]
                    if label is not None:
                        text = inside[key].map(lambda v: v if isinstance(v, str) else f"{v:g}")
                        inside = inside[text == label]
                shown = [
                    row[0]
                    for row, _ in clips
                    if all(w < 0 or w == at for w, at in zip(cell, row[1:4], strict=True))
                ]
                assert shown[:EACH] == inside["mixture_id"].tolist()[:EACH]


def test_a_clip_tells_its_difference_to_the_mixture(run: Path) -> None:
    """Value less that of noisy on the same mixture; without noisy there is none."""
    board = read_board(run)
    found = worst(board, packed(board)["axes"])
    scores = pd.read_parquet(run / "scores.parquet").query("metric == 'si_sdr'")
    values = scores.pivot(index="mixture_id", columns="denoiser", values="value")

    clip, value, delta = found["clips"][0][board.names.index("wiener")][:3]

    name = found["mixtures"][clip][0]
    assert abs(value - values.loc[name, "wiener"]) < 1e-3
    assert abs(delta - (values.loc[name, "wiener"] - values.loc[name, "noisy"])) < 1e-3
