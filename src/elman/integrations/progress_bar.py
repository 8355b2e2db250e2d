"""``ProgressBar``: shows a training in a notebook or a terminal, by tqdm."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from elman.utils.summary import percent

if TYPE_CHECKING:
    from elman.training.progress import Progress


class ProgressBar:
    """A bar of the epochs of a training, with loss and accuracy on dev.

    elman.train("train.conllu", on_progress=elman.ProgressBar())

    A widget in a notebook that has ipywidgets (the extra ``notebook``), else a line of text.
    """

    def __init__(self) -> None:
        from tqdm.auto import tqdm

        self._new_bar = tqdm
        self._bar: Any = None
        self._part: str | None = None
        self._epochs_done: dict[int, float] = {}  # by network

    def __call__(self, progress: Progress) -> None:
        """Show the progress; each network, or other part, that is trained moves the bar by its epochs."""
        if self._bar is None or progress.part != self._part:
            self.close()
            total = progress.epochs * progress.members
            self._bar = self._new_bar(total=total, desc=progress.part or "training", unit="epoch")
            self._part, self._epochs_done = progress.part, {}
        self._epochs_done[progress.member] = progress.epoch - 1 + progress.step / progress.steps
        done = round(sum(self._epochs_done.values()), 2)
        self._bar.update(done - self._bar.n)
        if progress.is_epoch_end:
            dev = {} if progress.dev_accuracy is None else {"dev": percent(progress.dev_accuracy)}
            self._bar.set_postfix(loss=f"{progress.loss:.3f}", **dev)
        if progress.is_epoch_end and done >= self._bar.total:  # the last step may be reported before
            self.close()

    def close(self) -> None:
        """End the bar; a training that stops early does not."""
        if self._bar is not None:
            self._bar.close()
            self._bar, self._part = None, None
