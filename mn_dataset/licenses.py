"""Decide under which licence a mixture of several works may be published, if under any.

A mixture is an adaptation of every work in it. It is publishable when one licence satisfies all
of them; ``RULES`` says which, pair by pair, and why. Where the table is stricter than a licence's
text (share-alike of two versions or ports), it is so on purpose: nobody has to ask a lawyer about
what was published by default.

Know licences by their SPDX ids: which let a built dataset be redistributed, and which do not.

"Redistributed" means: recordings may be cut, mixed and passed on, also for money, under at most
attribution and share-alike. Non-commercial and no-derivatives licences, and unknown ones, do not.
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

_CREATIVE_COMMONS = re.compile(
    r"CC-BY(?P<limits>-NC|-ND|-NC-SA|-NC-ND)?(?P<alike>-SA)?-(1\.0|2\.0|2\.1|2\.5|3\.0|4\.0)"
    r"(-[A-Z]{2,3})?"
)
_FREE = (
    "0BSD",
    "Apache-2.0",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "CC-PDDC",
    "CC0-1.0",
    "CDLA-Permissive-1.0",
    "CDLA-Permissive-2.0",
    "ISC",
    "LAL-1.3",
    "LicenseRef-public-domain",
    "MIT",
    "MIT-0",
    "ODC-By-1.0",
    "PDDL-1.0",
    "Unlicense",
    "WTFPL",
    "Zlib",
    *(f"CC-BY{alike}-{n}" for alike in ("", "-SA") for n in ("1.0", "2.0", "2.5", "3.0", "4.0")),
)
_LIMITED = tuple(
    f"CC-BY-{limits}-{number}"
    for limits in ("NC", "ND", "NC-SA", "NC-ND")
    for number in ("1.0", "2.0", "2.5", "3.0", "4.0")
)


def redistributable(license_id: str) -> bool:
    """Tell whether a licence lets a dataset of such recordings be passed on.

    >>> [redistributable(name) for name in ("CC-BY-SA-3.0-US", "CC-BY-NC-3.0", "")]
    [True, False, False]
    """
    found = _CREATIVE_COMMONS.fullmatch(license_id)
    return license_id in _FREE or (found is not None and not found["limits"])


def gate(
    allow: Sequence[str] | None,
    *,
    stated: Iterable[str] = (),
    default: str = FREE,
    option: str = "--license-allow",
) -> Callable[[str], bool]:
    """Return the test that a row's licence must pass.

    Args:
        allow: SPDX ids (in any case), "free" for all redistributable licences, "any" for all
            licences and none; None for the default.
        stated: Licences that the corpus's rows state: names to know beside SPDX's.
        default: The word that None stands for.
        option: What the user set, to name in a message.

    Raises:
        InputError: if a name in ``allow`` is no licence that anybody knows.

    >>> passes = gate(["free", "cc-by-nc-3.0"])
    >>> passes("MIT"), passes("CC-BY-NC-3.0"), passes("CC-BY-ND-3.0")
    (True, True, False)
    """
    asked = [default] if allow is None else list(allow)
    known = {name.casefold(): name for name in (*_FREE, *_LIMITED, *stated, ANY, FREE) if name}
    if not asked:
        raise InputError(f"{option} names no licence; expected SPDX ids, free, or any")
    for name in asked:
        if name.casefold() not in known and not _CREATIVE_COMMONS.fullmatch(name):
            raise InputError(
                f"{option}: unknown licence {name!r}{suggestion(name, known.values())} "
                "Expected SPDX ids separated by commas, free, or any"
            )
    chosen = {known.get(name.casefold(), name) for name in asked}
    return lambda held: (
        ANY in chosen or held in chosen or (FREE in chosen and redistributable(held))
    )


Kind = Literal["public", "notice", "BY", "BY-SA", "BY-NC", "BY-NC-SA", "ND", "unknown"]
"""What a licence asks for: nothing, its notice, or what Creative Commons' letters say."""

Outcome = Literal["second", "both", "later", "equal", "never"]
"""The mixture's licence: the stricter one, both at once, the later version, or none."""

_CREATIVE_COMMONS_PARTS = re.compile(r"CC-BY(-NC)?(-SA|-ND)?-(\d\.\d)(-[A-Z]{2,3})?")
_KINDS: dict[str, Kind] = {
    **dict.fromkeys(
        ("0BSD", "CC-PDDC", "CC0-1.0", "LicenseRef-public-domain", "MIT-0", "PDDL-1.0"), "public"
    ),
    **dict.fromkeys(("Unlicense", "WTFPL"), "public"),
    **dict.fromkeys(("Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "ISC", "MIT", "Zlib"), "notice"),
    **dict.fromkeys(("CDLA-Permissive-1.0", "CDLA-Permissive-2.0", "ODC-By-1.0"), "notice"),
    "LAL-1.3": "BY-SA",  # copyleft: an adaptation keeps the licence
}


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

_TABLE = {frozenset((rule.first, rule.second)): rule for rule in RULES}


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
    found = _CREATIVE_COMMONS_PARTS.fullmatch(license_id)
    if found is None:
        return _KINDS.get(license_id, "unknown")
    commercial, further = found[1] is None, found[2]
    if further == "-ND":
        return "ND"
    if further == "-SA":
        return "BY-SA" if commercial else "BY-NC-SA"
    return "BY" if commercial else "BY-NC"


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
    rule = _TABLE[frozenset((_kind(first), _kind(second)))]
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
    found = _CREATIVE_COMMONS_PARTS.fullmatch(license_id)
    return (found[3], found[4] is None, license_id) if found else ("", False, license_id)
