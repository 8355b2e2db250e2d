"""Sentences of CoNLL-U made of tokens: IDs, ranges of multiword tokens, ``# text``, ``SpaceAfter=No``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from elman.formats.conllu import COLUMNS
from elman.sentence import Sentence

NO_SPACE = "SpaceAfter=No"
_EMPTY = ("lemma", "upos", "xpos", "feats", "head", "deprel", "deps")
assert (*_EMPTY, "misc") == tuple(COLUMNS)


class Written(NamedTuple):
    """A token as it stands in the text: its form, its words if it is a multiword token, what is behind it."""

    form: str
    words: tuple[str, ...] = ()
    space: bool = True
    confidence: float | None = None


class Draft(NamedTuple):
    """A sentence that waits for its columns.

    ``head``    the lines in front of the words, with their line ends
    ``ranges``  by the index of their first words, the lines of multiword tokens
    """

    words: tuple[str, ...]
    head: Sequence[str]
    miscs: Sequence[str]
    ranges: Mapping[int, str]

    def sentence(self, columns: Mapping[str, Sequence[str]] | None = None) -> Sentence:
        """The sentence with these columns, and ``_`` in the others."""
        given, n = columns or {}, len(self.words)
        blank = ("_",) * n
        own = {name: tuple(given[name]) if name in given else blank for name in _EMPTY}
        own["misc"] = tuple(self.miscs)
        ids = map(str, range(1, n + 1))
        lines = ["\t".join(row) + "\n" for row in zip(ids, self.words, *own.values(), strict=True)]
        rows: list[int] = []
        body: list[str] = []
        for i, line in enumerate(lines) if self.ranges else ():
            body += [self.ranges[i]] if i in self.ranges else []
            rows.append(len(self.head) + len(body))
            body.append(line)
        every = (*self.head, *(body or lines), "\n")
        return Sentence(self.words, own, "", 0, every, tuple(rows or range(len(self.head), len(every) - 1)), "conllu")


def draft(tokens: Iterable[Written], text: str, comments: Sequence[str] = ()) -> Draft:
    """The sentence of some tokens, one at least; ``comments`` stand before ``# text``, without their line ends."""
    head = [f"{comment}\n" for comment in (*comments, f"# text = {text}")]
    words: list[str] = []
    miscs: list[str] = []
    ranges: dict[int, str] = {}
    for form, parts, space, confidence in tokens:
        misc = "_" if space else NO_SPACE
        if confidence is not None:
            sure = f"Confidence={confidence:.4f}"
            misc = sure if space else f"{misc}|{sure}"
        if parts:
            ranges[len(words)] = f"{len(words) + 1}-{len(words) + len(parts)}\t{form}" + "\t_" * 7 + f"\t{misc}\n"
            words += parts
            miscs += ["_"] * len(parts)
        else:
            words.append(form)
            miscs.append(misc)
    return Draft(tuple(words), head, miscs, ranges)
