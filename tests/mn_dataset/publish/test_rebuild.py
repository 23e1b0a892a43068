"""Rebuilding: the audio again from a publication without any, proven equal."""

from __future__ import annotations

import shutil

import pyarrow.parquet as pq
import pytest

from mn_dataset.audio import io
from mn_dataset.audio.corpus import open_corpus
from mn_dataset.errors import DatasetError, InputError
from mn_dataset.mix.verify import verify
from mn_dataset.publish.publish import publish
from mn_dataset.publish.rebuild import rebuild


@pytest.fixture(scope="module")
def recipes(built, tmp_path_factory):
    out = tmp_path_factory.mktemp("recipes") / "folder"
    publish(built, out, recipe_only=True)
    return out


def test_recipes_alone_hold_no_byte_of_audio(recipes):
    """Tables, hashes, card and Croissant; the rows still load."""
    kinds = {path.suffix for path in recipes.rglob("*") if path.is_file()}

    assert kinds == {".parquet", ".md", ".json", ".png"}
    for path in recipes.rglob("*.parquet"):
        types = map(str, pq.read_schema(path).types)
        assert not [kind for kind in types if "binary" in kind], path
    assert [path.name for path in (recipes / "assets").iterdir()] == ["distribution.png"]


def test_another_folder_of_the_same_corpus_gives_the_same_dataset(
    mn, built, recipes, tiny_folder, tmp_path
):
    """Manifest and samples, byte for byte; recordings that no recipe uses need not be there."""
    corpus = shutil.copytree(tiny_folder, tmp_path / "corpus")
    code, text, _ = mn("rebuild", recipes, "--corpus", corpus, "--out", tmp_path / "again")

    assert (code, text) == (0, f"45 mixtures in {tmp_path / 'again'}\n")
    assert (tmp_path / "again/manifest.parquet").read_bytes() == (
        built / "manifest.parquet"
    ).read_bytes()
    for path in built.rglob("*.wav"):
        assert (tmp_path / "again" / path.relative_to(built)).read_bytes() == path.read_bytes()
    assert verify(tmp_path / "again") == []

    used = {row["id"] for row in pq.read_table(built / "sources.parquet").to_pylist()}
    smaller = open_corpus(corpus).only(used)
    assert smaller.hash != open_corpus(corpus).hash or len(used) == len(smaller.sources)
    assert rebuild(recipes, smaller, tmp_path / "smaller").is_dir()


def test_a_changed_source_is_refused_by_name(mn, recipes, tiny_folder, tmp_path):
    """One sample of one recording is enough; nothing is rendered."""
    corpus = shutil.copytree(tiny_folder, tmp_path / "corpus")
    name = pq.read_table(recipes / "sources.parquet")["id"][0].as_py()
    samples = io.read_pcm(corpus / f"{name}.wav", sampling_rate=44_100)
    samples[1000] += 1
    io.write_wav(corpus / f"{name}.wav", samples, sampling_rate=44_100)

    code, _, error = mn("rebuild", recipes, "--corpus", corpus, "--out", tmp_path / "again")

    assert (code, error.count("\n")) == (1, 1)
    assert f"{name} ({corpus / name}.wav) has other samples" in error
    assert not (tmp_path / "again").exists()


def test_a_missing_source_is_named(recipes, tiny, tmp_path):
    """With what to do."""
    name = pq.read_table(recipes / "sources.parquet")["id"][0].as_py()
    lacking = tiny.only(set(tiny.sources) - {name})

    with pytest.raises(InputError, match=rf"{name} is not there; get them as sources\.parquet"):
        rebuild(recipes, lacking, tmp_path / "again")


def test_what_comes_out_otherwise_is_told(recipes, tiny, tmp_path):
    """By mixture and column."""
    other = shutil.copytree(recipes, tmp_path / "other")
    table = pq.read_table(other / "manifest.parquet")
    rows = table.to_pylist()
    rows[3]["noisy_sha256"] = "0" * 64
    pq.write_table(table.from_pylist(rows, schema=table.schema), other / "manifest.parquet")

    with pytest.raises(DatasetError, match=rf"{rows[3]['id']} \(noisy_sha256\)"):
        rebuild(other, tiny, tmp_path / "again")


@pytest.mark.parametrize("place", ["nowhere", "./nowhere/deep", "/nowhere/deep"])
def test_what_is_no_publication_is_refused(tiny, tmp_path, place):
    """A folder, or OWNER/NAME."""
    with pytest.raises(InputError, match="no such folder, and no repository OWNER/NAME"):
        rebuild(place, tiny, tmp_path / "again")
    with pytest.raises(DatasetError, match=r"not a publication \(no recipes\.parquet"):
        rebuild(tmp_path, tiny, tmp_path / "again")


REBUILDER = """
from mn_dataset.commands import publications, terminal
from mn_dataset.commands.app import app
from mn_dataset.publish import rebuild

rebuild.render = halt
words = ["--corpus", sys.argv[2], "--out", sys.argv[3], "--workers", "1"]
terminal.run(app, ["rebuild", sys.argv[1], *words])
"""
"""`mn rebuild`, which stops when it is to render."""


def test_two_processes_cannot_rebuild_into_one_folder(mn, recipes, tiny_folder, halted, tmp_path):
    """The second is told who writes there; when that one was killed, it takes the folder over."""
    out = tmp_path / "again"
    process = halted(REBUILDER, recipes, tiny_folder, out)
    words = ("rebuild", recipes, "--corpus", tiny_folder, "--out", out)
    code, _, error = mn(*words)

    assert (code, error.count("\n")) == (1, 1)
    assert f"{out}: `mn rebuild` (process {process.pid} on " in error

    process.kill()
    process.wait()
    assert mn(*words)[0] == 0
    assert verify(out) == []
