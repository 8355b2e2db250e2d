"""A stretch of CoNLL-U as ranges of characters: sentences, tokens, words, and their trees, which are checked."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from itertools import accumulate, pairwise

from elman.data.formats.lines import LINE_END, is_blank, whole_number
from elman.data.sentence import Sentence, error_at, line_of
from elman.errors import DataError
from elman.utils.display import shown

ROOT = -1
"""The parent of a root."""
UNIVERSAL_FEATURES = frozenset(
    "PronType NumType Poss Reflex Foreign Abbr Gender Animacy Number Case Definite Degree VerbForm Mood Tense Aspect "
    "Voice Evident Polarity Person Polite".split()
)
"""Those of 2018; features that came to Universal Dependencies later are not compared."""
_NO_HEAD = "_"
_RANGE = re.compile(r"([0-9]+)-([0-9]+)", re.ASCII)

Range = tuple[int, int]
"""Characters ``start`` to ``end``, which is not among them, counted from the start of the stretch."""


class TokenStretch:
    """Some sentences of one side, with W words."""

    def __init__(self, trees: bool) -> None:
        self.trees = trees
        self.text = ""
        """The characters of all tokens, without spaces."""
        self.sources: list[Sentence] = []
        self.sentences: list[Range] = []
        self.tokens: list[Range] = []
        self.words: list[Range] = []
        """(W,) the range of each word's token."""
        self.in_multiword: list[bool] = []
        """(W,) whether the word is part of a multiword token."""
        self.forms: list[str] = []
        self.lemmas: list[str] = []
        self.upos: list[str] = []
        self.xpos: list[str] = []
        self.feats: list[str] = []
        """(W,) universal features alone, in order."""
        self.deprels: list[str] = []
        """(W,) relations without subtypes."""
        self.parents: list[int] = []
        """(W,) the index of each word's head among the words of the stretch, or ROOT; empty without ``trees``."""

    def add(self, sentence: Sentence) -> None:
        """Add a sentence, which has words.

        Raises DataError with the line: a form of spaces alone, a multiword token that does not fit its words, a HEAD
        that is no word of the sentence, heads that go in a circle, two roots, a tree where there are to be none.
        """
        first, start = len(self.words), len(self.text)
        columns = sentence.columns
        if self.trees:
            self.parents += [ROOT if head == 0 else first + head - 1 for head in checked_heads(sentence)]
        elif has_tree(sentence):
            raise error_at(
                sentence, 0, "HEAD: expected _, as in the first sentence; give a HEAD to all words or to none"
            )
        multiword = multiword_tokens(sentence)
        if multiword:
            self._add_tokens(sentence, multiword)
        else:
            forms = _checked_forms(sentence)
            self.text += "".join(forms)
            ranges = list(pairwise(accumulate(map(len, forms), initial=start)))
            self.tokens += ranges
            self.words += ranges
            self.in_multiword += [False] * len(forms)
            self.forms += forms
        self.sentences.append((start, len(self.text)))
        self.lemmas += columns["lemma"]
        self.upos += columns["upos"]
        self.xpos += columns["xpos"]
        self.feats += map(_universal, columns["feats"])
        self.deprels += map(_plain, columns["deprel"])
        self.sources.append(sentence)

    def _add_tokens(self, sentence: Sentence, multiword: dict[int, tuple[int, str]]) -> None:
        forms = _checked_forms(sentence)
        i = 0
        while i < len(sentence):
            start = len(self.text)
            end, form = multiword.get(i, (i + 1, ""))
            self.text += form or forms[i]
            token = (start, len(self.text))
            self.tokens.append(token)
            self.words += [token] * (end - i)
            self.in_multiword += [bool(form)] * (end - i)
            self.forms += sentence.words[i:end] if form else forms[i:end]
            i = end

    def place(self, character: int) -> tuple[str, str]:
        """(``path:line``, text) of the sentence that a character of the text belongs to, from there on."""
        number = next(i for i, (_, end) in enumerate(self.sentences) if character < end)
        source = self.sources[number]
        return f"{source.path}:{source.line}", self.text[character : self.sentences[number][1]]


def has_tree(sentence: Sentence) -> bool:
    """Whether any word has a HEAD."""
    return any(head != _NO_HEAD for head in sentence.columns["head"])


