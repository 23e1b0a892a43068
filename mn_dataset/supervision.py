"""Do work that may kill or hang its process, and know which piece and stage of it are to blame.

``survivors`` leaves such pieces out.
"""

from __future__ import annotations

import os
import signal
import time
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from multiprocessing import Pipe
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any, Generic, TypeVar

from joblib.externals.loky.backend.process import LokyProcess

from mn_dataset.errors import MnError
from mn_dataset.workers import CURE, end_with

PIECE_TIMEOUT_S = 900.0
"""A process that is busy with one piece for longer than this is taken for hung, and ended."""

Answer = TypeVar("Answer")
Piece = TypeVar("Piece")

_THREADS = ("OMP", "OPENBLAS", "MKL", "NUMEXPR", "VECLIB_MAXIMUM", "NUMBA")
_STOPPED = {-int(number) for number in (signal.SIGINT, signal.SIGTERM)}
_EVER = float("inf")
_ANSWER, _DONE, _RAISED = "answer", "done", "raised"


@dataclass(frozen=True)
class Stage:
    """What a piece of work is about to do, by whatever name; it may end or hang its process."""

    name: Any


@dataclass(frozen=True)
class Loss:
    """The name of a stage at which a piece of work was broken off, and how its process ended."""

    stage: Any
    reason: str
    timed_out: bool


def supervised(
    work: Callable[[Piece], Iterable[Answer | Stage]],
    pieces: Iterable[Piece],
    *,
    workers: int,
    timeout_s: float,
    rest: Callable[[Piece, Any], Piece | None] | None = None,
) -> Iterator[tuple[Piece, Answer | Loss]]:
    """Do work that may end or hang its process, and yield its answers as soon as they are known.

    When a process ends, or a stage takes too long, that stage is lost, another process takes its
    place, and the rest of the piece is done. The caller's main script is not run in any of them.
    (`pebble` knows one answer and one deadline per piece, and runs the main script.)

    Args:
        work: A module's function, which yields answers, and a ``Stage`` before each step that
            might end its process: until the next answer or stage it is what is to blame.
        pieces: What the function is called with; taken as they are needed.
        workers: Processes, at least 1.
        timeout_s: How long a stage may take.
        rest: Returns what is left to do of a piece after a stage that was lost, by its name.

    Yields:
        The piece, and one of its answers or what was lost of it.

    Raises:
        MnError: if a process is ended from outside, or dies at no stage; or whatever the function
            raises.
    """
    pool = _Pool(work, timeout_s, rest)
    try:
        yield from pool.work_off(iter(pieces), count=workers)
    finally:
        pool.close()


def survivors(
    function: Callable[[Piece], Answer],
    pieces: Mapping[str, Piece],
    *,
    workers: int,
    suspects: Collection[str] = (),
    begin: Callable[[str], None] = lambda _: None,
    timeout_s: float = PIECE_TIMEOUT_S,
) -> Iterator[tuple[str, Answer | None]]:
    """Yield every piece's name and answer, as they come; None where its process died or hung.

    Memory may have been short for all that ran beside it: a piece that killed its process is tried
    once more at the end, apart from all others.

    Args:
        function: A module's function, so that other processes find it; what it raises is raised.
        pieces: Its argument by name.
        workers: Processes; 1 for none but this one, which dies with a piece that kills.
        suspects: Names of pieces to try apart, first.
        begin: Called with a piece's name before it is done in this process.
        timeout_s: How long one piece may keep another process busy.

    >>> dict(survivors(abs, {"a": -1, "b": 2}, workers=1))
    {'a': 1, 'b': 2}
    """

    def answers(names: Iterable[str], count: int) -> Iterator[tuple[str, Answer | Loss]]:
        named = ((name, pieces[name]) for name in names)
        work = partial(_single, function)
        for (name, _), answer in supervised(work, named, workers=count, timeout_s=timeout_s):
            yield name, answer

    def unless_lost(answer: Answer | Loss) -> Answer | None:
        return None if isinstance(answer, Loss) else answer

    for name, answer in answers([name for name in suspects if name in pieces], 1):
        yield name, unless_lost(answer)
    others = [name for name in pieces if name not in suspects]
    if workers == 1:
        for name in others:
            begin(name)
            yield name, function(pieces[name])
        return
    again = []
    for name, answer in answers(others, workers):
        if isinstance(answer, Loss) and not answer.timed_out:
            again.append(name)
        else:
            yield name, unless_lost(answer)
    for name, answer in answers(again, 1):
        yield name, unless_lost(answer)


def _single(
    function: Callable[[Piece], Answer], named: tuple[str, Piece]
) -> Iterator[Answer | Stage]:
    yield Stage(named[0])
    yield function(named[1])


