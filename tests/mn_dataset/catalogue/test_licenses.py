"""Which licences let a dataset be passed on."""

from __future__ import annotations

import pytest

from mn_dataset.catalogue.licenses import gate, redistributable
from mn_dataset.errors import InputError


@pytest.mark.parametrize(
    "name",
    [
        "CC0-1.0", "CC-BY-4.0", "CC-BY-3.0-US", "CC-BY-SA-3.0", "CC-BY-SA-2.1-JP", "MIT", "ISC",
        "BSD-3-Clause", "Apache-2.0", "LicenseRef-public-domain", "CC-PDDC",
    ],
)  # fmt: skip
def test_free_licences_let_pass(name):
    """Attribution and share-alike at most; national versions too."""
    assert redistributable(name)
    assert gate(None)(name)


@pytest.mark.parametrize(
    "name",
    ["CC-BY-NC-3.0", "CC-BY-ND-4.0", "CC-BY-NC-SA-4.0", "CC-BY-NC-ND-2.0-FR", "", "freeware"],
)
def test_limited_and_unknown_ones_do_not(name):
    """Non-commercial, no derivatives, nothing stated; all of them pass `any`."""
    assert not redistributable(name)
    assert not gate(None)(name)
    assert gate(["any"])(name)


def test_a_list_is_what_it_says():
    """Case does not matter; `free` stands for the redistributable ones."""
    listed, widened = gate(["cc-by-3.0", "MIT"]), gate(["free", "CC-BY-NC-3.0"])

    assert [listed(name) for name in ("CC-BY-3.0", "MIT", "CC0-1.0", "")] == [1, 1, 0, 0]
    assert [widened(name) for name in ("CC0-1.0", "CC-BY-NC-3.0", "CC-BY-NC-4.0")] == [1, 1, 0]


def test_what_a_corpus_states_may_be_listed():
    """Licences have names beside SPDX's."""
    assert gate(["sampling+"], stated=["Sampling+", ""])("Sampling+")


@pytest.mark.parametrize(
    ("allow", "message"),
    [
        (["CC-BY-NC-30"], "unknown licence 'CC-BY-NC-30'; did you mean 'CC-BY-NC-3.0'"),
        (["anny"], "did you mean 'any'"),
        ([""], "unknown licence ''. Expected SPDX ids"),
        ([], "names no licence"),
    ],
)
def test_a_licence_that_nobody_knows_is_refused(allow, message):
    """With the nearest one."""
    with pytest.raises(InputError, match=message):
        gate(allow)
