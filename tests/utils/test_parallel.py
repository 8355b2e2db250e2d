"""Several threads: results in order, errors where the results would be, no more read than is needed."""

from __future__ import annotations

import _thread
import errno
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from elman.errors import ConfigError
from elman.utils.parallel import Job, Limits, Pool, inner, inner_threads, ordered, thread_count


def test_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    assert thread_count(None) >= 1
    assert thread_count(3) == 3
    monkeypatch.delattr("os.sched_getaffinity", raising=False)
    monkeypatch.setattr("os.cpu_count", lambda: None)
    assert thread_count(None) == 1
    with pytest.raises(ConfigError, match="from 1 to 1,024, got 0"):
        thread_count(0)


@pytest.mark.parametrize("threads", [1, 2, 5])
@pytest.mark.parametrize("n", [0, 1, 2, 17])
def test_results_in_order(threads: int, n: int) -> None:
    assert list(ordered(lambda x: x * x, range(n), threads)) == [x * x for x in range(n)]


def test_two_work_at_a_time() -> None:
    meet = threading.Barrier(2)  # nobody gets past it alone
    assert list(ordered(lambda x: (meet.wait(30), x)[1], range(6), 2)) == list(range(6))


@pytest.mark.parametrize("threads", [1, 3])
def test_an_error_comes_where_its_result_would(threads: int) -> None:
    found = ordered(lambda x: 1 // (5 - x), range(9), threads)
    got = []
    with pytest.raises(ZeroDivisionError):
        for value in found:
            got.append(value)
    assert got == [0, 0, 0, 0, 1]


@pytest.mark.parametrize("threads", [1, 2])
def test_parts_are_read_as_they_are_needed(threads: int) -> None:
    read = []

    def parts() -> Iterator[int]:
        for part in range(100):
            read.append(part)
            yield part

    found = ordered(str, parts(), threads)
    assert next(found) == "0"
    assert len(read) <= threads + 2
    found.close()  # type: ignore[attr-defined]
    assert len(read) <= threads + 2


@pytest.mark.parametrize("error", [RuntimeError("can't start new thread"), MemoryError()])
@pytest.mark.parametrize("which", [{0}, {1, 2}, {3, 7}, set(range(20))])
def test_threads_that_cannot_be_begun_are_done_without(
    error: Exception, which: set[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = iter(range(100))

    def start(run: Any, job: Any) -> None:
        if next(begun) in which:
            raise error
        real(run, job)

    real = _thread.start_new_thread
    monkeypatch.setattr(_thread, "start_new_thread", start)
    assert list(ordered(lambda x: x * x, range(17), 3)) == [x * x for x in range(17)]


def test_a_thread_that_ends_at_once_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """As it does where there is no memory for its first call."""
    real = _thread.start_new_thread
    monkeypatch.setattr(_thread, "start_new_thread", lambda run, job: real(lambda *_: None, job))
    assert list(ordered(lambda x: x * x, range(9), 2)) == [x * x for x in range(9)]


@pytest.mark.parametrize("threads", [2, 4])
def test_no_more_than_so_many_work(threads: int) -> None:
    working, most, lock = 0, 0, threading.Lock()

    def work(x: int) -> int:
        nonlocal working, most
        with lock:
            working += 1
            most = max(most, working)
        time.sleep(0.001)
        with lock:
            working -= 1
        return x

    assert list(ordered(work, range(40), threads)) == list(range(40))
    assert most <= threads


INTERRUPTED = """
import random, signal, sys, time
from elman.utils.parallel import ordered

def beside(number):
    time.sleep(0.0005)
    return number

draw = random.Random(int(sys.argv[1]))
heard = 0
signal.signal(signal.SIGALRM, signal.default_int_handler)
for _ in range(60):
    try:
        signal.setitimer(signal.ITIMER_REAL, draw.uniform(0.0001, 0.02))
        assert list(ordered(beside, range(40), 3)) == list(range(40))
        time.sleep(1)
    except KeyboardInterrupt:
        heard += 1
assert heard == 60
deadline = time.monotonic() + 30
while len(sys._current_frames()) > 1 and time.monotonic() < deadline:
    time.sleep(0.01)
print(len(sys._current_frames()))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no such timer there")
@pytest.mark.parametrize("seed", ["1", "2"])
def test_ctrl_c_at_any_moment(seed: str) -> None:
    """In a program that has no handler of ours; what was not begun is left, and every thread ends."""
    done = subprocess.run([sys.executable, "-c", INTERRUPTED, seed], capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stdout, done.stderr) == (0, "1\n", "")


class Interrupting(queue.SimpleQueue[object]):
    """A queue in whose first ``put(None)``, by which helpers end, Ctrl-C arrives."""

    arrived = False

    def put(self, item: object, block: bool = True, timeout: float | None = None) -> None:
        super().put(item)
        if item is None and not self.arrived and threading.current_thread() is threading.main_thread():
            self.arrived = True
            signal.raise_signal(signal.SIGINT)


def test_ctrl_c_while_the_threads_are_told_to_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue, "SimpleQueue", Interrupting)
    before = len(sys._current_frames())
    with pytest.raises(KeyboardInterrupt):
        list(ordered(lambda part: time.sleep(0.001), range(20), 4))
    deadline = time.monotonic() + 30
    while len(sys._current_frames()) > before and time.monotonic() < deadline:
        time.sleep(0.01)
    assert len(sys._current_frames()) == before


def test_who_stops_early_waits_for_what_is_begun_alone() -> None:
    begun: list[int] = []
    ended: list[int] = []

    def work(part: int) -> int:
        begun.append(part)
        time.sleep(0.05 * (part > 0))
        ended.append(part)
        return part

    found = ordered(work, range(100), 2)
    assert next(found) == 0
    found.close()  # type: ignore[attr-defined]
    assert sorted(begun) == sorted(ended) and set(begun) <= {0, 1, 2}


def test_nothing_is_lost_where_parts_are_errors_of_the_reader() -> None:
    def parts() -> Iterator[int]:
        yield from (1, 2, 3)
        raise ValueError("no more")

    got = []
    with pytest.raises(ValueError, match="no more"):
        for value in ordered(lambda part: part, parts(), 2):
            got.append(value)
    assert got == [1]


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_a_pool_gives_results_in_order(threads: int) -> None:
    pool = Pool(threads)
    for n in (0, 1, 2, 17):
        assert pool.map(lambda x, y: x * y, range(n), range(n)) == [x * x for x in range(n)]
    pool.shutdown()


def test_a_pool_works_side_by_side() -> None:
    meet = threading.Barrier(2)
    pool = Pool(2)
    for _ in range(3):
        assert pool.map(lambda x: (meet.wait(30), x)[1], [1, 2]) == [1, 2]
    pool.shutdown()


def test_the_first_error_of_a_pool_is_raised_when_all_work_has_ended() -> None:
    ended = []

    def work(x: int) -> None:
        try:
            if x % 2:
                raise ValueError(x)
            time.sleep(0.01)
        finally:
            ended.append(x)

    pool = Pool(3)
    with pytest.raises(ValueError, match="^1$"):
        pool.map(work, range(6))
    assert sorted(ended) == list(range(6))
    assert pool.map(str, [1]) == ["1"]
    pool.shutdown()


@pytest.mark.parametrize("lost", ["not started", "ended at once"])
def test_work_without_room_for_a_thread(monkeypatch: pytest.MonkeyPatch, lost: str) -> None:
    """``Thread.start`` would wait for ever for a thread that ends before its first line."""

    def start_new_thread(work: Any, arguments: Any) -> int:
        if lost == "not started":
            raise RuntimeError("can't start new thread")
        return 0

    monkeypatch.setattr(_thread, "start_new_thread", start_new_thread)
    pool = Pool(4)
    assert pool.map(str, range(9)) == list(map(str, range(9)))
    pool.shutdown()
    job = Job(lambda: 7)
    job.start()
    while not job.wait(0.01):
        job.run()
    assert job.result() == 7


def test_a_thread_is_begun_only_where_there_is_room(monkeypatch: pytest.MonkeyPatch) -> None:
    """The C library ends the process if what a library keeps for each thread does not fit."""
    mmap = pytest.importorskip("mmap")
    if not hasattr(mmap, "MAP_PRIVATE"):
        pytest.skip("no limits of address space here")
    begun: list[str] = []
    monkeypatch.setattr(Limits, "address_space", True)
    job = Job(lambda: begun.append("with room"))
    job.start()
    assert job.wait(30)

    def no_room(*arguments: Any, **options: Any) -> None:
        raise OSError(errno.ENOMEM, "Cannot allocate memory")

    monkeypatch.setattr(mmap, "mmap", no_room)
    Job(lambda: begun.append("without room")).start()
    assert list(ordered(str, range(5), 3)) == list(map(str, range(5)))
    assert begun == ["with room"]


def test_a_job_is_begun_once_or_not_at_all() -> None:
    done: list[int] = []
    job = Job(lambda: done.append(1))
    job.start()
    assert job.wait(30) and not job.cancel()
    job.run()
    assert done == [1] and job.wait(0)
    kept = Job(lambda: done.append(2))
    assert kept.cancel() and not kept.cancel()
    kept.run()
    assert done == [1] and not kept.wait(0)


def test_threads_of_kernels_are_those_of_this_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    with inner_threads(3):
        other = Job(lambda: inner.threads)
        other.start()
        while not other.wait(1):
            pass
        assert (inner.threads, other.result()) == (3, 1)
    with pytest.raises(KeyError), inner_threads(2):
        raise KeyError
    assert inner.threads == 1
    monkeypatch.setattr(Limits, "address_space", True)
    with inner_threads(3):
        assert inner.threads == 1
