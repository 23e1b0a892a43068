"""Archives that nobody vouches for: what is taken out of them, and what is refused by name."""

from __future__ import annotations

import gzip
import io
import stat
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from mn_dataset import seeds
from mn_dataset.errors import FetchError
from mn_dataset.fetch.published.archive import ArchiveLimits, extract, list_members
from mn_dataset.seeds import generator

CONTENT = {
    "noise/000001.wav": seeds.generator(0, "member", "1").words(5_000).tobytes(),
    "Cello /000002.wav": seeds.generator(0, "member", "2").words(5_000).tobytes(),
}
KINDS = {"zip": "", "tar": "w", "tar.gz": "w:gz", "tar.bz2": "w:bz2", "tar.xz": "w:xz"}


def packed(path: Path, kind: str, content: dict[str, bytes]) -> Path:
    if kind == "zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, data in content.items():
                archive.writestr(name, data)
        return path
    with tarfile.open(path, KINDS[kind]) as archive:
        for name, data in content.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return path


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_gives_what_was_packed_under_names_of_ours(tmp_path, kind):
    """Folders are left out, bytes are equal, and nothing is written under the archive's names."""
    archive = packed(tmp_path / "a", kind, CONTENT)
    found = list_members(archive)
    targets = {member.number: tmp_path / f"out{member.number}" for member in found}

    assert [member.name for member in found] == list(CONTENT)
    assert dict(extract(archive, targets)) == dict.fromkeys(targets)
    assert [path.read_bytes() for path in targets.values()] == list(CONTENT.values())
    assert {path.name for path in tmp_path.iterdir()} == {"a", "out0", "out1"}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "name", ["../up.wav", "a/../../up.wav", "/etc/up.wav", "C:/up.wav", "C:up.wav", "..\\up.wav"]
)
def test_a_name_that_leaves_the_archive_refuses_it(tmp_path, kind, name):
    """Whatever else is in it: nothing is taken, and archive and name are told."""
    archive = packed(tmp_path / "a", kind, {**CONTENT, name: b"out"})

    with pytest.raises(FetchError, match=r"up\.wav.*nothing was taken"):
        list_members(archive)


def linked(kind: bytes) -> Callable[[Path], Path]:
    def make(path: Path) -> Path:
        with tarfile.open(path, "w:gz") as archive:
            info = tarfile.TarInfo("000001.wav")
            info.type, info.linkname = kind, "/etc/hostname"
            archive.addfile(info)
        return path

    return make


def zip_link(path: Path) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        info = zipfile.ZipInfo("000001.wav")
        info.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(info, "/etc/hostname")
    return path


def zip_bomb(path: Path) -> Path:
    return packed(path, "zip", {"000001.wav": bytes(40 << 20)})


def lying_zip(path: Path) -> Path:
    """A bomb whose directory and header promise 1000 bytes."""
    content = zip_bomb(path).read_bytes()
    path.write_bytes(
        content.replace((40 << 20).to_bytes(4, "little"), (1000).to_bytes(4, "little"))
    )
    return path


def tar_bomb(path: Path) -> Path:
    return packed(path, "tar.gz", {"000001.wav": bytes(40 << 20)})


def endless_name(path: Path) -> Path:
    """A header whose name alone would fill the memory."""
    info = tarfile.TarInfo("././@LongLink")
    info.type, info.size = tarfile.GNUTYPE_LONGNAME, 1 << 30
    with gzip.open(path, "wb", compresslevel=1) as file:
        file.write(info.tobuf())
        for _ in range(40):
            file.write(bytes(1 << 20))
    return path


def endless_header(path: Path) -> Path:
    """An extended header that packs well enough to pass for music, and is read whole."""
    info = tarfile.TarInfo("000001.wav")
    info.type, info.size = tarfile.XHDTYPE, 1 << 27
    words = generator(0, "header").words(1 << 14).tobytes()
    with gzip.open(path, "wb", compresslevel=1) as file:
        file.write(info.tobuf())
        for _ in range(1 << 10):
            file.write(words[: 1 << 12] + bytes((1 << 17) - (1 << 12)))
    return path


def sparse(path: Path) -> Path:
    """Headers that declare far more than follows."""
    info = tarfile.TarInfo("000001.wav")
    info.type, info.size = tarfile.GNUTYPE_SPARSE, 0
    header = bytearray(info.tobuf(tarfile.GNU_FORMAT))
    header[483:495] = b"%011o\0" % (200 << 20)
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    path.write_bytes(bytes(header) + bytes(10_240))
    return path


