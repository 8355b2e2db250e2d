"""Sentences of CoNLL-U made of tokens: IDs, ranges of multiword tokens, ``# text``, ``SpaceAfter=No``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from elman.data.formats.conllu import COLUMNS, with_confidence
from elman.data.sentence import Sentence

NO_SPACE = "SpaceAfter=No"
_EMPTY = ("lemma", "upos", "xpos", "feats", "head", "deprel", "deps")
assert (*_EMPTY, "misc") == tuple(COLUMNS)


class SentenceTokens(NamedTuple):
    """The tokens of a sentence as they stand in the text.

    ``spaces``       whether there is a space behind each
    ``words``        by the index of multiword tokens, their words
    ``confidences``  of each; None: they are not to be written
    """

    forms: Sequence[str]
    spaces: Sequence[bool]
    words: Mapping[int, tuple[str, ...]] = {}
    confidences: Sequence[float] | None = None


class ConlluDraft(NamedTuple):
    """A sentence that waits for its columns.

    ``head``    the lines in front of the words, with their line ends
    ``ranges``  by the index of their first words, the lines of multiword tokens
    """

    words: tuple[str, ...]
    head: Sequence[str]
    miscs: Sequence[str]
    ranges: Mapping[int, str]

    def sure(self, confidences: Sequence[float]) -> ConlluDraft:
        """The same with a confidence in MISC of each word."""
        return self._replace(miscs=list(map(with_confidence, self.miscs, confidences)))

    def sentence(self, columns: Mapping[str, Sequence[str]] | None = None) -> Sentence:
        """The sentence with these columns, and ``_`` in the others."""
        given, n = columns or {}, len(self.words)
        blank = ("_",) * n
        own = {name: tuple(given[name]) if name in given else blank for name in _EMPTY}
        ends = [f"{misc}\n" for misc in self.miscs]
        lines = list(map("\t".join, zip(_ids(n), self.words, *own.values(), ends, strict=True)))
        own["misc"] = tuple(self.miscs)
        rows: list[int] = []
        body: list[str] = []
        for i, line in enumerate(lines) if self.ranges else ():
            body += [self.ranges[i]] if i in self.ranges else []
            rows.append(len(self.head) + len(body))
            body.append(line)
        every = (*self.head, *(body or lines), "\n")
        return Sentence(self.words, own, "", 0, every, tuple(rows or range(len(self.head), len(every) - 1)), "conllu")


def draft(tokens: SentenceTokens, text: str, comments: Sequence[str] = ()) -> ConlluDraft:
    """The sentence of some tokens, one at least; ``comments`` stand before ``# text``, without their line ends."""
    head = [f"{comment}\n" for comment in (*comments, f"# text = {text}")]
    miscs = ["_" if space else NO_SPACE for space in tokens.spaces]
    if tokens.confidences is not None:
        miscs = list(map(with_confidence, miscs, tokens.confidences))
    if not tokens.words:
        return ConlluDraft(tuple(tokens.forms), head, miscs, {})
    words: list[str] = []
    own: list[str] = []
    ranges: dict[int, str] = {}
    for i, (form, misc) in enumerate(zip(tokens.forms, miscs, strict=True)):
        parts = tokens.words.get(i)
        if parts:
            ranges[len(words)] = f"{len(words) + 1}-{len(words) + len(parts)}\t{form}" + "\t_" * 7 + f"\t{misc}\n"
            words += parts
            own += ["_"] * len(parts)
        else:
            words.append(form)
            own.append(misc)
    return ConlluDraft(tuple(words), head, own, ranges)


@lru_cache(maxsize=512)
def _ids(n: int) -> tuple[str, ...]:
    return tuple(map(str, range(1, n + 1)))
