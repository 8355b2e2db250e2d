"""Work on the parts of a text by several threads, its results in order."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any, TypeVar

from elman.errors import ConfigError

_S = TypeVar("_S")
_T = TypeVar("_T")


def thread_count(threads: int | None) -> int:
    """The number of threads; None is one for each core that this process may use."""
    if threads is None:
        return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if threads < 1:
        raise ConfigError(f"threads: expected a number from 1 up, got {threads}")
    return threads


def ordered(work: Callable[[_S], _T], parts: Iterable[_S], threads: int) -> Iterator[_T]:
    """``work`` on each part, results in order; one part more is read than is worked on.

    An error of ``work`` comes where its result would.
    """
    some = iter(parts)
    first = list(islice(some, 2))
    if threads == 1 or len(first) < 2:  # no thread, which costs time at the start
        yield from map(work, first)
        yield from map(work, some)
        return
    from threading import Semaphore, Thread  # concurrent.futures takes three times as long to import

    gate = Semaphore(threads)
    waiting: deque[tuple[Thread, list[Any]]] = deque()

    def run(part: _S, found: list[Any]) -> None:
        with gate:
            try:
                found += [work(part), None]
            except BaseException as error:  # raised again where the result is asked for
                found += [None, error]

    def result() -> _T:
        thread, found = waiting.popleft()
        thread.join()
        if found[1] is not None:
            raise found[1]
        return found[0]  # type: ignore[no-any-return]

    try:
        for source in (first, some):
            for part in source:
                found: list[Any] = []
                thread = Thread(target=run, args=(part, found))
                try:
                    thread.start()
                except RuntimeError as error:  # "can't start new thread": there is no memory for its stack
                    raise MemoryError(str(error)) from None
                waiting.append((thread, found))
                if len(waiting) > threads:
                    yield result()
        while waiting:
            yield result()
    finally:
        for thread, _ in waiting:
            thread.join()
