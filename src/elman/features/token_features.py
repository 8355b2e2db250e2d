"""Features that words bring along (``elman.data.tokens``): those known from training, as ids, and scaled numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from math import fsum, sqrt
from typing import Any

import numpy as np

from elman.data.tokens import Token
from elman.errors import ConfigError, DataError
from elman.features.word_record import Scale
from elman.nn.bags import Bags
from elman.nn.network import TokenInputs
from elman.utils.display import shown
from elman.utils.limits import NUMERIC_FEATURES

LEAST_TOKENS = 2
"""A feature is kept if at least this many training words have it."""
FURTHEST = 5.0
"""Numbers further from the mean, in standard deviations, count as this far."""


class TokenFeatures:
    """The known features, by name, and the scales of numbers. Immutable.

    A number is a feature of its name too, so that a word with the mean differs from a word without it.
    """

    def __init__(self, names: Sequence[str], scales: Sequence[Scale] = ()) -> None:
        """``names`` in the order of their ids; ``scales`` in that of the columns of numbers."""
        self.names, self.scales = tuple(names), tuple(scales)
        self.ids = {name: i for i, name in enumerate(self.names)}
        """The id of each name: its row in the table."""
        self._columns = {scale.name: (i, scale) for i, scale in enumerate(self.scales)}

    @classmethod
    def of(cls, words: Iterable[str]) -> TokenFeatures | None:
        """Make those of training words, most frequent first; None if the words bring no features along.

        Raises ConfigError for too many numbers, DataError for a name that is not valid Unicode.
        """
        tokens = [word for word in words if isinstance(word, Token)]
        if not tokens:
            return None
        counts: Counter[str] = Counter()
        values: dict[str, list[float]] = {}
        for token in tokens:
            counts.update({*token.features, *(name for name, _ in token.numbers)})
            for name, value in token.numbers:
                values.setdefault(name, []).append(value)
        kept = [(name, count) for name, count in counts.items() if count >= LEAST_TOKENS]
        names = [name for name, _ in sorted(kept, key=lambda item: (-item[1], item[0]))]
        wrong = next((name for name in names if any("\ud800" <= c <= "\udfff" for c in name)), None)
        if wrong is not None:
            raise DataError(f"a feature is not valid Unicode (half a surrogate pair): {shown(wrong)}")
        scales = [_scale(name, values[name]) for name in names if name in values]
        if len(scales) > NUMERIC_FEATURES:
            raise ConfigError(
                f"features: expected up to {NUMERIC_FEATURES:,} that are numbers, got {len(scales):,}; texts and True "
                "have no such limit"
            )
        return cls(names, scales)

    def __len__(self) -> int:
        return len(self.names)

    def read(self, words: Sequence[str]) -> TokenInputs:
        """Return the known features of N words; words without features have none."""
        get, sets = self.ids.get, []
        numbers = np.zeros((len(words), len(self.scales)), np.float32)
        for i, word in enumerate(words):
            found = set()
            if isinstance(word, Token):
                found = {get(name, -1) for name in word.features}
                for name, value in word.numbers:
                    found.add(get(name, -1))
                    if name in self._columns:
                        column, (_, mean, deviation) = self._columns[name]
                        numbers[i, column] = min(max((value - mean) / deviation, -FURTHEST), FURTHEST)
            sets.append(sorted(found - {-1}))
        return TokenInputs(Bags.of(sets), numbers)

    def to_record(self) -> dict[str, Any]:
        """Return JSON values."""
        return {"names": list(self.names), "numbers": [list(scale) for scale in self.scales]}


def _scale(name: str, values: Sequence[float]) -> Scale:
    mean = fsum(values) / len(values)
    deviation = sqrt(fsum((value - mean) ** 2 for value in values) / len(values))
    return Scale(name, mean, deviation if deviation > 1e-9 * abs(mean) else 1.0)
