"""Hold out part of the sentences as dev set."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from elman.data.sentence import Sentence
from elman.errors import DataError


def split_percent(sentences: Sequence[Sentence], percent: float) -> tuple[list[Sentence], list[Sentence], str]:
    """Hold out a percentage of the sentences and return (train, dev, description of the rule).

    Sentence i (from 1) is held out if i percent crosses a whole number, so they are spread evenly and the same data
    always gives the same split: 10 holds out the 10th, 20th, 30th … Raises DataError if either part would be empty, or
    if ``percent`` is not between 0 and 100.
    """
    if not 0 < percent < 100:
        raise DataError(f"dev: expected more than 0 % and less than 100 %, got {percent:g} %")
    share = Fraction(str(percent)) / 100
    dev_numbers = {i for i in range(1, len(sentences) + 1) if int(i * share) > int((i - 1) * share)}
    if not dev_numbers or len(dev_numbers) == len(sentences):
        raise DataError(f"dev: {percent:g} % of {len(sentences):,} sentences leaves none for one of the two parts")
    train = [sentence for i, sentence in enumerate(sentences, start=1) if i not in dev_numbers]
    dev = [sentence for i, sentence in enumerate(sentences, start=1) if i in dev_numbers]
    counts = f"{len(dev):,} of {len(sentences):,}"
    if share.numerator == 1:
        every = _ordinal(share.denominator)
        return train, dev, f"every {every} sentence, from the {every}: {counts}"
    first = ", ".join(_ordinal(i) for i in sorted(dev_numbers)[:3])
    return train, dev, f"{percent:g} % of the sentences, spread evenly (the {first} and so on): {counts}"


def _ordinal(number: int) -> str:
    suffix = {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th") if number % 100 not in (11, 12, 13) else "th"
    return f"{number:,}{suffix}"
