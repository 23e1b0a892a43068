"""Make the embedded corpus `synthetic`: modelled instruments, voices and noises, no download.

Reading order: `composition` (what is played), `synthesis` (how sound is made), the instruments
`strings`, `trumpet`, `percussion` and `voice`, `arrangements`, `noises`, and `corpus`, which writes
it all.
"""
