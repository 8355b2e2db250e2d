"""How good tags are: accuracy for known and unknown words, whole sentences, single tags, what is taken for what."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import zip_longest
from typing import Any, NoReturn

from elman.data.schemes import SPAN_TAG, describe_strays, stray_tags
from elman.data.scores import TagScore, averages, check_sentence, score
from elman.data.spans import OUTSIDE, SpanEvaluation, SpanEvaluator
from elman.errors import ConfigError, DataError

__all__ = ["Confusion", "TagEvaluation", "TagScore", "TagEvaluator", "evaluate", "marks_spans"]

MAX_CONFUSIONS = 10
_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Confusion:
    """``count`` words with the tag ``gold`` were given the tag ``predicted``."""

    gold: str
    predicted: str
    count: int


@dataclass(frozen=True, slots=True)
class TagEvaluation:
    """Predicted tags compared with gold ones. Accuracies run from 0 to 1; sentences of no words count for nothing."""

    tokens: int
    correct: int
    sentences: int
    sentences_correct: int
    unknown_tokens: int | None
    """Words that are not in the model's training data; None where there is no model to ask."""
    unknown_correct: int | None
    tags: Mapping[str, TagScore]
    """Every tag of gold or prediction, the most frequent in gold first."""
    pairs: Mapping[tuple[str, str], int]
    """How many words have this gold tag and that predicted one."""
    confusions: tuple[Confusion, ...]
    """The ten commonest, the commonest first."""
    spans: SpanEvaluation | None = None
    """What the tags mark; None where the gold tags do not mark spans (BIO, BIOES, BILOU, BMES and the like)."""

    @property
    def accuracy(self) -> float:
        """Share of the words with the right tag."""
        return self.correct / self.tokens

    @property
    def sentence_accuracy(self) -> float:
        """Share of the sentences with no wrong tag."""
        return self.sentences_correct / self.sentences

    @property
    def unknown_accuracy(self) -> float | None:
        """Accuracy over unknown words; None where there are none, or no model to ask."""
        if not self.unknown_tokens or self.unknown_correct is None:
            return None
        return self.unknown_correct / self.unknown_tokens

    @property
    def known_accuracy(self) -> float | None:
        """Accuracy over known words; None where there are none, or no model to ask."""
        if self.unknown_tokens is None or self.unknown_correct is None or self.tokens == self.unknown_tokens:
            return None
        return (self.correct - self.unknown_correct) / (self.tokens - self.unknown_tokens)

    @property
    def strays(self) -> str | None:
        """Which gold tags are to blame where there are no ``spans`` though the others mark some, in words."""
        return describe_stray_tags({tag: found.support for tag, found in self.tags.items() if found.support})

    def to_json(self) -> dict[str, Any]:
        """Plain values for ``json.dumps``, as ``elman evaluate --json`` prints them."""
        return {
            "tokens": self.tokens,
            "correct": self.correct,
            "accuracy": self.accuracy,
            "known_accuracy": self.known_accuracy,
            "unknown_tokens": self.unknown_tokens,
            "unknown_accuracy": self.unknown_accuracy,
            "sentences": self.sentences,
            "sentences_correct": self.sentences_correct,
            "sentence_accuracy": self.sentence_accuracy,
            "tags": {tag: asdict(score) for tag, score in self.tags.items()},
            "averages": averages(score(self.correct, self.tokens, self.tokens), self.tags),
            "confusions": [asdict(confusion) for confusion in self.confusions],
            "spans": None if self.spans is None else self.spans.to_json(),
        }


