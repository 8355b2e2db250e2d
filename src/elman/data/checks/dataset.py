"""Files to splits: which file is train, dev or test, and their sentences with no more kept than the doctor needs."""

from __future__ import annotations

import codecs
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from encodings import utf_8
from itertools import chain
from sys import intern

from elman.data.checks.findings import LABEL_PREFIX, DataSplit
from elman.data.corpus import ReadOptions, keep_nonempty
from elman.data.formats import Reading, read_sentences
from elman.data.formats.class_names import UnnamedTagsError
from elman.data.formats.text_io import line_blocks
from elman.data.sentence import Sentence
from elman.errors import ConfigError, DataError
from elman.utils.files import input_files, is_pipe

ROLES = ("train", "dev", "test")
_NAMES = {"train": "train", "training": "train", "test": "test", "testing": "test"} | dict.fromkeys(
    ("dev", "devel", "development", "val", "valid", "validation"), "dev"
)
_TOLERANT = "elman_utf_8_tolerant"

Targets = tuple[str, ...]


def role_by_name(path: str) -> str:
    """``train``, ``dev`` or ``test`` where the name of a file says so (``en_ewt-ud-dev.conllu``), else ""."""
    words = re.split(r"[^a-z]+", os.path.basename(path).lower())
    roles = {_NAMES[word] for word in words if word in _NAMES}
    return roles.pop() if len(roles) == 1 else ""


def read_splits(
    given: Mapping[str, Sequence[str]], others: Sequence[str], how: ReadOptions, notes: list[str]
) -> list[DataSplit]:
    """The splits: train, dev and test, as far as there are any, then each file by itself that is none of these.

    ``given`` are the files of each role, ``others`` files whose names are to say it. ``notes`` gets a line for each
    file: what it was read as, and one where names were asked. Folders and patterns stand for files
    (``files.input_files``).

    Raises DataError: a file that cannot be read or has no sentences. Raises ConfigError: no such column or format.
    """
    files = {role: input_files(given.get(role, ())) for role in ROLES}
    others = input_files(others)
    alone = []
    for path in others:
        role = role_by_name(path)
        if role:
            files[role].append(path)
        else:
            alone.append(path)
    if len(alone) < len(others):
        notes.append(
            "train, dev and test told apart by the names of the files; --train, --dev, --test say it otherwise"
        )
    splits: list[DataSplit] = []
    targets: Targets | None = None
    bases = [os.path.basename(path) for path in alone]
    names = [path if bases.count(base) > 1 else base for path, base in zip(alone, bases, strict=True)]
    lone = ((name, "", [path]) for name, path in zip(names, alone, strict=True))
    for name, role, paths in chain(((role, role, files[role]) for role in ROLES), lone):
        sentences: list[Sentence] = []
        for path in paths:
            more, targets = _read(path, how, notes, targets)
            sentences += more
        if paths:
            splits.append(DataSplit(name, role, tuple(paths), sentences))
    return splits


def _read(path: str, how: ReadOptions, notes: list[str], targets: Targets | None) -> tuple[list[Sentence], Targets]:
    """The sentences of a file and the names of their label columns, those given or else the file's own.

    A text of two encodings is read to its end: a byte that is no UTF-8 becomes half a surrogate pair, as Python's
    ``surrogateescape`` has it, and ``characters`` reports it.
    """
    n_notes = len(notes)
    try:
        return _slim(path, how, notes, targets)
    except DataError:
        if not _is_mixed(path, how.encoding):
            raise
    del notes[n_notes:]
    return _slim(path, replace(how, encoding=_TOLERANT), notes, targets)


def _slim(path: str, how: ReadOptions, notes: list[str], targets: Targets | None) -> tuple[list[Sentence], Targets]:
    """Sentences without raw lines and further columns, words and tags one object each: a tenth of the memory."""
    reading = read_sentences(path, format=how.format, encoding=how.encoding)
    keys = _keys(reading, how)
    targets = keys if targets is None else targets
    where = f"tags in column {', '.join(keys)}" if keys else f"labels {', '.join(reading.labels())}"
    notes.append(f"{reading.path} read as {reading.format}, {where}: {reading.why}")
    if how.targets is None and (others := reading.others()):
        notes.append(f"{reading.path}: it has tags of spans too, --target {' or '.join(others)} looks at them")
    if len(keys) != len(targets):
        expected = f"expected {len(targets)} columns of tags, as in the files before, found {len(keys)}"
        raise ConfigError(f"{path}: {expected}; --target and --format say which")
    found = []
    for sentence in keep_nonempty(reading, reading.path):
        columns = {target: tuple(map(intern, sentence.columns[key])) for target, key in zip(targets, keys, strict=True)}
        for name, label in sentence.labels.items():
            columns[LABEL_PREFIX + name] = (intern(label),)
        words = tuple(map(intern, sentence.words))
        found.append(Sentence(words, columns, sentence.path, sentence.line, (), sentence.rows, sentence.format))
    return found, targets


def _keys(reading: Reading, how: ReadOptions) -> Targets:
    """The label columns of a file; none where only its sentences have labels."""
    try:
        return reading.targets(how.targets)
    except UnnamedTagsError:
        raise
    except ConfigError:
        if how.targets or not reading.labels():
            raise
    return ()


def _is_mixed(path: str, encoding: str) -> bool:
    """Whether a file has characters in UTF-8 and bytes that are none, so that no one encoding can be right."""
    if is_pipe(path) or codecs.lookup(encoding).name != "utf-8":
        return False  # what is gone cannot be read again
    found = set()
    try:
        for block in line_blocks(path, _TOLERANT):
            text = "".join(block)
            if not text.isascii():
                found |= {"\udc80" <= character <= "\udcff" for character in text if character > "\x7f"}
    except DataError:
        return False
    return len(found) == 2


class _TolerantDecoder(utf_8.IncrementalDecoder):
    def __init__(self, errors: str = "strict") -> None:
        super().__init__("surrogateescape")


def _lookup(name: str) -> codecs.CodecInfo | None:
    utf8 = codecs.lookup("utf-8")
    found = codecs.CodecInfo(utf8.encode, utf8.decode, incrementaldecoder=_TolerantDecoder, name=_TOLERANT)
    return found if name == _TOLERANT else None


codecs.register(_lookup)  # so that the readers take it as an encoding like any other
