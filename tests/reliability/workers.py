"""Worker processes that try numbered inputs, and are started again if an input ends them.

A proof that may crash the process that it runs in calls ``run`` for each block of numbers; its worker, the same script
with ``--worker``, calls ``serve``. What an input is follows from its number alone, so that a fault can be repeated.
"""

from __future__ import annotations

import gc
import json
import mmap
import os
import select
import subprocess
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

try:
    import resource
except ImportError:  # Windows, where PAGE is missing too
    pass

HANGS = 120.0
"""Seconds of processor time at one input after which a worker is ended."""
RENEWED = 50
"""Blocks after which a worker process is ended, and another started: caches fill with large words."""
PAGE = Path("/proc/self/clear_refs")


class Worker:
    """A worker process, started on demand.

    ``command`` starts it; ``folder`` is where it notes the number that it is at. ``how`` is added to all outcomes.
    """

    def __init__(
        self, command: Sequence[str], folder: Path, environment: Mapping[str, str] | None = None, how: str = ""
    ) -> None:
        self.how = f" {how}" if how else ""
        self._command = [*command, "--at", str(folder / f"at-{id(self)}")]
        self._at = Path(self._command[-1])
        self._environment = {**os.environ, **(environment or {})}
        self._process: subprocess.Popen[str] | None = None

    def run(self, first: int, last: int) -> tuple[Counter[str], list[str]]:
        """Try the numbers from ``first`` up to ``last``; return counts of outcomes, and faults.

        An input that ends the worker is a fault; the numbers before it are tried again, since their counts are lost.
        """
        if first >= last:
            return Counter(), []
        process = self._started()
        assert process.stdin is not None and process.stdout is not None
        process.stdin.write(f"{first} {last}\n")
        process.stdin.flush()
        line = process.stdout.readline() if self._answers(process) else ""
        if line:
            answer = json.loads(line)
            return Counter(answer["counts"]), answer["faults"]
        process.kill()
        status = process.wait()
        self.close()
        at = int.from_bytes(self._at.read_bytes()[:8], "little")
        if not first <= at < last:
            raise RuntimeError(f"a worker could not start: status {status}, {' '.join(self._command)}")
        counts, faults = self.run(first, at)
        more, others = self.run(at + 1, last)
        return counts + more, [*faults, f"{at}: the process ended with status {status}, or hung", *others]

    def close(self) -> None:
        """End the process."""
        if self._process is not None:
            self._process.communicate()
            self._process = None

    def _started(self) -> subprocess.Popen[str]:
        if self._process is None:
            self._at.write_bytes(b"\xff" * 8)
            pipe = subprocess.PIPE
            self._process = subprocess.Popen(
                self._command, stdin=pipe, stdout=pipe, text=True, env=self._environment, start_new_session=True
            )
        return self._process

    def _answers(self, process: subprocess.Popen[str]) -> bool:
        """Wait for the answer; return whether there is one: False if it stays at one number for too long."""
        number, since = b"", _seconds(process.pid)
        while not select.select([process.stdout], [], [], 1.0)[0]:
            at, now = self._at.read_bytes()[:8], _seconds(process.pid)
            if at != number:
                number, since = at, now
            elif now - since > HANGS:
                return False
        return True


def serve(at: str, try_one: Callable[[int], str]) -> None:
    """Answer blocks of numbers from standard input: with counts of what ``try_one`` returns, and faults it raises."""
    gc.collect()
    gc.freeze()  # what is there already stays
    with (
        os.fdopen(os.dup(1), "w", encoding="utf-8") as answers,
        open(at, "r+b") as file,
        mmap.mmap(file.fileno(), 8) as place,
    ):
        for line in sys.stdin:
            counts: Counter[str] = Counter()
            faults = []
            for number in range(*map(int, line.split())):
                place[:] = number.to_bytes(8, "little")
                try:
                    counts[try_one(number)] += 1
                except Exception as error:
                    where = "; ".join(
                        f"{Path(f.filename).name}:{f.lineno}" for f in traceback.extract_tb(error.__traceback__)
                    )
                    faults.append(f"{number}: {type(error).__name__}: {str(error)[:600]} ({where})")
            answers.write(json.dumps({"counts": counts, "faults": faults}) + "\n")
            answers.flush()


class Limits:
    """Checks what each input takes: seconds of processor time, and bytes of memory beyond those in use before."""

    def __init__(self, seconds: float, memory: int) -> None:
        self._seconds, self._memory = seconds, memory
        self._n = 0
        self._base = 0
        self._start = 0.0

    def begin(self) -> None:
        """Note where an input starts."""
        if self._n % 500 == 0 and PAGE.exists():
            self._base = _resident()
            PAGE.write_text("5")  # the peak is what is in use now
        self._n += 1
        self._start = time.thread_time()

    def forget(self) -> None:
        """Measure anew what is in use: something else has taken memory meanwhile."""
        self._n = 0

    def check(self, size: int = 0) -> None:
        """Raise AssertionError if the input of ``size`` bytes took too much."""
        seconds = time.thread_time() - self._start
        assert seconds <= self._seconds, f"{seconds:.1f} seconds"
        if self._base:
            grown = _peak() - self._base
            if grown > self._memory + size:
                self._n = 0
                raise AssertionError(f"{grown / 2**20:.0f} MB of memory")


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def _resident() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def _seconds(pid: int) -> float:
    """Return the processor time of a process where the system tells it, else the time of day."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return time.monotonic()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def blocks(campaign: Any, n: int, size: int, worker_of: Callable[[int], Worker]) -> None:
    """Try ``n`` inputs in blocks of ``size``, each in the worker of its block; count into the campaign."""
    for block in campaign.cases(n // size):
        worker = worker_of(block)
        if block % RENEWED == 0:
            worker.close()
        counts, faults = worker.run(block * size, (block + 1) * size)
        for outcome, times in counts.items():
            campaign.count(outcome + worker.how, times)
        for fault in faults:
            campaign.fault(fault + worker.how)
