"""Tell from a file's first bytes what it is, and from its figures whether it is all there."""

from __future__ import annotations

import os
import struct
from pathlib import Path
from typing import BinaryIO

_HEAD = 512
_OGG_PAGE = 65_307
_MPEG_FRAMES = 8_192
_STREAMED = (0, 0xFFFFFFFF, 0xFFFFFFFFFFFFFFFF)
"""Sizes in the header of a file that was written to a pipe: unknown."""

_MARKS = (
    (4, b"ftyp"),
    (4, b"moov"),
    (4, b"mdat"),
    (4, b"wide"),
    (0, b"\x1a\x45\xdf\xa3"),  # Matroska, WebM
    (8, b"AVI "),
    (0, b"\x30\x26\xb2\x75"),  # ASF: WMA, WMV
    (0, b"FLV"),
    (0, b"\x00\x00\x01\xba"),  # MPEG programme stream
    (0, b"#!AMR"),
    (0, b"wvpk"),
    (0, b"MAC "),
)


def first_bytes(path: Path) -> bytes:
    """Return the first 512 bytes.

    Raises:
        OSError: if the file cannot be opened.
    """
    with path.open("rb") as file:
        return file.read(_HEAD)


def has_sound_track(head: bytes) -> bool:
    """Tell a video, or an audio file of those that soundfile does not know, by its mark.

    >>> has_sound_track(b"....ftypisom"), has_sound_track(b"RIFF....WAVEfmt ")
    (True, False)
    """
    if any(head[start : start + len(mark)] == mark for start, mark in _MARKS):
        return True
    is_adts = head[:1] == b"\xff" and head[1:2] != b"" and head[1] & 0xF6 == 0xF0
    return is_adts or (head[:1] == b"\x47" and head[188:189] == b"\x47")  # AAC, MPEG transport


def is_known(head: bytes) -> bool:
    """Tell whether a file without a telling name begins like a recording."""
    begun = (b"RIFF", b"RF64", b"riff", b"FORM", b"fLaC", b"OggS", b"ID3", b".snd", b"caff")
    is_mp3 = head[:1] == b"\xff" and head[1:2] != b"" and head[1] & 0xE6 == 0xE2
    return is_mp3 or head.startswith(begun) or has_sound_track(head)


def may_be_mpeg(head: bytes) -> bool:
    """Tell whether the bytes could begin an MP3; its decoder talks to stderr about damage."""
    return not head.startswith((b"RIFF", b"RF64", b"riff", b"FORM", b"fLaC", b"OggS"))


def unreadable(head: bytes, detail: str) -> str:
    """Say what a file is that is no audio.

    >>> unreadable(b"<!DOCTYPE html>", "")
    'an HTML page, not audio (a download answered with a page?); get the file again'
    """
    text = head.lstrip().lower()
    if text.startswith((b"<!doctype", b"<html", b"<?xml")):
        return "an HTML page, not audio (a download answered with a page?); get the file again"
    if not head:
        return "an empty file; get it again"
    return f"not readable as audio ({detail.rstrip('.')}); expected WAV, FLAC or their like"


def is_truncated(path: Path) -> bool:
    """Compare what the header promises with the file: libsndfile reads a cut file silently.

    WAV, RF64, W64, AVI, AIFF and AU state their size; the last page of an Ogg file says that it
    is the last. Of other formats nothing is known here.
    """
    with path.open("rb") as file:
        head = file.read(_HEAD)
        size = os.fstat(file.fileno()).st_size
        if head[:4] == b"OggS":
            return not _ends(file, size)
        promised = _promised(head)
        if head[:4] == b"RIFF" and head[8:12] == b"WAVE":
            promised = max(promised, _end_of_data(file, size))
    return promised > size


def more_than_tags(path: Path, place: int) -> bool:
    """Return whether an MP3 goes on after a position, with more than a frame and than tags."""
    with path.open("rb") as file:
        file.seek(place)
        rest = file.read()
    tagged = any(mark in rest for mark in (b"TAG", b"APETAGEX", b"LYRICSBEGIN"))
    return len(rest) > _MPEG_FRAMES and not tagged


def states_length(path: Path) -> bool:
    """Return whether an MP3's first frame counts the others; else its length is a guess."""
    with path.open("rb") as file:
        head = file.read(10)
        if head[:3] == b"ID3":
            file.seek(10 + sum((byte & 0x7F) << 7 * (3 - k) for k, byte in enumerate(head[6:])))
        else:
            file.seek(0)
        first = file.read(_MPEG_FRAMES)
    return b"Xing" in first or b"Info" in first


def _promised(head: bytes) -> int:
    """Return the size that a header states, or 0."""
    layouts = {  # where the size stands, and how many bytes before it are not counted
        b"RIFF": ("<I", 4, 8),
        b"RF64": ("<Q", 20, 8),
        b"riff": ("<Q", 16, 0),
        b"FORM": (">I", 4, 8),
        b".snd": (">I", 8, int.from_bytes(head[4:8], "big")),
    }
    if head[:4] not in layouts:
        return 0
    form, start, before = layouts[head[:4]]
    field = head[start : start + struct.calcsize(form)]
    if len(field) < struct.calcsize(form):
        return len(head) + 1
    (stated,) = struct.unpack(form, field)
    return 0 if stated in _STREAMED else before + int(stated)


def _end_of_data(file: BinaryIO, size: int) -> int:
    """Return where a WAV file's samples end by its data chunk, or 0."""
    place = 12
    while place + 8 <= size:
        file.seek(place)
        name, length = struct.unpack("<4sI", file.read(8))
        if name == b"data":
            return 0 if length in _STREAMED else place + 8 + length
        place += 8 + length + length % 2
    return 0


def _ends(file: BinaryIO, size: int) -> bool:
    """Return whether an Ogg file's last page is whole and marked as the last."""
    file.seek(max(0, size - _OGG_PAGE))
    tail = file.read()
    page = tail[tail.rfind(b"OggS") :]
    if len(page) < 27 or not page[5] & 4:
        return False
    return len(page) >= 27 + page[26] + sum(page[27 : 27 + page[26]])
