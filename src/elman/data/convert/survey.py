"""Survey files before a conversion: their columns, labels, and what else accompanies the words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from elman.data.formats import Reading, json_records
from elman.data.formats.comments import label_of
from elman.data.formats.holds import is_gap
from elman.data.formats.json_spans import as_plain_record
from elman.data.formats.lines import is_blank
from elman.data.formats.text_io import BOM
from elman.data.schemes import SchemeDetector
from elman.data.sentence import NO_TAG, Sentence

COMMENTS = "comments"
MULTIWORD = "multiword"
EMPTY_NODES = "empty-nodes"
PHRASES = "phrases"
FIELDS = "fields"
_NAMES = {
    COMMENTS: "comments",
    MULTIWORD: "multiword tokens",
    EMPTY_NODES: "empty nodes",
    PHRASES: "trees with phrases",
}


@dataclass
class Survey:
    """The contents of some files."""

    sentences: int = 0
    words: int = 0
    without_words: int = 0
    """Sentences without words, such as blank lines of text."""
    columns: dict[str, SchemeDetector] = field(default_factory=dict)
    """Columns that are not empty, with the detector of their span scheme."""
    labels: dict[str, None] = field(default_factory=dict)
    extras: Counter[str] = field(default_factory=Counter)
    """The number of items of each kind that accompanies the words."""
    fields: dict[str, str] = field(default_factory=dict)
    """The other fields of records, described for messages."""
    foreign: dict[str, str] = field(default_factory=dict)
    """Those of ``fields`` that JSON cannot hold."""
    formats: dict[str, None] = field(default_factory=dict)

    def add(self, reading: Reading, asked: Sequence[str] = ()) -> None:
        """Survey all sentences of a file; ``asked`` are columns to look for in addition to the listed ones."""
        self.formats[reading.format] = None
        for sentence in reading:
            self.extras.update(extras_in(sentence))
            if is_gap(sentence):
                continue
            self.labels |= dict.fromkeys(sentence.labels)
            self._add_fields(sentence)
            if not sentence.words:
                self.without_words += 1
                continue
            self.sentences += 1
            self.words += len(sentence)
            empty_tags = {NO_TAG} if sentence.format in ("conllu", "conllup") else set()
            columns = sentence.columns
            if asked:
                columns = {**columns, **{key: columns[key] for key in asked if key in columns}}
            for name, tags in columns.items():
                if name in self.columns:
                    self.columns[name].add(tags)
                elif set(tags) != empty_tags:
                    self.columns[name] = SchemeDetector()
                    self.columns[name].add(tags)

    def _add_fields(self, sentence: Sentence) -> None:
        record = json_records.record_of_sentence(sentence)
        if record is None:
            return
        is_task = as_plain_record(record) is not record  # of Label Studio; not all of it is read
        for key, value in json_records.extra_fields(record, sentence).items():
            if value not in (None, ""):
                self.fields[key] = json_records.describe_field(key, value, len(sentence))
                if is_task or (sentence.format == "parquet" and not json_records.is_json_value(value)):
                    self.foreign[key] = self.fields[key]


def describe_extras(counts: Mapping[str, int]) -> dict[str, str]:
    """Describe by kind what accompanies the words."""
    return {kind: f"{_NAMES[kind]} ({count:,})" for kind, count in counts.items()}


def extras_in(sentence: Sentence) -> Iterator[str]:
    """Yield the kind of each item in the lines of a sentence that is neither a word nor a label."""
    if sentence.format == "trees":
        if sentence.words and "".join(sentence.lines).count("(") > len(sentence) + 1:
            yield PHRASES
        return
    if (
        sentence.format not in ("columns", "conllu", "conllup")
        or len(sentence.lines) <= len(sentence) + 1
        and (not sentence.lines or is_blank(sentence.lines[-1]) and len(sentence.rows) == len(sentence.lines) - 1)
    ):
        return  # most sentences of most files
    rows = set(sentence.rows)
    for at, line in enumerate(sentence.lines):
        if at in rows or is_blank(line.lstrip(BOM)):
            continue
        if sentence.format == "columns" or line.lstrip(BOM)[:1] == "#":
            if label_of(line) is None and not line.lstrip(BOM).startswith("# global.columns"):
                yield COMMENTS
        else:
            yield MULTIWORD if "-" in line.partition("\t")[0] else EMPTY_NODES
