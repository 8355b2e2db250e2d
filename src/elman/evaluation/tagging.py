"""Scores of tags: accuracy for known and unknown words, whole sentences, single tags, and confusions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import NoReturn

from elman.data.schemes import SPAN_TAG, describe_strays, stray_tags
from elman.data.sentence import check_tag_list
from elman.data.spans import OUTSIDE
from elman.errors import ConfigError, DataError
from elman.evaluation.scores import TagScore, averages, score, score_rows
from elman.evaluation.span_scores import SpanEvaluation, SpanEvaluator
from elman.utils.json_values import JsonRecord
from elman.utils.summary import Row, Summary, counted, percent

__all__ = ["Confusion", "TagEvaluation", "TagScore", "TagEvaluator", "evaluate", "marks_spans"]

MAX_CONFUSIONS = 10
_TAGS_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Confusion:
    """``count`` words with the gold tag ``gold`` were predicted to have the tag ``predicted``."""

    gold: str
    predicted: str
    count: int


@dataclass(frozen=True, slots=True, repr=False)
class TagEvaluation(JsonRecord, Summary):
    """Predicted tags compared with gold ones. Accuracies run from 0 to 1; empty sentences do not count."""

    tokens: int
    correct: int
    sentences: int
    sentences_correct: int
    unknown_tokens: int | None
    """Words that are not in the model's training data; None without a model."""
    unknown_correct: int | None
    tags: Mapping[str, TagScore]
    """The score of every gold or predicted tag, the most frequent in gold first."""
    pairs: Mapping[tuple[str, str], int]
    """(gold tag, predicted tag) -> number of words."""
    confusions: tuple[Confusion, ...]
    """The ten most frequent confusions, in descending order."""
    spans: SpanEvaluation | None = None
    """The scores of the spans that the tags mark; None if the gold tags mark none (no BIO, BIOES and so on)."""

    JSON = (
        "tokens correct accuracy known_accuracy unknown_tokens unknown_accuracy sentences sentences_correct "
        "sentence_accuracy tags averages confusions spans"
    )

    @property
    def accuracy(self) -> float:
        """Share of the words with the correct tag."""
        return self.correct / self.tokens

    @property
    def sentence_accuracy(self) -> float:
        """Share of the sentences without a wrong tag."""
        return self.sentences_correct / self.sentences

    @property
    def unknown_accuracy(self) -> float | None:
        """Accuracy on unknown words; None if there are none, or no model."""
        if not self.unknown_tokens or self.unknown_correct is None:
            return None
        return self.unknown_correct / self.unknown_tokens

    @property
    def known_accuracy(self) -> float | None:
        """Accuracy on known words; None if there are none, or no model."""
        if self.unknown_tokens is None or self.unknown_correct is None or self.tokens == self.unknown_tokens:
            return None
        return (self.correct - self.unknown_correct) / (self.tokens - self.unknown_tokens)

    @property
    def strays(self) -> str | None:
        """The gold tags that prevent span scores, in words, if other gold tags mark spans; else None."""
        return describe_stray_tags({tag: scores.support for tag, scores in self.tags.items() if scores.support})

    @property
    def averages(self) -> Mapping[str, TagScore]:
        """The micro, macro and weighted average."""
        return averages(score(self.correct, self.tokens, self.tokens), self.tags)

    def _summary(self) -> str:
        parts = [f"{percent(self.accuracy)} of {counted(self.tokens, 'word')}"]
        if self.unknown_tokens:
            parts.append(f"{percent(self.unknown_accuracy)} of {self.unknown_tokens:,} unknown")
        parts.append(f"{self.sentences_correct:,} of {counted(self.sentences, 'sentence')}")
        if self.spans is not None:
            parts.append(f"span F1 {percent(self.spans.f1)}")
        return ", ".join(parts)

    def _table(self) -> Iterator[Row]:
        return score_rows("tag", self.tags)


