"""Tokenization and sentence segmentation of raw text, as one label per character.

    S  begins the first word of a sentence      T  the same for a multiword token that the inventory splits
    B  begins another word                      M  the same for a multiword token that the inventory splits
    I  inside a word                            W  begins another word of the same token (do|n't)
    O  a space between words

The text of CoNLL-U files is rebuilt as in the CoNLL 2018 shared task: a space after each token without
``SpaceAfter=No``, including the last token of a sentence; a new paragraph only at ``newdoc`` and ``newpar``. The text
of any other file is the words of each sentence without spaces: then each line is a sentence, and spaces always
separate words.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from elman.data.conllu_tokens import multiword_tokens, token_miscs
from elman.data.sentence import Sentence, error_at
from elman.errors import ModelFileError
from elman.utils.display import shown

_TOKEN = re.compile(r"([STBM]|[WI])[WI]*")
LABELS = "BIMOSTW"
FIRST = "ST"
"""Labels that begin a sentence."""
_LISTED = "TM"  # labels that begin a multiword token of the inventory
_MAX_WORDS = 1_000  # characters of all words of a multiword token, plus one per word
_MULTIWORD = re.compile("[TMW]")
_NO_SPACE = "SpaceAfter=No"
_PARAGRAPH = re.compile(r"#\s*new(doc|par)\b")
_GAPS = re.compile(r"[ \t\r\n]+")


class Marked(NamedTuple):
    """A text with one label per character."""

    text: str
    labels: str


class Cut(NamedTuple):
    """A sentence of a text, as character offsets.

    ``spans``  start and end of each token
    ``words``  the words of multiword tokens, by token index
    """

    spans: Sequence[tuple[int, int]]
    words: Mapping[int, tuple[str, ...]]


@dataclass(frozen=True)
class Segmentation:
    """Encode words and sentences as labels of characters, and decode them.

    ``sentences``   whether to find sentences; if not, each line is one
    ``inventory``   words of the multiword tokens whose form is not their concatenation (German ``zum``)
    """

    sentences: bool
    inventory: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @classmethod
    def of(cls, sentences: Iterable[Sentence]) -> Segmentation:
        """Build the segmentation for training sentences; only CoNLL-U defines sentences and multiword tokens."""
        counts: dict[str, Counter[tuple[str, ...]]] = {}
        is_conllu = False
        for sentence in sentences:
            if sentence.format != "conllu":
                continue
            is_conllu = True
            if sentence.words:
                for form, words in _multiword(sentence).values():
                    if "".join(words) != form:
                        counts.setdefault(form, Counter())[words] += 1
        best = {form: max(sorted(splits), key=lambda words: splits[words]) for form, splits in sorted(counts.items())}
        return cls(is_conllu, {form: words for form, words in best.items() if _is_listed(words)})

    def text(self, raw: str) -> str:
        """Normalize a paragraph or line: runs of white space become one space, or nothing without sentences."""
        return " ".join(raw.split()) if self.sentences else _GAPS.sub("", raw)

    def marked(self, sentences: Iterable[Sentence]) -> Iterator[Marked]:
        """Yield training texts, one per paragraph (with ``sentences``) or line.

        Raises DataError, with the line, if a word is white space only and ``sentences`` is true.
        """
        if not self.sentences:
            for sentence in sentences:
                if sentence.words:
                    yield Marked("".join(map(self.text, sentence.words)), _labels(map(self.text, sentence.words)))
            return
        text, labels, space = "", "", ""
        for sentence in sentences:
            if text and any(_PARAGRAPH.match(line) for line in sentence.lines if line[0] == "#"):
                yield Marked(text, labels)
                text, labels, space = "", "", ""
            if sentence.words:
                marked, space_after = self._conllu(sentence)
                text += space + marked.text
                labels += "O" * len(space) + marked.labels
                space = space_after
        if text:
            yield Marked(text, labels)

    def _conllu(self, sentence: Sentence) -> tuple[Marked, str]:
        """Return the text of a sentence and the space after it."""
        multiword = _multiword(sentence)
        miscs = token_miscs(sentence)
        texts, labels, space = [], [], ""
        i = 0
        while i < len(sentence.words):
            if i in multiword:
                form, words = multiword[i]
                concatenated = "".join(words) == form
                token = _labels(words).replace("B", "W") if concatenated else "M" + "I" * (len(form) - 1)
                misc, end = miscs[i], i + len(words)
            else:
                form = self.text(sentence.words[i])
                if not form:
                    raise error_at(sentence, i, "FORM (column 2) is nothing but spaces")
                token, misc, end = "B" + "I" * (len(form) - 1), miscs[i], i + 1
            token = ("B" + token[1:]) if token[0] == "S" else token
            texts += [space, form]
            labels += ["O" * len(space), token if i else {"B": "S", "M": "T"}[token[0]] + token[1:]]
            space = "" if _NO_SPACE in misc.split("|") else " "
            i = end
        return Marked("".join(texts), "".join(labels)), space

    def cut(self, text: str, labels: str, starts: Iterable[int] = ()) -> list[Cut]:
        """Return the sentences of a text. Words begin at ``starts`` regardless of the labels."""
        labels = self._repaired(text, labels, starts)
        spans = [match.span() for match in _TOKEN.finditer(labels)]
        firsts = [labels[start] for start, _ in spans]
        if self.sentences and any([text[start] == " " or text[end - 1] == " " for start, end in spans]):
            stripped = [(_stripped(text, *span), first) for span, first in zip(spans, firsts, strict=True)]
            spans = [span for span, _ in stripped if span[0] < span[1]]
            firsts = [first for span, first in stripped if span[0] < span[1]]
        if not spans:
            return []
        begins = [i for i, first in enumerate(firsts) if first in FIRST and i] if self.sentences else []
        sentences = [spans[begin:end] for begin, end in pairwise((0, *begins, len(spans)))]
        return [Cut(sentence, self._multiword(text, labels, sentence)) for sentence in sentences]

    def _multiword(self, text: str, labels: str, spans: Sequence[tuple[int, int]]) -> dict[int, tuple[str, ...]]:
        """Return the words of the multiword tokens of a sentence, by token index."""
        if not _MULTIWORD.search(labels, spans[0][0], spans[-1][1]):
            return {}
        tokens = {}
        for i, (start, end) in enumerate(spans):
            if _MULTIWORD.search(labels, start, end) and (words := self._words(text[start:end], labels[start:end])):
                tokens[i] = words
        return tokens

    def _repaired(self, text: str, labels: str, starts: Iterable[int]) -> str:
        """Return labels that drop no character except spaces and begin words at ``starts``."""
        lost = np.flatnonzero((_codes(labels) == ord("O")) & (_codes(text) != ord(" "))).tolist()
        forced = [start for start in starts if labels[start] not in "SBTM"]
        if not lost and not forced:
            return labels
        repaired = list(labels)
        for i in lost:
            repaired[i] = "I"
        for start in forced:
            repaired[start] = "B"
        return "".join(repaired)

    def _words(self, form: str, labels: str) -> tuple[str, ...]:
        """Return the words of a multiword token; () if it is a single word."""
        if labels[0] in _LISTED:
            return self._listed(form)
        cuts = [0, *(i for i, label in enumerate(labels) if label == "W" and i), len(form)]
        words = tuple(form[start:end].strip() for start, end in zip(cuts[:-1], cuts[1:], strict=True))
        return words if len(words) > 1 and all(words) else ()

    def _listed(self, form: str) -> tuple[str, ...]:
        """Return the words of a form in the inventory, adapted to the form's case if that differs."""
        if form in self.inventory:
            return self.inventory[form]
        words = self._folded.get(form.lower(), ())
        if words and form.isupper() and len(form) > 1:
            return tuple(map(str.upper, words))
        if words and form[0].isupper():
            return words[0][:1].upper() + words[0][1:], *words[1:]
        return words

    @cached_property
    def _folded(self) -> dict[str, tuple[str, ...]]:
        return {form.lower(): tuple(map(str.lower, words)) for form, words in self.inventory.items()}

    def to_record(self) -> dict[str, Any]:
        """Return the segmentation as JSON values."""
        return {"sentences": self.sentences, "inventory": {form: list(words) for form, words in self.inventory.items()}}

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> Segmentation:
        """Invert ``to_record``. Raises ModelFileError if the record is malformed."""
        sentences, inventory = record.get("sentences"), record.get("inventory")
        if not isinstance(sentences, bool) or not isinstance(inventory, dict):
            raise ModelFileError("segmentation: expected sentences (true or false) and an inventory")
        for words in inventory.values():
            if not (isinstance(words, list) and all(isinstance(word, str) for word in words) and _is_listed(words)):
                raise ModelFileError("segmentation: expected a list of words for each form in the inventory")
        return cls(sentences, {form: tuple(words) for form, words in inventory.items()})


