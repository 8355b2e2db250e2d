"""``trees``: bracketed trees, ``(S (NP (PRP It)) (VP (VBZ rains)))``, concatenated (``elman.data.trees``).

The leaves are the words, unchanged (``-LRB-`` stays ``-LRB-``), and the labels directly above them the column ``tag``.
Phrases are kept in the sentence's lines and written back. A column ``tree`` to write holds a whole tree
(``elman.data.trees.to_pieces``), which replaces the tree that was read; in it brackets that are words become ``-LRB-``
and ``-RRB-``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from elman.data.formats.holds import Confidences, Holds, check_tags, check_words, is_gap, only_column
from elman.data.sentence import Sentence
from elman.data.targets import TREE
from elman.data.trees import Tree, TreeLines, from_pieces, read_trees
from elman.errors import ConfigError, DataError
from elman.utils.display import shown

HOLDS = Holds(columns=1)

_LEAF = re.compile(r"(\([ \t\r\n]*)([^() \t\r\n]+)([ \t\r\n]+[^() \t\r\n]+[ \t\r\n]*\))")
_FORBIDDEN = " \t\r\n()"


def read(lines: Iterable[str], head: Sequence[str], path: str) -> Iterator[Sentence]:
    """Yield the sentences of lines, with one column, ``tag``; ``head`` is not needed.

    Raises the DataErrors of ``read_trees``, and one for a word without a tag, next to brackets.
    """
    for item in read_trees(lines, path):
        if item.tree is None:
            yield Sentence((), path=path, line=item.line, lines=item.lines, format="trees")
            continue
        tags, words = zip(*item.tree.tagged(), strict=True)
        if "" in tags:
            message = f"the word {shown(words[tags.index('')])} has no tag: expected it in brackets of its own"
            raise DataError(message, path=path, line=item.line)
        rows = (0,) * len(words) if len(item.lines) == 1 else _rows(item)
        yield Sentence(words, {"tag": tags}, path, item.line, item.lines, rows, "trees")


def _escape_brackets(word: str) -> str:
    """Replace brackets in a word as the Penn Treebank does."""
    return word.replace("(", "-LRB-").replace(")", "-RRB-")


def _rows(item: TreeLines) -> tuple[int, ...]:
    text = "".join(item.lines)
    return tuple(text.count("\n", 0, leaf.start()) for leaf in _LEAF.finditer(text))


def target(name: str | None, head: Sequence[str], path: str, labelled: bool) -> str:
    """Return the only column, ``tag``; for writing also ``tree``. Raises ConfigError for another name."""
    if name is not None and name.lower() == TREE and not labelled:
        return TREE
    if name is not None and name.lower() != "tag":
        raise ConfigError(f"{path}: no column {shown(name)}; trees have one, tag")
    return "tag"


def write(sentence: Sentence, tags: Mapping[str, Sequence[str]], confidences: Confidences | None) -> str:
    """Return the tree that was read, with new tags; a sentence of another format becomes a flat tree ``ROOT``.

    Raises DataError for a word or tag with a bracket, a space, a tab or a line end.
    """
    if not sentence.words:
        return "".join(sentence.lines) if sentence.format == "trees" else "" if is_gap(sentence) else "\n"
    column = only_column(tags, "trees")
    if TREE in tags:
        sentence = replace(sentence, words=tuple([_escape_brackets(word) for word in sentence.words]))
        check_words(sentence, "trees", _FORBIDDEN)
        return f"{from_pieces(column, sentence.words)}\n"
    check_tags(sentence, column, "trees", _FORBIDDEN)
    if sentence.format == "trees":
        new_tags = iter(column)
        return _LEAF.sub(lambda leaf: leaf[1] + next(new_tags) + leaf[3], "".join(sentence.lines))
    check_words(sentence, "trees", _FORBIDDEN)
    leaves = [Tree(tag, (word,)) for word, tag in zip(sentence.words, column, strict=True)]
    return f"{Tree('ROOT', tuple(leaves))}\n"


def parse_sentence_tree(sentence: Sentence) -> Tree:
    """Return the tree that a sentence was read from. Raises DataError with the line if there is none."""
    item = next(read_trees(sentence.lines), None) if sentence.format == "trees" else None
    if item is None or item.tree is None:
        message = "expected a bracketed tree, found none"
        raise DataError(message, path=sentence.path or None, line=sentence.line or None)
    return item.tree
