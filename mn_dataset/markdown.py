"""Write tables in Markdown: short for files, or aligned for whoever reads them in a terminal."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

_MARKS = re.compile(r"[\\`*\[\]<>|]|(?<!\w)_|_(?!\w)")

_BAR = re.compile(r"(?<!\\)\|")


def escaped(text: str) -> str:
    r"""Return text that Markdown shows as it stands, in one line: whoever wrote it is not known.

    >>> print(escaped("CC0\n# Free | <b>all</b>"), escaped("mmse_stsa"))
    CC0 # Free \| \<b\>all\</b\> mmse_stsa
    """
    return _MARKS.sub(r"\\\g<0>", " ".join(text.split()))


def code(text: str) -> str:
    r"""Return text in the type of code, in one line; a backtick in it shows as an apostrophe.

    >>> code("mn bench\n`x`")
    "`mn bench 'x'`"
    """
    line = " ".join(text.split()).replace("`", "'")
    return f"`{line}`"


def markdown_table(
    header: Sequence[str], rows: Sequence[Sequence[str]], *, words: Collection[str] | None = None
) -> str:
    """Return a table; a cell is Markdown in one line, see ``escaped`` for what is none of ours.

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
    lines = [[_BAR.sub(r"\|", " ".join(cell.split())) for cell in line] for line in (header, *rows)]
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
