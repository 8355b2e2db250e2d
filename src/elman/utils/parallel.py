"""Work with several threads: over the parts of a text, results in order; over the parts of a step; over jobs."""

from __future__ import annotations

import _thread
import os
from _thread import _local as local
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from itertools import islice
from sys import is_finalizing
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from elman.utils.limits import THREADS, whole_number

if TYPE_CHECKING:
    from queue import SimpleQueue

HEARS = 0.5
"""Seconds of one wait of the main thread. The system may deliver two simultaneous signals to another thread, and then
the main thread, which runs Python's handlers, does not wake up."""

_S = TypeVar("_S")
_T = TypeVar("_T")

_ROOM = 24_000_000
"""Bytes of address space that a thread takes: its stack, and what libraries keep for each thread."""


class Limits:
    """Whether address space is limited (``ulimit -v``), which the command line finds out."""

    address_space = False


def _start(work: Callable[[], object]) -> bool:
    """Begin work in a thread if there is room for one (the C library ends the process where it finds none)."""
    with suppress(RuntimeError, MemoryError, OSError):
        if Limits.address_space:
            import mmap

            mmap.mmap(-1, _ROOM, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS, prot=mmap.PROT_READ).close()
        _thread.start_new_thread(work, ())
        return True
    return False


def thread_count(threads: int | None) -> int:
    """Return the number of threads; None means one for each core that this process may use."""
    if threads is None:
        return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return whole_number("threads", threads, 1, THREADS)


def ordered(work: Callable[[_S], _T], parts: Iterable[_S], threads: int) -> Iterator[_T]:
    """Yield ``work(part)`` for each part, in order; reads one part ahead of those being worked on.

    An exception of ``work`` is raised in place of its result. If no thread can be started, or they end at once for lack
    of memory, a part is worked on in the calling thread when its result is needed. If the caller stops early (error,
    Ctrl-C), parts not yet started are dropped and running ones are waited for.
    """
    rest = iter(parts)
    head = list(islice(rest, 2))
    if threads == 1 or len(head) < 2:  # starting threads would cost more than it saves
        yield from map(work, head)
        yield from map(work, rest)
        return
    # Ctrl-C may interrupt the main thread anywhere, which breaks Thread, Semaphore and Condition; and Thread.start
    # never returns if the thread ends at once
    from queue import SimpleQueue  # concurrent.futures takes three times as long to import

    todo: SimpleQueue[Part | None] = SimpleQueue()
    over = False

    class Part:
        def __init__(self, part: _S) -> None:
            self.part = part
            self.claim, self.done = _thread.allocate_lock(), _thread.allocate_lock()
            self.done.acquire()
            self.in_thread = self.ended = False
            self.value: Any = None
            self.error: BaseException | None = None

        def run(self, here: bool = False) -> None:
            """Work on the part, in a helper or ``here``, unless it is claimed already."""
            if not self.claim.acquire(False):
                return
            self.in_thread = not here
            try:
                # order: in_thread is set before over is read; at the end, over is set before in_thread is read
                if not over:
                    self.value = work(self.part)
            except BaseException as error:  # raised by result()
                self.error = error
            finally:
                self.ended = True
                self.done.release()

        def wait(self) -> bool:
            """Wait a while; return whether the part is still being worked on, or for."""
            # threads do not run while the interpreter shuts down
            return not (self.ended or is_finalizing() or self.done.acquire(timeout=HEARS))

    waiting: deque[Part] = deque()
    tries = helpers = 0
    alone = False  # whether helpers have ended at once, for lack of memory

    def help() -> None:
        while (part := todo.get()) is not None:
            part.run()
            del part  # and its result
        todo.put(None)  # for the next one

    def end() -> None:
        nonlocal over
        over = True
        todo.put(None)

    def result() -> _T:
        nonlocal alone
        first = waiting[0]
        if alone or not helpers:
            first.run(here=True)
        while first.wait():
            if not first.claim.locked():  # helpers claim parts in order
                alone = True
                first.run(here=True)
        waiting.popleft()
        if first.error is not None:
            raise first.error
        return first.value  # type: ignore[no-any-return]

    try:
        for source in (head, rest):
            for part in source:
                waiting.append(Part(part))
                todo.put(waiting[-1])
                if tries < threads:
                    tries += 1
                    helpers += _start(help)
                if len(waiting) > threads:
                    yield result()
        while waiting:
            yield result()
    finally:
        try:
            end()
        finally:  # Ctrl-C may have come just then, and helpers would wait for ever
            end()
        for running in waiting:
            while running.in_thread and running.wait():
                pass


