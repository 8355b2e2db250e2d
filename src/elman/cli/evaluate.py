"""``elman evaluate``."""

from __future__ import annotations

import json
from dataclasses import dataclass
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

import click

from elman.cli.believed import Asked, Believed, believed, draw
from elman.cli.common import (
    LABELLED_FORMATS,
    Notes,
    encoding_option,
    plot_option,
    precision_option,
    target_option,
    threads_option,
)
from elman.errors import ConfigError, DataError

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
    precision: str
    as_json: bool
    calibration: bool
    min_confidence: float | None
    plot: str | None

    @property
    def asked(self) -> Asked:
        """What is asked for beside the evaluation."""
        return Asked(self.calibration, self.min_confidence, self.plot)


@click.command()
@click.argument("files", nargs=-1, required=True, metavar="[MODEL] GOLD")
@click.option("--predicted", metavar="FILE", help="Compare the tags in FILE instead of tagging with a MODEL.")
@click.option(
    "--predicted-format",
    type=click.Choice([*LABELLED_FORMATS, "tags"]),
    help="Format of FILE; tags: nothing but tags, a sentence a line.",
)
@click.option("--predicted-target", metavar="COLUMN,…", help="Column of the tags in FILE; as many as of GOLD.")
@click.option("--calibration", is_flag=True, help="Show how far the confidences of MODEL can be believed.")
@click.option("--min-confidence", type=float, metavar="P", help="Show how much is tagged, and how well, from P up.")
@plot_option("what is taken for what; with --calibration, how far confidences can be believed")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option("--format", type=click.Choice(LABELLED_FORMATS), help="Format of GOLD; by default what it looks like.")
@target_option
@encoding_option
@threads_option
@precision_option
def evaluate(files: tuple[str, ...], **given: Any) -> None:
    """Compare tags with the right ones.

    The right ones stand in GOLD; the others are what MODEL gives to its words, or stand in a file.

    \b
      elman evaluate my.model test.conllu
      elman evaluate --predicted tagged.conllu test.conllu
      elman evaluate my.model test.conllu --calibration --plot reliability.svg
    """
    options = _Options(**given)
    wanted = 2 if options.predicted is None else 1
    if len(files) != wanted:
        names = "MODEL and GOLD" if wanted == 2 else "GOLD alone beside --predicted"
        raise click.UsageError(f"expected {names}, found {len(files)}")
    options.asked.check(of_model=options.predicted is None)
    notes = Notes()
    found = Believed()
    if options.predicted is None:
        results, found = _of_model(files[0], files[1], options, notes)
    else:
        results = _of_file(options.predicted, files[0], options, notes)
    draw(options.asked, results, found)
    if options.as_json:
        of_columns = {name: result.to_json() | found.to_json(name) for name, result in results.items()}
        whole = next(iter(of_columns.values()))
        click.echo(
            json.dumps({**whole, "targets": of_columns} if len(results) > 1 else whole, indent=2, ensure_ascii=False)
        )
    else:
        from elman.cli.report import reports

        click.echo("\n\n".join(filter(None, (reports(results), found.reports()))))
    notes.show()


def _of_model(model: str, path: str, options: _Options, notes: Notes) -> tuple[dict[str, Evaluation], Believed]:
    from elman.checks import with_words
    from elman.formats import column_names
    from elman.tagger import load

    tagger = load(model, threads=options.threads, precision=options.precision, on_note=notes.add)
    gold = _read(path, options.format, options.encoding, notes)
    trained = tagger.targets if tagger.format == gold.format or len(tagger.targets) > 1 else None
    columns = gold.targets(column_names(options.target) or trained)
    sentences = with_words(gold, gold.path)
    if not options.asked.of_confidences:
        return tagger.evaluate_columns(sentences, target=columns), Believed()
    kept = list(sentences)
    return tagger.evaluate_columns(kept, target=columns), believed(tagger, kept, columns, options.asked)


def _of_file(predicted_path: str, gold_path: str, options: _Options, notes: Notes) -> dict[str, Evaluation]:
    from elman.checks import with_words
    from elman.formats import column_names
    from elman.metrics import Tally

    gold = _read(gold_path, options.format, options.encoding, notes)
    names = column_names(options.target)
    columns = gold.targets(names)
    if options.predicted_format == "tags":
        predicted = _read(predicted_path, "text", options.encoding, notes, labelled=False)
        given_columns: tuple[str, ...] | None = None
    else:
        predicted = _read(predicted_path, options.predicted_format, options.encoding, notes)
        same = names if predicted.format == gold.format else None
        given_columns = predicted.targets(column_names(options.predicted_target) or same)
    n_given = 1 if given_columns is None else len(given_columns)
    if n_given != len(columns):
        raise ConfigError(f"--target names {len(columns)} columns of tags, and of {predicted.path} there are {n_given}")
    tallies = {column: Tally() for column in columns}
    sentences = (sentence for sentence in predicted if sentence.words)
    for right, given in zip_longest(with_words(gold, gold.path), sentences):
        if right is None or given is None:
            raise _only_one_goes_on(right, given, gold, predicted)
        all_tags = [given.words]
        if given_columns is not None:
            _check_words(right, given)
            all_tags = [given.columns[column] for column in given_columns]
        for (column, tally), tags in zip(tallies.items(), all_tags, strict=True):
            tally.add(right.columns[column], tags, path=given.path, line=given.line)
    return {column: tally.result() for column, tally in tallies.items()}


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
