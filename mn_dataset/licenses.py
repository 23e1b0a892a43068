"""Know licences by their SPDX ids: what may be passed on, and what a mixture is published under.

"Redistributable" means: recordings may be cut, mixed and passed on, also for money, under at most
attribution and share-alike. Non-commercial and no-derivatives licences, and unknown ones, are not.

A mixture is an adaptation of every work in it. It is publishable when one licence satisfies all
of them; ``RULES`` says which, pair by pair, and why. Where they are stricter than a licence's
text (share-alike of two versions or ports), it is so on purpose: nobody has to ask a lawyer about
what was published by default.

(`license-expression` knows the names on SPDX's list: neither what they ask for, nor the ports and
references beside the list that corpora state.)
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Literal

from mn_dataset.errors import InputError, suggestion

ANY = "any"
FREE = "free"
"""Words that stand for every licence, unknown ones included, and for every redistributable one."""

Kind = Literal["public", "notice", "BY", "BY-SA", "BY-NC", "BY-NC-SA", "ND", "unknown"]
"""What a licence asks for: nothing, its notice, or what Creative Commons' letters say."""

Outcome = Literal["second", "both", "later", "equal", "never"]
"""The mixture's licence: the stricter one, both at once, the later version, or none."""

LICENSES: dict[str, Kind] = {
    "0BSD": "public",
    "Apache-2.0": "notice",
    "BSD-2-Clause": "notice",
    "BSD-3-Clause": "notice",
    "CC-PDDC": "public",
    "CC0-1.0": "public",
    "CDLA-Permissive-1.0": "notice",
    "CDLA-Permissive-2.0": "notice",
    "ISC": "notice",
    "LAL-1.3": "BY-SA",  # copyleft: an adaptation keeps the licence
    "LicenseRef-public-domain": "public",
    "MIT": "notice",
    "MIT-0": "public",
    "ODC-By-1.0": "notice",
    "PDDL-1.0": "public",
    "Unlicense": "public",
    "WTFPL": "public",
    "Zlib": "notice",
}
"""What each licence asks for that is not one of Creative Commons' families."""

CREATIVE_COMMONS: dict[str, Kind] = {
    "CC-BY": "BY",
    "CC-BY-SA": "BY-SA",
    "CC-BY-NC": "BY-NC",
    "CC-BY-ND": "ND",
    "CC-BY-NC-SA": "BY-NC-SA",
    "CC-BY-NC-ND": "ND",
}
"""What Creative Commons' families ask for; a version follows, and the letters of a port may."""

_REDISTRIBUTABLE = ("public", "notice", "BY", "BY-SA")
_VERSIONS = ("1.0", "2.0", "2.5", "3.0", "4.0")  # 2.1 was ported only
_CREATIVE_COMMONS = re.compile(
    rf"({'|'.join(CREATIVE_COMMONS)})-(1\.0|2\.0|2\.1|2\.5|3\.0|4\.0)(-[A-Z]{{2,3}})?"
)
NAMES = (*LICENSES, *(f"{family}-{n}" for family in CREATIVE_COMMONS for n in _VERSIONS))
"""Every licence that is known by its name, ports aside."""


@dataclass(frozen=True)
class Rule:
    """What comes of two kinds of licence in one mixture.

    Attributes:
        first: One kind.
        second: The other, at least as strict.
        outcome: Which licence the mixture is under.
        reason: Why.
    """

    first: Kind
    second: Kind
    outcome: Outcome
    reason: str


_NOTHING = "the public domain asks for nothing, so the other licence holds for the mixture"
_NOTICE = "a permissive licence lets an adaptation be under another one, its notice kept"
_CREDIT = "attribution lets an adaptation be under another licence, the credit kept"
_COMMERCE = "share-alike asks that the mixture be free for commerce, non-commercial forbids it"

RULES: tuple[Rule, ...] = (
    Rule("public", "public", "both", "the public domain asks for nothing"),
    Rule("public", "notice", "second", _NOTHING),
    Rule("public", "BY", "second", _NOTHING),
    Rule("public", "BY-SA", "second", _NOTHING),
    Rule("public", "BY-NC", "second", _NOTHING),
    Rule("public", "BY-NC-SA", "second", _NOTHING),
    Rule("notice", "notice", "both", "both notices are kept, and nothing else is asked for"),
    Rule("notice", "BY", "second", _NOTICE),
    Rule("notice", "BY-SA", "second", _NOTICE),
    Rule("notice", "BY-NC", "second", _NOTICE),
    Rule("notice", "BY-NC-SA", "second", _NOTICE),
    Rule("BY", "BY", "later", "both credits are kept; the later version satisfies the earlier"),
    Rule("BY", "BY-SA", "second", _CREDIT),
    Rule("BY", "BY-NC", "second", _CREDIT),
    Rule("BY", "BY-NC-SA", "second", _CREDIT),
    Rule("BY-SA", "BY-SA", "equal", "share-alike asks for the very same licence"),
    Rule("BY-SA", "BY-NC", "never", _COMMERCE),
    Rule("BY-SA", "BY-NC-SA", "never", _COMMERCE),
    Rule("BY-NC", "BY-NC", "later", "neither allows commerce; the later version satisfies both"),
    Rule("BY-NC", "BY-NC-SA", "second", "neither allows commerce; share-alike decides"),
    Rule("BY-NC-SA", "BY-NC-SA", "equal", "share-alike asks for the very same licence"),
)
"""Every pair of kinds but those with ``ND`` and ``unknown``, which are never publishable."""

