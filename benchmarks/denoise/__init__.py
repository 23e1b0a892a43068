"""Denoise a person's own recordings: any length, any rate, files and folders.

``benchmarks.denoise(files, denoiser="wiener", out=folder)`` is the function ``denoise.denoise``.

Reading order: ``denoise`` is asked, ``benchmarks.recordings`` goes through the recordings,
``outputs`` writes what becomes of each, ``blend`` makes its samples.
"""

from mn_dataset.lazy import callable_module

callable_module(__name__, "benchmarks.denoise.denoise")
