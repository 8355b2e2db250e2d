"""Handle Ctrl-C, SIGTERM and SIGHUP on the command line: exit at once without leaving partial files.

The handler raises nothing. An exception that can arise anywhere would also arise while a thread is started or joined
and in finalizers, where it prints a traceback, is lost, or aborts the process. Instead the handler runs the cleanup
functions in ``UNDO``, prints one line and ends the process; threads and native code need not know about it. Code that
has something to save calls ``keep`` and polls ``requested``.

Only the program (``elman.__main__``) installs the handler. In other programs signals keep their handlers.
"""

from __future__ import annotations

import _signal  # type: ignore[import-not-found]  # importing signal takes longer than all imports before it
import atexit
import os
import time

TYPE_CHECKING = False  # importing typing takes as long
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

UNDO: dict[object, Callable[[], object]] = {}
"""Cleanup functions to call before the process ends, latest first; an entry is removed when its work is done."""

TWICE = 0.5
"""Seconds within which a second signal counts as a repeat, for example sent by both the terminal and a wrapper."""

_SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")  # not all exist on every system


class _State:
    requested = 0  # number of the first signal
    at = 0.0  # its time
    keeping = ending = False
    message = "stopped"
    heard: tuple[int, ...] = ()


def install() -> None:
    """Install the handler for all signals that are not ignored (as SIGHUP is under nohup)."""
    numbers = [number for name in _SIGNALS if (number := getattr(_signal, name, None)) is not None]
    _State.heard = tuple(number for number in numbers if _signal.getsignal(number) != _signal.SIG_IGN)
    for number in _State.heard:
        _signal.signal(number, _hear)


def finish() -> None:
    """Ignore signals during interpreter shutdown, after the command is done and all threads have ended."""
    _State.keeping = False
    atexit.register(_ignore)


def _ignore() -> None:
    for number in _State.heard:
        _signal.signal(number, _signal.SIG_IGN)


def say(message: str) -> None:
    """Set the line that the handler prints."""
    _State.message = message


def keep() -> None:
    """End only at a second signal; the caller polls ``requested`` and ends by itself."""
    _State.keeping = True


def keeps() -> bool:
    """Return whether ``keep`` was called."""
    return _State.keeping


def requested() -> bool:
    """Return whether a signal has arrived since ``keep``."""
    return _State.requested != 0


def status() -> int:
    """Return the exit status of a stopped command: 130 after Ctrl-C, 143 after SIGTERM, 129 after SIGHUP."""
    return 128 + (_State.requested or _signal.SIGINT)


def _hear(number: int, frame: Any) -> None:
    now = time.monotonic()
    if _State.requested:
        if now - _State.at < TWICE:
            return
        if _State.ending:  # the cleanup takes too long
            os._exit(status())
    else:
        _State.requested, _State.at = number, now
        if _State.keeping:
            return
    _State.ending = True
    for undo in reversed(list(UNDO.values())):
        try:
            undo()
        except Exception:  # the process is ending; the other cleanups must still run
            pass
    try:
        os.write(2, f"elman: {_State.message}\n".encode())
    except OSError:  # standard error is closed or full, or its terminal is gone
        pass
    os._exit(status())
