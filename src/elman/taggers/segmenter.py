"""``Segmenter``: finds words and sentences of raw text by tagging its characters (``elman.tasks.segmentation``).

The input of a character is a window of its neighbours. Text is read in pieces of ``SPAN`` characters, with ``CONTEXT``
more at both ends that overlap the adjacent pieces; a sentence may span any number of pieces.
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
from elman.data.sentence import Sentence, check_words
from elman.data.symbols import raw_text_of
from elman.errors import ConfigError, DataError, ModelFileError
from elman.evaluation.conll18 import Conll18Metric, evaluate
from elman.features.char_windows import BEFORE, BEHIND, RADIUS, middle, windows
from elman.models.file import Tensors
from elman.models.rnn import RecurrentModel
from elman.taggers.base import Predictor
from elman.taggers.batches import whole_sentences
from elman.taggers.column_predictor import ColumnPredictor
from elman.tasks.segmentation import FIRST, Marked, Segmentation, check_labels
from elman.utils.arguments import described
from elman.utils.display import with_signs
from elman.utils.parallel import ordered

TASK = "segment"
COLUMN = "segment"
"""The label column of the characters."""
SPAN = 384
CONTEXT = 32
BATCH = 16_384
"""Characters tagged together, up to the end of a piece."""
TRAINED = 300
"""Approximate number of characters of a piece of training text."""
LONGEST = 200_000
"""Number of characters above which a sentence is ended between two words."""
SETTINGS: dict[str, Any] = {
    "features": "window",
    "hidden": 64,
    "embedding": 32,
    "decoder": "softmax",
    "word_dropout": 0.5,
    "class_weight_power": 0.0,
}
"""Settings of the task, found by experiment (docs/reference/tasks/segmentation.md)."""
FEW = 100_000
"""Characters of training text below which three networks are trained: 0.4 points better, for some seconds."""


def settings_for(preset: str, text: Sequence[Sentence], *, single: bool) -> dict[str, Any]:
    """Return the task's settings for a preset and pieces of training text. ``single``: always one network."""
    if preset == "tutorial":
        return {}
    few = not single and sum(map(len, text)) < FEW
    return SETTINGS | ({"ensemble": 3 if few else 1} if preset == "default" else {})


