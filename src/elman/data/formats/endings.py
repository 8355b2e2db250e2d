"""The format of an output file by its extension: one rule for all commands.

The extension decides if no format is asked for; if both are given they have to agree. The extension of a compression
(``.jsonl.gz``) may follow. Other extensions, and standard output, tell no format.
"""

from __future__ import annotations

import os

from elman.errors import ConfigError
from elman.utils.compression import ENDINGS

FORMATS_BY_EXTENSION: dict[str, tuple[str, ...]] = {
    ".conllu": ("conllu",),
    ".conllup": ("conllup",),
    ".jsonl": ("jsonl", "prodigy", "doccano"),
    ".json": ("json",),
    ".parquet": ("parquet",),
    ".spacy": ("spacy",),
    ".csv": ("csv",),
    ".tsv": ("tsv", "columns", "label_text"),
    ".html": ("html",),
    ".htm": ("html",),
    ".trees": ("trees",),
    **dict.fromkeys((".conll", ".iob", ".iob2", ".bio", ".bioes"), ("columns", "conllu", "conllup")),
}
"""Extension -> its format, then further formats whose files are named so, too."""
NOT_WRITTEN = (".xlsx", ".xls", ".ods", ".docx", ".doc", ".odt", ".pdf", ".rtf")
"""Extensions of programs that would not open what is written; a spreadsheet opens .csv."""


def extension(path: str) -> str:
    """Return the extension of a name in lower case, without that of a compression; "" for none."""
    stem, suffix = os.path.splitext(path.lower())
    return os.path.splitext(stem)[1] if suffix in ENDINGS else suffix


def formats_of(path: str) -> tuple[str, ...]:
    """Return the formats that a file of this name may have, its default first; empty if the name tells nothing."""
    return () if path == "-" else FORMATS_BY_EXTENSION.get(extension(path), ())


def output_format(path: str, asked: str | None, option: str = "--as") -> str | None:
    """Return the format to write: the one asked for, else that of the name; None if neither is given.

    Raises ConfigError if they disagree.
    """
    formats = formats_of(path)
    if extension(path) in NOT_WRITTEN:
        raise ConfigError(f"{path}: {extension(path)} is not written; a spreadsheet opens .csv, an editor .txt")
    if asked is None:
        return formats[0] if formats else None
    if formats and asked not in formats:
        advice = f"leave out {option}, or choose another name"
        raise ConfigError(f"{path}: the name stands for {formats[0]}, and {option} asks for {asked}; {advice}")
    return asked
