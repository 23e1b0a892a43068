from __future__ import annotations

import json
import re
from pathlib import Path

from benchmarks.report.build import write_report


def lines_of(run: Path) -> list[str]:
    write_report(run)
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
