"""Spans of characters, as annotation tools export them, to tags of words.

What is read (offsets count characters, that is code points, from 0; the end is not part of the span):

    [start, end, label]                                   doccano
    {"start": …, "end": …, "label": …}                    Prodigy; ``start_offset``, ``end_offset`` of doccano too
    {"start": …, "end": …, "labels": [label], "text": …}  Label Studio, whose ``text`` is compared
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from elman.errors import ConfigError, DataError
from elman.formats.shared import shown, whole_number
from elman.spans import OUTSIDE

MOST = 10**15  # no text has as many characters, no list as many names
_LOOSE = re.compile(r"\s|\\[nrt]")  # Label Studio shows line ends in different ways


@dataclass(frozen=True, slots=True)
class Place:
    """A span of characters; ``label`` is a name, or its number."""

    start: int
    end: int
    label: str | int
    said: str | None = None
    """The text that the tool says it covers."""

    def shown(self, text: str) -> str:
        """The span in a message."""
        return f"span {self.start}-{self.end} {shown(text[self.start : self.end])} ({self.label})"


def is_span(item: Any) -> bool:
    """Whether an item of a list looks like a span."""
    if isinstance(item, list):
        return len(item) == 3 and _is_number(item[0]) and _is_number(item[1])
    return isinstance(item, Mapping) and ("start" in item or "start_offset" in item)


def place(item: Any) -> Place:
    """The span that an item is. Raises DataError (without a place) for one that is none."""
    if isinstance(item, list):
        start, end, label, said = *item, None
    else:
        start, end = (item.get(key, item.get(f"{key}_offset")) for key in ("start", "end"))
        label, said = item.get("label", item.get("labels", item.get("hypertextlabels"))), item.get("text")
        if isinstance(label, list) and len(label) == 1:
            (label,) = label
    # Label Studio writes numbers as strings now and then
    start, end = (cast(int, whole_number(at) if isinstance(at, str) else at) for at in (start, end))
    if not (_is_place(start) and _is_place(end)) or not (_is_place(label) or (isinstance(label, str) and label)):
        raise DataError(f"expected a span with a start, an end and one label, found {shown(str(item))}")
    return Place(start, end, label, said if isinstance(said, str) else None)


def _is_number(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_place(value: Any) -> bool:
    return _is_number(value) and -MOST < value < MOST


def in_code_points(places: Sequence[Place], text: str) -> list[Place]:
    """Spans whose offsets count UTF-16 code units, as JavaScript does. Raises DataError: half a character."""
    at = {0: 0}
    units = 0
    for i, character in enumerate(text, 1):
        units += 2 if character > "\uffff" else 1
        at[units] = i
    found = []
    for one in places:
        if one.start not in at or one.end not in at:
            raise DataError(f"span {one.start}-{one.end} ({one.label}) lies outside the text or cuts a character")
        found.append(Place(at[one.start], at[one.end], one.label, one.said))
    return found


def tags_of(
    places: Sequence[Place], words: Sequence[tuple[int, int]], text: str, names: Mapping[Place, str], widen: bool
) -> tuple[str, ...]:
    """The IOB2 tags of the words between the given offsets.

    Raises DataError (without a place): a span beyond the text, one with other text than the tool says, one that
    overlaps another, one that does not begin and end with a word, unless it is to be ``widen``ed to the words it
    touches, and in any case one that touches none.
    """
    tags = [OUTSIDE] * len(words)
    starts, ends = [start for start, _ in words], [end for _, end in words]
    before: Place | None = None
    last_word = 0
    for one in sorted(places, key=lambda one: (one.start, one.end)):
        _check_text(one, text)
        if before is not None and one.start < before.end:
            raise DataError(f"{one.shown(text)} overlaps {before.shown(text)}; a word has one tag: remove one of them")
        first, end = bisect_right(ends, one.start), bisect_left(starts, one.end)
        if first >= end or one.start == one.end:
            raise DataError(f"{one.shown(text)} holds no word; remove it")
        if not widen and (starts[first] != one.start or ends[end - 1] != one.end):
            wide = Place(starts[first], ends[end - 1], one.label)
            raise DataError(
                f"{one.shown(text)} does not fall on word borders; the words are {wide.start}-{wide.end} "
                f"{shown(text[wide.start : wide.end])}: mend it or pass --spans widen (the format: jsonl:spans=widen)"
            )
        if before is not None and first < last_word:
            raise DataError(f"{one.shown(text)} and {before.shown(text)} share a word when widened; mend one of them")
        tags[first:end] = [f"{'I' if i else 'B'}-{names[one]}" for i in range(end - first)]
        before, last_word = one, end
    return tuple(tags)


def _check_text(one: Place, text: str) -> None:
    if not 0 <= one.start <= one.end <= len(text):
        where = f"outside the text of {len(text)} characters{_hint(one, text)}"
        raise DataError(f"span {one.start}-{one.end} ({one.label}) lies {where}")
    if one.said is not None and _LOOSE.sub("", one.said) != _LOOSE.sub("", text[one.start : one.end]):
        raise DataError(f"{one.shown(text)} should be {shown(one.said)}{_hint(one, text) or '; mend its offsets'}")


def _hint(one: Place, text: str) -> str:
    """What to do where the offsets would fit if they counted as JavaScript does."""
    try:
        (other,) = in_code_points([one], text)
    except DataError:
        return ""
    if other == one or (one.said is not None and text[other.start : other.end] != one.said):
        return ""
    return "; if its offsets count UTF-16 units, pass jsonl:offsets=utf-16 as the format"


def check_options(given: Mapping[str, str], allowed: Mapping[str, Sequence[str]], format: str) -> None:
    """Raise ConfigError for an option that is not ``allowed``, or not one of its values where these are listed."""
    for key, value in given.items():
        if key not in allowed:
            raise ConfigError(f"format: {format} has no option {key!r}; expected {', '.join(allowed)}")
        if allowed[key] and value not in allowed[key]:
            raise ConfigError(f"format: {format}:{key} is {' or '.join(allowed[key])}, got {value!r}")
