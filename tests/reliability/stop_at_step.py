"""Stop training after its k-th step and resume it, for every k: the model file has the same SHA-256.

    python tests/reliability/stop_at_step.py [--share 0.1] [--seed 1] [--minutes 20]

Five tasks, runs of 60 steps, begun with 1 thread and resumed with 2, and the other way round. A run is stopped as by
Ctrl-C, without a checkpoint since its first one.
"""

from __future__ import annotations

import hashlib
import itertools
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[1] / "helpers"))

import elman
from campaign import Campaign, options
from elman.training import progress
from stopped import QUIET, TASKS, model_bytes

STEPS = 60
FOLDERS = ("data", "features", "kernels", "models", "nn", "taggers", "tasks", "training")


class Runs:
    """The runs of all tasks in a folder, whole or stopped after a step."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._whole: dict[str, str] = {}
        for name, text, _ in TASKS.values():
            (folder / name).write_text(text, encoding="utf-8")
        # every step is reported: each look at the clock finds it a second later
        clock = itertools.count()
        progress.time = SimpleNamespace(perf_counter=lambda: float(next(clock)))  # type: ignore[assignment]

    def _train(self, task: str, threads: int, **arguments: Any) -> tuple[str, bool]:
        """Return the SHA-256 of the model of a task, and whether training was stopped."""
        name, _, settings = TASKS[task]
        model = elman.train(self.folder / name, threads=threads, **settings, **QUIET, **arguments)
        return hashlib.sha256(model_bytes(model)).hexdigest(), model.interrupted

    def whole(self, task: str) -> str:
        """Return the SHA-256 of a run that is not stopped."""
        if task not in self._whole:
            self._whole[task], _ = self._train(task, 1)
        return self._whole[task]

    def stopped(self, task: str, threads: int, k: int) -> str:
        """Return the SHA-256 of a run that is stopped after k steps and resumed with another number of threads."""
        path, steps = self.folder / "run", 0

        def stop(event: progress.Progress) -> None:
            nonlocal steps
            steps += not event.is_epoch_end
            if steps == k:
                raise KeyboardInterrupt

        try:
            _, was_stopped = self._train(task, threads, checkpoint=path, every="1h", overwrite=True, on_progress=stop)
            assert was_stopped, f"{task}: has no {k} steps"
        except KeyboardInterrupt:  # there is no model yet
            assert steps == k
        model = elman.train(resume=path, threads=3 - threads, **QUIET)
        assert not path.exists() and not model.interrupted
        return hashlib.sha256(model_bytes(model)).hexdigest()


def main(arguments: Sequence[str] | None = None) -> int:
    """Stop and resume as the command line says; return the exit status."""
    given = options(__doc__).parse_args(arguments)
    title = f"training stopped after step 1 to {STEPS} and resumed: {len(TASKS)} tasks, 1 and 2 threads"
    campaign = Campaign(given, "stopped at any step", title=title, folders=FOLDERS)
    with tempfile.TemporaryDirectory() as temporary:
        runs = Runs(Path(temporary))
        for task, threads, k in campaign.cases(list(itertools.product(TASKS, (1, 2), range(1, STEPS + 1)))):
            if runs.stopped(task, threads, k) == runs.whole(task):
                campaign.count("same SHA-256")
            else:
                campaign.fault(f"{task}, {threads} threads, stopped after step {k}: another model")
    return campaign.finish()


if __name__ == "__main__":
    sys.exit(main())
