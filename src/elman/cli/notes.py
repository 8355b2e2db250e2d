"""Notes and warnings of a command; interpreter settings for heavy work."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from elman.cli.say import tell


class Notes:
    """Notes and warnings for standard error.

    They are shown when the work is done, so that an error is shown alone. ``quiet``: notes are dropped,
    warnings stay. ``verbose``: all are shown at once.
    """

    def __init__(self, *, quiet: bool = False, verbose: bool = False) -> None:
        self._lines: list[str] = []
        self._quiet, self._verbose = quiet, verbose

    def add(self, text: str) -> None:
        """Add a note."""
        if not self._quiet:
            self._append(f"elman: {text}")

    def warn(self, text: str) -> None:
        """Add a warning."""
        self._append(f"elman: warning: {text}")

    def alarm(self, text: str) -> None:
        """Print a warning at once, since what it tells cannot wait for the end of a long run."""
        tell(f"elman: warning: {text}")

    def _append(self, line: str) -> None:
        self._lines.append(line)
        if self._verbose:
            self.show()

    def take(self) -> tuple[str, ...]:
        """Return them without the name of the program, to be shown elsewhere."""
        lines, self._lines = self._lines, []
        return tuple(line.removeprefix("elman: ") for line in lines)

    def show(self) -> None:
        """Print them, once."""
        lines, self._lines = self._lines, []
        for line in lines:
            tell(line)


@contextmanager
def without_gc() -> Iterator[None]:
    """Turn garbage collection off: what is read holds no reference cycles, and looking for them takes a third of the
    time.
    """
    before = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if before:
            gc.enable()


@contextmanager
def switching_often() -> Iterator[None]:
    """Switch threads often, so that those that have finished computing wait only briefly while this one writes."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(0.00005)
    try:
        yield
    finally:
        sys.setswitchinterval(before)
