"""Write the comparison of two runs, and the verification of one, as text."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from benchmarks.leaderboard.compare import Comparison
from benchmarks.leaderboard.score_matrix import TARGET
from benchmarks.leaderboard.verify import TOLERANCE, Mismatch, Verification
from benchmarks.report.text import chance, heading, number, table

_SHORT = 20  # characters of a hash that tell revisions apart
_MOST = 20


def comparison_text(comparison: Comparison) -> str:
    """Return where two runs differ, as a table with what does not go into it below."""
    has_targets = TARGET in comparison.rows
    body = []
    for row in comparison.rows.to_dict("records"):
        metric = {
            "name": row["metric"],
            "unit": comparison.units[row["metric"]],
            "higher_is_better": comparison.higher_is_better[row["metric"]],
        }
        low, high = (number(row[end], digits=3, sign=True) for end in ("ci_low", "ci_high"))
        body.append(
            [
                heading(metric),
                row["denoiser"],
                *([row[TARGET]] if has_targets else []),
                str(row["n"]),
                *(number(row[side], digits=3) for side in ("mean_a", "mean_b")),
                number(row["difference"], digits=3, sign=True),
                "–" if low == "–" else f"{low} … {high}",
                chance(row["p_value"]),
            ]
        )
    header = ["metric", "denoiser", *([TARGET] if has_targets else [])]
    header += ["n", "A", "B", "B − A", "95 % interval", "p"]
    return "\n".join([table(header, body), "", *_notes(comparison)])


def comparison_answer(comparison: Comparison) -> dict[str, Any]:
    """Return the comparison as JSON can hold it: an undefined number is null."""
    rows = comparison.rows.astype(object).where(comparison.rows.notna(), None)
    return {**vars(comparison), "rows": rows.to_dict("records")}


def _notes(comparison: Comparison) -> Iterator[str]:
    yield (
        f"{comparison.mixtures} mixtures in common; n have a value in both. Intervals allow for "
        "mixtures that share recordings; p is Holm-corrected over the denoisers."
    )
    changed = comparison.rows[comparison.rows["revision_a"] != comparison.rows["revision_b"]]
    for row in changed.drop_duplicates("denoiser").to_dict("records"):
        yield (
            f"{row['denoiser']}: revision {row['revision_a'][:_SHORT]} in A, "
            f"{row['revision_b'][:_SHORT]} in B"
        )
    for side, names in (("A", comparison.only_a), ("B", comparison.only_b)):
        if names:
            yield f"Only in {side}: {', '.join(names)}"
    if comparison.other_versions:
        yield f"Not compared, of another version: {', '.join(comparison.other_versions)}"


def verification_text(verification: Verification) -> str:
    """Return what was scored again, and which scores did not come out."""
    lines = [
        f"Made and scored again: {verification.estimates} of {verification.of} estimates of "
        f"{', '.join(verification.denoisers)}; {verification.scores} scores in "
        f"{', '.join(verification.metrics)}"
    ]
    if verification.left_out:
        lines.append(f"Left out, as two calls may differ: {', '.join(verification.left_out)}")
    if not verification.mismatches:
        return "\n".join([*lines, f"All are the run's, to {TOLERANCE:g}."])
    count = len(verification.mismatches)
    lines.append(f"{count} differ by more than {TOLERANCE:g}, or in their reason:")
    lines += [_line(item) for item in verification.mismatches[:_MOST]]
    if count > _MOST:
        lines.append(f"  … and {count - _MOST} more; the JSON output names them all")
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
