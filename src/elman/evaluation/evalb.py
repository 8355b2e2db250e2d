"""Labelled brackets of trees, counted as the program evalb (Sekine and Collins) does.

A bracket is a label and the words it spans. Those of single words' own tags (preterminals) do not count, nor does the
root that only holds the tree (TOP, ROOT, or no label). Of a label what stands behind the first ``-`` or ``=`` is left
out (NP-SBJ is NP). A bracket that occurs twice in a tree counts twice. Punctuation counts like other words: evalb
leaves it out only when its parameter file (COLLINS.prm) says so.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from itertools import zip_longest
from typing import Any, NamedTuple

from elman.data.scores import ClassCounts, TagScore, averages, score
from elman.data.trees import Tree
from elman.errors import DataError

UNCOUNTED_LABELS = frozenset({"TOP", "ROOT", "S1", "VROOT", ""})
"""Labels of a root that only holds the tree."""
_FUNCTION = re.compile("[-=]")


class Bracket(NamedTuple):
    """A phrase: its label and the words ``start`` to ``end`` of the sentence, from 0, ``end`` not among them."""

    label: str
    start: int
    end: int


def brackets(tree: Tree) -> list[Bracket]:
    """The brackets of a tree's phrases, preterminals left out, each after those within it."""
    found: list[Bracket] = []
    words = 0
    stack: list[Tree | str | tuple[str, int]] = [tree]  # what is to come; (label, start): a phrase ends
    while stack:
        node = stack.pop()
        if isinstance(node, tuple):
            found.append(Bracket(*node, words))
        elif isinstance(node, str) or node.preterminal:
            words += 1
        else:
            stack += [(node.label, words), *reversed(node.children)]
    return found


@dataclass(frozen=True, slots=True)
class BracketEvaluation:
    """Predicted brackets compared with gold ones; one is right when label, start and end all are."""

    trees: int
    exact: int
    """Trees all of whose brackets are right, with none left out."""
    gold: int
    predicted: int
    correct: int
    labels: Mapping[str, TagScore]
    """Every label of gold or prediction, the most frequent in gold first."""

    @property
    def micro(self) -> TagScore:
        """Of all brackets together: what evalb calls bracketing precision, recall and F-measure."""
        return score(self.correct, self.predicted, self.gold)

    def to_json(self) -> dict[str, Any]:
        """Plain values for ``json.dumps``."""
        micro = self.micro
        return {
            "trees": self.trees,
            "exact": self.exact,
            "gold": self.gold,
            "predicted": self.predicted,
            "correct": self.correct,
            "precision": micro.precision,
            "recall": micro.recall,
            "f1": micro.f1,
            "labels": {label: asdict(score) for label, score in self.labels.items()},
            "averages": averages(micro, self.labels),
        }


def evaluate_brackets(
    gold: Iterable[Iterable[tuple[str, int, int]]], predicted: Iterable[Iterable[tuple[str, int, int]]]
) -> BracketEvaluation:
    """Compare the brackets of trees, each (label, start, end), tree by tree, read one by one.

    The brackets are those of phrases, without preterminals; labels of ``UNCOUNTED_LABELS`` are left out here.
    Raises DataError: no trees, another number of them.
    """
    marks = ClassCounts()
    trees = exact = 0
    for one, other in zip_longest(gold, predicted):
        trees += 1
        if one is None or other is None:
            more = "predicted" if one is None else "gold"
            raise DataError(f"tree {trees}: only the {more} trees go on; expected as many in both")
        there, given = _counted(one), _counted(other)
        exact += there == given
        marks.there.update(label for label, _, _ in there.elements())
        marks.given.update(label for label, _, _ in given.elements())
        marks.correct.update(label for label, _, _ in (there & given).elements())
    if not trees:
        raise DataError("nothing to evaluate: no gold trees")
    totals = (marks.there.total(), marks.given.total(), marks.correct.total())
    return BracketEvaluation(trees, exact, *totals, labels=marks.classes())


def _counted(brackets: Iterable[tuple[str, int, int]]) -> Counter[tuple[str, int, int]]:
    trimmed = ((_FUNCTION.split(label, maxsplit=1)[0], start, end) for label, start, end in brackets)
    return Counter(bracket for bracket in trimmed if bracket[0] not in UNCOUNTED_LABELS)
