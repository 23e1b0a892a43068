from __future__ import annotations

from mn_dataset.markdown import escaped, markdown_table


def test_a_table_is_aligned_where_it_is_told_which_columns_hold_words() -> None:
    """Words to the left and numbers to the right; a narrow column has room for its rule."""
    table = markdown_table(["n", "name"], [["1", "é"], ["10", "noisy"]], words=["name"])

    assert table.splitlines() == [
        "|   n | name  |",
        "| --: | :---- |",
        "|   1 | é     |",
        "|  10 | noisy |",
    ]


def test_a_table_without_rows_is_its_header() -> None:
    """In either form."""
    assert markdown_table(["a", "b"], []) == "| a | b |\n| --- | --- |"
    assert markdown_table(["a"], [], words=[]) == "|   a |\n| --: |"


def test_a_cell_forges_neither_a_heading_nor_a_column():
    """Lines and bars of a licence stay in its cell; escaping twice is not needed."""
    forged = "CC0\n\n# All rights waived\n| a | b |"

    table = markdown_table(["licence"], [[forged], [escaped(forged)]])

    assert table.splitlines()[2:] == 2 * [r"| CC0 # All rights waived \| a \| b \| |"]
    assert escaped("<img src=x>") == r"\<img src=x\>"
