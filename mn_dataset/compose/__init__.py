"""Compose music by a seed, and play it with sound fonts into a corpus in the M&N form.

Reading order: `instruments` (who plays), `phrases` and `drumming` (what is played), `scores` (who
plays what in a piece of each category), `sound_fonts` (how it sounds), and `compose`, which writes
the corpus.
"""

from mn_dataset.lazy import callable_module

callable_module(__name__, "mn_dataset.compose.compose")
