"""The embedded corpus, fetched like any other."""

from __future__ import annotations

import pytest

from mn_dataset.catalogue.corpora import synthetic
from mn_dataset.errors import InputError
from mn_dataset.fetch.session import FetchRequest


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"origin": "."}, r"origin is \.: .*leave it out"),
        ({"fill": "synthetic"}, "fill is synthetic: .*leave it out"),
        ({"license_allow": ("MIT",)}, r"license_allow is MIT: synthetic is CC0-1\.0"),
    ],
)
def test_what_makes_no_sense_for_it_is_refused(tmp_path, options, message):
    """Before anything is made."""
    with pytest.raises(InputError, match=message):
        synthetic.SPEC.fetch(FetchRequest(tmp_path / "synthetic", **options))
    assert list(tmp_path.iterdir()) == []


def test_every_recording_is_accounted_for(tmp_path, monkeypatch):
    """Those that stand there are not counted as made."""
    monkeypatch.setattr(synthetic, "write_corpus", lambda *_, **__: None)
    first = synthetic.rows()["clean"][0]
    (tmp_path / first.file).parent.mkdir(parents=True)
    (tmp_path / first.file).touch()
    account = synthetic.SPEC.fetch(FetchRequest(tmp_path))

    assert account.complete
    assert (len(account.rows), account.num_made) == (162, 161)
