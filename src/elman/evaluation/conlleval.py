"""Chunk scores and report of the Perl script conlleval, reproduced to the letter.

Its rules (version of 2004-01-26, Tjong Kim Sang; https://www.clips.uantwerpen.be/conll2000/chunking/output.html) know
the letters B, I, E and O. They ask two questions at every word: does a chunk end before it, and does one begin with it?
For legal IOB1, IOB2 and IOE tags these chunks are those of ``spans.find_spans``. For BIOES they are not: the script has
no rule for S, and none for B after E, so two adjacent spans of a type may count as one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

from elman.data.sentence import check_tag_list
from elman.data.spans import OUTSIDE as _OUTSIDE
from elman.errors import DataError
from elman.evaluation.scores import ClassCounts
from elman.evaluation.span_scores import SpanEvaluation
from elman.utils.display import visible

# (previous letter, letter) pairs that end or begin a chunk when the type stays the same
_ENDS = {("B", "B"), ("B", "O"), ("I", "B"), ("I", "O"), ("E", "E"), ("E", "I"), ("E", "O")}
_BEGINS = {("B", "B"), ("I", "B"), ("O", "B"), ("O", "I"), ("E", "E"), ("E", "I"), ("O", "E")}
_ALONE = {"[", "]"}
"""Letters of chunks of one word. The script treats ``.`` like O when the type changes."""


class ConllevalReport:
    """Scores chunks sentence by sentence, in memory that grows only with the number of types."""

    def __init__(self) -> None:
        self._counts = ClassCounts()
        self._words = 0
        self._correct = 0
        # inside a chunk that gold and prediction share so far; with odd tags it may outlast a sentence
        self._shared = False

    def add(self, gold: Sequence[str], predicted: Sequence[str]) -> None:
        """Count one sentence with as many predicted as gold tags. Raises DataError if either is no list of tags."""
        check_tag_list(gold)
        check_tag_list(predicted)
        gold_types: list[str] = []
        predicted_types: list[str] = []
        correct_types: list[str] = []
        shared = self._shared
        last_tag, last_type, last_guess, last_guess_type = _OUTSIDE, "", _OUTSIDE, ""
        for tag, guess in zip((*gold, _OUTSIDE), (*predicted, _OUTSIDE), strict=True):
            ends, begins, type = _turn(last_tag, tag)
            guess_ends, guess_begins, guess_type = _turn(last_guess, guess)
            if shared and ends and guess_ends and last_type == last_guess_type:
                correct_types.append(last_type)
                shared = False
            elif ends != guess_ends or type != guess_type:
                shared = False
            if begins:
                gold_types.append(type)
                shared |= guess_begins and type == guess_type
            if guess_begins:
                predicted_types.append(guess_type)
            last_tag, last_type, last_guess, last_guess_type = tag, type, guess, guess_type
        self._shared = shared
        self._counts.update(gold_types, predicted_types, correct_types)
        self._words += len(gold)
        self._correct += sum(map(_same, gold, predicted))

    def text(self) -> str:
        """Return the script's report without the last line end. Raises DataError if no word was counted."""
        counts = self._finish()
        gold, predicted, correct = counts.totals()
        lines = [
            f"processed {self._words} tokens with {gold} phrases; found: {predicted} phrases; correct: {correct}.",
            f"accuracy: {100 * self._correct / self._words:6.2f}%; {_format_rates(correct, predicted, gold)}",
        ]
        for type in self._listed_types():
            gold, predicted, correct = counts.gold[type], counts.predicted[type], counts.correct[type]
            name = visible(type)
            space = " " * (17 - len(name.encode()))  # the script counts bytes
            lines.append(f"{space}{name}: {_format_rates(correct, predicted, gold)}  {predicted}")
        return "\n".join(lines)

    def _finish(self) -> ClassCounts:
        if not self._words:
            raise DataError("nothing to evaluate: no words with gold tags; is it the right file and column?")
        if self._shared:  # the script counts a chunk of no type that is open at the end of the text
            self._counts.correct[""] += 1
            self._shared = False
        return self._counts

    def _listed_types(self) -> Iterator[str]:
        """Yield the types as the script lists them: an empty one twice if both sides have it."""
        gold, predicted = self._counts.gold, self._counts.predicted
        for type in sorted(gold | predicted):
            if not type and gold[type] and predicted[type]:
                yield type
            yield type

    def to_json(self) -> dict[str, Any]:
        """Return plain values for ``json.dumps``; rates from 0 to 1. Raises DataError if no word was counted."""
        counts = self._finish()
        return {
            "tokens": self._words,
            "correct": self._correct,
            "accuracy": self._correct / self._words,
            "spans": SpanEvaluation(*counts.totals(), types=counts.classes()).to_json(),
        }


@lru_cache(maxsize=1 << 16)
def _turn(last_tag: str, tag: str) -> tuple[bool, bool, str]:
    """Return whether a chunk ends between two tags, whether one begins there, and the type of the second tag."""
    last_letter, last_type = _parts(last_tag)
    letter, type = _parts(tag)
    letters, changed = (last_letter, letter), last_type != type
    ends = letters in _ENDS or last_letter in _ALONE or (changed and last_letter not in (_OUTSIDE, "."))
    begins = letters in _BEGINS or letter in _ALONE or (changed and letter not in (_OUTSIDE, "."))
    return ends, begins, type


def _parts(tag: str) -> tuple[str, str]:
    """Split a tag at the first hyphen into (letter, type). In Perl a type of 0 is false, so it counts as none."""
    letter, _, type = tag.partition("-")
    return letter, "" if type == "0" else type


def _same(gold: str, predicted: str) -> bool:
    return gold == predicted or _parts(gold) == _parts(predicted)


def _format_rates(correct: int, predicted: int, gold: int) -> str:
    # the script's order of operations, which decides how the last digit is rounded
    precision = 100 * correct / predicted if predicted else 0.0
    recall = 100 * correct / gold if gold else 0.0
    f1 = 2 * precision * recall / (precision + recall) if precision + recall > 0 else 0.0
    return f"precision: {precision:6.2f}%; recall: {recall:6.2f}%; FB1: {f1:6.2f}"
