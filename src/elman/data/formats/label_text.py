"""``label_text``: a label, a tab or a space, and a text; one per line (``1<TAB>Some title``, ``LOC:city Where …``).

The first line with a text decides for the whole file: if it has a tab, the label ends at the first tab of each line,
else at the first space. Words are separated by spaces, as in ``text``. For a label ``COARSE:fine`` the part before the
colon is the additional label ``coarse``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from elman.data.formats.holds import Confidences, Holds, check_label, check_words, is_gap, only_label, text_target
from elman.data.formats.lines import LINE_END, is_blank
from elman.data.formats.text_io import BOM
from elman.data.sentence import Sentence
from elman.errors import DataError
from elman.utils.display import shown

HOLDS = Holds(labels=1)


def separator(head: Sequence[str]) -> str:
    """Return the character that ends the label: a tab or a space."""
    first = next((line for line in head if not is_blank(line)), "\t")
    return "\t" if "\t" in first else " "


def read(lines: Iterable[str], head: Sequence[str], path: str) -> Iterator[Sentence]:
    """Yield the sentences of lines with the label ``label``. Raises DataError for a missing label or text."""
    mark = separator(head)
    for number, line in enumerate(lines, 1):
        if is_blank(line):
            yield Sentence((), path=path, line=number, lines=(line,), format="label_text")
            continue
        label, _, text = line.rstrip(LINE_END).partition(mark)
        words = tuple(word for word in text.split(" ") if word)
        if not label or not words:
            expected = "expected LABEL, a tab and a text" if mark == "\t" else "expected LABEL, a space and a text"
            problem = f"no {'text' if label else 'label'}: {shown(line.rstrip(LINE_END))}"
            raise DataError(f"{expected}, found {problem}", path=path, line=number)
        labels = {"label": label}
        coarse, colon, _ = label.partition(":")
        if coarse and colon:
            labels["coarse"] = coarse
        rows = (0,) * len(words)
        yield Sentence(words, {}, path, number, (line,), rows, "label_text", labels)


def target(name: str | None, head: Sequence[str], path: str, labelled: bool) -> str:
    """Return the column for tags. Raises ConfigError if word tags are to be read: there are none."""
    return text_target("label_text", path, name, labelled)


def write(sentence: Sentence, tags: Mapping[str, Sequence[str]], confidences: Confidences | None) -> str:
    """Return one line; of a line that was read only the label changes.

    Raises DataError for a sentence without label, a label with the separator or a line end, or a word with a space or a
    line end.
    """
    if not sentence.words:
        return "".join(sentence.lines) if sentence.format == "label_text" else "" if is_gap(sentence) else "\n"
    label = only_label(sentence, "label_text")
    if sentence.format == "label_text":
        line = sentence.lines[0]
        bom = line[: line.startswith(BOM)]
        mark = separator(sentence.lines)
        check_label(sentence, label, "label_text", mark + "\n")
        return bom + label + line[line.index(mark) :]
    check_label(sentence, label, "label_text", "\t\n")
    check_words(sentence, "label_text", " \n")
    return f"{label}\t{' '.join(sentence.words)}\n"