class TagEvaluator:
    """Counts sentence after sentence, in memory that grows with the number of tags only."""

    def __init__(self) -> None:
        self._pairs: Counter[tuple[str, str]] = Counter()
        self._sentences = 0
        self._sentences_correct = 0
        self._unknown: Counter[bool] | None = None  # right or wrong -> unknown words
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
        """Count one sentence; ``known`` says of each word whether the model has seen it in training.

        Raises DataError where there are not as many tags as gold tags, at ``path:line`` or naming the sentence.
        """
        check_sentence(gold)
        check_sentence(predicted)
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
                self._unknown.update(right == tag for right, tag, seen in rows if not seen)

    def _add_spans(self, tally: SpanEvaluator, gold: Sequence[str], predicted: Sequence[str]) -> None:
        """Count spans, until a gold tag is met that marks none."""
        if not self._span_tags.issuperset(gold):
            new = set(gold) - self._span_tags
            if not all(map(SPAN_TAG.match, new)):
                self._spans = None
                return
            self._span_tags |= new
        tally.add(gold, predicted)

    def result(self) -> TagEvaluation:
        """All that was counted so far. Raises DataError where nothing was: no accuracy without gold tags."""
        if not self._pairs:
            raise DataError("nothing to evaluate: no words with gold tags; is it the right file and column?")
        support: Counter[str] = Counter()
        given: Counter[str] = Counter()
        for (gold, predicted), count in self._pairs.items():
            support[gold] += count
            given[predicted] += count
        names = sorted(support | given, key=lambda tag: (-support[tag], tag))
        unknown = self._unknown
        return TagEvaluation(
            tokens=support.total(),
            correct=sum(self._pairs[tag, tag] for tag in names),
            sentences=self._sentences,
            sentences_correct=self._sentences_correct,
            pairs=dict(self._pairs),
            unknown_tokens=None if unknown is None else unknown.total(),
            unknown_correct=None if unknown is None else unknown[True],
            tags={tag: score(self._pairs[tag, tag], given[tag], support[tag]) for tag in names},
            confusions=_confusions(self._pairs),
            spans=None if self._spans is None or self._span_tags == {OUTSIDE} else self._spans.result(),
        )


def evaluate(
    gold: Iterable[Sequence[str]],
    predicted: Iterable[Sequence[str]],
    known: Iterable[Sequence[bool]] | None = None,
) -> TagEvaluation:
    """Compare sentences of predicted tags with sentences of gold tags, read one by one.

    Raises DataError: no gold tags, another number of sentences, a sentence with another number of tags.
    """
    tally = TagEvaluator()
    for number, (right, tags, seen) in enumerate(zip_longest(gold, predicted, known or ()), start=1):
        if right is None or tags is None:
            more = "predicted" if right is None else "gold"
            raise DataError(f"sentence {number}: only the {more} tags go on; expected as many sentences in both")
        tally.add(right, tags, seen)
    return tally.result()


def marks_spans(tags: Iterable[str]) -> bool:
    """Whether tags mark spans, in whatever scheme: all are O or a letter of BIESLUM with a type or alone."""
    marking = set(tags) - {OUTSIDE}
    return bool(marking) and all(map(SPAN_TAG.match, marking))


def describe_stray_tags(counts: Mapping[str, int]) -> str | None:
    """The few tags that mark no spans where the others do, in words; ``counts`` is how many words have each."""
    odd = stray_tags(counts)
    return describe_strays(odd, counts) if odd else None


def require_spans(counts: Mapping[str, int], what: str) -> NoReturn:
    """Raise ConfigError for what counts spans, of gold tags that mark none; ``counts`` is how many words have each."""
    odd = describe_stray_tags(counts)
    if odd is None:
        frequent = ", ".join(sorted(counts, key=lambda tag: (-counts[tag], tag))[:_SHOWN])
        odd = f"the gold tags mark no spans (O, B-type, I-type …): {frequent:.60}"
        raise ConfigError(f"{what}: {odd}; count words instead")
    raise ConfigError(f"{what}: {odd}; mend it (elman check says where)")


def _confusions(pairs: Mapping[tuple[str, str], int]) -> tuple[Confusion, ...]:
    wrong = [(-count, gold, predicted) for (gold, predicted), count in pairs.items() if gold != predicted]
    return tuple(Confusion(gold, predicted, -count) for count, gold, predicted in sorted(wrong)[:MAX_CONFUSIONS])
