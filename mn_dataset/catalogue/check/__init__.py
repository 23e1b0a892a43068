"""Judge a corpus: tables against the schema, audio against the tables, splits against leaks."""

from mn_dataset.catalogue.check.corpus import check
from mn_dataset.catalogue.check.finding import Finding

__all__ = ["Finding", "check"]
