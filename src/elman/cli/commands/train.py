"""``elman train``."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from shlex import quote
from typing import TYPE_CHECKING, Any, NoReturn

import click

from elman.cli.options import (
    Notes,
    check_not_an_input,
    encoding_option,
    format_option,
    seed_option,
    settings_of,
    size,
    target_option,
    threads_option,
)
from elman.cli.progress import TrainingProgress
from elman.cli.say import say, tell
from elman.config import PRESETS
from elman.errors import ConfigError, while_reading
from elman.utils import limits, stopping
from elman.utils.display import visible

if TYPE_CHECKING:
    from elman.taggers.base import Predictor
    from elman.training.trainer import Progress

_NOTHING = "stopped before anything was trained; nothing is written"
_NO_EPOCH = "stopped before the first epoch was done; nothing is written"


@dataclass(frozen=True)
class _Options:
    train: tuple[str, ...]
    dev: str | None
    output: str
    model: str | None
    preset: str
    format: str | None
    target: str | None
    task: str | None
    config: str | None
    set: tuple[str, ...]
    vectors: str | None
    ensemble: int | None
    budget: str | None
    find_rate: bool
    seed: int
    threads: int | None
    encoding: str
    log: str | None


def _help_settings(ctx: click.Context, param: click.Parameter, value: bool) -> None:
    if value:
        from elman.cli.settings_help import settings_help

        say(settings_help())
        ctx.exit()


@click.command()
@click.argument("train", nargs=-1, required=True, metavar="TRAIN...")
@click.option("--dev", metavar="FILE|10%", help="Sentences to choose the best epoch by: a file, or a share of TRAIN.")
@click.option("-o", "--output", metavar="MODEL", help="Model file to write.  [required]")
@click.option(
    "--model",
    type=click.Choice(["rnn", "linear", "hmm", "frequent", "ngram"]),
    help="Recurrent network (the default); of labels of texts a linear model of n-grams, which --dev may prefer by "
    "default; of words a hidden Markov model, or the most frequent tag; of the task lm counted n-grams.",
)
@click.option(
    "--preset",
    type=click.Choice(list(PRESETS)),
    default="default",
    show_default=True,
    help="Settings to start from.",
)
@format_option("TRAIN")
@target_option
@click.option(
    "--task",
    metavar="TASK",
    help="tag (words), classify (whole texts); segment (raw text), lemma, morphology, parse, pipeline (raw text to "
    "full CoNLL-U): docs/pipeline.md; lm, lm:unit=characters (what comes next in raw text): docs/language-models.md; "
    "regress (numbers): docs/regression.md. By default tag, or classify where TRAIN labels no words.",
)
@click.option("--config", metavar="FILE.toml", help="Settings that differ from the preset.")
@click.option("--set", metavar="KEY=VALUE", multiple=True, help="One such setting; may be repeated.")
@click.option(
    "--help-settings",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_help_settings,
    help="List all settings and exit.",
)
@click.option("--vectors", metavar="FILE", help="Pretrained word vectors: word2vec, GloVe or fastText (text).")
@click.option(
    "--ensemble",
    type=click.IntRange(0, limits.NETWORKS),
    metavar="N",
    help="Train N networks that tag together, as one model.",
)
@click.option("--budget", metavar="TIME", help="Fill this time, 60s or 2m: chooses the size and the epochs.")
@click.option("--find-rate", is_flag=True, help="Try rising learning rates, print which to take and exit.")
@seed_option("Of every random draw.")
@threads_option
@encoding_option
@click.option(
    "--log",
    metavar="FILE.jsonl",
    help="Write loss, accuracy, gradients, units, time, speed and instruction set, a line an epoch.",
)
@click.pass_context
def train(ctx: click.Context, /, **given: Any) -> None:
    """Train a tagger on labelled text, or a classifier on texts with labels.

    The files are conllu, columns (a word and its tag a line, a blank line after a sentence) or word_tag (a sentence a
    line); or a label and a text a line (docs/classification.md). The same files, settings and seed give the same model
    on one instruction set, whatever --threads. Ctrl-C, or SIGTERM, keeps the best model so far.

    \b
      elman train train.conllu --dev dev.conllu -o my.model
      elman train all.txt --dev 10% -o my.model --set hidden=128 --set epochs=20
      elman train all.txt --dev 10% -o my.model --budget 2m
      elman train reviews.tsv --dev 10% -o my.model
      elman train requests.bio -o my.model --target tag,intent
      elman train train.conllu --dev dev.conllu --task pipeline -o my.model
    """
    if given["output"] is None and not given["find_rate"]:
        raise click.MissingParameter(ctx=ctx, param_hint="'-o' / '--output'", param_type="option")
    options = _Options(**given)
    settings = _settings(options)
    if options.find_rate:
        say(_rate_found(options, settings))
        return
    _check_targets(options)
    notes = Notes()
    progress = TrainingProgress(options.log, notes.warn)
    stopping.say(_NOTHING)
    try:
        tagger = _train(options, settings, progress, notes)
    except KeyboardInterrupt:
        _stop(_NOTHING)
    record = tagger.describe()["training"]
    epochs = record.get("epochs")
    if tagger.interrupted and not epochs:
        _stop(_NO_EPOCH)
    tagger.save(options.output)
    # on standard output there may be the model itself
    say(_summary(tagger, options), err=options.output == "-")
    if tagger.interrupted or stopping.requested():
        when = f"with {1 + len(record['members'])} networks" if "members" in record else f"after epoch {epochs}"
        _stop(f"stopped {when}; the best model so far is in {options.output}")
    progress.check_log()
    notes.show()


def _settings(options: _Options) -> dict[str, Any]:
    """The settings of --config, --set and --ensemble; the later ones win."""
    settings: dict[str, Any] = {}
    if options.config is not None:
        from elman.config import settings_from_toml

        try:
            with while_reading(options.config), open(options.config, encoding="utf-8") as file:
                settings.update(settings_from_toml(file.read(), options.config))
        except UnicodeDecodeError:
            raise ConfigError(f"{options.config}: not TOML: not UTF-8 text") from None
    settings |= settings_of(options.set)
    return settings if options.ensemble is None else {**settings, "ensemble": options.ensemble}


def _check_targets(options: _Options) -> None:
    """Raise OutputError or ConfigError now rather than when the training is done."""
    from elman.utils.files import check_target

    inputs = [path for path in (*options.train, options.dev, options.config, options.vectors) if path is not None]
    for target, text in ((options.output, False), (options.log, True)):
        if target is not None:
            check_target(target, text=text)
            check_not_an_input(target, inputs)
    if options.log is not None and options.model not in (None, "rnn", "linear"):
        raise ConfigError(f"--log: a line an epoch, and the model {options.model} has no epochs")
    if options.log is not None and os.path.realpath(options.log) == os.path.realpath(options.output):
        raise ConfigError(f"{options.log}: named for the model and for the log; name two files")


def _train(options: _Options, settings: dict[str, Any], progress: TrainingProgress, notes: Notes) -> Predictor:
    from elman.taggers.train import train

    with progress:
        return train(
            list(options.train),
            options.dev,
            model=options.model,
            preset=options.preset,
            settings=settings,
            vectors=options.vectors,
            budget=options.budget,
            target=options.target,
            task=options.task,
            format=options.format,
            encoding=options.encoding,
            seed=options.seed,
            threads=options.threads,
            on_progress=_kept(_show_first(notes, progress)),
            on_warning=notes.warn,
            on_note=notes.add,
        )


def _rate_found(options: _Options, settings: dict[str, Any]) -> str:
    """The trial of rates as a table, the rate to take, and what to type next."""
    from elman.taggers.train import find_rate

    if options.task not in (None, "tag", "classify"):
        raise ConfigError(f"--find-rate: it is for the tasks tag and classify, not for {options.task}")
    if options.model not in (None, "rnn") or options.budget is not None:
        raise ConfigError("--find-rate: it is for the rnn's settings, without --budget")
    trial = find_rate(
        list(options.train),
        preset=options.preset,
        settings=settings,
        vectors=options.vectors,
        target=options.target,
        task=options.task,
        format=options.format,
        encoding=options.encoding,
        seed=options.seed,
        threads=options.threads,
    )
    lines = [f"{'rate':<10}loss", *(f"{rate:<10.2g}{loss:.3f}" for rate, loss in trial.table())]
    lines += ["", f"rate {trial.rate:g}: there the loss falls fastest; a little less is safer", ""]
    lines.append(f"next  elman train {' '.join(map(quote, options.train))} -o MODEL --set learning_rate={trial.rate:g}")
    return "\n".join(map(visible, lines))


def _show_first(notes: Notes, progress: Callable[[Progress], None]) -> Callable[[Progress], None]:
    """At a terminal the notes are of use before the work; elsewhere they wait, for it may still end in an error."""
    if not sys.stderr.isatty():
        return progress

    def show(event: Progress) -> None:
        notes.show()
        progress(event)

    return show


def _kept(progress: Callable[[Progress], None]) -> Callable[[Progress], None]:
    """After the first epoch there is a model to keep: a signal is no longer the end, but ends the training here.

    Of a model of several tasks each gets its first epoch, for it is of no use with the one alone.
    """

    def see(event: Progress) -> None:
        progress(event)
        if event.part:  # of the regression beside a network
            return
        if event.is_epoch_end:
            stopping.say("stopped")
            stopping.keep()
        elif event.epoch == 1 and not stopping.keeps():
            stopping.say(_NO_EPOCH)
        begun = event.is_epoch_end or event.epoch > 1 or event.member > 1
        if begun and stopping.requested():
            raise KeyboardInterrupt

    return see


def _summary(tagger: Predictor, options: _Options) -> str:
    """What was trained on, how good it is, where it is, and what to type next."""
    facts = tagger.describe()
    data = facts["data"]
    model = "MODEL" if options.output == "-" else quote(options.output)
    if tagger.task == "lm":
        return _summary_of_language(facts, options, model)
    items = "texts" if tagger.text_targets and not tagger.word_targets else "sentences"
    lines = [
        f"trained on    {data['sentences']:,} {items}, {data['words']:,} words, "
        + ", ".join(
            f"{len(tags):,} {'labels' if name in tagger.text_targets else 'tags'} ({name})"
            if tags
            else f"numbers ({name})"
            for name, tags in tagger.tag_sets.items()
        ),
    ]
    if data["dev_accuracy"] is not None:
        mean = f", the mean of {len(tagger.targets)} columns" if len(tagger.targets) > 1 else ""
        name = "dev accuracy" if tagger.task != "regress" else "dev R²"
        lines.append(f"{name:<14}{_dev_accuracy(data['dev_accuracy'], facts['training'])}{mean}")
    if options.output != "-":
        lines.append(f"model         {options.output} ({size(os.path.getsize(options.output))})")
    lines += [f"next          elman evaluate {model} TEST", f"              elman tag {model} TEXT"]
    return "\n".join(map(visible, lines))


def _summary_of_language(facts: dict[str, Any], options: _Options, model: str) -> str:
    data = facts["data"]
    lines = [f"trained on      {data['words']:,} {facts['unit']}, {len(facts['tags']):,} distinct with <unk>"]
    if data["dev_accuracy"]:
        lines.append(f"dev perplexity  {1 / data['dev_accuracy']:.4g} of {facts['unit']}")
    if options.output != "-":
        lines.append(f"model           {options.output} ({size(os.path.getsize(options.output))})")
    lines += [f"next            elman evaluate {model} TEXT", f"                elman sample {model}"]
    return "\n".join(map(visible, lines))


def _dev_accuracy(accuracy: float, record: dict[str, Any]) -> str:
    """The accuracy on dev, in words."""
    text = f"{100 * accuracy:.2f} %"
    beside = " and logistic regression" if "linear" in record else ""
    if "members" in record:
        return f"{text}, {1 + len(record['members'])} networks{beside} together"
    if beside:
        return f"{text}, the network{beside} together"
    return f"{text} after epoch {record['best_epoch']}, the best of {record['epochs']}" if record else text


def _stop(message: str) -> NoReturn:
    """End with this line alone."""
    tell(f"elman: {message}")
    raise click.exceptions.Exit(stopping.status())
