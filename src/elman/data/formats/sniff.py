"""What format a file is in, judged by its first lines, and why."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from elman.data.formats import registry
from elman.data.formats.lines import LINE_END, is_blank
from elman.data.formats.registry import LazyModule
from elman.data.formats.text_io import MAX_HEAD
from elman.errors import ConfigError, DataError
from elman.utils.display import shown

if TYPE_CHECKING:
    from elman.data.formats import columns, conllu, conllup, csv_reader as tables, fasttext, headers
else:
    columns, conllu, conllup = LazyModule("columns"), LazyModule("conllu"), LazyModule("conllup")
    fasttext, headers, tables = LazyModule("fasttext"), LazyModule("headers"), LazyModule("csv_reader")

_SIGN = re.compile(r"[+-]?[01]\t[^\t ]+ [^\t]*")
_COARSE_FINE = re.compile(r"[A-Z]+:[A-Za-z]+ +\S")
_TREE = re.compile(r"\([^() \t\r\n]*\s*\([^() \t\r\n]+[ \t\r\n(]")
_OPENS = re.compile(r"[ \t]*\([^() \t\r\n]*\s*")
_CAPITALS = re.compile(r"[A-Z][A-Z0-9$.:|+*-]*|[BIESLUM]-\S+|[^\w\s]+")  # most tags, and few words
_TABLE = re.compile(r"\.[ct]sv(\.\w+)?$", re.IGNORECASE)
_MARKS = {"_": "word_tag", "/": "word_tag:separator=/"}
_SOME = 50  # lines
_FEW = 10
"""Tags from which on it can be seen that they are some that come again and again."""


class ModelHints(NamedTuple):
    """What is known of a text that is to be tagged, from the model that is to tag it.

    ``format``   the format of the text it learned from; ``targets`` the label columns that it gives
    ``tags``     its tags of words, ``labels`` its labels of whole texts
    """

    format: str = ""
    targets: Collection[str] = ()
    tags: Collection[str] = ()
    labels: Collection[str] = ()


def is_enough(lines: Sequence[str], *, labelled: bool, any_format: bool = True) -> bool:
    """Whether these first lines of a file suffice to know its format and layout.

    A text that is to be tagged is judged by what has come, so that nobody waits at a pipe; but not by what may be a
    comment or the first bracket of a tree. Labelled text is read from files. ``any_format=False``: the format is
    known to be columns, only their layout is wanted.
    """
    if len(lines) >= MAX_HEAD:
        return True
    if labelled:
        return False
    words = 0
    for line in lines:
        if is_blank(line):
            if words > 1:
                return True
        elif not columns.is_aside(line):
            if any_format and "\t" not in line and line[0] != "#" and not _OPENS.fullmatch(line):
                return True
            words += 1
    return False


def sniff(
    lines: Sequence[str], *, labelled: bool, path: str = "input", known: ModelHints | None = None
) -> tuple[str, str]:
    """The name of the format, with options or without, and why, in one sentence. ``lines`` are the first lines, with
    their ends.

    What begins as no other text does (names of columns, JSON, trees) is known by that; else the format is what more
    than half of the lines look like. Text that is to be tagged and looks like nothing else is ``text``; there it is of
    use to know the model that is to tag it.

    Raises DataError: labelled text that looks like nothing known, a table of which nothing says what is to be read.
    """
    known = known or ModelHints()
    if found := sniff_first_line(lines):
        return found
    is_aside = columns.is_aside
    data = [line.rstrip(LINE_END) for line in lines if not is_blank(line) and not is_aside(line)]
    if not data:
        return ("columns" if labelled else "text"), "no line with a word in it"
    rows = [line for line in data if line[0] != "#"]  # others may be comments, whatever stands behind the mark
    if evidence := _most(map(_is_conllu, rows), rows):
        return "conllu", f"an ID and ten columns separated by tabs {evidence}"
    if known.labels and (found := _labelled_already(data, known)):
        return found
    may_be_table = any(mark in data[0] for mark in ",;\t") or _TABLE.search(path)
    if not labelled and may_be_table and (found := headers.table_to_tag(lines, path, known)):
        return found
    tabs = _most(("\t" in line for line in data), data)
    if found := _labels_of_texts(data, labelled, bool(tabs)) or _word_tag(data, "/", labelled, known):
        return found
    if tabs and (error := headers.table_without_names(lines, path, labelled=labelled)):
        raise error
    if tabs:
        return "columns", f"a tab {tabs}"
    if found := _word_tag(data, "_", labelled, known) or _columns(data, lines, labelled, known):
        return found
    if not labelled:
        return "text", f"no tab {_most((chr(9) not in line for line in data), data) or 'in half of the first lines'}"
    raise DataError(_found(data, lines), path=path)


def sniff_first_line(lines: Sequence[str]) -> tuple[str, str] | None:
    """The formats that begin as no other does."""
    first = next((line for line in lines if not is_blank(line)), "")
    if first.startswith("#") and first.startswith(conllup.MARK):
        return "conllup", "the names of its columns in the first line"
    if re.match(r"\s*\{\s*\"|\s*\[\s*(\{|$)", first):
        return ("json" if "[" in first.split("{")[0] else "jsonl"), "JSON in the first line"
    if first.lstrip(" \t").startswith("(") and _TREE.match("".join(lines).lstrip()):
        begins = [line for line in lines if line[:1] not in " \t\r\n"]
        if _first_tree(lines) or _most((bool(_TREE.match(line) or _OPENS.fullmatch(line)) for line in begins), begins):
            where = "" if _TREE.match(first.lstrip(" \t")) else " or the next"
            return "trees", f"a bracket within a bracket in the first line{where}"
    for format in ("csv", "tsv") if any(mark in first for mark in ",;\t") else ():
        if tables.looks_like(lines, format):
            return format, "usual names of columns in the first line"
    return None


def _first_tree(lines: Sequence[str]) -> bool:
    try:
        from elman.data.trees import read_trees

        return next((True for found in read_trees(lines) if found.tree is not None), False)
    except DataError:
        return False


def _labels_of_texts(data: Sequence[str], labelled: bool, tabs: bool) -> tuple[str, str] | None:
    """The formats of a text a line with its label; blank lines say nothing of it."""
    if evidence := _most((line.startswith(fasttext.PREFIX) for line in data), data):
        return "fasttext", f"{fasttext.PREFIX} at the start {evidence}"
    tests: list[tuple[str, Callable[[str], object]]] = []
    if tabs:
        tests.append(("1, +1, 0 or -1 and a tab at the start", _SIGN.fullmatch))
        tests.append(("a label, a tab and several words", _is_label_and_text))
    elif labelled:
        tests.append(("COARSE:fine at the start", _COARSE_FINE.match))
    for what, test in tests:
        if evidence := _most((bool(test(line)) for line in data), data):
            first = {line.partition("\t")[0] for line in data}
            if labelled or test == _SIGN.fullmatch or 2 * len(first) <= len(data):  # else they may be names of texts
                return "label_text", f"{what} {evidence}"
    return None


def _labelled_already(data: Sequence[str], known: ModelHints) -> tuple[str, str] | None:
    """The format of a text a line with its label, where most have one that is known."""
    for what, label in (("a tab", lambda line: line.partition("\t")), ("COARSE:fine", _fine)):
        if evidence := _most((bool(mark) and name in known.labels for name, mark, _ in map(label, data)), data):
            return "label_text", f"a label of the model and {what} {evidence}"
    return None


def _fine(line: str) -> tuple[str, ...]:
    label, mark, text = line.partition(" ")
    return (label, mark if _COARSE_FINE.match(line) else "", text)


def _is_label_and_text(line: str) -> bool:
    """Whether there are two columns separated by a tab, and several words in the second one alone."""
    fields = line.split("\t")
    return len(fields) == 2 and " " in fields[1].strip() and " " not in fields[0].strip() and all(fields)


def _word_tag(data: Sequence[str], mark: str, labelled: bool, known: ModelHints) -> tuple[str, str] | None:
    """Tokens of a word, the mark and a tag; in text that is to be tagged the tags must be tags, too.

    An underscore in the first token of a line is enough where tags are expected; all else must be seen in all tokens.
    """
    first = labelled and mark == "_"
    pairs = [_pairs(line, mark, first) for line in data]
    evidence = _most(map(bool, pairs), data)
    if evidence and not labelled:
        words, _, tags = zip(*(token.rpartition(mark) for tokens in pairs for token in tokens), strict=True)
        evidence = evidence if _are_tags(tags, words, known) else ""
    what = f"a token word{mark}TAG at the start" if first else f"nothing but tokens word{mark}TAG"
    return (_MARKS[mark], f"{what} {evidence}") if evidence else None


def _pairs(line: str, mark: str, first: bool) -> list[str]:
    """The tokens of a line if they all, or the ``first``, are a word, the mark and a tag; else none."""
    if mark not in line:
        return []
    line = line.replace("\t", " ") if mark == "/" else line
    start = line.lstrip(" ").partition(" ")[0]
    if not 0 < start.rfind(mark) < len(start) - 1:
        return []
    tokens = [token for token in line.split(" ") if token]
    return tokens if first or all(0 < token.rfind(mark) < len(token) - 1 for token in tokens) else []


def _columns(data: Sequence[str], lines: Sequence[str], labelled: bool, known: ModelHints) -> tuple[str, str] | None:
    """Columns separated by spaces, and words alone for a model of columns."""
    split = columns.ColumnLayout(tabs=False).split
    if not labelled and not _alike([split(line) for line in data[:_SOME]]):
        return None  # text, as most files that are to be tagged are
    table = [split(line) for line in data]
    width = Counter(map(len, table)).most_common(1)[0][0]
    evidence = _most((len(row) == width for row in table), data)
    blank = any(map(is_blank, lines))
    what = f"{width} columns separated by spaces {evidence}" if width > 1 else f"a word alone {evidence}"
    if not evidence or (labelled and not (blank and width > 1)):
        return None
    if labelled:
        return "columns", f"blank lines, and {what}"
    if any(line.startswith(columns.MARK) for line in lines):
        return "columns", f"{columns.MARK}, and {what}"
    first, last = zip(*((row[0], row[-1]) for row in table if len(row) == width), strict=True)
    capitals = 2 * sum(map(bool, map(_CAPITALS.fullmatch, last))) > len(last)
    if width > 1 and _are_tags(last, first, known, often=blank and capitals):
        return "columns", f"{what}, the last one of tags"
    sentences = "".join(" " if is_blank(line) else "w" for line in lines).split()
    if width == 1 and known.format == "columns" and len(sentences) > 1 and max(map(len, sentences)) > 1:
        return "columns", f"blank lines, and {what}, as the model's own format has it"
    return None


def _alike(table: Sequence[Sequence[str]]) -> bool:
    """Whether most rows are of one length."""
    return 2 * Counter(map(len, table)).most_common(1)[0][1] > len(table)


def _are_tags(tags: Sequence[str], words: Sequence[str], known: ModelHints, *, often: bool = True) -> bool:
    """Whether these are the tags of these words: most are known; or, if that counts, a few that come ``often``."""
    if len(tags) > 1 and _share(tags, known.tags) > 0.5 >= _share(words, known.tags):
        return True
    there = set(tags)
    return often and len(tags) >= _FEW and 3 * len(there) <= len(tags) and _share(words, there) <= 0.5


def _share(values: Sequence[str], of: Collection[str]) -> float:
    return sum(value in of for value in values) / len(values)


def _found(data: Sequence[str], lines: Sequence[str]) -> str:
    """What a file that is nothing known looks like, and what to do."""
    for mark in ",;":
        count = data[0].count(mark)
        if count and len(data) > 1 and _most((line.count(mark) == count for line in data), data):
            names = ", ".join(name.strip() for name in data[0].split(mark))
            say = "--format csv:word=NAME, or --format csv:text=NAME,label=NAME"
            return (
                f"no tags to be seen in the first lines; if it is CSV with the columns {names[:60]}, say which: {say}"
            )
    first = next(line for line in lines if not is_blank(line)).rstrip(LINE_END)
    what = f"no tags to be seen in the first lines, the first is {shown(first)}"
    if some := _fitting(lines):
        return f"{what}; pass --format {' or '.join(some)}, whichever it is"
    formats = ", ".join(name for name in registry.INPUT_FORMATS if name != "text")
    return f"{what}; no format that holds tags has such lines: {formats}"


def _fitting(lines: Sequence[str]) -> list[str]:
    """The formats that could be asked for: those that can read the lines and find tags or labels in them."""
    found = []
    first = next(line for line in lines if not is_blank(line)).split()[0]
    marks = dict.fromkeys(mark for mark in first[1:-1] if mark.isascii() and not mark.isalnum() and mark not in "_,;")
    for name in (*registry.INPUTS, *(f"word_tag:separator={mark}" for mark in marks)):
        _, module = registry.with_options(name)
        try:
            sentences = [one for one in module.read(lines, lines, "") if one.words]  # type: ignore[union-attr]
        except (DataError, ConfigError):
            continue
        if sentences and all(one.columns or one.labels for one in sentences):
            found.append(name)
    return found


def _most(found: Iterable[bool], data: Sequence[str]) -> str:
    """In how many of the lines it is found, in words, if these are more than half; else nothing."""
    count = sum(found)
    if 2 * count <= len(data):
        return ""
    return f"in {count} of the first {len(data)} lines" if len(data) > 1 else "in the first line"


def _is_conllu(line: str) -> bool:
    fields = line.split("\t", 10)
    return len(fields) == 10 and conllu.ID.fullmatch(fields[0]) is not None
