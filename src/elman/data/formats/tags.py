"""``tags`` (output only): the tags separated by single spaces, one sentence per line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from elman.data.formats.holds import Confidences, Holds, check_tags, is_gap, only_column
from elman.data.formats.lines import line_end_of
from elman.data.sentence import Sentence

HOLDS = Holds(words=False, columns=1)


def write(sentence: Sentence, tags: Mapping[str, Sequence[str]], confidences: Confidences | None) -> str:
    """Return one line, blank for a sentence without words. Raises DataError for a tag with a space or a line end."""
    if is_gap(sentence):
        return ""
    column = only_column(tags, "tags")
    check_tags(sentence, column, "tags", " \n")
    return " ".join(column) + line_end_of(sentence)