class TagEvaluator:
    """Scores tags sentence by sentence, in memory that grows only with the number of tags."""

    def __init__(self) -> None:
        self._pairs: Counter[tuple[str, str]] = Counter()
        self._sentences = 0
        self._sentences_correct = 0
        self._unknown: Counter[bool] | None = None  # whether correct -> unknown words
        self._spans: SpanEvaluator | None = SpanEvaluator()
        self._span_tags = {OUTSIDE}

    def add(
        self,
        gold: Sequence[str],
        predicted: Sequence[str],
        known: Sequence[bool] | None = None,
        *,
        path: str | None = None,
        line: int | None = None,
    ) -> None:
        """Count one sentence; ``known`` tells for each word whether the model saw it in training.

        Raises DataError, at ``path:line`` or with the sentence number, if the numbers of tags differ.
        """
        check_tag_list(gold)
        check_tag_list(predicted)
        if len(predicted) != len(gold):
            where = "" if path is not None else f"sentence {self._sentences + 1}: "
            message = f"{where}expected {len(gold)} tags, one for each gold tag, found {len(predicted)}"
            raise DataError(message, path=path, line=line)
        if not len(gold):
            return
        self._pairs.update(zip(gold, predicted, strict=True))
        self._sentences += 1
        self._sentences_correct += list(gold) == list(predicted)
        if self._spans is not None:
            self._add_spans(self._spans, gold, predicted)
        if known is not None:
            self._unknown = Counter() if self._unknown is None else self._unknown
            if not all(known):
                rows = zip(gold, predicted, known, strict=True)
                self._unknown.update(gold_tag == tag for gold_tag, tag, seen in rows if not seen)

    def _add_spans(self, evaluator: SpanEvaluator, gold: Sequence[str], predicted: Sequence[str]) -> None:
        """Count spans, up to the first gold tag that marks none."""
        if not self._span_tags.issuperset(gold):
            new = set(gold) - self._span_tags
            if not all(map(SPAN_TAG.match, new)):
                self._spans = None
                return
            self._span_tags |= new
        evaluator.add(gold, predicted)

    def result(self) -> TagEvaluation:
        """Return the scores of all sentences counted so far. Raises DataError if there are no gold tags."""
        if not self._pairs:
            raise DataError("nothing to evaluate: no words with gold tags; is it the right file and column?")
        support: Counter[str] = Counter()
        predictions: Counter[str] = Counter()
        for (gold, predicted), count in self._pairs.items():
            support[gold] += count
            predictions[predicted] += count
        names = sorted(support | predictions, key=lambda tag: (-support[tag], tag))
        unknown = self._unknown
        return TagEvaluation(
            tokens=support.total(),
            correct=sum(self._pairs[tag, tag] for tag in names),
            sentences=self._sentences,
            sentences_correct=self._sentences_correct,
            pairs=dict(self._pairs),
            unknown_tokens=None if unknown is None else unknown.total(),
            unknown_correct=None if unknown is None else unknown[True],
            tags={tag: score(self._pairs[tag, tag], predictions[tag], support[tag]) for tag in names},
            confusions=_confusions(self._pairs),
            spans=None if self._spans is None or self._span_tags == {OUTSIDE} else self._spans.result(),
        )


def evaluate(
    gold: Iterable[Sequence[str]],
    predicted: Iterable[Sequence[str]],
    known: Iterable[Sequence[bool]] | None = None,
) -> TagEvaluation:
    """Compare sentences of predicted tags with sentences of gold tags, read lazily.

    Raises DataError for no gold tags, or if the numbers of sentences differ, or the numbers of tags of a sentence.
    """
    evaluator = TagEvaluator()
    for number, (gold_tags, tags, seen) in enumerate(zip_longest(gold, predicted, known or ()), start=1):
        if gold_tags is None or tags is None:
            longer = "predicted" if gold_tags is None else "gold"
            raise DataError(f"sentence {number}: only the {longer} tags go on; expected as many sentences in both")
        evaluator.add(gold_tags, tags, seen)
    return evaluator.result()


def marks_spans(tags: Iterable[str]) -> bool:
    """Return whether tags mark spans in any scheme: each is O, or a letter of BIESLUM alone or with a type."""
    marking = set(tags) - {OUTSIDE}
    return bool(marking) and all(map(SPAN_TAG.match, marking))


def describe_stray_tags(counts: Mapping[str, int]) -> str | None:
    """Describe the few tags that mark no spans while the others do; ``counts`` is the number of words of each tag."""
    strays = stray_tags(counts)
    return describe_strays(strays, counts) if strays else None


def require_spans(counts: Mapping[str, int], what: str) -> NoReturn:
    """Raise ConfigError because ``what`` counts spans and the gold tags mark none; ``counts`` as above."""
    odd = describe_stray_tags(counts)
    if odd is None:
        frequent = ", ".join(sorted(counts, key=lambda tag: (-counts[tag], tag))[:_TAGS_SHOWN])
        odd = f"the gold tags mark no spans (O, B-type, I-type …): {frequent:.60}"
        raise ConfigError(f"{what}: {odd}; count words instead")
    raise ConfigError(f"{what}: {odd}; fix it (elman check says where)")


def _confusions(pairs: Mapping[tuple[str, str], int]) -> tuple[Confusion, ...]:
    wrong = [(-count, gold, predicted) for (gold, predicted), count in pairs.items() if gold != predicted]
    return tuple(Confusion(gold, predicted, -count) for count, gold, predicted in sorted(wrong)[:MAX_CONFUSIONS])
