"""The authors' drive: what it gives, and what its pages mean."""

from __future__ import annotations

import importlib
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from mn_dataset.errors import FetchError, MissingExtra
from mn_dataset.fetch import google_drive
from mn_dataset.fetch.google_drive import download_shared

gdown = pytest.importorskip("gdown", reason="the extra `fetch` is not installed")

QUOTA = (
    "<!DOCTYPE html><html><head><title>Google Drive - Quota exceeded</title></head><body>"
    '<p class="uc-error-caption">Sorry, you can\'t view or download this file at this time.</p>'
    '<p class="uc-error-subcaption">Too many users have viewed or downloaded this file recently. '
    "Please try accessing the file again later.</p></body></html>"
)


def test_a_file_is_downloaded_once(tmp_path, serve, hasty):
    """Through gdown itself, from loopback; the second time it is there."""
    (tmp_path / "noise.zip").write_bytes(b"PK\x03\x04" + bytes(1000))
    mirror = serve(tmp_path)
    target = tmp_path / "cache" / "a.zip"
    steps: list[tuple[int, int]] = []

    for _ in range(2):
        download_shared(
            f"{mirror.url}/noise.zip",
            target,
            patience=hasty,
            progress=lambda done, total: steps.append((done, total)),
        )

    assert target.read_bytes() == (tmp_path / "noise.zip").read_bytes()
    assert mirror.asked["noise.zip"] == 1
    assert steps[-1] == (1004, 1004)


def test_a_quota_page_is_named_with_what_to_do(tmp_path, serve, hasty):
    """It is kept under no name, so that the next try asks again."""
    (tmp_path / "noise.zip").write_text(QUOTA)
    target = tmp_path / "cache" / "a.zip"

    with pytest.raises(FetchError, match=r"quota page.*24 hours.*browser.*`origin`"):
        download_shared(f"{serve(tmp_path).url}/noise.zip", target, patience=hasty)

    assert not target.exists()


def test_a_quota_page_that_gdown_reads_itself_is_named_too(tmp_path, monkeypatch, hasty):
    """On the drive it parses the page and raises its text."""

    reader = importlib.import_module("gdown.download").get_url_from_gdrive_confirmation

    def refuse(*_: object, **__: object) -> None:
        reader(QUOTA.replace("<p", "\n<p"))

    monkeypatch.setattr(gdown, "download", refuse)
    with pytest.raises(FetchError, match="quota page"):
        download_shared("https://drive.google.com/uc?id=x", tmp_path / "a.zip", patience=hasty)


@pytest.mark.parametrize(
    ("fault", "said"), [("404", "404"), ("500", "500"), ("truncated", "incomplete")]
)
def test_other_faults_are_told_as_they_are(tmp_path, serve, hasty, fault, said):
    """And name the address."""
    (tmp_path / "a.zip").write_bytes(b"PK\x03\x04" + bytes(5000))
    mirror = serve(tmp_path)
    mirror.faults["a.zip"] = fault

    with pytest.raises(FetchError, match=said) as told:
        download_shared(f"{mirror.url}/a.zip", tmp_path / "cache" / "a.zip", patience=hasty)

    assert f"{mirror.url}/a.zip" in str(told.value)
    assert not (tmp_path / "cache" / "a.zip").exists()


@pytest.mark.parametrize(
    "case", [("endless", r"bytes or more; .* at most 1048576"), ("drip", "too slow")]
)
def test_what_does_not_end_is_given_up(tmp_path, serve, hasty, monkeypatch, case):
    """And what was too much is not gone on with."""
    fault, said = case
    monkeypatch.setattr(google_drive, "MOST_ARCHIVE_BYTES", 1 << 20)
    (tmp_path / "a.zip").touch()
    mirror = serve(tmp_path)
    mirror.faults["a.zip"] = fault
    patience = replace(hasty, timeout_s=5.0, least_bytes_per_s=10_000.0, window_s=0.5)

    with pytest.raises(FetchError, match=said):
        download_shared(f"{mirror.url}/a.zip", tmp_path / "cache" / "b.zip", patience=patience)

    if fault == "endless":
        assert list((tmp_path / "cache").iterdir()) == []


def test_a_login_page_is_named(tmp_path, serve, hasty):
    """Files that are not shared with everybody answer with one."""
    (tmp_path / "a.zip").write_text("<html>You need permission. Request access</html>")

    with pytest.raises(FetchError, match="asks for a login"):
        download_shared(f"{serve(tmp_path).url}/a.zip", tmp_path / "b.zip", patience=hasty)


def test_without_gdown_the_extra_is_named(tmp_path, monkeypatch, hasty):
    """With the command that installs it; a file that is there needs none."""
    monkeypatch.setitem(sys.modules, "gdown", None)

    with pytest.raises(MissingExtra, match=r"mn-dataset\[fetch\]"):
        download_shared("https://drive.google.com/uc?id=x", tmp_path / "a.zip", patience=hasty)

    here = Path(__file__)
    assert download_shared("https://drive.google.com/uc?id=x", here, patience=hasty) == here
