"""Limits on settings and input, the same on the command line and in Python, checked before work begins.

Where memory or time depends on the data rather than on the number, the limit only rejects obvious mistakes.
"""

from __future__ import annotations

import operator
from typing import SupportsIndex

from elman.errors import ConfigError, DataError
from elman.utils.display import shown

THREADS = 1_024
SEED = 2**63 - 1
NETWORKS = 64
"""Networks of an ensemble."""
PARAMETERS = 500_000_000
"""Parameters of one network; training needs about five 4-byte values for each."""
LINE = 100_000_000
"""Characters of a line of a file; a line is kept in memory, and a small compressed file may hold a huge one."""
LINE_OF_TEXT = 20_000_000
"""Characters of a line of a format whose lines are words or texts, and no records."""
LONGEST = 500_000
"""Words of a sentence; tagging keeps a whole sentence in memory."""
DEPTH = 100_000
"""Brackets within each other, of trees and of JSON."""
SENTENCE = 2_000_000
"""Lines of a sentence, or brackets, words and lines of a tree; reading keeps one in memory."""
COLUMNS = 1_000
"""Columns of a table of words; each field is a value of its own in memory."""
RECORD = 8_000_000
"""Brackets and quotes of a JSON record, which is kept in memory."""
SCORES = 50_000_000
"""Words of a sentence times tags, for decoders that score whole tag sequences."""
TAGS = 5_000
"""Tags, for models that score pairs of tags: CRFs, span constraints, the HMM."""
NBEST = 1_000
LOOKAHEAD = 10_000
"""Words of look-ahead; each word is read once per word of look-ahead."""
SYMBOLS = 1_000_000
"""Symbols that a language model samples at once."""
TEMPERATURE = 1_000.0
RESAMPLES = 1_000_000
MINUTES, JOBS = 100_000, 64
WORKERS = 1_000
"""Worker processes on one machine."""
POINTS = 30
"""Training-set sizes of a learning curve, each twice the one before."""
NUMERIC_FEATURES = 1_000
"""Features of words that are numbers; each word has a value of every one of them."""
SEEDS = 1_000
TRIALS = 10_000
"""Trials of a search for settings."""
ENTRIES = 1_000_000
"""Entries of a list of errors."""
LAGS, POSITIONS, LAYERS = 1_000_000, 10_000_000, 16
PLACE = 1_000_000_000
"""Number of a sentence in a file, or of a word in a sentence."""
REPLAY = 100_000
"""Training sentences that a model file keeps."""
STEPS = 1_000_000
"""Steps of backpropagation through time."""


def whole_number(name: str, value: SupportsIndex, low: int, high: int) -> int:
    """Return ``value`` as an int. Raises ConfigError if it is not a whole number from ``low`` to ``high``."""
    try:
        number = operator.index(value)
    except TypeError:
        number = low - 1
    if isinstance(value, bool) or not low <= number <= high:
        top = "2^63 - 1" if high == SEED else f"{high:,}"
        raise ConfigError(f"{name}: expected a whole number from {low:,} to {top}, got {shown(value)}")
    return number


def real_number(name: str, value: float, low: float, high: float) -> float:
    """Return ``value`` as a float. Raises ConfigError if it is not a number from ``low`` to ``high``, or is nan."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise ConfigError(f"{name}: expected a number from {low:g} to {high:,.15g}, got {shown(value)}")
    return float(value)


def check_length(words: int, path: str = "", line: int = 0) -> None:
    """Raise DataError if a sentence has more than ``LONGEST`` words; ``path`` and ``line`` are where it starts."""
    if words > LONGEST:
        raise DataError(
            f"a sentence of {words:,} words, expected up to {LONGEST:,}: is a blank line or a line end missing? "
            "elman tag --stream reads text without end",
            path=path or None,
            line=line or None,
        )


def too_many_lines(path: str, line: int) -> DataError:
    """Return the error for a sentence of more than ``SENTENCE`` lines, of which ``line`` is the last one so far."""
    return DataError(f"a sentence of more than {SENTENCE:,} lines: is a blank line missing?", path=path, line=line)


def too_many_columns(found: int, path: str | None = None, line: int | None = None) -> DataError:
    """Return the error for a table of ``found`` columns, more than ``COLUMNS``."""
    return DataError(f"expected at most {COLUMNS:,} columns, found {found:,}", path=path, line=line)


def check_lines(text: bytes, path: str = "") -> None:
    """Check the length of every sentence of a text with one sentence a line and a space between words."""
    if len(text) >= 2 * LONGEST:  # a shorter text has no line that long
        check_length(1 + max(line.count(b" ") for line in text.split(b"\n")), path)


def check_scores(words: int, tags: int) -> None:
    """Raise DataError if a sentence is too long for a decoder that scores whole sequences of this number of tags."""
    if words * tags > SCORES:
        raise DataError(
            f"a sentence of {words:,} words, expected up to {SCORES // tags:,} with {tags:,} tags: is a blank line or "
            "a line end missing?"
        )
