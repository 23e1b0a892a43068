"""Write the leaderboard as one page that works from disk, without a network."""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from benchmarks.leaderboard.crossed import RANKED_MIXTURES, RANKED_RECORDINGS
from benchmarks.leaderboard.ranking import RANKED_GROUPS
from benchmarks.leaderboard.run_folder import read_table
from benchmarks.metrics.suite import reasons
from benchmarks.report.latex import LATEX
from benchmarks.report.markdown import GLOBAL
from benchmarks.report.microphones import sections
from benchmarks.report.page_data import again, packed, short, worst
from benchmarks.report.page_inference import claims, duels, visible
from benchmarks.report.players import listen, scale
from benchmarks.report.summary import Board, Gap
from benchmarks.report.text import MARKDOWN, heading
from mn_dataset.records import SAMPLING_RATE

_TEMPLATE = "page.html.j2"
_SITE = Path(__file__).parent / "site"
_SCRIPTS = (
    "dom.js",
    "data.js",
    "scale.js",
    "filters.js",
    "resolution.js",
    "marks.js",
    "table.js",
    "denoiser.js",
    "grid.js",
    "claims.js",
    "duels.js",
    "signs.js",
    "cost.js",
    "map.js",
    "listen.js",
    "main.js",
)
"""In this order: each may use what stands before it."""

_FILES = {
    MARKDOWN: "Markdown, to read",
    "leaderboard.csv": "CSV, every cell",
    "leaderboard.json": "JSON, with provenance",
    LATEX: "LaTeX, booktabs",
    "scores.parquet": "Parquet, every score",
    "run.json": "JSON, the run",
}


def page(board: Board, run: Path) -> str:
    """Render the page, and draw the spectrograms that it shows.

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
    environment.policies["json.dumps_kwargs"] = {"sort_keys": False, "separators": (",", ":")}
    examples = listen(board, run)
    script = _script()
    subject, _, about = board.title.partition(": ")
    return environment.get_template(_TEMPLATE).render(
        title=board.title,
        subject=subject,
        about=about,
        command=board.command,
        recordings=board.recordings(),
        fixed=board.fixed,
        baseline=board.task.baseline,
        microphones=list(sections(board)),
        style=_asset("style.css"),
        script=script,
        policy=_policy(script),
        data=_data(board, run, examples),
        metrics=[metric | {"heading": heading(metric)} for metric in board.metrics.values()],
        gaps=[
            {
                "denoiser": gap.denoiser,
                "metric": gap.metric,
                "defined": f"{100 * gap.defined:.1f} %",
                "reasons": _why(gap),
            }
            for gap in board.gaps()
        ],
        timing=list(board.timing.values()),
        machine=board.run["environment"],
        has_examples=bool(examples),
        credits=_credits(examples),
        facts=_facts(board),
        not_installed=board.run["not_installed"],
        files=_FILES,
        description=json.dumps(board.run, indent=2, ensure_ascii=False),
    )


def _script() -> Markup:
    return Markup("\n").join([Markup('"use strict";'), *(_asset(name) for name in _SCRIPTS), ""])


def _policy(script: str) -> str:
    """Return what the page may load: its own script, and audio and pictures beside it.

    A word of a run that got into the page as a tag could run nothing, and fetch nothing. The folder
    may also be opened as files, which browsers do not count as the page's own.
    """
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    beside = "'self' file:"
    return (
        f"default-src 'none'; script-src 'sha256-{digest}'; style-src 'unsafe-inline'; "
        f"img-src {beside} data:; media-src {beside}; base-uri 'none'; form-action 'none'"
    )


def _asset(name: str) -> Markup:
    """Return a file of ours as it is; nothing in it comes from a run."""
    return Markup((_SITE / name).read_text(encoding="utf-8"))  # noqa: S704 - see above


def _data(board: Board, run: Path, examples: list[dict[str, Any]]) -> dict[str, Any]:
    """Return what the page's scripts show."""
    cube = packed(board)
    rate = read_table(run, "mixtures.parquet", columns=["sampling_rate"]).to_pandas()
    return {
        "denoisers": _denoisers(board),
        "metrics": [
            {
                "name": metric["name"],
                "unit": "" if metric["unit"] == "1" else metric["unit"],
                "higher_is_better": metric["higher_is_better"],
                "every": metric.get("every", 1),
                "negligible": board.negligible(metric["name"]),
                "weighted": GLOBAL.get(metric["name"], ""),
            }
            for metric in board.metrics.values()
        ],
        **cube,
        "recordings": [[axis.title, axis.plural] for axis in board.task.clusters if axis.column],
        "needed": {"recordings": RANKED_RECORDINGS, "mixtures": RANKED_MIXTURES},
        "duels": duels(board, cube["axes"]),
        "claims": claims(board, cube["axes"]),
        "visible": visible(board, cube["axes"]),
        "worst": worst(board, cube["axes"]),
        "examples": examples,
        "picture": scale(float(rate.to_numpy().max()) if len(rate) else SAMPLING_RATE),
    }


