"""What Ctrl-C, SIGTERM and SIGHUP do to the command line: it ends at once and leaves nothing half done behind.

Nothing is raised. An exception that may come anywhere also comes where a thread is begun or waited for and in
finalizers; there it ends in a traceback, is lost, or ends the process with an abort. So the handler takes back what is
begun (``UNDO``), says so in one line and ends the process: threads and native code need to know nothing of it. Who has
something to keep asks for time (``keep``) and looks whether a signal has come (``requested``).

Only the program installs this (``elman.__main__``). In a program of somebody else Ctrl-C is that program's.
"""

from __future__ import annotations

import _signal  # type: ignore[import-not-found]  # signal itself takes longer to load than all that comes before it
import atexit
import os
import time

TYPE_CHECKING = False  # typing takes as long
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

UNDO: dict[object, Callable[[], object]] = {}
"""What is called before the process ends, the latest first; each entry stands here as long as there is something."""

TWICE = 0.5
"""Seconds within which a second signal is the same one, sent twice: by a terminal and by the program between, say."""

_SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")  # not all of them are there on every system


class _State:
    requested = 0  # the first signal that came
    at = 0.0  # when
    keeping = ending = False
    message = "stopped"
    heard: tuple[int, ...] = ()


def install() -> None:
    """Hear the signals from now on, but those that are ignored, as SIGHUP is under nohup."""
    there = [number for name in _SIGNALS if (number := getattr(_signal, name, None)) is not None]
    _State.heard = tuple(number for number in there if _signal.getsignal(number) != _signal.SIG_IGN)
    for number in _State.heard:
        _signal.signal(number, _hear)


def finish() -> None:
    """All is done: once no thread is left, the end of the interpreter is not to be disturbed."""
    _State.keeping = False
    atexit.register(_ignore)


def _ignore() -> None:
    for number in _State.heard:
        _signal.signal(number, _signal.SIG_IGN)


def say(message: str) -> None:
    """Set what the one line says from now on."""
    _State.message = message


def keep() -> None:
    """Do not end at the next signal, only at a second one: whoever calls looks at ``requested`` and ends by itself."""
    _State.keeping = True


def keeps() -> bool:
    """Whether somebody has something to keep."""
    return _State.keeping


def requested() -> bool:
    """Whether a signal has come since ``keep``."""
    return _State.requested != 0


def status() -> int:
    """The exit status of a command that was stopped: 130 after Ctrl-C, 143 after SIGTERM, 129 after SIGHUP."""
    return 128 + (_State.requested or _signal.SIGINT)


def _hear(number: int, frame: Any) -> None:
    now = time.monotonic()
    if _State.requested:
        if now - _State.at < TWICE:
            return
        if _State.ending:  # what is undone takes too long
            os._exit(status())
    else:
        _State.requested, _State.at = number, now
        if _State.keeping:
            return
    _State.ending = True
    for undo in reversed(list(UNDO.values())):
        try:
            undo()
        except Exception:  # nobody is left to tell, and the others are to be undone too
            pass
    try:
        os.write(2, f"elman: {_State.message}\n".encode())
    except OSError:  # standard error is closed, full or a terminal that has gone
        pass
    os._exit(status())
