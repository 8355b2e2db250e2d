"""Columns of labels as annotations of spaCy's ``Doc``, and back.

column    attribute of a token
upos      pos_, if spaCy has all its tags; else tag_
xpos      tag_
feats     morph
lemma     lemma_
head      head
deprel    dep_
of spans  ents (BIO, BIOES and others, whatever the column is called)
others    pos_ if all tags are universal parts of speech, else tag_
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from importlib import import_module
from typing import Any, NamedTuple

import numpy as np

from elman.data.sentence import NO_TAG
from elman.data.spans import OUTSIDE, TYPED_TAG, find_spans
from elman.utils.imports import optional_package

ATTRIBUTES = ("pos", "tag", "morph", "lemma", "head", "dep", "ents")
"""The attributes that a column can set."""
COLUMNS = {"upos": "pos", "xpos": "tag", "feats": "morph", "lemma": "lemma", "head": "head", "deprel": "dep"}
"""Column -> attribute, in the order of CoNLL-U."""
ENTITIES = "ner"
"""The column of entities that are read."""
UNKNOWN_RELATION = "dep"
_FEATURES = re.compile(r"[^=|]+=[^=|]+(\|[^=|]+=[^=|]+)*")
"""What spaCy takes as FEATS."""


class EntitySpan(NamedTuple):
    """The tokens ``start`` to ``end`` (exclusive) of a Doc."""

    start: int
    end: int
    label: str


def library(name: str = "spacy") -> Any:
    """Return a module of spaCy. Raises MissingExtraError without it."""
    with optional_package("spacy", "spacy"):
        return import_module(name)


def attribute_of(column: str, tags: Iterable[str]) -> str:
    """Return the attribute that a column of these tags sets; see the module's docstring."""
    kinds = set(tags)
    attribute = COLUMNS.get(column.lower(), "")
    if attribute not in ("", "pos"):
        return attribute
    if not attribute and kinds and all(map(TYPED_TAG.fullmatch, kinds)):
        return "ents"
    return "pos" if kinds and kinds <= {*library("spacy.parts_of_speech").IDS, NO_TAG} else "tag"


def set_values(doc: Any, attribute: str, values: Sequence[str | None]) -> None:
    """Set ``pos``, ``tag``, ``morph``, ``lemma`` or ``dep`` of each token; None leaves it as it is."""
    array = doc.to_array(attribute.upper())
    add = doc.vocab.strings.add
    if attribute == "pos":
        add = library("spacy.parts_of_speech").IDS.__getitem__
    elif attribute == "morph":
        values = [value if value is None or _FEATURES.fullmatch(value) else NO_TAG for value in values]
        add = doc.vocab.morphology.add
    ids: dict[str, int] = {}
    for i, value in enumerate(values):
        if value is not None:
            if value not in ids:
                ids[value] = add("" if value == NO_TAG and attribute != "lemma" else value)
            array[i] = ids[value]
    doc.from_array([attribute.upper()], array)


def set_heads(doc: Any, heads: Sequence[int | None], relations: Sequence[str | None]) -> None:
    """Set head and relation of each token; ``heads`` are indices in the Doc, a root is its own head."""
    names = ["HEAD", "DEP"]
    array = doc.to_array(names)
    for i, (head, relation) in enumerate(zip(heads, relations, strict=True)):
        if head is not None:
            array[i, 0] = np.int64(head - i).astype(np.uint64)
        if relation is not None or not array[i, 1]:
            array[i, 1] = doc.vocab.strings.add(relation or UNKNOWN_RELATION)
    doc.from_array(names, array)


def set_entities(doc: Any, spans: Iterable[EntitySpan]) -> None:
    """Set the entities of a Doc; of two that overlap the longer one is kept."""
    span = library("spacy.tokens").Span
    found = [span(doc, start, end, label=label) for start, end, label in spans]
    doc.set_ents(library("spacy.util").filter_spans(found))


def roots_as_themselves(heads: Sequence[str]) -> list[int] | None:
    """Return the heads of a column, counted from 0, a root as its own head; None unless they make trees."""
    try:
        found = [int(head) - 1 if head != "0" else i for i, head in enumerate(heads)]
    except ValueError:
        return None
    if not all(0 <= head < len(found) for head in found):
        return None
    return None if depths(found) is None else found


