"""Do the work of a worker process: receive items, send reports and results.

Messages are pickled tuples. From the parent: ``(token, work, item)``, where ``work`` is None if it is the function of
the message before. To the parent: ``(token, kind, value)``. ``token`` identifies one attempt at an item; functions,
items and values are pickled on their own, so that one that cannot be loaded is an error of its item.
"""

from __future__ import annotations

import gc
import json
import os
import pickle
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable
from typing import Any, BinaryIO

from elman.errors import ElmanError

DONE, FAILED, REPORT = "done", "failed", "report"
"""Kinds of messages to the parent."""
_GRACE = 0.5
"""Seconds that an idle worker has to end by itself, once its parent has ended or has closed the pipe."""


class _Reports(threading.local):
    """Where ``report`` sends values: an attribute of the class in a worker process, of a thread in a Dask worker."""

    send: Callable[[Any], None] | None = None


reports = _Reports()


def report(value: Any) -> None:
    """Send a small value, such as the number of bytes done so far, to whoever called ``Cluster.run``.

    Report totals rather than increments: an item whose worker died begins again. Outside a worker nothing is done.
    """
    if reports.send is not None:
        reports.send(value)


def attempt(work: bytes | Callable[[Any], Any], item: bytes) -> tuple[str, bytes]:
    """Do the work for an item. Return DONE and the pickled result, or FAILED and the pickled exception."""
    try:
        function = pickle.loads(work) if isinstance(work, bytes) else work
        return DONE, pickle.dumps(function(pickle.loads(item)))
    except BaseException as error:
        return FAILED, _pickled(error)


def _pickled(error: BaseException) -> bytes:
    """Return the pickled exception, or a RuntimeError with its text if it does not survive pickling."""
    if not isinstance(error, ElmanError | MemoryError):
        error.add_note("In the worker process:\n" + "".join(traceback.format_exception(error)))
    try:
        data = pickle.dumps(error)
        pickle.loads(data)
    except Exception:
        stand_in = RuntimeError(f"{type(error).__name__}: {error}")
        stand_in.__notes__ = getattr(error, "__notes__", [])
        return pickle.dumps(stand_in)
    return data


def main() -> None:
    """Work on items until the parent closes the pipe; end soon after the parent, in whatever way it ends."""
    from queue import SimpleQueue

    gc.set_threshold(100_000, 20, 100)  # as the command line does
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    commands, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    for descriptor in (0, 1):  # what the work reads or prints must not be a message
        os.dup2(os.open(os.devnull, os.O_RDWR), descriptor)
    todo: SimpleQueue[tuple[int, bytes | None, bytes] | None] = SimpleQueue()
    threading.Thread(target=_receive, args=(commands, todo), daemon=True).start()
    writing = threading.Lock()

    def send(*message: Any) -> None:
        data = pickle.dumps(message)
        try:
            with writing:
                answers.write(data)
                answers.flush()
        except OSError:  # the parent has ended
            os._exit(1)

    function: Any = None
    while (command := todo.get()) is not None:
        token, work, item = command
        _Reports.send = staticmethod(lambda value, token=token: send(token, REPORT, pickle.dumps(value)))
        if work is not None:
            try:
                function = pickle.loads(work)
            except Exception:  # attempt says so, for each item
                function = work
        send(token, *attempt(function, item))


def _receive(commands: BinaryIO, todo: Any) -> None:
    """Put messages into a queue. At the end of the pipe, end the process."""
    try:
        while True:
            todo.put(pickle.load(commands))
    except (EOFError, OSError, pickle.UnpicklingError):  # the last: the parent was killed as it wrote
        todo.put(None)
    time.sleep(_GRACE)
    os._exit(1)


def command() -> list[str]:
    """Return the command that starts a worker process, with the module path of this process."""
    flags = [flag for flag in ("-B",) if sys.dont_write_bytecode]
    code = f"import json, sys; sys.path[:] = json.loads(sys.argv[1]); from {__name__} import main; main()"
    return [sys.executable, *flags, "-c", code, json.dumps(sys.path)]
