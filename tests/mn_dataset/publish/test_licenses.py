"""The licence table: which two works may meet in one published mixture."""

from __future__ import annotations

from itertools import combinations_with_replacement

import pytest

from mn_dataset.catalogue.licenses import _FREE, redistributable
from mn_dataset.publish.licenses import NEVER, RULES, judge, kind

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
    for name in _FREE:
        assert kind(name) not in (*NEVER, "BY-NC", "BY-NC-SA"), name
        assert judge([name]).license == name
    for name in ("CC-BY-NC-3.0", "CC-BY-ND-3.0", "no idea"):
        assert not redistributable(name)
