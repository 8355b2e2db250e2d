"""``elman check``."""

from __future__ import annotations

from dataclasses import dataclass

import click

from elman.cli.notes import without_gc
from elman.cli.options import LabelledOptions, Verbosity, argument, command, json_option, option
from elman.cli.say import say, say_json


@dataclass(frozen=True, kw_only=True)
class Options(LabelledOptions, Verbosity):
    """The options of ``elman check``."""

    files: tuple[str, ...] = argument("[FILE]...", nargs=-1)
    train: tuple[str, ...] = option("--train", multiple=True, metavar="FILE", help="Training file; may be repeated.")
    dev: tuple[str, ...] = option("--dev", multiple=True, metavar="FILE", help="Development file; may be repeated.")
    test: tuple[str, ...] = option("--test", multiple=True, metavar="FILE", help="Test file; may be repeated.")
    json: bool = json_option()
    all: bool = option("--all", is_flag=True, help="Show all findings and tags, not the first of each kind.")


@command(Options)
def check(options: Options) -> None:
    """Find mistakes in labelled data.

    Sentences in more than one split, the same sentence with different tags, illegal sequences of span tags, tags that
    train lacks, heads that form no tree, odd characters, words that are probably tagged by mistake, and more; each with
    file, line and severity. Of CoNLL-U all columns that have values are checked, or those that --target names.

    A FILE belongs to train, dev or test if its name says so (en_ewt-ud-dev.conllu), else it is a split of its own. Exit
    status 1 if there are errors; warnings and notes leave it 0.

    \b
      elman check train.conllu dev.conllu test.conllu
      elman check --train a.tsv --train b.tsv --test c.tsv --json
    """
    from elman.data.functions import check as check_data

    if not (options.files or options.train or options.dev or options.test):
        raise click.UsageError("expected a FILE, or --train, --dev, --test")
    read_as: list[str] = []
    with without_gc():
        report = check_data(
            options.files,
            train=options.train,
            dev=options.dev,
            test=options.test,
            target=options.target,
            format=options.format,
            encoding=options.encoding,
            on_note=read_as.append,
        )
        if options.json:
            say_json(report.to_json())
        else:
            from elman.cli.reports.check import lines

            say("\n".join(lines(report, everything=options.all)))
    notes = options.notes()
    for text in read_as:
        notes.add(text)
    notes.show()
    if report.counts["error"]:
        raise click.exceptions.Exit(1)
