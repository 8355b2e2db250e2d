"""``elman train``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from elman.cli.cluster import ClusterOptions, opened_map
from elman.cli.notes import Notes
from elman.cli.options import Choice, argument, command, option, whole_number
from elman.cli.training_options import TrainingOptions
from elman.cli.training_run import TrainedOptions, run_training
from elman.errors import ConfigError
from elman.utils import limits


@dataclass(frozen=True, kw_only=True)
class Options(TrainedOptions, ClusterOptions, TrainingOptions):
    """The options of ``elman train``; a resumed run needs none but ``--resume``."""

    train: tuple[str, ...] = argument("TRAIN...", nargs=-1)
    dev: str | None = option(
        "--dev", metavar="FILE|10%", help="Development data, to choose the best epoch by: a file, or a share of TRAIN."
    )
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
    raw: tuple[str, ...] = option(
        "--raw",
        metavar="FILE",
        multiple=True,
        help="Raw text to learn from, too: a base is pretrained on it, and a teacher tags it; may be repeated.",
    )
    ensemble: int | None = option(
        "--ensemble", **whole_number(0, limits.NETWORKS), help="Train N networks that tag together, as one model."
    )
    base: str | None = option(
        "--from", metavar="BASE", help="Begin with a base model of elman pretrain; cell, size and features are its own."
    )
    keep_replay: int = option(
        "--keep-replay",
        default=0,
        **whole_number(0, limits.REPLAY),
        help="Keep N training sentences in the model file, for elman learn to train on again.",
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
    if options.log is not None and options.model not in (None, "rnn", "linear"):
        raise ConfigError(f"--log: a line an epoch, and the model {options.model} has no epochs")
    arguments = options.training() | {
        name: getattr(options, name) for name in ("model", "base", "budget", "keep_replay")
    }
    arguments |= {"lexicon": list(options.lexicon) or None, "raw": list(options.raw) or None}
    if options.ensemble is not None:
        arguments["settings"]["ensemble"] = options.ensemble
    notes = options.notes()
    _warn_of_names(options.train, notes)
    options.check_cluster()
    with opened_map(options.cluster) as elsewhere:
        if elsewhere is not None:
            arguments["map"] = elsewhere
        run_training(options, arguments, notes, inputs=(options.vectors, options.base, *options.lexicon, *options.raw))


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
