"""Part a person's own songs into voice and accompaniment: any length, any rate, files and folders.

``benchmarks.separate(files, separator="NAME", out=folder)`` is the function ``separate.separate``.

Reading order: ``separate`` is asked, ``benchmarks.recordings`` goes through the songs, ``outputs``
writes the two parts of each, ``parts`` makes their samples.
"""

from mn_dataset.lazy import callable_module

callable_module(__name__, "benchmarks.separate.separate")
