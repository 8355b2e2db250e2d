"""A training run of a command: outputs checked before it, progress, checkpoints, signals, and the model written."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, NoReturn

import click

from elman.cli.checkpoints import CheckpointOptions, check_run_outputs, missing
from elman.cli.notes import Notes
from elman.cli.options import argument, option
from elman.cli.progress import TrainingProgress
from elman.cli.reports.training import summary
from elman.cli.say import say, tell
from elman.cli.training_options import SettingsOptions
from elman.utils import signals

if TYPE_CHECKING:
    from elman.taggers.base import Predictor
    from elman.taggers.checkpointed import CheckpointedRun
    from elman.training.progress import Progress

_NOTHING = "stopped before anything was trained; nothing is written"
_NO_MODEL = "stopped before there was a model to write"
_NO_EPOCH = "stopped before the first epoch was done; nothing is written"


@dataclass(frozen=True, kw_only=True)
class TrainedOptions(CheckpointOptions, SettingsOptions):
    """Options of commands that train one model; a resumed run needs none but ``--resume``.

    The command declares ``train``, the paths of the training data, and ``dev``, if it takes any.
    """

    train: tuple[str, ...] = argument("TRAIN...", nargs=-1)

    @property
    def held_out(self) -> str | None:
        """The dev data, or the share of TRAIN; None if the command takes none."""
        return getattr(self, "dev", None)

    output: str | None = option("-o", "--output", metavar="MODEL", help="Model file to write; always needed.")
    budget: str | None = option(
        "--budget",
        metavar="TIME",
        help="Time to train in, 60s or 2m: chooses the epochs, and the size of a tagger, to fill it.",
    )
    log: str | None = option(
        "--log",
        metavar="FILE.jsonl",
        help="Write loss, accuracy, gradients, units, time, speed and instruction set, a line an epoch.",
    )


def run_training(
    options: TrainedOptions, arguments: dict[str, Any], notes: Notes, inputs: Sequence[str | None] = ()
) -> None:
    """Train with the keyword ``arguments`` of ``elman.train``, and write the model and what a person should know.

    ``inputs`` are further files that are read, which no output may overwrite.
    """
    options.check_checkpoint()
    command = click.get_current_context().info_name
    if options.resume is None:
        _check_outputs(options, inputs)
    run, output, log = _begun(options, arguments, notes)
    how_to_go_on = "" if run is None else f"; elman {command} --resume {run.checkpoints.path} goes on"
    progress = TrainingProgress(
        log, notes.warn, quiet=options.quiet, verbose=options.verbose, append=options.resume is not None
    )
    signals.say((_NOTHING if run is None else _NO_MODEL if run.is_new else "stopped") + how_to_go_on)
    try:
        tagger = _train(options, arguments, run, progress, notes)
    except KeyboardInterrupt:
        _stop((_NOTHING if run is None else _NO_MODEL) + how_to_go_on)
    record = tagger.describe()["training"]
    epochs = record.get("epochs")
    if tagger.interrupted and not epochs:
        _stop(_NO_EPOCH + how_to_go_on)
    tagger.save(output)
    if run is not None and run.is_done:
        run.checkpoints.remove()
    # on standard output there may be the model itself
    say(summary(tagger, output), err=output == "-")
    if tagger.interrupted or signals.requested() or (run is not None and not run.is_done):
        when = f"with {1 + len(record['members'])} networks" if "members" in record else f"after epoch {epochs}"
        go_on = "" if run is None or run.is_done else how_to_go_on
        _stop(f"stopped {when}; the best model so far is in {output}{go_on}")
    progress.check_log()
    notes.show()


def _begun(
    options: TrainedOptions, arguments: dict[str, Any], notes: Notes
) -> tuple[CheckpointedRun | None, str, str | None]:
    """Return the run, if it has a checkpoint, the model file to write and the log."""
    if options.resume is None and options.checkpoint is None:
        assert options.output is not None
        return None, options.output, options.log
    from elman.taggers import checkpointed

    given = checkpointed.DEFAULTS | {name: value for name, value in arguments.items() if name != "threads"}
    data = list(options.train) or None, options.held_out
    if options.resume is not None:
        run = checkpointed.resume(options.resume, options.every, data, given, notes.alarm)
        output, log = (getattr(options, name) or run.output(name) for name in ("output", "log"))
        if output is None:
            missing("option", "'-o' / '--output'")
        check_run_outputs({"model": output, "log": log}, run.inputs, options.resume)
        return run, output, log
    assert options.output is not None
    outputs = {"output": options.output, "log": options.log}
    run = checkpointed.begin(
        options.checkpoint, options.every, data, given, notes.alarm, overwrite=options.overwrite, outputs=outputs
    )
    return run, options.output, options.log


def _metavar(options: TrainedOptions) -> str:
    """Return what the command calls its training data."""
    found: str = next(each for each in fields(options) if each.name == "train").metadata["click"][1]["metavar"]
    return found


def _check_outputs(options: TrainedOptions, more: Sequence[str | None]) -> None:
    """Raise OutputError or ConfigError before training rather than after it."""
    if not options.train:
        missing("argument", f"'{_metavar(options)}'")
    if options.output is None:
        missing("option", "'-o' / '--output'")
    inputs = [path for path in (*options.train, options.held_out, options.config, *more) if path is not None]
    check_run_outputs({"model": options.output, "log": options.log}, inputs, options.checkpoint)


def _train(
    options: TrainedOptions,
    arguments: dict[str, Any],
    run: CheckpointedRun | None,
    progress: TrainingProgress,
    notes: Notes,
) -> Predictor:
    from elman.taggers.train import train

    on_progress = _keeping_models(_after_notes(notes, progress), may_stop=run is not None)
    callbacks: dict[str, Any] = {"on_progress": on_progress, "on_warning": notes.warn, "on_note": notes.add}
    if run is not None:
        from elman.training.run_options import RunOptions
        from elman.utils.parallel import thread_count

        with progress:
            return run.train(RunOptions(threads=thread_count(options.threads), **callbacks))
    with progress:
        return train(list(options.train), options.held_out, **arguments, **callbacks)


def _after_notes(notes: Notes, progress: Callable[[Progress], None]) -> Callable[[Progress], None]:
    """Show notes before the first progress at a terminal; elsewhere they wait, since training may end in an error."""
    if not sys.stderr.isatty():
        return progress

    def show(event: Progress) -> None:
        notes.show()
        progress(event)

    return show


def _keeping_models(progress: Callable[[Progress], None], *, may_stop: bool = False) -> Callable[[Progress], None]:
    """Let a signal end training, not the process, once there is a model to keep: after the first epoch.

    In a model of several tasks each gets its first epoch, since it is of no use with one task alone. ``may_stop``: it
    ends training before, too, since a checkpoint keeps what was done.
    """
    has_model = False

    def see(event: Progress) -> None:
        nonlocal has_model
        if event.is_epoch_end and not event.part:  # before it is shown: whoever reads it may send a signal at once
            has_model = True
            signals.say("stopped")
            signals.keep()
        progress(event)
        if may_stop:
            signals.keep()
            if signals.requested() and not has_model:
                raise KeyboardInterrupt
        if event.part:  # of the regression beside a network
            return
        if event.epoch == 1 and not event.is_epoch_end and not signals.keeps():
            signals.say(_NO_EPOCH)
        begun = event.is_epoch_end or event.epoch > 1 or event.member > 1
        if begun and signals.requested():
            raise KeyboardInterrupt

    return see


def _stop(message: str) -> NoReturn:
    """Exit with this line alone."""
    tell(f"elman: {message}")
    raise click.exceptions.Exit(signals.status())
