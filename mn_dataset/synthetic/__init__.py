"""Make the embedded corpus `synthetic`: modelled instruments, voices and noises, no download.

Reading order: `composition` (what is played), `synthesis` (how sound is made), the players
`strings`, `cello`, `trumpet`, `percussion` and `voice`, `arrangements`, `noises`, the hall `room`,
and `corpus`, which writes it all.
"""
