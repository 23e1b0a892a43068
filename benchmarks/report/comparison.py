"""Say in words what came of comparing two runs, and of scoring a part of one again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from benchmarks.leaderboard.compare import Comparison
from benchmarks.leaderboard.verify import TOLERANCE, Mismatch, Recheck
from benchmarks.report.text import chance, heading, number, table

_SHORT = 20  # characters of a hash that tell revisions apart
_MOST = 20


def comparison_text(found: Comparison) -> str:
    """Say where two runs differ, as a table with what does not go into it below."""
    body = []
    for row in found.rows.to_dict("records"):
        metric = {
            "name": row["metric"],
            "unit": found.units[row["metric"]],
            "higher_is_better": found.higher_is_better[row["metric"]],
        }
        low, high = (number(row[end], digits=3, sign=True) for end in ("ci_low", "ci_high"))
        body.append(
            [
                heading(metric),
                row["denoiser"],
                str(row["n"]),
                *(number(row[side], digits=3) for side in ("mean_a", "mean_b")),
                number(row["difference"], digits=3, sign=True),
                "–" if low == "–" else f"{low} … {high}",
                chance(row["p_value"]),
            ]
        )
    header = ["metric", "denoiser", "n", "A", "B", "B − A", "95 % interval", "p"]
    return "\n".join([table(header, body), "", *_notes(found)])


def comparison_answer(found: Comparison) -> dict[str, Any]:
    """Return the comparison as JSON can hold it: an undefined number is null."""
    rows = found.rows.astype(object).where(found.rows.notna(), None)
    return {**vars(found), "rows": rows.to_dict("records")}


def _notes(found: Comparison) -> Iterator[str]:
    yield (
        f"{found.mixtures} mixtures in common; n have a value in both. Intervals allow for "
        "mixtures that share recordings; p is Holm-corrected over the denoisers."
    )
    changed = found.rows[found.rows["revision_a"] != found.rows["revision_b"]]
    for row in changed.drop_duplicates("denoiser").to_dict("records"):
        yield (
            f"{row['denoiser']}: revision {row['revision_a'][:_SHORT]} in A, "
            f"{row['revision_b'][:_SHORT]} in B"
        )
    for side, names in (("A", found.only_a), ("B", found.only_b)):
        if names:
            yield f"Only in {side}: {', '.join(names)}"
    if found.other_versions:
        yield f"Not compared, of another version: {', '.join(found.other_versions)}"


def recheck_text(found: Recheck) -> str:
    """Say what was scored again, and which scores did not come out."""
    lines = [
        f"Made and scored again: {found.estimates} of {found.of} estimates of "
        f"{', '.join(found.denoisers)}; {found.scores} scores in {', '.join(found.metrics)}"
    ]
    if found.left_out:
        lines.append(f"Left out, as two calls may differ: {', '.join(found.left_out)}")
    if not found.mismatches:
        return "\n".join([*lines, f"All are the run's, to {TOLERANCE:g}."])
    lines.append(f"{len(found.mismatches)} differ by more than {TOLERANCE:g}, or in their reason:")
    lines += [_line(item) for item in found.mismatches[:_MOST]]
    if len(found.mismatches) > _MOST:
        lines.append(f"  … and {len(found.mismatches) - _MOST} more; --json names them all")
    return "\n".join(lines)


def _line(item: Mismatch) -> str:
    stored, new = (
        reason if value is None else f"{value:.4f}"
        for value, reason in (
            (item.stored, item.stored_reason),
            (item.found, item.found_reason),
        )
    )
    return f"  {item.mixture_id} {item.denoiser} {item.metric}: {stored} in the run, {new} now"
