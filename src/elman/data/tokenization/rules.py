"""``TokenRules``: how a training text was cut into words, as some yes/no choices and lists, for the model file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from elman.data.tokenization.rules_record import CHOICES, FACTS, WHOLE_OR_CUT, check

SHOWN = 3


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
        check(record)
        splits = record["splits"]
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
