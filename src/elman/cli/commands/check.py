"""``elman check``."""

from __future__ import annotations

from typing import Any

import click

from elman.cli.options import Notes, encoding_option, target_option, without_gc
from elman.cli.say import say, say_json


@click.command()
@click.argument("files", nargs=-1, metavar="[FILE]...")
@click.option("--train", multiple=True, metavar="FILE", help="File to train on; may be given several times.")
@click.option("--dev", multiple=True, metavar="FILE", help="File to choose by.")
@click.option("--test", multiple=True, metavar="FILE", help="File to report on.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object (docs/check.md).")
@click.option("--all", "everything", is_flag=True, help="Show all findings and tags, not the first of each kind.")
@click.option("--format", metavar="FORMAT", help="Format of the files; by default what they look like.")
@target_option
@encoding_option
def check(files: tuple[str, ...], **given: Any) -> None:
    """Look for what is wrong with labelled data.

    Sentences in more than one split, the same sentence with other tags, illegal sequences of span tags, tags that
    train lacks, odd characters, words whose tag is probably a slip, and more; each with file, line and severity.

    A FILE belongs to train, dev or test if its name says so (en_ewt-ud-dev.conllu), else it is a split of its own. Exit
    status 1 where there are errors; warnings and notes leave it 0.

    \b
      elman check train.conllu dev.conllu test.conllu
      elman check --train a.tsv --train b.tsv --test c.tsv --json
    """
    from elman.data.checks import examine, read_splits
    from elman.data.corpus import ReadOptions
    from elman.data.formats import column_names

    splits_given = {role: given[role] for role in ("train", "dev", "test")}
    if not files and not any(splits_given.values()):
        raise click.UsageError("expected a FILE, or --train, --dev, --test")
    how = ReadOptions(column_names(given["target"]), given["format"], given["encoding"])
    read_as: list[str] = []
    with without_gc():
        report = examine(read_splits(splits_given, files, how, read_as))
        if given["as_json"]:
            say_json(report.to_json())
        else:
            from elman.cli.reports.check import lines

            say("\n".join(lines(report, everything=given["everything"])))
    notes = Notes()
    for text in read_as:
        notes.add(text)
    notes.show()
    if report.counts["error"]:
        raise click.exceptions.Exit(1)
