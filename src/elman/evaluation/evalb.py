"""Score the labelled brackets of trees as the program evalb (Sekine and Collins) does.

A bracket is a label and the words it spans. Preterminals, the tags of single words, do not count, nor does the root
that only wraps the tree (TOP, ROOT, or no label). Of a label the part after the first ``-`` or ``=`` is ignored (NP-SBJ
is NP). A bracket that occurs twice in a tree counts twice. Punctuation counts like other words: evalb leaves it out
only if its parameter file (COLLINS.prm) says so.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import zip_longest
from typing import NamedTuple

from elman.data.trees import Tree
from elman.errors import DataError
from elman.evaluation.scores import ClassCounts, MatchScores, TagScore, score_rows
from elman.utils.summary import Row, counted, percent

UNCOUNTED_LABELS = frozenset({"TOP", "ROOT", "S1", "VROOT", ""})
"""Labels of a root that only wraps the tree."""
_FUNCTION = re.compile("[-=]")


class Bracket(NamedTuple):
    """A phrase: its label and the words ``start`` to ``end`` (exclusive) of the sentence, from 0."""

    label: str
    start: int
    end: int


def brackets(tree: Tree) -> list[Bracket]:
    """Return the brackets of the phrases of a tree without preterminals, children before parents."""
    result: list[Bracket] = []
    n_words = 0
    stack: list[Tree | str | tuple[str, int]] = [tree]  # to visit; (label, start) marks the end of a phrase
    while stack:
        node = stack.pop()
        if isinstance(node, tuple):
            result.append(Bracket(*node, n_words))
        elif isinstance(node, str) or node.preterminal:
            n_words += 1
        else:
            stack += [(node.label, n_words), *reversed(node.children)]
    return result


@dataclass(frozen=True, slots=True, repr=False)
class BracketEvaluation(MatchScores):
    """Predicted brackets compared with gold ones; a bracket is correct if label, start and end are.

    ``micro`` is evalb's bracketing precision, recall and F-measure.
    """

    labels: Mapping[str, TagScore]
    """The score of every gold or predicted label, the most frequent in gold first."""
    trees: int
    exact: int
    """Trees whose brackets are exactly the gold ones."""

    JSON = "trees exact gold predicted correct precision recall f1 labels averages"

    @property
    def classes(self) -> Mapping[str, TagScore]:
        """The score of every label: ``labels``."""
        return self.labels

    def _summary(self) -> str:
        return f"F1 {percent(self.f1)}, {self.exact:,} of {counted(self.trees, 'tree')} exact"

    def _table(self) -> Iterator[Row]:
        return score_rows("label", self.labels)


def evaluate_brackets(
    gold: Iterable[Iterable[tuple[str, int, int]]], predicted: Iterable[Iterable[tuple[str, int, int]]]
) -> BracketEvaluation:
    """Compare the brackets of trees, each (label, start, end), tree by tree, read lazily.

    The brackets are those of phrases, without preterminals; labels of ``UNCOUNTED_LABELS`` are ignored. Raises
    DataError for no trees, or if their numbers differ.
    """
    counts = ClassCounts()
    trees = exact = 0
    for gold_brackets, predicted_brackets in zip_longest(gold, predicted):
        trees += 1
        if gold_brackets is None or predicted_brackets is None:
            longer = "predicted" if gold_brackets is None else "gold"
            raise DataError(f"tree {trees}: only the {longer} trees go on; expected as many in both")
        gold_counts, predicted_counts = _counted(gold_brackets), _counted(predicted_brackets)
        exact += gold_counts == predicted_counts
        common = gold_counts & predicted_counts
        counts.update(*([label for label, _, _ in some.elements()] for some in (gold_counts, predicted_counts, common)))
    if not trees:
        raise DataError("nothing to evaluate: no gold trees")
    return BracketEvaluation(*counts.totals(), counts.classes(), trees, exact)


def _counted(brackets: Iterable[tuple[str, int, int]]) -> Counter[tuple[str, int, int]]:
    trimmed = ((_FUNCTION.split(label, maxsplit=1)[0], start, end) for label, start, end in brackets)
    return Counter(bracket for bracket in trimmed if bracket[0] not in UNCOUNTED_LABELS)
