"""Turn anybody's own recordings into a corpus in the M&N form.

Reading order: `user_tables` (tables and words as people write them), `gather` (what is there, and
what is stated of it), `cuts` (one recording becomes cuts), `convert` (cuts become clips),
`outcomes` (what is done already), and `curate`, which does it all. Songs in stems go another way:
`layouts` (where published sets of songs have them) and `songs` (their stems, converted together).
"""

from mn_dataset.lazy import callable_module

callable_module(__name__, "mn_dataset.curate.curate")