class _Piece(NamedTuple):
    """Characters to be tagged together.

    ``text``    the characters to be labelled
    ``read``    the text that windows are cut from: ``text`` with ``before`` characters of context before it, some after
                it, and half a window at both ends
    ``starts``  positions in ``text`` where words certainly begin
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
    reads_sentences = False
    reads_raw_text = True
    metric_names = ("Tokens", "Words")
    """The metrics of the CoNLL 2018 task that two models may be compared by."""
    _model: RecurrentModel

    def __init__(self, labels: ColumnPredictor, segmentation: Segmentation) -> None:
        """Take over the model of ``labels``, a recurrent network of one column, which labels windows of characters."""
        about: dict[str, Any] = {"format": labels.format, "data": labels.data, "threads": labels.threads}
        super().__init__(labels._model, targets=labels.targets, **about)
        self.segmentation = segmentation

    @property
    def finds_sentences(self) -> bool:
        """Whether it finds sentences; otherwise each line is one."""
        return self.segmentation.sentences

    @property
    def expects_spaces(self) -> bool:
        """Whether the training text contained spaces."""
        return "O" in self.tags

    def segment(self, text: str) -> list[list[str]]:
        """Return the words of each sentence of a text (of each line, if the model finds no sentences).

        A multiword token is split into its words. Raises DataError if it is no text.
        """
        if not isinstance(text, str):
            raise DataError(f"expected a text, got {described(text)}; sentences() takes lines")
        return [list(sentence.words) for sentence in self.sentences(text.split("\n")) if sentence.words]

    def sentences(self, lines: Iterable[str], *, confidence: bool = False, number: int = 0) -> Iterator[Sentence]:
        """Yield the sentences of raw text as CoNLL-U while it is read, with constant memory.

        A blank line ends a paragraph. If the model finds no sentences, each line is one, blank lines included.

        ``confidence``  write the smallest probability of a word's labels into MISC
        ``number``      number of preceding sentences, for ``sent_id``
        """
        for found in self.drafts(lines, confidence=confidence, number=number):
            yield found.sentence() if found is not None else Sentence((), lines=("\n",), format="text")

    def drafts(
        self, lines: Iterable[str], *, confidence: bool = False, number: int = 0
    ) -> Iterator[ConlluDraft | None]:
        """Yield ``sentences`` without columns; None for a blank line if the model finds no sentences."""
        begun, whole = False, self.segmentation.sentences
        for text, labels, confidences, starts, ends, first in self._labelled(lines, confidence):
            comments = ["# newdoc"] * (not begun) + ["# newpar"] * first if whole else []
            found = self.segmentation.cut(text, labels, starts)
            if not found and not whole:
                yield None
            ended = len(text) if ends else -1  # no SpaceAfter=No at the end of a paragraph
            for spans, words in found:
                number, begun = number + 1, True
                forms = [text[start:end] for start, end in spans]
                if whole:
                    spaces = [end == ended or text[end : end + 1] == " " for _, end in spans]
                    shown = text[spans[0][0] : spans[-1][1]]
                else:
                    spaces = [end == ended or end in starts for _, end in spans]
                    shown = "".join([form + " " * space for form, space in zip(forms, spaces, strict=True)]).rstrip(" ")
                p = [min(confidences[start:end]) for start, end in spans] if confidences else None
                yield draft(SentenceTokens(forms, spaces, words, p), shown, [*comments, f"# sent_id = {number}"])
                comments = []

    def evaluate_text(self, gold: Sequence[Sentence]) -> dict[str, Conll18Metric]:
        """Rebuild the raw text of gold sentences, segment it and compare: metrics of the CoNLL 2018 task.

        If the model finds no sentences: only ``Words``, line by line. Raises DataError if gold has no words,
        ConfigError if the model finds sentences and gold has none.
        """
        sentences, lines = self.gold_lines(gold)
        if not self.segmentation.sentences:
            return {"Words": self._words(list(self.segmentation.marked(sentences)))}
        metrics = evaluate(sentences, self.sentences(lines))
        return {name: metrics[name] for name in ("Tokens", "Sentences", "Words")}

    def gold_lines(self, gold: Sequence[Sentence]) -> tuple[list[Sentence], Iterator[str]]:
        """Return the gold sentences with words, and their raw text. Raises as ``evaluate_text`` does."""
        sentences = list(self._gold(gold))
        if not sentences:
            raise DataError("nothing to evaluate: no words in gold")
        return sentences, (line for marked in self.segmentation.marked(sentences) for line in (marked.text, ""))

    def inputs_of_text(self, text: str) -> list[str]:
        """Return the inputs of the model for a text: a window for each character."""
        return windows(self.segmentation.text(text))

    def inputs_of(self, sentence: Sentence) -> list[str]:
        """Return the inputs of the model for the raw text of a sentence."""
        space = " " if self.expects_spaces else ""
        return self.inputs_of_text(raw_text_of(sentence) or space.join(sentence.words))

    def shown_inputs(self, inputs: Sequence[str]) -> list[str]:
        """Return the characters in the middle of windows, with signs for the invisible ones."""
        return with_signs(map(middle, inputs))

    def examples(self, sentences: Iterable[Sentence], column: str = COLUMN) -> Iterator[tuple[list[str], list[str]]]:
        """Yield the character windows and labels of each piece of gold text. Raises DataError with the line."""
        for marked in self.segmentation.marked(self._gold(sentences)):
            yield from ((list(piece.words), list(piece.columns[column])) for piece in pieces([marked]))

    def _gold(self, sentences: Iterable[Sentence]) -> Iterator[Sentence]:
        """Yield the sentences with words. Raises ConfigError if the model finds sentences and gold has none."""
        for sentence in whole_sentences(sentences):
            if sentence.words and self.segmentation.sentences and sentence.format != "conllu":
                where = sentence.path or "gold"
                raise ConfigError(f"{where}: expected conllu, by which this model was trained; it is {sentence.format}")
            if sentence.words:
                yield sentence

    def describe(self) -> dict[str, Any]:
        """Return a description of model and training data as JSON values."""
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
        correct = n_gold = n_predicted = 0
        lines = self._labelled((marked.text for marked in gold), False)
        for marked, (text, labels, _, starts, _, _) in zip(gold, lines, strict=True):
            cuts = [self.segmentation.cut(text, each, starts) for each in (marked.labels, labels)]
            gold_spans, spans = ({span for found in cut for span in found.spans} for cut in cuts)
            correct += len(gold_spans & spans)
            n_gold, n_predicted = n_gold + len(gold_spans), n_predicted + len(spans)
        return Conll18Metric(correct, n_gold, n_predicted, None)

    def _labelled(
        self, lines: Iterable[str], confidence: bool
    ) -> Iterator[tuple[str, str, list[float], list[int], bool, bool]]:
        """Yield some whole sentences at a time: text, labels, their probabilities, certain word starts, whether a
        paragraph ends after the text, and whether one begins with it.
        """
        text, labels, first = "", "", True
        confidences: list[float] = []
        starts: list[int] = []
        for piece, piece_labels, p in self._tagged(lines, confidence):
            starts += [len(text) + start for start in piece.starts]
            old = len(text)
            text, labels = text + piece.text, labels + piece_labels
            confidences += p
            cut = len(text) if piece.ends else self._whole(labels, old)
            if cut or piece.ends:
                yield text[:cut], labels[:cut], confidences[:cut], starts, piece.ends, first
                text, labels, confidences = text[cut:], labels[cut:], confidences[cut:]
                starts, first = [], piece.ends

    def _whole(self, labels: str, old: int) -> int:
        """Return the end of the last whole sentence; labels before ``old`` begin no sentence but the first."""
        if not self.segmentation.sentences:
            return 0
        end = max(labels.rfind(label, old) for label in FIRST)
        if end < 1 and len(labels) > LONGEST:
            end = max(map(labels.rfind, "BM"))
            if end < 1:  # a model that begins no word: at the last space, or anywhere
                end = labels.rfind("O") + 1 or len(labels)
        return max(end, 0)

    def _tagged(self, lines: Iterable[str], confidence: bool) -> Iterator[tuple[_Piece, str, list[float]]]:
        """Yield pieces with the labels of their text and, with ``confidence``, their probabilities."""
        batches = ordered(lambda batch: self._of_pieces(batch, confidence), _batches(self._pieces(lines)), self.threads)
        return chain.from_iterable(batches)

    def _of_pieces(self, batch: Sequence[_Piece], confidence: bool) -> list[tuple[_Piece, str, list[float]]]:
        ids, p = self._model.best_of_windows([piece.read for piece in batch], sure=confidence)
        labels = self._letters[ids].tobytes().decode("ascii")
        confidences = [] if p is None else p.tolist()
        tagged, offset = [], 0
        for piece in batch:
            start = offset + piece.before
            end = start + len(piece.text)
            tagged.append((piece, labels[start:end], confidences[start:end]))
            offset += len(piece.read) - 2 * RADIUS
        return tagged

    @cached_property
    def _letters(self) -> NDArray[np.uint8]:
        """The labels in the order of their ids."""
        return np.frombuffer("".join(self.tags).encode("ascii"), np.uint8)

    def _pieces(self, lines: Iterable[str]) -> Iterator[_Piece]:
        lines = _texts(lines)
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
        text, at = "", 0  # the paragraph's text that is still needed, and the position up to which it is cut
        for line in lines:
            normalized = read(line)
            if normalized:
                text += f" {normalized}" if text else normalized
                while len(text) - at > SPAN + CONTEXT + RADIUS:
                    yield _piece(text, at, at + SPAN, ends=False)
                    at += SPAN
                    dropped = max(0, at - CONTEXT - RADIUS)
                    text, at = text[dropped:], at - dropped
            elif text:
                yield _piece(text, at, len(text), ends=True)
                text, at = "", 0
        if text:
            yield _piece(text, at, len(text), ends=True)


def _texts(lines: Iterable[str]) -> Iterator[str]:
    """Yield the lines. Raises DataError if they are none."""
    if isinstance(lines, str | bytes) or not isinstance(lines, Iterable):
        raise DataError(f"expected lines of text, got {described(lines)}; segment() takes a text")
    for line in lines:
        if not isinstance(line, str):
            raise DataError(f"expected lines of text, got {described(line)} among them")
        check_words((line,))
        yield line


def _cut_up(text: str, starts: Sequence[int]) -> Iterator[_Piece]:
    """Yield the pieces of a line."""
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
    """Yield lists of pieces that are tagged together."""
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


def pieces(marked: Iterable[Marked]) -> list[Sentence]:
    """Return training text as sentences whose words are character windows, with the label column ``COLUMN``.

    Long text is cut where a word begins; windows at a cut still contain the neighbouring characters.
    """
    sentences = []
    for text, labels in marked:
        units = windows(text)
        start = 0
        while start < len(text):
            end = min(len(text), start + TRAINED)
            if end < len(text):
                at = max(labels.rfind(label, start + TRAINED // 2, end) for label in "SBTM")
                end = at if at > 0 else end
            sentences.append(Sentence(tuple(units[start:end]), {COLUMN: tuple(labels[start:end])}))
            start = end
    return sentences
