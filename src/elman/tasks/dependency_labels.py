"""Encode dependency trees as one label per word, and decode any labels to a tree.

Heads are word numbers from 1, with 0 for the root. There are two encodings:

``relative``  the head by its tag: ``+2,NOUN`` is the second noun to the right, ``-1,VERB`` the nearest verb to the
              left, ``0,ROOT`` the root. It can encode every tree; decoding needs the tags used for encoding.
``brackets``  the ends of the arcs around a word, in this order: ``<`` the previous word has its head to the right,
              ``\\`` an arc from here to the left (one each), ``/`` an arc from the previous word to the right (one
              each), ``>`` the head is to the left, and ``.`` none of these. The root has no head on either side.
              It needs no tags, and can encode every tree in which no two arcs of one direction cross.

Source: Strzyz, Vilares and Gómez-Rodríguez (2019), "Viable dependency parsing as sequence labeling".
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import groupby

from elman.data.conllu_tokens import checked_heads
from elman.data.sentence import Sentence, line_of
from elman.errors import ConfigError
from elman.utils.display import shown

ENCODINGS = ("relative", "brackets")
ROOT_LABEL = "0,ROOT"
"""The ``relative`` label of the root."""
NONE = "."
"""The ``brackets`` label without any bracket."""
_RELATIVE = re.compile(r"([+-][1-9][0-9]{0,8}),(.*)", re.DOTALL)
_BRACKETS = re.compile(r"\.|(?=.)<?\\*/*>?")


def encode(heads: Sequence[int], tags: Sequence[str], encoding: str) -> list[str]:
    """Return one label per word. ``tags`` are the parts of speech, which ``brackets`` ignores.

    Raises ConfigError if the encoding is unknown.
    """
    _check(encoding)
    return _relative(heads, tags) if encoding == "relative" else _brackets(heads)


def decode(
    labels: Sequence[str], tags: Sequence[str], encoding: str, roots: Sequence[float] | None = None
) -> list[int]:
    """Return the heads that the labels encode; labels that encode no tree are repaired to one.

    Missing or invalid heads are repaired as ``repaired`` does; ``+3,NOUN`` with only two nouns to the right means the
    second. Raises ConfigError if the encoding is unknown.
    """
    _check(encoding)
    proposed = _relative_heads(labels, tags) if encoding == "relative" else _bracket_heads(labels)
    return repaired(proposed, roots)


def repaired(proposed: Sequence[int | None], roots: Sequence[float] | None = None) -> list[int]:
    """Return a tree with one root and no cycles that keeps the proposed heads where possible.

    The root is one of the words with head 0, else one of those without a head (None), else any word: the one with the
    greatest score in ``roots``, or the first if that is None. Every other word without a valid head, and the first
    word of every cycle, is attached to the root.
    """
    n = len(proposed)
    heads = [head if head is not None and 0 <= head <= n else None for head in proposed]
    candidates = [i for i in range(n) if heads[i] == 0] or [i for i in range(n) if heads[i] is None] or list(range(n))
    if not candidates:
        return []
    root = candidates[0] if roots is None else max(candidates, key=lambda i: roots[i])
    tree = [head or root + 1 for head in heads]
    tree[root] = 0
    reached = [0] * (n + 1)  # the start of the path that reached each word first
    reached[0] = -1
    for start in range(1, n + 1):
        at = start
        while not reached[at]:
            reached[at] = start
            at = tree[at - 1]
        if reached[at] == start:  # `at` is on a cycle
            cycle = [at]
            while tree[cycle[-1] - 1] != at:
                cycle.append(tree[cycle[-1] - 1])
            tree[min(cycle) - 1] = root + 1
    return tree


def is_label(label: str, encoding: str) -> bool:
    """Return whether ``encode`` could produce the label for a sentence of some length."""
    if encoding == "relative":
        return label == ROOT_LABEL or parse_label(label)[0] != 0
    return _BRACKETS.fullmatch(label) is not None


def undecodable_words(heads: Sequence[int]) -> list[int]:
    """Return the words, from 0, whose heads are lost in ``brackets`` because arcs of one direction cross."""
    decoded = decode(_brackets(heads), (), "brackets")
    return [i for i, (gold, head) in enumerate(zip(heads, decoded, strict=True)) if gold != head]


def crossing_arcs_note(sentences: Iterable[Sentence]) -> str | None:
    """Return one line about the trees that ``brackets`` cannot encode, and the first of them; None if there are none.

    Raises DataError as ``checked_heads`` does.
    """
    n_trees = n_lost = 0
    first = ""
    for sentence in sentences:
        heads = checked_heads(sentence)
        words = undecodable_words(heads)
        n_trees += 1
        n_lost += bool(words)
        if words and not first:
            line = line_of(sentence, words[0])
            where = f"{sentence.path or 'input'}:{line}" if line else "a sentence made in Python"
            first = f"{where}, the arc from {heads[words[0]]} to {words[0] + 1}"
    if not n_lost:
        return None
    return (
        f"{n_lost:,} of {n_trees:,} trees have crossing arcs of one direction, which heads=relative can encode and "
        f"heads=brackets cannot; the first: {first}"
    )


def _check(encoding: str) -> None:
    if encoding not in ENCODINGS:
        raise ConfigError(f"encoding of heads: expected {' or '.join(ENCODINGS)}, found {shown(encoding)}")


def _relative(heads: Sequence[int], tags: Sequence[str]) -> list[str]:
    places = _places(tags)
    labels = []
    for word, head in enumerate(heads):
        if head == 0:
            labels.append(ROOT_LABEL)
            continue
        tag = tags[head - 1]
        same = places[tag]
        at = bisect_left(same, head - 1)
        behind = bisect_left(same, word + 1)  # those of this index on are to the right
        before = bisect_left(same, word)  # those of a smaller index are to the left
        labels.append(f"{at - behind + 1 if head > word else at - before:+d},{tag}")
    return labels


def _relative_heads(labels: Sequence[str], tags: Sequence[str]) -> list[int | None]:
    places = _places(tags)
    heads: list[int | None] = []
    for word, label in enumerate(labels):
        number, tag = parse_label(label)
        same = places.get(tag, ())
        if label == ROOT_LABEL:
            heads.append(0)
        elif number > 0:
            behind = bisect_left(same, word + 1)
            heads.append(same[min(behind + number, len(same)) - 1] + 1 if behind < len(same) else None)
        else:
            before = bisect_left(same, word)
            heads.append(same[max(before + number, 0)] + 1 if before and number else None)
    return heads


@lru_cache(maxsize=1 << 12)
def parse_label(label: str) -> tuple[int, str]:
    """Return (number, tag) of a ``relative`` label; (0, "") for the root's label and malformed ones."""
    found = _RELATIVE.fullmatch(label)
    return (int(found[1]), found[2]) if found else (0, "")