NEVER = {
    "ND": "no derivatives: a mixture is an adaptation, and the licence allows none",
    "unknown": "unknown licence: nothing says that the recording may be passed on",
}
"""Why a work alone keeps its mixtures from being published."""

_RULE_OF = {frozenset((rule.first, rule.second)): rule for rule in RULES}


@dataclass(frozen=True)
class Verdict:
    """What was decided of a mixture.

    Attributes:
        license: An SPDX expression for the mixture; None when no licence satisfies all works.
        reason: Why.
    """

    license: str | None
    reason: str


def kind(license_id: str) -> Kind:
    """Return what a licence asks for.

    >>> [kind(name) for name in ("MIT", "CC-BY-SA-3.0-US", "CC-BY-NC-ND-4.0", "free to use", "")]
    ['notice', 'BY-SA', 'ND', 'unknown', 'unknown']
    """
    match = _CREATIVE_COMMONS.fullmatch(license_id)
    return CREATIVE_COMMONS[match[1]] if match else LICENSES.get(license_id, "unknown")


def redistributable(license_id: str) -> bool:
    """Tell whether a licence lets a dataset of such recordings be passed on.

    >>> [redistributable(name) for name in ("CC-BY-SA-3.0-US", "CC-BY-NC-3.0", "")]
    [True, False, False]
    """
    return kind(license_id) in _REDISTRIBUTABLE


def gate(
    allow: Sequence[str] | None,
    *,
    stated: Iterable[str] = (),
    default: str = FREE,
    parameter: str = "license_allow",
) -> Callable[[str], bool]:
    """Return the test that a row's licence must pass.

    Args:
        allow: SPDX ids (in any case), "free" for all redistributable licences, "any" for all
            licences and none; None for the default.
        stated: Licences that the corpus's rows state: names to accept beside SPDX's.
        default: The word that None stands for.
        parameter: What ``allow`` was set by, to name in a message.

    Raises:
        InputError: if a name in ``allow`` is no licence that anybody knows.

    >>> passes = gate(["free", "cc-by-nc-3.0"])
    >>> passes("MIT"), passes("CC-BY-NC-3.0"), passes("CC-BY-ND-3.0")
    (True, True, False)
    """
    names = [default] if allow is None else list(allow)
    spelling = {name.casefold(): name for name in (*NAMES, *stated, ANY, FREE) if name}
    if not names:
        raise InputError(f"{parameter} names no licence; expected SPDX ids, free, or any")
    for name in names:
        if name.casefold() not in spelling and not _CREATIVE_COMMONS.fullmatch(name):
            raise InputError(
                f"{parameter}: unknown licence {name!r}{suggestion(name, spelling.values())} "
                "Expected SPDX ids separated by commas, free, or any"
            )
    allowed = {spelling.get(name.casefold(), name) for name in names}
    return lambda license_id: (
        ANY in allowed or license_id in allowed or (FREE in allowed and redistributable(license_id))
    )


def judge(licenses: Sequence[str]) -> Verdict:
    """Decide under which licence an adaptation of works may be published.

    Args:
        licenses: The works' own, as their rows state them.

    >>> judge(["CC-BY-3.0", "CC-BY-SA-3.0"]).license
    'CC-BY-SA-3.0'
    >>> judge(["CC-BY-NC-3.0", "CC-BY-SA-3.0"]).license is None
    True
    """
    names = sorted(set(licenses))
    for name in names:
        if kind(name) in NEVER:
            return Verdict(None, NEVER[kind(name)])
    first, *others = (Verdict(name, "one licence for all of it") for name in names)
    return reduce(_meet, others, first)


def never(licenses: Sequence[str]) -> bool:
    """Tell whether a work forbids every adaptation, whatever a person allows."""
    return any(kind(name) == "ND" for name in licenses)


def expression(licenses: Sequence[str]) -> str:
    """Return all licences that hold at once as an SPDX expression; an unknown one is named so.

    >>> expression(["MIT", "", "MIT"])
    'NOASSERTION AND MIT'
    """
    return " AND ".join(name or "NOASSERTION" for name in sorted(set(licenses)))


def _meet(one: Verdict, other: Verdict) -> Verdict:
    if one.license is None or other.license is None:
        return one
    first, second = one.license, other.license
    rule = _RULE_OF[frozenset((_kind(first), _kind(second)))]
    if rule.outcome == "second":
        return Verdict(first if _kind(first) == rule.second else second, rule.reason)
    if rule.outcome == "both":
        return Verdict(expression([*first.split(" AND "), second]), rule.reason)
    if rule.outcome == "later":
        return Verdict(max(first, second, key=_version), rule.reason)
    # "equal" and "never": equal names have been made one before.
    return Verdict(None, rule.reason)


def _kind(license_id: str) -> Kind:
    """Return the kind of an expression whose parts are of one kind."""
    return kind(license_id.partition(" AND ")[0])


def _version(license_id: str) -> tuple[str, bool, str]:
    """Order versions; of one version the international text before a port."""
    match = _CREATIVE_COMMONS.fullmatch(license_id)
    return (match[2], match[3] is None, license_id) if match else ("", False, license_id)
