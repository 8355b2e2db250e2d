"""Chunks as the Perl script conlleval counts them and prints them, to the letter.

Its rules (version of 2004-01-26, Tjong Kim Sang; https://www.clips.uantwerpen.be/conll2000/chunking/output.html) know
the letters B, I, E and O, and go by two questions at every word: does a chunk end before it, does one begin with it?
For legal IOB1, IOB2 and IOE tags these chunks are ``spans.spans``. They are not for BIOES: the script has no rule for
S, and none for B after E, so that of two spans of a type that touch there it may count one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from functools import lru_cache
from typing import Any

from elman.data.scores import ClassCounts, averages, check_sentence
from elman.errors import DataError
from elman.utils.display import visible

_OUTSIDE = "O"
# what ends a chunk and what begins one where the type stays the same: (letter before, letter)
_ENDS = {("B", "B"), ("B", "O"), ("I", "B"), ("I", "O"), ("E", "E"), ("E", "I"), ("E", "O")}
_BEGINS = {("B", "B"), ("I", "B"), ("O", "B"), ("O", "I"), ("E", "E"), ("E", "I"), ("O", "E")}
_ALONE = {"[", "]"}
"""Letters of chunks of one word; ``.`` is to the script what O is, where the type changes."""


class ConllevalReport:
    """Counts sentence after sentence, in memory that grows with the number of types only."""

    def __init__(self) -> None:
        self._marks = ClassCounts()
        self._words = 0
        self._right = 0
        self._both = (
            False  # in a chunk that both have begun and neither has ended; odd tags make one outlast a sentence
        )

    def add(self, gold: Sequence[str], predicted: Sequence[str]) -> None:
        """Count one sentence; there is a predicted tag for each gold tag. Raises DataError for what is no sentence."""
        check_sentence(gold)
        check_sentence(predicted)
        there: list[str] = []
        given: list[str] = []
        correct: list[str] = []
        both = self._both
        before, of, guess_before, guess_of = _OUTSIDE, "", _OUTSIDE, ""
        for tag, guess in zip((*gold, _OUTSIDE), (*predicted, _OUTSIDE), strict=True):
            ends, begins, type = _turn(before, tag)
            guess_ends, guess_begins, guess_type = _turn(guess_before, guess)
            if both and ends and guess_ends and of == guess_of:
                correct.append(of)
                both = False
            elif ends != guess_ends or type != guess_type:
                both = False
            if begins:
                there.append(type)
                both |= guess_begins and type == guess_type
            if guess_begins:
                given.append(guess_type)
            before, of, guess_before, guess_of = tag, type, guess, guess_type
        self._both = both
        self._marks.there.update(there)
        self._marks.given.update(given)
        self._marks.correct.update(correct)
        self._words += len(gold)
        self._right += sum(map(_same, gold, predicted))

    def text(self) -> str:
        """What the script prints, without the last line end. Raises DataError where no word was counted."""
        marks = self._finished()
        gold, found, right = marks.there.total(), marks.given.total(), marks.correct.total()
        lines = [
            f"processed {self._words} tokens with {gold} phrases; found: {found} phrases; correct: {right}.",
            f"accuracy: {100 * self._right / self._words:6.2f}%; {_rates(right, found, gold)}",
        ]
        for type in self._listed():
            right, found, gold = marks.correct[type], marks.given[type], marks.there[type]
            name = visible(type)
            space = " " * (17 - len(name.encode()))  # the script counts bytes
            lines.append(f"{space}{name}: {_rates(right, found, gold)}  {found}")
        return "\n".join(lines)

    def _finished(self) -> ClassCounts:
        if not self._words:
            raise DataError("nothing to evaluate: no words with gold tags; is it the right file and column?")
        if self._both:  # the text ends in it, outside
            self._marks.correct[""] += 1
            self._both = False
        return self._marks

    def _listed(self) -> Iterator[str]:
        """The types as the script lists them: one that is empty twice, if it is in gold and prediction."""
        for type in sorted(self._marks.there | self._marks.given):
            if not type and self._marks.there[type] and self._marks.given[type]:
                yield type
            yield type

    def to_json(self) -> dict[str, Any]:
        """Plain values for ``json.dumps``; rates from 0 to 1. Raises DataError where no word was counted."""
        marks = self._finished()
        micro, types = marks.total(), marks.classes()
        return {
            "tokens": self._words,
            "correct": self._right,
            "accuracy": self._right / self._words,
            "spans": {
                "gold": marks.there.total(),
                "predicted": marks.given.total(),
                "correct": marks.correct.total(),
                "precision": micro.precision,
                "recall": micro.recall,
                "f1": micro.f1,
                "types": {type: asdict(score) for type, score in types.items()},
                "averages": averages(micro, types),
            },
        }


@lru_cache(maxsize=1 << 16)
def _turn(before: str, tag: str) -> tuple[bool, bool, str]:
    """Whether a chunk ends between two words, whether one begins there, and the type of the second."""
    last, of = _parts(before)
    letter, type = _parts(tag)
    ends = (last, letter) in _ENDS or last in _ALONE or (last not in (_OUTSIDE, ".") and of != type)
    begins = (last, letter) in _BEGINS or letter in _ALONE or (letter not in (_OUTSIDE, ".") and of != type)
    return ends, begins, type


def _parts(tag: str) -> tuple[str, str]:
    """(letter, type): what stands before and behind the first hyphen. A type of 0 is false in Perl, so it is none."""
    letter, _, type = tag.partition("-")
    return letter, "" if type == "0" else type


def _same(gold: str, predicted: str) -> bool:
    return gold == predicted or _parts(gold) == _parts(predicted)


def _rates(correct: int, found: int, gold: int) -> str:
    # in the script's order of operations, so that the last digit is rounded as there
    precision = 100 * correct / found if found else 0.0
    recall = 100 * correct / gold if gold else 0.0
    f1 = 2 * precision * recall / (precision + recall) if precision + recall > 0 else 0.0
    return f"precision: {precision:6.2f}%; recall: {recall:6.2f}%; FB1: {f1:6.2f}"
