from __future__ import annotations

import json
import re
import shutil
import string
import subprocess
from pathlib import Path

import pandas as pd
import pytest

from benchmarks.report.latex import escaped
from benchmarks.report.report import report

HOSTILE = f"{string.punctuation}→×−–…é a__b@runs/c+imcra 50%"
"""A name with every sign that LaTeX obeys, and those of names and numbers that ASCII lacks."""


def lines_of(run: Path) -> list[str]:
    report(run)
    return (run / "leaderboard.tex").read_text(encoding="utf-8").splitlines()


def test_the_table_is_booktabs_with_groups_apart(run: Path) -> None:
    """Ranked rows best first, then bounds, then references, a rule between them."""
    lines = lines_of(run)

    rules = [line for line in lines if line.startswith("\\") and "rule" in line]
    assert rules == [r"\toprule", r"\midrule", r"\midrule", r"\midrule", r"\bottomrule"]
    rows = [line.removesuffix(r" \\").split(" & ") for line in lines if line.endswith(r"\\")]
    assert [row[1] for row in rows[1:]] == [
        r"\textless{}b\textgreater{}bold\textless{}/b\textgreater{}",
        "wiener",
        "mask",
        "noisy",
    ]
    assert [row[0] for row in rows[1:]] == ["1", "2", "--", "--"]
    assert len({len(row) for row in rows}) == 1
    columns = re.search(r"begin\{tabular\}\{(.*)\}$", "\n".join(lines), re.M)
    assert columns
    assert len(re.sub(r"@\{.*?\}\}?", "", columns[1])) == len(rows[0])


def test_who_has_no_mean_keeps_its_rank(run: Path) -> None:
    """A denoiser that lacks over a tenth of the values is ranked; a cell without ranks has none."""
    scores = pd.read_parquet(run / "scores.parquet")
    gone = (scores["denoiser"] == "wiener") & (scores["mixture_id"] < "test/008")
    scores.loc[gone & (scores["metric"] == "si_sdr"), "value"] = float("nan")
    scores.to_parquet(run / "scores.parquet")
    row = next(line for line in lines_of(run) if "& wiener &" in line)
    assert row.startswith("2 & wiener & 24 & -- & -- & $")

    mixtures = pd.read_parquet(run / "mixtures.parquet").assign(clean_cluster="one")
    mixtures.to_parquet(run / "mixtures.parquet")
    row = next(line for line in lines_of(run) if "& wiener &" in line)
    assert row.startswith("-- & wiener & 24 & -- & -- & $")


def test_nothing_in_it_is_a_command_but_ours(run: Path) -> None:
    """Signs that LaTeX obeys are printed, in a cell and in a comment."""
    story = json.loads((run / "run.json").read_text(encoding="utf-8"))
    story["command_line"] = ["mn", "bench", "a\n\\input{x}"]
    story["metrics"][1]["unit"] = "50%_&$#"
    (run / "run.json").write_text(json.dumps(story), encoding="utf-8")

    text = "\n".join(lines_of(run))

    assert r"[50\%\_\&\$\#]" in text
    assert "\n\\input" not in text
    assert text.count("{") == text.count("}")


def rename(run: Path, old: str, new: str) -> None:
    """Call a denoiser of a run otherwise."""
    for table in ("scores.parquet", "timing.parquet"):
        rows = pd.read_parquet(run / table)
        rows["denoiser"] = rows["denoiser"].replace(old, new)
        rows.to_parquet(run / table)
    story = json.loads((run / "run.json").read_text(encoding="utf-8"))
    story["coverage"][new] = story["coverage"].pop(old)
    for item in story["denoisers"]:
        item["name"] = new if item["name"] == old else item["name"]
    (run / "run.json").write_text(json.dumps(story), encoding="utf-8")


def test_every_sign_that_latex_obeys_is_escaped() -> None:
    """Once our own commands are taken away, none of the ten is left, nor what the font lacks."""
    left = re.sub(r"\\[a-z]+\d*\{\}|\\[{}$&#%_]|\$[^$]*\$", "", escaped(HOSTILE))

    assert set(left) & set('\\{}$&#%_~^<>|"→×−–…') == set()
    assert "a" in left
    assert "@runs/c+imcra 50" in left


def test_numbers_are_set_as_numbers(run: Path) -> None:
    """A minus is in mathematics, where it is no hyphen; what is printed is ASCII."""
    scores = pd.read_parquet(run / "scores.parquet")
    scores["value"] -= 9.0
    scores.to_parquet(run / "scores.parquet")

    printed = [line for line in lines_of(run) if not line.startswith("%")]

    assert any(re.search(r"& \$-\d+\.\d\d\$ ", line) for line in printed)
    assert not any(re.search(r"(?<![$-])-\d", line) for line in printed)
    assert "\n".join(printed).isascii()


@pytest.mark.parametrize("fitted", [False, True])
def test_latex_sets_it_as_its_first_lines_say(run: Path, tmp_path: Path, fitted: bool) -> None:
    """With the packages that it names and no others; no sign is missing in the font."""
    engine = shutil.which("pdflatex")
    if engine is None:
        pytest.skip("needs LaTeX: apt-get install texlive-latex-base texlive-latex-recommended")
    rename(run, "wiener", HOSTILE)
    needed, fitting = (line for line in lines_of(run) if "usepackage" in line)
    packages = re.findall(r"\\usepackage\{\w+\}", needed + fitting if fitted else needed)
    table = fitting[fitting.index(r"\resizebox") :] if fitted else r"\input{leaderboard}"
    page = [r"\begin{document}\begin{table}", table, r"\end{table}\end{document}"]
    paper = "\n".join([r"\documentclass{article}", *packages, *page])
    (run / "paper.tex").write_text(paper, encoding="utf-8")

    made = subprocess.run(
        [engine, "-interaction=nonstopmode", "-halt-on-error", "-no-shell-escape", "paper.tex"],
        cwd=run,
        env={"PATH": str(Path(engine).parent), "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert made.returncode == 0, made.stdout
    assert "Missing character" not in (run / "paper.log").read_text(encoding="latin-1")
    assert (run / "paper.pdf").stat().st_size > 10_000
    assert not (fitted and "Overfull" in made.stdout)
