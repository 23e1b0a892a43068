"""Denoise a person's own recordings: any length, any rate, files and folders.

``benchmarks.denoise(files, denoiser="wiener", out=folder)`` is the function ``denoise.denoise``.

Reading order: ``denoise`` goes through the recordings, ``jobs`` plans what is written for each,
``process`` writes it, ``journal`` keeps what is finished, ``summary`` reports.
"""

from mn_dataset.lazy import callable_module

callable_module(__name__, "benchmarks.denoise.denoise")
