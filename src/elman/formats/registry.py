"""Which formats there are. What a format has to offer stands in the package's docstring."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Protocol

from elman.errors import ConfigError
from elman.formats import (
    brackets,
    columns,
    conllu,
    conllup,
    fasttext,
    json_array,
    jsonl,
    jsonl_spans,
    label_text,
    parquet,
    tables,
    tags,
    text,
    word_tag,
)
from elman.formats.shared import Holds
from elman.sentence import Sentence


class Input(Protocol):
    """A format that is read: a module, or an object, with these functions."""

    def read(self, lines: Iterable[str], head: Sequence[str], path: str) -> Iterator[Sentence]: ...

    def target(self, name: str | None, head: Sequence[str], path: str, labelled: bool) -> str: ...


class Output(Protocol):
    """A format that is written sentence by sentence."""

    @property
    def HOLDS(self) -> Holds: ...

    def write(
        self, sentence: Sentence, tags: Mapping[str, Sequence[str]], confidences: Sequence[float] | None
    ) -> str: ...


class Writer(Protocol):
    """Sentences to the text or the bytes of a whole file; what ``add`` and ``finish`` return, joined, is the file."""

    def add(
        self, sentence: Sentence, tags: Mapping[str, Sequence[str]], confidences: Sequence[float] | None = None
    ) -> str | bytes: ...

    def finish(self) -> str | bytes: ...


class FileOutput(Protocol):
    """A format that is written file by file."""

    @property
    def HOLDS(self) -> Holds: ...

    def writer(self, columns: Sequence[str], labels: Sequence[str]) -> Writer: ...


class Binary(FileOutput, Protocol):
    """A format that is no text."""

    @property
    def MAGIC(self) -> bytes: ...

    def open_binary(self, path: str) -> tuple[Sequence[str], Iterator[Sentence]]: ...

    def target(self, name: str | None, head: Sequence[str], path: str, labelled: bool) -> str: ...


INPUTS: dict[str, Input] = {
    "word_tag": word_tag,
    "columns": columns,
    "conllu": conllu,
    "conllup": conllup,
    "csv": tables.CSV,
    "tsv": tables.TSV,
    "jsonl": jsonl,
    "json": json_array,
    "label_text": label_text,
    "fasttext": fasttext,
    "trees": brackets,
    "text": text,
}
OUTPUTS: dict[str, Output] = {
    "word_tag": word_tag,
    "tags": tags,
    "columns": columns,
    "conllu": conllu,
    "jsonl": jsonl,
    "prodigy": jsonl_spans.PRODIGY,
    "doccano": jsonl_spans.DOCCANO,
    "label_text": label_text,
    "fasttext": fasttext,
    "trees": brackets,
    "text": text,
}
BINARY: dict[str, Binary] = {"parquet": parquet}
WRITERS: dict[str, FileOutput] = {"conllup": conllup, "csv": tables.CSV, "tsv": tables.TSV, **BINARY}
OPTIONS: dict[str, Callable[[Mapping[str, str]], Input | Binary]] = {
    "columns": columns.configured,
    "csv": tables.configured("csv"),
    "tsv": tables.configured("tsv"),
    "jsonl": jsonl.configured,
    "json": json_array.configured,
    "parquet": parquet.configured,
}
INPUT_FORMATS = (*INPUTS, *BINARY)
OUTPUT_FORMATS = (*OUTPUTS, *WRITERS)
HOLDS: Mapping[str, Holds] = {
    **{name: module.HOLDS for name, module in OUTPUTS.items()},
    **{name: module.HOLDS for name, module in WRITERS.items()},
}
"""What each format that is written can hold."""


def with_options(format: str) -> tuple[str, Input | Binary]:
    """``NAME:key=value,…`` cut up: the name, and the format so set up.

    Raises ConfigError: no such format, no such options.
    """
    name, mark, given = format.partition(":")
    if name not in INPUT_FORMATS:
        problem = "is written, not read" if name in OUTPUT_FORMATS else "does not exist"
        raise ConfigError(f"format: {name!r} {problem}; expected {' or '.join(INPUT_FORMATS)}")
    if not mark:
        return name, BINARY[name] if name in BINARY else INPUTS[name]
    if name not in OPTIONS:
        raise ConfigError(f"format: {name} has no options, got {given!r}; {', '.join(OPTIONS) or 'none'} can have some")
    options: dict[str, str] = {}
    for item in given.split(","):
        key, mark, value = item.partition("=")
        if not (key.strip() and mark and value.strip()) or key.strip() in options:
            raise ConfigError(f"format: expected {name}:key=value,key=value, each key once, got {format!r}")
        options[key.strip()] = value.strip()
    return name, OPTIONS[name](options)