def encrypted(path: Path) -> Path:
    content = bytearray(packed(path, "zip", CONTENT).read_bytes())
    at = content.index(b"PK\x01\x02")
    content[at + 8] |= 1
    path.write_bytes(content)
    return path


def page(path: Path) -> Path:
    path.write_bytes(b"\n<!DOCTYPE html><html>Quota exceeded</html>")
    return path


def other(path: Path) -> Path:
    path.write_bytes(b"Rar!\x1a\x07" * 200)
    return path


def empty(path: Path) -> Path:
    path.touch()
    return path


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (linked(tarfile.SYMTYPE), "a link or a device"),
        (linked(tarfile.LNKTYPE), "a link or a device"),
        (linked(tarfile.FIFOTYPE), "a link or a device"),
        (linked(tarfile.CHRTYPE), "a link or a device"),
        (zip_link, "a link or a device"),
        (zip_bomb, "a zip bomb"),
        (tar_bomb, "a zip bomb"),
        (endless_name, "a zip bomb"),
        (endless_header, "a zip bomb"),
        (sparse, "or sparse"),
        (encrypted, "encrypted"),
        (page, "an HTML page"),
        (other, "something else"),
        (empty, "something else"),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_what_is_no_plain_archive_is_refused_by_name(tmp_path, make, said):
    """Links, devices, bombs, passwords, pages and other kinds of file."""
    archive = make(tmp_path / "a")

    with pytest.raises(FetchError, match=said) as told:
        list_members(archive)

    assert str(archive) in str(told.value)


def test_a_bomb_that_lies_about_its_size_gives_no_more_than_it_promised(tmp_path):
    """Sizes are counted while reading; the member is damaged and leaves nothing behind."""
    archive = lying_zip(tmp_path / "a")
    target = tmp_path / "out"

    ((_, error),) = extract(archive, {0: target})

    assert "cut short or damaged" in str(error)
    assert not target.exists()


def test_too_many_or_too_large_members_refuse_an_archive(tmp_path):
    """The limits are parameters."""
    archive = packed(tmp_path / "a", "tar.gz", CONTENT)

    with pytest.raises(FetchError, match="more than 1 members"):
        list_members(archive, limits=ArchiveLimits(members=1))
    with pytest.raises(FetchError, match="40000 bytes or more"):
        list_members(archive, limits=ArchiveLimits(member_bytes=39_999))


@pytest.mark.parametrize("kind", KINDS)
def test_an_archive_that_is_cut_short_is_refused(tmp_path, kind):
    """At a quarter, at half, and inside what closes it."""
    content = packed(tmp_path / "a", kind, CONTENT).read_bytes()
    cuts = [len(content) // 4, len(content) // 2]
    cuts += [] if kind == "tar" else [len(content) - 9]  # a tar closes with 10 kB of zeros

    for size in cuts:
        (tmp_path / "a").write_bytes(content[:size])
        with pytest.raises(FetchError, match=r"cut short or damaged|something else"):
            list_members(tmp_path / "a")


def test_a_damaged_member_is_told_and_the_others_are_taken(tmp_path):
    """A wrong checksum in a zip concerns one member."""
    archive = tmp_path / "a"
    with zipfile.ZipFile(archive, "w") as packing:
        for name, data in CONTENT.items():
            packing.writestr(name, data)
    content = bytearray(archive.read_bytes())
    content[1000] ^= 1
    archive.write_bytes(content)

    found = dict(extract(archive, {0: tmp_path / "first", 1: tmp_path / "second"}))

    assert "000001.wav" in str(found[0])
    assert found[1] is None


def test_a_zip_with_a_nameless_member_is_refused(tmp_path):
    """The library's own class raises when it is asked whether that is a folder."""
    path = packed(tmp_path / "a.zip", "zip", {"x": b"words"})
    content = path.read_bytes()
    lengths = content.index(b"PK\1\2") + 28  # of the name, and of what follows it
    path.write_bytes(content[:lengths] + b"\0\0\1\0" + content[lengths + 4 :])

    with pytest.raises(FetchError, match="holds a member named ''; expected members with names"):
        list_members(path)
