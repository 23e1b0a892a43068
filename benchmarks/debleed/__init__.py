"""Take bleed out of a person's own session: one file per microphone, any rate, bounded memory.

``benchmarks.debleed(tracks, debleeder="NAME", out=folder)`` is the function ``debleed.debleed``.

Reading order: ``debleed`` is asked, ``voices`` says which microphones hear one source,
``benchmarks.recordings`` goes through the session, ``outputs`` writes what becomes of each track,
``comparison`` measures before and after.
"""

from mn_dataset.lazy import callable_module

callable_module(__name__, "benchmarks.debleed.debleed")
