"""Work on the parts of a text by several threads, its results in order."""

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
"""Seconds that the main thread waits for others in one go: of two signals at once the system may let another thread
hear both, and then the main thread, where Python answers them, sleeps on."""

_S = TypeVar("_S")
_T = TypeVar("_T")


def thread_count(threads: int | None) -> int:
    """The number of threads; None is one for each core that this process may use."""
    if threads is None:
        return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return whole_number("threads", threads, 1, THREADS)


def ordered(work: Callable[[_S], _T], parts: Iterable[_S], threads: int) -> Iterator[_T]:
    """``work`` on each part, results in order; one part more is read than is worked on.

    An error of ``work`` comes where its result would. A thread that cannot be begun, or ends at once for want of
    memory, is done without: a part that nobody has begun is worked on where its result is asked for. Who stops early
    (an error, Ctrl-C) leaves the parts that are not begun, and waits for the others.
    """
    some = iter(parts)
    first = list(islice(some, 2))
    if threads == 1 or len(first) < 2:  # no thread, which costs time at the start
        yield from map(work, first)
        yield from map(work, some)
        return
    # Ctrl-C may come anywhere in the main thread, which Thread, Semaphore and Condition do not bear; and Thread.start
    # waits for ever for a thread that ends at once
    from _thread import allocate_lock, start_new_thread
    from queue import Empty, SimpleQueue  # concurrent.futures takes three times as long to import

    gate: SimpleQueue[None] = SimpleQueue()  # as many turns as there may be threads at work
    over = False

    class Part:
        def __init__(self, part: _S) -> None:
            self.part = part
            self.claim, self.done = allocate_lock(), allocate_lock()
            self.done.acquire()
            self.in_thread = self.ended = False
            self.found: Any = None
            self.error: BaseException | None = None

        def run(self, here: bool = False) -> None:
            """Work on it, in a thread of its own or ``here``, if nobody has begun. Raises Empty: no turn yet, here."""
            gate.get(timeout=HEARS if here else None)
            try:
                if not self.claim.acquire(False):
                    return
                self.in_thread = not here
                try:
                    if not over:  # looked at behind in_thread, as at the end in_thread is behind over
                        self.found = work(self.part)
                except BaseException as error:  # raised again where the result is asked for
                    self.error = error
                finally:
                    self.ended = True
                    self.done.release()
            finally:
                gate.put(None)

        def wait(self) -> None:
            while not (self.ended or is_finalizing() or self.done.acquire(timeout=HEARS)):
                pass  # where the interpreter ends, no thread goes on

    waiting: deque[Part] = deque()

    def result() -> _T:
        one = waiting[0]
        while not one.claim.locked():
            with suppress(Empty):
                one.run(here=True)
        one.wait()
        waiting.popleft()
        if one.error is not None:
            raise one.error
        return one.found  # type: ignore[no-any-return]

    turns = 0
    try:
        for source in (first, some):
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
        for one in waiting:
            if one.in_thread:
                one.wait()
