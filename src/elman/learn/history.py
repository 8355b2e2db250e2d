"""The history of a model that has learned corrections."""

from __future__ import annotations

from collections.abc import Iterable

from elman.data.correction import Correction
from elman.models.history import History

__all__ = ["History", "updated"]


def updated(
    history: History,
    parent: str | None,
    corrections: Iterable[Correction],
    kept: Iterable[Correction],
    *,
    keep_text: bool = True,
) -> History:
    """Return the history after an update.

    ``parent``       SHA-256 of the file of the model before
    ``corrections``  what was learned; those that the history has already are not added a second time
    ``kept``         the earlier corrections that still stand (``corrections.merged``)
    ``keep_text``    whether the file keeps the new corrections themselves; else their digests only
    """
    standing = dict(history.standing)
    digests, sentences = list(history.digests), list(kept)
    have = {correction.digest for correction in sentences}
    for correction in corrections:
        if standing.get(correction.words_digest) != correction.digest:
            standing[correction.words_digest] = correction.digest
            digests.append((correction.words_digest, correction.digest))
        if keep_text and correction.digest not in have:
            have.add(correction.digest)
            sentences.append(correction)
    return History(parent, tuple(digests), tuple(sentences), history.replay)
