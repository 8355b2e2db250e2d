"""How large what is asked for may be: the same on the command line and in Python, and refused before work begins.

Where memory or time is a matter of the data, not of the number, the limit is only there for what cannot be meant.
"""

from __future__ import annotations

import operator
from typing import SupportsIndex

from elman.errors import ConfigError, DataError
from elman.utils.display import shown

THREADS = 1_024
SEED = 2**63 - 1
NETWORKS = 64
"""Of an ensemble."""
PARAMETERS = 500_000_000
"""Of one network: training holds each about five times, in four bytes."""
LONGEST = 500_000
"""Words of a sentence, all of which memory holds while it is tagged."""
SCORES = 50_000_000
"""Words of a sentence times tags, where the tags of the whole sentence are looked at together."""
TAGS = 5_000
"""That are looked at in pairs: by a CRF, the rules of spans, the hmm."""
NBEST = 1_000
LOOKAHEAD = 10_000
"""Words: each word is read so many times."""
SYMBOLS = 1_000_000
"""That a language model says at once."""
TEMPERATURE = 1_000.0
RESAMPLES = 1_000_000
MINUTES, JOBS = 100_000, 64
POINTS = 30
"""Sizes, each twice the one before."""
SEEDS = 1_000
ENTRIES = 1_000_000
"""Of a list: there are no more than errors."""
LAGS, POSITIONS, LAYERS = 1_000_000, 10_000_000, 16
PLACE = 1_000_000_000
"""The number of a sentence in a file, or of a word in a sentence."""
STEPS = 1_000_000
"""That an error goes back: no more than the sentence has."""


def whole_number(name: str, value: SupportsIndex, low: int, high: int) -> int:
    """The number, if it is a whole one of that range, both ends included. Raises ConfigError."""
    try:
        number = operator.index(value)
    except TypeError:
        number = low - 1
    if isinstance(value, bool) or not low <= number <= high:
        top = "2^63 - 1" if high == SEED else f"{high:,}"
        raise ConfigError(f"{name}: expected a whole number from {low:,} to {top}, got {shown(value)}")
    return number


def real_number(name: str, value: float, low: float, high: float) -> float:
    """The number, if it is one of that range, both ends included. Raises ConfigError; nan is in none."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise ConfigError(f"{name}: expected a number from {low:g} to {high:,.15g}, got {shown(value)}")
    return float(value)


def check_length(words: int, path: str = "", line: int = 0) -> None:
    """Raise DataError for a sentence of more words than memory is to hold; ``path`` and ``line`` say where it is."""
    if words > LONGEST:
        raise DataError(
            f"a sentence of {words:,} words, expected up to {LONGEST:,}: is a blank line or a line end missing? "
            "elman tag --stream reads text without end",
            path=path or None,
            line=line or None,
        )


def check_lines(text: bytes, path: str = "") -> None:
    """``check_length`` of text of one sentence a line, a space between words."""
    if len(text) >= 2 * LONGEST:  # shorter text has no such line
        check_length(1 + max(line.count(b" ") for line in text.split(b"\n")), path)


def check_scores(words: int, tags: int) -> None:
    """Raise DataError for a sentence that is too long for so many tags to be looked at together."""
    if words * tags > SCORES:
        raise DataError(
            f"a sentence of {words:,} words, expected up to {SCORES // tags:,} with {tags:,} tags: is a blank line or "
            "a line end missing?"
        )
