"""Map a function over the parts of a text with several threads, results in order."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from itertools import islice
from sys import is_finalizing
from typing import Any, TypeVar

from elman.utils.limits import THREADS, whole_number

HEARS = 0.5
"""Seconds of one wait of the main thread. The system may deliver two simultaneous signals to another thread, and then
the main thread, which runs Python's handlers, does not wake up."""

_S = TypeVar("_S")
_T = TypeVar("_T")


def thread_count(threads: int | None) -> int:
    """Return the number of threads; None means one for each core that this process may use."""
    if threads is None:
        return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return whole_number("threads", threads, 1, THREADS)


def ordered(work: Callable[[_S], _T], parts: Iterable[_S], threads: int) -> Iterator[_T]:
    """Yield ``work(part)`` for each part, in order; reads one part ahead of those being worked on.

    An exception of ``work`` is raised in place of its result. If a thread cannot be started, or ends at once for lack
    of memory, its part is worked on in the calling thread when the result is needed. If the caller stops early (error,
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
    from _thread import allocate_lock, start_new_thread
    from queue import Empty, SimpleQueue  # concurrent.futures takes three times as long to import

    gate: SimpleQueue[None] = SimpleQueue()  # one token for each thread that may work at once
    over = False

    class Part:
        def __init__(self, part: _S) -> None:
            self.part = part
            self.claim, self.done = allocate_lock(), allocate_lock()
            self.done.acquire()
            self.in_thread = self.ended = False
            self.value: Any = None
            self.error: BaseException | None = None

        def run(self, here: bool = False) -> None:
            """Work on the part, in its own thread or ``here``, unless claimed. Raises Empty if no token is free yet."""
            gate.get(timeout=HEARS if here else None)
            try:
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
            finally:
                gate.put(None)

        def wait(self) -> None:
            while not (self.ended or is_finalizing() or self.done.acquire(timeout=HEARS)):
                pass  # threads do not run while the interpreter shuts down

    waiting: deque[Part] = deque()

    def result() -> _T:
        first = waiting[0]
        while not first.claim.locked():
            with suppress(Empty):
                first.run(here=True)
        first.wait()
        waiting.popleft()
        if first.error is not None:
            raise first.error
        return first.value  # type: ignore[no-any-return]

    turns = 0
    try:
        for source in (head, rest):
            for part in source:
                waiting.append(Part(part))
                if turns < threads:
                    gate.put(None)
                    turns += 1
                with suppress(RuntimeError, MemoryError):
                    start_new_thread(waiting[-1].run, ())
                if len(waiting) > threads:
                    yield result()
        while waiting:
            yield result()
    finally:
        over = True
        for running in waiting:
            if running.in_thread:
                running.wait()
