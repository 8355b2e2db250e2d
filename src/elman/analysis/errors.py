"""Rank a tagger's errors: confident errors, frequent confusions, unknown words."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from elman.data.corpus import Data
from elman.data.sentence import line_of
from elman.errors import DataError
from elman.evaluation.pairing import AlignedSentence
from elman.evaluation.tagging import TagEvaluator
from elman.taggers.column_predictor import ColumnPredictor
from elman.utils.limits import ENTRIES, whole_number
from elman.utils.summary import Row, Summary, counted

TOP = 20
"""Default number of sentences, confusions and unknown words listed."""
EXAMPLES = 5
"""Words listed with each confusion, most frequent first."""


@dataclass(frozen=True, slots=True)
class TaggedWord:
    """A word with its gold tag, predicted tag and confidence (0 to 1), and whether it occurs in the training data."""

    word: str
    gold: str
    predicted: str
    confidence: float
    known: bool
    line: int | None
    """Its line in the file; None for sentences made in Python."""

    @property
    def correct(self) -> bool:
        """Whether the predicted tag is the gold tag."""
        return self.gold == self.predicted


@dataclass(frozen=True, slots=True)
class WrongSentence:
    """A sentence with one or more errors."""

    path: str
    words: tuple[TaggedWord, ...]
    whole: bool = False
    """Whether the label is a document label; the document is then the only "word"."""

    @property
    def surest(self) -> TaggedWord:
        """The wrong word with the highest confidence."""
        return max((word for word in self.words if not word.correct), key=lambda word: word.confidence)

    @property
    def errors(self) -> int:
        """The number of wrong words."""
        return sum(not word.correct for word in self.words)

    def to_json(self) -> dict[str, Any]:
        """Plain values for ``json.dumps``."""
        return {"path": self.path, "line": self.surest.line, "words": [asdict(word) for word in self.words]}


@dataclass(frozen=True, slots=True)
class FrequentConfusion:
    """``count`` words with gold tag ``gold`` got ``predicted``; the most frequent of them with their counts."""

    gold: str
    predicted: str
    count: int
    words: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class UnknownWord:
    """A word unseen in training, wrong ``wrong`` of ``count`` times, with its most frequent confusion."""

    word: str
    count: int
    wrong: int
    gold: str
    predicted: str


@dataclass(frozen=True, slots=True, repr=False)
class ErrorAnalysis(Summary):
    """The errors of one label column; all lists are ranked."""

    column: str
    tokens: int
    correct: int
    unknown_tokens: int
    unknown_correct: int
    sentences: tuple[WrongSentence, ...]
    """By the confidence of their most confident wrong tag: errors in the annotation are often among the first."""
    confusions: tuple[FrequentConfusion, ...]
    unknown: tuple[UnknownWord, ...]
    """By the number of wrong tags."""
    of_texts: bool = False
    """Whether the column holds document labels: words and tokens are then documents, and none is unknown."""

    @property
    def errors(self) -> int:
        """Wrong words."""
        return self.tokens - self.correct

    def to_json(self) -> dict[str, Any]:
        """Plain values for ``json.dumps``, as ``elman errors --json`` prints them."""
        return {
            "column": self.column,
            "of_texts": self.of_texts,
            "tokens": self.tokens,
            "correct": self.correct,
            "accuracy": self.correct / self.tokens,
            "unknown_tokens": self.unknown_tokens,
            "unknown_correct": self.unknown_correct,
            "sentences": [sentence.to_json() for sentence in self.sentences],
            "confusions": [
                {**asdict(confusion), "words": [{"word": word, "count": count} for word, count in confusion.words]}
                for confusion in self.confusions
            ],
            "unknown": [asdict(word) for word in self.unknown],
        }

    def _summary(self) -> str:
        unit = "text" if self.of_texts else "word"
        return f"{self.errors:,} of {counted(self.tokens, unit)} wrong in column {self.column}"

    def _table(self) -> Iterator[Row]:
        yield "gold", "predicted", "count", "words"
        for each in self.confusions:
            yield each.gold, each.predicted, each.count, ", ".join(word for word, _ in each.words)


def analyze_errors(
    tagger: ColumnPredictor,
    data: Data,
    *,
    target: str | None = None,
    format: str | None = None,
    encoding: str = "utf-8",
    most: int = TOP,
) -> ErrorAnalysis:
    """Tag labelled sentences and rank the errors of one column, by default the first.

    ``data``, ``target``, ``format`` and ``encoding`` are as in ``Tagger.evaluate``; ``most`` limits each list. Memory
    grows with the number of errors, not with the text. Raises DataError if there are no gold tags, and ConfigError if
    the column does not exist or ``most`` is below 1.
    """
    whole_number("most", most, 1, ENTRIES)
    name = tagger.target
    if len(tagger.targets) > 1:
        (name,) = tagger.chosen([target] if target is not None else [name])
        target = name
    tally, of_texts = TagEvaluator(), name in tagger.text_targets
    words: dict[tuple[str, str], Counter[str]] = {}
    unknown: Counter[str] = Counter()
    unknown_wrong: dict[str, Counter[tuple[str, str]]] = {}
    surest: list[tuple[float, int, int, WrongSentence]] = []  # a heap, least confident on top
    labelled = False
    for number, columns in enumerate(
        tagger.compare(data, target=[target] if target else None, format=format, encoding=encoding)
    ):
        found = columns[name]
        labelled = labelled or any(tag != "_" for tag in found.gold)
        known = [of_texts or tagger.known(word) for word in found.sentence.words]
        tally.add(found.gold, found.tags, known)
        unknown.update(word for word, seen in zip(found.sentence.words, known, strict=True) if not seen)
        if list(found.gold) == list(found.tags):
            continue
        sentence = replace(_wrong(found, known), whole=of_texts)
        for word in sentence.words:
            if not word.correct:
                words.setdefault((word.gold, word.predicted), Counter())[word.word] += 1
                if not word.known:
                    unknown_wrong.setdefault(word.word, Counter())[word.gold, word.predicted] += 1
        heapq.heappush(surest, (sentence.surest.confidence, sentence.errors, -number, sentence))
        if len(surest) > most:
            heapq.heappop(surest)
    if not labelled:
        raise DataError(f"column {name} holds nothing but _, which is no tag; expected gold tags")
    result = tally.result()
    return ErrorAnalysis(
        column=name,
        tokens=result.tokens,
        correct=result.correct,
        unknown_tokens=result.unknown_tokens or 0,
        unknown_correct=result.unknown_correct or 0,
        sentences=tuple(sentence for *_, sentence in sorted(surest, reverse=True)),
        confusions=_confusions(words, most),
        unknown=_unknown(unknown, unknown_wrong, most),
        of_texts=of_texts,
    )


def _wrong(found: AlignedSentence, known: Sequence[bool]) -> WrongSentence:
    sentence = found.sentence
    rows = zip(sentence.words, found.gold, found.tags, found.confidences, known, strict=True)
    return WrongSentence(sentence.path, tuple(TaggedWord(*row, line_of(sentence, i)) for i, row in enumerate(rows)))


def _confusions(words: dict[tuple[str, str], Counter[str]], most: int) -> tuple[FrequentConfusion, ...]:
    ranked = sorted(words.items(), key=lambda item: (-item[1].total(), item[0]))[:most]
    return tuple(
        FrequentConfusion(gold, predicted, counts.total(), tuple(_first(counts, EXAMPLES)))
        for (gold, predicted), counts in ranked
    )


def _unknown(counts: Counter[str], wrong: dict[str, Counter[tuple[str, str]]], most: int) -> tuple[UnknownWord, ...]:
    ranked = sorted(wrong.items(), key=lambda item: (-item[1].total(), item[0]))[:most]
    return tuple(UnknownWord(word, counts[word], pairs.total(), *_first(pairs, 1)[0][0]) for word, pairs in ranked)


def _first(counts: Counter[Any], n: int) -> list[tuple[Any, int]]:
    """Return the ``n`` most frequent items, ties in sorted order."""
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:n]
