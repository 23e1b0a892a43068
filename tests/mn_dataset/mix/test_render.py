from __future__ import annotations

import errno
import hashlib
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import soundfile

from mn_dataset.audio.corpus import open_corpus
from mn_dataset.errors import AudioError, DatasetError, InputError, OutputError, RecipeError
from mn_dataset.files.lock import contents
from mn_dataset.mix import render as room
from mn_dataset.mix.draw import draw
from mn_dataset.mix.recipes import read_recipes, write_recipes
from mn_dataset.mix.render import render
from mn_dataset.mix.verify import verify

GOLDEN_PCM = "f80dcb0cb3adf084e0b58a7c789ad12e67c2f4fa4b372a2db3ce731f2f0f69b7"
GOLDEN_GAINS = "2191c0a9bc1fae2bd88cff1cb37b27c35415edcce91f82e4a0b08be4dd82dfc2"


def tree(folder: Path) -> dict[str, str]:
    """Hash every file of a dataset but its card, which names the folder."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != "README.md"
    }


@pytest.fixture(scope="module")
def recipes(tiny):
    return draw(tiny, split="test", snr_db=(-5, 5), per_cell=1)


@pytest.fixture(scope="module")
def dataset(tiny, recipes, tmp_path_factory):
    return render(recipes, tiny, tmp_path_factory.mktemp("built") / "one")


def test_a_small_build_is_golden(dataset):
    """PCM and gains of thirty mixtures, made from integers, are those of the day they were written.

    The corpus and every operation on the way are integers or correctly rounded, so the hashes
    hold on every platform, Python and numpy. (Loudness is left out: its filters are not.)
    """
    rows = pq.read_table(dataset / "manifest.parquet").to_pylist()
    pcm = "".join(row[f"{part}_sha256"] for row in rows for part in ("noisy", "clean", "noise"))
    gains = "".join(row["noise_gain"].hex() + row["mix_gain"].hex() for row in rows)

    assert hashlib.sha256(pcm.encode()).hexdigest() == GOLDEN_PCM
    assert hashlib.sha256(gains.encode()).hexdigest() == GOLDEN_GAINS


def test_workers_do_not_change_a_byte(tiny, recipes, dataset, tmp_path):
    """Two processes make the bytes of one."""
    assert tree(render(recipes, tiny, tmp_path / "two", workers=2)) == tree(dataset)


def test_the_order_of_the_table_does_not_change_a_byte(tiny, recipes, dataset, tmp_path):
    """A shuffled recipe table gives the same dataset."""
    write_recipes(tmp_path / "recipes.parquet", recipes)
    table = pq.read_table(tmp_path / "recipes.parquet")
    pq.write_table(table.take(list(reversed(range(len(table))))), tmp_path / "shuffled.parquet")

    shuffled = read_recipes(tmp_path / "shuffled.parquet")
    assert tree(render(shuffled, tiny, tmp_path / "out")) == tree(dataset)


def test_one_recipe_picked_is_the_same_bytes(tiny, recipes, dataset, tmp_path):
    """`--rows 17` gives mixture 17 as the whole build does, manifest row included."""
    one = render(recipes, tiny, tmp_path / "one", rows=["17"])
    whole = pq.read_table(dataset / "manifest.parquet").to_pylist()[17]

    assert pq.read_table(one / "manifest.parquet").to_pylist() == [whole]
    assert (one / whole["noisy"]).read_bytes() == (dataset / whole["noisy"]).read_bytes()


def test_a_killed_build_resumes_to_the_same_bytes(tiny, tiny_folder, recipes, dataset, tmp_path):
    """kill −9, stale temporaries, a torn journal: the rerun ends as if undisturbed."""
    write_recipes(tmp_path / "recipes.parquet", recipes)
    out = tmp_path / "out"
    script = (
        "import sys, time; from pathlib import Path\n"
        "from mn_dataset.audio.corpus import open_corpus\n"
        "from mn_dataset.mix.recipes import read_recipes\n"
        "from mn_dataset.mix.render import render\n"
        "render(read_recipes(Path(sys.argv[1])), open_corpus(Path(sys.argv[2])), sys.argv[3],\n"
        "       progress=lambda done, total: time.sleep(0.1))\n"
    )
    command = [sys.executable, "-c", script, tmp_path / "recipes.parquet", tiny_folder, out]
    process = subprocess.Popen([str(word) for word in command])
    while len(list(out.glob("audio/test/*.wav"))) < 9:
        time.sleep(0.01)
        assert process.poll() is None
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert not (out / "manifest.parquet").exists()
    stale = out / f"audio/test/.000029.noisy.wav.mn-{process.pid}-7.tmp"
    stale.write_bytes(b"half")
    with (out / room.JOURNAL).open("a") as journal:
        journal.write('{"id": "test/0000')
    before = (out / "audio/test/000000.noisy.wav").stat().st_mtime_ns

    render(recipes, tiny, out)

    assert tree(out) == tree(dataset)
    assert (out / "audio/test/000000.noisy.wav").stat().st_mtime_ns == before  # kept, not remade


def test_one_process_writes_into_a_folder_at_a_time(tiny, recipes, dataset, tmp_path):
    """The other one is told who does, and leaves the folder alone."""
    out = tmp_path / "out"
    script = (
        "import sys; from pathlib import Path; from mn_dataset.files.lock import locked\n"
        "with locked(Path(sys.argv[1]), command='mn build'):\n"
        "    print('held', flush=True); input()\n"
    )
    command = [sys.executable, "-c", script, str(out)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, **pipes) as owner:
        assert owner.stdout.readline() == "held\n"
        with pytest.raises(InputError, match=rf"`mn build` \(process {owner.pid} on .* writes"):
            render(recipes, tiny, out)
        owner.stdin.write("\n")

    assert not out.exists()
    assert tree(render(recipes, tiny, out)) == tree(dataset)


def test_a_finished_folder_is_left_alone_and_a_hole_is_filled(tiny, recipes, dataset, tmp_path):
    """A rerun does only what is missing."""
    out = render(recipes, tiny, tmp_path / "out")
    (out / "audio/test/000003.clean.wav").unlink()
    kept = (out / "audio/test/000004.clean.wav").stat().st_mtime_ns

    render(recipes, tiny, out)

    assert tree(out) == tree(dataset)
    assert (out / "audio/test/000004.clean.wav").stat().st_mtime_ns == kept


def test_a_changed_file_is_repaired(tiny, recipes, dataset, tmp_path):
    """A rerun compares hashes, not sizes: what `mn verify` calls changed is made again."""
    out = render(recipes, tiny, tmp_path / "out")
    path = out / "audio/test/000003.noise.wav"
    content = bytearray(path.read_bytes())
    content[500] ^= 4
    path.write_bytes(bytes(content))

    render(recipes, tiny, out)

    assert tree(out) == tree(dataset)


def test_an_empty_folder_that_was_there_stays(recipes, tiny, tmp_path, monkeypatch):
    """A failed render removes what it made, and nothing else."""

    def broken(*_, **__):
        raise OutputError("no")

    (tmp_path / "out").mkdir()
    monkeypatch.setattr(room.io, "write_wav", broken)
    with pytest.raises(OutputError):
        render(recipes, tiny, tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == []


def test_other_recipes_are_refused(tiny, dataset):
    """A folder is one dataset."""
    with pytest.raises(DatasetError, match="other recipes"):
        render(draw(tiny, split="test", seed=9), tiny, dataset)


def test_a_folder_of_something_else_is_refused(tiny, recipes, tmp_path):
    """Nobody's files are written over."""
    (tmp_path / "letter.txt").write_text("dear")

    with pytest.raises(DatasetError, match="not a dataset"):
        render(recipes, tiny, tmp_path)


