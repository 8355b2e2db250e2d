"""Detect the format of a file from its first lines, and say why."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from elman.data.formats import registry
from elman.data.formats.lines import LINE_END, is_blank
from elman.data.formats.registry import LazyModule
from elman.data.formats.text_io import MAX_HEAD, check_lengths
from elman.errors import ConfigError, DataError
from elman.utils.display import shown
from elman.utils.limits import LINE_OF_TEXT

if TYPE_CHECKING:
    from elman.data.formats import columns, conllu, conllup, csv_reader, fasttext, headers, tokenizer
else:
    tokenizer = LazyModule("tokenizer")
    columns, conllu, conllup = LazyModule("columns"), LazyModule("conllu"), LazyModule("conllup")
    fasttext, headers, csv_reader = LazyModule("fasttext"), LazyModule("headers"), LazyModule("csv_reader")

_SIGN = re.compile(r"[+-]?[01]\t[^\t ]+ [^\t]*")
_COARSE_FINE = re.compile(r"[A-Z]+:[A-Za-z]+ +\S")
_TREE = re.compile(r"\([^() \t\r\n]*+\s*+\([^() \t\r\n]++[ \t\r\n(]")
_OPENS = re.compile(r"[ \t]*+\([^() \t\r\n]*+\s*+")
_TAG_LIKE = re.compile(r"[A-Z][A-Z0-9$.:|+*-]*|[BIESLUM]-\S+|[^\w\s]+")  # most tags, but few words
_TABLE_NAME = re.compile(r"\.[ct]sv(\.\w+)?$", re.IGNORECASE)
_SEPARATORS = {"_": "word_tag", "/": "word_tag:separator=/"}
_N_SAMPLE = 50
"""Lines that are compared to see whether they have equally many columns."""
_LONG_WORD = 8
"""Characters of a word in a script without spaces; few words are longer."""
_MOST_READ = 1_000_000
"""Characters of the first lines, at most, if all formats are tried on them for a message."""
_MIN_TAGS = 10
"""Fewer tags do not show whether the same ones recur."""


class ModelHints(NamedTuple):
    """What a model tells about text that it is to tag.

    ``format``  the format of its training text; ``targets``  the label columns that it predicts
    ``tags``    its word tags; ``labels``  its document labels
    """

    format: str = ""
    targets: Collection[str] = ()
    tags: Collection[str] = ()
    labels: Collection[str] = ()


def is_enough(lines: Sequence[str], *, labelled: bool, any_format: bool = True) -> bool:
    """Return whether the first lines of a file suffice to detect its format and layout.

    Text to be tagged is judged by the lines so far, so that nobody waits at a pipe, unless they may be comments or the
    first bracket of a tree. Labelled text is read from files. ``any_format=False``: the format is known to be columns,
    only the layout is wanted.
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
            if any_format and "\t" not in line.lstrip("\t ") and line[0] != "#" and not _OPENS.fullmatch(line):
                return True
            words += 1
    return False


