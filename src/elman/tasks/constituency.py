"""Constituency parsing: encode bracketed trees as labels of words, and decode any labels to a tree.

A phrase whose only child is a phrase is merged with it into one node with several labels. Each word has two labels
beside its tag:

``common``  how many phrases this word and the next share, and the labels of the lowest of them: ``+2(NP`` is an NP, and
            two more phrases than the previous word and this one share; ``0`` the same number, ``-1`` one less. The
            first word counts from 0. The last word has ``_``.
``unary``   the labels of phrases around this word alone, outermost first: ``(S(VP``, or ``_``.

Each label is preceded by an opening bracket, which no label can contain.

Source: Gómez-Rodríguez and Vilares (2018), "Constituent parsing as sequence labeling".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise
from typing import Any, ClassVar, NamedTuple

from elman.data.formats.trees import parse_sentence_tree
from elman.data.sentence import Sentence
from elman.data.targets import TREE
from elman.data.trees import Tree, to_pieces
from elman.errors import DataError
from elman.tasks.base import MAX_LABEL, Predictions
from elman.utils.display import shown

NONE = "_"
"""The label of the last word, and of a word without a phrase of its own."""
MAX_DEPTH = 1_000
"""Maximum number of phrases that one label opens or closes."""
_COMMON = re.compile(r"([+-]?[0-9]{1,9})(\(.*)", re.DOTALL)
_NAME = r"[^() \t\r\n]*"
_CHAIN = re.compile(rf"(\({_NAME})+")


class TreeLabels(NamedTuple):
    """A tree as words and labels, all of one length."""

    words: tuple[str, ...]
    tags: tuple[str, ...]
    common: tuple[str, ...]
    unary: tuple[str, ...]


def encode(tree: Tree) -> TreeLabels:
    """Return the labels of a tree. Raises DataError if a word has no tag."""
    words: list[str] = []
    tags: list[str] = []
    unary: list[str] = []
    labels: list[str] = []  # by phrase
    depths: list[int] = []  # by phrase, from 1
    shared: list[int] = []  # for each word but the first: the lowest phrase that it shares with the previous word
    stack: list[tuple[Tree | str, int]] = [(tree, -1)]
    while stack:
        node, above = stack.pop()
        if len(shared) + 1 == len(words):  # the node after a word belongs to the shared phrase
            shared.append(above)
        chain = ""
        while isinstance(node, Tree) and not node.preterminal and len(node.children) == 1:
            chain += f"({node.label}"
            node = node.children[0]
        if isinstance(node, str):
            raise DataError(f"expected a tag in brackets around every word, found none around {shown(node)}")
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
    return TreeLabels(tuple(words), tuple(tags), (*common, NONE), tuple(unary))


@dataclass(slots=True)
class _Phrase:
    """A phrase being built; its labels are known only when its first child ends.

    Until it is complete it is the last child of its parent.
    """

    labels: tuple[str, ...] = ()
    children: list[_Phrase | Tree] = field(default_factory=list)


def is_label(label: str, part: str) -> bool:
    """Return whether a label is valid for a ``part``: ``tag``, ``common`` or ``unary``."""
    if part == "tag":
        return is_name(label)
    match = _COMMON.fullmatch(label) if part == "common" else None
    number, chain = (int(match[1]), match[2]) if match else (0, label if part == "unary" else "")
    return label == NONE or (abs(number) <= MAX_DEPTH and _CHAIN.fullmatch(chain) is not None)


def is_name(label: object) -> bool:
    """Return whether a node of a bracketed tree can have this label."""
    return isinstance(label, str) and re.fullmatch(_NAME, label) is not None


def decode(labels: TreeLabels, root: str | None = None) -> Tree:
    """Return the tree that the labels encode; labels that encode no tree are repaired to one.

    A number that would close the outermost phrase is clipped; a phrase that gets labels twice keeps the first; one
    that gets none passes its children to its parent. ``root`` is the label that every root has (ROOT in the Penn
    Treebank): it is added around a tree without it and removed from inner phrases. If ``root`` is None, a root
    without a label gets ''.

    Raises DataError if there are no words.
    """
    if not labels.words:
        raise DataError("expected a sentence with words, found none")
    top = _Phrase()
    path = [top]  # the open phrases around the next word
    depth = 1  # how many phrases it shares with the previous word
    absolute = 0
    last = len(labels.words) - 1
    for i, (word, tag, common, unary) in enumerate(zip(*labels, strict=True)):
        number, names = _split(common) if i < last else (0, ())
        absolute = max(1, min(absolute + number, last))  # a phrase has fewer words than its parent
        while len(path) < max(depth, absolute):
            path.append(_Phrase())
            path[-2].children.append(path[-1])
        path[-1].children.append(_with_chain(Tree(tag, (word,)), _names(unary), root))
        for above, phrase in reversed(list(pairwise(path[absolute - 1 :]))):
            if not phrase.labels:  # closed without labels
                above.children[-1:] = phrase.children
        del path[absolute:]
        if not path[-1].labels:
            path[-1].labels = names
        depth = absolute
    return _finished(top, root)


@lru_cache(maxsize=1 << 12)
def _split(common: str) -> tuple[int, tuple[str, ...]]:
    """Return (number, labels) of a ``common`` label; (0, ()) if it is malformed."""
    match = _COMMON.fullmatch(common)
    return (int(match[1]), _names(match[2])) if match else (0, ())


def _names(chain: str) -> tuple[str, ...]:
    return tuple(chain.split("(")[1:])


def _with_chain(tree: Tree, names: Iterable[str], root: str | None) -> Tree:
    for name in reversed([name for name in names if name != root]):
        tree = Tree(name, (tree,))
    return tree


def _finished(top: _Phrase, root: str | None) -> Tree:
    """Return the phrase as a tree, built innermost first."""
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


PARTS = ("tag", "common", "unary")


@dataclass(frozen=True)
class ConstituencyEncoding:
    """Bracketed trees as three label columns. The decoded column ``tree`` holds ``elman.data.trees.to_pieces``.

    ``root``  the label of the root, if all training trees have the same; else None
    """

    root: str | None = None
    name: ClassVar[str] = "constituents"

    @classmethod
    def of(cls, sentences: Sequence[Sentence]) -> ConstituencyEncoding:
        """Build the encoding for training sentences. Raises DataError if a sentence has no tree."""
        roots = {parse_sentence_tree(sentence).label for sentence in sentences}
        return cls(roots.pop() if len(roots) == 1 else None)

    @property
    def targets(self) -> tuple[str, ...]:
        return (TREE,)

    @property
    def columns(self) -> tuple[str, ...]:
        return tuple(f"{TREE}.{part}" for part in PARTS)

    @property
    def unannotated(self) -> tuple[str, ...]:
        return ()

    def encode(self, sentence: Sentence) -> dict[str, tuple[str, ...]]:
        return dict(zip(self.columns, encode(parse_sentence_tree(sentence))[1:], strict=True))

    def fits(self, column: str, label: str) -> bool:
        return len(label) <= MAX_LABEL and is_label(label, column.removeprefix(f"{TREE}."))

    def decode(self, batch: Predictions) -> dict[str, list[list[str]]]:
        rows = zip(batch.words, *(batch.labels[name] for name in self.columns), strict=True)
        return {TREE: [self._decoded(TreeLabels(*map(tuple, row))) for row in rows]}

    def _decoded(self, labels: TreeLabels) -> list[str]:
        return to_pieces(decode(labels, self.root)) if labels.words else []

    def to_record(self) -> dict[str, Any]:
        return {"name": self.name, "root": self.root}