def _places(tags: Sequence[str]) -> Mapping[str, Sequence[int]]:
    places: dict[str, list[int]] = {}
    for word, tag in enumerate(tags):
        places.setdefault(tag, []).append(word)
    return places


def _brackets(heads: Sequence[int]) -> list[str]:
    n = len(heads)
    to_left, to_right = [0] * n, [0] * n  # how many arcs go out from each word
    for word, head in enumerate(heads):
        if head > word:
            to_left[head - 1] += 1
        elif head:
            to_right[head - 1] += 1
    labels = []
    for word, head in enumerate(heads):
        before = "<" if word and heads[word - 1] > word else ""
        opened = "/" * to_right[word - 1] if word else ""
        label = before + "\\" * to_left[word] + opened + (">" if 0 < head <= word else "")
        labels.append(label or NONE)
    return labels


def _bracket_heads(labels: Sequence[str]) -> list[int | None]:
    n = len(labels)
    heads: list[int | None] = [None] * n
    waiting: list[int] = []  # words whose head is to come
    open: list[int] = []  # words with an arc to the right that has not ended; more than n of them never will
    for word, label in enumerate(labels):
        for bracket, times in _runs(label):
            if bracket == "<" and word:
                waiting.append(word - 1)
            elif bracket == "\\":
                for _ in range(min(times, len(waiting))):
                    heads[waiting.pop()] = word + 1
            elif bracket == "/" and word:
                open += [word - 1] * min(times, n)
                del open[:-n]
            elif bracket == ">" and open:
                heads[word] = open.pop() + 1
    return heads


@lru_cache(maxsize=1 << 12)
def _runs(label: str) -> tuple[tuple[str, int], ...]:
    """Return the brackets of a label with the length of each run."""
    return tuple((bracket, sum(1 for _ in run)) for bracket, run in groupby(label))
