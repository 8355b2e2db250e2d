"""Fields: the words of a sentence by the type of their span, as the parts of an address, a name or a request.

Tags of spans (``B-road``, ``I-road``) and plain ones (``road``) give the field ``road``; ``O`` and ``_`` give none.
The words of a field that occurs several times are joined in order.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from elman.data.sentence import NO_TAG
from elman.data.spans import find_spans

AROUND = " ,;"
"""Characters that are left out at both ends of a field: they separate it from the next one."""


def fields_of(tagged: Iterable[tuple[str, str]], spaces: Sequence[bool] | None = None) -> dict[str, str]:
    """Return the text of each field of (word, tag) pairs, in the order of their first words.

    ``spaces``  whether a space follows each word; None: each
    """
    pairs = list(tagged)
    found: dict[str, list[str]] = {}
    for start, end, type in find_spans(tag for _, tag in pairs):
        if type != NO_TAG:
            apart = spaces[start : end - 1] if spaces is not None else [True] * (end - start - 1)
            words = [word for word, _ in pairs[start:end]]
            found.setdefault(type, []).extend(map(_with_space, words, (*apart, True)))
    return {type: "".join(words).strip(AROUND) for type, words in found.items()}


def _with_space(word: str, space: bool) -> str:
    return f"{word} " if space else word


def field_names(tags: Iterable[str]) -> tuple[str, ...]:
    """Return the names of the fields that these tags can give."""
    spans = (span for tag in tags for span in find_spans([tag]))
    return tuple(dict.fromkeys(span.type for span in spans if span.type != NO_TAG))
