"""Publishing a dataset: the same bytes every time, and senseless options refused at once."""

from __future__ import annotations

import shutil

import pytest

from mn_dataset.errors import InputError, UnknownName
from mn_dataset.publish.publish import publish


def test_shards_are_the_same_bytes_every_time(built, published, tmp_path):
    """In any number of processes, from another place."""
    shutil.copytree(built, tmp_path / "elsewhere")
    publish(tmp_path / "elsewhere", tmp_path / "again", shard_bytes=2 * 3 * 2 * 66_150, workers=2)

    files = {path.relative_to(published) for path in published.rglob("*") if path.is_file()}
    assert len([path for path in files if path.parts[0] == "data"]) > 15
    for path in files:
        assert (tmp_path / "again" / path).read_bytes() == (published / path).read_bytes(), path


@pytest.mark.parametrize(
    ("options", "error"),
    [({"layout": "parket"}, UnknownName), ({"audio_format": "mp3"}, InputError)],
)
def test_senseless_options_are_refused(built, tmp_path, options, error):
    """Before anything is made."""
    with pytest.raises(error):
        publish(built, tmp_path / "out", **options)
    assert not (tmp_path / "out").exists()
