"""One line at the bottom of the terminal, drawn by tqdm: a progress bar, or a text alone. Import it only to draw."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from threading import RLock
from time import monotonic
from typing import Any
from weakref import WeakSet

from tqdm import tqdm

from elman.cli import say
from elman.utils.display import visible
from elman.utils.text_width import beginning, cells

_BETWEEN = 0.1
"""Seconds between two drawings."""
_NARROWEST = 4
"""Columns of the bar for which numbers are left out."""

_SETTINGS: dict[str, Any] = {
    "leave": False,
    "ncols": 1,
    "nrows": 24,
    "position": 0,
    "disable": False,
    "gui": False,
    "delay": 0,
    "dynamic_ncols": False,
    "unit_scale": False,
    "write_bytes": False,
    "lock_args": None,
    "postfix": None,
    "initial": 0,
    "colour": None,
}
"""Arguments of tqdm that variables of the environment, such as ``TQDM_GUI``, would set otherwise."""


def columns() -> int:
    """Return the width of the terminal: ``COLUMNS`` if it is set, else what the terminal says, else 80."""
    named = os.environ.get("COLUMNS", "")
    if named.isascii() and named.isdigit() and 0 < int(named[:6]):
        return int(named[:6])
    with suppress(OSError, ValueError, AttributeError):  # no terminal, or standard error is closed
        return os.get_terminal_size(sys.stderr.fileno()).columns or 80
    return 80


class Bar(tqdm):  # type: ignore[misc]
    """A line on standard error: a description, a bar if the total is known, and numbers.

    It is erased at the end, and before a message is printed by ``elman.cli.say``. It fits the terminal, without the
    last column, where some terminals begin a new line: numbers are left out, the first and the last kept longest.
    Nothing but text, spaces and carriage returns is written. That standard error is lost costs nothing.
    """

    # of its own, so that tqdm of whoever uses elman keeps its settings
    monitor_interval = 0  # no thread that watches the bars
    _lock = RLock()  # instead of one for processes, which starts a process on Python 3.14
    _instances: WeakSet[Any] = WeakSet()

    def __init__(self, description: str = "") -> None:
        self._numbers: tuple[str, ...] = ()
        self._next = 0.0
        screen = _Screen()
        self._encoding = screen.encoding
        super().__init__(desc=self._text(description), file=screen, **_SETTINGS)
        say.ERASE[id(self)] = self.clear

    def show(
        self,
        description: str,
        done: int = 0,
        total: int | None = None,
        numbers: str = "",
        *,
        at_once: bool = False,
    ) -> None:
        """Show new values, at most ten times a second unless ``at_once``; two spaces separate the numbers."""
        now = monotonic()
        if at_once or now >= self._next:
            self._next = now + _BETWEEN
            self.desc, self.n, self.total = self._text(description), min(done, total or done), total
            self._numbers = tuple(self._text(numbers).split("  "))
            self.refresh()

    def close(self) -> None:
        """Erase the line."""
        say.ERASE.pop(id(self), None)
        super().close()

    @property
    def columns(self) -> int:
        """The width of the terminal."""
        return columns()

    @property
    def format_dict(self) -> dict[str, Any]:
        """Return what the line is made of."""
        width = max(1, columns() - 1)
        numbers = list(self._numbers)
        taken = cells(self.desc) + _NARROWEST + 2
        while len(numbers) > 1 and taken + len("  ".join(numbers)) > width:
            del numbers[-2 if len(numbers) > 2 else -1]
        line = "{desc} {bar} {numbers}" if self.total else "{desc}  {numbers}" if any(numbers) else "{desc}"
        values: dict[str, Any] = super().format_dict
        return values | {"ncols": width, "bar_format": line, "numbers": "  ".join(numbers)}

    def __str__(self) -> str:
        """Return the line; tqdm cuts it only if it has a bar, and counts combining marks."""
        return beginning(super().__str__(), max(1, columns() - 1))

    def _text(self, text: str) -> str:
        """Return text as it will stand on the terminal: without control characters, escaped where not encodable."""
        return visible(text).encode(self._encoding, "backslashreplace").decode(self._encoding)


class _Screen:
    """Standard error for tqdm. It may be closed, or its terminal gone: then nothing is drawn."""

    def __init__(self) -> None:
        self.encoding: str = getattr(sys.stderr, "encoding", None) or "ascii"

    def write(self, text: str) -> None:
        with suppress(OSError, ValueError, AttributeError):
            sys.stderr.write(text)

    def flush(self) -> None:
        with suppress(OSError, ValueError, AttributeError):
            sys.stderr.flush()