def sniff(
    lines: Sequence[str], *, labelled: bool, path: str = "input", known: ModelHints | None = None
) -> tuple[str, str]:
    """Return the name of the format, with or without options, and the evidence for it.

    ``lines`` are the first lines with their line ends. Formats with a distinctive beginning (column names, JSON, trees)
    are detected by that, otherwise by what more than half of the lines look like. Text to be tagged that looks like
    nothing else is ``text``; ``known`` helps to recognize tags and labels.

    Raises DataError for labelled text in no known format, or a table whose column of text is unclear.
    """
    known = known or ModelHints()
    if result := sniff_first_line(lines):
        return result
    check_lengths(lines, LINE_OF_TEXT, path)
    is_aside = columns.is_aside
    data = [line.rstrip(LINE_END) for line in lines if not is_blank(line) and not is_aside(line)]
    if not data:
        return ("columns" if labelled else "text"), "no line with a word in it"
    rows = [line for line in data if line[0] != "#"]  # others may be comments
    if evidence := _evidence(map(_is_conllu, rows), rows):
        return "conllu", f"an ID and ten columns separated by tabs {evidence}"
    if known.labels and (result := _sniff_known_labels(data, known)):
        return result
    may_be_table = any(mark in data[0] for mark in ",;\t") or _TABLE_NAME.search(path)
    if not labelled and may_be_table and (result := headers.table_to_tag(lines, path, known)):
        return result
    tabs = _evidence(("\t" in line.lstrip("\t ") for line in data), data)  # at the start they indent a paragraph
    if result := _sniff_document_labels(data, labelled, bool(tabs)) or _sniff_word_tag(data, "/", labelled, known):
        return result
    if tabs and (error := headers.table_without_names(lines, path, labelled=labelled)):
        raise error
    if tabs:
        return "columns", f"a tab {tabs}"
    if _evidence(map(_is_spaced_conllu, rows), rows):
        raise DataError(
            "it looks like CoNLL-U with spaces in place of tabs; sed -E '/^#/!s/ +/\\t/g' makes it CoNLL-U, --format "
            "columns:word=2 reads it as columns",
            path=path,
        )
    if result := _sniff_word_tag(data, "_", labelled, known) or _sniff_columns(data, lines, labelled, known):
        return result
    if not labelled:
        return "text", _why_text(data, known)
    raise DataError(_describe_unknown(data, lines), path=path)


def sniff_first_line(lines: Sequence[str]) -> tuple[str, str] | None:
    """Return the format and the evidence for formats with a distinctive beginning; else None."""
    first = next((line for line in lines if not is_blank(line)), "")
    if first.startswith("#") and first.startswith(conllup.HEADER_MARK):
        return "conllup", "the names of its columns in the first line"
    if re.match(r"\s*\{\s*\"|\s*\[\s*(\{|$)", first):
        return ("json" if "[" in first.partition("{")[0] else "jsonl"), "JSON in the first line"
    if first.lstrip(" \t").startswith("(") and _TREE.match("".join(lines).lstrip()):
        tree_starts = [line for line in lines if line[:1] not in " \t\r\n"]
        if _first_tree(lines) or _evidence(
            (bool(_TREE.match(line) or _OPENS.fullmatch(line)) for line in tree_starts), tree_starts
        ):
            where = "" if _TREE.match(first.lstrip(" \t")) else " or the next"
            return "trees", f"a bracket within a bracket in the first line{where}"
    for format in ("csv", "tsv") if any(mark in first for mark in ",;\t") else ():
        if csv_reader.looks_like(lines, format):
            return format, "usual names of columns in the first line"
    return None


def _first_tree(lines: Sequence[str]) -> bool:
    try:
        from elman.data.trees import read_trees

        return next((True for found in read_trees(lines) if found.tree is not None), False)
    except DataError:
        return False


def _sniff_document_labels(data: Sequence[str], labelled: bool, tabs: bool) -> tuple[str, str] | None:
    """Detect formats of one labelled text per line; blank lines are no evidence against them."""
    if evidence := _evidence((line.startswith(fasttext.PREFIX) for line in data), data):
        return "fasttext", f"{fasttext.PREFIX} at the start {evidence}"
    tests: list[tuple[str, Callable[[str], object]]] = []
    if tabs:
        tests.append(("1, +1, 0 or -1 and a tab at the start", _SIGN.fullmatch))
        tests.append(("a label, a tab and several words", _is_label_and_text))
    elif labelled:
        tests.append(("COARSE:fine at the start", _COARSE_FINE.match))
    for observation, test in tests:
        if evidence := _evidence((bool(test(line)) for line in data), data):
            first_fields = {line.partition("\t")[0] for line in data}
            if (
                labelled or test == _SIGN.fullmatch or 2 * len(first_fields) <= len(data)
            ):  # otherwise they may be IDs of texts
                return "label_text", f"{observation} {evidence}"
    return None


def _sniff_known_labels(data: Sequence[str], known: ModelHints) -> tuple[str, str] | None:
    """Detect formats of one labelled text per line by labels of the model."""
    for observation, split in (("a tab", lambda line: line.partition("\t")), ("COARSE:fine", _split_coarse_label)):
        if evidence := _evidence((bool(mark) and name in known.labels for name, mark, _ in map(split, data)), data):
            return "label_text", f"a label of the model and {observation} {evidence}"
    return None


