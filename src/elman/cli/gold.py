"""Gold sentences beside the tags that a model or a file gives to their words."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import tee, zip_longest
from typing import TYPE_CHECKING, Any, NamedTuple

from elman.cli.options import Notes, known
from elman.data.sentence import NO_TAG
from elman.errors import ConfigError, DataError

if TYPE_CHECKING:
    from elman.data.corpus import TargetKeys
    from elman.data.formats import Reading
    from elman.data.sentence import Sentence
    from elman.taggers.base import Predictor
    from elman.taggers.columns import ColumnPredictor


@dataclass(frozen=True)
class How:
    """How a file is read: its format (None: as it looks), the columns of its tags as the user calls them, encoding; and
    the column of a table's texts.
    """

    format: str | None = None
    target: str | None = None
    encoding: str = "utf-8"
    text_column: str | None = None


@dataclass(frozen=True)
class Gold:
    """Labelled sentences, all with words, and the label columns that count, or labels of whole texts behind them."""

    path: str
    format: str
    keys: TargetKeys
    sentences: Iterable[Sentence]

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of all of them."""
        return self.keys.names


class Row(NamedTuple):
    """A gold sentence, its tags and the predicted ones, one list for each label column; where these stand.

    A label of the whole text is a list with it alone.
    """

    gold: Sentence
    right: Sequence[Sequence[str]]
    tags: Sequence[Sequence[str]]
    path: str
    line: int


def is_model(path: str) -> bool:
    """Whether a file is a model: safetensors begins with a length in eight bytes, some of them 0, as no text does."""
    if not os.path.isfile(path):
        return False  # to look at a pipe would be to take from it
    try:
        with open(path, "rb") as file:
            start = file.read(9)
    except OSError:
        return False  # reading it will say why
    return start[8:] == b"{" and b"\0" in start


def matched(row: Row) -> Sequence[Sequence[str]]:
    """The predicted tags, which are as many as the gold ones. Raises DataError where they are not."""
    for right, tags in zip(row.right, row.tags, strict=True):
        if len(tags) != len(right):
            found = f"expected {len(right)} tags, one for each gold tag, found {len(tags)}"
            raise DataError(found, path=row.path, line=row.line)
    return row.tags


def no_gold(path: str, column: str) -> DataError:
    """The error of a label column that is there and says nothing: never an accuracy without gold."""
    return DataError(f"column {column} holds nothing but {NO_TAG}, which is no tag; expected gold tags", path=path)


def read(
    path: str | Sequence[str], how: How, notes: Notes, labelled: bool = True, tagger: Predictor | None = None
) -> Reading:
    """Open a file or several as one, and note what each is read as unless that was asked for.

    ``tagger``: the model that is to read what is not ``labelled``.
    """
    from elman.data.formats import read_sentences
    from elman.utils.files import input_files

    def note(reading: Reading) -> None:
        if how.format is None:
            notes.add(f"{reading.path} read as {reading.format}: {reading.why}")

    paths = input_files([path] if isinstance(path, str) else path)
    about = None if tagger is None else known(tagger)
    how_read: dict[str, Any] = {"format": how.format, "encoding": how.encoding, "text_column": how.text_column}
    return read_sentences(paths, **how_read, labelled=labelled, known=about, on_read=note)


def gold(reading: Reading, how: How, tagger: Predictor | None = None) -> Gold:
    """The sentences of a file, with the columns asked for; else those that the model was trained on, if it has them."""
    from elman.data import corpus
    from elman.data.corpus import keep_nonempty
    from elman.data.formats import column_names

    names, task = column_names(how.target), None
    if tagger is not None and names is None and (tagger.format == reading.format or len(tagger.targets) > 1):
        names = tagger.targets
    if tagger is not None and len(tagger.targets) == 1:
        task = "tag" if tagger.word_targets else "classify"
    keys = corpus.find_targets(reading, corpus.ReadOptions(names, task=task))
    sentences = keep_nonempty(corpus.check_texts(reading, keys), reading.path)
    return Gold(reading.path, reading.format, keys, sentences)


