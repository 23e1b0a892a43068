"""What a push would change: compared by hashes, large files and small."""

from __future__ import annotations

import pytest

from mn_dataset.publish.diff import Tree, compare, git_hash
from mn_dataset.publish.publication import RECORD, stored

pytest.importorskip("datasets", reason="the extra `publish` is not installed")


def test_files_are_new_changed_removed_or_there_already(published):
    """Large files by SHA-256, small ones by git's hash; strangers' files are left alone."""
    record = stored(published)
    (large, small, changed, *rest) = sorted(record.files)
    tree = Tree(
        "head",
        {
            large: record.files[large].sha256,
            small: git_hash((published / small).read_bytes()),
            changed: "0" * 40,
            "data/older.parquet": "1" * 64,
            "notes.txt": "2" * 40,
        },
    )
    changes = compare(published, record, tree)

    assert set(changes.same) == {large, small}
    assert set(changes.replace) == {changed}
    assert set(changes.add) == {*rest, RECORD}
    assert changes.delete == ("data/older.parquet",)
    assert not changes.empty
    assert changes.lines()[-1].startswith(f"{len(rest) + 1} new, 1 changed, 1 removed, 2 there")