def _split_coarse_label(line: str) -> tuple[str, ...]:
    label, mark, text = line.partition(" ")
    return (label, mark if _COARSE_FINE.match(line) else "", text)


def _is_label_and_text(line: str) -> bool:
    """Return whether a line has two tab-separated columns, of which only the second has several words."""
    fields = line.split("\t")
    return len(fields) == 2 and " " in fields[1].strip() and " " not in fields[0].strip() and all(fields)


def _sniff_word_tag(data: Sequence[str], separator: str, labelled: bool, known: ModelHints) -> tuple[str, str] | None:
    """Detect tokens of a word, a separator and a tag; in text to be tagged the tags also have to look like tags.

    An underscore in the first token of a line suffices if tags are expected; all else has to hold for all tokens.
    """
    only_first = labelled and separator == "_"
    pairs = [_word_tag_tokens(line, separator, only_first) for line in data]
    evidence = _evidence(map(bool, pairs), data)
    if evidence and not labelled:
        words, _, tags = zip(*(token.rpartition(separator) for tokens in pairs for token in tokens), strict=True)
        evidence = evidence if _look_like_tags(tags, words, known) else ""
    observation = f"a token word{separator}TAG at the start" if only_first else f"nothing but tokens word{separator}TAG"
    return (_SEPARATORS[separator], f"{observation} {evidence}") if evidence else None


def _word_tag_tokens(line: str, separator: str, first: bool) -> list[str]:
    """Return the tokens of a line if all, or the ``first``, are a word, the separator and a tag; else none."""
    if separator not in line:
        return []
    line = line.replace("\t", " ") if separator == "/" else line
    start = line.lstrip(" ").partition(" ")[0]
    if not 0 < start.rfind(separator) < len(start) - 1:
        return []
    tokens = [token for token in line.split(" ") if token]
    return tokens if first or all(0 < token.rfind(separator) < len(token) - 1 for token in tokens) else []


def _sniff_columns(
    data: Sequence[str], lines: Sequence[str], labelled: bool, known: ModelHints
) -> tuple[str, str] | None:
    """Detect columns separated by spaces, and single words if the model was trained on columns."""
    split = columns.ColumnLayout(tabs=False).split
    if not labelled and not _have_equal_width([split(line) for line in data[:_N_SAMPLE]]):
        return None  # text, like most files to be tagged
    table = [split(line) for line in data]
    width = Counter(map(len, table)).most_common(1)[0][0]
    evidence = _evidence((len(row) == width for row in table), data)
    has_blank = any(map(is_blank, lines))
    observation = f"{width} columns separated by spaces {evidence}" if width > 1 else f"a word alone {evidence}"
    if not evidence or (labelled and not (has_blank and width > 1)):
        return None
    if labelled:
        return "columns", f"blank lines, and {observation}"
    if any(line.startswith(columns.DOCUMENT_MARK) for line in lines):
        return "columns", f"{columns.DOCUMENT_MARK}, and {observation}"
    words, tags = zip(*((row[0], row[-1]) for row in table if len(row) == width), strict=True)
    mostly_tag_like = 2 * sum(map(bool, map(_TAG_LIKE.fullmatch, tags))) > len(tags)
    if width > 1 and _look_like_tags(tags, words, known, often=has_blank and mostly_tag_like):
        return "columns", f"{observation}, the last one of tags"
    sentences = "".join(" " if is_blank(line) else "w" for line in lines).split()
    if width == 1 and known.format == "columns" and len(sentences) > 1 and max(map(len, sentences)) > 1:
        return "columns", f"blank lines, and {observation}, as the model's own format has it"
    return None


def _have_equal_width(table: Sequence[Sequence[str]]) -> bool:
    """Return whether most rows have the same length."""
    return 2 * Counter(map(len, table)).most_common(1)[0][1] > len(table)


