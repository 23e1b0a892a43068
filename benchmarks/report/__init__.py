"""Tables, pages and texts of a run, from its folder alone.

``benchmarks.report(run)`` is the function ``report.report``.
"""

from mn_dataset.lazy import callable_module

callable_module(__name__, "benchmarks.report.report")
