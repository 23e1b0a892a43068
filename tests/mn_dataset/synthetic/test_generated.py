"""A generated noise is all that its id says: the same samples everywhere, and no two alike."""

import hashlib
import time
from collections import Counter

import numpy as np
import pytest

from mn_dataset.errors import RecipeError
from mn_dataset.records import NOISE_CLASSES, SAMPLING_RATE
from mn_dataset.seeds import generator
from mn_dataset.synthetic.generated import (
    KINDS,
    LEAST_RMS,
    PEAK,
    RMS,
    Generated,
    drawn,
    is_generated,
    kind_rows,
    named,
    recording,
)

SHORT = SAMPLING_RATE // 2
NAMES = [(noise_class, kind) for noise_class, kinds in KINDS.items() for kind in kinds]
GOLDEN = "acdc93964c42709307aaeca72ce4b53a953294652bcc3dc6a2f8a8eb5b8bdb15"


def noises(noise_class, kind, count=6, num_samples=SHORT):
    return [Generated(noise_class, kind, num_samples, n).samples for n in range(count)]


def test_every_class_has_kinds():
    """A cell of any class can be filled."""
    assert list(KINDS) == [*NOISE_CLASSES]
    assert all(len(kinds) > 1 for kinds in KINDS.values())


def test_the_samples_are_those_of_the_day_they_were_written():
    """One short noise of every kind; what is trained on them can be trained again."""
    made = (Generated(*name, 22_050, 48_213).samples.tobytes() for name in NAMES)

    assert hashlib.sha256(b"".join(made)).hexdigest() == GOLDEN


@pytest.mark.parametrize(("noise_class", "kind"), NAMES)
def test_an_id_gives_the_same_noise_again_and_another_id_another(noise_class, kind):
    """By number, and by the text of the id."""
    made = noises(noise_class, kind)

    np.testing.assert_array_equal(
        named(f"generated/{noise_class}/{kind}/{SHORT}/3").samples, made[3]
    )
    assert len({one.tobytes() for one in made}) == len(made)


@pytest.mark.parametrize(("noise_class", "kind"), NAMES)
@pytest.mark.parametrize("num_samples", [4410, SHORT, 3 * SAMPLING_RATE + 1])
def test_noises_keep_to_the_levels_that_drawing_counts_on(noise_class, kind, num_samples):
    """Whatever the length: whole, in range, free of DC, and −26 dBFS unless they are sparse."""
    for samples in noises(noise_class, kind, count=4, num_samples=num_samples):
        rms = float(np.sqrt(np.mean(np.square(samples, dtype=np.float64))))

        assert (samples.dtype, samples.shape) == (np.int16, (num_samples,))
        assert np.abs(samples.astype(np.int32)).max() <= PEAK
        assert LEAST_RMS <= rms <= RMS + 1
        assert abs(float(samples.mean())) < 1.0


def test_noise_is_made_quickly():
    """Four seconds in 0.05 s of a core of 2020, all kinds as they are drawn; here in 0.25."""
    stream = generator(0, "test", "speed")
    before = time.process_time()
    for noise_class in NOISE_CLASSES:
        for _ in range(4):
            assert drawn(stream, noise_class, 4 * SAMPLING_RATE).samples.any()

    assert time.process_time() - before < 0.25 * 4 * len(NOISE_CLASSES)


def test_kinds_are_drawn_as_often_as_they_weigh():
    """Within a class, and never the same noise twice."""
    stream = generator(0, "test", "kinds")
    made = [drawn(stream, "electrical", SHORT) for _ in range(1400)]

    counts = Counter(one.kind for one in made)
    for kind in KINDS["electrical"]:
        assert counts[kind] == pytest.approx(100 * KINDS["electrical"][kind].weight, rel=0.4)
    assert len({one.id for one in made}) == len(made)


def test_a_noise_tells_where_it_is_from():
    """Class, provenance and licence, as the row of a recording."""
    source = recording("generated/electrical/clicks/22050/7")

    assert is_generated(source.id)
    assert (source.role, source.row.category) == ("noise", "electrical")
    assert source.row.license == "CC0-1.0"
    assert source.row.source == "generated: bare clicks (revision 1)"
    assert dict(source.row.further) == {"origin": "synthetic"}
    assert source.entry.frames == 22_050


def test_what_may_be_drawn_has_one_row_for_every_kind():
    """By its class, in the split that is asked for."""
    rows = kind_rows("train")

    assert len(rows) == len(NAMES)
    assert {row.split for row in rows} == {"train"}
    assert "generated/crowd/babble" in {row.id for row in rows}


@pytest.mark.parametrize(
    "name",
    [
        "generated/electrical/clicks",
        "generated/electrical/harp/44100/1",
        "generated/music/clicks/44100/1",
        "generated/electrical/clicks/0/1",
        "generated/electrical/clicks/44100/-1",
        "generated/electrical/clicks/44100/01",
    ],
)
def test_an_id_of_no_noise_is_refused(name):
    """Naming the kinds that there are."""
    with pytest.raises(RecipeError, match="electrical/clicks"):
        named(name)
