"""Know licences by their SPDX ids: which let a built dataset be redistributed, and which do not.

"Redistributed" means: recordings may be cut, mixed and passed on, also for money, under at most
attribution and share-alike. Non-commercial and no-derivatives licences, and unknown ones, do not.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence

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
