"""Make the embedded corpus once for every test of it."""

from pathlib import Path

import pytest

from mn_dataset.synthetic.corpus import write_corpus


@pytest.fixture(scope="session")
def synthetic(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The whole corpus of seed 0, made by two workers."""
    return write_corpus(tmp_path_factory.mktemp("corpora") / "synthetic", seed=0, workers=2)
