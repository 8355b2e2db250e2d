"""``elman learn``."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import click

from elman.cli.checkpoints import CheckpointOptions, begin, check_run_outputs, ending, missing, resumed
from elman.cli.loading import load_model
from elman.cli.notes import Notes
from elman.cli.options import (
    InputOptions,
    RunOptions,
    argument,
    command,
    html_option,
    json_option,
    option,
    seed_option,
)
from elman.cli.outputs import check_outputs, size, write_page
from elman.cli.progress import TrainingProgress
from elman.cli.reports.learn import report, retrained
from elman.cli.say import say, say_json, tell
from elman.data.sentence import NO_TAG
from elman.errors import ConfigError, while_reading
from elman.utils import signals
from elman.utils.json_values import as_json

if TYPE_CHECKING:
    from elman.data.correction import Correction
    from elman.learn.report import UpdateReport
    from elman.taggers.base import Predictor
    from elman.taggers.tagger import Tagger, TextClassifier
    from elman.training.checkpoint import Checkpoints

    Learned = Tagger | TextClassifier
    Texts = tuple[list[Correction], list[Correction]]


_PATHS = ("model", "corrections", "output", "replay", "heldout", "html")
"""The options that name files."""


@dataclass(frozen=True, kw_only=True)
class Options(CheckpointOptions, InputOptions, RunOptions):
    """The options of ``elman learn``."""

    model: str = argument("MODEL", required=False)
    corrections: tuple[str, ...] = argument("CORRECTIONS...", nargs=-1)
    output: str = option("-o", "--output", metavar="MODEL", help="Model file to write; may be MODEL. Always needed.")
    replay: str | None = option(
        "--replay",
        metavar="TRAIN",
        help="Training sentences, to learn again with the corrections; by default those of train --keep-replay.",
    )
    heldout: str | None = option(
        "--heldout", metavar="FILE", help="Labelled text that is not learned: it shows what the model has forgotten."
    )
    unlabelled: str = option(
        "--unlabelled",
        metavar="TEXT",
        default=NO_TAG,
        show_default=True,
        help="In place of a label: nobody looked at this word.",
    )
    retrain: bool = option(
        "--retrain",
        is_flag=True,
        help="Then train from scratch on TRAIN and all corrections; keep that model if held-out text is no worse.",
    )
    force: bool = option("--force", is_flag=True, help="Write a model that is worse on held-out text, too.")
    forget_text: bool = option(
        "--forget-text", is_flag=True, help="Keep only digests of the corrections in the model file, not their words."
    )
    json: bool = json_option()
    html: str | None = html_option("the report and the sentences that changed")
    seed: int = seed_option()


@command(Options)
def learn(options: Options) -> None:
    """Correct a model: learn corrected sentences.

    CORRECTIONS are whole sentences with correct labels, in any format that is read; a word that nobody looked at has _
    in place of its label. The model learns them in a few steps, together with TRAIN sentences and with the corrections
    that it learned before. The report says what was learned and what was forgotten. A model that is significantly worse
    on held-out text is not written (exit status 1).

    \b
      elman learn my.model corrected.conllu -o better.model --replay train.conllu --heldout dev.conllu
      elman learn my.model corrected.conllu -o my.model --heldout dev.conllu
      elman learn my.model corrected.conllu -o new.model --replay train.conllu --heldout dev.conllu --retrain
    """
    from elman.learn.corrections import check_model, labelled, read
    from elman.learn.learner import update
    from elman.training.run_identity import check_files

    options.check_checkpoint()
    notes = options.notes()
    checkpoints: Checkpoints | None = None
    if options.resume is not None:
        options, checkpoints = resumed(options, "learn", _PATHS, notes)
    _check(options)
    if checkpoints is None:
        checkpoints = begin(options, "learn", _files(options), notes)
    else:
        check_files(checkpoints, _files(options))
    if checkpoints is not None:
        signals.say(_stopped(checkpoints))
    model = check_model(load_model(options.model, options, notes, options.corrections))
    replay, heldout = (
        None if path is None else labelled(model, path, encoding=options.encoding, on_file=notes.add)
        for path in (options.replay, options.heldout)
    )
    contradictions: list[str] = []
    corrections = read(
        model,
        list(options.corrections),
        format=options.format,
        encoding=options.encoding,
        unlabelled=options.unlabelled,
        on_note=contradictions.append,
        on_file=notes.add,
    )
    new, found = update(
        model,
        corrections,
        replay=replay,
        heldout=heldout,
        unlabelled=options.unlabelled,
        seed=options.seed,
        threads=model.threads,
    )
    found = replace(found, notes=[*contradictions, *found.notes])
    retraining: dict[str, Any] = {}
    if options.retrain and replay is not None and heldout is not None:
        run = options, notes, checkpoints
        new, found, retraining = _retrained(model, new, found, (replay, heldout), run)
    refused = found.worse and not options.force
    if not refused:
        _with_history(new, options).save(options.output)
    if checkpoints is not None:
        checkpoints.remove()
    _show(found, retraining, options, written=not refused)
    for note in found.notes:
        notes.add(note)
    notes.show()
    if refused:
        tell(f"elman: significantly worse on held-out text, {options.output} is not written; --force writes it")
        raise click.exceptions.Exit(1)


def _stopped(checkpoints: Checkpoints) -> str:
    return f"stopped; elman learn --resume {checkpoints.path} goes on"


def _check(options: Options) -> None:
    """Raise ConfigError or OutputError before learning rather than after it."""
    for given, kind, hint in (
        (options.model, "argument", "'MODEL'"),
        (options.corrections, "argument", "'CORRECTIONS...'"),
        (options.output, "option", "'-o' / '--output'"),
    ):
        if not given:
            missing(kind, hint)
    if options.checkpoint is not None and not options.retrain:
        raise ConfigError("--checkpoint: expected --retrain with it; without it there is little to lose")
    data = [path for path in (*options.corrections, options.replay, options.heldout) if path is not None]
    check_outputs([options.model, *data], html=options.html)
    outputs = {"model": options.output, "page": options.html}
    check_run_outputs(outputs, data, options.checkpoint or options.resume, also_read=[options.model])
    if options.json and options.output == "-":
        raise ConfigError("--json: standard output holds the model; name a file with -o")
    if options.retrain and options.replay is None:
        raise ConfigError("--retrain: needs --replay TRAIN, the sentences that the model was trained on")
    if options.retrain and options.heldout is None:
        raise ConfigError("--retrain: needs --heldout FILE, text to compare the two models on")


def _files(options: Options) -> list[str]:
    """Return the files that are read."""
    found = (options.model, *options.corrections, options.replay, options.heldout)
    return [path for path in found if path is not None]


def _retrained(
    model: Learned, new: Learned, found: UpdateReport, texts: Texts, run: tuple[Options, Notes, Checkpoints | None]
) -> tuple[Learned, UpdateReport, dict[str, Any]]:
    """Return the model to use, the report on it beside the model before, and facts about the retraining.

    ``texts`` are the training sentences and the held-out ones.
    """
    options, notes, checkpoints = run
    from elman.learn.corrections import apart
    from elman.learn.report import make_report
    from elman.learn.retraining import retrain
    from elman.training.run_options import RunOptions as Run

    earlier = [*found.earlier.kept, *found.earlier.broken]
    corrections = [*found.learned, *found.not_learned]
    progress = TrainingProgress(None, notes.warn, quiet=options.quiet, verbose=options.verbose)
    on_progress = progress if checkpoints is None else ending(progress)
    how = Run(options.seed, model.threads, on_progress, notes.warn, notes.add, checkpoints)
    try:
        with progress:
            best, beside, adopted = retrain(new, [*earlier, *corrections], train=texts[0], heldout=texts[1], run=how)
    except (ConfigError, KeyboardInterrupt):
        if checkpoints is None or not checkpoints.is_stopped:
            raise
        checkpoints.write()
        tell(f"elman: {_stopped(checkpoints)}")
        raise click.exceptions.Exit(signals.status()) from None
    facts = {"adopted": adopted, "heldout": beside.heldout}
    found = replace(found, notes=[*found.notes, *beside.notes])
    if not adopted:
        return new, found, facts
    gold = apart(texts[1], new.history.words_digests)
    final = make_report(model, best, corrections, earlier, gold, seed=options.seed)
    found = replace(found, learned=final.learned, not_learned=final.not_learned, earlier=final.earlier)
    return best, replace(found, heldout=final.heldout, replayed=None), facts


def _with_history(model: Predictor, options: Options) -> Predictor:
    """Return the model with the SHA-256 of the file that was read, and without the corrections' text if asked for."""
    with while_reading(options.model), open(options.model, "rb") as file:
        parent = hashlib.file_digest(file, "sha256").hexdigest()
    history = replace(model.history, parent=parent)
    return model.with_history(replace(history, corrections=()) if options.forget_text else history)


def _show(found: UpdateReport, retraining: dict[str, Any], options: Options, *, written: bool) -> None:
    if options.json:
        files = {"model": options.model, "output": options.output, "written": written}
        say_json({**files, **found.to_json(), "retrain": as_json(retraining) or None})
    else:
        text = report(found)
        if retraining:
            text += f"\n\n{retrained(retraining['adopted'], retraining['heldout'])}"
        if written and options.output != "-":
            text += f"\n\n{options.output}  {size(os.path.getsize(options.output))}"
        say(text, err=options.output == "-")
    if options.html is not None:
        from elman.viz.learn_html import page

        write_page(options.html, page(found, os.path.basename(options.model), os.path.basename(options.output)))
