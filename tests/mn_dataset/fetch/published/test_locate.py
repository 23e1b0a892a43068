"""The published corpus from a mirror and from the authors' drive, both served from loopback."""

from __future__ import annotations

import shutil

import pytest

from mn_dataset.fetch.published.locate import FAIR_PLAY_ARCHIVE

pytest.importorskip("pooch", reason="the extra `fetch` is not installed")
pytest.importorskip("gdown", reason="the extra `fetch` is not installed")

BINAURAL, CLEAN, NOISE = "FAIR-Play", "M&N clean recordings", "M&N noise recordings"


def test_a_mirror_gives_files_one_by_one_and_the_archives_by_name(
    take, standin, tmp_path, serve, pack
):
    """FAIR-Play's under owner, repository and path; one that it lacks is missing, by name."""
    folder = tmp_path / "mirror"
    shutil.copytree(standin / BINAURAL, folder / "facebookresearch" / "FAIR-Play")
    (folder / "facebookresearch/FAIR-Play/binaural_audios/000001.wav").unlink()
    pack(standin / CLEAN, folder / "clean.zip")
    pack(standin / NOISE, folder / "noise.zip")
    mirror = serve(folder)

    account = take(mirror.url)

    assert [item.id for item in account.faults] == ["clean/000001"]
    assert "404" in account.faults[0].detail
    pack(standin / BINAURAL, folder / FAIR_PLAY_ARCHIVE)
    assert take(mirror.url).complete


def test_the_drive_is_asked_for_what_has_no_address(take, standin, tmp_path, serve, pack):
    """A quota page for one archive leaves its rows missing, each with the reason and the cure."""
    pack(standin / CLEAN, tmp_path / "1.zip")
    (tmp_path / "2.zip").write_bytes(b"<html>Too many users have viewed this file</html>")
    url = serve(tmp_path).url
    lone = {"clean": f"{url}/1.zip", "noise": f"{url}/2.zip"}
    take(standin / BINAURAL)

    account = take(None, drives=lone)

    assert account.counts() == {"present": 30, "missing": 10, "different": 0, "left out": 0}
    assert all("quota page" in item.detail for item in account.faults)
    assert "`origin`" in account.faults[0].detail
    assert take(pack(standin / NOISE, tmp_path / "noise.zip"), drives=lone).complete


def test_a_broken_download_is_forgotten(take, standin, tmp_path, serve, pack):
    """The next run asks the mirror again."""
    (tmp_path / "mirror").mkdir()
    archive = pack(standin / NOISE, tmp_path / "mirror" / "noise.zip")
    content = archive.read_bytes()
    archive.write_bytes(content[:-500])
    url = serve(tmp_path / "mirror").url

    broken = take(url)
    archive.write_bytes(content)
    whole = take(url)

    assert {item.id[:5] for item in broken.faults} == {"clean", "noise"}
    assert any("cut short or damaged" in item.detail for item in broken.faults)
    assert whole.counts()["present"] == 10
