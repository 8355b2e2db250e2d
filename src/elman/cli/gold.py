"""Gold sentences, aligned with the tags that a model or a file gives to their words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import tee, zip_longest
from typing import TYPE_CHECKING, NamedTuple

from elman.cli.loading import known
from elman.data.sentence import NO_TAG
from elman.errors import ConfigError, DataError

if TYPE_CHECKING:
    from elman.cli.notes import Notes
    from elman.data.corpus import TargetKeys
    from elman.data.formats import Reading
    from elman.data.sentence import Sentence
    from elman.taggers.base import Predictor
    from elman.taggers.column_predictor import ColumnPredictor


@dataclass(frozen=True)
class FileOptions:
    """How a file is read.

    ``format``       None: what it looks like
    ``target``       its label columns, as the user calls them; None: the usual ones
    ``encoding``     its character encoding
    ``text_column``  the column of a table that holds the texts
    """

    format: str | None = None
    target: str | None = None
    encoding: str = "utf-8"
    text_column: str | None = None


@dataclass(frozen=True)
class Gold:
    """Labelled sentences, all with words, and the label columns that count: those of words, then those of texts."""

    path: str
    format: str
    keys: TargetKeys
    sentences: Iterable[Sentence]

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of all label columns."""
        return self.keys.names


class AlignedSentence(NamedTuple):
    """A gold sentence with its gold and predicted tags, a list for each label column; and where the predicted ones are.

    The label of a text is a list of one.
    """

    sentence: Sentence
    gold: Sequence[Sequence[str]]
    predicted: Sequence[Sequence[str]]
    path: str
    line: int


def predicted_tags(aligned: AlignedSentence) -> Sequence[Sequence[str]]:
    """Return the predicted tags. Raises DataError if there are not as many as gold tags."""
    for gold, predicted in zip(aligned.gold, aligned.predicted, strict=True):
        if len(predicted) != len(gold):
            message = f"expected {len(gold)} tags, one for each gold tag, found {len(predicted)}"
            raise DataError(message, path=aligned.path, line=aligned.line)
    return aligned.predicted


def no_gold(path: str, column: str) -> DataError:
    """Return the error of a gold column without tags."""
    return DataError(f"column {column} holds nothing but {NO_TAG}, which is no tag; expected gold tags", path=path)


def read(
    path: str | Sequence[str],
    options: FileOptions,
    notes: Notes,
    labelled: bool = True,
    tagger: Predictor | None = None,
) -> Reading:
    """Open a file, or several as one, and note what each is read as if no format was given.

    ``tagger`` is the model that reads what is not ``labelled``.
    """
    from elman.data.formats import read_sentences
    from elman.utils.files import input_files

    def note(reading: Reading) -> None:
        if options.format is None:
            notes.add(f"{reading.path} read as {reading.format}: {reading.why}")

    return read_sentences(
        input_files([path] if isinstance(path, str) else path),
        format=options.format,
        encoding=options.encoding,
        text_column=options.text_column,
        labelled=labelled,
        known=None if tagger is None else known(tagger),
        on_read=note,
    )


def gold(reading: Reading, options: FileOptions, tagger: Predictor | None = None) -> Gold:
    """Return the labelled sentences of a file.

    Their columns are those of ``options``, else those that the model was trained on if the file has them.
    """
    from elman.data import corpus
    from elman.data.corpus import keep_nonempty
    from elman.data.formats import column_names

    names, task = column_names(options.target), None
    if tagger is not None and names is None and (tagger.format == reading.format or len(tagger.targets) > 1):
        names = tagger.targets
    if tagger is not None and len(tagger.targets) == 1:
        task = "tag" if tagger.word_targets else "classify"
    keys = corpus.find_targets(reading, corpus.ReadOptions(names, task=task))
    sentences = keep_nonempty(corpus.check_texts(reading, keys), reading.path)
    return Gold(reading.path, reading.format, keys, sentences)


def labels_of(sentence: Sentence, keys: TargetKeys) -> list[tuple[str, ...]]:
    """Return the labels of a sentence, a tuple for each label column; the labels of a text are a tuple of one."""
    from elman.data.sentence import LABEL_SEPARATOR

    of_words = len(keys.words)
    labels = keys.values(sentence)
    return labels[:of_words] + [(LABEL_SEPARATOR.join(several),) for several in labels[of_words:]]


