"""``text``: one sentence a line, words separated by ASCII spaces; input for tagging.

Nothing but the space separates: a tab, U+3000 or U+2028 is part of a word. Extra spaces make no words and stay
where they are. A line of nothing but separators is a sentence of no words.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from elman.errors import ConfigError
from elman.formats.shared import LINE_END, is_blank
from elman.sentence import Sentence


def read(lines: Iterable[str], head: Sequence[str], path: str) -> Iterator[Sentence]:
    """Sentences of the lines; ``head`` is not needed."""
    for number, line in enumerate(lines, 1):
        if is_blank(line):
            yield Sentence((), path=path, line=number, lines=(line,), format="text")
            continue
        words = line.rstrip(LINE_END).split(" ")
        if "" in words:
            words = [word for word in words if word]
        yield Sentence(tuple(words), path=path, line=number, lines=(line,), rows=(0,) * len(words), format="text")


def target(name: str | None, head: Sequence[str], path: str, labelled: bool) -> str:
    """Text has no columns of its own; what is tagged is called ``tag``."""
    if labelled:
        raise ConfigError(f"{path}: text has no tags; labelled text is word_tag, columns or conllu")
    return name or "tag"
