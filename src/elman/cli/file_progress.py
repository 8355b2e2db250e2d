"""The progress of commands that read files: words a second, and the time left where the size of the files is known."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from types import TracebackType
from typing import TYPE_CHECKING, Any, Protocol, Self

from elman.cli.say import can_draw, tell

if TYPE_CHECKING:
    from elman.data.sentence import Sentence

_BEFORE = 0.5
"""Seconds before a bar appears."""
_BETWEEN = 0.5
"""Seconds between two updates: drawing one takes some milliseconds."""


class WordCount(Protocol):
    """What is told of the words of a file as they are done, and of its end."""

    def add(self, sentences: Iterable[Sentence]) -> None:
        """Count the words of sentences."""

    def add_words(self, words: int) -> None:
        """Count words."""

    def end(self, path: str) -> None:
        """Take note of the end of a file."""


class FileProgress:
    """A context manager that is told of the words of files as they are done.

    On a terminal it draws a progress bar on stderr, unless ``quiet``; if ``verbose``, it prints a line for each file
    instead, on a terminal or not. There is no bar where tags go to the terminal, or words come from there.

    ``passes``  how often each file is read
    """

    def __init__(
        self, action: str, paths: Sequence[str], output: str, *, quiet: bool, verbose: bool, passes: int = 1
    ) -> None:
        self._action, self._verbose = action, verbose
        self._draws = not (quiet or verbose) and can_draw()
        if output == "-" and sys.stdout.isatty() or "-" in paths and sys.stdin.isatty():
            self._draws = False
        self._total = sum(map(os.path.getsize, paths)) if all(map(os.path.isfile, paths)) else None
        self._passes, self._observes = passes, True
        self._done: dict[str, int] = {}  # path -> bytes read in all passes
        self._position: dict[str, int] = {}  # path -> bytes read in this pass
        self._words = 0
        self._before = 0, 0.0  # words and seconds when the current file began
        self._start = self._next = time.perf_counter()
        self._bar: Any = None
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        self._start = time.perf_counter()
        self._next = self._start + _BEFORE
        if self._draws and self._observes:
            from elman.data.formats.text_io import observed

            self._stack.enter_context(observed(self.read))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def add(self, sentences: Iterable[Sentence]) -> None:
        """Count the words of sentences."""
        if self._draws or self._verbose:
            self._words += sum([len(sentence.words) for sentence in sentences])
            self._update()

    def add_words(self, words: int) -> None:
        """Count words."""
        if self._draws or self._verbose:
            self._words += words
            self._update()

    def end(self, path: str) -> None:
        """Print the line of a file that is done, if ``verbose``."""
        if self._verbose:
            words, seconds = self._words - self._before[0], self._seconds - self._before[1]
            tell(f"elman: {path}: {words:,} words, {_speed(words, seconds)}")
        self._before = self._words, self._seconds

    @property
    def _seconds(self) -> float:
        return time.perf_counter() - self._start

    def expect(self, total: int) -> None:
        """Set the bytes that will be read in all, and leave it to the caller to tell how far files are read."""
        self._total, self._observes = total, False

    def read(self, path: str, position: int) -> None:
        """Record how far a file has been read, in bytes."""
        before = self._position.get(path, 0)
        self._done[path] = self._done.get(path, 0) + (position - before if position >= before else position)
        self._position[path] = position
        self._update()

    def _update(self) -> None:
        now = time.perf_counter()
        if not self._draws or now < self._next:
            return
        self._next = now + _BETWEEN
        if self._bar is None:
            from elman.cli.progress import drawn, progress_bar

            self._stack.enter_context(drawn())
            self._bar = self._stack.enter_context(progress_bar(self._action))
        done, total = sum(self._done.values()), (self._total or 0) * self._passes
        left = self._seconds * (total - done) / done if done and total else None
        text = numbers(self._words, self._seconds, left)
        self._bar.show(self._action, done, total or None, text, at_once=True)


def numbers(words: int, seconds: float, left: float | None) -> str:
    """Return words, words a second and time left, for the end of a bar; what is not known is left out."""
    from elman.cli.progress import clock

    parts = [f"{words:,} words", _speed(words, seconds)] if words else []
    return "  ".join([*parts, *([f"{clock(left)} left"] if left is not None else [])])


def _speed(words: int, seconds: float) -> str:
    return f"{words / max(seconds, 1e-9):,.0f} words/s"