def test_recipes_of_another_corpus_are_refused(recipes, real_corpus, tmp_path):
    """The corpus hash in the recipes decides."""
    with pytest.raises(RecipeError, match="drawn from corpus"):
        render(recipes, real_corpus, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_full_disk_leaves_nothing_half_written(tiny, recipes, tmp_path, monkeypatch):
    """The third file of the fifth mixture does not fit: its first two are gone as well."""
    real, count = room.io.write_wav, [0]

    def full(path, samples, *, sampling_rate):
        count[0] += 1
        real(path, samples, sampling_rate=sampling_rate)
        if count[0] == 15:
            raise OutputError(f"{path}: cannot be written (No space left on device)")

    monkeypatch.setattr(room.io, "write_wav", full)
    with pytest.raises(OutputError, match="No space left"):
        render(recipes, tiny, tmp_path / "out")

    assert len(list((tmp_path / "out").rglob("*.wav"))) == 12
    assert not list((tmp_path / "out").rglob("*.tmp"))
    assert not (tmp_path / "out/manifest.parquet").exists()


def test_a_fault_in_another_process_keeps_what_it_had_finished(tiny_folder, recipes, tmp_path):
    """The recording of the last mixture of each process vanishes: all before it is resumed."""
    shutil.copytree(tiny_folder, tmp_path / "corpus")
    corpus = open_corpus(tmp_path / "corpus")
    lost = {layer.source_id for number in (15, 29) for layer in recipes[number].layers}
    for name in lost:
        (corpus.root / corpus.sources[name].row.file).unlink()
    whole = [one for one in recipes if lost.isdisjoint(layer.source_id for layer in one.layers)]
    first = min(n for n, one in enumerate(recipes) if one not in whole)
    assert first

    with pytest.raises(AudioError):
        render(recipes, corpus, tmp_path / "out", workers=2)

    rows = (tmp_path / "out/.journal.jsonl").read_text().splitlines()
    assert len(rows) >= first
    assert len(list((tmp_path / "out").rglob("*.wav"))) == 3 * len(rows)


def test_a_failure_before_the_first_mixture_leaves_no_folder(tiny, recipes, tmp_path, monkeypatch):
    """Nothing was made, so nothing stays."""

    def broken(*_, **__):
        raise OutputError("no")

    monkeypatch.setattr(room.io, "write_wav", broken)
    with pytest.raises(OutputError):
        render(recipes, tiny, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_what_a_failure_could_not_remove_is_resumed_from(
    tiny, recipes, dataset, tmp_path, monkeypatch
):
    """Without a free descriptor no folder is removed, or not even looked into."""

    def refuse(path, *_, **__):
        raise OSError(errno.EMFILE, "Too many open files", str(path))

    def look(folder):
        if folder.name == "closed" and folder.joinpath("sources.parquet").exists():
            raise InputError(f"{folder}: cannot be read as a folder")
        return contents(folder)

    for out in (tmp_path / "open", tmp_path / "closed"):
        with monkeypatch.context() as limit:
            limit.setattr(room.io, "write_wav", refuse)
            limit.setattr(room.shutil, "rmtree", lambda *_, **__: None)
            limit.setattr(room, "contents", look)
            with pytest.raises(OutputError, match=r"wav: cannot be written .*`ulimit -n 1024`"):
                render(recipes, tiny, out)

        render(recipes, tiny, out)
        assert tree(out) == tree(dataset)


def test_flac_holds_the_same_samples(tiny, recipes, dataset, tmp_path):
    """The format of the files changes, the PCM and its hashes do not."""
    out = render(recipes, tiny, tmp_path / "out", rows=["0"], audio_format="flac")
    row = pq.read_table(out / "manifest.parquet").to_pylist()[0]
    expected = pq.read_table(dataset / "manifest.parquet").to_pylist()[0]

    assert row["noisy"].endswith(".flac")
    assert row["noisy_sha256"] == expected["noisy_sha256"]
    assert soundfile.info(out / row["noisy"]).subtype == "PCM_16"
    assert verify(out) == []
    with pytest.raises(DatasetError, match="not wav"):
        render(recipes, tiny, out, rows=["0"])
    with pytest.raises(InputError, match="expected one of wav, flac"):
        render(recipes, tiny, tmp_path / "mp3", audio_format="mp3")


def test_sources_carry_licence_and_hash(dataset, tiny):
    """The rows that were used, with the hash of their samples."""
    rows = pq.read_table(dataset / "sources.parquet").to_pylist()

    assert {row["license"] for row in rows} == {"CC0-1.0"}
    assert all(row["pcm_sha256"] == tiny.sources[row["id"]].entry.pcm_sha256 for row in rows)


def test_a_noise_gain_that_contradicts_its_ratio_is_refused(tiny, tmp_path):
    """The recipe is labelled with 5 dB, and its gains make another ratio."""
    recipe = draw(tiny, split="test", snr_db=(5,))[0]
    clean, noise = recipe.layers
    louder = replace(recipe, layers=(clean, replace(noise, snr_db=None, gain=0.9)))
    recipes = replace(draw(tiny, split="test", snr_db=(5,)), rows=(louder,))

    with pytest.raises(RecipeError, match=r"snr_db is 5, and the gains of its layers make"):
        render(recipes, tiny, tmp_path / "dataset")
