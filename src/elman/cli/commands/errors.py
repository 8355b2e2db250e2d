"""``elman errors``."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
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
from elman.cli.tables import bold, cell, labels, percent, report_width, width as width_of
from elman.errors import ConfigError
from elman.utils import limits
from elman.utils.display import shown, visible
from elman.utils.text_width import beginning, cells, cut, ending

if TYPE_CHECKING:
    from elman.analysis.errors import ErrorAnalysis, WrongSentence

BESIDE_TAGS = 46  # columns of the terminal for the rest of a line with two tags
LEAST = 12  # for each of them, unless all are shorter
FOR_WORDS = 20  # and for the words of a confusion at least, which have a line of their own otherwise


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

    MODEL tags the words of GOLD. Confident errors come first, each once, with a sentence, how often it occurs and
    where: there the model, or the annotation, has something to learn. Then come frequent confusions and unknown words.

    \b
      elman errors my.model test.conllu
      elman errors my.model test.conllu --html errors.html
    """
    from elman.analysis.functions import find_errors
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
    analysis = find_errors(tagger, labelled.sentences, target=column, most=options.top)
    known = tagger.tag_sets.get(analysis.column, ())  # of heads and single features there are none
    if known and not analysis.correct and all(one.gold not in known for one in analysis.confusions):
        unknown = f"the model has none of its tags, such as {shown(analysis.confusions[0].gold)}"
        notes.warn(f"{labelled.path}: column {column}: {unknown}; --target or --format may name another column")
    if options.json:
        say_json(analysis.to_json())
    else:
        say(report(analysis))
    if options.html is not None:
        from elman.viz.errors_html import page

        write_page(options.html, page(analysis, os.path.basename(options.model), os.path.basename(labelled.path)))
    notes.show()


def report(found: ErrorAnalysis) -> str:
    """Return the lists, as wide as the terminal."""
    words = [sentence.surest for sentence in found.sentences]
    tags = [one.gold for ones in (words, found.confusions, found.unknown) for one in ones]
    tags += [one.predicted for ones in (words, found.confusions, found.unknown) for one in ones]
    known = labels([*tags, *found.tags], max((report_width() - BESIDE_TAGS) // 2, LEAST))
    page = _Page(report_width(), {tag: known[tag] for tag in tags})
    parts = [_summary(found), _sentences(found, page), _confusions(found, page), _unknown(found, page)]
    return "\n\n".join("\n".join(lines) for part in parts if (lines := list(part)))


class _Page:
    """A report of ``width`` columns; ``short`` are the tags as they are shown."""

    def __init__(self, width: int, short: Mapping[str, str]) -> None:
        self.width, self._short = width, short
        self._gold = width_of(short.values(), "gold tag")
        self._predicted = width_of(short.values(), "predicted tag")
        self.head = f"{'gold tag':<{self._gold}}  {'predicted tag':<{self._predicted}}"
        self.left = width - len(self.head)
        """Columns beside the two tags."""

    def tags(self, gold: str, predicted: str) -> str:
        """Return the cells of the two tags."""
        return f"{cell(self._short[gold], self._gold)}  {cell(self._short[predicted], self._predicted)}"


def _summary(found: ErrorAnalysis) -> Iterator[str]:
    right = f"{percent(found.correct, found.tokens)} right"
    if found.of_texts:
        yield f"label {visible(found.column)}: {found.errors:,} of {found.tokens:,} texts wrong, {right}"
        return
    unknown = f"of {found.unknown_tokens:,} unknown words {percent(found.unknown_correct, found.unknown_tokens)} right"
    if not found.unknown_tokens:
        unknown = "no unknown words"
    yield f"column {visible(found.column)}: {found.errors:,} of {found.tokens:,} words wrong, {right}; {unknown}"


def _sentences(found: ErrorAnalysis, page: _Page) -> Iterator[str]:
    if not found.sentences:
        return
    yield bold(f"{'sure, but wrong':<17}{'times':>5}  {page.head}".rstrip())
    for sentence in found.sentences:
        word = sentence.surest
        sure = f"{100 * word.confidence:.2f} %"
        yield f"{sure:>15}  {sentence.count:>5,}  {page.tags(word.gold, word.predicted)}".rstrip()
        yield f"    {_context(sentence, page.width - 4)}"
        if sentence.where:
            yield f"    {visible(sentence.where)}"


def _context(sentence: WrongSentence, width: int) -> str:
    """Return the wrong word in brackets with the words around it, as far as there is room; a document as it is."""
    words = [visible(word.word) for word in sentence.words]
    if sentence.whole:
        text = words[0]
        return text if cells(text) <= width else beginning(text, width - 1) + "…"
    word = cut(words[sentence.at], width // 2)
    before, after = " ".join(words[: sentence.at]), " ".join(words[sentence.at + 1 :])
    room = width - cells(word) - len("[]  ")
    left = min(cells(before), max(room // 2, room - cells(after)))
    if cells(before) > left:
        before = "…" + ending(before, left - 1)
    if cells(after) > room - left:
        after = beginning(after, room - left - 1) + "…"
    return " ".join(part for part in (before, bold(f"[{word}]"), after) if part)


def _confusions(found: ErrorAnalysis, page: _Page) -> Iterator[str]:
    if not found.confusions:
        return
    unit, often = ("texts", "first by alphabet") if found.of_texts else ("words", "most often")
    beside = page.left - 23 >= FOR_WORDS
    width = page.left - 23 if beside else page.width - 4
    yield bold(f"{page.head}{unit:>9}{'of errors':>11}" + (f"   {often}" if beside else f", {often}"))
    for one in found.confusions:
        words = visible(", ".join(word if count == 1 else f"{word} ({count})" for word, count in one.words))
        words = words if cells(words) <= width else beginning(words, width - 1) + "…"
        share = f"{100 * one.count / found.errors:.1f} %"
        yield f"{page.tags(one.gold, one.predicted)}{one.count:>9,}{share:>11}" + f"   {words}" * beside
        if not beside:
            yield f"    {words}"


def _unknown(found: ErrorAnalysis, page: _Page) -> Iterator[str]:
    if not found.unknown:
        return
    longest = width_of((visible(one.word) for one in found.unknown), "unknown word")
    width = min(longest, max(page.left - 19, len("unknown word")))
    yield bold(f"{'unknown word':<{width}}{'wrong':>8}{'of':>8}   {page.head}".rstrip())
    for one in found.unknown:
        counts = f"{one.wrong:>8,}{one.count:>8,}"
        yield f"{cell(one.word, width)}{counts}   {page.tags(one.gold, one.predicted)}".rstrip()
