"""``fasttext``: ``__label__a __label__b some text``, one text per line, as fastText reads it.

Tokens are separated by spaces and tabs. A token that begins with ``__label__`` is a label wherever it stands, the
others are words; several labels are joined with ``|``. A line without a label is a text without labels.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from elman.data.formats.holds import Confidences, Holds, check_label, check_words, is_gap, only_label, text_target
from elman.data.formats.lines import LINE_END, is_blank
from elman.data.sentence import LABEL_SEPARATOR, Sentence, error_at
from elman.errors import DataError
from elman.utils.display import shown

HOLDS = Holds(labels=1)
PREFIX = "__label__"

_TOKEN = re.compile(r"[^ \t]+")


def read(lines: Iterable[str], head: Sequence[str], path: str) -> Iterator[Sentence]:
    """Yield the sentences of lines with the label ``label``.

    Raises DataError for an empty label, a label with ``|``, or no words.
    """
    for number, line in enumerate(lines, 1):
        if is_blank(line):
            yield Sentence((), path=path, line=number, lines=(line,), format="fasttext")
            continue
        tokens = _TOKEN.findall(line.rstrip(LINE_END))
        words = tuple(token for token in tokens if not token.startswith(PREFIX))
        labels = [token[len(PREFIX) :] for token in tokens if token.startswith(PREFIX)]
        for label in labels:
            if not label or LABEL_SEPARATOR in label:
                problem = (
                    "an empty one" if not label else f"{shown(label)} with the {LABEL_SEPARATOR} that joins several"
                )
                raise DataError(f"expected {PREFIX} and a label, found {problem}", path=path, line=number)
        if not words:
            raise DataError(f"expected a text, found labels alone: {shown(line)}", path=path, line=number)
        label_by_name = {"label": LABEL_SEPARATOR.join(labels)} if labels else {}
        yield Sentence(words, {}, path, number, (line,), (0,) * len(words), "fasttext", label_by_name)


def target(name: str | None, head: Sequence[str], path: str, labelled: bool) -> str:
    """Return the column for tags. Raises ConfigError if word tags are to be read: there are none."""
    return text_target("fasttext", path, name, labelled)


def write(sentence: Sentence, tags: Mapping[str, Sequence[str]], confidences: Confidences | None) -> str:
    """Return one line, labels first; the line as it was read if its labels are the same.

    Raises DataError for a label or word with a space, a tab or a line end, or a word that would be read as a label.
    """
    in_place = sentence.format == "fasttext"
    if not sentence.words:
        return "".join(sentence.lines) if in_place else "" if is_gap(sentence) else "\n"
    label = only_label(sentence, "fasttext") if sentence.labels else ""
    if in_place:
        original = next(read(sentence.lines, sentence.lines, sentence.path))
        if original.labels.get("label", "") == label:
            return sentence.lines[0]
    check_words(sentence, "fasttext", " \t\n")
    for i, word in enumerate(sentence.words):
        if word.startswith(PREFIX):
            raise error_at(sentence, i, f"the word {shown(word)} would be a label in fasttext; try --as jsonl")
    labels = label.split(LABEL_SEPARATOR) if label else []
    for part in labels:
        check_label(sentence, part, "fasttext", " \t\n")
    line_end = sentence.lines[0][len(sentence.lines[0].rstrip(LINE_END)) :] if in_place else "\n"
    return " ".join([*(PREFIX + part for part in labels), *sentence.words]) + line_end
