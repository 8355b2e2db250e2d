"""``text``: one sentence per line, words separated by ASCII spaces.

Nothing but the space separates: a tab, U+3000 or U+2028 is part of a word. Extra spaces make no words and are kept. A
line of only separators is a sentence without words.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from elman.data.formats.holds import Confidences, Holds, check_words, is_gap
from elman.data.formats.lines import LINE_END, is_blank
from elman.data.sentence import Sentence, error_at
from elman.errors import ConfigError

HOLDS = Holds()


def read(lines: Iterable[str], head: Sequence[str], path: str) -> Iterator[Sentence]:
    """Yield the sentences of lines; ``head`` is not needed."""
    for number, line in enumerate(lines, 1):
        if is_blank(line):
            yield Sentence((), path=path, line=number, lines=(line,), format="text")
            continue
        words = line.rstrip(LINE_END).split(" ")
        if "" in words:
            words = [word for word in words if word]
        yield Sentence(tuple(words), path=path, line=number, lines=(line,), rows=(0,) * len(words), format="text")


def target(name: str | None, head: Sequence[str], path: str, labelled: bool) -> str:
    """Return the column for tags, by default ``tag``. Raises ConfigError if tags are to be read: text has none."""
    if labelled:
        raise ConfigError(f"{path}: text has no tags; labelled text is word_tag, columns or conllu")
    return name or "tag"


def write(sentence: Sentence, tags: Mapping[str, Sequence[str]], confidences: Confidences | None) -> str:
    """Return the words on one line, unchanged if they were read from text.

    Raises DataError for a word with a space or a line end, or if all words consist of tabs.
    """
    if sentence.format == "text":
        return sentence.lines[0]
    if is_gap(sentence):
        return ""
    check_words(sentence, "text", " \n")
    line = " ".join(sentence.words) + "\n"
    if sentence.words and is_blank(line):
        raise error_at(sentence, 0, "words of nothing but tabs, which would be a blank line of text; try --as jsonl")
    return line