class Job(Generic[_T]):
    """Work for a thread. A thread that ends at once for lack of memory does not begin it; then its caller can.

    ``threading.Thread.start`` would wait for such a thread for ever, and so does concurrent.futures.
    """

    def __init__(self, work: Callable[[], _T]) -> None:
        self._work = work
        self._claim, self._done = _thread.allocate_lock(), _thread.allocate_lock()
        self._done.acquire()
        self._ended = False
        self._value: Any = None
        self._error: BaseException | None = None

    def start(self) -> None:
        """Begin the work in a thread, if there is room for one."""
        _start(self.run)

    def run(self) -> None:
        """Do the work here, unless it was begun already."""
        if not self._claim.acquire(False):
            return
        try:
            self._value = self._work()
        except BaseException as error:  # raised by result()
            self._error = error
        finally:
            self._ended = True
            self._done.release()

    def cancel(self) -> bool:
        """Keep the work from being begun; return whether it was not."""
        return self._claim.acquire(False)

    def wait(self, seconds: float) -> bool:
        """Wait for the end of the work, but no longer than this; return whether it has ended."""
        if not self._ended and self._done.acquire(timeout=seconds):
            self._done.release()
        return self._ended

    def result(self) -> _T:
        """Return what the work returned, or raise what it raised. It must have ended."""
        assert self._ended
        if self._error is not None:
            raise self._error
        return self._value  # type: ignore[no-any-return]


class _Inner(local):
    threads = 1


inner = _Inner()
"""``threads``: how many threads a kernel that is called in this thread may use."""


@contextmanager
def inner_threads(threads: int) -> Iterator[None]:
    """Set the number of threads for kernels that are called in this thread; it is 1 if address space is limited."""
    before, inner.threads = inner.threads, 1 if Limits.address_space else threads
    try:
        yield
    finally:
        inner.threads = before


class Pool:
    """Threads that help whoever calls ``map``, and wait for the next call; those without room are done without."""

    def __init__(self, threads: int) -> None:
        from queue import SimpleQueue

        self._helpers, self._started = threads - 1, 0
        self._calls: SimpleQueue[list[Job[Any]] | None] = SimpleQueue()

    def map(self, work: Callable[..., _T], *arguments: Iterable[Any]) -> list[_T]:
        """Return the results of ``work``, in order; raise the first error once all work has ended."""
        jobs = [Job(partial(work, *each)) for each in zip(*arguments, strict=True)]
        asked = list(jobs)
        for _ in range(min(self._helpers, len(jobs) - 1)):
            self._calls.put(asked)
            if self._started < self._helpers:
                self._started += 1
                _start(self._help)
        try:
            for job in jobs:
                job.run()
        finally:
            asked.clear()  # who helps later finds nothing, and keeps nothing in memory
            for job in jobs:
                while not (job.cancel() or job.wait(HEARS) or is_finalizing()):
                    pass
        return [job.result() for job in jobs]

    def _help(self) -> None:
        while (jobs := self._calls.get()) is not None:
            for job in jobs:
                job.run()
            del jobs
        self._calls.put(None)  # for the next one

    def shutdown(self) -> None:
        """End the threads."""
        try:
            self._calls.put(None)
        finally:  # if Ctrl-C came before
            self._calls.put(None)
