"""Score predicted spans against gold ones, by default as the conlleval script of the CoNLL shared tasks does."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from elman.data.sentence import check_tag_list
from elman.data.spans import Span, find_spans
from elman.errors import DataError
from elman.evaluation.scores import ClassCounts, MatchScores, TagScore, score_rows
from elman.utils.summary import Row, percent


@dataclass(frozen=True, slots=True, repr=False)
class SpanEvaluation(MatchScores):
    """Predicted spans compared with gold ones; a span is correct if start, end and type are.

    A ratio with denominator 0 is 0.
    """

    types: Mapping[str, TagScore]
    """The score of every gold or predicted type, the most frequent in gold first."""

    JSON = "gold predicted correct precision recall f1 types averages"

    @property
    def classes(self) -> Mapping[str, TagScore]:
        """The score of every type: ``types``."""
        return self.types

    def _summary(self) -> str:
        of = f"{self.correct:,} correct of {self.predicted:,} predicted and {self.gold:,} gold"
        return f"F1 {percent(self.f1)}, {of}"

    def _table(self) -> Iterator[Row]:
        return score_rows("type", self.types)


class SpanEvaluator:
    """Scores spans sentence by sentence, in memory that grows only with the number of types.

    ``find`` returns the spans that tags mark; the default is conlleval's reading.
    """

    def __init__(self, find: Callable[[Sequence[str]], Sequence[Span]] = find_spans) -> None:
        self._find = find
        self._counts = ClassCounts()

    def add(self, gold: Sequence[str], predicted: Sequence[str]) -> None:
        """Count one sentence with as many predicted as gold tags. Raises DataError if either is not a list."""
        check_tag_list(gold)
        check_tag_list(predicted)
        gold_spans = set(self._find(gold))
        spans = gold_spans if list(gold) == list(predicted) else set(self._find(predicted))
        if gold_spans or spans:
            types = ([span.type for span in some] for some in (gold_spans, spans, gold_spans & spans))
            self._counts.update(*types)

    def result(self) -> SpanEvaluation:
        """Return the scores of all sentences counted so far."""
        return SpanEvaluation(*self._counts.totals(), types=self._counts.classes())


def evaluate_spans(gold: Iterable[Sequence[str]], predicted: Iterable[Sequence[str]]) -> SpanEvaluation:
    """Compare the spans of predicted tags with those of gold tags, sentence by sentence, read lazily.

    Raises DataError if the numbers of sentences differ, or the numbers of tags of a sentence.
    """
    evaluator = SpanEvaluator()
    for number, (gold_tags, tags) in enumerate(zip_longest(gold, predicted), start=1):
        if gold_tags is None or tags is None:
            longer = "predicted" if gold_tags is None else "gold"
            raise DataError(f"sentence {number}: only the {longer} tags go on; expected as many sentences in both")
        check_tag_list(gold_tags)
        check_tag_list(tags)
        if len(gold_tags) != len(tags):
            expected = f"expected {len(gold_tags)} tags, one for each gold tag, found {len(tags)}"
            raise DataError(f"sentence {number}: {expected}")
        evaluator.add(gold_tags, tags)
    return evaluator.result()
