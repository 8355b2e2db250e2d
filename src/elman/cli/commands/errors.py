"""``elman errors``."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from elman.cli.options import (
    Notes,
    check_not_an_input,
    encoding_option,
    format_option,
    html_option,
    target_option,
    threads_option,
    write_page,
)
from elman.cli.reports.scores import bold, cell, percent
from elman.cli.say import say, say_json
from elman.errors import ConfigError
from elman.utils import limits
from elman.utils.display import visible

if TYPE_CHECKING:
    from elman.analysis.errors import ErrorAnalysis, WrongSentence

TAG = 12  # columns of the terminal for a tag
AROUND = 33  # and for the words on each side of a wrong one


@click.command()
@click.argument("model", metavar="MODEL")
@click.argument("gold", metavar="GOLD")
@click.option(
    "--most",
    type=click.IntRange(1, limits.ENTRIES),
    default=20,
    show_default=True,
    metavar="N",
    help="Entries of each list.",
)
@html_option("Write a page with whole sentences too; it needs nothing but a browser.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@format_option("GOLD")
@target_option
@encoding_option
@threads_option
def errors(
    model: str,
    gold: str,
    most: int,
    html: str | None,
    as_json: bool,
    format: str | None,
    target: str | None,
    encoding: str,
    threads: int | None,
) -> None:
    """Show which errors to look at first.

    MODEL tags the words of GOLD. What it is sure of and gets wrong comes first: that is where the model, or the
    annotation, has something to learn. Then come frequent confusions, and unknown words.

    \b
      elman errors my.model test.conllu
      elman errors my.model test.conllu --html errors.html
    """
    from elman.analysis.errors import analyze_errors
    from elman.cli.gold import How, gold as gold_of, read
    from elman.cli.raw_text import with_columns
    from elman.data.formats import column_names
    from elman.taggers.load import load
    from elman.utils.files import check_target

    if html is not None:
        check_target(html)
        check_not_an_input(html, (model, gold))
    notes = Notes()
    tagger = with_columns(load(model, threads=threads, on_note=notes.add))
    names = column_names(target)
    if names is not None and len(names) > 1:
        raise ConfigError(f"--target: errors are shown of one label column, got {target}")
    several = len(tagger.targets) > 1
    how = How(format, target or (tagger.target if several else None), encoding)
    right = gold_of(read(gold, how, notes), how, tagger)
    (column,) = right.columns
    found = analyze_errors(tagger, right.sentences, target=column, most=most)
    if as_json:
        say_json(found.to_json())
    else:
        say(report(found))
    if html is not None:
        from elman.viz.errors_html import page

        write_page(html, page(found, os.path.basename(model), os.path.basename(right.path)))
    notes.show()


def report(found: ErrorAnalysis) -> str:
    """The lists for a terminal of 80 columns."""
    parts = [_summary(found), _sentences(found), _confusions(found), _unknown(found)]
    return "\n\n".join("\n".join(lines) for part in parts if (lines := list(part)))


def _summary(found: ErrorAnalysis) -> Iterator[str]:
    right = f"{percent(found.correct, found.tokens)} right"
    if found.of_texts:
        yield f"label {visible(found.column)}: {found.errors:,} of {found.tokens:,} texts wrong, {right}"
        return
    unknown = f"{found.unknown_tokens:,} unknown words {percent(found.unknown_correct, found.unknown_tokens)} right"
    yield f"column {visible(found.column)}: {found.errors:,} of {found.tokens:,} words wrong, {right}; of {unknown}"


def _sentences(found: ErrorAnalysis) -> Iterator[str]:
    if not found.sentences:
        return
    yield bold(f"{'sure, but wrong':<17}{'right tag':<{TAG + 2}}{'tag given':<{TAG + 2}}where")
    for sentence in found.sentences:
        word = sentence.surest
        where = visible(f"{sentence.path}:{word.line}") if sentence.path else ""
        sure = f"{100 * word.confidence:.2f} %"
        yield f"{sure:>15}  {cell(word.gold, TAG)}  {cell(word.predicted, TAG)}  {where}"
        yield f"    {_context(sentence)}"


def _context(sentence: WrongSentence) -> str:
    """The word in question between brackets, and those around it, as far as there is room; a text alone as it is."""
    if sentence.whole:
        text = visible(sentence.words[0].word)
        return text if len(text) <= 2 * AROUND else text[: 2 * AROUND] + "…"
    at = sentence.words.index(sentence.surest)
    words = [visible(word.word) for word in sentence.words]
    before, after = " ".join(words[:at]), " ".join(words[at + 1 :])
    if len(before) > AROUND:
        before = "…" + before[-AROUND:]
    if len(after) > AROUND:
        after = after[:AROUND] + "…"
    word = words[at] if len(words[at]) <= AROUND else words[at][:AROUND] + "…"
    return " ".join(part for part in (before, bold(f"[{word}]"), after) if part)


def _confusions(found: ErrorAnalysis) -> Iterator[str]:
    if not found.confusions:
        return
    unit, often = ("texts", "first by alphabet") if found.of_texts else ("words", "most often")
    yield bold(f"{'right tag':<{TAG + 2}}{'tag given':<{TAG + 2}}{unit:>7}{'of errors':>11}   {often}")
    for one in found.confusions:
        words = visible(", ".join(word if count == 1 else f"{word} ({count})" for word, count in one.words))
        share = f"{100 * one.count / found.errors:.1f} %"
        tags = f"{cell(one.gold, TAG)}  {cell(one.predicted, TAG)}"
        yield f"{tags}  {one.count:>7,}{share:>11}   {cell(words, 30)}".rstrip()


def _unknown(found: ErrorAnalysis) -> Iterator[str]:
    if not found.unknown:
        return
    yield bold(f"{'unknown word':<26}{'wrong':>7}{'of':>7}   {'right tag':<{TAG + 2}}tag given")
    for one in found.unknown:
        counts = f"{one.wrong:>7,}{one.count:>7,}"
        yield f"{cell(one.word, 26)}{counts}   {cell(one.gold, TAG)}  {cell(one.predicted, TAG)}".rstrip()
