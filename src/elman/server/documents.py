"""The sentences of the files that are annotated: their ids, what the files say of them, and which are set aside.

The database keeps the bytes of each file, so that corrections are exported in the format that came in, whatever has
become of the file since. An id is a digest of the words: it is the same in every file and at every start.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from elman.data.formats import ModelHints, Reading, read_sentences
from elman.data.sentence import NO_TAG, Sentence
from elman.errors import ConfigError, DataError, ElmanError, while_reading
from elman.server.events import Values
from elman.server.store import FileRow
from elman.utils.display import shown, visible

if TYPE_CHECKING:
    from elman.taggers.column_predictor import ColumnPredictor

LARGEST = 200_000_000
"""Bytes of a file: the database keeps them."""
SET_ASIDE = 0.1
"""The share of the sentences that is never trained on."""
_DIGITS = 32


@dataclass(frozen=True, slots=True)
class Item:
    """A sentence of a file. ``given`` is what the file says, ``shared`` whether every annotator is to see it.

    ``words`` are as the model reads them, with their features if it reads such.
    """

    id: str
    sentence: Sentence
    words: tuple[str, ...]
    file: int
    given: Values
    set_aside: bool
    shared: bool


@dataclass(frozen=True, slots=True)
class ReadAs:
    """How a file is read, and where in it the model's columns and labels are.

    ``columns`` and ``labels`` map the model's names to those of the file; a name that the file lacks is missing.
    ``found`` is the format that was recognized.
    """

    format: str | None
    encoding: str
    text_column: str | None
    hints: ModelHints
    columns: Mapping[str, str]
    labels: Mapping[str, str]
    found: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return plain values for ``json.dumps``."""
        hints = [self.hints.format, list(self.hints.targets), *map(sorted, (self.hints.tags, self.hints.labels))]
        return {
            "format": self.format,
            "encoding": self.encoding,
            "text_column": self.text_column,
            "hints": hints,
            "columns": dict(self.columns),
            "labels": dict(self.labels),
            "found": self.found,
        }

    @staticmethod
    def from_json(value: Mapping[str, Any]) -> ReadAs:
        """Return the inverse of ``to_json``."""
        format, targets, tags, labels = value["hints"]
        hints = ModelHints(format, tuple(targets), frozenset(tags), frozenset(labels))
        return ReadAs(**{**value, "hints": hints})


def open_content(content: bytes, name: str, read_as: ReadAs, folder: str) -> Reading:
    """Return the sentences of a file of this content, which is written into a folder to be read from."""
    path = os.path.join(folder, os.path.basename(name) or "file")
    Path(path).write_bytes(content)
    how: dict[str, Any] = {"format": read_as.format, "encoding": read_as.encoding, "text_column": read_as.text_column}
    return read_sentences(path, **how, labelled=False, known=read_as.hints)


def read_file(
    path: str, tagger: ColumnPredictor, *, format: str | None, encoding: str, text_column: str | None
) -> tuple[str, FileRow]:
    """Return what a file was read as, and its row for the database.

    Raises DataError for a file that cannot be read, with its line.
    """
    name = os.path.abspath(path)
    with while_reading(path):
        if os.path.isfile(path) and os.path.getsize(path) > LARGEST:
            raise DataError(f"expected at most {LARGEST // 10**6:,} MB to annotate; split it", path=path)
        content = Path(path).read_bytes()
    hints = hints_of(tagger)
    with tempfile.TemporaryDirectory(prefix="elman-") as folder:
        try:
            reading = open_content(content, name, ReadAs(format, encoding, text_column, hints, {}, {}), folder)
            columns, labels = _places(reading, tagger)
            said = f"{visible(path)} read as {reading.format}: {reading.why}"
            if not sum(bool(tagger.inputs_of(sentence)) for sentence in reading):
                raise DataError("no sentence in it", path=path)
        except DataError as error:
            if error.path == path:
                raise
            raise DataError(error.message, path=path, line=error.line) from None
        except ElmanError as error:
            raise ConfigError(str(error).replace(os.path.join(folder, os.path.basename(name)), path)) from None
    read_as = ReadAs(format, encoding, text_column, hints, columns, labels, reading.format)
    return said, FileRow(0, name, read_as.to_json(), hashlib.sha256(content).hexdigest(), content)


def hints_of(tagger: ColumnPredictor) -> ModelHints:
    """Return what a model says of files to annotate; the labels of an encoding are no tags of such files."""
    if not tagger.plain_labels:
        return ModelHints(tagger.format or "conllu", tagger.targets)
    words = frozenset(tag for name in tagger.word_targets for tag in tagger.tag_sets[name])
    texts = frozenset(label for name in tagger.text_targets for label in tagger.tag_sets[name])
    return ModelHints(tagger.format, tagger.targets, words, texts)


