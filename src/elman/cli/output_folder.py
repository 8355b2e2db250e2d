"""``-o DIR/``: a folder that gets one output for each input file, of the same name."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence

from elman.errors import ConfigError, while_reading, while_writing

_EXTENSIONS = {"conllu": ".conllu", "conllup": ".conllup", "jsonl": ".jsonl", "json": ".json", "parquet": ".parquet"}
_EXTENSIONS |= {"csv": ".csv", "tsv": ".tsv", "trees": ".trees", "html": ".html", "columns": ".conll"}
_EXTENSIONS |= {"prodigy": ".jsonl", "doccano": ".jsonl", "label-studio": ".json", "spacy": ".spacy"}
_PLAIN = ".txt"


def is_folder(output: str) -> bool:
    """Return whether an output is a folder: it exists, or its name ends in a slash."""
    return output.endswith(("/", os.sep)) or os.path.isdir(output)


class OutputFolder:
    """The outputs of several input files; the folder is made if it does not exist.

    Raises ConfigError for standard input, or two inputs of one name; OutputError if the folder cannot be made.
    """

    def __init__(self, folder: str, paths: Sequence[str], others: Sequence[str] = ()) -> None:
        """Make the folder; ``others`` are further files that must not be written over, such as the model."""
        self._folder = folder
        self._inputs = {_identity(path) for path in (*paths, *others) if os.path.isfile(path)}
        self._input_of: dict[str, str] = {}  # output -> input
        first: dict[str, str] = {}
        for path in paths:
            if path == "-":
                raise ConfigError(f"{folder}: standard input has no name for a file in a folder; name an output file")
            name = os.path.basename(path)
            if name in first:
                raise _clash(os.path.join(folder, name), first[name], path)
            first[name] = path
        if not os.path.isdir(folder):
            with while_writing(folder):
                os.makedirs(folder)

    def output(self, path: str, read: str, written: str) -> str:
        """Return the output of an input file, given the formats that it is read and written as.

        Raises ConfigError if it is the output of an earlier input too, or if an input would be written over.
        """
        output = os.path.join(self._folder, name_as(os.path.basename(path), read, written))
        if self._input_of.setdefault(output, path) != path:
            raise _clash(output, self._input_of[output], path)
        if os.path.exists(output) and _identity(output) in self._inputs:
            raise ConfigError(f"{output}: is read and would be written over; name another folder")
        return output


def alike(paths: Sequence[str]) -> list[str]:
    """Return the files whose outputs may have one name, depending on their formats: their names differ in the end."""
    stems = [os.path.basename(path).partition(".")[0] for path in paths]
    counts = Counter(stems)
    return [path for path, stem in zip(paths, stems, strict=True) if counts[stem] > 1 and os.path.isfile(path)]


def _identity(path: str) -> tuple[int, int]:
    """Return what two paths of the same file share."""
    with while_reading(path):
        status = os.stat(path)
    return status.st_dev, status.st_ino


def _clash(output: str, one: str, other: str) -> ConfigError:
    return ConfigError(f"{output}: would be written from {one} and from {other}; rename one, or use two folders")


def name_as(name: str, read: str, written: str) -> str:
    """Return the name of a file with the extension of the format that it is written in.

    It stays if the format does, or if it may have this extension. The extension of a compression stays.
    """
    from elman.data.formats.endings import FORMATS_BY_EXTENSION
    from elman.utils.compression import ENDINGS

    written = written.partition(":")[0]
    stem, packed = os.path.splitext(name)
    if packed.lower() not in ENDINGS:
        stem, packed = name, ""
    bare, extension = os.path.splitext(stem)
    formats = FORMATS_BY_EXTENSION.get(extension.lower(), ())
    new = _EXTENSIONS.get(written, _PLAIN)
    if written == read.partition(":")[0] or written in formats or (not formats and new == _PLAIN):
        return name
    return (bare if formats or extension.lower() == _PLAIN else stem) + new + packed