@dataclass
class _Worker(Generic[Piece]):
    """A process, the piece that it was given, if any, and the stage that it is at, if any."""

    process: BaseProcess
    pipe: Connection
    pieces: list[Piece] = field(default_factory=list)
    stage: Stage | None = None
    deadline: float = _EVER

    def give(self, piece: Piece) -> None:
        self.pieces, self.stage = [piece], None
        with suppress(ConnectionError):  # it died: reading from it will tell
            self.pipe.send(piece)

    def ended(self, *, kill: bool) -> int | None:
        """Wait for the end of the process, or end it, and return its exit code."""
        if kill and self.process.pid:
            with suppress(ProcessLookupError):
                os.kill(self.process.pid, getattr(signal, "SIGKILL", signal.SIGTERM))
        self.process.join()
        self.pipe.close()
        return self.process.exitcode


@dataclass
class _Pool(Generic[Piece, Answer]):
    """Supervised processes; the attributes are the arguments of ``supervised``."""

    work: Callable[[Piece], Iterable[Answer | Stage]]
    timeout_s: float
    rest: Callable[[Piece, Any], Piece | None] | None
    workers: list[_Worker[Piece]] = field(default_factory=list)
    broken_off: deque[Piece] = field(default_factory=deque)

    def work_off(
        self, pieces: Iterator[Piece], *, count: int
    ) -> Iterator[tuple[Piece, Answer | Loss]]:
        """Hand out pieces, those that were broken off first, until all are done."""
        while True:
            idle = [worker for worker in self.workers if not worker.pieces]
            while idle or len(self.workers) < count:
                waiting = [self.broken_off.popleft()] if self.broken_off else [*islice(pieces, 1)]
                if not waiting:
                    break
                (idle.pop() if idle else self._started()).give(waiting[0])
            busy = [worker for worker in self.workers if worker.pieces]
            if not busy:
                return
            left_s = max(0.0, min(worker.deadline for worker in busy) - time.monotonic())
            # The pipe of a process that died is ready too.
            ready = wait([worker.pipe for worker in busy], None if left_s == _EVER else left_s)
            for worker in busy:
                if worker.pipe in ready:
                    yield from self._received(worker)
                elif time.monotonic() > worker.deadline:
                    yield self._lost(worker, timed_out=True)

    def close(self) -> None:
        """End all processes."""
        for worker in self.workers:
            worker.ended(kill=True)

    def _started(self) -> _Worker[Piece]:
        ours, theirs = Pipe()
        one_thread = {f"{library}_NUM_THREADS": "1" for library in _THREADS}
        with theirs:
            arguments = (theirs, os.getpid(), self.work)
            process: BaseProcess = LokyProcess(target=_serve, args=arguments, env=one_thread)
            process.start()
        self.workers.append(_Worker(process, ours))
        return self.workers[-1]

    def _received(self, worker: _Worker[Piece]) -> Iterator[tuple[Piece, Answer | Loss]]:
        try:
            kind, content = worker.pipe.recv()
        except (EOFError, ConnectionError):
            yield self._lost(worker, timed_out=False)
            return
        worker.stage, worker.deadline = None, _EVER
        if kind == _RAISED:
            raise content
        if kind == _DONE:
            worker.pieces = []
        elif isinstance(content, Stage):
            worker.stage, worker.deadline = content, time.monotonic() + self.timeout_s
        else:
            yield worker.pieces[0], content

    def _lost(self, worker: _Worker[Piece], *, timed_out: bool) -> tuple[Piece, Loss]:
        """Say what became of the stage that a process was at; keep what is left of its piece."""
        self.workers.remove(worker)
        code = worker.ended(kill=timed_out)
        if worker.stage is None or (not timed_out and code in _STOPPED):
            raise MnError(f"a worker process {_ending(code)}; {CURE}")
        piece, stage = worker.pieces[0], worker.stage.name
        if self.rest and (left := self.rest(piece, stage)) is not None:
            self.broken_off.append(left)
        reason = f"took longer than {self.timeout_s:g} s" if timed_out else _ending(code)
        return piece, Loss(stage, reason, timed_out)


def _ending(code: int | None) -> str:
    """Say how a process ended.

    >>> _ending(3), _ending(-11)
    ('ended its process with 3', 'ended its process by SIGSEGV')
    """
    if code is not None and code < 0:
        return f"ended its process by {signal.Signals(-code).name}"
    return f"ended its process with {code}"


def _serve(
    pipe: Connection, parent: int, work: Callable[[Piece], Iterable[Answer | Stage]]
) -> None:
    """Do what comes through the pipe, and send what it yields, for as long as the parent lives."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to answer
    end_with(parent)
    with suppress(EOFError, ConnectionError):
        while True:
            piece: Piece = pipe.recv()
            try:
                for answer in work(piece):
                    pipe.send((_ANSWER, answer))
                pipe.send((_DONE, None))
            except ConnectionError:
                return
            except Exception as error:  # a mistake of ours or of the user's: the parent raises it
                pipe.send((_RAISED, error))
