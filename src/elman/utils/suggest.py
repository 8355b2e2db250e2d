"""Suggest the known word nearest to a mistyped one."""

from __future__ import annotations

from collections.abc import Iterable


def nearest(word: str, known: Iterable[str], similarity: float = 0.6) -> str:
    """Return the known word nearest to ``word``, whatever its case; "" if none has at least this similarity."""
    from difflib import get_close_matches

    by_lower_case = {name.lower(): name for name in known}
    matches = get_close_matches(word.lower(), by_lower_case, n=1, cutoff=similarity)
    return by_lower_case[matches[0]] if matches else ""


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return ``: did you mean NAME?`` for the known word nearest to ``word``, or "" if none is near."""
    name = nearest(word, known)
    return f": did you mean {name}?" if name else ""
