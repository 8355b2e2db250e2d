"""What to look at first among a tagger's errors: what it was sure of, what it confuses, which unknown words."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from elman.data.corpus import Data
from elman.data.sentence import line_of
from elman.errors import DataError
from elman.evaluation.pairing import AlignedSentence
from elman.evaluation.tagging import TagEvaluator
from elman.taggers.columns import ColumnPredictor
from elman.utils.limits import ENTRIES, whole_number

MOST = 20
"""Sentences, confusions and words that are listed, each."""
EXAMPLES = 5
"""Words shown with a confusion, the commonest first."""


@dataclass(frozen=True, slots=True)
class Word:
    """A word with its right tag, the one given, how sure that was (0 to 1), and whether training had it."""

    word: str
    gold: str
    predicted: str
    confidence: float
    known: bool
    line: int | None
    """In the file; None for sentences made in Python."""

    @property
    def right(self) -> bool:
        """Whether the tag given is the right one."""
        return self.gold == self.predicted


@dataclass(frozen=True, slots=True)
class WrongSentence:
    """A sentence with one error or more."""

    path: str
    words: tuple[Word, ...]
    whole: bool = False
    """Whether the label is of the whole text, which is the only "word"."""

    @property
    def surest(self) -> Word:
        """The wrong word whose tag was given with most confidence."""
        return max((word for word in self.words if not word.right), key=lambda word: word.confidence)

    @property
    def errors(self) -> int:
        """How many of its words are wrong."""
        return sum(not word.right for word in self.words)

    def to_json(self) -> dict[str, Any]:
        """Plain values for ``json.dumps``."""
        return {"path": self.path, "line": self.surest.line, "words": [asdict(word) for word in self.words]}


@dataclass(frozen=True, slots=True)
class FrequentConfusion:
    """``count`` words with the tag ``gold`` were given ``predicted``; the commonest of them, each with its count."""

    gold: str
    predicted: str
    count: int
    words: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class UnknownWord:
    """A word that training had not, ``wrong`` of ``count`` times tagged wrongly; the commonest such confusion."""

    word: str
    count: int
    wrong: int
    gold: str
    predicted: str


@dataclass(frozen=True, slots=True)
class ErrorAnalysis:
    """The errors of one label column; lists are ranked, what to look at first comes first."""

    column: str
    tokens: int
    correct: int
    unknown_tokens: int
    unknown_correct: int
    sentences: tuple[WrongSentence, ...]
    """By the confidence of their surest wrong tag: errors in the annotation are often among the first."""
    confusions: tuple[FrequentConfusion, ...]
    unknown: tuple[UnknownWord, ...]
    """By the number of wrong tags."""
    of_texts: bool = False
    """Whether it is a label of whole texts: "words" and "tokens" are texts then, and none of them is unknown."""

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
                {**asdict(one), "words": [{"word": word, "count": count} for word, count in one.words]}
                for one in self.confusions
            ],
            "unknown": [asdict(one) for one in self.unknown],
        }


def analyse(tagger: ColumnPredictor, data: Data, *, target: str | None = None, most: int = MOST) -> ErrorAnalysis:
    """Tag labelled sentences and rank the errors of one column, by default the first.

    ``data`` and ``target`` are as for ``Tagger.evaluate``. Memory grows with the errors, not with the text. Raises
    DataError: no gold tags; ConfigError: no such column, a ``most`` below 1.
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
    surest: list[tuple[float, int, int, WrongSentence]] = []  # a heap, the least sure on top
    labelled = False
    for number, columns in enumerate(tagger.compare(data, target=[target] if target else None)):
        found = columns[name]
        labelled = labelled or any(tag != "_" for tag in found.gold)
        known = [of_texts or tagger.known(word) for word in found.sentence.words]
        tally.add(found.gold, found.tags, known)
        unknown.update(word for word, seen in zip(found.sentence.words, known, strict=True) if not seen)
        if list(found.gold) == list(found.tags):
            continue
        sentence = replace(_wrong(found, known), whole=of_texts)
        for word in sentence.words:
            if not word.right:
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
    return WrongSentence(sentence.path, tuple(Word(*row, line_of(sentence, i)) for i, row in enumerate(rows)))


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
    """The commonest, in an order that does not depend on which came first."""
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:n]
