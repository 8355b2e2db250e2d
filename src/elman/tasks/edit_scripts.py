"""Lemmas as labels: how the lemma is made from the word, in a way that goes for other words too.

A script is ``CASE PREFIX:SUFFIX``, for example ``l:-`` (in lower case, without the last letter: *Cats*, *cat*):

    CASE      ``l`` the word in lower case, ``k`` as it is written, ``t`` with a first capital, ``u`` in capitals
    PREFIX    edits of the first letters, SUFFIX of the last ones: ``=`` keep a letter, ``-`` drop one, ``+x`` put in x;
              the letters between stay

``l=-+i:`` makes *sing* of *sang*, and *ring* of *rang*. A lemma that shares no letter with its word, or whose script is
rare, is a label by itself: ``"be`` is *be*, whatever the form. A form too short for a script has no lemma by it.

Source: the lemma rules of UDPipe 2 (Straka 2018), with the case of the letters relative to the word.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import lru_cache

WHOLE = '"'
"""What a label that is a whole lemma begins with."""
_LONGEST = 256
"""Letters of a form or lemma up to which scripts are looked for; time grows with the square."""
_EDIT = re.compile(r"[=-]|\+.", re.DOTALL)
_SCRIPT = re.compile(r"([lktu])((?:[=-]|\+.)*):((?:[=-]|\+.)*)", re.DOTALL)


@lru_cache(maxsize=1 << 16)
def encode(form: str, lemma: str) -> str:
    """The script that makes ``lemma`` of ``form``; ``apply`` gives exactly it.

    A lemma without capitals is made of the form in lower case, so that *The* and *the* have one script; for another one
    the shortest script of the other cases is taken.
    """
    scripts = [_script(case, form, lemma) for case in ("l" if lemma == lemma.lower() else "ktu")]
    exact = [script for script in scripts if script is not None and apply(script, form) == lemma]
    return min(exact, key=len, default=WHOLE + lemma)


def apply(script: str, form: str) -> str | None:
    """The lemma of a form by a script; None where the form is too short, nothing would be left, or it is no script."""
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
    made = _edited(prefix, base[:start]) + base[start:end] + _edited(suffix, base[end:])
    if case == "t":
        made = made[:1].upper() + made[1:]
    elif case == "u":
        made = made.upper()
    return made or None


def is_label(label: str) -> bool:
    """Whether it is a script, or a whole lemma."""
    return label[:1] == WHOLE or _parsed(label) is not None


def first_applicable(scripts: Iterable[str], form: str) -> str:
    """The lemma by the first of some scripts, best first, that goes for the form; the form itself if none does."""
    return next((lemma for script in scripts if (lemma := apply(script, form)) is not None), form)


@dataclass(frozen=True, slots=True)
class Scripts:
    """The scripts to use; other lemmas are whole words."""

    kept: frozenset[str]

    def label(self, form: str, lemma: str) -> str:
        """The label of a word in training."""
        script = encode(form, lemma)
        return script if script in self.kept else WHOLE + lemma


def choose(forms: Sequence[str], lemmas: Sequence[str], minimum: int = 2) -> Scripts:
    """The scripts that at least ``minimum`` distinct (form, lemma) pairs share.

    Distinct pairs count, not words: a script of one very frequent word goes for no other one.
    """
    pairs = dict.fromkeys(zip(forms, lemmas, strict=True))
    counts = Counter(encode(form, lemma) for form, lemma in pairs)
    return Scripts(frozenset(script for script, count in counts.items() if count >= minimum and script[0] != WHOLE))


def _script(case: str, form: str, lemma: str) -> str | None:
    """The script of that case; None where form and lemma share no letter."""
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
    """(case, edits of the first letters, of the last ones)."""
    found = _SCRIPT.fullmatch(script)
    return found and (found[1], tuple(_EDIT.findall(found[2])), tuple(_EDIT.findall(found[3])))


def _length(edits: Sequence[str]) -> int:
    """How many letters of the form edits are about."""
    return sum(edit[0] != "+" for edit in edits)


def _edited(edits: Sequence[str], letters: str) -> str:
    at = 0
    made = ""
    for edit in edits:
        if edit[0] == "+":
            made += edit[1]
        else:
            made += letters[at] if edit == "=" else ""
            at += 1
    return made
