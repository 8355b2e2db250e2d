"""Document labels as comments ``# name = value``, in ``columns``, ``conllu`` and ``conllup``."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from elman.data.formats.lines import LINE_END
from elman.data.sentence import LABEL_SEPARATOR, Sentence, error_at
from elman.utils.display import shown

_LABEL = re.compile(r"# ?([^\s=]+) = (.*)", re.DOTALL)
_OTHER = ("text", "sent_id", "translit", "newdoc", "newpar")
_OTHER_BEGINNINGS = ("text_", "global.")


def label_of(line: str) -> tuple[str, str] | None:
    """Return name and value of the label in a comment line; None for other comments.

    Comments that identify or repeat the sentence are not labels: text, text_…, translit, sent_id, newdoc, newpar,
    global.….
    """
    if line.startswith(("# text ", "# sent_id ")):  # by far the most frequent comments
        return None
    match = _LABEL.match(line)
    if match is None or _is_other(match[1]):
        return None
    value = match[2].rstrip(LINE_END)
    return (match[1], value) if value else None


def labels_of(lines: Sequence[str]) -> dict[str, str]:
    """Return the labels in the comments of a sentence; several labels of one name are joined."""
    labels: dict[str, str] = {}
    for line in lines:
        if line[:1] == "#" and (label := label_of(line)) is not None:
            name, value = label
            labels[name] = labels[name] + LABEL_SEPARATOR + value if name in labels else value
    return labels


def label_lines(sentence: Sentence, format: str) -> list[str]:
    """Return the comments for the labels of a sentence. Raises DataError for a label that a comment cannot hold."""
    lines = []
    for name, value in sentence.labels.items():
        line = f"# {name} = {value}\n"
        if label_of(line) != (name, value) or any(character in value for character in "\t\n\r\0"):
            message = f"the label {shown(name)} = {shown(value)} cannot be a comment of {format}; try --as jsonl"
            raise error_at(sentence, 0, message)
        lines.append(line)
    return lines


def with_labels(sentence: Sentence, lines: list[str]) -> list[str]:
    """Return the lines of a sentence with its labels in comments: changed ones edited, new ones added before the words.

    The comment of an empty label is removed. Raises the errors of ``label_lines``.
    """
    if not sentence.labels:
        return lines
    rows = set(sentence.rows)
    comment_lines = {at: line for at, line in enumerate(lines) if at not in rows and line[:1] == "#"}
    if sentence.labels == labels_of(list(comment_lines.values())):
        return lines
    nonempty = {name: value for name, value in sentence.labels.items() if value}
    comments = dict(zip(nonempty, label_lines(replace(sentence, labels=nonempty), sentence.format), strict=True))
    labels = {at: label[0] for at, line in comment_lines.items() if (label := label_of(line)) is not None}
    place = max((at for at in comment_lines if at < sentence.rows[0]), default=-1) + 1  # after the other comments
    changed = []
    for at, line in enumerate(lines):
        end = line[len(line.rstrip(LINE_END)) :] or "\n"
        if at == place:
            changed += [comments[name][:-1] + end for name in comments if name not in labels.values()]
        name = labels.get(at)
        if name is None or name not in sentence.labels:
            changed.append(line)
        elif name in comments:  # further comments of this name are dropped
            changed.append(comments.pop(name)[:-1] + end)
    return changed


def _is_other(name: str) -> bool:
    return name in _OTHER or name.startswith(_OTHER_BEGINNINGS)
