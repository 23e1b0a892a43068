"""The embedded corpus is complete, in the M&N form, and the same every time."""

from collections import Counter

import numpy as np
import pandas as pd
import pytest

from mn_dataset.audio.io import read_pcm
from mn_dataset.errors import OutputError
from mn_dataset.records import MUSIC_CATEGORIES, NOISE_CLASSES, SAMPLING_RATE, SPLITS, is_voice
from mn_dataset.synthetic.corpus import make, plans, write_corpus
from mn_dataset.tables import COLUMNS, read_table

PLANS = {plan.id: plan for plan in plans() if plan.role != "stem"}
SONGS = {plan.id: plan for plan in plans() if plan.role == "stem"}
SAMPLE = ["clean/chinese_lute/02", "clean/drum_kit/01", "clean/song/07", "noise/crowd/02"]


def pcm(corpus, identifier):
    return read_pcm(corpus / f"{identifier}.wav", sampling_rate=SAMPLING_RATE)


def level_dbfs(value):
    return 20.0 * np.log10(value / 32_768.0)


@pytest.mark.parametrize("role", ["clean", "noise"])
def test_tables_follow_the_schema_and_say_what_is_synthetic(synthetic, role):
    """Every row is valid, names its own group, and tells a person that it is synthetic."""
    table = pd.read_csv(synthetic / f"{role}.csv", keep_default_na=False, dtype=str)

    rows = read_table(synthetic / f"{role}.csv", role)

    assert [*COLUMNS, "origin"] == list(table.columns)
    for row in rows:
        assert row.file == f"{row.id}.wav"
        assert row.group == f"synthetic:{row.id}"
        assert row.source.startswith("synthetic: ")
        assert (row.license, row.attribution) == ("CC0-1.0", "The M&N toolkit (synthetic)")
        assert (row.url, row.sha256, row.start_s) == ("", "", "")
        assert row.further == (("origin", "synthetic"),)


def test_every_category_and_class_stands_in_every_split(synthetic):
    """Eight clips of each category and six noises of each class, spread over the splits."""
    clean = Counter((r.category, r.split) for r in read_table(synthetic / "clean.csv", "clean"))
    noise = Counter((r.category, r.split) for r in read_table(synthetic / "noise.csv", "noise"))

    assert clean == {
        (c, s): n for c in MUSIC_CATEGORIES for s, n in zip(SPLITS, (4, 2, 2), strict=True)
    }
    assert noise == {
        (c, s): n for c in NOISE_CLASSES for s, n in zip(SPLITS, (2, 2, 2), strict=True)
    }


