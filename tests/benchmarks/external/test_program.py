"""A program is run beside its files, and what it does wrong is told."""

import sys

import numpy as np
import pytest

from benchmarks.external import program

RATE = 8_000
CLIP = np.linspace(-2.0, 2.0, 800, dtype=np.float32)


def test_clips_go_out_and_come_back_as_floats():
    """Beyond full scale, too; the folder is gone afterwards."""
    with program.scratch({"in": CLIP}, RATE) as place:
        back = program.read(place / "in.wav", len(CLIP), RATE)

    np.testing.assert_array_equal(back, CLIP)
    assert not place.exists()


@pytest.mark.parametrize(("wanted", "given"), [(900, 900), (700, 700), (5_000, 800)])
def test_a_little_is_trimmed_or_padded_and_more_is_handed_on(wanted, given):
    """50 ms are 400 samples here."""
    with program.scratch({"in": CLIP}, RATE) as place:
        assert len(program.read(place / "in.wav", wanted, RATE)) == given


def test_a_failure_has_the_end_of_what_was_complained(tmp_path):
    """One that hangs is another kind of failure."""
    with pytest.raises(RuntimeError, match="ended with 1: no model there"):
        program.run([sys.executable, "-c", "exit('no model there')"], tmp_path, timeout_s=60.0)
    with pytest.raises(TimeoutError, match=r"took longer than 0\.2 s"):
        program.run([sys.executable, "-c", "import time; time.sleep(60)"], tmp_path, timeout_s=0.2)
    with pytest.raises(RuntimeError, match="no-such-program: no such program"):
        program.run(["no-such-program"], tmp_path, timeout_s=1.0)


def test_a_program_s_version_is_what_it_says_of_itself():
    """The first thing that looks like one."""
    assert program.version(sys.executable, "--version") == ".".join(map(str, sys.version_info[:3]))
