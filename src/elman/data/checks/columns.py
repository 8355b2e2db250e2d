"""Warnings about a label column: number of tags, missing tags, stray tags among span tags, sentence lengths."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from elman.data import schemes
from elman.data.formats.tokenizer import is_unspaced
from elman.data.sentence import NO_TAG, Sentence, line_of
from elman.utils.display import shown

MANY_TAGS = 1_000
MOSTLY = 0.9
CLAUSE = 8
"""Characters of a word in a script without spaces; few words are longer."""
_MAY_BE_EMPTY = ("feats", "deps", "misc", "lemma", "tree")
"""Columns in which ``_`` is a valid value, like the columns that tasks derive from them, ``feats.Case``."""


def tag_warning(train: Sequence[Sentence], target: str) -> str | None:
    """Return a warning if the number of distinct tags in a column is suspicious, else None."""
    tags = {tag for sentence in train for tag in sentence.columns[target]}
    if len(tags) == 1:
        return f"column {target}: every tag is {shown(tags.pop())}; is it the right column? --target names another"
    if len(tags) > MANY_TAGS:
        return f"column {target}: {len(tags):,} distinct tags; is it the right column? --target names another"
    return None


def untagged_warning(train: Sequence[Sentence], target: str) -> str | None:
    """Return a warning if some words of a column have the tag ``_`` and others do not, else None."""
    n_words = sum(len(sentence) for sentence in train)
    n_untagged = sum(sentence.columns[target].count(NO_TAG) for sentence in train)
    return untagged_message(target, n_untagged, n_words)


def untagged_message(column: str, n_untagged: int, n_words: int) -> str | None:
    """Return the warning for ``n_untagged`` of ``n_words`` words with the tag ``_``, or None."""
    name = column if column.startswith("misc.") else column.partition(".")[0]
    if name in _MAY_BE_EMPTY or not 0 < n_untagged < n_words:
        return None
    return (
        f"column {column}: {n_untagged:,} of {n_words:,} words have the tag {NO_TAG}, which is learned and scored like "
        "any other; if it means that they have none yet, leave these sentences out"
    )


def find_strays(train: Sequence[Sentence], target: str) -> tuple[str, Sentence, int] | None:
    """Return a warning about rare tags that mark no spans among span tags, and the first such word; else None."""
    counts = Counter(tag for sentence in train for tag in sentence.columns[target])
    strays = schemes.stray_tags(counts)
    if not strays:
        return None
    rules = "" if all(map(schemes.is_without_type, strays)) else ", and no rules of spans are kept"
    message = f"column {target}: {schemes.describe_strays(strays, counts)}, so there is no span F1{rules}"
    words = ((sentence, i) for sentence in train for i, tag in enumerate(sentence.columns[target]) if tag == strays[0])
    return (message, *next(words))


def stray_warning(train: Sequence[Sentence], target: str) -> str | None:
    """Return the warning of ``find_strays`` with its location in one line, or None."""
    strays = find_strays(train, target)
    if strays is None:
        return None
    message, sentence, word = strays
    return f"{sentence.path}:{line_of(sentence, word)}: {message}" if sentence.path else message


def length_warning(train: Sequence[Sentence]) -> str | None:
    """Return a warning if nearly all sentences have one word, else None."""
    n_single = sum(len(sentence.words) == 1 for sentence in train)
    if n_single < MOSTLY * len(train):
        return None
    if sum(is_unspaced(sentence.words[0]) and len(sentence.words[0]) > CLAUSE for sentence in train) > len(train) / 2:
        return (
            f"{n_single:,} of {len(train):,} sentences have one word only, and no spaces: is it a whole clause? label "
            "words or characters (--format jsonl:words=characters splits spans of characters so)"
        )
    return (
        f"{n_single:,} of {len(train):,} sentences have one word only, so there is no context to learn from; "
        "is there a blank line after every word, or is it another format?"
    )
