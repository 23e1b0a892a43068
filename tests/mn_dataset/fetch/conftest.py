"""Order the small corpus from its folder of originals or from a mirror of it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mn_dataset.fetch.pinned import fetch_pinned
from mn_dataset.fetch.session import FetchRequest


@pytest.fixture
def fetch_request(sample, tmp_path, hasty):
    """From the folder of originals, everything."""
    folder = tmp_path / "corpora" / "sample"
    return FetchRequest(folder, origin=str(sample.folder), license_allow=("any",), patience=hasty)


@pytest.fixture
def mirror(serve, sample):
    return serve(sample.folder)


@pytest.fixture
def get(sample, fetch_request):
    def run(**changes):
        return fetch_pinned(sample.rows, replace(fetch_request, **changes))

    return run
