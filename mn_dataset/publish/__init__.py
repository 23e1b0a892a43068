"""Publish a dataset folder in the layouts that Hugging Face Datasets read."""

from mn_dataset.lazy import callable_package

callable_package(__name__, "mn_dataset.publish.publish")
