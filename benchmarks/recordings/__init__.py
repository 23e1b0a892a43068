"""Estimate the targets of a person's own recordings: what the commands of all tasks share.

Those are ``mn denoise``, ``mn separate`` and ``mn debleed``. Reading order: ``work`` says what a
command makes of recordings, ``run`` goes through them one by one or through a session, ``jobs``
plans what is written for each, ``stream`` brings a recording and its estimates to whoever writes,
``journal`` keeps what is finished, ``summary`` reports.
"""
