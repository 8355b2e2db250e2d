"""Edit scripts: lemmas as labels that say how to derive the lemma from the word form.

A script is ``CASE PREFIX:SUFFIX``, for example ``l:-`` (lower-case, without the last letter: *Cats*, *cat*):

    CASE      ``l`` lower case, ``k`` keep the case, ``t`` capitalize the first letter, ``u`` upper case
    PREFIX    edits of the first letters, SUFFIX of the last ones: ``=`` keep a letter, ``-`` delete it, ``+x`` insert
              x; the letters between are kept

``l=-+i:`` derives *sing* from *sang*, and *ring* from *rang*. A lemma that shares no letter with its form, or whose
script is rare, is a label of its own: ``"be`` is *be* for any form. A script does not apply to shorter forms.

Source: the lemma rules of UDPipe 2 (Straka 2018), with case relative to the form.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import lru_cache

WHOLE = '"'
"""The first character of labels that are whole lemmas."""
_LONGEST = 256
"""Letters of the longest form or lemma for which scripts are built; time is quadratic."""
_EDIT = re.compile(r"[=-]|\+.", re.DOTALL)
_SCRIPT = re.compile(r"([lktu])((?:[=-]|\+.)*):((?:[=-]|\+.)*)", re.DOTALL)


@lru_cache(maxsize=1 << 16)
def encode(form: str, lemma: str) -> str:
    """Return the script that derives ``lemma`` from ``form``; ``apply`` inverts it.

    Lemmas without capitals are derived from the lower-cased form, so that *The* and *the* share a script; for others
    the shortest script of the other cases is chosen.
    """
    scripts = [_script(case, form, lemma) for case in ("l" if lemma == lemma.lower() else "ktu")]
    exact = [script for script in scripts if script is not None and apply(script, form) == lemma]
    return min(exact, key=len, default=WHOLE + lemma)


def apply(script: str, form: str) -> str | None:
    """Return the lemma; None if the form is too short, the lemma would be empty, or the script is malformed."""
    if script[:1] == WHOLE:
        return script[1:]
    parsed = _parsed(script)
    if parsed is None:
        return None
    case, prefix, suffix = parsed
    base = form if case == "k" else form.lower()
    start, end = _length(prefix), len(base) - _length(suffix)
    if start > end:
        return None
    lemma = _edited(prefix, base[:start]) + base[start:end] + _edited(suffix, base[end:])
    if case == "t":
        lemma = lemma[:1].upper() + lemma[1:]
    elif case == "u":
        lemma = lemma.upper()
    return lemma or None


def is_label(label: str) -> bool:
    """Return whether a label is a script or a whole lemma."""
    return label[:1] == WHOLE or _parsed(label) is not None


@dataclass(frozen=True, slots=True)
class Scripts:
    """The scripts in use; other lemmas are encoded as whole words."""

    kept: frozenset[str]

    def label(self, form: str, lemma: str) -> str:
        """Return the label of a word in training."""
        script = encode(form, lemma)
        return script if script in self.kept else WHOLE + lemma


def choose(forms: Sequence[str], lemmas: Sequence[str], minimum: int = 2) -> Scripts:
    """Return the scripts shared by at least ``minimum`` distinct (form, lemma) pairs.

    Distinct pairs are counted, since a script of one frequent word need not generalize.
    """
    pairs = dict.fromkeys(zip(forms, lemmas, strict=True))
    counts = Counter(encode(form, lemma) for form, lemma in pairs)
    return Scripts(frozenset(script for script, count in counts.items() if count >= minimum and script[0] != WHOLE))


def _script(case: str, form: str, lemma: str) -> str | None:
    """Return the script for a case; None if form and lemma share no letter."""
    base = form if case == "k" else form.lower()
    target = lemma.lower() if case in "tu" else lemma
    if base == target:
        return f"{case}:"
    if len(base) > _LONGEST or len(target) > _LONGEST:
        return None
    match = SequenceMatcher(None, base, target, autojunk=False).find_longest_match()
    if not match.size:
        return None
    prefix = _edits(base[: match.a], target[: match.b])
    return f"{case}{prefix}:{_edits(base[match.a + match.size :], target[match.b + match.size :])}"


def _edits(old: str, new: str) -> str:
    edits = ""
    for kind, start, end, first, last in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        edits += ("=" if kind == "equal" else "-") * (end - start)
        edits += "" if kind == "equal" else "".join(f"+{c}" for c in new[first:last])
    return edits


@lru_cache(maxsize=1 << 14)
def _parsed(script: str) -> tuple[str, tuple[str, ...], tuple[str, ...]] | None:
    """Return (case, prefix edits, suffix edits); None if the script is malformed."""
    match = _SCRIPT.fullmatch(script)
    return match and (match[1], tuple(_EDIT.findall(match[2])), tuple(_EDIT.findall(match[3])))


def _length(edits: Sequence[str]) -> int:
    """Return how many letters of the form the edits consume."""
    return sum(edit[0] != "+" for edit in edits)


def _edited(edits: Sequence[str], letters: str) -> str:
    i = 0
    edited = ""
    for edit in edits:
        if edit[0] == "+":
            edited += edit[1]
        else:
            edited += letters[i] if edit == "=" else ""
            i += 1
    return edited
