"""Which formats there are. What a format has to offer stands in the package's docstring."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any, Protocol, cast

from elman.data.formats.common import Holds
from elman.data.formats.later import Later
from elman.data.sentence import Sentence
from elman.errors import ConfigError
from elman.utils.display import shown


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

    def open_binary(self, path: str) -> tuple[Sequence[str], Iterator[Sentence]]: ...

    def target(self, name: str | None, head: Sequence[str], path: str, labelled: bool) -> str: ...


DRAWN: dict[str, FileOutput] = {}
"""Formats that draw, by name; ``elman.viz`` adds its own when it is imported."""


class Drawn:
    """A format of ``elman.viz``, which nothing here may import. Raises ConfigError if that has not been imported."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, attribute: str) -> Any:
        if self._name not in DRAWN:
            raise ConfigError(f"format: {self._name} is drawn by elman.viz; import elman.viz first")
        return getattr(DRAWN[self._name], attribute)


_WORD_TAG, _COLUMNS, _CONLLU, _CONLLUP = Later("word_tag"), Later("columns"), Later("conllu"), Later("conllup")
_CSV, _TSV, _JSONL, _JSON = Later("csv_reader", "CSV"), Later("csv_reader", "TSV"), Later("jsonl"), Later("json_array")
_LABEL_TEXT, _FASTTEXT, _TREES, _TEXT = Later("label_text"), Later("fasttext"), Later("trees"), Later("text")
_PARQUET = Later("parquet")

INPUTS: dict[str, Input] = {
    "word_tag": _WORD_TAG,
    "columns": _COLUMNS,
    "conllu": _CONLLU,
    "conllup": _CONLLUP,
    "csv": _CSV,
    "tsv": _TSV,
    "jsonl": _JSONL,
    "json": _JSON,
    "label_text": _LABEL_TEXT,
    "fasttext": _FASTTEXT,
    "trees": _TREES,
    "text": _TEXT,
}
OUTPUTS: dict[str, Output] = {
    "word_tag": _WORD_TAG,
    "tags": Later("tags"),
    "columns": _COLUMNS,
    "conllu": _CONLLU,
    "jsonl": _JSONL,
    "prodigy": Later("annotation_tools", "PRODIGY"),
    "doccano": Later("annotation_tools", "DOCCANO"),
    "label_text": _LABEL_TEXT,
    "fasttext": _FASTTEXT,
    "trees": _TREES,
    "text": _TEXT,
}
BINARY: dict[str, Binary] = {"parquet": _PARQUET}
MAGIC = {b"PAR1": "parquet"}  # first bytes
WRITERS: dict[str, FileOutput] = {"conllup": _CONLLUP, "csv": _CSV, "tsv": _TSV, "json": _JSON, **BINARY}
WRITERS |= {"tree": Drawn("tree"), "html": Drawn("html")}
OPTIONS: dict[str, Callable[[Mapping[str, str]], Input | Binary]] = {
    "columns": lambda options: _COLUMNS.configured(options),
    "csv": lambda options: Later("csv_reader").configured("csv")(options),
    "tsv": lambda options: Later("csv_reader").configured("tsv")(options),
    "jsonl": lambda options: _JSONL.configured(options),
    "json": lambda options: _JSON.configured(options),
    "parquet": lambda options: _PARQUET.configured(options),
    "word_tag": lambda options: _WORD_TAG.configured(options),
}
INPUT_FORMATS = (*INPUTS, *BINARY)
OUTPUT_FORMATS = (*OUTPUTS, *WRITERS)


OTHER_NAMES = {
    "jsonl": "prodigy doccano jsonlines ndjson",
    "json": "labelstudio",
    "columns": "conll conll2000 conll2002 conll2003 conll03 iob iob1 iob2 bio bioes bilou io ner wnut crfsuite crf++",
    "conllu": "conllx ud universaldependencies",
    "conllup": "conlluplus",
    "word_tag:separator=/": "brown nltk stanford switchboard slash",
    "trees": "tree ptb penn penntreebank mrg brackets",
    "label_text": "trec",
    "parquet": "huggingface hf datasets",
}
"""What other programs and their users call files that a format here reads, in small letters without ``-``, ``_``."""
NOT_READ = {"brat": ".ann", "standoff": ".ann", "spacy": ".spacy", "docbin": ".spacy"}
"""Names of formats that nothing here reads, and how their files end."""


def hint(format: str, formats: Sequence[str] = ()) -> str:
    """What to say to somebody who asked for a format that there is not: which of ``formats`` has such files, or all.

    By default these are the formats that are read.
    """
    doing, formats = ("written", formats) if formats else ("read", INPUT_FORMATS)
    name = re.sub("[-_ ]", "", format.partition(":")[0].lower())
    known = (*OTHER_NAMES.items(), *((own, re.sub("[-_]", "", own)) for own in formats))
    other = next((own for own, names in known if name in names.split()), "")
    if name and other.partition(":")[0] in formats:
        return f"such files are {doing} as {other}: pass {other}"
    if name in NOT_READ and doing == "read":
        return f"{NOT_READ[name]} files are not read; export CoNLL columns, or jsonl with text and spans"
    return f"expected {' or '.join(formats)}"


@cache
def output(format: str) -> Output | FileOutput:
    """The format that is written, with options or without. Raises KeyError: no such one; ConfigError: its options."""
    name, mark, _ = format.partition(":")
    if mark and name == "word_tag":
        return cast(Output, with_options(format)[1])
    return (OUTPUTS | WRITERS)[format]


class _Held(Mapping[str, Holds]):
    def __getitem__(self, name: str) -> Holds:
        return output(name).HOLDS

    def __iter__(self) -> Iterator[str]:
        return (name for name in OUTPUT_FORMATS if not isinstance(WRITERS.get(name), Drawn) or name in DRAWN)

    def __len__(self) -> int:
        return len(list(iter(self)))


HOLDS: Mapping[str, Holds] = _Held()
"""What each format that is written can hold."""


def with_options(format: str) -> tuple[str, Input | Binary]:
    """``NAME:key=value,…`` cut up: the name, and the format so set up. The name of ``word_tag`` keeps its separator.

    Raises ConfigError: no such format, no such options.
    """
    name, mark, given = format.partition(":")
    if name not in INPUT_FORMATS:
        problem = "is written, not read" if name in OUTPUT_FORMATS else "does not exist"
        raise ConfigError(f"format: {shown(name)} {problem}; {hint(name)}")
    if not mark:
        return name, BINARY[name] if name in BINARY else INPUTS[name]
    if name not in OPTIONS:
        raise ConfigError(
            f"format: {name} has no options, got {shown(given)}; {', '.join(OPTIONS) or 'none'} can have some"
        )
    options: dict[str, str] = {}
    for item in given.split(","):
        key, mark, value = item.partition("=")
        if not (key.strip() and mark and value.strip()) or key.strip() in options:
            raise ConfigError(f"format: expected {name}:key=value,key=value, each key once, got {shown(format)}")
        options[key.strip()] = value.strip()
    module = OPTIONS[name](options)
    return getattr(module, "format", name), module
