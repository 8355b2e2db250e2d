"""Work on the parts of a text by several threads, its results in order."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from itertools import islice
from typing import Any, TypeVar

from elman.limits import THREADS, whole_number

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
    memory, is done without: a part that nobody has begun is worked on where its result is asked for.
    """
    some = iter(parts)
    first = list(islice(some, 2))
    if threads == 1 or len(first) < 2:  # no thread, which costs time at the start
        yield from map(work, first)
        yield from map(work, some)
        return
    from _thread import allocate_lock, start_new_thread  # Thread.start waits for ever for a thread that ends at once
    from threading import Semaphore  # concurrent.futures takes three times as long to import

    gate, over = Semaphore(threads), False
    waiting: deque[tuple[_S, Any, Any, list[Any]]] = deque()

    def run(part: _S, begun: Any, done: Any, found: list[Any]) -> None:
        with gate:
            if not over and begun.acquire(False):
                try:
                    found[0] = work(part)
                except BaseException as error:  # raised again where the result is asked for
                    found[1] = error
                finally:
                    done.release()

    def result() -> _T:
        part, begun, done, found = waiting.popleft()
        if not begun.locked():
            run(part, begun, done, found)
        with done:
            if found[1] is not None:
                raise found[1]
            return found[0]  # type: ignore[no-any-return]

    try:
        for source in (first, some):
            for part in source:
                job = part, allocate_lock(), allocate_lock(), [None, None]
                job[2].acquire()
                waiting.append(job)
                with suppress(RuntimeError, MemoryError):
                    start_new_thread(run, job)
                if len(waiting) > threads:
                    yield result()
        while waiting:
            yield result()
    finally:
        over = True
        for _, begun, done, _ in waiting:
            if begun.locked():
                done.acquire()
