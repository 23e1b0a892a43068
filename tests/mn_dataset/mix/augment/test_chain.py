from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mn_dataset.errors import InputError, UnknownName
from mn_dataset.mix.augment.chain import CHAINS, NAMES, Chain, from_tables, from_text, load_chain
from mn_dataset.mix.augment.transforms import Gain, Pitch, Reverb

ranges = st.tuples(st.floats(-12, 12), st.floats(-12, 12)).map(lambda pair: tuple(sorted(pair)))


@pytest.mark.parametrize("name", CHAINS)
def test_a_preset_comes_back_from_its_text(name):
    """Metadata carries the chain itself, not its name."""
    assert from_text(CHAINS[name].text, where="here") == CHAINS[name]


@given(semitones=ranges, probability=st.floats(0, 1))
def test_any_chain_comes_back_from_its_text(semitones, probability):
    """Whatever the numbers; and equal chains have one text."""
    chain = Chain(pitch=Pitch(probability=probability, semitones=semitones))

    assert from_text(chain.text, where="here") == chain
    assert from_text(chain.text, where="here").text == chain.text


def test_whole_numbers_and_fractions_are_one_spelling():
    """6 and 6.0 are the same gain, so they are the same recipes."""
    whole = Chain(gain=Gain(probability=1, gain_db=(-6, 6)))
    fraction = Chain(gain=Gain(probability=1.0, gain_db=(-6.0, 6.0)))

    assert whole.text == fraction.text


def test_the_full_preset_has_every_transform():
    """Nothing that the toolkit can do is missing from it."""
    assert tuple(CHAINS["full"].transforms) == NAMES


def test_the_resonant_preset_gives_notes_to_noises_alone():
    """Music keeps its timbre, but for shelves; all else is as in full."""
    full, resonant = CHAINS["full"].transforms, CHAINS["resonant"].transforms

    assert resonant.pop("peaking").layers == ("noise",)
    assert resonant == {name: one for name, one in full.items() if name != "peaking"}


def test_a_file_says_what_a_preset_says(tmp_path):
    """Numbers are fixed, pairs are ranges, words are lists of one; defaults may be left out."""
    path = tmp_path / "mine.toml"
    path.write_text(
        "[gain]\nprobability = 0.5\ngain_db = -3\n"
        '[reverb]\nprobability = 1\nlayers = "clean"\nrt60_s = [0.2, 0.4]\n'
        "direct_to_reverberant_db = 6.0\n"
    )

    assert load_chain(path) == Chain(
        gain=Gain(probability=0.5, gain_db=(-3, -3)),
        reverb=Reverb(
            probability=1, layers=("clean",), rt60_s=(0.2, 0.4), direct_to_reverberant_db=(6, 6)
        ),
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no transform is given; expected some of pitch"),
        ("[gian]\nprobability = 1", "unknown transform 'gian'; did you mean 'gain'?"),
        ("gain = 3", "gain is 3; expected a table"),
        (
            "[gain]\nprobability = 1\ngain = 3",
            "[gain] unknown field 'gain'; did you mean 'gain_db'",
        ),
        ("[gain]\nprobability = 1", "[gain] lacks gain_db"),
        ("[gain]\nprobability = 2\ngain_db = 1", "[gain] probability is 2; expected a number from"),
        ("[gain]\nprobability = true\ngain_db = 1", "probability is True"),
        ("[gain]\nprobability = nan\ngain_db = 1", "probability is nan"),
        ("[gain]\nprobability = 1\ngain_db = [3, 1]", "gain_db is [3, 1]; expected a number or"),
        ("[gain]\nprobability = 1\ngain_db = [1]", "gain_db is [1]"),
        ("[gain]\nprobability = 1\ngain_db = [nan, 3]", "gain_db is [nan, 3]"),
        ("[gain]\nprobability = 1\ngain_db = 'loud'", "gain_db is ['loud', 'loud']"),
        ("[gain]\nprobability = 1\ngain_db = 99", "from -40 to 40"),
        ("[polarity]\nprobability = 1\nlayers = ['music']", "layers is ['music']; expected one or"),
        ("[polarity]\nprobability = 1\nlayers = []", "layers is []"),
        ("[polarity]\nprobability = 1\nlayers = [['clean']]", "layers is [['clean']]"),
        (
            "[low_pass]\nprobability = 1\ncutoff_hz = 900\nrolloff_db_per_octave = 10",
            "rolloff_db_per_octave is [10]",
        ),
        (
            "[codec]\nprobability = 1\nformat = 'mp3'\nbitrate_kbps = [100, 105]",
            "holds no bitrate of mp3",
        ),
        ("[gain\n", "not TOML"),
    ],
)
def test_a_file_that_means_nothing_is_refused(tmp_path, text, message):
    """By file, table and field, with what is expected there."""
    path = tmp_path / "mine.toml"
    path.write_text(text)

    with pytest.raises(InputError) as caught:
        load_chain(path)
    assert str(caught.value).startswith(str(path))
    assert message in str(caught.value)


def test_a_name_that_does_not_exist_gets_the_nearest():
    """And the way to a file of one's own."""
    with pytest.raises(UnknownName, match=r"'ligth'; did you mean 'light'\? Known: FILE.toml"):
        load_chain("ligth")


def test_a_file_that_is_not_there_is_named(tmp_path):
    """By its path."""
    with pytest.raises(InputError, match=r"mine\.toml: cannot be read"):
        load_chain(tmp_path / "mine.toml")


def test_metadata_that_is_no_chain_is_refused():
    """Naming the file."""
    with pytest.raises(InputError, match="here: the augmentation is not JSON"):
        from_text("{", where="here")
    with pytest.raises(InputError, match="is no table of transforms"):
        from_tables([], where="here")


def test_a_chain_that_does_nothing_is_refused():
    """It would augment nothing, and say that it had."""
    with pytest.raises(InputError, match="no transform is given"):
        Chain()