def of_model(tagger: ColumnPredictor, gold: Gold) -> Iterator[AlignedSentence]:
    """Yield the gold sentences with the tags of a model. Raises ConfigError for columns that it does not have."""
    several = len(tagger.targets) > 1
    if not several and len(gold.columns) > 1:
        raise ConfigError(f"target: the model has one column, {tagger.target}, got {', '.join(gold.columns)}")
    names = tagger.chosen(gold.columns) if several else tagger.targets
    sentences, words = tee(gold.sentences)
    texts = tagger.text_targets
    for sentence, tags in zip(sentences, tagger.pipe(words, columns=names), strict=True):
        predicted = [[tags[name]] if name in texts else tags[name] for name in names]
        yield AlignedSentence(sentence, labels_of(sentence, gold.keys), predicted, sentence.path, sentence.line)


def of_file(
    path: str | Reading, options: FileOptions, gold: Gold, notes: Notes, target: str | None = None
) -> Iterator[AlignedSentence]:
    """Return the gold sentences with the tags of a file, of any format or of ``tags``: a sentence's tags a line.

    ``path`` may be the file opened already. ``target`` is what the user calls the columns of gold: those of the file
    too, if it has the same format and ``options`` does not name others. Raises ConfigError for another number of
    columns. Raises DataError while iterating if the file has other words than gold, or another number of sentences.
    """
    from elman.data import corpus
    from elman.data.formats import column_names

    keys: TargetKeys | None = None
    if options.format == "tags" and isinstance(path, str):
        reading = read(path, FileOptions("text", None, options.encoding), notes, labelled=False)
    else:
        try:
            reading = read(path, options, notes) if isinstance(path, str) else path
        except DataError as error:
            if options.format is not None or not error.message.startswith("no tags to be seen"):
                raise
            advice = "; if it holds nothing but tags, pass --predicted-format tags"
            raise DataError(error.message + advice, path=error.path, line=error.line) from None
        same = column_names(target) if reading.format == gold.format else None
        keys = corpus.find_targets(reading, corpus.ReadOptions(column_names(options.target) or same))
    n_predicted = 1 if keys is None else len(keys.names)
    if n_predicted != len(gold.columns):
        raise ConfigError(
            f"--target names {len(gold.columns)} columns of tags, and of {reading.path} there are {n_predicted}"
        )
    return _aligned(reading, keys, gold)


def _aligned(reading: Reading, keys: TargetKeys | None, gold: Gold) -> Iterator[AlignedSentence]:
    predicted_sentences = (sentence for sentence in reading if sentence.words)
    for sentence, predicted in zip_longest(gold.sentences, predicted_sentences):
        if sentence is None or predicted is None:
            raise different_lengths(sentence, predicted, gold.path, reading.path)
        if keys is None:
            labels: Sequence[Sequence[str]] = [predicted.words]
        elif sentence.words != predicted.words:
            raise different_words(sentence, predicted)
        else:
            labels = labels_of(predicted, keys)
        yield AlignedSentence(sentence, labels_of(sentence, gold.keys), labels, predicted.path, predicted.line)


def different_words(gold: Sentence, predicted: Sentence) -> DataError:
    """Return the error of the first word that differs from gold."""
    from elman.data.sentence import error_at, line_of
    from elman.utils.display import shown

    for i, (expected, found) in enumerate(zip(gold.words, predicted.words, strict=False)):
        if expected != found:
            where = f"{gold.path}:{line_of(gold, i)}"
            return error_at(predicted, i, f"expected the word {shown(expected)}, as in {where}, found {shown(found)}")
    words = f"{len(gold.words)} words, as in {gold.path}:{line_of(gold, 0)}"
    return error_at(predicted, 0, f"expected a sentence of {words}, found {len(predicted.words)}")


def different_lengths(
    gold: Sentence | None, predicted: Sentence | None, gold_path: str, predicted_path: str
) -> DataError:
    """Return the error of two files, one of which has more sentences."""
    if predicted is None:
        assert gold is not None
        message = f"ends before the sentence at {gold.path}:{gold.line}; expected as many sentences as in gold"
        return DataError(message, path=predicted_path)
    return DataError(f"goes on where {gold_path} has ended", path=predicted.path, line=predicted.line)
