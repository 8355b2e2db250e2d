"""Dependency trees as one label a word, and any labels as a tree.

Heads are numbers of words from 1, with 0 for the root. Two encodings:

``relative``  the head by its tag: ``+2,NOUN`` is the second noun to the right, ``-1,VERB`` the nearest verb to the
              left, ``0,ROOT`` the root. It holds every tree; reading it takes the tags it was written with.
``brackets``  the ends of the arcs around a word, in this order: ``<`` the word before has its head to the right, ``\\``
              an arc goes from here to the left (one each), ``/`` an arc goes from the word before to the right (one
              each), ``>`` the head is to the left, and ``.`` for none of these. The root has no head to either side.
              It needs no tags, and holds every tree in which no two arcs of one direction cross.

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
"""The label of the root among ``relative`` ones."""
NONE = "."
"""No bracket."""
_RELATIVE = re.compile(r"([+-][1-9][0-9]{0,8}),(.*)", re.DOTALL)
_BRACKETS = re.compile(r"\.|(?=.)<?\\*/*>?")


def gold_heads(sentence: Sentence) -> Sequence[int]:
    """The heads in the column ``head`` of a sentence.

    Raises DataError with the line: a HEAD that is no word of the sentence, heads that go in a circle, two roots.
    """
    return checked_heads(sentence)


def encode(heads: Sequence[int], tags: Sequence[str], encoding: str) -> list[str]:
    """A label for each word. ``tags`` are the parts of speech; ``brackets`` do not look at them.

    Raises ConfigError: no such encoding.
    """
    _check(encoding)
    return _relative(heads, tags) if encoding == "relative" else _brackets(heads)


def decode(
    labels: Sequence[str], tags: Sequence[str], encoding: str, roots: Sequence[float] | None = None
) -> list[int]:
    """The tree that labels stand for: exactly that which was encoded, and for other labels a tree all the same.

    What labels leave open or get wrong is settled as in ``repaired``; a word ``+3,NOUN`` with two nouns to its right
    hangs on the second. Raises ConfigError: no such encoding.
    """
    _check(encoding)
    named = _relative_heads(labels, tags) if encoding == "relative" else _bracket_heads(labels)
    return repaired(named, roots)


def repaired(named: Sequence[int | None], roots: Sequence[float] | None = None) -> list[int]:
    """A tree with one root and no circles that keeps the heads ``named`` where it can.

    ``roots`` says how probable each word is as the root (any numbers, the greatest wins); without it the first is
    taken. The root is one of the words named so (0), else one of those without a head (None), else any. Every other
    word without a proper head hangs on the root, and so does the first word of every circle.
    """
    n = len(named)
    heads = [head if head is not None and 0 <= head <= n else None for head in named]
    choice = [i for i in range(n) if heads[i] == 0] or [i for i in range(n) if heads[i] is None] or list(range(n))
    if not choice:
        return []
    root = choice[0] if roots is None else max(choice, key=lambda i: roots[i])
    tree = [head or root + 1 for head in heads]
    tree[root] = 0
    reached = [0] * (n + 1)  # from which word on a word was reached first
    reached[0] = -1
    for start in range(1, n + 1):
        at = start
        while not reached[at]:
            reached[at] = start
            at = tree[at - 1]
        if reached[at] == start:  # a circle: `at` is on it
            circle = [at]
            while tree[circle[-1] - 1] != at:
                circle.append(tree[circle[-1] - 1])
            tree[min(circle) - 1] = root + 1
    return tree


def agreeing_relations(
    heads: Sequence[int], ranked: Sequence[Sequence[str]], root: str = "root", other: str = "dep"
) -> list[str]:
    """A relation for each word, the best of its ``ranked`` ones (best first) that goes with the heads.

    ``root`` stands at the word whose head is 0 and nowhere else, as Universal Dependencies demand; ``other`` stands
    where nothing but ``root`` was offered.
    """
    return [
        next((relation for relation in relations if relation != root), other) if head else root
        for head, relations in zip(heads, ranked, strict=True)
    ]


def is_label(label: str, encoding: str) -> bool:
    """Whether ``encode`` may give it to a word of some sentence, however long."""
    if encoding == "relative":
        return label == ROOT_LABEL or parts(label)[0] != 0
    return _BRACKETS.fullmatch(label) is not None


def lost_words(heads: Sequence[int]) -> list[int]:
    """The words, from 0, whose heads do not come back from brackets, since arcs of one direction cross."""
    back = decode(_brackets(heads), (), "brackets")
    return [i for i, (head, other) in enumerate(zip(heads, back, strict=True)) if head != other]


def note_of_lost(sentences: Iterable[Sentence]) -> str | None:
    """One line on trees that brackets cannot hold, with the first of them; None where there are none.

    Raises DataError: see ``gold_heads``.
    """
    n_trees = n_lost = 0
    first = ""
    for sentence in sentences:
        heads = gold_heads(sentence)
        words = lost_words(heads)
        n_trees += 1
        n_lost += bool(words)
        if words and not first:
            line = line_of(sentence, words[0])
            where = f"{sentence.path or 'input'}:{line}" if line else "a sentence made in Python"
            first = f"{where}, the arc from {heads[words[0]]} to {words[0] + 1}"
    if not n_lost:
        return None
    share = f"{n_lost:,} of {n_trees:,} trees have arcs of one direction that cross"
    return f"{share}, which brackets cannot hold and relative heads can; the first: {first}"


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
        number, tag = parts(label)
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
def parts(label: str) -> tuple[int, str]:
    """(number, tag) of a ``relative`` label; (0, "") of the root's, and of what is no such label."""
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
    """The brackets of a label, each with how often it stands there in a row."""
    return tuple((bracket, sum(1 for _ in run)) for bracket, run in groupby(label))
