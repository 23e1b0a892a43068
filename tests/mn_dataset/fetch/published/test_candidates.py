"""What could be a recording is listed, and what cannot is passed over."""

from __future__ import annotations

from mn_dataset.fetch.published.candidates import list_candidates


def test_what_a_mac_adds_and_the_corpus_in_the_making_are_passed_over(tmp_path):
    """Resource forks, hidden files, and the folder that is being written."""
    files = ("__MACOSX/noise/000002.wav", "noise/._000002.wav", ".x/noise/000002.wav")
    files += ("out/noise/000002.wav", "noise/000002.mp3", "noise/readme.txt")

    for file in files:
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).write_text("x")

    assert list_candidates(tmp_path, skip=tmp_path / "out").files == ()


def test_a_circle_of_links_ends(tmp_path):
    """Linked folders are followed, each once."""
    folder = tmp_path / "a"
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "000002.wav").write_text("x")
    folder.mkdir()
    (folder / "noise").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "elsewhere" / "round").symlink_to(folder)

    (file,) = list_candidates(folder, skip=folder / "out").files
    assert (file.name, file.above[0]) == ("noise/000002.wav", "noise")
