"""Score mixtures in processes that are watched: one that dies or hangs costs a single estimate.

A denoiser may end its process (a crash in a library, ``os._exit``) or never answer. So a process
says what it begins before it begins it. When it dies, or takes longer than it may, that one
estimate has its reason, another process takes its place, and goes on with the rest of the mixture.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cache
from multiprocessing import Pipe
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any

from benchmarks.leaderboard.evaluate import DENOISING, Entrant, Job, failure, records_of
from benchmarks.leaderboard.run_folder import Record
from benchmarks.metrics import selftest
from mn_dataset.errors import MnError
from mn_dataset.workers import cores, started

TIMEOUT_S = 600.0
"""How long an estimate may take, unless a run says otherwise."""

Scored = tuple[Entrant, Record]

_STOPPED = {-int(number) for number in (signal.SIGINT, signal.SIGTERM)}
_EVER = float("inf")
_BEGUN, _RECORD, _DONE, _RAISED = "begun", "record", "done", "raised"


def score_all(jobs: Iterable[Job], *, workers: int | None, timeout_s: float) -> Iterator[Scored]:
    """Yield every record as soon as it is known, with the denoiser that it is of.

    Args:
        jobs: Taken as they are needed.
        workers: Processes; None for one per core; 0 for none but this, where a denoiser that
            ends its process ends the run, and no time is kept.
        timeout_s: Longer than this and an estimate has that as its reason.

    Raises:
        MnError: if this machine fails the self-test, if a process is ended from outside or dies
            when no denoiser can be to blame; or whatever scoring raises.
    """
    if workers == 0:
        for job in jobs:
            _prove()
            yield from zip(job.entrants, records_of(job), strict=True)
        return
    crew = _Crew(timeout_s)
    try:
        yield from crew.work(deque(), iter(jobs), count=workers or cores())
    finally:
        crew.dismiss()


@dataclass
class _Worker:
    """A process, what it was given, and what it said last."""

    process: BaseProcess
    pipe: Connection
    job: Job | None = None
    number: int = -1
    stage: str = ""
    deadline: float = _EVER


@dataclass
class _Crew:
    """Who works."""

    timeout_s: float
    workers: list[_Worker] = field(default_factory=list)

    def work(self, again: deque[Job], jobs: Iterator[Job], *, count: int) -> Iterator[Scored]:
        """Hand out jobs, those that were broken off first, until all are done."""
        while True:
            idle = [worker for worker in self.workers if worker.job is None]
            while idle or len(self.workers) < count:
                job = again.popleft() if again else next(jobs, None)
                if job is None:
                    break
                _give(idle.pop() if idle else self._hired(), job)
            busy = [(worker, worker.job) for worker in self.workers if worker.job is not None]
            if not busy:
                return
            left_s = max(0.0, min(worker.deadline for worker, _ in busy) - time.monotonic())
            # The pipe of a process that died is ready too.
            ready = wait([worker.pipe for worker, _ in busy], None if left_s == _EVER else left_s)
            for worker, job in busy:
                if worker.pipe in ready:
                    yield from self._heard(worker, job, again)
                elif time.monotonic() > worker.deadline:
                    yield from self._lost(worker, job, again, timed_out=True)

    def dismiss(self) -> None:
        """End all processes."""
        for worker in self.workers:
            _end(worker)
            worker.pipe.close()
        for worker in self.workers:
            worker.process.join()

    def _hired(self) -> _Worker:
        ours, theirs = Pipe()
        with theirs:
            process = started(_serve, theirs, os.getpid())
        self.workers.append(_Worker(process, ours))
        return self.workers[-1]

    def _heard(self, worker: _Worker, job: Job, again: deque[Job]) -> Iterator[Scored]:
        try:
            what, told = worker.pipe.recv()
        except (EOFError, ConnectionError):
            yield from self._lost(worker, job, again, timed_out=False)
            return
        worker.deadline = _EVER
        if what == _BEGUN:
            worker.number, worker.stage = told
            worker.deadline = time.monotonic() + self.timeout_s
        elif what == _RECORD:
            number, record = told
            worker.stage = ""
            yield job.entrants[number], record
        elif what == _DONE:
            worker.job = None
        else:
            raise told

    def _lost(
        self, worker: _Worker, job: Job, again: deque[Job], *, timed_out: bool
    ) -> Iterator[Scored]:
        """Say what happened to the estimate that was begun, and put the rest of the job back."""
        self.workers.remove(worker)
        if timed_out:
            _end(worker)
        worker.process.join()
        worker.pipe.close()
        code = worker.process.exitcode
        if not worker.stage or (not timed_out and code in _STOPPED):
            raise MnError(
                f"a worker process {_ending(code)}; what was done is safe: run the command again, "
                "with fewer --workers if memory was short"
            )
        if rest := job.entrants[worker.number + 1 :]:
            again.append(replace(job, entrants=rest))
        entrant = job.entrants[worker.number]
        how = f"took longer than {self.timeout_s:g} s" if timed_out else _ending(code)
        if worker.stage == DENOISING:
            reason, text = "timed_out" if timed_out else "died", f"denoiser {entrant.name!r} {how}"
        else:
            reason, text = "library_error", f"a metric of {entrant.name!r} {how}"
        yield entrant, failure(job, entrant, reason, text)


def _give(worker: _Worker, job: Job) -> None:
    worker.job, worker.number, worker.stage = job, -1, ""
    with suppress(ConnectionError):  # it died: reading from it will tell
        worker.pipe.send(job)


def _end(worker: _Worker) -> None:
    if worker.process.pid:
        with suppress(ProcessLookupError):
            os.kill(worker.process.pid, getattr(signal, "SIGKILL", signal.SIGTERM))


def _ending(code: int | None) -> str:
    """Say how a process ended.

    >>> _ending(3), _ending(-11)
    ('ended its process with 3', 'ended its process by SIGSEGV')
    """
    if code is not None and code < 0:
        return f"ended its process by {signal.Signals(-code).name}"
    return f"ended its process with {code}"


def _serve(pipe: Connection, parent: int) -> None:
    """Do what comes through the pipe, and say so, for as long as the parent lives."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to answer
    threading.Thread(target=_watch, args=(parent,), daemon=True).start()
    while True:
        try:
            job: Job = pipe.recv()
        except (EOFError, ConnectionError):
            return
        try:
            _prove()
            for number, record in enumerate(records_of(job, begun=_telling(pipe))):
                pipe.send((_RECORD, (number, record)))
            pipe.send((_DONE, None))
        except BrokenPipeError:
            return
        except Exception as error:  # a mistake of ours or of the user's: the parent raises it
            pipe.send((_RAISED, error))


@cache
def _prove() -> None:
    """Test this process once, before it scores anything."""
    selftest.check()


def _telling(pipe: Connection) -> Any:
    return lambda number, stage: pipe.send((_BEGUN, (number, stage)))


def _watch(parent: int) -> None:
    """End this process when its parent is gone, whatever a denoiser is at."""
    while os.getppid() == parent:
        time.sleep(1.0)
    os._exit(1)