def _is_listed(words: Sequence[str]) -> bool:
    """Return whether these words are valid in the inventory."""
    printable = all(word and not any(mark in word for mark in "\t\r\n") for word in words)
    return 0 < len(words) and printable and sum(len(word) + 1 for word in words) <= _MAX_WORDS


def check_labels(labels: Sequence[str]) -> None:
    """Raise ModelFileError if a label is not one of ``LABELS``."""
    unknown = next((label for label in labels if len(label) != 1 or label not in LABELS), None)
    if unknown is not None:
        raise ModelFileError(f"segmentation: expected labels among {' '.join(LABELS)}, found {shown(unknown)}")


def _stripped(text: str, start: int, end: int) -> tuple[int, int]:
    """Return a span without the spaces at its ends."""
    form = text[start:end]
    return start + len(form) - len(form.lstrip()), end - len(form) + len(form.rstrip())


def _codes(text: str) -> NDArray[np.uint32]:
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)


def _labels(words: Iterable[str]) -> str:
    """Return the labels of a sentence written without spaces between words."""
    return "".join(("B" if i else "S") + "I" * (len(word) - 1) for i, word in enumerate(words))


def _multiword(sentence: Sentence) -> dict[int, tuple[str, tuple[str, ...]]]:
    """Return (form, words) of each multiword token, by the index of its first word."""
    return {start: (form, sentence.words[start:end]) for start, (end, form) in multiword_tokens(sentence).items()}
