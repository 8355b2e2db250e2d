"""Read files as splits for the checks: which file is train, dev or test, and their sentences in little memory."""

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
from elman.data.formats.reader import check_tags
from elman.data.formats.text_io import text_blocks
from elman.data.sentence import NO_TAG, Sentence
from elman.errors import ConfigError, DataError
from elman.utils.files import input_files, is_pipe

ROLES = ("train", "dev", "test")
_NAMES = {"train": "train", "training": "train", "test": "test", "testing": "test"} | dict.fromkeys(
    ("dev", "devel", "development", "val", "valid", "validation"), "dev"
)
_CONLLU_COLUMNS = ("upos", "xpos", "feats", "lemma", "head", "deprel")
_TOLERANT = "elman_utf_8_tolerant"
_ESCAPED, _NOT_ASCII = re.compile("[\udc80-\udcff]"), re.compile("[^\0-\x7f\udc80-\udcff]")
"""A byte that is not UTF-8, as ``_TOLERANT`` decodes it, and another character that is not ASCII."""

Targets = tuple[str, ...]


def role_by_name(path: str) -> str:
    """Return ``train``, ``dev`` or ``test`` if the name of a file says so (``en_ewt-ud-dev.conllu``), else ""."""
    words = re.split(r"[^a-z]+", os.path.basename(path).lower())
    roles = {_NAMES[word] for word in words if word in _NAMES}
    return roles.pop() if len(roles) == 1 else ""


def read_splits(
    files_by_role: Mapping[str, Sequence[str]], others: Sequence[str], options: ReadOptions, notes: list[str]
) -> list[DataSplit]:
    """Read the splits: train, dev and test, if they exist, then every other file as a split of its own.

    ``files_by_role`` are the files of each role, ``others`` are files whose names tell the role. ``notes`` gets one
    line per file with its format, and one line if roles came from names. Folders and patterns are expanded
    (``files.input_files``).

    Raises DataError for a file that cannot be read or has no sentences; ConfigError for an unknown column or format.
    """
    files = {role: input_files(files_by_role.get(role, ())) for role in ROLES}
    others = input_files(others)
    without_role = []
    for path in others:
        role = role_by_name(path)
        if role:
            files[role].append(path)
        else:
            without_role.append(path)
    if len(without_role) < len(others):
        notes.append(
            "train, dev and test told apart by the names of the files; --train, --dev, --test say it otherwise"
        )
    splits: list[DataSplit] = []
    targets: Targets | None = None
    bases = [os.path.basename(path) for path in without_role]
    names = [path if bases.count(base) > 1 else base for path, base in zip(without_role, bases, strict=True)]
    single_files = ((name, "", [path]) for name, path in zip(names, without_role, strict=True))
    for name, role, paths in chain(((role, role, files[role]) for role in ROLES), single_files):
        sentences: list[Sentence] = []
        for path in paths:
            more, targets = _read(path, options, notes, targets)
            sentences += more
        if paths:
            splits.append(DataSplit(name, role, tuple(paths), sentences))
    return splits


def _read(path: str, options: ReadOptions, notes: list[str], targets: Targets | None) -> tuple[list[Sentence], Targets]:
    """Return the sentences of a file and the names of its label columns, which are ``targets`` if given.

    A text with mixed encodings is read to its end: a byte that is not UTF-8 becomes half a surrogate pair (Python's
    ``surrogateescape``), and ``characters`` reports it.
    """
    n_notes = len(notes)
    try:
        return _read_compact(path, options, notes, targets)
    except DataError:
        if not _is_mixed(path, options.encoding):
            raise
    del notes[n_notes:]
    return _read_compact(path, replace(options, encoding=_TOLERANT), notes, targets)


def _read_compact(
    path: str, options: ReadOptions, notes: list[str], targets: Targets | None
) -> tuple[list[Sentence], Targets]:
    """Read sentences without raw lines and unused columns; equal words and tags share memory: a tenth of it."""
    reading = read_sentences(path, format=options.format, encoding=options.encoding)
    keys = _keys(reading, options, targets)
    targets = keys if targets is None else targets
    labels = (
        f"tags in column{'s' * (len(keys) > 1)} {', '.join(keys)}"
        if keys
        else f"labels {', '.join(reading.label_names())}"
    )
    notes.append(f"{reading.path} read as {reading.format}, {labels}: {reading.why}")
    if options.targets is None and (span_columns := reading.extra_span_columns()):
        notes.append(f"{reading.path}: it has span tags too, --target {' or '.join(span_columns)} checks them")
    if len(keys) != len(targets):
        expected = f"expected {len(targets)} columns of tags, as in the files before, found {len(keys)}"
        raise ConfigError(f"{path}: {expected}; --target and --format say which")
    sentences = []
    for sentence in keep_nonempty(reading, reading.path):
        for key in keys:
            check_tags(sentence, key)
        columns = {target: tuple(map(intern, sentence.columns[key])) for target, key in zip(targets, keys, strict=True)}
        for name, label in sentence.labels.items():
            columns[LABEL_PREFIX + name] = (intern(label),)
        words = tuple(map(intern, sentence.words))
        sentences.append(Sentence(words, columns, sentence.path, sentence.line, (), sentence.rows, sentence.format))
    return sentences, targets


def _keys(reading: Reading, options: ReadOptions, targets: Targets | None) -> Targets:
    """Return the label columns of a file; none if only its sentences have labels.

    By default those of CoNLL-U are the columns with values in the first sentences of the first file, ``targets``.
    """
    try:
        keys = reading.targets(options.targets)
        if reading.format == "conllu" and options.targets is None:
            if targets is not None and set(targets) <= set(_CONLLU_COLUMNS):
                return targets
            first = reading.first()
            return tuple(name for name in _CONLLU_COLUMNS if _has_values(first, name)) or keys
        return keys
    except UnnamedTagsError:
        raise
    except ConfigError:
        if options.targets or not reading.label_names():
            raise
    return ()


def _has_values(sentences: Sequence[Sentence], name: str) -> bool:
    return any(sentence.words and set(sentence.columns[name]) != {NO_TAG} for sentence in sentences)


def _is_mixed(path: str, encoding: str) -> bool:
    """Return whether a file has both UTF-8 characters and bytes that are not UTF-8, so that no encoding fits."""
    if is_pipe(path) or codecs.lookup(encoding).name != "utf-8":
        return False  # a pipe cannot be read twice
    escaped = others = False
    try:
        for text in text_blocks(path, _TOLERANT):
            escaped = escaped or _ESCAPED.search(text) is not None
            others = others or _NOT_ASCII.search(text) is not None
            if escaped and others:
                return True
    except DataError:
        pass
    return False


class _TolerantDecoder(utf_8.IncrementalDecoder):
    def __init__(self, errors: str = "strict") -> None:
        super().__init__("surrogateescape")


def _lookup(name: str) -> codecs.CodecInfo | None:
    utf8 = codecs.lookup("utf-8")
    codec = codecs.CodecInfo(utf8.encode, utf8.decode, incrementaldecoder=_TolerantDecoder, name=_TOLERANT)
    return codec if name == _TOLERANT else None


codecs.register(_lookup)  # so that readers accept it like any other encoding
