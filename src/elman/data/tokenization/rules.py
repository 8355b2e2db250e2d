"""``TokenRules``: how a training text was cut into words, as some yes/no choices and lists, for the model file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

from elman.errors import ModelFileError
from elman.utils.display import shown

WHOLE_OR_CUT = {
    "apostrophes": ("o'clock", "o ' clock"),
    "hyphens": ("well-known", "well - known"),
    "slashes": ("and/or", "and / or"),
    "periods": ("read.me", "read . me"),
    "ampersands": ("R&D", "R & D"),
    "numbers": ("1,000.5", "1 , 000 . 5"),
    "units": ("10pm", "10 pm"),
    "currency": ("$5", "$ 5"),
    "percent": ("5%", "5 %"),
    "tags": ("#tag", "# tag"),
    "ellipses": ("...", ". . ."),
    "runs": ("!!", "! !"),
    "dashes": ("--", "- -"),
    "initials": ("J.", "J ."),
    "urls": ("me@example.org", "me @ example.org"),
    "smileys": (":-)", ": - )"),
}
"""The choices under which most words of the training text come out right, by an example of yes and one of no."""
FACTS = {
    "sentences": "a line is cut into sentences",
    "multiword": "contractions are multiword tokens",
    "escapes": "brackets are written -LRB- and -RRB-",
    "quotes": "quotation marks are written `` and ''",
    "phrases": "known words may hold spaces",
    "unspaced": "text without spaces is cut into the longest known words",
}
"""The choices that are seen in the training text, and what yes means."""
CHOICES = ("punctuation", *WHOLE_OR_CUT, *FACTS)
"""All choices; of ``punctuation`` no means that only spaces separate words."""
SHOWN = 3
MOST = 4_000
"""Largest number of words in a list, of bytes in one of them as many."""


@dataclass(frozen=True)
class TokenRules:
    """How text is cut into words; the choices are explained by ``WHOLE_OR_CUT`` and ``FACTS``.

    ``suffixes``  what is cut off the end of a word, in lower case: ``n't``, ``'s``
    ``prefixes``  what is cut off its beginning: ``l'``
    ``whole``     words that stay whole although the choices would cut them: ``etc.``
    ``splits``    the words of others, in lower case: ``cannot`` is ``can``, ``not``; ``zum`` is ``zu``, ``dem``
    """

    punctuation: bool = True
    apostrophes: bool = True
    hyphens: bool = True
    slashes: bool = False
    periods: bool = True
    ampersands: bool = True
    numbers: bool = True
    units: bool = True
    currency: bool = False
    percent: bool = False
    tags: bool = False
    ellipses: bool = True
    runs: bool = False
    dashes: bool = True
    initials: bool = True
    urls: bool = True
    smileys: bool = False
    sentences: bool = True
    multiword: bool = False
    escapes: bool = False
    quotes: bool = False
    phrases: bool = False
    unspaced: bool = False
    suffixes: tuple[str, ...] = ()
    prefixes: tuple[str, ...] = ()
    whole: frozenset[str] = frozenset()
    splits: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def toggled(self, choice: str) -> TokenRules:
        """Return the rules with another value of a choice."""
        changed: dict[str, Any] = {choice: not getattr(self, choice)}
        return replace(self, **changed)

    def describe(self) -> str:
        """Return the rules in plain words."""
        said = ["punctuation marks are words of their own" if self.punctuation else "only spaces separate words"]
        if self.punctuation:
            for what, yes in (("whole", True), ("cut", False)):
                examples = [both[not yes] for name, both in WHOLE_OR_CUT.items() if getattr(self, name) is yes]
                said += [f"{what}: {', '.join(examples)}"] if examples else []
        said += [text for name, text in FACTS.items() if getattr(self, name)]
        said += [] if self.sentences else ["each line is one sentence"]
        for affixes, where in ((self.suffixes, "end"), (self.prefixes, "beginning")):
            said += [f"cut off the {where} of words: {' '.join(affixes)}"] if affixes else []
        said += [f"words that stay whole: {_examples(self.whole)}"] if self.whole else []
        said += [f"words that are split: {_examples(self.splits)}"] if self.splits else []
        return "; ".join(said)

    def to_record(self) -> dict[str, Any]:
        """Return the rules as JSON values."""
        return {
            **{name: getattr(self, name) for name in CHOICES},
            "suffixes": list(self.suffixes),
            "prefixes": list(self.prefixes),
            "whole": sorted(self.whole),
            "splits": {form: list(words) for form, words in sorted(self.splits.items())},
        }

    @classmethod
    def from_record(cls, record: Any) -> TokenRules:
        """Invert ``to_record``. Raises ModelFileError if the record is malformed."""
        names = {each.name for each in fields(cls)}
        if not isinstance(record, dict) or record.keys() != names:
            raise ModelFileError("tokenization: expected choices and lists of words, as training writes them")
        for name in CHOICES:
            if not isinstance(record[name], bool):
                raise ModelFileError(f"tokenization: {name}: expected true or false, found {shown(str(record[name]))}")
        splits = record["splits"]
        lists = [record[name] for name in ("suffixes", "prefixes", "whole")]
        valid = isinstance(splits, dict) and len(splits) <= MOST and all(map(_are_words, lists))
        if not valid or not all(_is_word(form) and _are_words(words) and words for form, words in splits.items()):
            raise ModelFileError("tokenization: expected lists of words, as training writes them")
        return cls(
            **{name: record[name] for name in CHOICES},
            suffixes=tuple(record["suffixes"]),
            prefixes=tuple(record["prefixes"]),
            whole=frozenset(record["whole"]),
            splits={form: tuple(words) for form, words in splits.items()},
        )


def _examples(words: Iterable[str]) -> str:
    """Return some words and how many there are, those of letters first."""
    some = sorted(words, key=lambda word: (not word[0].isalpha(), len(word) < 4, len(word), word))
    return f"{' '.join(some[:SHOWN])}{f' and {len(some) - SHOWN:,} more' if len(some) > SHOWN else ''}"


def _are_words(value: Any) -> bool:
    return isinstance(value, list) and len(value) <= MOST and all(map(_is_word, value))


def _is_word(value: Any) -> bool:
    """Return whether a value is a word that every format can hold."""
    return isinstance(value, str) and 0 < len(value) <= MOST and not any(mark in value for mark in " \t\r\n\0")
