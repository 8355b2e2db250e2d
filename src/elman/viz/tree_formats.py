"""The output formats ``tree`` and ``html``, which draw sentences and cannot be read back.

``tree`` draws parses in text for a terminal; ``html`` is one self-contained page with dependency arcs, constituency
trees, or tags and spans in colour.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePath

from elman.data.conllu_tokens import checked_heads
from elman.data.formats.holds import MANY, Holds
from elman.data.formats.trees import write as write_tree
from elman.data.sentence import Sentence
from elman.data.spans import OUTSIDE, Span, find_spans
from elman.data.targets import TREE as COLUMN
from elman.data.trees import Tree, parse_tree
from elman.errors import ConfigError
from elman.viz import tree_text
from elman.viz.tree_html import Page

Tags = Mapping[str, Sequence[str]]
_OF_SPANS = re.compile(rf"{OUTSIDE}|[BIESLUM]-.+", re.DOTALL)


@dataclass(frozen=True)
class _Dependencies:
    heads: Sequence[int]
    relations: Sequence[str]
    tags: Sequence[str] | None


def _parse(sentence: Sentence, tags: Tags) -> Tree | _Dependencies | None:
    """Return the tree in these columns, or the tree that a bracketed sentence was read with; None if there is none.

    Raises DataError, with the line, if the heads form no tree, or a word contains a bracket or a space.
    """
    if COLUMN in tags:
        return parse_tree(write_tree(sentence, {COLUMN: tags[COLUMN]}, None))
    if sentence.format == "trees":
        return parse_tree(write_tree(sentence, tags, None))
    if "head" in tags and "deprel" in tags:
        tagged = replace(sentence, columns={**sentence.columns, "head": tuple(tags["head"])})
        pos = next((tags[name] for name in ("upos", "xpos") if name in tags), None)
        return _Dependencies(checked_heads(tagged), tags["deprel"], pos)
    return None


class _TreeWriter:
    STATE = ("_begun",)

    def __init__(self) -> None:
        self._begun = False

    def add(self, sentence: Sentence, tags: Tags, confidences: Sequence[float] | None = None) -> str:
        if not sentence.words:
            return ""
        parse = _parse(sentence, tags)
        if parse is None:
            columns = ", ".join(tags) or "none"
            raise ConfigError(f"tree: expected the columns head and deprel, or tree, got {columns}; try --as html")
        separator, self._begun = "\n" * self._begun, True
        if isinstance(parse, Tree):
            return separator + tree_text.constituents(parse)
        return separator + tree_text.dependencies(sentence.words, parse.heads, parse.relations, parse.tags)

    def finish(self) -> str:
        return ""


class _PageWriter:
    STATE = ("_begun", "_hues")

    def __init__(self) -> None:
        self._page = Page()
        self._hues = self._page.hues
        self._begun = False

    def add(self, sentence: Sentence, tags: Tags, confidences: Sequence[float] | None = None) -> str:
        start = "" if self._begun else self._page.start(PurePath(sentence.path).name or "Sentences")
        self._begun = True
        return start + (self._draw(sentence, tags) if sentence.words else "")

    def _draw(self, sentence: Sentence, tags: Tags) -> str:
        parse = _parse(sentence, tags)
        about = [f"{sentence.path}:{sentence.line}"] if sentence.path else []
        about += [f"{name}: {label}" for name, label in sentence.labels.items()]
        header = " · ".join(about)
        if isinstance(parse, Tree):
            return self._page.constituents(parse, header)
        if parse is not None:
            return self._page.dependencies(sentence.words, parse.heads, parse.relations, parse.tags, header)
        return self._page.spans(sentence.words, _spans(tags), header)

    def finish(self) -> str:
        return ("" if self._begun else self._page.start("Sentences")) + self._page.END


def _spans(tags: Tags) -> list[Span]:
    """Return the spans of the first column with span tags; without one, each word is a span with its tag."""
    for column in tags.values():
        if any(_OF_SPANS.fullmatch(tag) for tag in column):
            return find_spans(column)
    first = next(iter(tags.values()), ())
    return [Span(i, i + 1, tag) for i, tag in enumerate(first)]


@dataclass(frozen=True)
class _DrawingFormat:
    HOLDS: Holds
    writer_class: type[_TreeWriter] | type[_PageWriter]

    def writer(self, columns: Sequence[str], labels: Sequence[str]) -> _TreeWriter | _PageWriter:
        """Return a writer for one file; columns are taken from each sentence."""
        return self.writer_class()


TREE = _DrawingFormat(Holds(columns=MANY), _TreeWriter)
HTML = _DrawingFormat(Holds(columns=MANY, labels=MANY), _PageWriter)
