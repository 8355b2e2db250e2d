"""Options of a training run; except for the seed they do not affect the trained model."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from elman.utils.arguments import check_callbacks
from elman.utils.display import one_line

if TYPE_CHECKING:
    from elman.training.checkpoint import Checkpoints, Section
    from elman.training.progress import Progress

OnProgress = Callable[["Progress"], None]
Map = Callable[[Callable[[Any], Any], Iterable[Any]], Iterable[Any]]
"""A function like ``map``: it takes a function and items, and returns the results in order. It may use processes."""


@dataclass(frozen=True, slots=True)
class RunOptions:
    """Seed, threads, callbacks and checkpoints of a training run, as documented in ``elman.train``.

    ``map`` trains several networks of a model; with None they are trained in threads.
    """

    seed: int = 1
    threads: int = 1
    on_progress: OnProgress | None = None
    on_warning: Callable[[str], None] | None = None
    on_note: Callable[[str], None] | None = None
    checkpoints: Checkpoints | None = None
    map: Map | None = None

    def __post_init__(self) -> None:
        check_callbacks(on_progress=self.on_progress, on_warning=self.on_warning, on_note=self.on_note, map=self.map)

    def part(self, name: str) -> RunOptions:
        """Return the options for a part of a model, whose networks have a place of their own in the checkpoint."""
        return self if self.checkpoints is None else replace(self, checkpoints=self.checkpoints.part(name))

    def section(self, name: str) -> Section | None:
        """Return the section of the checkpoint for something that is trained; None without checkpoints."""
        return None if self.checkpoints is None else self.checkpoints.section(name)

    def note(self, *notes: str) -> None:
        """Pass notes on, if anyone listens."""
        if self.on_note is not None:
            for note in notes:
                self.on_note(note)

    def warn(self, *messages: str) -> None:
        """Pass warnings on; without ``on_warning`` they become Python warnings of the line that called elman."""
        for message in messages:
            if self.on_warning is not None:
                self.on_warning(message)
            else:
                warnings.warn(one_line(message), stacklevel=_caller_level())


def _caller_level() -> int:
    """The ``stacklevel`` of the innermost caller outside the package, as seen from ``RunOptions.warn``."""
    level, frame = 1, sys._getframe(1)
    while frame.f_back is not None and frame.f_globals.get("__name__", "").partition(".")[0] == "elman":
        level, frame = level + 1, frame.f_back
    return level
