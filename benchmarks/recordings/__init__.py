"""Estimate the targets of a person's own recordings: what ``mn denoise`` and ``mn separate`` share.

Reading order: ``work`` says what a command makes of recordings, ``run`` goes through them, ``jobs``
plans what is written for each, ``stream`` brings a recording and its estimates to whoever writes,
``journal`` keeps what is finished, ``summary`` reports.
"""
