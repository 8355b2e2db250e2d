"""Words and sentences of raw text, as one label a character.

    S  begins the first word of a sentence      T  the same, of a multiword token that the inventory takes apart
    B  begins another word                      M  the same, of a multiword token that the inventory takes apart
    I  goes on in it                            W  begins a further word of the same token (do|n't)
    O  a space between words

Text is learned from CoNLL-U, as the CoNLL 2018 task rebuilt it: tokens with a space behind each that has no
``SpaceAfter=No``, also behind the last one of a sentence; a new paragraph at ``newdoc`` and ``newpar`` alone. From
any other file, a list of words, it is the words of each sentence without anything between them: then a line is a
sentence, and spaces always part words.
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

from elman.data.conllu_tokens import multiword_tokens
from elman.data.formats.lines import LINE_END, is_blank
from elman.data.sentence import Sentence, error_at
from elman.errors import ModelFileError
from elman.utils.display import shown

_TOKEN = re.compile(r"([STBM]|[WI])[WI]*")
LABELS = "BIMOSTW"
FIRST = "ST"
"""Labels that begin a sentence."""
_LISTED = "TM"  # of the inventory
_LONGEST = 1_000  # characters of the words of a multiword token, with one for each word
_MULTIWORD = re.compile("[TMW]")
_NO_SPACE = "SpaceAfter=No"
_PARAGRAPH = re.compile(r"#\s*new(doc|par)\b")
_GAPS = re.compile(r"[ \t\r\n]+")


class Marked(NamedTuple):
    """A text and the label of each of its characters."""

    text: str
    labels: str


class Cut(NamedTuple):
    """A sentence of a text.

    ``spans``  the first character of each token, and the one behind it
    ``words``  by the index of multiword tokens, their words
    """

    spans: Sequence[tuple[int, int]]
    words: Mapping[int, tuple[str, ...]]


@dataclass(frozen=True)
class Segmentation:
    """How words and sentences become labels of characters, and back.

    ``sentences``   whether sentences are found, too; else a line is one
    ``inventory``   multiword tokens whose words do not make up their form, and these words (Welsh, German ``zum``)
    """

    sentences: bool
    inventory: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @classmethod
    def of(cls, sentences: Iterable[Sentence]) -> Segmentation:
        """What training sentences teach, whose format says whether there are more than words."""
        counts: dict[str, Counter[tuple[str, ...]]] = {}
        found = False
        for sentence in sentences:
            if sentence.format != "conllu":
                continue
            found = True
            if sentence.words:
                for form, words in _multiword(sentence).values():
                    if "".join(words) != form:
                        counts.setdefault(form, Counter())[words] += 1
        best = {form: max(sorted(some), key=lambda words: some[words]) for form, some in sorted(counts.items())}
        return cls(found, {form: words for form, words in best.items() if _is_listed(words)})

    def text(self, raw: str) -> str:
        """A paragraph or line as it is read: white space as single spaces, or in a list of words without any."""
        return " ".join(raw.split()) if self.sentences else _GAPS.sub("", raw)

    def marked(self, sentences: Iterable[Sentence]) -> Iterator[Marked]:
        """Training sentences as texts, one a paragraph or one a line.

        Raises DataError with the line: a word of nothing but white space, where sentences are found, too.
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
                own, space_after = self._conllu(sentence)
                text += space + own.text
                labels += "O" * len(space) + own.labels
                space = space_after
        if text:
            yield Marked(text, labels)

    def _conllu(self, sentence: Sentence) -> tuple[Marked, str]:
        """The text of a sentence, and what stands between it and the next one."""
        multiword = _multiword(sentence)
        miscs = _miscs(sentence)
        texts, labels, space = [], [], ""
        i = 0
        while i < len(sentence.words):
            if i in multiword:
                form, words = multiword[i]
                whole = "".join(words) == form
                own = _labels(words).replace("B", "W") if whole else "M" + "I" * (len(form) - 1)
                behind, end = miscs[i], i + len(words)
            else:
                form = self.text(sentence.words[i])
                if not form:
                    raise error_at(sentence, i, "FORM (column 2) is nothing but spaces")
                own, behind, end = "B" + "I" * (len(form) - 1), miscs[i], i + 1
            own = ("B" + own[1:]) if own[0] == "S" else own
            texts += [space, form]
            labels += ["O" * len(space), own if i else {"B": "S", "M": "T"}[own[0]] + own[1:]]
            space = "" if _NO_SPACE in behind.split("|") else " "
            i = end
        return Marked("".join(texts), "".join(labels)), space

    def cut(self, text: str, labels: str, starts: Iterable[int] = ()) -> list[Cut]:
        """The sentences of a text. Words begin at ``starts``, whatever the labels say."""
        labels = self._mended(text, labels, starts)
        spans = [match.span() for match in _TOKEN.finditer(labels)]
        firsts = [labels[start] for start, _ in spans]
        if self.sentences and any([text[start] == " " or text[end - 1] == " " for start, end in spans]):
            bare = [(_bare(text, *span), first) for span, first in zip(spans, firsts, strict=True)]
            spans = [span for span, _ in bare if span[0] < span[1]]
            firsts = [first for span, first in bare if span[0] < span[1]]
        if not spans:
            return []
        begins = [i for i, first in enumerate(firsts) if first in FIRST and i] if self.sentences else []
        found = [spans[begin:end] for begin, end in pairwise((0, *begins, len(spans)))]
        return [Cut(own, self._multiword(text, labels, own)) for own in found]

    def _multiword(self, text: str, labels: str, spans: Sequence[tuple[int, int]]) -> dict[int, tuple[str, ...]]:
        """The words of the multiword tokens of a sentence, by their indices."""
        if not _MULTIWORD.search(labels, spans[0][0], spans[-1][1]):
            return {}
        found = {}
        for i, (start, end) in enumerate(spans):
            if _MULTIWORD.search(labels, start, end) and (words := self._words(text[start:end], labels[start:end])):
                found[i] = words
        return found

    def _mended(self, text: str, labels: str, starts: Iterable[int]) -> str:
        """Labels by which no character is lost but spaces, and words begin where they have to."""
        lost = np.flatnonzero((_codes(labels) == ord("O")) & (_codes(text) != ord(" "))).tolist()
        forced = [at for at in starts if labels[at] not in "SBTM"]
        if not lost and not forced:
            return labels
        mended = list(labels)
        for i in lost:
            mended[i] = "I"
        for at in forced:
            mended[at] = "B"
        return "".join(mended)

    def _words(self, form: str, labels: str) -> tuple[str, ...]:
        """The words of a multiword token; none if it is a word."""
        if labels[0] in _LISTED:
            return self._listed(form)
        cuts = [0, *(i for i, label in enumerate(labels) if label == "W" and i), len(form)]
        words = tuple(form[start:end].strip() for start, end in zip(cuts[:-1], cuts[1:], strict=True))
        return words if len(words) > 1 and all(words) else ()

    def _listed(self, form: str) -> tuple[str, ...]:
        """The words of a form in the inventory; of one that is written otherwise there, in its letters' case."""
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
        """JSON values."""
        return {"sentences": self.sentences, "inventory": {form: list(words) for form, words in self.inventory.items()}}

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> Segmentation:
        """The inverse of ``to_record``. Raises ModelFileError where the record is not such a one."""
        sentences, inventory = record.get("sentences"), record.get("inventory")
        if not isinstance(sentences, bool) or not isinstance(inventory, dict):
            raise ModelFileError("segmentation: expected whether there are sentences, and an inventory")
        for words in inventory.values():
            if not (isinstance(words, list) and all(isinstance(word, str) for word in words) and _is_listed(words)):
                raise ModelFileError("segmentation: expected a list of words for each form of the inventory")
        return cls(sentences, {form: tuple(words) for form, words in inventory.items()})


