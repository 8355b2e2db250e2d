"""Gold sentences beside the tags that a model or a file gives to their words."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import tee, zip_longest
from typing import TYPE_CHECKING, NamedTuple

from elman.cli.common import Notes
from elman.errors import ConfigError, DataError

if TYPE_CHECKING:
    from elman.formats import Reading
    from elman.sentence import Sentence
    from elman.tagger import Tagger


NO_TAG = "_"


@dataclass(frozen=True)
class How:
    """How a file is read: its format (None: as it looks), the columns of its tags as the user calls them, encoding."""

    format: str | None = None
    target: str | None = None
    encoding: str = "utf-8"


@dataclass(frozen=True)
class Gold:
    """Labelled sentences, all with words, and the keys of the label columns that count."""

    path: str
    format: str
    columns: tuple[str, ...]
    sentences: Iterable[Sentence]


class Row(NamedTuple):
    """A gold sentence and its predicted tags, one list for each label column; where they stand."""

    gold: Sentence
    tags: Sequence[Sequence[str]]
    path: str
    line: int


def is_model(path: str) -> bool:
    """Whether a file is a model: safetensors begins with a length in eight bytes, some of them 0, as no text does."""
    try:
        with open(path, "rb") as file:
            start = file.read(9) if os.path.isfile(path) else b""
    except OSError:
        return False  # reading it will say why
    return start[8:] == b"{" and b"\0" in start


def matched(row: Row) -> Sequence[Sequence[str]]:
    """The predicted tags, which are as many as the gold ones. Raises DataError where they are not."""
    for tags in row.tags:
        if len(tags) != len(row.gold):
            found = f"expected {len(row.gold)} tags, one for each gold tag, found {len(tags)}"
            raise DataError(found, path=row.path, line=row.line)
    return row.tags


def no_gold(path: str, column: str) -> DataError:
    """The error of a label column that is there and says nothing: never an accuracy without gold."""
    return DataError(f"column {column} holds nothing but {NO_TAG}, which is no tag; expected gold tags", path=path)


def read(path: str | Sequence[str], how: How, notes: Notes, labelled: bool = True) -> Reading:
    """Open a file or several as one, and note what each is read as unless that was asked for."""
    from elman.files import input_files
    from elman.formats import read_sentences

    def note(reading: Reading) -> None:
        if how.format is None:
            notes.add(f"{reading.path} read as {reading.format}: {reading.why}")

    paths = input_files([path] if isinstance(path, str) else path)
    return read_sentences(paths, format=how.format, encoding=how.encoding, labelled=labelled, on_read=note)


def gold(reading: Reading, how: How, tagger: Tagger | None = None) -> Gold:
    """The sentences of a file, with the columns asked for; else those that the model was trained on, if it has them."""
    from elman.checks import with_words
    from elman.formats import column_names

    trained = None
    if tagger is not None and (tagger.format == reading.format or len(tagger.targets) > 1):
        trained = tagger.targets
    columns = reading.targets(column_names(how.target) or trained)
    return Gold(reading.path, reading.format, columns, with_words(reading, reading.path))


def of_model(tagger: Tagger, right: Gold) -> Iterator[Row]:
    """What a model says of the words. Raises ConfigError for columns that it does not have."""
    several = len(tagger.targets) > 1
    if not several and len(right.columns) > 1:
        raise ConfigError(f"target: the model has one column, {tagger.target}, got {', '.join(right.columns)}")
    names = tagger.chosen(right.columns) if several else tagger.targets
    sentences, words = tee(right.sentences)
    for sentence, tags in zip(sentences, tagger.tag_columns_all(words), strict=True):
        yield Row(sentence, [tags[name] for name in names], sentence.path, sentence.line)


def of_file(path: str, how: How, right: Gold, notes: Notes, target: str | None = None) -> Iterator[Row]:
    """The tags in a file, of any format, or ``tags``: nothing but tags, a sentence a line.

    ``target`` is what the user calls the columns of gold: those of the file too, if it is of the same format and
    ``how`` does not say otherwise. Raises ConfigError: another number of columns. Raises DataError while iterating:
    other words than in gold, another number of sentences.
    """
    from elman.formats import column_names

    columns: tuple[str, ...] | None = None
    if how.format == "tags":
        reading = read(path, How("text", None, how.encoding), notes, labelled=False)
    else:
        reading = read(path, how, notes)
        same = column_names(target) if reading.format == right.format else None
        columns = reading.targets(column_names(how.target) or same)
    n_given = 1 if columns is None else len(columns)
    if n_given != len(right.columns):
        found = f"--target names {len(right.columns)} columns of tags, and of {reading.path} there are {n_given}"
        raise ConfigError(found)
    return _beside(reading, columns, right)


def _beside(reading: Reading, columns: tuple[str, ...] | None, right: Gold) -> Iterator[Row]:
    given_sentences = (sentence for sentence in reading if sentence.words)
    for sentence, given in zip_longest(right.sentences, given_sentences):
        if sentence is None or given is None:
            raise only_one_goes_on(sentence, given, right.path, reading.path)
        if columns is None:
            yield Row(sentence, [given.words], given.path, given.line)
            continue
        if sentence.words != given.words:
            raise other_words(sentence, given)
        yield Row(sentence, [given.columns[column] for column in columns], given.path, given.line)


def other_words(right: Sentence, given: Sentence) -> DataError:
    """The error of the first word that is another one than in gold."""
    from elman.formats.shared import line_of, refuse, shown

    for i, (wanted, found) in enumerate(zip(right.words, given.words, strict=False)):
        if wanted != found:
            where = f"{right.path}:{line_of(right, i)}"
            return refuse(given, i, f"expected the word {shown(wanted)}, as in {where}, found {shown(found)}")
    expected = f"{len(right.words)} words, as in {right.path}:{line_of(right, 0)}"
    return refuse(given, 0, f"expected a sentence of {expected}, found {len(given.words)}")


def only_one_goes_on(right: Sentence | None, given: Sentence | None, gold: str, predicted: str) -> DataError:
    """The error of two files that do not have as many sentences."""
    if given is None:
        assert right is not None
        message = f"ends before the sentence at {right.path}:{right.line}; expected as many sentences as in gold"
        return DataError(message, path=predicted)
    return DataError(f"goes on where {gold} has ended", path=given.path, line=given.line)