def values(sentence: Sentence, keys: TargetKeys) -> list[tuple[str, ...]]:
    """The gold tags of a sentence; a label of the whole text stands alone."""
    from elman.data.sentence import LABEL_SEPARATOR

    of_words = len(keys.words)
    found = keys.values(sentence)
    return found[:of_words] + [(LABEL_SEPARATOR.join(labels),) for labels in found[of_words:]]


def of_model(tagger: ColumnPredictor, right: Gold) -> Iterator[Row]:
    """What a model says of the words. Raises ConfigError for columns that it does not have."""
    several = len(tagger.targets) > 1
    if not several and len(right.columns) > 1:
        raise ConfigError(f"target: the model has one column, {tagger.target}, got {', '.join(right.columns)}")
    names = tagger.chosen(right.columns) if several else tagger.targets
    sentences, words = tee(right.sentences)
    texts = tagger.text_targets
    for sentence, tags in zip(sentences, tagger.pipe(words, columns=names), strict=True):
        right_ones = values(sentence, right.keys)
        found = [[tags[name]] if name in texts else tags[name] for name in names]
        yield Row(sentence, right_ones, found, sentence.path, sentence.line)


def of_file(path: str, how: How, right: Gold, notes: Notes, target: str | None = None) -> Iterator[Row]:
    """The tags in a file, of any format, or ``tags``: nothing but tags, a sentence a line.

    ``target`` is what the user calls the columns of gold: those of the file too, if it is of the same format and
    ``how`` does not say otherwise. Raises ConfigError: another number of columns. Raises DataError while iterating:
    other words than in gold, another number of sentences.
    """
    from elman.data import corpus
    from elman.data.formats import column_names

    keys: TargetKeys | None = None
    if how.format == "tags":
        reading = read(path, How("text", None, how.encoding), notes, labelled=False)
    else:
        reading = read(path, how, notes)
        same = column_names(target) if reading.format == right.format else None
        keys = corpus.find_targets(reading, corpus.ReadOptions(column_names(how.target) or same))
    n_given = 1 if keys is None else len(keys.names)
    if n_given != len(right.columns):
        found = f"--target names {len(right.columns)} columns of tags, and of {reading.path} there are {n_given}"
        raise ConfigError(found)
    return _beside(reading, keys, right)


def _beside(reading: Reading, keys: TargetKeys | None, right: Gold) -> Iterator[Row]:
    given_sentences = (sentence for sentence in reading if sentence.words)
    for sentence, given in zip_longest(right.sentences, given_sentences):
        if sentence is None or given is None:
            raise only_one_goes_on(sentence, given, right.path, reading.path)
        right_ones = values(sentence, right.keys)
        if keys is None:
            yield Row(sentence, right_ones, [given.words], given.path, given.line)
            continue
        if sentence.words != given.words:
            raise other_words(sentence, given)
        yield Row(sentence, right_ones, values(given, keys), given.path, given.line)


def other_words(right: Sentence, given: Sentence) -> DataError:
    """The error of the first word that is another one than in gold."""
    from elman.data.sentence import error_at, line_of
    from elman.utils.display import shown

    for i, (wanted, found) in enumerate(zip(right.words, given.words, strict=False)):
        if wanted != found:
            where = f"{right.path}:{line_of(right, i)}"
            return error_at(given, i, f"expected the word {shown(wanted)}, as in {where}, found {shown(found)}")
    expected = f"{len(right.words)} words, as in {right.path}:{line_of(right, 0)}"
    return error_at(given, 0, f"expected a sentence of {expected}, found {len(given.words)}")


def only_one_goes_on(right: Sentence | None, given: Sentence | None, gold: str, predicted: str) -> DataError:
    """The error of two files that do not have as many sentences."""
    if given is None:
        assert right is not None
        message = f"ends before the sentence at {right.path}:{right.line}; expected as many sentences as in gold"
        return DataError(message, path=predicted)
    return DataError(f"goes on where {gold} has ended", path=given.path, line=given.line)
