"""Judge a corpus: tables against the schema, audio against the tables, splits against leaks."""

from mn_dataset.lazy import callable_package

callable_package(__name__, "mn_dataset.check.corpus")
