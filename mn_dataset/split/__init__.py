"""Split a corpus into train, validation and test without leaks."""

from mn_dataset.lazy import callable_module

callable_module(__name__, "mn_dataset.split.split")