def _is_listed(words: Sequence[str]) -> bool:
    """Whether these are words that a form of the inventory can have."""
    whole = all(word and not any(mark in word for mark in "\t\r\n") for word in words)
    return 0 < len(words) and whole and sum(len(word) + 1 for word in words) <= _LONGEST


def check_labels(labels: Sequence[str]) -> None:
    """Raise ModelFileError for labels of characters that training does not give."""
    other = next((label for label in labels if len(label) != 1 or label not in LABELS), None)
    if other is not None:
        raise ModelFileError(f"segmentation: expected labels among {' '.join(LABELS)}, found {shown(other)}")


def _bare(text: str, start: int, end: int) -> tuple[int, int]:
    """A span without the spaces at its ends."""
    form = text[start:end]
    return start + len(form) - len(form.lstrip()), end - len(form) + len(form.rstrip())


def _codes(text: str) -> NDArray[np.uint32]:
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)


def _labels(words: Iterable[str]) -> str:
    """Those of the words of a sentence without anything between them."""
    return "".join(("B" if i else "S") + "I" * (len(word) - 1) for i, word in enumerate(words))


def _multiword(sentence: Sentence) -> dict[int, tuple[str, tuple[str, ...]]]:
    """Index of the first word -> (form, words), of each multiword token of CoNLL-U."""
    return {start: (form, sentence.words[start:end]) for start, (end, form) in multiword_tokens(sentence).items()}


def _miscs(sentence: Sentence) -> dict[int, str]:
    """MISC of each token, by the index of its first word: of a multiword token that of its own line."""
    miscs = dict(enumerate(sentence.columns["misc"]))
    behind = dict(zip(sentence.rows, range(len(sentence.rows)), strict=True))
    for row, line in enumerate(sentence.lines):
        if row not in behind and line[0] != "#" and not is_blank(line):
            fields = line.rstrip(LINE_END).split("\t")
            first, dash, _ = fields[0].partition("-")
            if dash:
                miscs[int(first) - 1] = fields[-1]
    return miscs
