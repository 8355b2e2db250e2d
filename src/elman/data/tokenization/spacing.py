"""The tokens of training sentences with the spaces between them: as CoNLL-U has them, or guessed from the words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from elman.data.conllu_tokens import multiword_tokens, token_miscs
from elman.data.sentence import Sentence
from elman.data.tokenization.tokenizer import Token

_NO_SPACE = "SpaceAfter=No"
_BEFORE = re.compile(r"""[.,;:!?…)\]}%»”’]+|n?['’]\w{1,3}|''|-R[RSC]B-""")
_AFTER = re.compile(r"[(\[{«“‘¿¡$€£#]|\w{1,4}['’]|``|-L[RSC]B-")
_INSIDE = re.compile(r"[-/&]|\\/")
_HOLDS_MARK = re.compile(r"\w[-/&]\w")
_SURFACE = {"``": '"', "''": '"', "-LRB-": "(", "-RRB-": ")", "-LSB-": "[", "-RSB-": "]", "-LCB-": "{", "-RCB-": "}"}


def has_spacing(sentences: Iterable[Sentence]) -> bool:
    """Return whether sentences say which of their words stand together, as CoNLL-U does by ``SpaceAfter=No``."""
    return any(
        sentence.format == "conllu" and any(_NO_SPACE in line for line in sentence.lines) for sentence in sentences
    )


def true_tokens(sentence: Sentence) -> list[Token]:
    """Return the tokens of a CoNLL-U sentence. Raises DataError for a multiword token that does not fit its words."""
    multiword, misc = multiword_tokens(sentence), sentence.columns.get("misc", ())
    if not multiword and len(misc) == len(sentence.words):  # as in most sentences
        return [Token(word, (word,), _NO_SPACE not in of) for word, of in zip(sentence.words, misc, strict=True)]
    miscs = token_miscs(sentence)
    tokens: list[Token] = []
    at = 0
    while at < len(sentence.words):
        end, form = multiword.get(at, (at + 1, sentence.words[at]))
        words = sentence.words[at:end]
        tokens.append(Token(form, words, _NO_SPACE not in miscs[at]))
        at = end
    return tokens


class SpacingGuess:
    """Guesses which words stand together, by rules of typography.

    Hyphens, slashes and & between words are taken to be part of the text ``well-known`` if the words hold none.
    """

    def __init__(self, words: Iterable[str]) -> None:
        self._glue = not any(_HOLDS_MARK.search(word) for word in words)

    def tokens(self, words: Sequence[str]) -> list[Token]:
        """Return words as tokens, in the form that they probably have in raw text."""
        forms = [_SURFACE.get(word, word.replace("\\/", "/")) for word in words]
        spaces = [True] * len(words)
        open_quotes: set[str] = set()
        for i, word in enumerate(words):
            opens, closes = _AFTER.fullmatch(word) is not None, _BEFORE.fullmatch(word) is not None
            if word in ('"', "'"):
                opens = word not in open_quotes
                closes = not opens
                open_quotes ^= {word}
            if closes and i:
                spaces[i - 1] = False
            if opens:
                spaces[i] = False
            if self._glue and _INSIDE.fullmatch(word) and 0 < i < len(words) - 1:
                if words[i - 1][-1:].isalnum() and words[i + 1][:1].isalnum():
                    spaces[i - 1] = spaces[i] = False
        return [Token(form, (word,), space) for form, word, space in zip(forms, words, spaces, strict=True)]
