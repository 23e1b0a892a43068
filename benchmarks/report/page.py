"""Show the leaderboard as one page that works from disk, without a network."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jinja2
import numpy as np
import pandas as pd

from benchmarks.leaderboard.table import COLUMNS
from benchmarks.report.board import Board
from benchmarks.report.text import heading

_TEMPLATE = "page.html.j2"


def page(board: Board, run: Path) -> str:
    """Render the page.

    Args:
        board: What it shows.
        run: The run folder; examples whose files are gone are left out.
    """
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.policies["json.dumps_kwargs"] = {"sort_keys": False}  # the headline stays first
    return environment.get_template(_TEMPLATE).render(
        title=board.title,
        command=board.command,
        data={
            "columns": list(COLUMNS),
            "rows": plain_rows(board),
            "groups": board.groups,
            "metrics": {name: heading(metric) for name, metric in board.metrics.items()},
            "rising": [m["name"] for m in board.run["metrics"] if not m["higher_is_better"]],
        },
        metrics=board.metrics.values(),
        timing=list(board.timing.values()),
        examples=_playable(board, run),
        facts=_facts(board),
        not_installed=board.run["not_installed"],
        story=json.dumps(board.run, indent=2, ensure_ascii=False),
    )


def plain_rows(board: Board) -> list[list[Any]]:
    """Return the rows as JSON can hold them: an undefined number is null."""
    return [[_plain(cell) for cell in row] for row in board.rows.itertuples(index=False)]


def _plain(cell: Any) -> Any:
    if pd.isna(cell):
        return None
    return cell.item() if isinstance(cell, np.generic) else cell


def _playable(board: Board, run: Path) -> list[dict[str, Any]]:
    """Return each example with the players that have a file."""
    shown = []
    for example in board.run["examples"]:
        players = [{"name": name, "file": example[name], "note": ""} for name in ("noisy", "clean")]
        players += [
            {
                "name": item["denoiser"],
                "file": item["file"],
                "note": f"−{item['attenuated_db']:g} dB" if item["attenuated_db"] else "",
            }
            for item in example["estimates"]
        ]
        there = [
            player for player in players if player["file"] and (run / player["file"]).is_file()
        ]
        if there:
            shown.append({**example, "players": there})
    return shown


def _facts(board: Board) -> dict[str, str]:
    data, machine = board.run["dataset"], board.run["environment"]
    clean, noise = board.clusters
    return {
        "Corpus": f"{data['corpus'] or data['name']}, hash {data['corpus_hash'] or 'unknown'}",
        "Dataset version": data["dataset_version"] or "unknown",
        "Manifest SHA-256": data["manifest_sha256"],
        "Mixtures": f"{data['mixtures']}, of {clean} clean × {noise} noise recordings or groups",
        "Sources by origin": ", ".join(f"{n} {name}" for name, n in data["origins"].items()),
        "Machine": f"{machine['cpu']}, {machine['cores']} cores, {machine['platform']}",
        "Device": board.run["settings"]["device"],
        "Seed": str(board.run["seed"]),
        "Python": machine["python"],
        "Packages": ", ".join(f"{name} {v}" for name, v in machine["packages"].items()),
        "Started, finished": f"{board.run['started']}, {board.run['finished']}",
    }
