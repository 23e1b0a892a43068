"""Which recording a file is: by words, by its neighbours, by its bytes, and never by guessing."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from mn_dataset.fetch.lockfile import Pin
from mn_dataset.fetch.published.candidates import list_candidates
from mn_dataset.fetch.published.match import match_files, recognise, rows_by_stem, spoken_role
from mn_dataset.tables import Row

FAIR_PLAY = ("000001", "000003", "000100", "001871")
OWN = ("001901", "001902")
NOISES = ("000001", "000002", "000003")


def sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


ROWS = {
    "clean": [
        Row(id=f"clean/{n}", file=f"clean/{n}.wav", category="piano", sha256=sha(f"fair {n}"))
        for n in FAIR_PLAY
    ]
    + [Row(id=f"clean/{n}", file=f"clean/{n}.wav", category="cello") for n in OWN],
    "noise": [Row(id=f"noise/{n}", file=f"noise/{n}.wav", category="crowd") for n in NOISES],
}
NAMES = rows_by_stem(ROWS)


def found(folder: Path, files: dict[str, str], pins: dict[str, Pin] | None = None):
    """Write files, and return what each row takes and why others take none."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    seen = list_candidates(folder, skip=folder / "out").files
    settled = match_files(recognise(seen, NAMES), NAMES, pins=pins or {}, staging=folder)
    return {row: one.name for row, one in settled.files.items()}, settled.reasons


@pytest.mark.parametrize(
    ("above", "role"),
    [
        (["Cello "], "clean"),
        (["Drum kit", "noise"], "clean"),
        (["Electrical noise"], "noise"),
        (["wav", "noisex-92441"], "noise"),
        (["binaural_audios", "FAIR-Play", "noise"], "clean"),
        (["clean_audio441", "denoising"], "clean"),
        (["denoise"], None),
        (["music and noise", "noise"], "noise"),
        (["songs"], "clean"),
        (["44100", "data"], None),
        (["music"], "clean"),
        (["n", "MusicECAN"], None),
        (["n", "music and noise"], None),
    ],
)
def test_the_nearest_telling_name_decides(above, role):
    """Classes, categories and the words for noise and music; a name that says both says nothing."""
    assert spoken_role(above) == role


def test_names_that_collide_are_told_apart_by_their_folders(tmp_path):
    """000001 is a clip and a noise; 000002 in FAIR-Play is no clip of M&N, and no noise either."""
    files = {f"fair-play/{name}.wav": "x" for name in ("000001", "000002", "000100")}
    files |= {f"Noise/{name}.WAV": "y" for name in NOISES}

    taken, reasons = found(tmp_path / "mine", files)

    assert taken == {
        "clean/000001": "fair-play/000001.wav",
        "clean/000100": "fair-play/000100.wav",
        **{f"noise/{name}": f"Noise/{name}.WAV" for name in NOISES},
    }
    assert reasons == {}


def test_a_wordless_folder_with_fair_play_names_holds_clips(tmp_path):
    """Only FAIR-Play has names beside those of the noises."""
    taken, _ = found(
        tmp_path / "a", {f"{name}.wav": "x" for name in ("000001", "000003", "000100")}
    )

    assert sorted(taken) == ["clean/000001", "clean/000003", "clean/000100"]


def test_a_wordless_folder_with_all_noise_names_holds_the_noises(tmp_path):
    """Even where both of the authors' archives were unpacked into it."""
    taken, _ = found(tmp_path / "a", {f"{name}.wav": "x" for name in (*NOISES, *OWN)})

    assert sorted(taken) == sorted([*(f"noise/{n}" for n in NOISES), *(f"clean/{n}" for n in OWN)])


def test_where_words_and_names_contradict_each_other_only_bytes_decide(tmp_path):
    """Somebody's noises may be numbered like FAIR-Play; a folder called clean may hold all."""
    names = ("000001", "000100", "001901")
    theirs = {f"noise/{name}.wav": "x" for name in names}
    fair_play = {f"noise removal/x/{name}.wav": f"fair {name}" for name in names}
    mixed = {f"clean/{name}.wav": "x" for name in (*NOISES, *OWN)}

    assert found(tmp_path / "a", theirs)[0] == {}
    assert sorted(found(tmp_path / "b", fair_play)[0]) == ["clean/000001", "clean/000100"]
    taken, reasons = found(tmp_path / "c", mixed)
    assert sorted(taken) == [f"clean/{name}" for name in OWN]
    assert {"noise/000001", "noise/000002", "noise/000003"} < reasons.keys()


def test_bytes_decide_over_neighbours(tmp_path):
    """A folder of FAIR-Play's first files has all noise names, and is no folder of noises."""
    files = {f"{name}.wav": f"fair {name}" for name in NOISES}

    taken, _ = found(tmp_path / "a", files)

    assert {"clean/000001", "clean/000003"} <= taken.keys()
    assert not {"noise/000001", "noise/000003"} & taken.keys()


def test_what_stays_open_is_named_and_not_guessed(tmp_path):
    """Some noise names without a word may be either; both rows are told so."""
    taken, reasons = found(tmp_path / "a", {"000001.wav": "x", "001901.wav": "y"})

    assert taken == {"clean/001901": "001901.wav"}
    assert sorted(reasons) == ["clean/000001", "noise/000001"]
    assert "folder called clean or noise" in reasons["noise/000001"]


def test_of_several_files_the_proven_one_is_taken(tmp_path):
    """The binaural original goes before somebody's conversion of it."""
    files = {"clean/a/000001.wav": "a conversion", "clean/b/000001.wav": "fair 000001"}

    taken, _ = found(tmp_path / "a", files)

    assert taken == {"clean/000001": "clean/b/000001.wav"}


def test_of_several_files_without_a_hash_the_pinned_one_is_taken(tmp_path):
    """Which makes a second run end like the first; without a pin they are told, unless equal."""
    files = {"noise/a/000002.wav": "one", "noise/b/000002.wav": "other"}
    pins = {"noise/000002": Pin("noise/000002", sha("other"), "", "")}

    assert found(tmp_path / "a", files, pins)[0] == {"noise/000002": "noise/b/000002.wav"}
    assert "different recordings under its name" in found(tmp_path / "a", files)[1]["noise/000002"]
    same = dict.fromkeys(files, "one")
    assert found(tmp_path / "b", same)[0] == {"noise/000002": "noise/a/000002.wav"}
