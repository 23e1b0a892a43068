"""What stands where a file is to be written, and is not ours, stays."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from mn_dataset import draw
from mn_dataset.errors import InputError
from mn_dataset.files.output import check_output
from mn_dataset.mix.recipes import is_recipes, write_recipes


@pytest.mark.parametrize("overwrite", [True, False])
@pytest.mark.parametrize("kind", ["link", "folder", "device", "pipe"])
def test_what_is_no_file_is_never_replaced(tmp_path: Path, kind: str, overwrite: bool) -> None:
    """Whoever writes, and whatever it is."""
    path = tmp_path / "out"
    if kind == "link":
        path.symlink_to(tmp_path / "elsewhere")
    elif kind == "folder":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)
    else:
        path = Path("/dev/null")

    with pytest.raises(InputError, match=r"a link|a folder|a device or a pipe"):
        check_output(path, is_ours=lambda _: True, overwrite=overwrite)


def test_only_a_file_of_the_kind_is_replaced(tiny, tmp_path: Path) -> None:
    """A table of recipes makes room for another, a letter or a manifest does not."""
    path = tmp_path / "recipes.parquet"
    check_output(path, is_ours=is_recipes)
    write_recipes(path, draw(tiny, split="test", count=1))
    check_output(path, is_ours=is_recipes)

    path.write_text("Dear Sir")
    with pytest.raises(InputError, match="none that this command writes"):
        check_output(path, is_ours=is_recipes)
    check_output(path, is_ours=is_recipes, overwrite=True)


def test_the_command_leaves_a_letter_alone(mn, tiny, tmp_path: Path) -> None:
    """And says which option replaces it."""
    letter = tmp_path / "letter.txt"
    letter.write_text("Dear Sir")

    words = ["draw", tiny.root, "--split", "test", "--count", 1, "--out", letter]
    code, _, said = mn(*words)
    assert (code, letter.read_text()) == (1, "Dear Sir")
    assert "--out" in said
    assert mn(*words, "--overwrite")[0] == 0
    assert is_recipes(letter)
    assert mn(*words)[0] == 0
