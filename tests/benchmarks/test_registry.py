"""Denoisers and metrics are names until they are used."""

import pytest

from benchmarks import registry
from benchmarks.registry import Entry
from mn_dataset.errors import InputError, UnknownName


def test_a_name_stands_for_a_module_and_an_attribute():
    """What a class declares literally is known without importing it."""
    entry = registry.denoiser("noisereduce_tuned")

    assert entry.module == "benchmarks.external.noisereduce"
    assert (entry.attribute, entry.package, entry.extra) == (
        *("NoiseReduceTuned", "noisereduce", "baselines"),
    )
    assert registry.metric("si_sdr").module == "benchmarks.metrics.si_sdr"


def test_an_unknown_name_gets_the_nearest_one():
    """A denoiser and a metric."""
    with pytest.raises(UnknownName, match="did you mean 'wiener'"):
        registry.denoiser("weiner")
    with pytest.raises(UnknownName, match="did you mean 'si_sdr'"):
        registry.metric("sisdr")


def test_two_modules_cannot_declare_one_name(tmp_path, monkeypatch):
    """The second is named."""
    for name in ("one", "two"):
        path = tmp_path / "classical" / f"{name}.py"
        path.parent.mkdir(exist_ok=True)
        path.write_text("class Half:\n    spec = DenoiserSpec(name='half')\n")
    monkeypatch.setattr(registry, "_ROOT", tmp_path)
    registry.denoisers.cache_clear()
    try:
        with pytest.raises(RuntimeError, match=r"two\.py: the name 'half' is taken"):
            registry.denoisers()
    finally:
        registry.denoisers.cache_clear()


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        ("wiener@", "nothing follows the @"),
        ("./own.py:Half@", "nothing follows the @"),
        ("wiener+", r"nothing follows the \+"),
        ("./own.py", "name the class too"),
    ],
)
def test_half_a_request_is_refused(request_, message):
    """It is a slip, not a name."""
    with pytest.raises(InputError, match=message):
        registry.denoiser(request_)


def test_a_persons_own_model_takes_a_checkpoint_too():
    """The path before the class may hold an @ of its own."""
    entry = registry.denoiser("a@b/own.py:Net@runs/a")

    assert (entry.module, entry.attribute) == ("a@b/own.py", "Net")
    assert str(entry.checkpoint) == "runs/a"


def test_a_described_denoiser_is_made_by_the_loader_of_its_suffix(tmp_path):
    """The registry itself knows no kind of description."""
    entry = registry.denoiser(str(tmp_path / "theirs.toml"))

    assert entry.load({".toml": lambda path: path.stem}) == "theirs"


def test_what_is_not_installed_names_its_command():
    """A package of an extra, and a program."""
    package = Entry("a", "m", "A", package="no_such_package", extra="baselines")
    program = Entry("b", "m", "B", program="no-such-program")

    assert (package.installed, program.installed) == (False, False)
    assert package.install == "pip install 'mn-dataset[baselines]'"
    assert program.install == "apt-get install no-such-program"
    assert Entry("c", "m", "C").installed
