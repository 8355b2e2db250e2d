"""``fasttext``: ``__label__a __label__b some text``, one text a line, as fastText reads it.

Spaces and tabs separate. A token that begins with ``__label__`` is a label wherever it stands, the others are words;
several labels are joined with ``|``. A line without a label is a text without one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from elman.data.formats.holds import Holds, check_label, check_words, is_gap, only_label, text_target
from elman.data.formats.lines import LINE_END, is_blank
from elman.data.sentence import LABEL_SEPARATOR, Sentence, error_at
from elman.errors import DataError
from elman.utils.display import shown

HOLDS = Holds(labels=1)
PREFIX = "__label__"

_TOKEN = re.compile(r"[^ \t]+")


def read(lines: Iterable[str], head: Sequence[str], path: str) -> Iterator[Sentence]:
    """Sentences of the lines with the label ``label``. Raises DataError: an empty label, one with a ``|``, no words."""
    for number, line in enumerate(lines, 1):
        if is_blank(line):
            yield Sentence((), path=path, line=number, lines=(line,), format="fasttext")
            continue
        tokens = _TOKEN.findall(line.rstrip(LINE_END))
        words = tuple(token for token in tokens if not token.startswith(PREFIX))
        labels = [token[len(PREFIX) :] for token in tokens if token.startswith(PREFIX)]
        for label in labels:
            if not label or LABEL_SEPARATOR in label:
                found = "an empty one" if not label else f"{shown(label)} with the {LABEL_SEPARATOR} that joins several"
                raise DataError(f"expected {PREFIX} and a label, found {found}", path=path, line=number)
        if not words:
            raise DataError(f"expected a text, found labels alone: {shown(line)}", path=path, line=number)
        found_labels = {"label": LABEL_SEPARATOR.join(labels)} if labels else {}
        yield Sentence(words, {}, path, number, (line,), (0,) * len(words), "fasttext", found_labels)


def target(name: str | None, head: Sequence[str], path: str, labelled: bool) -> str:
    """There are no tags of words. Raises ConfigError when they are asked for."""
    return text_target("fasttext", path, name, labelled)


def write(sentence: Sentence, tags: Mapping[str, Sequence[str]], confidences: Sequence[float] | None) -> str:
    """One line, the labels first; as it was read where they are the same.

    Raises DataError: a label with a space, a tab or a line end, a word with one of these or
    one that would be taken for a label.
    """
    own = sentence.format == "fasttext"
    if not sentence.words:
        return "".join(sentence.lines) if own else "" if is_gap(sentence) else "\n"
    label = only_label(sentence, "fasttext") if sentence.labels else ""
    if own:
        before = next(read(sentence.lines, sentence.lines, sentence.path))
        if before.labels.get("label", "") == label:
            return sentence.lines[0]
    check_words(sentence, "fasttext", " \t\n")
    for i, word in enumerate(sentence.words):
        if word.startswith(PREFIX):
            raise error_at(sentence, i, f"the word {shown(word)} would be a label in fasttext; try --as jsonl")
    labels = label.split(LABEL_SEPARATOR) if label else []
    for one in labels:
        check_label(sentence, one, "fasttext", " \t\n")
    end = sentence.lines[0][len(sentence.lines[0].rstrip(LINE_END)) :] if own else "\n"
    return " ".join([*(PREFIX + one for one in labels), *sentence.words]) + end
