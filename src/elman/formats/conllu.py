"""``conllu``: the ten columns of Universal Dependencies, https://universaldependencies.org/format.html.

Words are the lines whose ID is a whole number; ranges (1-2), empty nodes (8.1) and comments are kept as they are.
No column is interpreted, so nothing depends on HEAD being there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from elman.errors import ConfigError, DataError
from elman.formats.shared import LINE_END, MANY, Holds, check_tags, check_words, is_blank, is_gap, shown
from elman.sentence import Sentence

HOLDS = Holds(columns=MANY, labels=MANY, confidences=True, comments=True)

COLUMNS = {"lemma": 2, "upos": 3, "xpos": 4, "feats": 5, "head": 6, "deprel": 7, "deps": 8, "misc": 9}
"""Label columns and their index in a line."""

ID = re.compile(r"[0-9]+([-.][0-9]+)?", re.ASCII)
_WIDTH = 10


def read(lines: Iterable[str], head: Sequence[str], path: str) -> Iterator[Sentence]:
    """Sentences of the lines, with all label columns; ``head`` is not needed.

    Raises DataError: a line without ten columns, a broken or unexpected ID, an empty FORM.
    """
    kept: list[str] = []
    rows: list[int] = []
    table: list[list[str]] = []
    expected = "1"
    for number, line in enumerate(lines, 1):
        fields = line.split("\t")
        if fields[0] == expected and len(fields) == _WIDTH and fields[1]:  # a word: first, being what most lines are
            rows.append(len(kept))
            table.append(fields)
            kept.append(line)
            expected = str(len(table) + 1)
        elif line[:1] == "#":
            kept.append(line)
        elif is_blank(line):
            kept.append(line)
            yield _sentence(kept, rows, table, path, number)
            kept, rows, table = [], [], []
            expected = "1"
        else:
            _check_aside(fields, expected, path, number)
            kept.append(line)
    if kept:
        yield _sentence(kept, rows, table, path, number)


def _check_aside(fields: list[str], expected: str, path: str, line: int) -> None:
    """Raise DataError for a line that is no range and no empty node."""
    if len(fields) != _WIDTH:
        found = f"expected {_WIDTH} columns separated by tabs, found {len(fields)}"
        raise DataError(found, path=path, line=line)
    if fields[0] == expected:
        raise DataError("FORM (column 2) is empty", path=path, line=line)
    if not ID.fullmatch(fields[0]) or fields[0].isdecimal():
        raise _broken_id(fields[0], expected, path, line)


def _broken_id(found: str, expected: str, path: str, line: int) -> DataError:
    hint = "; is a blank line missing before it?" if found == "1" else ""
    message = f"ID: expected {expected}, a range or an empty node, found {shown(found)}{hint}"
    return DataError(message, path=path, line=line)


def _sentence(kept: list[str], rows: list[int], table: list[list[str]], path: str, last: int) -> Sentence:
    first = last - len(kept) + 1
    if not table:
        return Sentence((), path=path, line=first, lines=tuple(kept), format="conllu")
    fields = list(zip(*table, strict=True))
    columns = {name: fields[index] for name, index in COLUMNS.items()}
    columns["misc"] = tuple([value.rstrip(LINE_END) for value in columns["misc"]])  # it stands before the line's end
    return Sentence(fields[1], columns, path, first, tuple(kept), tuple(rows), "conllu")


def target(name: str | None, head: Sequence[str], path: str, labelled: bool) -> str:
    """The column of that name in any case, ``upos`` by default. Raises ConfigError for one that does not exist."""
    if name is None:
        return "upos"
    if name.lower() not in COLUMNS:
        raise ConfigError(f"{path}: no column {name!r} to tag; conllu has {', '.join(COLUMNS)}")
    return name.lower()


def write(sentence: Sentence, tags: Mapping[str, Sequence[str]], confidences: Sequence[float] | None) -> str:
    """The sentence with ``tags`` in their columns (a column of another format: in upos), all else as read.

    Confidences go into MISC as ``Confidence=0.9876``. Raises DataError: a word or tag with a tab or a line end.
    """
    for column in tags.values():
        check_tags(sentence, column, "conllu", "\t\n")
    if sentence.format == "conllu":
        lines = list(sentence.lines)
        rows = sentence.rows
    elif is_gap(sentence):
        return ""
    else:
        check_words(sentence, "conllu", "\t\n")
        lines = [f"{i}\t{word}" + "\t_" * 8 + "\n" for i, word in enumerate(sentence.words, 1)] + ["\n"]
        rows = tuple(range(len(sentence)))
    places = [(COLUMNS.get(name, COLUMNS["upos"]), column) for name, column in tags.items()]
    for i, row in enumerate(rows):
        body = lines[row].rstrip(LINE_END)
        fields = body.split("\t")
        for index, column in places:
            fields[index] = column[i]
        if confidences is not None:
            fields[9] = _with_confidence(fields[9], confidences[i])
        lines[row] = "\t".join(fields) + lines[row][len(body) :]
    return "".join(lines)


def _with_confidence(misc: str, confidence: float) -> str:
    """MISC with the confidence at its end, in place of one that was there before."""
    items = [item for item in misc.split("|") if item not in ("", "_") and not item.startswith("Confidence=")]
    return "|".join([*items, f"Confidence={confidence:.4f}"])
