"""Raw text to words and sentences: a tagger of characters, and what its labels stand for (``tasks.segmentation``).

A character is tagged with its neighbours. Text is read in pieces of ``SPAN`` characters, each with ``CONTEXT`` more at
both ends that are tagged again with the next one; a sentence may run through any number of pieces.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import chain
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from elman.data.formats.conllu_builder import ConlluDraft, SentenceTokens, draft
from elman.data.sentence import Sentence
from elman.errors import ConfigError, DataError, ModelFileError
from elman.evaluation.conll18 import Conll18Metric, evaluate
from elman.features.char_windows import BEFORE, BEHIND, RADIUS, windows
from elman.models.file import Tensors
from elman.models.rnn import RecurrentModel
from elman.taggers.base import Predictor
from elman.taggers.columns import ColumnPredictor
from elman.tasks.segmentation import FIRST, Marked, Segmentation, check_labels
from elman.utils.parallel import ordered

TASK = "segment"
COLUMN = "segment"
"""The label column of the characters."""
SPAN = 384
CONTEXT = 32
BATCH = 16_384
"""Characters that are tagged together, or a piece more."""
TRAINED = 300
"""Characters of a piece of training text, about."""
LONGEST = 200_000
"""Characters of a sentence from which on it is ended between two words."""
SETTINGS: dict[str, Any] = {
    "features": "window",
    "hidden": 64,
    "embedding": 32,
    "decoder": "softmax",
    "word_dropout": 0.5,
    "class_weight_power": 0.0,
}
"""Settings of the task, by experiment (docs/segmentation.md)."""
FEW = 100_000
"""Characters of training text below which three networks, 0.4 points better, cost seconds."""


def settings_for(preset: str, text: Sequence[Sentence], *, single: bool) -> dict[str, Any]:
    """What the task changes in a preset, for pieces of training text. ``single``: one network, whatever the text."""
    if preset == "tutorial":
        return {}
    few = not single and sum(map(len, text)) < FEW
    return SETTINGS | ({"ensemble": 3 if few else 1} if preset == "default" else {})


class _Piece(NamedTuple):
    """Characters to be tagged together.

    ``text``    those whose labels are wanted
    ``read``    what their windows are cut from: ``before`` others with windows of their own in front of them, some
                behind, and half a window at both ends
    ``starts``  where words begin in any case, in ``text``
    ``ends``    whether the paragraph or line ends here
    """

    text: str
    read: str
    before: int
    starts: Sequence[int]
    ends: bool


class Segmenter(Predictor):
    """Finds the words and sentences of raw text, by labels of its characters."""

    task = TASK
    _model: RecurrentModel

    def __init__(self, labels: ColumnPredictor, segmentation: Segmentation) -> None:
        """Take over the model of ``labels``, a recurrent network of one column, which labels windows of characters."""
        about: dict[str, Any] = {"format": labels.format, "data": labels.data, "threads": labels.threads}
        super().__init__(labels._model, targets=labels.targets, **about)
        self.segmentation = segmentation

    @property
    def finds_sentences(self) -> bool:
        """Whether it finds sentences, too; else a line is one."""
        return self.segmentation.sentences

    @property
    def expects_spaces(self) -> bool:
        """Whether there were spaces in the text it learned from."""
        return "O" in self.tags

    def segment(self, text: str) -> list[list[str]]:
        """The words of each sentence of a text (of each line, if the model knows no sentences).

        A multiword token stands there as its words.
        """
        return [list(sentence.words) for sentence in self.sentences(text.split("\n")) if sentence.words]

    def sentences(self, lines: Iterable[str], *, confidence: bool = False, number: int = 0) -> Iterator[Sentence]:
        """The sentences of raw text as CoNLL-U, one by one as it is read; memory does not grow with it.

        A blank line ends a paragraph. Of a model that knows no sentences each line is one, blank ones among them.
        ``confidence``: the smallest probability of a word's labels stands in MISC. ``number``: sentences before them.
        """
        for one in self.drafts(lines, confidence=confidence, number=number):
            yield one.sentence() if one is not None else Sentence((), lines=("\n",), format="text")

    def drafts(
        self, lines: Iterable[str], *, confidence: bool = False, number: int = 0
    ) -> Iterator[ConlluDraft | None]:
        """``sentences`` before they have columns; None for a blank line, of a model that knows no sentences."""
        begun, whole = False, self.segmentation.sentences
        for text, labels, sure, starts, ends, first in self._labelled(lines, confidence):
            comments = ["# newdoc"] * (not begun) + ["# newpar"] * first if whole else []
            found = self.segmentation.cut(text, labels, starts)
            if not found and not whole:
                yield None
            ended = len(text) if ends else -1  # nothing is missing behind the last word of a paragraph
            for spans, words in found:
                number, begun = number + 1, True
                forms = [text[start:end] for start, end in spans]
                if whole:
                    spaces = [end == ended or text[end : end + 1] == " " for _, end in spans]
                    shown = text[spans[0][0] : spans[-1][1]]
                else:
                    spaces = [end == ended or end in starts for _, end in spans]
                    shown = "".join([form + " " * space for form, space in zip(forms, spaces, strict=True)]).rstrip(" ")
                p = [min(sure[start:end]) for start, end in spans] if sure else None
                yield draft(SentenceTokens(forms, spaces, words, p), shown, [*comments, f"# sent_id = {number}"])
                comments = []

    def evaluate_text(self, gold: Sequence[Sentence]) -> dict[str, Conll18Metric]:
        """Rebuild the raw text of gold sentences, segment it and compare: metrics of the CoNLL 2018 task.

        Of a model that knows no sentences: ``Words`` alone, of each line. Raises DataError: no words in gold;
        ConfigError: gold without sentences where the model finds them.
        """
        some, lines = self.gold_lines(gold)
        if not self.segmentation.sentences:
            return {"Words": self._words(list(self.segmentation.marked(some)))}
        metrics = evaluate(some, self.sentences(lines))
        return {name: metrics[name] for name in ("Tokens", "Sentences", "Words")}

    def gold_lines(self, gold: Sequence[Sentence]) -> tuple[list[Sentence], Iterator[str]]:
        """The gold sentences with words, and their raw text. Raises as ``evaluate_text`` does."""
        some = list(self._gold(gold))
        if not some:
            raise DataError("nothing to evaluate: no words in gold")
        return some, (line for marked in self.segmentation.marked(some) for line in (marked.text, ""))

    def reads(self, text: str) -> list[str]:
        """The characters of a text with their neighbours, as ``networks`` read them."""
        return windows(self.segmentation.text(text))

    def lessons(self, sentences: Iterable[Sentence]) -> Iterator[tuple[list[str], list[str]]]:
        """Of each piece of the text of gold sentences the same, and the labels. Raises DataError with the line."""
        for marked in self.segmentation.marked(self._gold(sentences)):
            yield from ((list(one.words), list(one.columns[COLUMN])) for one in pieces([marked]))

    def _gold(self, sentences: Iterable[Sentence]) -> Iterator[Sentence]:
        """The sentences with words. Raises ConfigError for some without sentences where the model finds them."""
        for one in sentences:
            if one.words and self.segmentation.sentences and one.format != "conllu":
                where = one.path or "gold"
                raise ConfigError(f"{where}: expected conllu, by which this model was trained; it is {one.format}")
            if one.words:
                yield one

    def describe(self) -> dict[str, Any]:
        """Return what it is and what it was trained on, as JSON values."""
        facts = {"sentences": self.segmentation.sentences, "inventory": len(self.segmentation.inventory)}
        return {**super().describe(), "segmentation": facts}

    def _task_record(self) -> dict[str, Any]:
        return {"name": TASK, "segmentation": self.segmentation.to_record()}

    @classmethod
    def from_record(cls, record: Mapping[str, Any], tensors: Tensors, *, threads: int = 1) -> Self:
        """Return the inverse of ``to_record``. Raises ModelFileError if the record is malformed."""
        found = record["task"].get("segmentation")
        segmentation = Segmentation.from_record(found if isinstance(found, dict) else {})
        labels = ColumnPredictor.from_record(record, tensors, threads=threads)
        if labels.kind != "rnn" or len(labels.targets) != 1 or labels.text_targets:
            raise ModelFileError("task segment: expected a recurrent network with one column of labels")
        check_labels(labels.tags)
        return cls(labels, segmentation)

    def _content(self) -> str:
        return "words and sentences" if self.finds_sentences else "words"

    def _words(self, gold: Sequence[Marked]) -> Conll18Metric:
        right = there = given = 0
        lines = self._labelled((marked.text for marked in gold), False)
        for marked, (text, labels, _, starts, _, _) in zip(gold, lines, strict=True):
            sides = [self.segmentation.cut(text, own, starts) for own in (marked.labels, labels)]
            one, other = ({span for cut in side for span in cut.spans} for side in sides)
            right, there, given = right + len(one & other), there + len(one), given + len(other)
        return Conll18Metric(right, there, given, None)

    def _labelled(
        self, lines: Iterable[str], confidence: bool
    ) -> Iterator[tuple[str, str, list[float], list[int], bool, bool]]:
        """Whole sentences, some at a time: text, labels, probabilities of these, starts, whether a paragraph ends.

        And whether one begins.
        """
        text, labels, first = "", "", True
        sure: list[float] = []
        starts: list[int] = []
        for piece, own, p in self._tagged(lines, confidence):
            starts += [len(text) + start for start in piece.starts]
            old = len(text)
            text, labels = text + piece.text, labels + own
            sure += p
            cut = len(text) if piece.ends else self._whole(labels, old)
            if cut or piece.ends:
                yield text[:cut], labels[:cut], sure[:cut], starts, piece.ends, first
                text, labels, sure, starts, first = text[cut:], labels[cut:], sure[cut:], [], piece.ends

    def _whole(self, labels: str, old: int) -> int:
        """Up to where sentences are whole, of labels of which those up to ``old`` begin none but the first."""
        if not self.segmentation.sentences:
            return 0
        found = max(labels.rfind(label, old) for label in FIRST)
        if found < 1 and len(labels) > LONGEST:
            found = max(map(labels.rfind, "BM"))
        return max(found, 0)

    def _tagged(self, lines: Iterable[str], confidence: bool) -> Iterator[tuple[_Piece, str, list[float]]]:
        """Pieces with the labels of their text and, if wanted, the probabilities of these."""
        batches = ordered(lambda some: self._of_pieces(some, confidence), _batches(self._pieces(lines)), self.threads)
        return chain.from_iterable(batches)

    def _of_pieces(self, some: Sequence[_Piece], confidence: bool) -> list[tuple[_Piece, str, list[float]]]:
        ids, p = self._model.best_of_windows([piece.read for piece in some], sure=confidence)
        labels = self._letters[ids].tobytes().decode("ascii")
        sure = [] if p is None else p.tolist()
        found, begin = [], 0
        for piece in some:
            at = begin + piece.before
            end = at + len(piece.text)
            found.append((piece, labels[at:end], sure[at:end]))
            begin += len(piece.read) - 2 * RADIUS
        return found

    @cached_property
    def _letters(self) -> NDArray[np.uint8]:
        """The labels in the order of their ids."""
        return np.frombuffer("".join(self.tags).encode("ascii"), np.uint8)

    def _pieces(self, lines: Iterable[str]) -> Iterator[_Piece]:
        read = self.segmentation.text
        if not self.segmentation.sentences:
            for line in lines:
                parts = [part for part in map(read, re.split("[ \t\r\n]+", line)) if part]
                starts, at = [], 0
                for part in parts:
                    starts.append(at)
                    at += len(part)
                yield from _cut_up("".join(parts), starts)
            return
        text, at = "", 0  # of the paragraph, what may still be read; up to where it is in pieces
        for line in lines:
            own = read(line)
            if own:
                text += f" {own}" if text else own
                while len(text) - at > SPAN + CONTEXT + RADIUS:
                    yield _piece(text, at, at + SPAN, ends=False)
                    at += SPAN
                    gone = max(0, at - CONTEXT - RADIUS)
                    text, at = text[gone:], at - gone
            elif text:
                yield _piece(text, at, len(text), ends=True)
                text, at = "", 0
        if text:
            yield _piece(text, at, len(text), ends=True)


def _cut_up(text: str, starts: Sequence[int]) -> Iterator[_Piece]:
    """A line in pieces."""
    for at in range(0, max(len(text), 1), SPAN):
        end = min(at + SPAN, len(text))
        piece = _piece(text, at, end, ends=end == len(text))
        yield piece._replace(starts=[start - at for start in starts if at <= start < end])


def _piece(text: str, start: int, end: int, *, ends: bool) -> _Piece:
    first, last = max(0, start - CONTEXT), min(len(text), end + CONTEXT)
    read = (
        BEFORE * (RADIUS - first) + text[max(0, first - RADIUS) : last + RADIUS] + BEHIND * (last + RADIUS - len(text))
    )
    return _Piece(text[start:end], read, start - first, (), ends)


def _batches(pieces: Iterable[_Piece]) -> Iterator[list[_Piece]]:
    """What is tagged together."""
    batch: list[_Piece] = []
    size = 0
    for piece in pieces:
        batch.append(piece)
        size += len(piece.read)
        if size >= BATCH:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def pieces(some: Iterable[Marked]) -> list[Sentence]:
    """Training text: sentences whose words are windows, in the label column ``COLUMN``.

    Longer text is cut where a word begins; the windows at both ends show what is there.
    """
    found = []
    for text, labels in some:
        units = windows(text)
        start = 0
        while start < len(text):
            end = min(len(text), start + TRAINED)
            if end < len(text):
                at = max(labels.rfind(label, start + TRAINED // 2, end) for label in "SBTM")
                end = at if at > 0 else end
            found.append(Sentence(tuple(units[start:end]), {COLUMN: tuple(labels[start:end])}))
            start = end
    return found
