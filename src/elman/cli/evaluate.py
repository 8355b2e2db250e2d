"""``elman evaluate``."""

from __future__ import annotations

import json
from dataclasses import dataclass
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

import click

from elman.cli.common import (
    LABELLED_FORMATS,
    Notes,
    encoding_option,
    target_option,
    threads_option,
)
from elman.errors import DataError

if TYPE_CHECKING:
    from elman.formats import Reading
    from elman.metrics import Evaluation
    from elman.sentence import Sentence


@dataclass(frozen=True)
class _Options:
    predicted: str | None
    predicted_format: str | None
    predicted_target: str | None
    format: str | None
    target: str | None
    encoding: str
    threads: int | None
    as_json: bool


@click.command()
@click.argument("files", nargs=-1, required=True, metavar="[MODEL] GOLD")
@click.option("--predicted", metavar="FILE", help="Compare the tags in FILE instead of tagging with a MODEL.")
@click.option(
    "--predicted-format",
    type=click.Choice([*LABELLED_FORMATS, "tags"]),
    help="Format of FILE; tags: nothing but tags, a sentence a line.",
)
@click.option("--predicted-target", metavar="COLUMN", help="Column of the tags in FILE.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option("--format", type=click.Choice(LABELLED_FORMATS), help="Format of GOLD; by default what it looks like.")
@target_option
@encoding_option
@threads_option
def evaluate(files: tuple[str, ...], **given: Any) -> None:
    """Compare tags with the right ones.

    The right ones stand in GOLD; the others are what MODEL gives to its words, or stand in a file.

    \b
      elman evaluate my.model test.conllu
      elman evaluate --predicted tagged.conllu test.conllu
    """
    options = _Options(**given)
    wanted = 2 if options.predicted is None else 1
    if len(files) != wanted:
        names = "MODEL and GOLD" if wanted == 2 else "GOLD alone beside --predicted"
        raise click.UsageError(f"expected {names}, found {len(files)}")
    notes = Notes()
    if options.predicted is None:
        result = _of_model(files[0], files[1], options, notes)
    else:
        result = _of_file(options.predicted, files[0], options, notes)
    if options.as_json:
        click.echo(json.dumps(result.to_json(), indent=2, ensure_ascii=False))
    else:
        from elman.cli.report import report

        click.echo(report(result))
    notes.show()


def _of_model(model: str, path: str, options: _Options, notes: Notes) -> Evaluation:
    from elman.checks import with_words
    from elman.tagger import load

    tagger = load(model, threads=options.threads, on_note=notes.add)
    gold = _read(path, options.format, options.encoding, notes)
    column = gold.target(options.target or (tagger.target if tagger.format == gold.format else None))
    return tagger.evaluate(with_words(gold, gold.path), target=column)


def _of_file(predicted_path: str, gold_path: str, options: _Options, notes: Notes) -> Evaluation:
    from elman.checks import with_words
    from elman.metrics import Tally

    gold = _read(gold_path, options.format, options.encoding, notes)
    column = gold.target(options.target)
    if options.predicted_format == "tags":
        predicted = _read(predicted_path, "text", options.encoding, notes, labelled=False)
        predicted_column = None
    else:
        predicted = _read(predicted_path, options.predicted_format, options.encoding, notes)
        same = options.target if predicted.format == gold.format else None
        predicted_column = predicted.target(options.predicted_target or same)
    tally = Tally()
    sentences = (sentence for sentence in predicted if sentence.words)
    for right, given in zip_longest(with_words(gold, gold.path), sentences):
        if right is None or given is None:
            raise _only_one_goes_on(right, given, gold, predicted)
        tags = given.words
        if predicted_column is not None:
            _check_words(right, given)
            tags = given.columns[predicted_column]
        tally.add(right.columns[column], tags, path=given.path, line=given.line)
    return tally.result()


def _read(path: str, format: str | None, encoding: str, notes: Notes, labelled: bool = True) -> Reading:
    from elman.formats import read_sentences

    reading = read_sentences(path, format=format, encoding=encoding, labelled=labelled)
    if format is None:
        notes.add(f"{reading.path} read as {reading.format}: {reading.why}")
    return reading


def _check_words(right: Sentence, given: Sentence) -> None:
    """Raise DataError at the first word that is another one than in gold."""
    if right.words == given.words:
        return
    from elman.formats.shared import line_of, refuse, shown

    for i, (wanted, found) in enumerate(zip(right.words, given.words, strict=False)):
        if wanted != found:
            where = f"{right.path}:{line_of(right, i)}"
            raise refuse(given, i, f"expected the word {shown(wanted)}, as in {where}, found {shown(found)}")
    expected = f"{len(right.words)} words, as in {right.path}:{line_of(right, 0)}"
    raise refuse(given, 0, f"expected a sentence of {expected}, found {len(given.words)}")


def _only_one_goes_on(right: Sentence | None, given: Sentence | None, gold: Reading, predicted: Reading) -> DataError:
    """The error of two files that do not have as many sentences."""
    if given is None:
        assert right is not None
        message = f"ends before the sentence at {right.path}:{right.line}; expected as many sentences as in gold"
        return DataError(message, path=predicted.path)
    return DataError(f"goes on where {gold.path} has ended", path=given.path, line=given.line)