@pytest.mark.parametrize("category", [*MUSIC_CATEGORIES, *NOISE_CLASSES])
def test_recordings_have_the_form_length_and_level_of_recordings(synthetic, category):
    """Every file is as long as promised, near -3 dBFS at its peak, loud, free of DC."""
    for plan in (plan for plan in PLANS.values() if plan.category == category):
        samples = pcm(synthetic, plan.id).astype(np.float64)

        assert len(samples) == plan.seconds * SAMPLING_RATE
        # Stems peak at -3 dBFS too; where one peaks above their sum, the sum lies lower.
        assert -6.0 < level_dbfs(np.abs(samples).max()) < -2.9
        assert -30.0 < level_dbfs(samples.std()) < -12.0
        assert level_dbfs(abs(samples.mean()) + 1e-9) < -60.0
        seconds = samples[: len(samples) // SAMPLING_RATE * SAMPLING_RATE]
        assert level_dbfs(seconds.reshape(-1, SAMPLING_RATE).std(axis=1).min() + 1e-9) > -60.0


def test_one_training_noise_of_every_class_is_shorter_than_a_clip():
    """Looping has something to do in every class, already in training."""
    short = {p.category for p in PLANS.values() if p.split == "train" and p.seconds < 10}

    assert set(NOISE_CLASSES) == short


@pytest.mark.parametrize("category", ["multi_instrument", "song"])
def test_stems_sum_to_the_clip_exactly(synthetic, category):
    """In integers, the stems of a song and of an ensemble are the clip."""
    for plan in (plan for plan in PLANS.values() if plan.category == category):
        folder = synthetic / "stems" / category / f"{plan.number:02d}"
        stems = {
            path.stem: read_pcm(path, sampling_rate=SAMPLING_RATE) for path in folder.glob("*.wav")
        }

        total = sum(stem.astype(np.int64) for stem in stems.values())

        assert np.array_equal(total, pcm(synthetic, plan.id))
        assert all(stem.std() > 100.0 for stem in stems.values())
        assert list(plan.stems(seed=0)) == sorted(stems, key=plan.stems(seed=0).index)
        if category == "song":
            assert set(stems) == {"voice", "accompaniment"}
        else:
            assert set(stems) <= set(MUSIC_CATEGORIES)
            assert 3 <= len(stems) <= 4


def test_the_table_of_stems_names_every_song_and_its_clip_s_split(synthetic):
    """Songs are sung, ensembles are not; every file there is in the table."""
    rows, both = read_table(synthetic / "stems.csv", "stem"), PLANS | SONGS

    files = {path.relative_to(synthetic).as_posix() for path in synthetic.glob("stems/*/*/*.wav")}
    assert {row.file for row in rows} == files
    assert len(files) == len(rows)
    for row in rows:
        name = next(
            f"{role}/{row.song}" for role in ("clean", "stem") if f"{role}/{row.song}" in both
        )
        assert row.split == both[name].split
        assert row.group == f"synthetic:{name}"
    sung = {row.song for row in rows if is_voice(row.category)}
    assert sung == {row.song for row in rows if row.song.startswith("song/")}


def test_songs_that_are_no_clips_are_sung_and_six_are_tested():
    """Enough for an interval by song; clips and noises are what they were."""
    assert Counter(plan.split for plan in SONGS.values()) == {"train": 4, "test": 4}
    assert all(plan.stems(seed=0) == ("voice", "accompaniment") for plan in SONGS.values())


def test_a_table_of_fewer_songs_is_completed(synthetic):
    """As one that an older version wrote."""
    table = synthetic / "stems.csv"
    whole = table.read_bytes()
    older = [line for line in whole.splitlines(keepends=True) if b"song/16" not in line]
    table.write_bytes(b"".join(older))

    write_corpus(synthetic, seed=0, workers=1)

    assert len(older) < len(whole.splitlines())
    assert table.read_bytes() == whole


def test_a_folder_without_the_table_of_stems_gets_it_and_nothing_else(synthetic):
    """As one that an older version made; a stem that is gone comes back with its clip."""
    table, stem = synthetic / "stems.csv", synthetic / "stems/song/03/voice.wav"
    before = {path: path.read_bytes() for path in (table, stem)}
    stamp = (synthetic / "clean/piano/01.wav").stat().st_mtime_ns
    for path in before:
        path.unlink()

    write_corpus(synthetic, seed=0, workers=1)

    assert before == {path: path.read_bytes() for path in before}
    assert stamp == (synthetic / "clean/piano/01.wav").stat().st_mtime_ns


@pytest.mark.parametrize("identifier", SAMPLE)
def test_a_recording_is_a_function_of_seed_and_id(synthetic, identifier):
    """This process makes what the workers made, sample for sample; another seed does not."""
    plan = PLANS[identifier]

    same = sum(make(plan, seed=0).values())
    other = sum(make(plan, seed=1).values())

    assert np.array_equal(same, pcm(synthetic, identifier))
    assert not np.array_equal(other, same)


def test_recordings_of_one_category_differ(synthetic):
    """No two recordings share their sound, within a split or across."""
    hashes = {pcm(synthetic, identifier).tobytes() for identifier in PLANS}

    assert len(hashes) == len(PLANS)


def test_a_rerun_makes_only_what_is_missing(synthetic):
    """A removed and a truncated clip come back as they were; the rest is not touched."""
    removed, cut = synthetic / "clean/harp/03.wav", synthetic / "noise/weather/02.wav"
    before = {path: path.read_bytes() for path in (removed, cut)}
    untouched = synthetic / "clean/piano/01.wav"
    stamp = untouched.stat().st_mtime_ns
    removed.unlink()
    cut.write_bytes(before[cut][:1000])

    write_corpus(synthetic, seed=0, workers=1)

    assert before == {path: path.read_bytes() for path in before}
    assert stamp == untouched.stat().st_mtime_ns
    assert not list(synthetic.rglob("*.tmp"))


def test_a_folder_with_another_corpus_is_refused(synthetic):
    """Clips of two seeds never mix in one folder."""
    with pytest.raises(OutputError, match=r"seed 1.*choose another folder"):
        write_corpus(synthetic, seed=1)


def test_a_place_that_cannot_be_made_is_named(tmp_path):
    """A file in the way is an error with its path, before any sound is made."""
    (tmp_path / "taken").write_text("")

    with pytest.raises(OutputError, match="taken"):
        write_corpus(tmp_path / "taken" / "synthetic")
