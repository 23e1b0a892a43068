"""Publish a dataset folder in the layouts that Hugging Face Datasets read."""

from mn_dataset.lazy import callable_module

callable_module(__name__, "mn_dataset.publish.publish")
