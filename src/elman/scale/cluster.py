"""Run a function over many items in worker processes: of this machine, or of a running Dask cluster."""

from __future__ import annotations

import pickle
import re
import statistics
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import count
from types import TracebackType
from typing import Any, Protocol, Self, TypeVar

from elman.errors import ConfigError, ElmanError
from elman.scale.processes import LOST, Event, Processes
from elman.scale.worker import FAILED, REPORT, report
from elman.utils import signals
from elman.utils.display import shown
from elman.utils.limits import WORKERS
from elman.utils.parallel import HEARS

__all__ = ["Cluster", "open_cluster", "report"]

ATTEMPTS = 10
"""Workers that may die with an item before it is given up."""
SLOW, LEAST = 1.5, 3.0
"""An item is a straggler once its time, for its size, is this many times the median, and at least this many seconds."""

_T = TypeVar("_T")
_R = TypeVar("_R")


class Workers(Protocol):
    """What a cluster needs of worker processes; work, items and results are pickled."""

    @property
    def workers(self) -> int:
        """How many items are worked on at once."""

    def start(self, token: int, work: bytes, item: bytes) -> None:
        """Begin an attempt at an item."""

    def event(self, seconds: float) -> Event | None:
        """Wait for what happens next to an attempt: DONE, FAILED, REPORT or LOST; None if nothing does for so long."""

    def cancel(self, token: int) -> None:
        """Stop an attempt whose result is no longer needed."""

    def close(self) -> None:
        """End the workers, or leave them if they are not our own."""


@dataclass
class _Attempt:
    """An attempt at an item. ``copy``: it was started beside a slow one."""

    index: int
    item: Any
    start: float
    copy: bool = False


def open_cluster(address: str) -> Cluster:
    """Open a cluster: ``local:N`` for N worker processes on this machine, or a Dask scheduler's ``tcp://host:port``.

    Raises ConfigError if the address is neither, or if no scheduler of Dask answers within 10 seconds, and
    MissingExtraError if Dask is not installed.
    """
    text = address if isinstance(address, str) else ""
    if (local := re.fullmatch(r"local:([0-9]{1,9})", text)) and 1 <= int(local[1]) <= WORKERS:
        return Cluster(Processes(int(local[1])))
    if re.fullmatch(r"[a-z]+://[^/\s]+:[0-9]{1,5}", text):
        from elman.scale.dask_workers import DaskWorkers

        return Cluster(DaskWorkers(text))
    raise ConfigError(
        f"cluster: expected local:N with N from 1 to {WORKERS:,}, or the address of a Dask scheduler such as "
        f"tcp://host:8786, got {shown(address)}"
    )


class Cluster:
    """Worker processes that run a function over items; see ``open_cluster``.

    A context manager, at whose end the workers end. They also end within two seconds of this process, in whatever way
    that ends. One run at a time.
    """

    def __init__(self, workers: Workers) -> None:
        self._workers = workers
        self._tokens = count()
        self._running = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    @property
    def workers(self) -> int:
        """The number of items that are worked on at once."""
        return self._workers.workers

    def close(self) -> None:
        """End the workers."""
        self._workers.close()

    def map(self, work: Callable[[_T], _R], items: Iterable[_T]) -> list[_R]:
        """Return ``work(item)`` for each item, in order; see ``run``."""
        return list(self.ordered(work, items))

    def ordered(self, work: Callable[[_T], _R], items: Iterable[_T]) -> Iterator[_R]:
        """Yield ``work(item)`` for each item, in order, each once those before it are done; see ``run``."""
        done: dict[int, _R] = {}
        due = 0
        for index, result in self.run(work, items):
            done[index] = result
            while due in done:
                yield done.pop(due)
                due += 1

    def run(
        self,
        work: Callable[[_T], _R],
        items: Iterable[_T],
        *,
        on_report: Callable[[int, Any], None] | None = None,
        duplicates: bool = False,
        size: Callable[[_T], float] = lambda item: 1.0,
    ) -> Iterator[tuple[int, _R]]:
        """Yield the index of an item and ``work(item)`` for each item, as they are done.

        ``work``        a function of an importable module, or a ``functools.partial`` of one; a worker receives it once
        ``items``       what can be pickled; read as workers become free
        ``on_report``   is called with the index and value of each ``report`` that ``work`` makes
        ``duplicates``  when no item is left to start, start slow ones a second time; the first result is taken, and
                        the other attempt is stopped. What ``work`` writes must be the same however often it runs
        ``size``        says how much work an item is: slow is what takes longer than others did for their size

        An item whose worker dies is started again. Raises ElmanError if ten workers died with one item, and what
        ``work`` raises. If the caller stops early, what is running is stopped. A command that keeps signals for itself
        (``elman.utils.signals.keep``) gets KeyboardInterrupt within half a second of one.
        """
        if self._running:
            raise RuntimeError("the cluster is running something else; close that generator first")
        slow = size if duplicates else None
        run = _Run(self._workers, self._tokens, pickle.dumps(work), enumerate(items), slow)
        self._running = True
        try:
            while (event := run.next()) is not None:
                index, kind, value = event
                if kind == REPORT:
                    if on_report is not None:
                        on_report(index, value)
                else:
                    yield index, value
        finally:
            self._running = False
            run.stop()


