"""Build CoNLL-U sentences from tokens: IDs, ranges of multiword tokens, ``# text``, ``SpaceAfter=No``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from elman.data.formats.conllu import COLUMNS, with_confidence, with_confidences
from elman.data.sentence import Sentence

NO_SPACE = "SpaceAfter=No"
_EMPTY = ("lemma", "upos", "xpos", "feats", "head", "deprel", "deps")
assert (*_EMPTY, "misc") == tuple(COLUMNS)


class SentenceTokens(NamedTuple):
    """The tokens of a sentence as in the text.

    ``spaces``       whether a space follows each token
    ``words``        the words of multiword tokens, by token index
    ``confidences``  of each token; None: not written
    """

    forms: Sequence[str]
    spaces: Sequence[bool]
    words: Mapping[int, tuple[str, ...]] = {}
    confidences: Sequence[float] | None = None


class ConlluDraft(NamedTuple):
    """A sentence whose columns are still to be filled.

    ``head``    the lines before the words, with line ends
    ``ranges``  the lines of multiword tokens, by the index of their first word
    """

    words: tuple[str, ...]
    head: Sequence[str]
    miscs: Sequence[str]
    ranges: Mapping[int, str]

    def with_confidences(self, confidences: Mapping[str, Sequence[float]]) -> ConlluDraft:
        """Return the draft with the confidences of each word's columns in MISC."""
        rows = [dict(zip(confidences, row, strict=True)) for row in zip(*confidences.values(), strict=True)]
        return self._replace(miscs=list(map(with_confidences, self.miscs, rows)))

    def sentence(self, columns: Mapping[str, Sequence[str]] | None = None) -> Sentence:
        """Return the sentence with these columns, and ``_`` in the others."""
        filled, n = columns or {}, len(self.words)
        blank = ("_",) * n
        all_columns = {name: tuple(filled[name]) if name in filled else blank for name in _EMPTY}
        ends = [f"{misc}\n" for misc in self.miscs]
        lines = list(map("\t".join, zip(_ids(n), self.words, *all_columns.values(), ends, strict=True)))
        all_columns["misc"] = tuple(self.miscs)
        rows: list[int] = []
        body: list[str] = []
        for i, line in enumerate(lines) if self.ranges else ():
            body += [self.ranges[i]] if i in self.ranges else []
            rows.append(len(self.head) + len(body))
            body.append(line)
        all_lines = (*self.head, *(body or lines), "\n")
        return Sentence(
            self.words,
            all_columns,
            "",
            0,
            all_lines,
            tuple(rows or range(len(self.head), len(all_lines) - 1)),
            "conllu",
        )


def draft(tokens: SentenceTokens, text: str, comments: Sequence[str] = ()) -> ConlluDraft:
    """Return the draft of a sentence with at least one token; ``comments`` precede ``# text``, without line ends."""
    head = [f"{comment}\n" for comment in (*comments, f"# text = {text}")]
    miscs = ["_" if space else NO_SPACE for space in tokens.spaces]
    if tokens.confidences is not None:
        miscs = list(map(with_confidence, miscs, tokens.confidences))
    if not tokens.words:
        return ConlluDraft(tuple(tokens.forms), head, miscs, {})
    words: list[str] = []
    word_miscs: list[str] = []
    ranges: dict[int, str] = {}
    for i, (form, misc) in enumerate(zip(tokens.forms, miscs, strict=True)):
        parts = tokens.words.get(i)
        if parts:
            ranges[len(words)] = f"{len(words) + 1}-{len(words) + len(parts)}\t{form}" + "\t_" * 7 + f"\t{misc}\n"
            words += parts
            word_miscs += ["_"] * len(parts)
        else:
            words.append(form)
            word_miscs.append(misc)
    return ConlluDraft(tuple(words), head, word_miscs, ranges)


@lru_cache(maxsize=512)
def _ids(n: int) -> tuple[str, ...]:
    return tuple(map(str, range(1, n + 1)))
