"""What files hold: columns, labels, and what else stands beside the words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from elman.data.formats import Reading, json_records as records
from elman.data.formats.comments import label_of
from elman.data.formats.holds import is_gap
from elman.data.formats.json_spans import as_plain_record
from elman.data.formats.lines import is_blank
from elman.data.formats.text_io import BOM
from elman.data.schemes import SchemeDetector
from elman.data.sentence import Sentence

COMMENTS = "comments"
MULTIWORD = "multiword"
EMPTY_NODES = "empty-nodes"
PHRASES = "phrases"
FIELDS = "fields"
_SAID = {
    COMMENTS: "comments",
    MULTIWORD: "multiword tokens",
    EMPTY_NODES: "empty nodes",
    PHRASES: "trees with phrases",
}
_NOTHING = "_"  # in a column of CoNLL-U


@dataclass
class Survey:
    """What some files hold."""

    sentences: int = 0
    words: int = 0
    without_words: int = 0
    """Sentences of no words, such as blank lines of text."""
    columns: dict[str, SchemeDetector] = field(default_factory=dict)
    """Columns with something in them, and what scheme of spans their tags are in."""
    labels: dict[str, None] = field(default_factory=dict)
    beside: Counter[str] = field(default_factory=Counter)
    """How many of each kind of what stands beside the words."""
    fields: dict[str, str] = field(default_factory=dict)
    """The other fields of records, as a message says them."""
    foreign: dict[str, str] = field(default_factory=dict)
    """Those among them that JSON has no place for."""
    formats: dict[str, None] = field(default_factory=dict)

    def add(self, reading: Reading, asked: Sequence[str] = ()) -> None:
        """Look at all the sentences of a file; ``asked`` are columns they may have beside those that are listed."""
        self.formats[reading.format] = None
        for sentence in reading:
            self.beside.update(extras_in(sentence))
            if is_gap(sentence):
                continue
            self.labels |= dict.fromkeys(sentence.labels)
            self._add_fields(sentence)
            if not sentence.words:
                self.without_words += 1
                continue
            self.sentences += 1
            self.words += len(sentence)
            nothing = {_NOTHING} if sentence.format in ("conllu", "conllup") else set()
            columns = sentence.columns
            if asked:
                columns = {**columns, **{key: columns[key] for key in asked if key in columns}}
            for name, tags in columns.items():
                if name in self.columns:
                    self.columns[name].add(tags)
                elif set(tags) != nothing:
                    self.columns[name] = SchemeDetector()
                    self.columns[name].add(tags)

    def _add_fields(self, sentence: Sentence) -> None:
        record = records.record_of_sentence(sentence)
        if record is None:
            return
        is_task = as_plain_record(record) is not record  # of Label Studio, which is more than what is read of it
        for key, value in records.extra_fields(record, sentence).items():
            if value not in (None, ""):
                self.fields[key] = records.describe_field(key, value, len(sentence))
                if is_task or (sentence.format == "parquet" and not records.is_json_value(value)):
                    self.foreign[key] = self.fields[key]


def describe_extras(counts: Mapping[str, int]) -> dict[str, str]:
    """What stands beside the words, by kind, in words."""
    return {kind: f"{_SAID[kind]} ({count:,})" for kind, count in counts.items()}


def extras_in(sentence: Sentence) -> Iterator[str]:
    """The kind of each thing in the lines of a sentence that is no word and no label."""
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
