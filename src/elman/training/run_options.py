"""Options of a training run; except for the seed they do not affect the trained model."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from elman.utils.arguments import check_callbacks
from elman.utils.display import one_line

if TYPE_CHECKING:
    from elman.training.trainer import Progress

OnProgress = Callable[["Progress"], None]


@dataclass(frozen=True, slots=True)
class RunOptions:
    """Seed, threads and callbacks of a training run, as documented in ``elman.train``."""

    seed: int = 1
    threads: int = 1
    on_progress: OnProgress | None = None
    on_warning: Callable[[str], None] | None = None
    on_note: Callable[[str], None] | None = None

    def __post_init__(self) -> None:
        check_callbacks(on_progress=self.on_progress, on_warning=self.on_warning, on_note=self.on_note)

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
