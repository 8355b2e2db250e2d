"""Bracketed trees as labels of words, and any labels as a tree.

Phrases with one child that is a phrase are one node with several labels. What is left is fixed by two labels a word,
beside its tag:

``common``  how many phrases this word and the next are both in, and the labels of the lowest of them: ``+2(NP`` is an
            NP, and two more phrases than the word before shares with this one; ``0`` as many, ``-1`` one less. The
            first word counts from 0. The last word has ``_``.
``unary``   the labels of phrases around the word alone, outermost first: ``(S(VP``, or ``_``.

An opening bracket stands before each label, since no label can hold one.

Source: Gómez-Rodríguez and Vilares (2018), "Constituent parsing as sequence labeling".
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

from elman.data.trees import Tree
from elman.errors import DataError
from elman.utils.display import shown

NONE = "_"
"""No label: of the last word, and of a word without a phrase of its own."""
DEEPEST = 1_000
"""Phrases that one label may open or close: a label is for sentences of any length."""
_COMMON = re.compile(r"([+-]?[0-9]{1,9})(\(.*)", re.DOTALL)
_NAME = r"[^() \t\r\n]*"
_CHAIN = re.compile(rf"(\({_NAME})+")


class Labels(NamedTuple):
    """A tree as labels; four of the same length."""

    words: tuple[str, ...]
    tags: tuple[str, ...]
    common: tuple[str, ...]
    unary: tuple[str, ...]


def encode(tree: Tree) -> Labels:
    """The labels of a tree. Raises DataError: a word beside brackets, so that it has no tag."""
    words: list[str] = []
    tags: list[str] = []
    unary: list[str] = []
    labels: list[str] = []  # of each phrase
    depths: list[int] = []  # of each phrase, from 1
    shared: list[int] = []  # of each word but the first: the lowest phrase that the word before is in, too
    stack: list[tuple[Tree | str, int]] = [(tree, -1)]
    while stack:
        node, above = stack.pop()
        if len(shared) + 1 == len(words):  # what comes next after a word is of the phrase that it shares
            shared.append(above)
        chain = ""
        while isinstance(node, Tree) and not node.preterminal and len(node.children) == 1:
            chain += f"({node.label}"
            node = node.children[0]
        if isinstance(node, str):
            raise DataError(f"expected a tag in brackets of its own around every word, found none around {shown(node)}")
        if node.preterminal:
            words.append(str(node.children[0]))
            tags.append(node.label)
            unary.append(chain or NONE)
        else:
            stack += [(child, len(labels)) for child in reversed(node.children)]
            labels.append(f"{chain}({node.label}")
            depths.append(depths[above] + 1 if above >= 0 else 1)
    common: list[str] = []
    before = 0
    for phrase in shared:
        number = f"{depths[phrase] - before:+d}" if depths[phrase] != before else "0"
        common.append(f"{number}{labels[phrase]}")
        before = depths[phrase]
    return Labels(tuple(words), tuple(tags), (*common, NONE), tuple(unary))


@dataclass(slots=True)
class _Phrase:
    """A phrase that grows; its labels are not known before its first child ends.

    While it grows it is the last child of the phrase around it.
    """

    labels: tuple[str, ...] = ()
    children: list[_Phrase | Tree] = field(default_factory=list)


def is_label(label: str, part: str) -> bool:
    """Whether it is a label of that ``part``: ``tag``, ``common`` or ``unary``."""
    if part == "tag":
        return is_name(label)
    found = _COMMON.fullmatch(label) if part == "common" else None
    number, chain = (int(found[1]), found[2]) if found else (0, label if part == "unary" else "")
    return label == NONE or (abs(number) <= DEEPEST and _CHAIN.fullmatch(chain) is not None)


def is_name(label: object) -> bool:
    """Whether a bracket of a tree can have that label."""
    return isinstance(label, str) and re.fullmatch(_NAME, label) is not None


def decode(labels: Labels, root: str | None = None) -> Tree:
    """The tree that labels stand for: exactly that which was encoded, and for other labels a tree all the same.

    A number that leads out of the tree leaves the outermost phrase; a phrase that gets labels twice keeps the first;
    one that never gets any gives its children to the phrase around it. ``root`` is the label that the root is to have
    (ROOT in the Penn Treebank): it is put around a tree without it and taken from phrases within. Without it, a root
    that got no label has the label ''.

    Raises DataError: no words.
    """
    if not labels.words:
        raise DataError("expected a sentence with words to make a tree of, found none")
    top = _Phrase()
    path = [top]  # the phrases around the next word that are open
    depth = 1  # how many phrases it shares with the word before
    absolute = 0
    last = len(labels.words) - 1
    for i, (word, tag, common, unary) in enumerate(zip(*labels, strict=True)):
        number, names = _split(common) if i < last else (0, ())
        absolute = max(1, min(absolute + number, last))  # each phrase has fewer words than the one around it
        while len(path) < max(depth, absolute):
            path.append(_Phrase())
            path[-2].children.append(path[-1])
        path[-1].children.append(_with_chain(Tree(tag, (word,)), _names(unary), root))
        for above, phrase in reversed(list(pairwise(path[absolute - 1 :]))):
            if not phrase.labels:  # it never gets any
                above.children[-1:] = phrase.children
        del path[absolute:]
        if not path[-1].labels:
            path[-1].labels = names
        depth = absolute
    return _finished(top, root)


@lru_cache(maxsize=1 << 12)
def _split(common: str) -> tuple[int, tuple[str, ...]]:
    """(number, labels); of what is no such label (0, none)."""
    found = _COMMON.fullmatch(common)
    return (int(found[1]), _names(found[2])) if found else (0, ())


def _names(chain: str) -> tuple[str, ...]:
    return tuple(chain.split("(")[1:])


def _with_chain(tree: Tree, names: Iterable[str], root: str | None) -> Tree:
    for name in reversed([name for name in names if name != root]):
        tree = Tree(name, (tree,))
    return tree


def _finished(top: _Phrase, root: str | None) -> Tree:
    """The phrase and all in it, innermost first, as a tree."""
    order: list[_Phrase] = [top]
    for phrase in order:
        order += [child for child in phrase.children if isinstance(child, _Phrase)]
    made: dict[int, list[Tree]] = {}  # by the phrase's id
    for phrase in reversed(order):
        children: list[Tree] = []
        for child in phrase.children:
            children += made.pop(id(child)) if isinstance(child, _Phrase) else [child]
        names = [name for name in phrase.labels if name != root]
        made[id(phrase)] = [_with_chain(Tree(names[-1], tuple(children)), names[:-1], root)] if names else children
    trees = made[id(top)]
    if root is not None:
        return Tree(root, tuple(trees))
    return trees[0] if len(trees) == 1 else Tree("", tuple(trees))
