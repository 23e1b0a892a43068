"""Turn anybody's own recordings into a corpus in the M&N form.

Reading order: `labels` (names as people write them), `user_tables` (tables as people write them),
`gather` (what is there, and what is known of it), `options`, `cuts` (one recording becomes clips),
`convert` (the work on one recording), `outcomes` (what is done already), `report`, and `curate`,
which does it all.
"""

from mn_dataset.lazy import callable_module

callable_module(__name__, "mn_dataset.curate.curate")
