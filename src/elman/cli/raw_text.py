"""Models that read raw text (``segment``, ``pipeline``), for ``elman tag``, ``evaluate`` and ``inspect``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from elman.cli.loading import known
from elman.cli.notes import Notes
from elman.errors import ConfigError

if TYPE_CHECKING:
    from elman.data.formats import Reading, Writer
    from elman.data.formats.holds import Confidences
    from elman.data.sentence import Sentence
    from elman.evaluation.conll18 import Conll18Metric
    from elman.taggers.base import Predictor
    from elman.taggers.column_predictor import ColumnPredictor

BOM = "\ufeff"
_NEW_DOCUMENT, _NEW_PARAGRAPH = "# newdoc\n", "# newpar\n"
MANY = 20
"""Characters of a line that make it odd if no line has a space."""


def reads_raw(model: Predictor, reading: Reading) -> bool:
    """Return whether a model reads this file as raw text. A pipeline reads words too, from files of other formats.

    Raises ConfigError if the file is not text and the model reads only raw text.
    """
    if not model.reads_raw_text:
        return False
    if reading.format != "text" and not model.reads_sentences:
        message = f"{reading.path}: expected raw text, which a model of the task segment reads, found {reading.format}"
        raise ConfigError(f"{message}; --format text reads any file as that")
    return reading.format == "text"


def refuse_options(task: str, given: Mapping[str, Any]) -> None:
    """Raise ConfigError for an option of word tags given to a model that reads raw text."""
    for name, value in given.items():
        if value is not None:
            raise ConfigError(f"--{name}: not for raw text, which this model of the task {task} reads")


def with_columns(model: Predictor) -> ColumnPredictor:
    """Return a model that predicts label columns as such. Raises ConfigError for another."""
    from elman.taggers.column_predictor import ColumnPredictor

    if not isinstance(model, ColumnPredictor):
        raise ConfigError(f"a model of the task {model.task} has no tags of words; elman evaluate says how good it is")
    return model


class RawText:
    """Writes the sentences that a ``Segmenter`` or a ``Pipeline`` finds in raw text, file by file.

    ``place``  the units of the present file that are done, and the sentences of the next unit that are. A unit is a
               paragraph; or a line, if the model finds no sentences. Writing begins behind the place that is set

    Raises ConfigError if the format cannot hold them.
    """

    STATE = ("_number",)
    continues = False
    """Whether the text goes on with a document, as another part of its file."""

    def __init__(self, model: Any, output_format: str | None, confidence: bool, notes: Notes) -> None:
        from elman.data.formats import check_output

        self._model, self._confidence, self._notes, self._number = model, confidence, notes, 0
        self.place = [0, 0]
        self.targets: tuple[str, ...] = model.targets if model.reads_sentences else ()
        self.format = output_format or ("conllu" if model.finds_sentences or confidence else "text")
        if confidence and not model.reads_sentences and self.format != "conllu":
            raise ConfigError(f"{self.format} cannot hold confidences of raw text; conllu can")
        check_output(self.format, confidences=confidence, columns=len(self.targets))

    def write(self, reading: Reading, writer: Writer) -> Iterator[tuple[str | bytes, Sentence]]:
        """Yield the text of each sentence of a file, and the sentence."""
        seen = _CountedLines(line.removeprefix(BOM) for line in reading.raw_text())
        for sentence, confidences in self._behind_place(iter(seen)):
            if not sentence.words and self.format != "text":
                continue
            self._number += bool(sentence.words)
            own = {} if self.format == "conllu" else {name: sentence.columns[name] for name in self.targets}
            yield writer.add(sentence, own, confidences), sentence
        if not seen.longest:
            self._notes.add(f"{reading.path}: an empty text, without words")
        elif self._model.expects_spaces and not seen.spaces and seen.longest >= MANY:
            few = "the text this model learned from has some, so it may find few words"
            self._notes.add(f"{reading.path}: no spaces in it; {few}")

    def _behind_place(self, lines: Iterator[str]) -> Iterator[tuple[Sentence, Confidences | None]]:
        """Yield the sentences behind ``place``, which is kept up to date."""
        units, done = self.place
        self._skip(lines, units)
        by_lines, first = not self._model.finds_sentences, True
        self.place = [units, 0]
        for sentence, confidences in self._sentences(lines, self._number - done):
            if by_lines:
                self.place[0] += 1
            else:
                if not first and _NEW_PARAGRAPH in sentence.lines[:2]:
                    self.place = [self.place[0] + 1, 0]
                self.place[1] += 1
            if first and (units or self.continues) and _NEW_DOCUMENT in sentence.lines[:1]:
                rows = tuple([row - 1 for row in sentence.rows])
                sentence = replace(sentence, lines=sentence.lines[1:], rows=rows)
            first = False
            if by_lines or self.place[0] > units or self.place[1] > done:
                yield sentence, confidences

    def _skip(self, lines: Iterator[str], units: int) -> None:
        """Read the first units of a text."""
        read = getattr(self._model, "segmenter", self._model).segmentation.text
        by_lines, words = not self._model.finds_sentences, False
        while units and (line := next(lines, None)) is not None:
            text = bool(read(line))
            ends = text or not self._model.reads_sentences if by_lines else words and not text
            words = text
            units -= ends

    def _sentences(self, lines: Iterable[str], number: int) -> Iterator[tuple[Sentence, Confidences | None]]:
        """Yield the sentences of a text; of a pipeline with the confidences of their columns, if these are shown."""
        if self._confidence and self._model.reads_sentences:
            for draft, columns, confidences in self._model.drafts(lines, number=number):
                yield draft.sentence(columns), one_or_by_column(confidences)
            return
        for sentence in self._model.sentences(lines, confidence=self._confidence, number=number):
            yield sentence, None


def one_or_by_column(confidences: Mapping[str, Sequence[float]]) -> Confidences | None:
    """Return the confidences of columns as a writer takes them: a list for one column, None for no column."""
    return confidences if len(confidences) > 1 else next(iter(confidences.values()), None)


class _CountedLines:
    """Lines, with the most characters of a line and whether one has spaces within."""

    def __init__(self, lines: Iterator[str]) -> None:
        self._lines = lines
        self.longest, self.spaces = 0, False

    def __iter__(self) -> Iterator[str]:
        for line in self._lines:
            bare = line.strip()
            self.longest = max(self.longest, len(bare))
            self.spaces = self.spaces or " " in bare
            yield line


def sentences_of(
    model: Predictor, paths: Sequence[str], format: str | None, encoding: str, notes: Notes
) -> list[Sentence]:
    """Return the sentences of files for a model, whatever their columns, and note the formats read."""
    from elman.data.formats import read_sentences
    from elman.utils.files import input_files

    found: list[Sentence] = []
    for path in input_files(paths):
        reading = read_sentences(path, format=format, encoding=encoding, labelled=False, known=known(model))
        if format is None:
            notes.add(f"{reading.path} read as {reading.format}: {reading.why}")
        found += reading
    return found


def evaluate_raw(
    model: Any, paths: Sequence[str], format: str | None, encoding: str, notes: Notes
) -> dict[str, Conll18Metric]:
    """Return the CoNLL 2018 metrics of a model that reads the raw text of gold sentences."""
    sentences = sentences_of(model, paths, format, encoding, notes)
    other = next((sentence for sentence in sentences if sentence.words and sentence.format != "conllu"), None)
    if model.reads_sentences and other is not None:
        message = f"{other.path}: the raw text of a pipeline's gold is that of conllu, found {other.format}"
        raise ConfigError(f"{message}; --target {model.target} evaluates a column on the words of other formats")
    found: dict[str, Conll18Metric] = model.evaluate_text(sentences)
    return found
