"""A stretch of CoNLL-U as ranges of characters: sentences, tokens and words, with validated trees."""

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
"""Parent index of a root."""
UNIVERSAL_FEATURES = frozenset(
    "PronType NumType Poss Reflex Foreign Abbr Gender Animacy Number Case Definite Degree VerbForm Mood Tense Aspect "
    "Voice Evident Polarity Person Polite".split()
)
"""Features of Universal Dependencies in 2018; features introduced later are not compared."""
_NO_HEAD = "_"
_RANGE = re.compile(r"([0-9]+)-([0-9]+)", re.ASCII)

Range = tuple[int, int]
"""Characters ``start`` to ``end`` (exclusive), counted from the start of the stretch."""


class TokenStretch:
    """A number of consecutive sentences of gold or prediction, with W words."""

    def __init__(self, trees: bool) -> None:
        self.trees = trees
        self.text = ""
        """The characters of all tokens, without spaces."""
        self.sources: list[Sentence] = []
        self.sentences: list[Range] = []
        self.tokens: list[Range] = []
        self.words: list[Range] = []
        """(W,) the range of the token of each word."""
        self.in_multiword: list[bool] = []
        """(W,) whether the word is part of a multiword token."""
        self.forms: list[str] = []
        self.lemmas: list[str] = []
        self.upos: list[str] = []
        self.xpos: list[str] = []
        self.feats: list[str] = []
        """(W,) universal features only, in order."""
        self.deprels: list[str] = []
        """(W,) relations without subtypes."""
        self.parents: list[int] = []
        """(W,) the index of the head of each word within the stretch, or ROOT; empty without ``trees``."""

    def add(self, sentence: Sentence) -> None:
        """Add a sentence, which has words.

        Raises DataError with the line for a form that consists of spaces, a multiword token that does not fit its
        words, a HEAD outside the sentence, a cycle of heads, two roots, or a tree if there should be none.
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
        self.feats += map(_universal_features, columns["feats"])
        self.deprels += map(_without_subtype, columns["deprel"])
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
        """Return (``path:line``, text) of the sentence that contains a character, from that character on."""
        index = next(i for i, (_, end) in enumerate(self.sentences) if character < end)
        source = self.sources[index]
        return f"{source.path}:{source.line}", self.text[character : self.sentences[index][1]]


def has_tree(sentence: Sentence) -> bool:
    """Return whether any word has a HEAD."""
    return any(head != _NO_HEAD for head in sentence.columns["head"])


def _checked_forms(sentence: Sentence) -> list[str]:
    forms = list(map(_without_spaces, sentence.words))
    if "" in forms:
        raise error_at(sentence, forms.index(""), "FORM (column 2) is nothing but spaces")
    return forms


@lru_cache(maxsize=1 << 16)
def _without_spaces(form: str) -> str:
    """Remove spaces of any kind (category Zs) from a form, since the sides may tokenize at different spaces."""
    return "".join(c for c in form if unicodedata.category(c) != "Zs")


@lru_cache(maxsize=1 << 16)
def _universal_features(feats: str) -> str:
    return "|".join(sorted(item for item in feats.split("|") if item.partition("=")[0] in UNIVERSAL_FEATURES))


@lru_cache(maxsize=1 << 12)
def _without_subtype(deprel: str) -> str:
    return deprel.partition(":")[0]


def multiword_tokens(sentence: Sentence) -> dict[int, tuple[int, str]]:
    """Return the multiword tokens as {index of the first word: (index after the last word, form)}."""
    tokens: dict[int, tuple[int, str]] = {}
    rows = sentence.rows
    first = rows[0]
    if rows[-1] - first + 1 == len(rows) and (first == 0 or sentence.lines[first - 1][:1] == "#"):
        return tokens  # only words, as in most sentences
    previous_end = 0
    for number, line in enumerate(sentence.lines):
        if line[0] == "#" or is_blank(line):
            continue
        id, form = line.rstrip(LINE_END).split("\t")[:2]
        match = _RANGE.fullmatch(id)
        if match is None:
            continue
        first_word, end = map(whole_number, match.groups())
        start = sum(row < number for row in rows)
        if first_word != start + 1 or end is None or not start < end <= len(rows) or start < previous_end:
            message = f"the multiword token {id[:40]} does not cover the words after it, or covers words of another one"
            raise DataError(message, path=sentence.path, line=sentence.line + number)
        if not _without_spaces(form):
            raise DataError("FORM (column 2) is nothing but spaces", path=sentence.path, line=sentence.line + number)
        tokens[start] = (end, _without_spaces(form))
        previous_end = end
    return tokens


def checked_heads(sentence: Sentence) -> Sequence[int]:
    """Return the head of each word from the column ``head``, counted from 1; 0 for the root.

    Raises DataError with the line for a HEAD outside the sentence, a cycle of heads, or two roots.
    """
    try:
        return _heads(sentence.columns["head"])
    except _BadTree as error:
        message = error.message
        if error.other_word is not None:
            message = f"{message}; the first is on line {line_of(sentence, error.other_word)}; expected one"
        raise error_at(sentence, error.word, message) from None


class _BadTree(Exception):
    """What is wrong at a word, of which there is another one at ``other_word``, if given."""

    def __init__(self, word: int, message: str, other_word: int | None = None) -> None:
        super().__init__(message)
        self.word, self.message, self.other_word = word, message, other_word


@lru_cache(maxsize=2)  # both sides often have the same tree
def _heads(column: Sequence[str]) -> tuple[int, ...]:
    """Return the heads of the words of a sentence, from 1, 0 for the root. Raises _BadTree."""
    heads = tuple(map(_number, column))
    for word, head in enumerate(heads):
        if not 0 <= head <= len(heads):
            expected = f"expected 0 to {len(heads)}, a word of the sentence, found {shown(column[word])}"
            raise _BadTree(word, f"HEAD: {expected}")
    if heads.count(0) > 1:
        first = heads.index(0)
        raise _BadTree(heads.index(0, first + 1), "a second root (HEAD is 0)", first)
    reached_from = [0] * (len(heads) + 1)  # the start of the first path through each word
    reached_from[0] = -1
    for start in range(1, len(heads) + 1):
        word_number = start
        while not reached_from[word_number]:
            reached_from[word_number] = start
            word_number = heads[word_number - 1]
        if reached_from[word_number] == start:
            raise _BadTree(word_number - 1, f"the heads go in a circle: {_circle(heads, word_number)}; expected a tree")
    return heads


@lru_cache(maxsize=1 << 12)
def _number(text: str) -> int:
    """Return a whole number from 0 up; -1 for anything else."""
    number = whole_number(text)
    return -1 if number is None else number


def _circle(heads: Sequence[int], start: int) -> str:
    path, word = [start], heads[start - 1]
    while word != start:
        path.append(word)
        word = heads[word - 1]
    some = path if len(path) < 8 else [*path[:7], "…"]
    return " -> ".join(map(str, [*some, start]))


def token_miscs(sentence: Sentence) -> dict[int, str]:
    """Return MISC of each token by the index of its first word; a multiword token has its own line."""
    misc = sentence.columns.get("misc", ())
    miscs = dict(enumerate(misc if len(misc) == len(sentence.words) else [""] * len(sentence.words)))
    rows = set(sentence.rows)
    for row, line in enumerate(sentence.lines):
        if row not in rows and line[0] != "#" and not is_blank(line):
            fields = line.rstrip(LINE_END).split("\t")
            first, dash, _ = fields[0].partition("-")
            if dash:
                miscs[int(first) - 1] = fields[-1]
    return miscs
