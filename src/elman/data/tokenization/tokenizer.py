"""``Tokenizer``: cut raw text into words and sentences by ``TokenRules``."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from elman.data.formats.tokenizer import is_unspaced
from elman.data.tokenization.rules import TokenRules
from elman.utils.display import JOINERS

LONGEST = 40
"""Characters of the longest word that is looked up: as a whole, or in text without spaces."""
PHRASE = 6
"""The most parts of a word with spaces."""
CACHED = 100_000
"""Distinct stretches between spaces whose words are kept."""
_GAPS = re.compile("[ \t\r\n]+")
_CURLY = str.maketrans("’‘`´", "''''")
_URL = re.compile(
    r"(?:https?://|ftp://|www\.)[^\s<>\"]*[^\s<>\".,;:!?()\[\]'’]|[\w.+-]+@[\w-]+(?:\.[\w-]+)+"
    r"|[\w-]+(?:\.[\w-]+)*\.(?:com|org|net|edu|gov|info|html?|php|co\.uk)(?![\w])(?:/[^\s<>\"]*[^\s<>\".,;:!?()\[\]'’])?",
    re.IGNORECASE,
)
_SMILEY = re.compile(r"[:;=8]['^o-]?[()\[\]DPp|/\\3*]+(?!\w)|\^[_.]*\^|<3(?!\w)")
_FINAL = re.compile(r"[.!?…]+|[。！？।॥؟۔။]+")
_CLOSING = frozenset("\"'”’»)]}") | {"''", "-RRB-", "-RSB-", "-RCB-"}
_OPENING = frozenset("\"'“‘«([{¿¡") | {"``", "-LRB-", "-LSB-", "-LCB-"}
_ESCAPES = {"(": "-LRB-", ")": "-RRB-", "[": "-LSB-", "]": "-RSB-", "{": "-LCB-", "}": "-RCB-"}


class Token(NamedTuple):
    """A token as in the text.

    ``words``  the words that it consists of: of most tokens one, the form itself
    ``space``  whether a space follows
    """

    form: str
    words: tuple[str, ...]
    space: bool = False


class TextSentence(NamedTuple):
    """A sentence of raw text, with its tokens."""

    text: str
    tokens: Sequence[Token]

    @property
    def words(self) -> tuple[str, ...]:
        """The words of all tokens."""
        return tuple(word for token in self.tokens for word in token.words)


class Tokenizer:
    """Cuts raw text into words and sentences.

    ``known``  whether a word occurs in the training data
    """

    def __init__(self, rules: TokenRules, known: Callable[[str], bool]) -> None:
        self.rules, self._known = rules, known
        self._pattern = re.compile(_pattern(rules), re.DOTALL)
        self._cache: dict[str, tuple[Token, ...]] = {}
        self._suffixes = sorted(rules.suffixes, key=len, reverse=True)
        self._prefixes = sorted(rules.prefixes, key=len, reverse=True)

    def sentences(self, lines: Iterable[str]) -> Iterator[TextSentence]:
        """Yield the sentences of each line, none of a blank line."""
        for line in lines:
            tokens = self.tokens(line)
            begin = 0
            for end in self.ends(tokens) if tokens else ():
                sentence = tokens[begin:end]
                yield TextSentence(_text(sentence), sentence)
                begin = end

    def tokens(self, line: str) -> list[Token]:
        """Return the tokens of a line."""
        tokens: list[Token] = []
        for chunk in _GAPS.split(line):
            if chunk:
                for token in self.cut(chunk):
                    if not token.form.isspace():
                        tokens.append(token)
                    elif tokens:  # a no-break space or another one of Unicode
                        tokens[-1] = tokens[-1]._replace(space=True)
                if tokens:
                    tokens[-1] = tokens[-1]._replace(space=True)
        return self._with_phrases(tokens) if self.rules.phrases else tokens

    def cut(self, chunk: str) -> tuple[Token, ...]:
        """Return the tokens of a stretch between two spaces."""
        found = self._cache.get(chunk)
        if found is None:
            is_plain = chunk.isascii() and chunk.isalpha() and chunk.lower() not in self.rules.splits
            found = (Token(chunk, (chunk,)),) if is_plain else tuple(self._tokens(chunk))
            if len(self._cache) >= CACHED:
                self._cache.clear()
            self._cache[chunk] = found
        return found

    def _tokens(self, chunk: str) -> Iterator[Token]:
        if not self.rules.punctuation:
            yield Token(chunk, (chunk,))
            return
        if chunk.isascii() and chunk.isalpha():
            yield from self._words(chunk, begins=True)
            return
        shadow = "".join(map(_kind, chunk))
        at = 0
        while at < len(chunk):
            end = self._end(chunk, shadow, at)
            if end < 0:
                end = -end
                yield Token(chunk[at:end], (chunk[at:end],))
            else:
                yield from self._words(chunk[at:end], begins=at == 0)
            at = end

    def _end(self, chunk: str, shadow: str, at: int) -> int:
        """Return where the token at a position ends; negative, if it is not to be cut further."""
        rules = self.rules
        for end in range(min(len(chunk), at + LONGEST), at + 1, -1) if rules.whole else ():
            if chunk[at:end] in rules.whole and (end == len(chunk) or shadow[end] not in "aA0"):
                return -end
        if shadow[at] == "'":
            clitic = next((s for s in self._suffixes if chunk[at : at + len(s)].lower().translate(_CURLY) == s), "")
            if clitic and shadow[at + len(clitic) : at + len(clitic) + 1] not in tuple("aA0"):
                return -at - len(clitic)
        match = _URL.match(chunk, at) if rules.urls else None
        if match is None and rules.smileys:
            match = _SMILEY.match(chunk, at)
        if match is not None:
            return -match.end()
        if shadow[at] == "x":
            run = at
            while run < min(len(chunk), at + LONGEST) and shadow[run] in "xa":
                run += 1
            return -next((end for end in range(run, at + 1, -1) if self._known(chunk[at:end])), _after(chunk, at))
        found = self._pattern.match(shadow, at)
        assert found is not None  # its last part matches any character
        return found.end()

    def _words(self, form: str, *, begins: bool) -> Iterator[Token]:
        """Yield a form with its words, or as several tokens."""
        rules = self.rules
        if len(form) == 1 or not any(map(str.isalpha, form)):
            yield Token(form, (self._written(form, begins),))
            return
        words = self._split(form)
        if words is None and form.isalpha():
            words = (form,)
        elif words is None:
            plain, parts = form.lower().translate(_CURLY), [form]
            prefix = next((p for p in self._prefixes if plain.startswith(p) and len(plain) > len(p)), "")
            if prefix:
                parts, plain = [form[: len(prefix)], form[len(prefix) :]], plain[len(prefix) :]
            suffix = next((s for s in self._suffixes if plain.endswith(s) and len(plain) > len(s)), "")
            if suffix:
                last = parts.pop()
                parts += [last[: -len(suffix)], last[-len(suffix) :]]
            words = tuple(word for part in parts for word in self._split(part) or (part,))
        words = tuple(word.replace("/", "\\/") for word in words) if rules.escapes else words
        if len(words) > 1 and not rules.multiword and "".join(words) == form:
            yield from (Token(word, (word,)) for word in words)
        else:
            yield Token(form, words)

    def _split(self, form: str) -> tuple[str, ...] | None:
        """Return the words of a form that the list has, in its case; None if it has none."""
        words = self.rules.splits.get(form.lower())
        if words is None:
            return None
        if "".join(words) == form.lower():
            ends = [sum(map(len, words[: i + 1])) for i in range(len(words))]
            return tuple(form[end - len(word) : end] for word, end in zip(words, ends, strict=True))
        if form.isupper() and len(form) > 1:
            return tuple(map(str.upper, words))
        return (words[0][:1].upper() + words[0][1:], *words[1:]) if form[0].isupper() else words

    def _written(self, form: str, begins: bool) -> str:
        if self.rules.quotes and form in '"“”':
            return "``" if form == "“" or (form == '"' and begins) else "''"
        if self.rules.escapes:
            return "\\/" if form == "/" else _ESCAPES.get(form, form)
        return form

    def _with_phrases(self, tokens: list[Token]) -> list[Token]:
        """Return the tokens with those joined that are one known word together."""
        joined: list[Token] = []
        at = 0
        while at < len(tokens):
            for end in range(min(len(tokens), at + PHRASE), at + 1, -1):
                some = tokens[at:end]
                phrase = " ".join(token.form for token in some)
                if all(token.space for token in some[:-1]) and (self._known(phrase) or self._known(_lower(phrase))):
                    joined.append(Token(phrase, (phrase,), some[-1].space))
                    at = end
                    break
            else:
                joined.append(tokens[at])
                at += 1
        return joined

    def ends(self, tokens: Sequence[Token]) -> list[int]:
        """Return the index behind the last token of each sentence of a line."""
        ends = []
        final = False
        for i, token in enumerate(tokens[:-1] if self.rules.sentences else ()):
            match = _FINAL.fullmatch(token.form)
            final = match is not None or (final and token.words[-1] in _CLOSING)
            apart = token.space or (match is not None and is_unspaced(tokens[i + 1].form))
            if final and apart and _may_begin(tokens[i + 1]):
                ends.append(i + 1)
                final = False
        return [*ends, len(tokens)]


def _pattern(rules: TokenRules) -> str:
    """Return the pattern of one token in the kinds of characters: a lower, A upper case, 0 digit, x without spaces."""
    inside = "".join(
        mark
        for mark, kept in (
            ("'", rules.apostrophes or rules.suffixes or rules.prefixes),
            ("\\-", rules.hyphens),
            ("/", rules.slashes),
            (".", rules.periods),
            ("&", rules.ampersands),
        )
        if kept
    )
    number = "(?>[.]?0+(?:[.,:/]0+)*)" if rules.numbers else "(?>0+)"
    number += "(?>%?)" if rules.percent else ""
    number = f"[$€£¥]?{number}" if rules.currency else number
    last = "(?![aA_])" if rules.units else ""
    word = f"[aA0_]+(?:[{inside}][aA0_]+)*" if inside else "[aA0_]+"
    parts = [
        r"(?:[aA]\.){2,}(?![aA0])|A\.(?![aA0.])" if rules.initials else "",
        f"{number}{last}",
        f"[#@]?{word}" if rules.tags else word,
        r"\.{2,}" if rules.ellipses else "",
        "[!?]{2,}" if rules.runs else "",
        r"([-=*_~+])\1+" if rules.dashes else "",
        ".",
    ]
    return "|".join(filter(None, parts))


_KINDS: dict[str, str] = {}


def _kind(character: str) -> str:
    """Return the kind of a character, as the pattern has it."""
    kind = _KINDS.get(character)
    if kind is None:
        kind = _KINDS[character] = _new_kind(character)
    return kind


def _new_kind(character: str) -> str:
    if character in JOINERS or unicodedata.category(character)[0] == "M":
        return "a"
    if is_unspaced(character):
        return "x"
    if character.isalpha():
        return "A" if character.isupper() else "a"
    return "0" if character.isalnum() else character.translate(_CURLY)


def _after(chunk: str, at: int) -> int:
    """Return the end of a character with its combining marks."""
    end = at + 1
    while end < len(chunk) and unicodedata.category(chunk[end])[0] == "M":
        end += 1
    return end


def _lower(phrase: str) -> str:
    return phrase[:1].lower() + phrase[1:]


def _may_begin(token: Token) -> bool:
    """Return whether a sentence may begin with a token: not with a lower-case letter or a closing mark."""
    first = token.form[0]
    return token.words[0] in _OPENING or (first.isalnum() and not first.islower())


def _text(tokens: Sequence[Token]) -> str:
    return "".join(token.form + " " * token.space for token in tokens).rstrip(" ")
