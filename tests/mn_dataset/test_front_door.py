"""The examples of the public functions run one after the other, as their docstrings have them."""

from __future__ import annotations

import doctest
import importlib
import shutil

import pytest

import mn_dataset as mn

ORDER = {
    "load_corpus": "mn_dataset.catalogue.load",
    "draw": "mn_dataset.mix.draw",
    "render": "mn_dataset.mix.render",
    "verify": "mn_dataset.mix.verify",
    "MixtureDataset": "mn_dataset.mix.torch_dataset",
    "build": "mn_dataset.build",
    "publish": "mn_dataset.publish.publish",
    "rebuild": "mn_dataset.publish.rebuild",
    "curate": "mn_dataset.curate.curate",
}
"""What each example stands on comes before it; those of other functions run by themselves."""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Where the examples write, with a recording of a person's own."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "recordings" / "piano").mkdir(parents=True)
    return tmp_path


def test_the_examples_of_public_functions_run(folder):
    """One after the other, with what the ones before have made."""
    for extra in ("torch", "datasets"):
        pytest.importorskip(extra, reason="needs: pip install 'mn-dataset[torch,publish]'")
    names = {}
    for name, module in ORDER.items():
        public = getattr(importlib.import_module(module), name)
        (test,) = doctest.DocTestFinder(recurse=False).find(public, name, globs={name: public})
        test.globs.update(names)
        for example in test.examples:
            example.options.pop(doctest.SKIP, None)
        assert test.examples, name
        report = []

        failures, _ = doctest.DocTestRunner().run(test, out=report.append, clear_globs=False)

        assert not failures, "".join(report)
        names |= test.globs
        if name == "load_corpus":
            clip = names["corpus"].of("clean", "test")[0]
            shutil.copy(names["corpus"].root / clip.row.file, folder / "recordings/piano/take.wav")


def test_every_public_function_has_an_example():
    """In its docstring; classes of values and readers of files have none."""
    others = {"PublishedDataset", "read_recipes", "write_recipes"}

    for name in set(mn.__all__) - others:
        public = getattr(mn, name)
        public = getattr(public, "__wrapped__", public)
        assert ">>> " in (public.__doc__ or ""), name
