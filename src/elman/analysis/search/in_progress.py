"""The training of a search that is in progress: its checkpoint beside the results, and the time that it took."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from elman.training import checkpoint, run_identity
from elman.training.checkpoint import Checkpoints

ENDING = ".checkpoint"
"""The end of the checkpoint's name, after that of the results file."""
_CLOCK = {"seconds": float, "processor_seconds": float}


class InProgress:
    """A training of a search, with a checkpoint beside the results file if there is one.

    ``training`` says which training of which search it is; that of another one in the checkpoint is not gone on with.
    """

    def __init__(self, results: str | None, training: Mapping[str, Any], on_problem: Callable[[str], None]) -> None:
        self.checkpoints: Checkpoints | None = None
        self._since = time.perf_counter(), time.process_time()
        self._before = 0.0, 0.0
        if results is None:
            return
        every = checkpoint.interval(None)
        about = run_identity.identity("search", training, (), every) | {"folder": ""}  # of no matter here
        self.checkpoints = checkpoint.reopen_or_begin(results + ENDING, about, every, on_problem)
        clock = self.checkpoints.section("clock")
        if clock.saved is not None:
            facts = clock.saved.facts(_CLOCK)
            self._before = facts["seconds"], facts["processor_seconds"]
        clock.watch(lambda: dict(zip(_CLOCK, self.seconds(), strict=True)))

    def seconds(self) -> tuple[float, float]:
        """Return the seconds on the clock and of the processor that it took, also before it was stopped."""
        now = time.perf_counter(), time.process_time()
        spent = zip(self._before, now, self._since, strict=True)
        wall, processor = (round(before + end - begin, 3) for before, end, begin in spent)
        return wall, processor

    def stop(self) -> None:
        """Keep the state of a training that is stopped."""
        if self.checkpoints is not None:
            self.checkpoints.write()

    def end(self) -> None:
        """Remove the checkpoint: what came out is kept elsewhere."""
        if self.checkpoints is not None:
            self.checkpoints.remove()
