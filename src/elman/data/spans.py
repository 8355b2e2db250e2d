"""Find spans in BIO tags, as the conlleval script of the CoNLL shared tasks does.

Tags are B-type (a span begins), I-type (it continues), O, and with BIOES also E-type (it ends) and S-type (a span of
one word). BILOU writes L and U for E and S, BMES writes M for I. Reading is lenient like conlleval: I- or E- after O,
after another type or after the end of a span begins a span. A tag without such a prefix, for example an address label,
is its own type: a run of equal tags is a span.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

OUTSIDE = "O"
TYPED_TAG = re.compile(r"O|[BIESLUM]-\S+")
"""O, or a tag that certainly marks a span: a prefix and a type."""
_PREFIXES = {"B": "B", "I": "I", "E": "E", "S": "S", "L": "E", "U": "S", "M": "I"}


class Span(NamedTuple):
    """The words ``start`` to ``end`` (exclusive) of a sentence, counted from 0."""

    start: int
    end: int
    type: str


def find_spans(tags: Iterable[str]) -> list[Span]:
    """Return the spans that the tags of a sentence mark, in order."""
    tags = list(tags)
    spans: list[Span] = []
    if tags.count(OUTSIDE) == len(tags):  # most sentences of most texts
        return spans
    start, type = 0, ""
    last_prefix = OUTSIDE  # the prefix of the word before
    for end, tag in enumerate([*tags, OUTSIDE]):
        prefix, next_type = _parts(tag)
        if prefix in ("I", "E") and last_prefix in ("B", "I") and next_type == type:
            last_prefix = prefix
            continue
        if last_prefix != OUTSIDE:
            spans.append(Span(start, end, type))
        start, type, last_prefix = end, next_type, prefix
    return spans


def _parts(tag: str) -> tuple[str, str]:
    """Return the prefix (B, I, E, S or O) and the type of a tag."""
    if tag == OUTSIDE:
        return OUTSIDE, ""
    prefix, _, type = tag.partition("-")
    return (_PREFIXES[prefix], type) if prefix in _PREFIXES else ("I", tag)


def are_span_tags(text: str, n_words: int) -> bool:
    """Return whether a text consists of ``n_words`` span tags separated by single spaces."""
    return text.count(" ") == n_words - 1 and all(map(TYPED_TAG.fullmatch, text.split(" ")))
