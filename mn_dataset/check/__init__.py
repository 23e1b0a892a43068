"""Judge a corpus: tables against the schema, audio against the tables, splits against leaks."""

from mn_dataset.lazy import callable_module

callable_module(__name__, "mn_dataset.check.corpus")