def _places(reading: Reading, tagger: ColumnPredictor) -> tuple[dict[str, str], dict[str, str]]:
    """Return where in a file the model's columns and document labels are."""
    columns: dict[str, str] = {}
    labels: dict[str, str] = {}
    alone = len(tagger.targets) == 1
    first = {name for sentence in reading.first() for name in sentence.columns}
    if not reading.has_texts:
        for name in tagger.word_targets:
            own = not alone or tagger.format == reading.format or name in first
            try:
                columns[name] = reading.target(name if own else None)
            except ConfigError:  # the file has no such column
                if alone and own:
                    raise
    there = reading.label_names() if tagger.text_targets else ()
    for name in tagger.text_targets:
        if name in there or not alone or not there:
            labels[name] = name
        else:
            labels[name] = there[0]
    return columns, labels


class Documents:
    """All sentences of the files of a database, in order."""

    def __init__(self, files: Sequence[FileRow], seed: int, overlap: float, tagger: ColumnPredictor) -> None:
        """Read the files. ``overlap`` is the share of the sentences that all annotators see.

        An underscore among the tags of the model is a tag, not a missing one.
        """
        own_tags = [tag for name in tagger.word_targets for tag in tagger.tag_sets.get(name, ())]
        self.files = [(file.number, file.name, ReadAs.from_json(file.read_as)) for file in files]
        self.items: list[Item] = []
        self.place: dict[str, int] = {}
        """The index of each sentence, by its id."""
        missing = {"", NO_TAG} - set(own_tags)
        seen: Counter[str] = Counter()
        with tempfile.TemporaryDirectory(prefix="elman-") as folder:
            for file, (_, name, read_as) in zip(files, self.files, strict=True):
                for sentence in open_content(file.content, name, read_as, folder):
                    if not sentence.words:
                        continue
                    first = digest(sentence.words)
                    seen[first] += 1
                    id = numbered(first, seen[first])
                    apart = share(seed, "set aside", first) < SET_ASIDE
                    shared = share(seed, "overlap", first) < overlap
                    self.place[id] = len(self.items)
                    given = given_values(sentence, read_as, missing)
                    words = tuple(tagger.inputs_of(sentence)) if tagger.reads_features else sentence.words
                    self.items.append(Item(id, sentence, words, file.number, given, apart, shared))

    def get(self, id: str) -> Item | None:
        """Return a sentence by its id."""
        place = self.place.get(id)
        return None if place is None else self.items[place]


def with_ids(sentences: Iterable[Sentence], seen: Counter[str]) -> Iterator[tuple[str, Sentence]]:
    """Yield sentences with their ids, "" if they have no words; ``seen`` counts those of files before."""
    for sentence in sentences:
        if not sentence.words:
            yield "", sentence
            continue
        first = digest(sentence.words)
        seen[first] += 1
        yield numbered(first, seen[first]), sentence


def digest(words: Sequence[str]) -> str:
    """Return the id of a sentence: 32 hexadecimal digits."""
    text = json.dumps(list(words), ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:_DIGITS]


def numbered(first: str, times: int) -> str:
    """Return the id of a sentence that has occurred ``times`` times."""
    return first if times == 1 else f"{first}-{times}"


def share(seed: int, purpose: str, id: str) -> float:
    """Return a number from 0 to 1, the same for the same seed, purpose and sentence."""
    data = hashlib.sha256(f"{seed}:{purpose}:{id[:_DIGITS]}".encode()).digest()
    return int.from_bytes(data[:8], "big") / 2**64


def is_set_aside(seed: int, id: str) -> bool:
    """Return whether a sentence is among those that are never trained on."""
    return share(seed, "set aside", id) < SET_ASIDE


def given_values(sentence: Sentence, read_as: ReadAs, missing: set[str]) -> Values:
    """Return what a file says of a sentence, by the model's names."""
    columns: dict[str, tuple[str | None, ...]] = {}
    for name, key in read_as.columns.items():
        tags = [None if tag in missing else tag for tag in sentence.columns.get(key, ())]
        if any(tag is not None for tag in tags):
            columns[name] = tuple(tags)
    labels = {name: sentence.labels[key] for name, key in read_as.labels.items() if sentence.labels.get(key)}
    return Values(columns, labels)


def check_values(words: Sequence[str], values: Values, tagger: Any) -> None:
    """Raise ConfigError for a correction that has other columns or labels than the model, or another length."""
    for name, tags in values.columns.items():
        if name not in tagger.word_targets:
            raise ConfigError(f"expected columns {', '.join(tagger.word_targets) or 'of none'}, got {shown(name)}")
        if len(tags) != len(words):
            raise ConfigError(f"{name}: expected {len(words):,} tags, one for each word, got {len(tags):,}")
    for name in values.labels:
        if name not in tagger.text_targets:
            raise ConfigError(f"expected labels {', '.join(tagger.text_targets) or 'of none'}, got {shown(name)}")
    for tag in (*(tag for tags in values.columns.values() for tag in tags), *values.labels.values()):
        if tag is not None and (not tag or not tag.isprintable() or len(tag) > 1_000 or tag != tag.strip()):
            raise ConfigError(f"expected a tag of 1 to 1,000 printable characters, got {shown(tag)}")
