"""Report training progress: a progress bar, the lines of ``--verbose``, and the file of ``--log``."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from io import FileIO
from types import TracebackType
from typing import TYPE_CHECKING, Self

from elman.cli.say import can_draw, tell
from elman.errors import ConfigError, OutputError, reason, while_writing
from elman.utils import signals
from elman.utils.files import open_direct

if TYPE_CHECKING:
    from elman.cli.bar import Bar
    from elman.training.monitor import Monitor
    from elman.training.progress import Progress


WIDE = 100
"""Terminal columns from which the gradient norm is shown."""


class TrainingProgress:
    """A context manager to be called with every ``Progress`` event of a training run.

    On a terminal it draws a progress bar on stderr, unless ``quiet``; if ``verbose``, it prints a line per epoch
    instead, on a terminal or not. ``log`` is the path of a file that gets one JSON object per epoch, the only record of
    time, speed and instruction set. If writing the log fails, training continues and ``check_log`` raises when the
    model is saved. ``append`` adds to a log that exists. ``on_warning`` is called once if the run diverges and once if
    it stops learning.
    Raises OutputError if the log cannot be opened.
    """

    def __init__(
        self,
        log: str | None = None,
        on_warning: Callable[[str], None] | None = None,
        *,
        quiet: bool = False,
        verbose: bool = False,
        append: bool = False,
    ) -> None:
        self._draws, self._verbose = not (quiet or verbose), verbose
        self._log_path, self._on_warning, self._append = log, on_warning, append
        self._monitors: dict[int, Monitor] = {}  # by network
        self._log: FileIO | None = None
        self._lost: OutputError | None = None
        self._stack = ExitStack()
        self._draw: Callable[[Progress], None] | None = None
        self.seconds = 0.0
        """Seconds from the start of training to its last event."""

    def __enter__(self) -> Self:
        if self._draws and can_draw():
            bar = progress_bar("training")
            self._stack.enter_context(drawn())
            self._stack.enter_context(bar)
            self._draw = _drawer(bar)
        return self

    def __call__(self, event: Progress) -> None:
        if self._draw is not None:
            self._draw(event)
        if self._verbose and event.is_epoch_end:
            tell(f"elman: {where(event)}: {numbers(event, wide=True)}")
        if event.part:  # the linear model beside a network: displayed but not logged
            return
        self.seconds = event.seconds
        warning = self._monitor(event) if event.is_epoch_end else None
        if self._log_path is not None and self._lost is None:
            self._write(self._log_path, event, warning)

    def _monitor(self, event: Progress) -> str | None:
        from elman.training.monitor import Monitor

        known = event.member in self._monitors  # not if it was resumed
        if event.epoch == 1 or not known:  # of this network, or of the next task of a pipeline
            self._monitors[event.member] = Monitor()
        warning = self._monitors[event.member](event)
        if warning is not None and self._on_warning is not None:
            self._on_warning(f"network {event.member}: {warning}" if event.members > 1 else warning)
        return warning

    def _write(self, path: str, event: Progress, warning: str | None) -> None:
        if self._log is None:  # keep an old log until training has begun
            with while_writing(path):
                file = FileIO(path, "a") if self._append and os.path.isfile(path) else open_direct(path)
                self._log = self._stack.enter_context(file)  # unbuffered, in case the process is killed
        if not event.is_epoch_end:
            return
        omitted = {"is_epoch_end", "part"} | ({"member", "members"} if event.members == 1 else set())
        record = {key: value for key, value in asdict(event).items() if key not in omitted}
        rest = json.dumps(record | {"warning": warning, "isa": _isa()}).encode() + b"\n"
        try:
            while rest:  # a nearly full disk may accept only part
                rest = rest[self._log.write(rest) :]
        except OSError as error:
            message = f"{path}: the log cannot be written: {reason(error)}; it ends before {where(event)}"
            self._lost = OutputError(f"{message}, and the model is whole")

    def check_log(self) -> None:
        """Raise OutputError if the log is incomplete."""
        if self._lost is not None:
            raise self._lost

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()


def _isa() -> str:
    """Return the instruction set of the kernels, which affects the last bits of results."""
    from elman.kernels import describe

    return str(describe()["isa"])


@contextmanager
def drawn() -> Iterator[None]:
    """Erase the line on the terminal if a signal ends the process in this block."""
    key = object()
    signals.UNDO[key] = lambda: os.write(2, b"\r\x1b[2K")
    try:
        yield
    finally:
        del signals.UNDO[key]


@contextmanager
def status_line(*, quiet: bool = False, verbose: bool = False) -> Iterator[Callable[[str], None]]:
    """Yield a function that shows a status line in place of the last; if ``verbose``, it prints a line each time."""
    if quiet or verbose or not can_draw():
        yield lambda line: tell(f"elman: {line}") if verbose else None
        return
    with drawn(), progress_bar("") as bar:
        yield lambda line: bar.show(line, at_once=True)


def progress_bar(description: str) -> Bar:
    """Return a progress bar, drawn at once; it is also the context manager that erases it.

    Raises ConfigError if tqdm cannot read its variables of the environment.
    """
    try:
        from elman.cli.bar import Bar
    except ValueError as error:
        raise ConfigError(f"the progress bar cannot use a variable of the environment, TQDM_...: {error}") from None

    return Bar(description)


def where(event: Progress) -> str:
    """Return the epoch, with the network of an ensemble or the part of the model that is being trained."""
    epoch = f"epoch {event.epoch}/{event.epochs}"
    if event.part:
        return f"{event.part}, {epoch}"
    return f"network {event.member}/{event.members}, {epoch}" if event.members > 1 else epoch


def _drawer(bar: Bar) -> Callable[[Progress], None]:
    def draw(event: Progress) -> None:
        bar.show(
            where(event),
            (event.epoch - 1) * event.steps + event.step,
            event.epochs * event.steps,
            numbers(event, wide=bar.columns >= WIDE),
            at_once=event.is_epoch_end,
        )

    return draw


def numbers(event: Progress, *, wide: bool = False) -> str:
    """Return loss, accuracy, speed, learning rate and time left, for 80 columns; ``wide`` adds the gradient norm."""
    name, accuracy = ("dev", event.dev_accuracy) if event.dev_accuracy is not None else ("train", event.train_accuracy)
    shown = "" if accuracy is None else f"{name} {100 * accuracy:.2f} %  "
    norm = f"gradient {event.gradient_norm:.2g}  " if wide and event.gradient_norm is not None else ""
    return (
        f"loss {event.loss:.3f}  {shown}{norm}{event.words_per_second / 1000:,.0f}k words/s  rate {event.rate:.2g}  "
        f"{clock(event.seconds_left)} left"
    )


def clock(seconds: float) -> str:
    """Format seconds: 9 s, 1:05, 2:03:04."""
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
