"""``elman errors``."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from elman.cli.loading import load_model
from elman.cli.options import (
    LabelledOptions,
    RunOptions,
    argument,
    command,
    html_option,
    json_option,
    option,
    whole_number,
)
from elman.cli.outputs import check_outputs, write_page
from elman.cli.say import say, say_json
from elman.cli.tables import bold, cell, percent
from elman.errors import ConfigError
from elman.utils import limits
from elman.utils.display import visible

if TYPE_CHECKING:
    from elman.analysis.errors import ErrorAnalysis, WrongSentence

TAG = 12  # columns of the terminal for a tag
AROUND = 33  # and for the words on each side of a wrong one


@dataclass(frozen=True, kw_only=True)
class Options(LabelledOptions, RunOptions):
    """The options of ``elman errors``."""

    model: str = argument("MODEL")
    gold: str = argument("GOLD")
    top: int = option(
        "--top", default=20, show_default=True, **whole_number(1, limits.ENTRIES), help="Entries of each list."
    )
    html: str | None = html_option("whole sentences too")
    json: bool = json_option()


@command(Options)
def errors(options: Options) -> None:
    """Show which errors to look at first.

    MODEL tags the words of GOLD. Confident errors come first: there the model, or the annotation, has something to
    learn. Then come frequent confusions and unknown words.

    \b
      elman errors my.model test.conllu
      elman errors my.model test.conllu --html errors.html
    """
    from elman.analysis.errors import analyze_errors
    from elman.cli.gold import gold, read
    from elman.cli.raw_text import with_columns
    from elman.data.formats import column_names

    check_outputs((options.model, options.gold), html=options.html)
    notes = options.notes()
    tagger = with_columns(load_model(options.model, options, notes, [options.gold]))
    names = column_names(options.target)
    if names is not None and len(names) > 1:
        raise ConfigError(f"--target: errors are shown of one label column, got {options.target}")
    several = len(tagger.targets) > 1
    file_options = replace(options.file_options, target=options.target or (tagger.target if several else None))
    labelled = gold(read(options.gold, file_options, notes), file_options, tagger)
    (column,) = labelled.columns
    analysis = analyze_errors(tagger, labelled.sentences, target=column, most=options.top)
    if options.json:
        say_json(analysis.to_json())
    else:
        say(report(analysis))
    if options.html is not None:
        from elman.viz.errors_html import page

        write_page(options.html, page(analysis, os.path.basename(options.model), os.path.basename(labelled.path)))
    notes.show()


def report(found: ErrorAnalysis) -> str:
    """Return the lists, in 80 columns."""
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
    yield bold(f"{'sure, but wrong':<17}{'gold tag':<{TAG + 2}}{'predicted tag':<{TAG + 2}}where")
    for sentence in found.sentences:
        word = sentence.surest
        where = visible(f"{sentence.path}:{word.line}") if sentence.path else ""
        sure = f"{100 * word.confidence:.2f} %"
        yield f"{sure:>15}  {cell(word.gold, TAG)}  {cell(word.predicted, TAG)}  {where}"
        yield f"    {_context(sentence)}"


def _context(sentence: WrongSentence) -> str:
    """Return the wrong word in brackets with the words around it, as far as there is room; a document as it is."""
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
    yield bold(f"{'gold tag':<{TAG + 2}}{'predicted tag':<{TAG + 2}}{unit:>7}{'of errors':>11}   {often}")
    for one in found.confusions:
        words = visible(", ".join(word if count == 1 else f"{word} ({count})" for word, count in one.words))
        share = f"{100 * one.count / found.errors:.1f} %"
        tags = f"{cell(one.gold, TAG)}  {cell(one.predicted, TAG)}"
        yield f"{tags}  {one.count:>7,}{share:>11}   {cell(words, 30)}".rstrip()


def _unknown(found: ErrorAnalysis) -> Iterator[str]:
    if not found.unknown:
        return
    yield bold(f"{'unknown word':<26}{'wrong':>7}{'of':>7}   {'gold tag':<{TAG + 2}}predicted tag")
    for one in found.unknown:
        counts = f"{one.wrong:>7,}{one.count:>7,}"
        yield f"{cell(one.word, 26)}{counts}   {cell(one.gold, TAG)}  {cell(one.predicted, TAG)}".rstrip()
