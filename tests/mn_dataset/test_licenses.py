"""The licence table: which two works may meet in one published mixture."""

from __future__ import annotations

from itertools import combinations_with_replacement

import pytest

from mn_dataset.errors import InputError
from mn_dataset.licenses import NAMES, NEVER, RULES, gate, judge, kind, redistributable


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


KINDS = ("public", "notice", "BY", "BY-SA", "BY-NC", "BY-NC-SA")


@pytest.mark.parametrize(
    ("clean", "noise", "license_id"),
    [
        ("CC0-1.0", "CC-BY-NC-3.0", "CC-BY-NC-3.0"),
        ("MIT", "CC-BY-3.0", "CC-BY-3.0"),
        ("MIT", "BSD-3-Clause", "BSD-3-Clause AND MIT"),
        ("CC-BY-3.0", "CC-BY-4.0", "CC-BY-4.0"),
        ("CC-BY-3.0", "CC-BY-3.0-US", "CC-BY-3.0"),
        ("CC-BY-4.0", "CC-BY-SA-3.0", "CC-BY-SA-3.0"),
        ("CC-BY-SA-3.0", "CC-BY-SA-3.0", "CC-BY-SA-3.0"),
        ("CC-BY-SA-3.0", "CC-BY-SA-4.0", None),
        ("CC-BY-SA-3.0", "CC-BY-SA-3.0-US", None),
        ("CC-BY-SA-3.0", "CC-BY-NC-3.0", None),
        ("CC-BY-SA-3.0", "CC-BY-NC-SA-3.0", None),
        ("CC-BY-SA-4.0", "LAL-1.3", None),
        ("CC-BY-NC-3.0", "CC-BY-NC-SA-4.0", "CC-BY-NC-SA-4.0"),
        ("CC-BY-NC-SA-3.0", "CC-BY-NC-SA-4.0", None),
        ("CC-BY-ND-4.0", "CC0-1.0", None),
        ("CC-BY-NC-ND-4.0", "CC-BY-NC-ND-4.0", None),
        ("", "CC0-1.0", None),
        ("free sound effects website", "CC0-1.0", None),
    ],
)
def test_a_pair_is_publishable_when_one_licence_satisfies_both(clean, noise, license_id):
    """In either order, and with a reason."""
    verdict = judge([clean, noise])

    assert verdict.license == license_id
    assert verdict == judge([noise, clean])
    assert verdict.reason


def test_every_pair_of_kinds_has_one_rule_and_a_reason():
    """None is left to chance, none stands twice."""
    pairs = [frozenset((rule.first, rule.second)) for rule in RULES]

    assert sorted(map(sorted, pairs)) == sorted(
        sorted(set(pair)) for pair in combinations_with_replacement(KINDS, 2)
    )
    assert all(rule.reason for rule in RULES)


def test_the_catalogue_and_the_table_agree_on_what_is_free():
    """What may be fetched to be passed on is a licence that the table knows and lets pass."""
    for name in filter(redistributable, NAMES):
        assert kind(name) not in (*NEVER, "BY-NC", "BY-NC-SA"), name
        assert judge([name]).license == name
    for name in ("CC-BY-NC-3.0", "CC-BY-ND-3.0", "no idea"):
        assert not redistributable(name)