def _look_like_tags(tags: Sequence[str], words: Sequence[str], known: ModelHints, *, often: bool = True) -> bool:
    """Return whether ``tags`` look like tags: most are known; or, if ``often``, a few different ones recur."""
    if len(tags) > 1 and _share(tags, known.tags) > 0.5 >= _share(words, known.tags):
        return True
    distinct = set(tags)
    return often and len(tags) >= _MIN_TAGS and 3 * len(distinct) <= len(tags) and _share(words, distinct) <= 0.5


def _why_text(data: Sequence[str], known: ModelHints) -> str:
    """Return the evidence that lines are plain text, and what else they may be."""
    indented = ", but at the start, where it is part of the first word," * any(line[0] == "\t" for line in data)
    evidence = _evidence(("\t" not in line.lstrip("\t ") for line in data), data)
    why = f"no tab{indented} {evidence or 'in half of the first lines'}"
    for separator, name in _SEPARATORS.items():
        if _evidence((len(_word_tag_tokens(line, separator, False)) > 1 for line in data), data):
            return f"{why}; if its words have tags, word{separator}TAG, pass --format {name}"
    unspaced = all(" " not in line.strip() and tokenizer.is_unspaced(line) for line in data)
    if known.format != "text" and unspaced and max(map(len, data)) > _LONG_WORD:
        return f"{why}; no spaces in it, so each line is one word: a model of --task segment finds words in such text"
    return why


def _share(values: Sequence[str], of: Collection[str]) -> float:
    return sum(value in of for value in values) / len(values)


def _describe_unknown(data: Sequence[str], lines: Sequence[str]) -> str:
    """Return the message for a file in no known format, with advice."""
    for separator in ",;":
        count = data[0].count(separator)
        if count and len(data) > 1 and _evidence((line.count(separator) == count for line in data), data):
            names = ", ".join(name.strip() for name in data[0].split(separator))
            options = "--format csv:word=NAME, or csv:text=NAME,label=NAME; csv:header=no,text=1,label=2 without names"
            advice = f"if it is CSV with the columns {names[:60]}, say which: {options}"
            return f"no tags to be seen in the first lines; {advice}"
    first = next(line for line in lines if not is_blank(line)).rstrip(LINE_END)
    message = f"no tags to be seen in the first lines, the first is {shown(first)}"
    if formats_that_fit := _readable_formats(lines):
        return f"{message}; pass --format {' or '.join(formats_that_fit)}"
    formats = ", ".join(name for name in registry.INPUT_FORMATS if name != "text")
    return f"{message}; no format that holds tags has such lines: {formats}"


def _readable_formats(lines: Sequence[str]) -> list[str]:
    """Return the formats that can read the lines and find tags or labels in them; none for very long lines."""
    formats: list[str] = []
    if sum(map(len, lines)) > _MOST_READ:
        return formats
    first = next((words[0] for line in lines if (words := line.split())), "")  # none in lines of control characters
    separators = dict.fromkeys(
        separator
        for separator in first[1:-1]
        if separator.isascii() and not separator.isalnum() and separator not in "_,;"
    )
    for name in (*registry.INPUTS, *(f"word_tag:separator={separator}" for separator in separators)):
        _, module = registry.with_options(name)
        try:
            sentences = [one for one in module.read(lines, lines, "") if one.words]  # type: ignore[union-attr]
        except (DataError, ConfigError):
            continue
        if sentences and all(one.columns or one.labels for one in sentences):
            formats.append(name)
    return formats


def _evidence(hits: Iterable[bool], data: Sequence[str]) -> str:
    """Describe in how many lines something was found, if in more than half of them; else return ""."""
    count = sum(hits)
    if 2 * count <= len(data):
        return ""
    return f"in {count} of the first {len(data)} lines" if len(data) > 1 else "in the first line"


def _is_conllu(line: str) -> bool:
    fields = line.split("\t", 10)
    return len(fields) == 10 and conllu.ID.fullmatch(fields[0]) is not None


def _is_spaced_conllu(line: str) -> bool:
    """Return whether a line has an ID, ten columns separated by spaces, and a number or ``_`` as HEAD."""
    fields = line.split()
    return (
        len(fields) == 10 and conllu.ID.fullmatch(fields[0]) is not None and (fields[6] == "_" or fields[6].isdigit())
    )
