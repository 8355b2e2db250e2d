"""Bracketed trees: ``(S (NP (PRP It)) (VP (VBZ rains)))``, the notation of the Penn Treebank.

A tree is a label and its children; a child is a tree or a word. A tree with one word and nothing else is a
preterminal, its label the word's tag. Written out, a tree is on one line with one space between its parts, and what is
written reads back as the same tree.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from elman.errors import DataError
from elman.utils.display import shown

_TOKEN = re.compile(r"[()]|[^() \t\r\n]+")


@dataclass(frozen=True, slots=True)
class Tree:
    """A label (may be empty, as around the trees of the Penn Treebank) and the children, from left to right."""

    label: str
    children: tuple[Tree | str, ...]

    @property
    def preterminal(self) -> bool:
        """Whether it is a tag with its word."""
        return len(self.children) == 1 and isinstance(self.children[0], str)

    def words(self) -> list[str]:
        """The words, from left to right."""
        return [word for _, word in self.tagged()]

    def tagged(self) -> list[tuple[str, str]]:
        """(tag, word) from left to right; a word beside brackets has the tag ''."""
        found: list[tuple[str, str]] = []
        stack: list[tuple[str, Tree | str]] = [("", self)]
        while stack:  # no recursion: a tree may be deeper than Python's stack
            tag, node = stack.pop()
            if isinstance(node, str):
                found.append((tag, node))
            else:
                tag = node.label if node.preterminal else ""
                stack += [(tag, child) for child in reversed(node.children)]
        return found

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
    """A tree as a text for each word, ``(S(NP(PRP*))`` and so on: joined, with words in place of the stars, they are
    the tree. Raises DataError: a word beside brackets, so that it has no tag.
    """
    found: list[str] = []
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
            found.append(f"{opened}({node.label}*)")
            closed.append(0)
            opened = ""
        else:
            opened += f"({node.label}"
            stack += [None, *reversed(node.children)]
    return [piece + ")" * n for piece, n in zip(found, closed, strict=True)]


def from_pieces(pieces: Sequence[str], words: Sequence[str]) -> str:
    """The tree of ``pieces`` with these words, on one line, as ``str`` of the tree has it."""
    parts: list[str] = []
    for piece, word in zip(pieces, words, strict=True):
        opened = piece.rstrip(")")
        parts += [opened[:-1].replace("(", " ("), " ", word, piece[len(opened) :]]
    return "".join(parts)[1:]


@dataclass(frozen=True, slots=True)
class TreeLines:
    """A tree, its lines with their ends, and the number of the first; or a blank line."""

    tree: Tree | None
    lines: tuple[str, ...]
    line: int


def parse_tree(text: str) -> Tree:
    """The one tree of a text. Raises DataError: no tree, more than one, brackets that do not match."""
    trees = [found.tree for found in read_trees(text.split("\n")) if found.tree is not None]
    if len(trees) != 1:
        raise DataError(f"expected one bracketed tree, found {len(trees)}")
    return trees[0]


def read_trees(lines: Iterable[str], path: str | None = None) -> Iterator[TreeLines]:
    """Trees of lines, over one line or several each; a blank line between them is a ``TreeLines`` without a tree.

    A tree goes on over lines that are indented. A bracket at the very beginning of a line begins another one, unless
    there is nothing but a bracket before it; so where one does not close, the error names it and not the end of the
    file.

    Raises DataError, with the line: a tree that does not close, a bracket too many, text outside of trees or after
    one, a bracket with nothing in it.
    """
    stack: list[tuple[str, list[Tree | str]]] = []  # the brackets that are open: label, children so far
    kept: list[str] = []
    fresh = False  # whether the last token opened a bracket, so that its label may come
    start = number = 0
    for number, line in enumerate(lines, 1):
        if stack and line.startswith("(") and stack != [("", [])]:  # one that holds nothing yet is the outermost
            raise _open(len(stack), path, start, f"line {number} begins another one")
        if not stack:
            start = number
        kept.append(line)
        done: Tree | None = None
        for token in _TOKEN.findall(line):
            if done is not None or (not stack and token != "("):
                raise _outside(token, path, number)
            if token == "(":
                stack.append(("", []))
            elif token == ")":
                label, children = stack.pop()
                if not children:
                    found = f"expected a word or a bracket within ({label}), found nothing"
                    raise DataError(found, path=path, line=number)
                tree = Tree(label, tuple(children))
                if stack:
                    stack[-1][1].append(tree)
                else:
                    done = tree
            elif fresh:
                stack[-1] = (token, stack[-1][1])
            else:
                stack[-1][1].append(token)
            fresh = token == "("
        if not stack:
            yield TreeLines(done, tuple(kept), start)
            kept = []
    if stack:
        raise _open(len(stack), path, start, "the file ends")


def _outside(token: str, path: str | None, line: int) -> DataError:
    what = {")": "a bracket that closes nothing", "(": "another tree behind it on the line"}
    found = what.get(token, f"{shown(token)} outside of the brackets")
    return DataError(f"expected a tree on lines of its own, found {found}", path=path, line=line)


def _open(n_open: int, path: str | None, line: int, where: str) -> DataError:
    brackets = "1 bracket is" if n_open == 1 else f"{n_open} brackets are"
    return DataError(f"the tree that begins here does not close: {brackets} open where {where}", path=path, line=line)


TREE = "tree"
"""The column of whole trees."""
