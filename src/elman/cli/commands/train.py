"""``elman train``."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn

import click

from elman.cli.checkpoints import CheckpointOptions, missing
from elman.cli.notes import Notes
from elman.cli.options import Choice, argument, command, option, whole_number
from elman.cli.outputs import check_not_an_input
from elman.cli.progress import TrainingProgress
from elman.cli.reports.training import summary
from elman.cli.say import say, tell
from elman.cli.training_options import TrainingOptions
from elman.errors import ConfigError
from elman.utils import limits, signals

if TYPE_CHECKING:
    from elman.taggers.base import Predictor
    from elman.taggers.checkpointed import CheckpointedRun
    from elman.training.progress import Progress

_NOTHING = "stopped before anything was trained; nothing is written"
_NO_MODEL = "stopped before there was a model to write"
_NO_EPOCH = "stopped before the first epoch was done; nothing is written"


@dataclass(frozen=True, kw_only=True)
class Options(CheckpointOptions, TrainingOptions):
    """The options of ``elman train``; a resumed run needs none but ``--resume``."""

    train: tuple[str, ...] = argument("TRAIN...", nargs=-1)
    dev: str | None = option(
        "--dev", metavar="FILE|10%", help="Development data, to choose the best epoch by: a file, or a share of TRAIN."
    )
    output: str | None = option("-o", "--output", metavar="MODEL", help="Model file to write; always needed.")
    model: str | None = option(
        "--model",
        type=Choice(["rnn", "linear", "hmm", "frequent", "ngram"]),
        help="Kind of model: recurrent network (the default); linear model of n-grams (document labels), which --dev "
        "may prefer by default; hidden Markov model or most frequent tag (words); counted n-grams (task lm).",
    )
    lexicon: tuple[str, ...] = option(
        "--lexicon",
        metavar="FILE",
        multiple=True,
        help="Features of words: a list of words, words with numbers or labels, UniMorph; may be repeated.",
    )
    ensemble: int | None = option(
        "--ensemble", **whole_number(0, limits.NETWORKS), help="Train N networks that tag together, as one model."
    )
    keep_replay: int = option(
        "--keep-replay",
        default=0,
        **whole_number(0, limits.REPLAY),
        help="Keep N training sentences in the model file, for elman learn to train on again.",
    )
    budget: str | None = option(
        "--budget", metavar="TIME", help="Time to train in, 60s or 2m: chooses the size and the epochs to fill it."
    )
    log: str | None = option(
        "--log",
        metavar="FILE.jsonl",
        help="Write loss, accuracy, gradients, units, time, speed and instruction set, a line an epoch.",
    )


@command(Options)
def train(options: Options) -> None:
    """Train a tagger, or a text classifier.

    TRAIN are labelled files: conllu, columns (a word and its tag a line, a blank line after a sentence) or word_tag (a
    sentence a line); for classification a label and a text a line. docs/reference/tasks/ has a page on each task. The
    same files, settings and seed give the same model on one instruction set, whatever --threads. Ctrl-C, or SIGTERM,
    keeps the best model so far.

    \b
      elman train train.conllu --dev dev.conllu -o my.model
      elman train all.txt --dev 10% -o my.model --set hidden=128 --set epochs=20
      elman train all.txt --dev 10% -o my.model --budget 2m
      elman train reviews.tsv --dev 10% -o my.model
      elman train requests.bio -o my.model --target tag,intent
      elman train train.conllu --dev dev.conllu --task pipeline -o my.model
      elman train train.conllu --dev dev.conllu -o my.model --checkpoint my.checkpoint
      elman train --resume my.checkpoint
    """
    options.check_checkpoint()
    arguments = options.training()
    arguments["lexicon"] = list(options.lexicon) or None
    if options.ensemble is not None:
        arguments["settings"]["ensemble"] = options.ensemble
    notes = options.notes()
    if options.resume is None:
        _check_outputs(options)
    run, output, log = _begun(options, arguments, notes)
    how_to_go_on = "" if run is None else f"; elman train --resume {run.checkpoints.path} goes on"
    progress = TrainingProgress(
        log, notes.warn, quiet=options.quiet, verbose=options.verbose, append=options.resume is not None
    )
    signals.say((_NOTHING if run is None else _NO_MODEL) + how_to_go_on)
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


def _begun(options: Options, arguments: dict[str, Any], notes: Notes) -> tuple[CheckpointedRun | None, str, str | None]:
    """Return the run, if it has a checkpoint, the model file to write and the log."""
    given = {name: value for name, value in arguments.items() if name != "threads"}
    given |= {"model": options.model, "budget": options.budget, "text_column": None}
    given["keep_replay"] = options.keep_replay
    if options.resume is not None:
        from elman.taggers import checkpointed

        run = checkpointed.resume(
            options.resume, options.every, (list(options.train) or None, options.dev), given, notes.warn
        )
        output, log = (getattr(options, name) or run.output(name) for name in ("output", "log"))
        if output is None:
            missing("option", "'-o' / '--output'")
        return run, output, log
    assert options.output is not None
    if options.checkpoint is None:
        return None, options.output, options.log
    from elman.taggers import checkpointed

    outputs = {"output": options.output, "log": options.log}
    data = list(options.train), options.dev
    run = checkpointed.begin(
        options.checkpoint, options.every, data, given, notes.warn, overwrite=options.overwrite, outputs=outputs
    )
    return run, options.output, options.log


def _check_outputs(options: Options) -> None:
    """Raise OutputError or ConfigError before training rather than after it."""
    from elman.utils.files import check_target

    if not options.train:
        missing("argument", "'TRAIN...'")
    if options.output is None:
        missing("option", "'-o' / '--output'")
    given = (*options.train, options.dev, options.config, options.vectors, *options.lexicon)
    inputs = [path for path in given if path is not None]
    for target, text in ((options.output, False), (options.log, True), (options.checkpoint, False)):
        if target is not None:
            check_target(target, text=text)
            check_not_an_input(target, inputs)
    if options.log is not None and options.model not in (None, "rnn", "linear"):
        raise ConfigError(f"--log: a line an epoch, and the model {options.model} has no epochs")
    outputs = {"model": options.output, "log": options.log, "checkpoint": options.checkpoint}
    named: dict[str, str] = {}
    for what, path in outputs.items():
        if path is not None and (other := named.setdefault(os.path.realpath(path), what)) != what:
            raise ConfigError(f"{path}: is both the {other} and the {what}; name two files")


def _train(
    options: Options,
    arguments: dict[str, Any],
    run: CheckpointedRun | None,
    progress: TrainingProgress,
    notes: Notes,
) -> Predictor:
    from elman.taggers.train import train

    _warn_of_names(options.train, notes)
    on_progress = _keeping_models(_after_notes(notes, progress), may_stop=run is not None)
    if run is not None:
        from elman.training.run_options import RunOptions
        from elman.utils.parallel import thread_count

        with progress:
            return run.train(
                RunOptions(
                    threads=thread_count(options.threads),
                    on_progress=on_progress,
                    on_warning=notes.warn,
                    on_note=notes.add,
                )
            )
    with progress:
        return train(
            list(options.train),
            options.dev,
            model=options.model,
            budget=options.budget,
            keep_replay=options.keep_replay,
            on_progress=on_progress,
            on_warning=notes.warn,
            on_note=notes.add,
            **arguments,
        )


def _warn_of_names(paths: Sequence[str], notes: Notes) -> None:
    """Warn of dev and test files that are trained on together with a training file."""
    from elman.data.checks.dataset import role_by_name

    roles = {path: role_by_name(path) for path in paths}
    if "train" not in roles.values():
        return
    for path, role in roles.items():
        if role == "dev":
            notes.warn(f"{path} is trained on, and by its name it is a dev set: that would be --dev {path}")
        elif role == "test":
            notes.warn(f"{path} is trained on, and by its name it is a test set: do not evaluate on it")


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
        progress(event)
        has_model |= event.is_epoch_end and not event.part
        if may_stop:
            signals.keep()
            if signals.requested() and not has_model:
                raise KeyboardInterrupt
        if event.part:  # of the regression beside a network
            return
        if event.is_epoch_end:
            signals.say("stopped")
            signals.keep()
        elif event.epoch == 1 and not signals.keeps():
            signals.say(_NO_EPOCH)
        begun = event.is_epoch_end or event.epoch > 1 or event.member > 1
        if begun and signals.requested():
            raise KeyboardInterrupt

    return see


def _stop(message: str) -> NoReturn:
    """Exit with this line alone."""
    tell(f"elman: {message}")
    raise click.exceptions.Exit(signals.status())
