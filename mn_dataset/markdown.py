"""Write tables in Markdown: short for files, or aligned for whoever reads them in a terminal."""

from __future__ import annotations

from collections.abc import Collection, Sequence


def markdown_table(
    header: Sequence[str], rows: Sequence[Sequence[str]], *, words: Collection[str] | None = None
) -> str:
    """Return a table.

    Args:
        header: What the columns are called.
        rows: Their cells.
        words: The columns that hold words, aligned to the left; numbers stand to the right. None
            aligns nothing.

    >>> print(markdown_table(["split", "clips"], [["test", "3"]]))
    | split | clips |
    | --- | --- |
    | test | 3 |
    >>> rows = [["wiener", "9.50"], ["noisy", "-0.25"]]
    >>> print(markdown_table(["denoiser", "mean"], rows, words=["denoiser"]))
    | denoiser |  mean |
    | :------- | ----: |
    | wiener   |  9.50 |
    | noisy    | -0.25 |
    """
    lines = [header, *rows]
    rule = ["---"] * len(header)
    if words is not None:
        widths = [max(3, *map(len, column)) for column in zip(*lines, strict=True)]
        left = [name in words for name in header]
        pairs = list(zip(widths, left, strict=True))
        rule = ["-" * (size - 1) for size in widths]
        rule = [
            f":{dashes}" if is_left else f"{dashes}:"
            for dashes, is_left in zip(rule, left, strict=True)
        ]
        lines = [
            [
                cell.ljust(size) if is_left else cell.rjust(size)
                for cell, (size, is_left) in zip(line, pairs, strict=True)
            ]
            for line in lines
        ]
    lines.insert(1, rule)
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
