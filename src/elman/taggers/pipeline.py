"""``Pipeline``: raw text to full CoNLL-U, with one network for sentences and words and one for all columns."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Self

from elman.data.formats.conllu_builder import ConlluDraft
from elman.data.sentence import Sentence
from elman.errors import ModelFileError
from elman.evaluation.conll18 import Conll18Metric, evaluate
from elman.models.file import Tensors
from elman.taggers.segmenter import Segmenter
from elman.taggers.structured import EncodedTagger
from elman.utils.display import shown

TASK = "pipeline"
SEGMENT, WORDS = "segment.", "words."
"""Prefixes of the names of both networks' tensors."""
_Columns = Mapping[str, Sequence[str]]
_Confidences = Mapping[str, Sequence[float]]
_METRICS = {"upos": "UPOS", "xpos": "XPOS", "feats": "UFeats", "lemma": "Lemmas", "head": "UAS", "deprel": "LAS"}
_ALL_TAGS = {"upos", "xpos", "feats"}
_OF_TREES = ("CLAS", "MLAS", "BLEX")


class Pipeline(EncodedTagger):
    """Finds sentences and words of raw text with a ``segmenter``, and predicts their columns with ``words``.

    ``sentences`` does both. For text that is split into words already, it is an ``EncodedTagger``.
    """

    task = TASK
    reads_raw_text = True

    def __init__(self, segmenter: Segmenter, words: EncodedTagger) -> None:
        super().__init__(words, words.encoding, TASK)
        self.segmenter, self.words = segmenter, words

    def uncalibrated(self) -> Self:
        """Return a copy with all ``temperatures`` of both networks 1."""
        return type(self)(self.segmenter.uncalibrated(), self.words.uncalibrated())

    def about(self, *, format: str, **data: Any) -> Self:
        """Return a copy with another ``format`` and updated facts in ``data``, for both networks."""
        return type(self)(self.segmenter.about(format=format, **data), self.words.about(format=format, **data))

    @property
    def interrupted(self) -> bool:
        """Whether the training of one of its networks was interrupted by Ctrl-C."""
        return super().interrupted or self.segmenter.interrupted

    @property
    def finds_sentences(self) -> bool:
        """Whether it finds sentences: always."""
        return True

    @property
    def expects_spaces(self) -> bool:
        """Whether the training text contained spaces."""
        return self.segmenter.expects_spaces

    def sentences(self, lines: Iterable[str], *, confidence: bool = False, number: int = 0) -> Iterator[Sentence]:
        """Yield the sentences of raw text while it is read, with their columns; see ``Segmenter.sentences``.

        ``confidence``: write the probability of each column's value into MISC, not that of the word's boundaries.
        """
        if confidence:
            for draft, columns, confidences in self.drafts(lines, number=number):
                yield draft.with_confidences(confidences).sentence(columns)
            return
        waiting: deque[ConlluDraft] = deque()
        for columns in self.pipe(self._words_of_drafts(lines, number, waiting), columns=self.targets):
            yield waiting.popleft().sentence(columns)

    def drafts(self, lines: Iterable[str], *, number: int = 0) -> Iterator[tuple[ConlluDraft, _Columns, _Confidences]]:
        """Yield the sentences of raw text, with the values of their columns and the confidences of these."""
        waiting: deque[ConlluDraft] = deque()
        words = self._words_of_drafts(lines, number, waiting)
        for predicted in self.pipe(words, confidence=True, columns=self.targets):
            columns, confidences = ({name: pair[i] for name, pair in predicted.items()} for i in range(2))
            yield waiting.popleft(), columns, confidences

    def _words_of_drafts(
        self, lines: Iterable[str], number: int, waiting: deque[ConlluDraft]
    ) -> Iterator[Sequence[str]]:
        """Yield the words of each sentence while it is appended to ``waiting``: segmented, but not tagged yet."""
        for draft in self.segmenter.drafts(lines, number=number):
            if draft is not None:
                waiting.append(draft)
                yield draft.words

    def tokenize(self, text: str) -> list[list[str]]:
        """Return the words of each sentence of raw text, as ``segmenter`` finds them; ``predict`` takes them."""
        return self.segmenter.segment(text)

    def evaluate_text(self, gold: Sequence[Sentence]) -> dict[str, Conll18Metric]:
        """Rebuild the raw text of gold CoNLL-U sentences, parse it and compare: metrics of the CoNLL 2018 task.

        Metrics of columns that the model does not predict are left out. Raises DataError if gold has no words.
        """
        sentences, lines = self.gold_lines(gold)
        metrics, names = evaluate(sentences, self.sentences(lines)), self.metric_names
        return {name: metric for name, metric in metrics.items() if name in names}

    def gold_lines(self, gold: Sequence[Sentence]) -> tuple[list[Sentence], Iterator[str]]:
        """Return the gold sentences with words, and their raw text, as ``Segmenter.gold_lines`` does."""
        return self.segmenter.gold_lines(gold)

    @property
    def metric_names(self) -> tuple[str, ...]:
        """The metrics of the CoNLL 2018 task that are about what the model predicts."""
        names = ["Tokens", "Sentences", "Words", *(_METRICS[name] for name in self.targets)]
        names += ["AllTags"] if set(self.targets) >= _ALL_TAGS else []
        return (*names, *(_OF_TREES if "head" in self.targets else ()))

    def choose_precision(self, precision: str) -> None:
        """Set ``precision`` of both networks. Raises ConfigError as ``load`` does."""
        self.segmenter.choose_precision(precision)
        super().choose_precision(precision)

    def describe(self) -> dict[str, Any]:
        """Return a description as JSON values; that of the segmenter is under ``segment``."""
        return {**super().describe(), "segment": self.segmenter.describe()}

    def to_record(self) -> tuple[dict[str, Any], Tensors]:
        """Return configuration (JSON values) and tensors, as stored in the model file."""
        parts: dict[str, Any] = {}
        tensors: Tensors = {}
        for key, prefix, part in (("segment", SEGMENT, self.segmenter), ("words", WORDS, self.words)):
            parts[key], part_tensors = part.to_record()
            tensors |= {prefix + name: tensor for name, tensor in part_tensors.items()}
        return {"task": {"name": TASK, **parts}}, tensors

    @classmethod
    def from_record(cls, record: Mapping[str, Any], tensors: Tensors, *, threads: int = 1) -> Self:
        """Return the inverse of ``to_record``, each network from its own part of the tensors.

        Raises ModelFileError if the record is malformed.
        """
        parts: list[Any] = []
        for key, prefix, name in (("segment", SEGMENT, Segmenter.task), ("words", WORDS, TASK)):
            part = record["task"].get(key)
            task = part.get("task") if isinstance(part, dict) else None
            if not isinstance(task, dict) or task.get("name") != name:
                raise ModelFileError(f"task pipeline: expected a model of the task {name} as its part {key}")
            of_part = {name.removeprefix(prefix): w for name, w in tensors.items() if name.startswith(prefix)}
            parts.append((part, of_part))
        unexpected = next((name for name in tensors if not name.startswith((SEGMENT, WORDS))), None)
        if unexpected is not None:
            raise ModelFileError(f"task pipeline: expected tensors of its two parts, found {shown(unexpected)}")
        words = EncodedTagger.from_record(*parts[1], threads=threads)
        sets = words.tag_sets.values()
        wrong = next((label for labels in sets for label in labels if "\t" in label or "\n" in label), None)
        if wrong is not None:
            raise ModelFileError(f"task pipeline: expected labels that CoNLL-U can hold, found {shown(wrong)}")
        return cls(Segmenter.from_record(*parts[0], threads=threads), words)
