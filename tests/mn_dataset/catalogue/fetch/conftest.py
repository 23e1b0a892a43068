"""Order the small corpus from its folder of originals or from a mirror of it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mn_dataset.catalogue.fetch.order import Order
from mn_dataset.catalogue.fetch.pinned import fetch_pinned


@pytest.fixture
def order(sample, tmp_path, hasty):
    """From the folder of originals, everything."""
    folder = tmp_path / "corpora" / "sample"
    return Order(folder, origin=str(sample.folder), license_allow=("any",), patience=hasty)


@pytest.fixture
def mirror(serve, sample):
    return serve(sample.folder)


@pytest.fixture
def get(sample, order):
    def run(**changes):
        return fetch_pinned(sample.rows, replace(order, **changes))

    return run
