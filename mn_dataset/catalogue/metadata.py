"""Find the metadata tables of the known corpora, in an installed wheel and in a checkout."""

from __future__ import annotations

from pathlib import Path

from mn_dataset import tables
from mn_dataset.errors import InputError
from mn_dataset.records import ROLES
from mn_dataset.tables import Rows

_PACKAGE = Path(__file__).parents[1]


def metadata_folder(corpus: str) -> Path:
    """Return the folder with a corpus's ``clean.csv`` and ``noise.csv``.

    A wheel carries ``metadata`` inside the package; a checkout has it beside the package.

    Raises:
        InputError: if it stands in neither place.

    >>> metadata_folder("mn").name
    'mn'
    """
    for home in (_PACKAGE, _PACKAGE.parent):
        folder = home / "metadata" / corpus
        if folder.is_dir():
            return folder
    raise InputError(
        f"{_PACKAGE / 'metadata' / corpus}: no such folder; the installation is incomplete: "
        "install mn-dataset again"
    )


def read_metadata(corpus: str) -> Rows:
    """Read both tables of a known corpus.

    Raises:
        InputError: if they are missing or wrong.
    """
    folder = metadata_folder(corpus)
    return {role: tables.read_table(tables.table_path(folder, role), role) for role in ROLES}
