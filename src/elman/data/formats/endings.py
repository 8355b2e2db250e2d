"""What the name of a file that is written says of its format: one rule for all commands.

The ending decides where no format is asked for; where both are given they have to agree. Behind it may stand that of a
compression (``.jsonl.gz``). Other endings, and standard output, say nothing.
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
    ".csv": ("csv",),
    ".tsv": ("tsv", "columns", "label_text"),
    ".html": ("html",),
    ".htm": ("html",),
    ".trees": ("trees",),
    **dict.fromkeys((".conll", ".iob", ".iob2", ".bio", ".bioes"), ("columns", "conllu", "conllup")),
}
"""Ending -> the format it stands for; then others of which files are called so, too."""


def extension(path: str) -> str:
    """The ending of a name, in lower case, without that of a compression; "" for none."""
    stem, last = os.path.splitext(path.lower())
    return os.path.splitext(stem)[1] if last in ENDINGS else last


def formats_of(path: str) -> tuple[str, ...]:
    """The formats that a file of this name may have, first the one it stands for; none: the name says nothing."""
    return () if path == "-" else FORMATS_BY_EXTENSION.get(extension(path), ())


def output_format(path: str, asked: str | None, option: str = "--as") -> str | None:
    """The format to write: the one asked for, else that of the name; None where neither says.

    Raises ConfigError where they disagree.
    """
    named = formats_of(path)
    if asked is None:
        return named[0] if named else None
    if named and asked not in named:
        way = f"leave out {option}, or choose another name"
        raise ConfigError(f"{path}: the name stands for {named[0]}, and {option} asks for {asked}; {way}")
    return asked
