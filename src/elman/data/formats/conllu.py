"""``conllu``: the ten columns of Universal Dependencies, https://universaldependencies.org/format.html.

Words are the lines whose ID is a whole number; ranges (1-2), empty nodes (8.1) and comments are kept unchanged. No
column is interpreted, so HEAD may be missing. Comments ``# name = value`` are document labels (``comments``).
``misc.name`` is a column, too: the value of ``name=…`` in MISC, and ``_`` where it is missing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from elman.data.formats.comments import label_lines, labels_of, with_labels
from elman.data.formats.holds import MANY, Confidences, Holds, check_tags, check_words, is_gap
from elman.data.formats.lines import LINE_END, is_blank
from elman.data.sentence import NO_TAG, Sentence
from elman.data.spans import TYPED_TAG
from elman.errors import ConfigError, DataError
from elman.utils.display import shown
from elman.utils.limits import SENTENCE, too_many_lines
from elman.utils.suggest import did_you_mean

HOLDS = Holds(columns=MANY, labels=MANY, confidences=True, comments=True)

MISC_PREFIX = "misc."
"""Prefix of the column names of attributes in MISC."""
COLUMNS = {"lemma": 2, "upos": 3, "xpos": 4, "feats": 5, "head": 6, "deprel": 7, "deps": 8, "misc": 9}
"""Label columns and their index in a line."""

_CONFIDENCE = re.compile(r"Confidence(\[[^=]*\])?=")
ID = re.compile(r"[0-9]+([-.][0-9]+)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class ConlluLayout:
    """The positions of the fields in a line of ``width`` columns: FORM, the label columns, and ID if there is one."""

    format: str
    width: int
    id: int | None
    form: int
    columns: Mapping[str, int]


class ConlluColumns(dict[str, tuple[str, ...]]):
    """Label columns; attributes in MISC are extracted on access."""

    def __missing__(self, name: str) -> tuple[str, ...]:
        if name not in self:
            raise KeyError(name)
        return tuple([value_in(misc, name[len(MISC_PREFIX) :]) for misc in self["misc"]])

    def __contains__(self, name: object) -> bool:
        return super().__contains__(name) or (
            isinstance(name, str) and name.startswith(MISC_PREFIX) and super().__contains__("misc")
        )

    def get(self, name: str, default: Any = None) -> Any:
        """Return the column, or ``default``."""
        return self[name] if name in self else default


LAYOUT = ConlluLayout("conllu", 10, 0, 1, COLUMNS)


def read(lines: Iterable[str], head: Sequence[str], path: str) -> Iterator[Sentence]:
    """Yield the sentences of lines, with all label columns; ``head`` is not needed.

    Raises DataError for a line without ten columns, a malformed or unexpected ID, or an empty FORM.
    """
    return read_with_layout(lines, path, LAYOUT)


def read_with_layout(lines: Iterable[str], path: str, layout: ConlluLayout) -> Iterator[Sentence]:
    """Yield the sentences of lines with any layout, see ``read``."""
    kept: list[str] = []
    rows: list[int] = []
    table: list[list[str]] = []
    n_comments = 0
    has_fast_path = layout.id == 0 and layout.form < layout.width - 1
    width, form, expected = layout.width, layout.form, "1"
    for number, line in enumerate(lines, 1):
        if len(kept) > SENTENCE:
            raise too_many_lines(path, number)
        # fast path for most lines: a valid word line; the condition covers all checks of the branches below
        if has_fast_path and (fields := line.split("\t"))[0] == expected and len(fields) == width and fields[form]:
            rows.append(len(kept))
            table.append(fields)
            kept.append(line)
            expected = str(len(table) + 1)
            continue
        if line[:1] == "#" and (layout.id is not None or "\t" not in line):
            kept.append(line)
            n_comments += 1
            continue
        if is_blank(line):
            kept.append(line)
            yield _sentence(kept, rows, table, (path, number, n_comments), layout)
            kept, rows, table, n_comments = [], [], [], 0
            expected = "1"
            continue
        fields = line.rstrip(LINE_END).split("\t")
        if len(fields) != layout.width:
            found = f"expected {layout.width} columns separated by tabs, found {len(fields)}"
            raise DataError(found, path=path, line=number)
        if layout.id is None or fields[layout.id] == str(len(table) + 1):
            if not fields[layout.form]:
                raise DataError(f"FORM (column {layout.form + 1}) is empty", path=path, line=number)
            rows.append(len(kept))
            table.append(fields)
        elif not ID.fullmatch(fields[layout.id]) or fields[layout.id].isdecimal():
            raise _broken_id(fields[layout.id], len(table) + 1, path, number)
        kept.append(line)
    if kept:
        yield _sentence(kept, rows, table, (path, number, n_comments), layout)


def _broken_id(id: str, expected: int, path: str, line: int) -> DataError:
    hint = "; is a blank line missing before it?" if id == "1" else ""
    message = f"ID: expected {expected}, a range or an empty node, found {shown(id)}{hint}"
    return DataError(message, path=path, line=line)


def _sentence(
    kept: list[str], rows: list[int], table: list[list[str]], where: tuple[str, int, int], layout: ConlluLayout
) -> Sentence:
    """Return the sentence of its lines; ``where``: the path, the number of its last line, the number of comments."""
    path, last, n_comments = where
    first = last - len(kept) + 1
    if not table:
        return Sentence((), path=path, line=first, lines=tuple(kept), format=layout.format)
    fields = list(zip(*table, strict=True))
    fields[-1] = tuple([value.rstrip(LINE_END) for value in fields[-1]])
    columns = ConlluColumns({name: fields[index] for name, index in layout.columns.items()})
    labels = labels_of(kept) if n_comments else {}
    return Sentence(fields[layout.form], columns, path, first, tuple(kept), tuple(rows), layout.format, labels)


def target(name: str | None, head: Sequence[str], path: str, labelled: bool) -> str:
    """Return the column of a name in any case, by default ``upos``; or an attribute in MISC, ``misc.name``.

    Raises ConfigError for a missing column, or an attribute that the first lines of labelled text do not have.
    """
    if name is None:
        return "upos"
    attribute = name[len(MISC_PREFIX) :]
    if name.lower().startswith(MISC_PREFIX) and attribute and not set(attribute) & set("|=\t\r\n"):
        available = misc_attributes(head)
        if labelled and attribute not in available:
            names = ", ".join(f"misc.{name_there}" for name_there in available) or "none"
            raise ConfigError(f"{path}: no {shown(attribute)} in MISC of the first lines; there is: {names}")
        return MISC_PREFIX + attribute
    if name.lower() not in COLUMNS:
        near = did_you_mean(name, COLUMNS)
        raise ConfigError(f"{path}: no column {shown(name)} to tag; conllu has {', '.join(COLUMNS)}, misc.NAME{near}")
    return name.lower()


def misc_attributes(head: Sequence[str]) -> dict[str, bool]:
    """Return the attributes in MISC of the first lines, and whether all their values are span tags (and not all O)."""
    values: dict[str, set[str]] = {}
    for line in head:
        fields = line.rstrip(LINE_END).split("\t")
        for item in fields[9].split("|") if len(fields) == 10 and fields[0].isdecimal() else ():
            name, mark, value = item.partition("=")
            if name and mark:
                values.setdefault(name, set()).add(value)
    return {
        name: values_of_name != {"O"} and all(map(TYPED_TAG.fullmatch, values_of_name))
        for name, values_of_name in values.items()
    }


def extra_span_columns(head: Sequence[str]) -> list[str]:
    """Return columns of span tags besides the default column."""
    return [MISC_PREFIX + name for name, of_spans in misc_attributes(head).items() if of_spans]


def value_in(misc: str, name: str) -> str:
    """Return the value of an attribute in MISC; ``_`` if it is missing."""
    if name not in misc:
        return NO_TAG
    prefix = f"{name}="
    return next((item[len(prefix) :] for item in misc.split("|") if item.startswith(prefix)), NO_TAG)


def write(sentence: Sentence, tags: Mapping[str, Sequence[str]], confidences: Confidences | None) -> str:
    """Return the sentence with ``tags`` in their columns (a column of another format: in upos), the rest unchanged.

    Confidences go to MISC as ``Confidence=0.9876``; of several columns as ``Confidence[upos]=0.9876``. Raises DataError
    for a word or tag with a tab or a line end, or a label that a comment cannot hold.
    """
    for name, column in tags.items():
        check_tags(sentence, column, "conllu", "\t\n|" if name.startswith(MISC_PREFIX) else "\t\n")
    if sentence.format == "conllu":
        lines = list(sentence.lines)
        rows = sentence.rows
    elif is_gap(sentence):
        return ""
    else:
        check_words(sentence, "conllu", "\t\n")
        comments = label_lines(sentence, "conllu")
        words = [f"{i}\t{word}" + "\t_" * 8 + "\n" for i, word in enumerate(sentence.words, 1)]
        lines = [*comments, *words, "\n"]
        rows = tuple(range(len(comments), len(comments) + len(words)))
    attributes = {name[len(MISC_PREFIX) :]: column for name, column in tags.items() if name.startswith(MISC_PREFIX)}
    indexed = [
        (COLUMNS.get(name, COLUMNS["upos"]), column)
        for name, column in tags.items()
        if not name.startswith(MISC_PREFIX)
    ]
    for i, row in enumerate(rows if tags or confidences is not None else ()):
        body = lines[row].rstrip(LINE_END)
        fields = body.split("\t")
        for index, column in indexed:
            fields[index] = column[i]
        for name, column in attributes.items():
            fields[9] = _with_value(fields[9], name, column[i])
        if isinstance(confidences, Mapping):
            fields[9] = with_confidences(fields[9], {name: column[i] for name, column in confidences.items()})
        elif confidences is not None:
            fields[9] = with_confidence(fields[9], confidences[i])
        lines[row] = "\t".join(fields) + lines[row][len(body) :]
    return "".join(with_labels(sentence, lines) if sentence.format == "conllu" else lines)


def _with_value(misc: str, name: str, value: str) -> str:
    """Return MISC with a new value of an attribute, in its place or at the end; ``_`` removes it."""
    if value_in(misc, name) == value:
        return misc
    items = [item for item in misc.split("|") if item not in ("", NO_TAG)]
    index = next((i for i, item in enumerate(items) if item.startswith(f"{name}=")), len(items))
    items[index : index + 1] = [] if value == NO_TAG else [f"{name}={value}"]
    return "|".join(items) or NO_TAG


def with_confidence(misc: str, confidence: float) -> str:
    """Return MISC with the confidence at its end, replacing earlier ones."""
    return "|".join([*_without_confidences(misc), f"Confidence={confidence:.4f}"])


def with_confidences(misc: str, confidences: Mapping[str, float]) -> str:
    """Return MISC with confidences by column, or of an only column without its name, in place of earlier ones."""
    if len(confidences) == 1:
        return with_confidence(misc, *confidences.values())
    new = [f"Confidence[{name}]={confidence:.4f}" for name, confidence in confidences.items()]
    return "|".join([*_without_confidences(misc), *new])


def _without_confidences(misc: str) -> list[str]:
    return [item for item in misc.split("|") if item not in ("", NO_TAG) and not _CONFIDENCE.match(item)]
