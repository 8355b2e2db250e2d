"""``trees``: bracketed trees, ``(S (NP (PRP It)) (VP (VBZ rains)))``, one after the other (``elman.data.trees``).

The leaves are the words, as they stand there (``-LRB-`` stays ``-LRB-``), and the labels right above them the column
``tag``. The phrases are kept in the sentence's lines, and come back when it is written. A column ``tree`` to write
holds a whole tree (``elman.data.trees.pieces``), which takes the place of the one that was read; there brackets that
are words become ``-LRB-`` and ``-RRB-``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from elman.data.formats.holds import Holds, check_tags, check_words, is_gap, only_column
from elman.data.sentence import Sentence
from elman.data.trees import TREE, Tree, TreeLines, from_pieces, read_trees
from elman.errors import ConfigError, DataError
from elman.utils.display import shown

HOLDS = Holds(columns=1)

_LEAF = re.compile(r"(\([ \t\r\n]*)([^() \t\r\n]+)([ \t\r\n]+[^() \t\r\n]+[ \t\r\n]*\))")
_FORBIDDEN = " \t\r\n()"


def read(lines: Iterable[str], head: Sequence[str], path: str) -> Iterator[Sentence]:
    """Sentences of the lines, with one column, ``tag``; ``head`` is not needed.

    Raises DataError: see ``read_trees``; a word beside brackets, so that it has no tag.
    """
    for found in read_trees(lines, path):
        if found.tree is None:
            yield Sentence((), path=path, line=found.line, lines=found.lines, format="trees")
            continue
        tags, words = zip(*found.tree.tagged(), strict=True)
        if "" in tags:
            message = f"the word {shown(words[tags.index('')])} has no tag: expected it in brackets of its own"
            raise DataError(message, path=path, line=found.line)
        rows = (0,) * len(words) if len(found.lines) == 1 else _rows(found)
        yield Sentence(words, {"tag": tags}, path, found.line, found.lines, rows, "trees")


def _written(word: str) -> str:
    """A word without brackets, as the Penn Treebank writes it."""
    return word.replace("(", "-LRB-").replace(")", "-RRB-")


def _rows(found: TreeLines) -> tuple[int, ...]:
    text = "".join(found.lines)
    return tuple(text.count("\n", 0, leaf.start()) for leaf in _LEAF.finditer(text))


def target(name: str | None, head: Sequence[str], path: str, labelled: bool) -> str:
    """The one column, ``tag``; to write, also ``tree``. Raises ConfigError for another name."""
    if name is not None and name.lower() == TREE and not labelled:
        return TREE
    if name is not None and name.lower() != "tag":
        raise ConfigError(f"{path}: no column {shown(name)}; trees have one, tag")
    return "tag"


def write(sentence: Sentence, tags: Mapping[str, Sequence[str]], confidences: Sequence[float] | None) -> str:
    """The tree as it was read, with other tags; a sentence of another format is a tree ``ROOT`` without phrases.

    Raises DataError: a word or a tag with a bracket, a space, a tab or a line end.
    """
    if not sentence.words:
        return "".join(sentence.lines) if sentence.format == "trees" else "" if is_gap(sentence) else "\n"
    column = only_column(tags, "trees")
    if TREE in tags:
        sentence = replace(sentence, words=tuple([_written(word) for word in sentence.words]))
        check_words(sentence, "trees", _FORBIDDEN)
        return f"{from_pieces(column, sentence.words)}\n"
    check_tags(sentence, column, "trees", _FORBIDDEN)
    if sentence.format == "trees":
        new = iter(column)
        return _LEAF.sub(lambda leaf: leaf[1] + next(new) + leaf[3], "".join(sentence.lines))
    check_words(sentence, "trees", _FORBIDDEN)
    leaves = [Tree(tag, (word,)) for word, tag in zip(sentence.words, column, strict=True)]
    return f"{Tree('ROOT', tuple(leaves))}\n"


def parse_sentence_tree(sentence: Sentence) -> Tree:
    """The tree that a sentence was read with. Raises DataError with the line: it has none."""
    found = next(read_trees(sentence.lines), None) if sentence.format == "trees" else None
    if found is None or found.tree is None:
        message = "expected a bracketed tree, found none"
        raise DataError(message, path=sentence.path or None, line=sentence.line or None)
    return found.tree
