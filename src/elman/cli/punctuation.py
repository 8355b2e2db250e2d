"""A warning of text in which punctuation is attached to words, for a model whose training text has it apart."""

from __future__ import annotations

from collections.abc import Callable, Sequence

MARKS = frozenset(".,;:!?")
LINES = 100
"""Lines that are looked at."""
FEWEST = 2


def attached_punctuation(lines: Sequence[str], known: Callable[[str], bool]) -> str | None:
    """Return a warning if more marks are attached to words than stand apart and training has these marks as words.

    ``known``  whether a word occurs in the training data
    """
    words = [word.strip('"') for line in lines[:LINES] for word in line.split()]  # CSV has quotes
    apart = sum(word in MARKS for word in words)
    attached = [word for word in words if len(word) > 1 and word[-1] in MARKS]
    if len(attached) < FEWEST or len(attached) <= apart:
        return None  # before the model is asked, which may have to be loaded
    found = [word for word in attached if known(word[-1]) and not known(word)]
    if len(found) < FEWEST or len(found) <= apart:
        return None
    return (
        f"“{found[0]}” and {len(found) - 1} more words end in punctuation, which is a word of its own in the training "
        "data; --tokenize cuts it off"
    )
