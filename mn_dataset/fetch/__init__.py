"""Fetch a known corpus from its addresses, a mirror or a folder, verified to the byte.

Reading order: `report` (what became of every row), `lockfile` (what recordings were before),
`download`, `google_drive` and `originals` (get files), `clips` (cut them), `session` (one run),
`finalise` (tables last), `pinned` (a corpus of addresses and hashes), and the package `published`
(the published M&N). The function `mn_dataset.fetch` is that of `mn_dataset.catalogue.load`, which
finds a corpus by its name.
"""

from mn_dataset.lazy import callable_module

callable_module(__name__, "mn_dataset.catalogue.load")
