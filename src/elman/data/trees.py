"""Bracketed trees in the notation of the Penn Treebank: ``(S (NP (PRP It)) (VP (VBZ rains)))``.

A tree is a label and its children; a child is a tree or a word. A tree whose only child is a word is a preterminal, its
label the word's tag. A tree is written on one line with one space between its parts, and reads back as the same tree.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from elman.errors import DataError
from elman.utils.display import shown
from elman.utils.limits import DEPTH, SENTENCE

_TOKEN = re.compile(r"[()]|[^() \t\r\n]+")


@dataclass(frozen=True, slots=True)
class Tree:
    """A label (may be empty, as around the trees of the Penn Treebank) and the children, from left to right."""

    label: str
    children: tuple[Tree | str, ...]

    @property
    def preterminal(self) -> bool:
        """Whether the tree is a tag with its word."""
        return len(self.children) == 1 and isinstance(self.children[0], str)

    def words(self) -> list[str]:
        """Return the words, from left to right."""
        return [word for _, word in self.tagged()]

    def tagged(self) -> list[tuple[str, str]]:
        """Return (tag, word) pairs from left to right; a word next to brackets has the tag ''."""
        pairs: list[tuple[str, str]] = []
        stack: list[tuple[str, Tree | str]] = [("", self)]
        while stack:  # no recursion: a tree may be deeper than Python's stack
            tag, node = stack.pop()
            if isinstance(node, str):
                pairs.append((tag, node))
            else:
                tag = node.label if node.preterminal else ""
                stack += [(tag, child) for child in reversed(node.children)]
        return pairs

    def __str__(self) -> str:
        pieces: list[str] = []
        stack: list[Tree | str | None] = [self]
        while stack:
            node = stack.pop()
            if node is None:
                pieces.append(")")
            elif isinstance(node, str):
                pieces.append(" " + node)
            else:
                pieces.append(f" ({node.label}")
                stack += [None, *reversed(node.children)]
        return "".join(pieces)[1:]


def to_pieces(tree: Tree) -> list[str]:
    """Split a tree into one string per word, ``(S(NP(PRP*))`` and so on.

    Concatenated, with words in place of the stars, they are the tree. Raises DataError for a word without a tag, next
    to brackets.
    """
    pieces: list[str] = []
    closed: list[int] = []
    opened = ""
    stack: list[Tree | str | None] = [tree]
    while stack:
        node = stack.pop()
        if isinstance(node, str):
            raise DataError(f"expected a tag in brackets of its own around every word, found none around {shown(node)}")
        if node is None:
            closed[-1] += 1
        elif node.preterminal:
            pieces.append(f"{opened}({node.label}*)")
            closed.append(0)
            opened = ""
        else:
            opened += f"({node.label}"
            stack += [None, *reversed(node.children)]
    return [piece + ")" * n for piece, n in zip(pieces, closed, strict=True)]


def from_pieces(pieces: Sequence[str], words: Sequence[str]) -> str:
    """Return the tree of ``pieces`` with these words on one line, in the format of ``str(tree)``."""
    parts: list[str] = []
    for piece, word in zip(pieces, words, strict=True):
        opened = piece.rstrip(")")
        parts += [opened[:-1].replace("(", " ("), " ", word, piece[len(opened) :]]
    return "".join(parts)[1:]


@dataclass(frozen=True, slots=True)
class TreeLines:
    """A tree with its lines, line ends included, and the number of the first line; or a blank line without a tree."""

    tree: Tree | None
    lines: tuple[str, ...]
    line: int


def parse_tree(text: str) -> Tree:
    """Parse the one tree of a text. Raises DataError for no tree, several trees, or brackets that do not match."""
    trees = [item.tree for item in read_trees(text.split("\n")) if item.tree is not None]
    if len(trees) != 1:
        raise DataError(f"expected one bracketed tree, found {len(trees)}")
    return trees[0]


def read_trees(lines: Iterable[str], path: str | None = None) -> Iterator[TreeLines]:
    """Yield the trees of lines, each on one or several lines; a blank line is a ``TreeLines`` without a tree.

    A tree continues on indented lines. A bracket at the very beginning of a line begins the next tree, unless only an
    opening bracket precedes it, so the error for an unclosed tree names that tree and not the end of the file.

    Raises DataError, with the line, for a tree that does not close, an extra closing bracket, text outside of a tree or
    after one, empty brackets, or a tree that is too deep or too large.
    """
    stack: list[tuple[str, list[Tree | str]]] = []  # label and children so far of each open bracket
    kept: list[str] = []
    label_may_follow = False  # the last token opened a bracket, so a label may follow
    start = number = size = 0
    for number, line in enumerate(lines, 1):
        if stack and line.startswith("(") and stack != [("", [])]:  # not the bracket around a whole tree
            raise _open(len(stack), path, start, f"line {number} begins another one")
        if not stack:
            start, size = number, 0
        kept.append(line)
        size += 1
        complete: Tree | None = None
        for match in _TOKEN.finditer(line):
            token = match[0]
            if complete is not None or (not stack and token != "("):
                raise _outside(token, path, number)
            size += token != ")"
            if size > SENTENCE:
                raise _too_large(f"{SENTENCE:,} brackets, words and lines", path, start)
            if token == "(":
                if len(stack) == DEPTH:
                    raise _too_large(f"{DEPTH:,} brackets within each other", path, start)
                stack.append(("", []))
            elif token == ")":
                label, children = stack.pop()
                if not children:
                    message = f"expected a word or a bracket within ({label}), found nothing"
                    raise DataError(message, path=path, line=number)
                tree = Tree(label, tuple(children))
                if stack:
                    stack[-1][1].append(tree)
                else:
                    complete = tree
            elif label_may_follow:
                stack[-1] = (token, stack[-1][1])
            else:
                stack[-1][1].append(token)
            label_may_follow = token == "("
        if not stack:
            yield TreeLines(complete, tuple(kept), start)
            kept = []
    if stack:
        raise _open(len(stack), path, start, "the file ends")


def _outside(token: str, path: str | None, line: int) -> DataError:
    descriptions = {")": "a bracket that closes nothing", "(": "another tree behind it on the line"}
    found = descriptions.get(token, f"{shown(token)} outside of the brackets")
    return DataError(f"expected a tree on lines of its own, found {found}", path=path, line=line)


def _open(n_open: int, path: str | None, line: int, where: str) -> DataError:
    brackets = "1 bracket is" if n_open == 1 else f"{n_open} brackets are"
    return DataError(f"the tree that begins here does not close: {brackets} open where {where}", path=path, line=line)


def _too_large(most: str, path: str | None, line: int) -> DataError:
    return DataError(f"the tree that begins here has more than {most}: does a bracket not close?", path=path, line=line)