class _Run:
    """The state of one ``Cluster.run``."""

    def __init__(
        self,
        workers: Workers,
        tokens: Iterator[int],
        work: bytes,
        items: Iterator[tuple[int, Any]],
        size: Callable[[Any], float] | None,
    ) -> None:
        self._workers, self._tokens, self._work, self._items = workers, tokens, work, items
        self._size = size
        self._again: deque[tuple[int, Any]] = deque()
        self._running: dict[int, _Attempt] = {}
        self._lost: Counter[int] = Counter()
        self._paces: list[float] = []
        """Seconds of the items that are done, by their size."""

    def next(self) -> tuple[int, str, Any] | None:
        """Return the index of an item, DONE or REPORT, and the result or report; None when all items are done."""
        while True:
            more = self._start()
            if not self._running:
                return None
            if self._size is not None and not more:
                self._start_copies(self._size)
            event = self._workers.event(HEARS)
            if signals.requested():
                raise KeyboardInterrupt
            if event is None or event[0] not in self._running:  # the latter: of an attempt that was stopped
                continue
            token, kind, value = event
            attempt = self._running[token]
            if kind == REPORT:
                return attempt.index, kind, pickle.loads(value)
            del self._running[token]
            if kind == LOST:
                self._lose(attempt, *value)
                continue
            if kind == FAILED:
                raise pickle.loads(value)
            if self._size is not None:
                self._paces.append((time.monotonic() - attempt.start) / max(self._size(attempt.item), 1e-9))
            for other in [other for other, each in self._running.items() if each.index == attempt.index]:
                del self._running[other]
                self._workers.cancel(other)
            return attempt.index, kind, pickle.loads(value)

    def _start(self) -> bool:
        """Start items while workers are free; return whether there may be more."""
        while len(self._running) < self._workers.workers:
            following = self._again.popleft() if self._again else next(self._items, None)
            if following is None:
                return False
            self._begin(_Attempt(*following, time.monotonic()))
        return True

    def _begin(self, attempt: _Attempt) -> None:
        token = next(self._tokens)
        self._running[token] = attempt
        self._workers.start(token, self._work, pickle.dumps(attempt.item))

    def _start_copies(self, size: Callable[[Any], float]) -> None:
        """Start the slowest items, those that take much longer than others did, once more where workers are free."""
        if not self._paces:
            return
        pace = SLOW * statistics.median(self._paces)
        now, copied = time.monotonic(), {each.index for each in self._running.values() if each.copy}
        slow = [each for each in self._running.values() if each.index not in copied]
        slow = [each for each in slow if now - each.start > max(LEAST, pace * size(each.item))]
        free = self._workers.workers - len(self._running)
        for each in sorted(slow, key=lambda each: each.start)[: max(0, free)]:
            self._begin(_Attempt(each.index, each.item, now, copy=True))

    def _lose(self, attempt: _Attempt, workers: int, how: str) -> None:
        """Count workers that died; start their item again later, unless another attempt at it is running."""
        index = attempt.index
        self._lost[index] += workers
        if self._lost[index] >= ATTEMPTS:
            raise ElmanError(
                f"item {index + 1}, {shown(str(attempt.item), 200)}: given up, since {self._lost[index]} worker "
                f"processes died while they worked on it (the last: {how})"
                + "; there may be too little memory for it"
                * ("signal" in how)
            )
        if all(each.index != index for each in self._running.values()):
            self._again.append((index, attempt.item))

    def stop(self) -> None:
        """Stop what is still running."""
        for token in self._running:
            self._workers.cancel(token)
        self._running.clear()
