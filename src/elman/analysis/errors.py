"""Rank a tagger's errors: confident errors, frequent confusions, unknown words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
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
"""Default number of kinds of errors, confusions and unknown words listed."""
EXAMPLES = 5
"""Words listed with each confusion, most frequent first, and places with each kind of error."""


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


Place = tuple[str, int | None]
"""Path and line; the line of a sentence made in Python is None."""


@dataclass(frozen=True, slots=True)
class WrongSentence:
    """A kind of error: a word with its gold and its predicted tag, in the sentence of its most confident case."""

    path: str
    words: tuple[TaggedWord, ...]
    at: int
    """The word in error, counted from 0."""
    count: int = 1
    """How often the error occurs."""
    others: tuple[Place, ...] = ()
    """Further places of it, the surest first."""
    whole: bool = False
    """Whether the label is a document label; the document is then the only "word"."""

    @property
    def surest(self) -> TaggedWord:
        """The word in error, as confident as nowhere else."""
        return self.words[self.at]

    @property
    def errors(self) -> int:
        """The number of wrong words."""
        return sum(not word.correct for word in self.words)

    @property
    def where(self) -> str:
        """The places, as ``dev.txt:12, 31, test.txt:5 and 4 more``; "" for a sentence made in Python."""
        places: list[str] = []
        last = ""
        for path, line in ((self.path, self.surest.line), *self.others) if self.path else ():
            places.append(str(line) if path == last else f"{path}:{line}")
            last = path
        more = self.count - len(places)
        return ", ".join(places) + (f" and {more:,} more" if more and places else "")

    def to_json(self) -> dict[str, Any]:
        """Plain values for ``json.dumps``."""
        return {
            "path": self.path,
            "line": self.surest.line,
            "at": self.at,
            "count": self.count,
            "others": [{"path": path, "line": line} for path, line in self.others],
            "words": [asdict(word) for word in self.words],
        }


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
    """A sentence for each kind of error, by confidence: errors in the annotation are often among the first."""
    confusions: tuple[FrequentConfusion, ...]
    unknown: tuple[UnknownWord, ...]
    """By the number of wrong tags."""
    tags: tuple[str, ...] = ()
    """All gold and predicted tags of the column, also those without errors."""
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
    grows with the number of different errors, not with the text. Raises DataError if there are no gold tags, and
    ConfigError if the column does not exist or ``most`` is below 1.
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
    surest = _SurestErrors(most)
    labelled = False
    for columns in tagger.compare(data, target=[target] if target else None, format=format, encoding=encoding):
        found = columns[name]
        labelled = labelled or any(tag != "_" for tag in found.gold)
        known = [of_texts or tagger.known(word) for word in found.sentence.words]
        tally.add(found.gold, found.tags, known)
        unknown.update(word for word, seen in zip(found.sentence.words, known, strict=True) if not seen)
        if list(found.gold) == list(found.tags):
            continue
        tagged = _tagged(found, known)
        surest.add(found.sentence.path, tagged)
        for word in tagged:
            if not word.correct:
                words.setdefault((word.gold, word.predicted), Counter())[word.word] += 1
                if not word.known:
                    unknown_wrong.setdefault(word.word, Counter())[word.gold, word.predicted] += 1
    if not labelled:
        raise DataError(f"column {name} holds nothing but _, which is no tag; expected gold tags")
    result = tally.result()
    return ErrorAnalysis(
        column=name,
        tokens=result.tokens,
        correct=result.correct,
        unknown_tokens=result.unknown_tokens or 0,
        unknown_correct=result.unknown_correct or 0,
        sentences=surest.result(words, whole=of_texts),
        confusions=_confusions(words, most),
        unknown=_unknown(unknown, unknown_wrong, most),
        tags=tuple(result.tags),
        of_texts=of_texts,
    )


def _tagged(found: AlignedSentence, known: Sequence[bool]) -> tuple[TaggedWord, ...]:
    sentence = found.sentence
    rows = zip(sentence.words, found.gold, found.tags, found.confidences, known, strict=True)
    return tuple(TaggedWord(*row, line_of(sentence, i)) for i, row in enumerate(rows))


class _SurestErrors:
    """The surest cases of each kind of error, for the kinds whose surest case is among the ``most`` surest."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._number = 0
        # gold tag, predicted tag, word -> (confidence, -number, place) of cases, and the sentence of the surest
        self._cases: dict[tuple[str, str, str], list[tuple[float, int, Place]]] = {}
        self._sentences: dict[tuple[str, str, str], tuple[tuple[TaggedWord, ...], int]] = {}

    def add(self, path: str, words: tuple[TaggedWord, ...]) -> None:
        """Add the errors of a sentence."""
        for i, word in enumerate(words):
            if word.correct:
                continue
            self._number += 1
            kind = (word.gold, word.predicted, word.word)
            cases = self._cases.setdefault(kind, [])
            cases.append((word.confidence, -self._number, (path, word.line)))
            cases.sort(key=lambda case: case[:2], reverse=True)
            if cases[0][1] == -self._number:
                self._sentences[kind] = words, i
            del cases[EXAMPLES:]
        if len(self._cases) > 10 * self._most:  # a kind that is left out comes back with a surer case
            ranked = sorted(self._cases, key=lambda kind: self._cases[kind][0][:2], reverse=True)
            for kind in ranked[5 * self._most :]:
                del self._cases[kind], self._sentences[kind]

    def result(self, counts: Mapping[tuple[str, str], Counter[str]], *, whole: bool) -> tuple[WrongSentence, ...]:
        """Return a sentence for each kind, by confidence; ``counts`` says how often it occurs."""
        found = []
        for (gold, predicted, word), cases in self._cases.items():
            (confidence, order, (path, _)), *rest = cases
            words, at = self._sentences[gold, predicted, word]
            count = counts[gold, predicted][word]
            sentence = WrongSentence(path, words, at, count, tuple(place for *_, place in rest), whole)
            found.append((confidence, count, order, sentence))
        found.sort(key=lambda one: one[:3], reverse=True)
        return tuple(sentence for *_, sentence in found[: self._most])


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
