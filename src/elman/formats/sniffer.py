"""What format a file is in, judged by its first lines, and why."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from itertools import islice
from typing import TYPE_CHECKING

from elman.display import shown
from elman.errors import DataError
from elman.formats.later import Later
from elman.formats.lines import HEAD
from elman.formats.shared import LINE_END, is_blank

if TYPE_CHECKING:
    from elman.formats import columns, conllu, conllup, fasttext, tables
else:
    columns, conllu, conllup = Later("columns"), Later("conllu"), Later("conllup")
    fasttext, tables = Later("fasttext"), Later("tables")

_SIGN = re.compile(r"[+-]?[01]\t[^\t ]+ [^\t]*")
_COARSE_FINE = re.compile(r"[A-Z]+:[A-Za-z]+ +\S")
_TREE = re.compile(r"\([^() \t\r\n]*[ \t]*\([^() \t\r\n]+[ \t\r\n(]")


def enough(lines: Sequence[str], *, labelled: bool, any_format: bool = True) -> bool:
    """Whether these first lines of a file suffice to know its format and layout.

    A text that comes through a pipe is judged by its first sentence, so that nobody waits. Labelled text is read
    from files. ``any_format=False``: the format is known to be columns, only their layout is wanted.
    """
    if len(lines) >= HEAD:
        return True
    if labelled:
        return False
    words = 0
    for line in lines:
        if is_blank(line):
            if words > 1:
                return True
        elif not columns.is_aside(line):
            if any_format and "\t" not in line:
                return True
            words += 1
    return False


def sniff(
    lines: Sequence[str], *, labelled: bool, path: str = "input", labels: Collection[str] = ()
) -> tuple[str, str]:
    """The name of the format, and why, in one sentence. ``lines`` are the first lines, with their ends.

    What begins as no other text does (names of columns, JSON, trees) is known by that. Else text that is to be tagged
    is ``text`` unless the first line has tabs, or begins with one of the ``labels`` of texts that are known; and
    labelled text is what most of the lines look like.

    Raises DataError: labelled text that looks like nothing known; the message says what it looks like.
    """
    first = next((line for line in lines if not is_blank(line)), "")
    some = (line.rstrip(LINE_END) for line in lines if not is_blank(line) and not columns.is_aside(line))
    data = list(some if labelled else islice(some, 1))
    if first and (found := _by_beginning(first, lines)):
        return found
    if labels and (found := _labelled_already(first.rstrip(LINE_END), labels)):
        return found
    if not data:
        return ("columns" if labelled else "text"), "no line with a word in it"
    if evidence := _most(map(_is_conllu, data), data):
        return "conllu", f"an ID and ten columns separated by tabs {evidence}"
    if labelled and (found := _labels_of_texts(data, lines, path)):
        return found
    if evidence := _most(("\t" in line for line in data), data):
        return "columns", f"a tab {evidence}"
    if not labelled:
        return "text", "no tab in the first line"
    if evidence := _most(map(_is_word_tag, data), data):
        return "word_tag", f"a token word_TAG at the start {evidence}"
    widths = [len(columns.Layout(tabs=False).split(line)) for line in data]
    width = Counter(widths).most_common(1)[0][0]
    if width > 1 and any(map(is_blank, lines)) and (evidence := _most((w == width for w in widths), data)):
        return "columns", f"blank lines, and {width} columns separated by spaces {evidence}"
    raise DataError(_found(first, data), path=path)


def _by_beginning(first: str, lines: Sequence[str]) -> tuple[str, str] | None:
    """The formats that begin as no other does."""
    if first.startswith("#") and first.startswith(conllup.MARK):
        return "conllup", "the names of its columns in the first line"
    if re.match(r"\s*\{\s*\"|\s*\[\s*(\{|$)", first):
        return ("json" if "[" in first.split("{")[0] else "jsonl"), "JSON in the first line"
    if _TREE.match(first.lstrip(" \t")):
        begins = [line for line in lines if line[:1] not in " \t\r\n"]
        if _first_tree(lines) or _most((bool(_TREE.match(line)) for line in begins), begins):
            return "trees", "a bracket within a bracket in the first line"
    for format in ("csv", "tsv") if any(mark in first for mark in ",;\t") else ():
        if tables.looks_like(lines, format):
            return format, "usual names of columns in the first line"
    return None


def _first_tree(lines: Sequence[str]) -> bool:
    try:
        from elman.trees import read_trees

        return next((True for found in read_trees(lines) if found.tree is not None), False)
    except DataError:
        return False


def _labels_of_texts(data: Sequence[str], lines: Sequence[str], path: str) -> tuple[str, str] | None:
    """The formats of a text a line with its label. Raises DataError: a text before its label, without names."""
    if evidence := _most((line.startswith(fasttext.PREFIX) for line in data), data):
        return "fasttext", f"{fasttext.PREFIX} at the start {evidence}"
    if any(map(is_blank, lines)):
        return None
    tests: list[tuple[str, Callable[[str], object]]] = [
        ("1, +1, 0 or -1 and a tab at the start", _SIGN.fullmatch),
        ("COARSE:fine at the start", _COARSE_FINE.match),
        ("a label, a tab and several words", lambda line: _is_pair(line, 1)),
    ]
    for what, test in tests:
        if evidence := _most((bool(test(line)) for line in data), data):
            return "label_text", f"{what} {evidence}"
    if len(data) > 1 and (evidence := _most((_is_pair(line, 0) for line in data), data)):
        message = f"several words, a tab and a label {evidence}, without names of columns in the first line"
        raise DataError(f"{message}; pass --format tsv:header=no,text=1,label=2", path=path)
    return None


def _labelled_already(first: str, labels: Collection[str]) -> tuple[str, str] | None:
    """The formats of a text a line with its label, where the first line has one of these."""
    if first.startswith(fasttext.PREFIX):
        return "fasttext", f"{fasttext.PREFIX} at the start of the first line"
    label, mark, _ = first.partition("\t")
    if mark and label in labels:
        return "label_text", "a label of the model and a tab in the first line"
    fine = first.partition(" ")[0]
    if _COARSE_FINE.match(first) and (fine in labels or fine.partition(":")[0] in labels):
        return "label_text", "a label of the model as COARSE:fine in the first line"
    return None


def _is_pair(line: str, text: int) -> bool:
    """Whether there are two columns separated by a tab, and several words in the one numbered ``text`` alone."""
    fields = line.split("\t")
    return len(fields) == 2 and " " in fields[text].strip() and " " not in fields[1 - text].strip() and all(fields)


def _found(first: str, data: Sequence[str]) -> str:
    """What a file that is nothing known looks like, and what to do."""
    if (count := data[0].count(",")) and len(data) > 1 and _most((line.count(",") == count for line in data), data):
        names = ", ".join(name.strip() for name in data[0].split(","))
        say = "--format csv:word=NAME, or --format csv:text=NAME,label=NAME"
        return f"no tags to be seen in the first lines; if it is CSV with the columns {names[:60]}, say which: {say}"
    what = f"no tags to be seen in the first lines, the first is {shown(first.rstrip(LINE_END))}"
    return f"{what}; pass --format columns, conllu, word_tag or, where each line begins with its label, label_text"


def _most(found: Iterable[bool], data: Sequence[str]) -> str:
    """In how many of the lines it is found, in words, if these are more than half; else nothing."""
    count = sum(found)
    if 2 * count <= len(data):
        return ""
    return f"in {count} of the first {len(data)} lines" if len(data) > 1 else "in the first line"


def _is_conllu(line: str) -> bool:
    fields = line.split("\t", 10)
    return len(fields) == 10 and conllu.ID.fullmatch(fields[0]) is not None


def _is_word_tag(line: str) -> bool:
    word, _, tag = line.lstrip(" ").split(" ", 1)[0].rpartition("_")
    return bool(word and tag)