def _checked_forms(sentence: Sentence) -> list[str]:
    forms = list(map(_squeezed, sentence.words))
    if "" in forms:
        raise error_at(sentence, forms.index(""), "FORM (column 2) is nothing but spaces")
    return forms


@lru_cache(maxsize=1 << 16)
def _squeezed(form: str) -> str:
    """A form without spaces of any kind (category Zs), since one side may cut at a space and the other not."""
    return "".join(c for c in form if unicodedata.category(c) != "Zs")


@lru_cache(maxsize=1 << 16)
def _universal(feats: str) -> str:
    return "|".join(sorted(item for item in feats.split("|") if item.partition("=")[0] in UNIVERSAL_FEATURES))


@lru_cache(maxsize=1 << 12)
def _plain(deprel: str) -> str:
    return deprel.partition(":")[0]


def multiword_tokens(sentence: Sentence) -> dict[int, tuple[int, str]]:
    """Index of the first word -> (index behind the last one, form), of each multiword token."""
    found: dict[int, tuple[int, str]] = {}
    rows = sentence.rows
    first = rows[0]
    if rows[-1] - first + 1 == len(rows) and (first == 0 or sentence.lines[first - 1][:1] == "#"):
        return found  # words alone, as in most sentences
    behind = 0  # what the range before covered
    for number, line in enumerate(sentence.lines):
        if line[0] == "#" or is_blank(line):
            continue
        id, form = line.rstrip(LINE_END).split("\t")[:2]
        match = _RANGE.fullmatch(id)
        if match is None:
            continue
        first_word, end = map(whole_number, match.groups())
        start = sum(row < number for row in rows)
        if first_word != start + 1 or end is None or not start < end <= len(rows) or start < behind:
            message = f"the multiword token {id[:40]} does not cover the words behind it, and none that another one has"
            raise DataError(message, path=sentence.path, line=sentence.line + number)
        if not _squeezed(form):
            raise DataError("FORM (column 2) is nothing but spaces", path=sentence.path, line=sentence.line + number)
        found[start] = (end, _squeezed(form))
        behind = end
    return found


def checked_heads(sentence: Sentence) -> Sequence[int]:
    """The head of each word, from 1, 0 for the root, from the column ``head``.

    Raises DataError with the line: a HEAD that is no word of the sentence, heads that go in a circle, two roots.
    """
    try:
        return _heads(sentence.columns["head"])
    except _BadTree as problem:
        other = "" if problem.other is None else f" on line {line_of(sentence, problem.other)}"
        raise error_at(sentence, problem.word, problem.message.format(other=other)) from None


class _BadTree(Exception):
    def __init__(self, word: int, message: str, other: int | None = None) -> None:
        super().__init__(message)
        self.word, self.message, self.other = word, message, other


@lru_cache(maxsize=2)  # both sides often have the same tree
def _heads(column: Sequence[str]) -> tuple[int, ...]:
    """The heads of a sentence's words, from 1, 0 for the root. Raises _BadTree."""
    heads = tuple(map(_number, column))
    for word, head in enumerate(heads):
        if not 0 <= head <= len(heads):
            found = f"expected 0 to {len(heads)}, a word of the sentence, found {shown(column[word])}"
            raise _BadTree(word, f"HEAD: {found}")
    if heads.count(0) > 1:
        first = heads.index(0)
        raise _BadTree(heads.index(0, first + 1), "a second root (HEAD is 0); the first is{other}; expected one", first)
    walked = [0] * (len(heads) + 1)  # from which word on a word was reached first
    walked[0] = -1
    for start in range(1, len(heads) + 1):
        at = start
        while not walked[at]:
            walked[at] = start
            at = heads[at - 1]
        if walked[at] == start:
            raise _BadTree(at - 1, f"the heads go in a circle: {_circle(heads, at)}; expected a tree")
    return heads


@lru_cache(maxsize=1 << 12)
def _number(text: str) -> int:
    """A whole number from 0 up; -1 for anything else."""
    number = whole_number(text)
    return -1 if number is None else number


def _circle(heads: Sequence[int], start: int) -> str:
    way, at = [start], heads[start - 1]
    while at != start:
        way.append(at)
        at = heads[at - 1]
    shown = way if len(way) < 8 else [*way[:7], "…"]
    return " -> ".join(map(str, [*shown, start]))
