"""``tree`` and ``html``: what a sentence is made of, drawn to be looked at, never to be read back.

``tree`` is for a terminal and holds parses alone; ``html`` is one page without anything from elsewhere: arcs for
dependencies, brackets for phrases, and colours for other tags, spans or words.
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
from elman.data.trees import TREE as COLUMN, Tree, parse_tree
from elman.errors import ConfigError
from elman.viz import tree_text as terminal
from elman.viz.tree_html import Page

Tags = Mapping[str, Sequence[str]]
_OF_SPANS = re.compile(rf"{OUTSIDE}|[BIESLUM]-.+", re.DOTALL)


@dataclass(frozen=True)
class _Dependencies:
    heads: Sequence[int]
    relations: Sequence[str]
    tags: Sequence[str] | None


def _parse(sentence: Sentence, tags: Tags) -> Tree | _Dependencies | None:
    """The tree that these columns hold, or that a bracketed sentence was read with; None: no tree.

    Raises DataError with the line: heads that make no tree, a word with a bracket or a space.
    """
    if COLUMN in tags:
        return parse_tree(write_tree(sentence, {COLUMN: tags[COLUMN]}, None))
    if sentence.format == "trees":
        return parse_tree(write_tree(sentence, tags, None))
    if "head" in tags and "deprel" in tags:
        whole = replace(sentence, columns={**sentence.columns, "head": tuple(tags["head"])})
        found = next((tags[name] for name in ("upos", "xpos") if name in tags), None)
        return _Dependencies(checked_heads(whole), tags["deprel"], found)
    return None


class _TreeWriter:
    def __init__(self) -> None:
        self._begun = False

    def add(self, sentence: Sentence, tags: Tags, confidences: Sequence[float] | None = None) -> str:
        if not sentence.words:
            return ""
        found = _parse(sentence, tags)
        if found is None:
            there = ", ".join(tags) or "none"
            message = f"tree draws parses, which are columns head and deprel, or tree; got {there}; try --as html"
            raise ConfigError(message)
        between, self._begun = "\n" * self._begun, True
        if isinstance(found, Tree):
            return between + terminal.constituents(found)
        return between + terminal.dependencies(sentence.words, found.heads, found.relations, found.tags)

    def finish(self) -> str:
        return ""


class _PageWriter:
    def __init__(self) -> None:
        self._page = Page()
        self._begun = False

    def add(self, sentence: Sentence, tags: Tags, confidences: Sequence[float] | None = None) -> str:
        start = "" if self._begun else self._page.start(PurePath(sentence.path).name or "Sentences")
        self._begun = True
        return start + (self._drawn(sentence, tags) if sentence.words else "")

    def _drawn(self, sentence: Sentence, tags: Tags) -> str:
        found = _parse(sentence, tags)
        about = [f"{sentence.path}:{sentence.line}"] if sentence.path else []
        about += [f"{name}: {label}" for name, label in sentence.labels.items()]
        header = " · ".join(about)
        if isinstance(found, Tree):
            return self._page.constituents(found, header)
        if found is not None:
            return self._page.dependencies(sentence.words, found.heads, found.relations, found.tags, header)
        return self._page.spans(sentence.words, _spans(tags), header)

    def finish(self) -> str:
        return ("" if self._begun else self._page.start("Sentences")) + self._page.END


def _spans(tags: Tags) -> list[Span]:
    """What is coloured: the spans of the first column whose tags mark some, else each word by its tag."""
    for column in tags.values():
        if any(_OF_SPANS.fullmatch(tag) for tag in column):
            return find_spans(column)
    first = next(iter(tags.values()), ())
    return [Span(i, i + 1, tag) for i, tag in enumerate(first)]


@dataclass(frozen=True)
class _Drawn:
    """A format that is drawn."""

    HOLDS: Holds
    made: type[_TreeWriter] | type[_PageWriter]

    def writer(self, columns: Sequence[str], labels: Sequence[str]) -> _TreeWriter | _PageWriter:
        """A writer of a file; ``columns`` are seen sentence by sentence."""
        return self.made()


TREE = _Drawn(Holds(columns=MANY), _TreeWriter)
HTML = _Drawn(Holds(columns=MANY, labels=MANY), _PageWriter)
