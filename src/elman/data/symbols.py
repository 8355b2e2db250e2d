"""Read text as the symbols of a language model: words or characters, with a symbol for the end of a line.

Words are separated by spaces and line ends. Spaces are symbols only when the unit is the character.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Sequence

from elman.data.corpus import Data, as_items
from elman.data.formats import read_sentences
from elman.data.formats.text_io import BOM, text_blocks
from elman.data.sentence import Sentence
from elman.errors import DataError
from elman.utils.arguments import path_texts
from elman.utils.files import input_files

END = "\n"
"""The symbol of the end of a line."""
MAX_PENDING = 1 << 20
"""Characters without a space that are held back at most, so that a word is not cut between two blocks."""
_WORD = re.compile("[^ \r\n]+|\n")
_TEXT_COMMENT = "# text = "


def read_symbols(data: Data, unit: str, format: str | None = None, encoding: str = "utf-8") -> Iterator[list[str]]:
    """Yield the symbols of text files, or of files in another format, block by block.

    ``unit`` is ``words`` or ``characters``. Characters of CoNLL-U come from the raw text (``# text = …``) if it is
    given, else from the words joined by spaces. Raises DataError if ``data`` are not paths.
    """
    items = list(as_items(data))
    if not all(isinstance(item, str | os.PathLike) for item in items):
        raise DataError("expected paths of texts")
    for path in input_files(path_texts("data", items)):
        file_format = format or ("conllu" if re.search(r"\.conllu(\.\w+)?$", path) else "text")
        if file_format == "text":
            yield from _read_text(path, unit, encoding)
            continue
        for sentence in read_sentences(path, format=file_format, encoding=encoding, labelled=False):
            if sentence.words:
                text = sentence.words if unit == "words" else raw_text_of(sentence) or " ".join(sentence.words)
                yield [*text, END]


def raw_text_of(sentence: Sentence) -> str | None:
    """Return the raw text of a CoNLL-U sentence from its comment ``# text = …``, or None without one."""
    comments = (line for line in sentence.lines if line.startswith(_TEXT_COMMENT))
    return next((line[len(_TEXT_COMMENT) :].strip() for line in comments), None)


def split_symbols(text: str, unit: str) -> Iterable[str]:
    """Return the symbols of a text: its characters, or its words and line ends."""
    return text if unit == "characters" else _WORD.findall(text)


def count_words(symbols: Sequence[str], unit: str) -> int:
    """Return the number of words and line ends in a sequence of symbols."""
    return len(symbols) if unit == "words" else len(_WORD.findall("".join(symbols)))


def _read_text(path: str, unit: str, encoding: str) -> Iterator[list[str]]:
    pending = ""
    for block in text_blocks(path, encoding):
        text = pending + block.removeprefix(BOM)
        cut = max(text.rfind(" "), text.rfind("\n")) + 1 if block else len(text)
        if not cut and unit == "characters" and len(text) > MAX_PENDING:
            cut = len(text)
        symbols, pending = list(split_symbols(text[:cut], unit)), text[cut:]
        if symbols:
            yield symbols
