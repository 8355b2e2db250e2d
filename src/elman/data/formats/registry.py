"""The table of formats: which ones are read, which ones are written, and their options.

The docstring of ``elman.data.formats`` lists the functions that a format has to offer.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache, cached_property
from importlib import import_module
from typing import Any, Protocol, cast

from elman.data.formats.holds import Confidences, Holds
from elman.data.sentence import Sentence
from elman.errors import ConfigError
from elman.utils.arguments import check_text
from elman.utils.display import shown
from elman.utils.suggest import did_you_mean


class Input(Protocol):
    """A format that can be read: a module or an object with these functions."""

    def read(self, lines: Iterable[str], head: Sequence[str], path: str) -> Iterator[Sentence]: ...

    def target(self, name: str | None, head: Sequence[str], path: str, labelled: bool) -> str: ...


class Output(Protocol):
    """A format that is written sentence by sentence."""

    @property
    def HOLDS(self) -> Holds: ...

    def write(self, sentence: Sentence, tags: Mapping[str, Sequence[str]], confidences: Confidences | None) -> str: ...


class Writer(Protocol):
    """Writes a whole file: the results of all calls of ``add`` and of ``finish``, concatenated, are its content."""

    def add(
        self, sentence: Sentence, tags: Mapping[str, Sequence[str]], confidences: Confidences | None = None
    ) -> str | bytes:
        """Return what is written for a sentence; it may come with a later one."""
        ...

    def finish(self) -> str | bytes:
        """Return the rest of the file."""
        ...


class FileOutput(Protocol):
    """A format that is written file by file."""

    @property
    def HOLDS(self) -> Holds: ...

    def writer(self, columns: Sequence[str], labels: Sequence[str]) -> Writer: ...


class Binary(FileOutput, Protocol):
    """A format of bytes rather than text."""

    def open_binary(self, path: str) -> tuple[Sequence[str], Iterator[Sentence]]: ...

    def target(self, name: str | None, head: Sequence[str], path: str, labelled: bool) -> str: ...


class LazyModule:
    """A module of this package, or its member ``name``, imported on first use: a run needs few of the formats.

    A module name with dots is a full name.
    """

    def __init__(self, module: str, name: str = "") -> None:
        self._path, self._name = module if "." in module else f"elman.data.formats.{module}", name

    @cached_property
    def _module(self) -> Any:
        return import_module(self._path)

    def __getattr__(self, attribute: str) -> Any:
        return getattr(getattr(self._module, self._name) if self._name else self._module, attribute)


DRAWN: dict[str, FileOutput] = {}
"""Formats that draw trees, by name; importing ``elman.viz`` registers them here."""


class DrawnFormat:
    """Stands for a format of ``elman.viz``, which this package may not import.

    Its attributes raise ConfigError until ``elman.viz`` has been imported.
    """

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, attribute: str) -> Any:
        if self._name not in DRAWN:
            raise ConfigError(f"format: {self._name} is drawn by elman.viz; import elman.viz first")
        return getattr(DRAWN[self._name], attribute)


_READ_AND_WRITTEN = ("word_tag", "columns", "conllu", "jsonl", "label_text", "fasttext", "trees", "text")
_MODULES: dict[str, Any] = {name: LazyModule(name) for name in (*_READ_AND_WRITTEN, "conllup", "parquet", "tags")}
_MODULES |= {
    "csv": LazyModule("csv_reader", "CSV"),
    "tsv": LazyModule("csv_reader", "TSV"),
    "json": LazyModule("jsonl", "JSON"),
    "prodigy": LazyModule("annotation_tools", "PRODIGY"),
    "doccano": LazyModule("annotation_tools", "DOCCANO"),
    "spacy": LazyModule("docbin"),
    "tree": DrawnFormat("tree"),
    "html": DrawnFormat("html"),
}


def _some(names: str) -> dict[str, Any]:
    return {name: _MODULES[name] for name in names.split()}


INPUTS: dict[str, Input] = _some("word_tag columns conllu conllup csv tsv jsonl json label_text fasttext trees text")
OUTPUTS: dict[str, Output] = _some("word_tag tags columns conllu jsonl prodigy doccano label_text fasttext trees text")
BINARY: dict[str, Binary] = _some("parquet spacy")
MAGIC = {b"PAR1": "parquet", b"x\x9c": "spacy"}
"""The first bytes of a file -> the binary format it is in."""
WRITERS: dict[str, FileOutput] = _some("conllup csv tsv json parquet spacy tree html")
OPTIONS: dict[str, Callable[[Mapping[str, str]], Input | Binary]] = {
    "columns": lambda options: _MODULES["columns"].configured(options),
    "csv": lambda options: LazyModule("csv_reader").configured("csv")(options),
    "tsv": lambda options: LazyModule("csv_reader").configured("tsv")(options),
    "jsonl": lambda options: _MODULES["jsonl"].configured(options),
    "json": lambda options: LazyModule("jsonl").configured(options, "json"),
    "parquet": lambda options: _MODULES["parquet"].configured(options),
    "word_tag": lambda options: _MODULES["word_tag"].configured(options),
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
    "spacy": "docbin",
}
"""Format -> names that other programs and their users give such files, in lower case without ``-`` and ``_``."""
NOT_READ = {"brat": ".ann", "standoff": ".ann"}
"""Names of formats that are not supported -> the extension of their files."""


def hint(format: str, formats: Sequence[str] = ()) -> str:
    """Return advice for a format name that does not exist: the supported format of such files, or all ``formats``.

    ``formats`` are those that are written; without them the advice is about reading.
    """
    doing, formats = ("written", formats) if formats else ("read", INPUT_FORMATS)
    name = re.sub("[-_ ]", "", format.partition(":")[0].lower())
    aliases = (*OTHER_NAMES.items(), *((supported, re.sub("[-_]", "", supported)) for supported in formats))
    match = next((supported for supported, names in aliases if name in names.split()), "")
    if name and match.partition(":")[0] in formats:
        return f"such files are {doing} as {match}: pass {match}"
    if name in NOT_READ and doing == "read":
        return f"{NOT_READ[name]} files are not read; export CoNLL columns, or jsonl with text and spans"
    return f"expected {' or '.join(formats)}{did_you_mean(name, formats)}"


@cache
def output(format: str) -> Output | FileOutput:
    """Return an output format, given with or without options.

    Raises KeyError if it does not exist, ConfigError for options that it does not have.
    """
    name, mark, _ = format.partition(":")
    if mark and name == "word_tag":
        return cast(Output, with_options(format)[1])
    return (OUTPUTS | WRITERS)[format]


class _HoldsByFormat(Mapping[str, Holds]):
    def __getitem__(self, name: str) -> Holds:
        return output(name).HOLDS

    def __iter__(self) -> Iterator[str]:
        return (name for name in OUTPUT_FORMATS if not isinstance(WRITERS.get(name), DrawnFormat) or name in DRAWN)

    def __len__(self) -> int:
        return len(list(iter(self)))


HOLDS: Mapping[str, Holds] = _HoldsByFormat()
"""What each output format can hold."""


def with_options(format: str) -> tuple[str, Input | Binary]:
    """Split ``NAME:key=value,…`` and return the name and the configured input format.

    The name of ``word_tag`` keeps its separator. Raises ConfigError for an unknown format or unknown options.
    """
    check_text("format", format)
    name, mark, option_text = format.partition(":")
    if name not in INPUT_FORMATS:
        problem = "is written, not read" if name in OUTPUT_FORMATS else "does not exist"
        raise ConfigError(f"format: {shown(name)} {problem}; {hint(name)}")
    if not mark:
        return name, BINARY[name] if name in BINARY else INPUTS[name]
    if name not in OPTIONS:
        raise ConfigError(
            f"format: {name} has no options, got {shown(option_text)}; {', '.join(OPTIONS) or 'none'} can have some"
        )
    options: dict[str, str] = {}
    for item in option_text.split(","):
        key, mark, value = item.partition("=")
        if not (key.strip() and mark and value.strip()) or key.strip() in options:
            raise ConfigError(f"format: expected {name}:key=value,key=value, each key once, got {shown(format)}")
        options[key.strip()] = value.strip()
    configured = OPTIONS[name](options)
    return getattr(configured, "format", name), configured
