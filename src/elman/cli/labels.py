"""``elman evaluate`` of labels of whole sentences: two files of labelled texts."""

from __future__ import annotations

import math
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

from elman.cli.gold import only_one_goes_on
from elman.cli.reports.scores import of_labels
from elman.errors import ConfigError, DataError
from elman.utils.display import shown

if TYPE_CHECKING:
    from elman.data.formats import Reading
    from elman.data.sentence import Sentence


class Labels:
    """The labels ``name`` of two files of the same texts; ``scores`` names the one that holds a probability.

    That is the probability of ``positive``, by default the later of the two labels in order. Raises ConfigError: no
    such label. Raises DataError: a text without one, other texts, another number of them.
    """

    def __init__(
        self, gold: Reading, predicted: Reading, name: str | None, scores: str | None, positive: str | None
    ) -> None:
        from elman.data.corpus import keep_nonempty
        from elman.evaluation.classification import evaluate_labels

        gold_name = _label(gold, name)
        name = _label(predicted, name or (gold_name if gold_name in predicted.label_names() else None))
        right: list[str] = []
        given: list[str] = []
        rates: list[float] = []
        others = (sentence for sentence in predicted if sentence.words)
        for sentence, other in zip_longest(keep_nonempty(gold, gold.path), others):
            if sentence is None or other is None:
                raise only_one_goes_on(sentence, other, gold.path, predicted.path)
            if sentence.words != other.words:
                where = f"{sentence.path}:{sentence.line}"
                raise DataError(f"expected the same text as in {where}", path=other.path, line=other.line)
            right.append(_value(sentence, gold_name))
            given.append(_value(other, name))
            if scores is not None:
                rates.append(_number(_value(other, scores), other, scores))
        found = sorted({*right, *given})
        if scores is not None and len(found) != 2:
            raise ConfigError(f"--scores: ROC-AUC is of two labels, found {len(found)}")
        if positive is not None and positive not in found:
            raise ConfigError(f"--positive: no label {shown(positive)}; expected one of {', '.join(found[:10])}")
        self._found = evaluate_labels(right, given, rates if scores is not None else None, positive or found[-1])
        self._name = gold_name

    def text(self) -> str:
        """For a person."""
        return of_labels(self._found)

    def to_json(self) -> dict[str, Any]:
        """JSON values."""
        return {"label": self._name, **self._found.to_json()}


def _label(reading: Reading, name: str | None) -> str:
    there = reading.label_names()
    if not there or (name is not None and name not in there):
        found = f"; there is {', '.join(there)}" if there else ""
        raise ConfigError(f"{reading.path}: no label {name or 'of whole sentences'}{found}")
    return name or there[0]


def _value(sentence: Sentence, name: str) -> str:
    value = sentence.labels.get(name)
    if value is None:
        raise DataError(f"no label {name}: expected one for each text", path=sentence.path, line=sentence.line)
    return value


def _number(text: str, sentence: Sentence, name: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        message = f"{name}: expected a number, found {shown(text)}"
        raise DataError(message, path=sentence.path, line=sentence.line)
    return number
