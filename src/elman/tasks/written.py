"""Sentences of CoNLL-U made of tokens: IDs, ranges of multiword tokens, ``# text``, ``SpaceAfter=No``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from elman.formats.conllu import COLUMNS
from elman.sentence import Sentence

NO_SPACE = "SpaceAfter=No"


class Written(NamedTuple):
    """A token as it stands in the text: its form, its words if it is a multiword token, what is behind it."""

    form: str
    words: tuple[str, ...] = ()
    space: bool = True
    confidence: float | None = None


def sentence_of(tokens: Sequence[Written], comments: Sequence[str] = (), *, last: bool = False) -> Sentence:
    """The sentence of some tokens, one at least. ``last``: of its paragraph, where no space is missing behind it.

    ``comments`` stand before ``# text``, without their line ends.
    """
    shown = [token.form + " " * token.space for token in tokens]
    lines = [f"{comment}\n" for comment in (*comments, f"# text = {''.join(shown).rstrip(' ')}")]
    words: list[str] = []
    rows: list[int] = []
    miscs: list[str] = []
    for i, token in enumerate(tokens):
        space = token.space or (last and i == len(tokens) - 1)
        items = [] if space else [NO_SPACE]
        if token.confidence is not None:
            items.append(f"Confidence={token.confidence:.4f}")
        misc = "|".join(items) or "_"
        first = len(words) + 1
        if token.words:
            lines.append(f"{first}-{len(words) + len(token.words)}\t{token.form}" + "\t_" * 7 + f"\t{misc}\n")
            misc = "_"
        for word in token.words or (token.form,):
            words.append(word)
            rows.append(len(lines))
            miscs.append(misc)
            lines.append(f"{len(words)}\t{word}" + "\t_" * 7 + f"\t{misc}\n")
    columns = {name: ("_",) * len(words) for name in COLUMNS} | {"misc": tuple(miscs)}
    return Sentence(tuple(words), columns, "", 0, (*lines, "\n"), tuple(rows), "conllu")