def depths(heads: Sequence[int]) -> list[int] | None:
    """Return the number of steps from each word to its root; None for a cycle."""
    known: list[int | None] = [0 if head == i else None for i, head in enumerate(heads)]
    for start in range(len(heads)):
        path: list[int] = []
        word = start
        while known[word] is None:
            if len(path) > len(heads):
                return None
            path.append(word)
            word = heads[word]
        depth = known[word] or 0
        for steps, each in enumerate(reversed(path), start=1):
            known[each] = depth + steps
    return [depth or 0 for depth in known]


def columns_of(doc: Any, indices: Sequence[int]) -> dict[str, tuple[str, ...]]:
    """Return the columns of the tokens with these indices: all attributes that are annotated anywhere in the Doc.

    A missing value is ``_``. Heads outside these tokens are roots.
    """
    tokens = [doc[i] for i in indices]
    values: dict[str, Callable[[Any], str]] = {
        "pos": lambda token: token.pos_,
        "tag": lambda token: token.tag_,
        "morph": lambda token: str(token.morph),
        "lemma": lambda token: token.lemma_,
        "dep": lambda token: token.dep_,
    }
    columns: dict[str, tuple[str, ...]] = {}
    for name, attribute in COLUMNS.items():
        if not doc.has_annotation(attribute.upper()):
            continue
        if attribute == "head":
            columns[name] = _heads(doc, tokens)
        else:
            columns[name] = tuple(values[attribute](token) or NO_TAG for token in tokens)
    if doc.has_annotation("ENT_IOB"):
        columns[ENTITIES] = tuple(
            f"{token.ent_iob_}-{token.ent_type_}" if token.ent_iob_ in ("B", "I") else OUTSIDE for token in tokens
        )
    if not doc.has_unknown_spaces:
        columns["misc"] = tuple(NO_TAG if _space_after(doc, token) else "SpaceAfter=No" for token in tokens)
    return columns


def _space_after(doc: Any, token: Any) -> bool:
    """Return whether white space follows a token: its own or the next token. The last one counts as followed by it."""
    return bool(token.whitespace_) or token.i + 1 == len(doc) or doc[token.i + 1].text.isspace()


def _heads(doc: Any, tokens: Sequence[Any]) -> tuple[str, ...]:
    number = {token.i: i for i, token in enumerate(tokens, start=1)}
    heads = []
    for token in tokens:
        head = token.head
        while head.text.isspace() and head.head.i != head.i:
            head = head.head
        heads.append("0" if head.i == token.i else str(number.get(head.i, 0)))
    return tuple(heads)


def set_columns(doc: Any, indices: Sequence[int], columns: Mapping[str, Sequence[str]]) -> dict[str, Sequence[str]]:
    """Annotate the tokens with these indices; return the columns that the Doc cannot hold as they are.

    A column is not set if its attribute is taken by one before it, or if spaCy does not have such values.
    """
    values: dict[str, Sequence[str]] = {}
    for name, tags in columns.items():
        if name != "misc":
            values.setdefault(attribute_of(name, tags), tags)

    def of_doc(tags: Sequence[Any]) -> list[Any]:
        whole: list[Any] = [None] * len(doc)
        for i, tag in zip(indices, tags, strict=True):
            whole[i] = tag
        return whole

    for attribute in ("pos", "tag", "morph", "lemma"):
        if attribute in values:
            set_values(doc, attribute, of_doc(values[attribute]))
    heads = roots_as_themselves(values["head"]) if "head" in values else None
    relations = of_doc(values["dep"]) if "dep" in values else [None] * len(doc)
    if heads is not None:
        set_heads(doc, of_doc([indices[head] for head in heads]), relations)
    elif "dep" in values:
        set_values(doc, "dep", relations)
    if "ents" in values:
        spans = [EntitySpan(indices[i], indices[end - 1] + 1, type) for i, end, type in find_spans(values["ents"])]
        outside = [span for span in doc.ents if span.start > indices[-1] or span.end <= indices[0]]
        set_entities(doc, [*spans, *(EntitySpan(span.start, span.end, span.label_) for span in outside)])
    written = columns_of(doc, indices)
    return {
        name: list(tags)
        for name, tags in columns.items()
        if tuple(tags) not in ((written[name],) if name in written else written.values())
    }
