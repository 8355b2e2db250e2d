"""What format a file is in, judged by its first lines, and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from elman.errors import DataError
from elman.formats import columns, conllu
from elman.formats.lines import HEAD
from elman.formats.shared import LINE_END, is_blank


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


def sniff(lines: Sequence[str], *, labelled: bool, path: str = "input") -> tuple[str, str]:
    """The name of the format, and why, in one sentence. ``lines`` are the first lines, with their ends.

    Text that is to be tagged is ``text`` unless the first line has tabs (``columns``, ``conllu``). Labelled text is
    ``conllu``, ``columns`` or ``word_tag``, whichever most of the lines look like.

    Raises DataError: labelled text that looks like none of them.
    """
    data = [line.rstrip(LINE_END) for line in lines if not is_blank(line) and not columns.is_aside(line)]
    if not data:
        return ("columns" if labelled else "text"), "no line with a word in it"
    if not labelled:
        data = data[:1]
    if evidence := _most(map(_is_conllu, data), data):
        return "conllu", f"an ID and ten columns separated by tabs {evidence}"
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
    raise DataError("no tags to be seen in the first lines; pass --format word_tag, columns or conllu", path=path)


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
