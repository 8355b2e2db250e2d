"""``elman tag --only-empty``: keeps the tags that a file has, and fills in those that are missing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from operator import ne
from typing import TYPE_CHECKING

from elman.data.formats.lines import whole_number
from elman.data.sentence import NO_TAG
from elman.data.targets import TREE
from elman.errors import ConfigError

if TYPE_CHECKING:
    from elman.cli.notes import Notes
    from elman.cli.output_columns import OutputColumns
    from elman.data.formats import Reading
    from elman.data.sentence import Sentence

_OPTION = "--only-empty"
_ROOT, _OTHER = "root", "dep"
"""The relation of a word that was predicted as the root, and is not since a person chose another one."""


class OnlyEmpty:
    """Takes the tags of a file before those of a model, and counts the words that are filled in."""

    STATE = ("_words", "_filled", "_repaired")

    def __init__(self) -> None:
        self._words: Counter[str] = Counter()
        self._filled: Counter[str] = Counter()
        self._repaired = 0

    def check(self, reading: Reading, format: str, columns: OutputColumns) -> None:
        """Raise ConfigError if the tags of a file cannot be kept: they are written in another format, or whole."""
        from elman.data.formats import default_output

        if reading.format == "text":
            message = f"{_OPTION}: {reading.path} is read as text, which has no tags to keep"
            raise ConfigError(f"{message}; --format names another format")
        if format != reading.format or (columns.columns and format != default_output(reading.format)):
            message = f"{_OPTION}: tags are kept in the input's own format, {reading.format}"
            raise ConfigError(f"{message}; they cannot be written as {format}")
        if TREE in columns.columns:
            raise ConfigError(f"{_OPTION}: a bracketed tree is written whole; it keeps none of its brackets")

    def merged(
        self, sentence: Sentence, tags: Mapping[str, Sequence[str]], columns: OutputColumns
    ) -> dict[str, Sequence[str]]:
        """Return the tags to write, by place: those of the sentence where it has some, else the predicted ones."""
        from elman.data.formats import placeholder_tag

        empty = {"", NO_TAG, placeholder_tag(columns.format)}
        merged: dict[str, list[str]] = {}
        kept: dict[str, list[bool]] = {}
        for place, predicted in tags.items():
            there = sentence.columns.get(place) or (NO_TAG,) * len(predicted)
            kept[place] = [tag not in empty for tag in there]
            merged[place] = [
                old if keeps else new for old, new, keeps in zip(there, predicted, kept[place], strict=True)
            ]
            self._words[place] += len(predicted)
            self._filled[place] += kept[place].count(False)
        head, deprel = columns.columns.get("head", ""), columns.columns.get("deprel", "")
        if head in merged and deprel in merged:  # who says root means HEAD 0
            _set_root(
                merged[head], kept[head], [r if k else "" for r, k in zip(merged[deprel], kept[deprel], strict=True)]
            )
        if head in merged and any(kept[head]) and not all(kept[head]):
            heads = joined_heads(merged[head], kept[head])
            self._repaired += sum(map(ne, heads, merged[head]))
            merged[head] = heads
        if deprel in merged and head in merged and any(kept[head]):
            pairs = zip(tags[deprel], tags[head], strict=True)
            root = next((relation for relation, number in pairs if number == "0"), _OTHER)
            for i, number in enumerate(merged[head]):
                if not kept[deprel][i] and (number == "0") != (tags[head][i] == "0"):
                    merged[deprel][i] = root if number == "0" else _OTHER
        return dict(merged)

    def labels(self, sentence: Sentence, labels: Mapping[str, str]) -> dict[str, str]:
        """Return the document labels to write: those of the sentence where it has some, else the predicted ones."""
        merged = {}
        for place, label in labels.items():
            there = sentence.labels.get(place, "")
            merged[place] = label if there in ("", NO_TAG) else there
            self._words[place] += 1
            self._filled[place] += there in ("", NO_TAG)
        return merged

    def tell(self, notes: Notes) -> None:
        """Note how many tags were filled in."""
        for place, total in self._words.items():
            notes.add(f"column {place}: filled in {self._filled[place]:,} of {total:,}; the others were there")
        if self._repaired:
            heads = "1 predicted head was" if self._repaired == 1 else f"{self._repaired:,} predicted heads were"
            notes.add(f"{heads} changed to form trees with the heads that were there")


def _set_root(heads: list[str], kept: list[bool], relations: Sequence[str]) -> None:
    """Make the word whose kept relation is ``root`` the root, unless a head says otherwise."""
    if any(keeps and head == "0" for keeps, head in zip(kept, heads, strict=True)):
        return
    for i, relation in enumerate(relations):
        if relation == _ROOT and not kept[i]:
            heads[i], kept[i] = "0", True
            return


def joined_heads(heads: Sequence[str], kept: Sequence[bool]) -> list[str]:
    """Return the heads of a sentence with those that are not ``kept`` changed until all form a tree.

    A second root, or a word of a circle, is attached to the root. If the kept heads themselves form no tree, some
    circles or roots remain.
    """
    joined = list(heads)
    roots = [i for i, head in enumerate(joined) if head == "0"]
    root = next((i for i in roots if kept[i]), roots[0] if roots else None)
    for i in roots:
        if i != root and not kept[i]:
            joined[i] = str((root or 0) + 1)
    passed: set[int] = set()
    for start in range(len(joined)):
        circle = _circle(joined, start, passed)
        loose = next((i for i in circle if not kept[i]), None)
        if loose is None:
            continue
        joined[loose] = "0" if root is None else str(root + 1)
        root = loose if root is None else root
    return joined


def _circle(heads: Sequence[str], start: int, passed: set[int]) -> list[int]:
    """Return the words of the circle that the heads above a word lead to, from 0; empty if they lead to a root.

    Words are added to ``passed``, and not followed again: what is above them has been seen.
    """
    path: list[int] = []
    word = start
    while word not in passed:
        passed.add(word)
        path.append(word)
        head = whole_number(heads[word]) or 0
        if not 0 < head <= len(heads):
            return []
        word = head - 1
    return path[path.index(word) :] if word in path else []
