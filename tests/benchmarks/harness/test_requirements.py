"""A missing package is named with the command that installs it."""

from benchmarks.contract import DenoiserSpec
from benchmarks.harness.requirements import missing


def test_nothing_is_missing_without_a_package():
    """Core denoisers always run."""
    assert missing(DenoiserSpec(name="half")) is None
    assert missing(DenoiserSpec(name="half", package="numpy")) is None


def test_an_absent_package_is_named():
    """Ours comes with an extra, a third party's by its own name."""
    ours = missing(DenoiserSpec(name="a", package="no_such_package", extra="baselines"))
    theirs = missing(DenoiserSpec(name="b", package="no_such_package"))

    assert ours is not None
    assert ours.command == "pip install 'mn-dataset[baselines]'"
    assert theirs is not None
    assert theirs.command == "pip install no_such_package"


def test_an_absent_program_is_named():
    """With the command that a Debian user types."""
    lacks = missing(DenoiserSpec(name="a", program="no-such-program"))

    assert lacks is not None
    assert (lacks.kind, lacks.command) == ("program", "apt-get install no-such-program")
    assert missing(DenoiserSpec(name="b", program="python3")) is None
