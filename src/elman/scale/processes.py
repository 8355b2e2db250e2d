"""Worker processes on this machine, which talk to their parent through pipes."""

from __future__ import annotations

import os
import pickle
import threading
from queue import Empty, SimpleQueue
from subprocess import PIPE, Popen
from typing import Any

from elman.scale import worker
from elman.scale.worker import DONE, FAILED

LOST = "lost"
"""The kind of event for an item whose worker died; its value is how many did, and what is known of the last."""

Event = tuple[int, str, Any]
"""The token of an attempt at an item, what happened to it, and a pickled value, or that of LOST."""


class _Worker:
    """A worker process and the thread that receives its messages."""

    def __init__(self, messages: SimpleQueue[tuple[_Worker, Any]]) -> None:
        self.token: int | None = None
        """The attempt that it is working on."""
        self.work: bytes | None = None
        """The function that it was sent last."""
        environment = {"OPENBLAS_NUM_THREADS": "1", **os.environ}
        # Ctrl-C at the terminal must reach only this process
        group: dict[str, Any] = {"creationflags": 0x200} if os.name == "nt" else {"process_group": 0}
        self.process = Popen(worker.command(), stdin=PIPE, stdout=PIPE, env=environment, **group)
        self._thread = threading.Thread(target=self._receive, args=(messages,), daemon=True)
        self._thread.start()

    def _receive(self, messages: SimpleQueue[tuple[_Worker, Any]]) -> None:
        assert self.process.stdout is not None
        try:
            while True:
                messages.put((self, pickle.load(self.process.stdout)))
        except (EOFError, OSError, pickle.UnpicklingError):  # the last: it died as it wrote
            messages.put((self, None))

    def give(self, token: int, work: bytes, item: bytes) -> None:
        """Send an item; if the process is dead, its thread says so."""
        assert self.process.stdin is not None
        message = pickle.dumps((token, None if work is self.work else work, item))
        self.token, self.work = token, work
        try:
            self.process.stdin.write(message)
            self.process.stdin.flush()
        except OSError:
            pass

    def end(self, kill: bool = True) -> int:
        """End the process, wait for it, and return its exit status, negative for a signal."""
        if kill:
            self.process.kill()
        assert self.process.stdin is not None and self.process.stdout is not None
        try:
            self.process.stdin.close()
        except OSError:  # what could not be written to a dead process
            pass
        status = self.process.wait()
        self._thread.join()
        self.process.stdout.close()
        return status


class Processes:
    """Worker processes of our own; those that die are replaced when the next item is started."""

    def __init__(self, workers: int) -> None:
        self.workers = workers
        self._messages: SimpleQueue[tuple[_Worker, Any]] = SimpleQueue()
        self._alive = [_Worker(self._messages) for _ in range(workers)]

    def start(self, token: int, work: bytes, item: bytes) -> None:
        """Give an item to an idle worker."""
        idle = next((each for each in self._alive if each.token is None), None)
        if idle is None:
            idle = _Worker(self._messages)
            self._alive.append(idle)
        idle.give(token, work, item)

    def event(self, seconds: float) -> Event | None:
        """Return what happens next to an item; None if nothing does for so long, or nothing of interest."""
        try:
            sender, message = self._messages.get(timeout=seconds)
        except Empty:
            return None
        if sender not in self._alive:  # killed by cancel
            return None
        if message is None:
            self._alive.remove(sender)
            status = sender.end()
            return None if sender.token is None else (sender.token, LOST, (1, _how(status)))
        token, kind, value = message
        if kind in (DONE, FAILED):
            sender.token = None
        return token, kind, value

    def cancel(self, token: int) -> None:
        """Stop working on an item: its worker is killed."""
        for each in self._alive:
            if each.token == token:
                self._alive.remove(each)
                each.end()
                return

    def close(self) -> None:
        """End all workers: idle ones by themselves, the others at once."""
        for each in self._alive:
            each.end(kill=each.token is not None)
        self._alive = []


def _how(status: int) -> str:
    """Describe how a process ended."""
    return f"signal {-status} ended it" if status < 0 else f"it ended with exit status {status}"