def _denoisers(board: Board) -> list[dict[str, Any]]:
    gaps: dict[str, dict[str, str]] = {}
    for gap in board.gaps():
        gaps.setdefault(gap.denoiser, {})[gap.metric] = _why(gap)
    lacking = {metric: board.lacking(metric) for metric in board.metrics}
    shown = []
    for item in board.run["denoisers"]:
        name = item["name"]
        timing = board.timing.get(name, {})
        numbers = {
            key: None if timing.get(key) is None else short(float(timing[key]))
            for key in ("real_time_factor", "real_time_factor_p95", "parameters", "peak_memory_mb")
        }
        shown.append(
            {
                "name": name,
                "group": item["rank_group"],
                "ranked": item["rank_group"] in RANKED_GROUPS,
                "revision": item["revision"],
                "needs": item.get("needs") or [],
                "assumes": item.get("assumes") or "",
                "trained_on": _trained_on(item),
                "license": item.get("license") or "",
                "citation": item.get("citation") or "",
                "again": again(board, item),
                **numbers,
                "gaps": gaps.get(name, {}),
                "lacking": {metric: n[name] for metric, n in lacking.items() if n[name]},
                "warning": board.run.get("alignment", {}).get(name, {}).get("told", ""),
            }
        )
    return shown


def _why(gap: Gap) -> str:
    return "; ".join(f"{n} × {reasons().get(reason, reason)}" for reason, n in gap.reasons.items())


def _trained_on(item: dict[str, Any]) -> str | None:
    """Return what a learned denoiser saw: by its weights, or else by its declaration."""
    data = ((item.get("weights") or {}).get("facts") or {}).get("data") or {}
    learned = data.get("train") or {}
    if "name" in data and "recordings" in learned:
        return f"{data['name']}: {learned['recordings']} recordings, {learned.get('groups')} groups"
    declared: str | None = item.get("trained_on")
    return declared


def _credits(examples: list[dict[str, Any]]) -> list[dict[str, str]]:
    """Return whose recordings are to be heard, each once."""
    sources = {source["id"]: source for example in examples for source in example["sources"]}
    return [sources[name] for name in sorted(sources)]


def _facts(board: Board) -> dict[str, str]:
    data, machine = board.run["dataset"], board.run["environment"]
    return {
        "Corpus": f"{data['corpus'] or data['name']}, hash {data['corpus_hash'] or 'unknown'}",
        "Dataset version": data["dataset_version"] or "unknown",
        "Generator version": data.get("generator_version") or "unknown",
        "Manifest SHA-256": data["manifest_sha256"],
        "Mixtures": f"{data['mixtures']}, of {board.recordings(' × ')} or groups",
        "Sources by origin": ", ".join(f"{n} {name}" for name, n in data["origins"].items()),
        "Seeds": ", ".join(
            [
                f"{board.run['seed']} (examples)",
                *(f"{seed} (recipes)" for seed in data.get("recipe_seeds", ())),
            ]
        ),
        "Machine": f"{machine['cpu']}, {machine['cores']} cores, {machine['platform']}",
        "Device": board.run["settings"]["device"],
        "Workers": str(board.run.get("workers") or "one per core"),
        "Python": machine["python"],
        "Packages": ", ".join(f"{name} {v}" for name, v in machine["packages"].items()),
        "Started, finished": f"{board.run['started']}, {board.run['finished']}",
    }
