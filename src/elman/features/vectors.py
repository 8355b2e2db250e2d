"""Pretrained word vectors: word2vec (text and binary), GloVe and fastText text files, gzipped or not, read as a stream.

Memory holds one block of the file and the vectors that are kept. The width of every line is checked, but in binary
files only the numbers of the words that are kept.
"""

from __future__ import annotations

import codecs
import gzip
import re
import zlib
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import TYPE_CHECKING, Any, BinaryIO, ClassVar, cast

import numpy as np
from numpy.typing import NDArray

from elman.errors import DataError, while_reading
from elman.nn.shapes import WIDEST
from elman.utils.display import shown
from elman.utils.files import opened

if TYPE_CHECKING:
    from elman.config import NetworkConfig

_BLOCK = 1 << 20  # bytes, and the longest line or binary word
_HEADER = re.compile(rb"(\d{1,18}) (\d{1,18})[ \r]*\n")
_MOST = float(np.finfo(np.float32).max)
_NUMBERS = b"0123456789.eE+- "
_TEXT = bytes({*range(0x20, 0x7F), *b"\t\r\n"})

Blocks = Iterator[bytes]
Entry = tuple[int, bytes, bytes]  # number from 1 (of the line, or in binary of the word), word, numbers


class VectorIndex:
    """Row of each word in the table of vectors: that of the word, else of its lower-case form, else 0."""

    def __init__(self, words: Sequence[str], width: int) -> None:
        """``words`` are distinct; ``words[i]`` has row i + 1. No words and ``width`` 0: no vectors."""
        self.words, self.width = tuple(words), width
        self._rows = {word: i for i, word in enumerate(self.words, start=1)}

    def __len__(self) -> int:
        """Rows of the table, including row 0; 0 without vectors."""
        return len(self.words) + 1 if self.width else 0

    def rows(self, words: Collection[str]) -> NDArray[np.int32]:
        """Return the rows (U,) of U words."""
        get = self._rows.get
        return np.fromiter((get(word) or get(word.lower(), 0) for word in words), np.int32, len(words))


@dataclass(frozen=True)
class Vectors:
    """The vectors kept of a file.

    ``index``    words and their rows
    ``table``    (W + 1, D) float32; row 0, for words without a vector, is zeros
    ``repeats``  a warning about repeated words, the first of which is kept; "" if there are none
    """

    index: VectorIndex
    table: NDArray[np.float32] = field(repr=False)
    repeats: str = ""

    features: ClassVar[None] = None
    """They bring no sub-word features along, as a base model does."""

    def begin(self, parameters: dict[str, Any], config: NetworkConfig) -> None:
        """Fill the table of vectors into the initial parameters of a network."""
        parameters["vectors"][...] = self.scaled()

    def scaled(self) -> NDArray[np.float32]:
        """Return the table scaled to a mean squared vector length of 1, like that of learned embeddings.

        The values of published vectors are around 0.03 to 0.5.
        """
        # row by row: a table in float64 would be twice as large as this one
        squares = sum(float(np.square(row, dtype=np.float64).sum()) for row in self.table)
        size = np.sqrt(squares / len(self.index.words))
        return np.asarray(self.table / np.float32(size or 1.0))


def read(path: str, needed: Collection[str], extra: int = 0) -> Vectors:
    """Read the vectors of the ``needed`` words, as they are and in lower case, and of the first ``extra`` words.

    Raises DataError if the file cannot be read, is empty, in another format, broken or cut short, if a vector has
    another width, a value is not a finite number or a word not UTF-8, or if none of the ``needed`` words has a vector.
    """
    wanted = {form for word in needed for form in (word, word.lower())}
    words: dict[str, int] = {}  # and their places
    repeated, repeats = 0, ""
    form, blocks = _open(path)
    values = bytearray(4 * form.width)  # grows in place; begins with row 0
    for number, entry in enumerate(form.entries(blocks), start=1):
        try:
            word = entry[1].decode()
        except UnicodeDecodeError as error:
            message = f"expected UTF-8, found the word {_shown(entry[1])} ({error.reason}); convert the file first"
            raise form.refused(entry[0], message) from None
        if number > extra and word not in wanted:
            continue
        if word in words:
            repeated += 1
            repeats = repeats or str(form.refused(entry[0], f"{_shown(entry[1])} is at {words[word]:,} already"))
            continue
        words[word] = entry[0]
        values += form.numbers(entry).tobytes()
    if wanted.isdisjoint(words):
        raise DataError(f"no vector for any of the {len(needed):,} words; is it of their language?", path=path)
    if repeated:
        repeats += f"; the first is kept (repeated words: {repeated:,})"
    table = np.frombuffer(values, np.float32).reshape(-1, form.width)
    return Vectors(VectorIndex(list(words), form.width), table, repeats)


def _open(path: str) -> tuple[_Text | _Binary, Blocks]:
    """Detect the format of a file from its beginning; return it with the blocks after the header."""
    blocks = _blocks(path)
    first = next(blocks, b"").removeprefix(codecs.BOM_UTF8)
    if not first.strip():
        raise DataError("nothing in it; expected word vectors", path=path)
    header = _HEADER.match(first)
    if header is None:
        line = first.partition(b"\n")[0].rstrip(b" \r")
        width = line.count(b" ")
        if not width or line.rpartition(b" ")[2].translate(None, _NUMBERS):
            expected = "a word and its numbers with a space between them (word2vec, GloVe or fastText text)"
            raise DataError(f"expected {expected}, or word2vec's binary form", path=path, line=1)
        _check_width(path, width)
        return _Text(path, width), chain([first], blocks)
    count, width = int(header[1]), int(header[2])
    if not count:
        raise DataError("no words, as the header says; expected word vectors", path=path, line=1)
    _check_width(path, width)
    rest = first[header.end() :]
    # Text takes two bytes a number at least; numbers of binary form hardly ever look like text for so long.
    numbers = rest[rest.find(b" ") + 1 :][: 2 * width - 1]
    kind = _Binary if numbers.translate(None, _TEXT) else _Text
    return kind(path, width, count), chain([rest], blocks)


def _check_width(path: str, width: int) -> None:
    if not 1 <= width <= WIDEST:
        raise DataError(f"expected vectors of 1 to {WIDEST:,} numbers, found {width:,}", path=path, line=1)


def _blocks(path: str) -> Blocks:
    """Yield the bytes of a file, unpacked if they are gzipped."""
    try:
        with while_reading(path), opened(path) as file:
            stream = cast(BinaryIO, gzip.GzipFile(fileobj=file)) if file.peek(2)[:2] == b"\x1f\x8b" else file
            while block := stream.read(_BLOCK):
                yield block
    except (EOFError, zlib.error) as error:
        raise DataError(f"broken or cut short gzip file ({error}); fetch it again", path=path) from None
    except ValueError as error:  # a path with a NUL in it
        raise DataError(f"cannot be read: {error}", path=shown(path)) from None


@dataclass(frozen=True)
class _Text:
    """Text format: a word and its numbers on each line; ``count`` as in the header, 0 without one."""

    path: str
    width: int
    count: int = 0

    def entries(self, blocks: Blocks) -> Iterator[Entry]:
        """Yield every line that is not blank. More than the header says are allowed: real files have them."""
        found = 0
        for at, raw in enumerate(self._lines(blocks), start=self._first):
            line = raw.rstrip(b" \r")
            if not line:
                continue
            found += 1
            if line.count(b" ") == self.width:
                word, _, numbers = line.partition(b" ")
            else:
                word, numbers = self._split(at, line)
            if numbers.translate(None, _NUMBERS):
                raise self._broken((at, word, numbers))  # whether the word is needed or not
            yield at, word, numbers
        if found < self.count:
            message = f"expected {self.count:,} words, as the header says, found {found:,}; is the file cut short?"
            raise DataError(message, path=self.path)

    def numbers(self, entry: Entry) -> NDArray[np.float32]:
        """Return the numbers of an entry (D,)."""
        try:
            with np.errstate(over="ignore"):
                vector = np.array(entry[2].split(b" "), np.float64).astype(np.float32)
        except ValueError:
            raise self._broken(entry) from None
        if not np.isfinite(vector).all():
            raise self._broken(entry)
        return vector

    def _broken(self, entry: Entry) -> DataError:
        """Return the error for an entry whose numbers are not all finite."""
        at, word, numbers = entry
        bad = next(one for one in numbers.split(b" ") if not _is_finite(one))
        message = f"expected {self.width} numbers behind {_shown(word)}, found {_shown(bad)}; is the file broken?"
        return self.refused(at, message)

    def refused(self, at: int, message: str) -> DataError:
        """Return the error for a line."""
        return DataError(message, path=self.path, line=at)

    @property
    def _first(self) -> int:
        return 2 if self.count else 1  # the header is line 1

    def _lines(self, blocks: Blocks) -> Iterator[bytes]:
        rest, at = b"", self._first
        for block in blocks:
            *lines, rest = (rest + block).split(b"\n")
            yield from lines
            at += len(lines)
            if len(rest) > _BLOCK:
                raise self.refused(at, f"a line of more than {_BLOCK:,} bytes; is it a vector file?")
        yield rest

    def _split(self, at: int, line: bytes) -> tuple[bytes, bytes]:
        """Split a line with more spaces: GloVe's files have words with spaces in them."""
        parts = line.rsplit(b" ", self.width)
        if len(parts) <= self.width or any(_is_finite(part) for part in parts[0].split(b" ")[1:]):
            found = sum(map(_is_finite, line.split(b" ")[1:]))
            whose = "as the header says" if self.count else "as in the first line"
            expected = f"{self.width} numbers behind the word, one space between them, {whose}"
            raise self.refused(at, f"expected {expected}, found {found}; is the line broken?")
        return parts[0].rstrip(b" "), b" ".join(parts[1:])


@dataclass(frozen=True)
class _Binary:
    """Binary format: a word, a space and little-endian float32 numbers, with or without a line end, ``count`` times."""

    path: str
    width: int
    count: int

    def entries(self, blocks: Blocks) -> Iterator[Entry]:
        """Yield every word."""
        size, buffer, start = 4 * self.width, b"", 0
        for at in range(1, self.count + 1):
            while (space := buffer.find(b" ", start)) < 0 or len(buffer) - space <= size:
                if space < 0 and len(buffer) - start > _BLOCK:
                    raise self.refused(at, f"longer than {_BLOCK:,} bytes; is it a vector file?")
                block = next(blocks, b"")
                if not block:
                    message = f"the file ends in it, and {self.count:,} words of {self.width} numbers were to come"
                    raise self.refused(at, f"{message}; fetch the file again")
                buffer, start = buffer[start:] + block, 0
            end = space + 1 + size
            yield at, buffer[start:space].lstrip(b"\n"), buffer[space + 1 : end]
            start = end
        if buffer[start:].strip() or next(blocks, b"").strip():
            message = "expected the end of the file, as the header says, found more; is the header right?"
            raise self.refused(self.count + 1, message)

    def numbers(self, entry: Entry) -> NDArray[np.float32]:
        """Return the numbers of an entry (D,)."""
        at, word, data = entry
        vector = np.frombuffer(data, "<f4").astype(np.float32)
        if not np.isfinite(vector).all():
            bad = vector[~np.isfinite(vector)][0]
            message = f"expected {self.width} numbers behind {_shown(word)}, found {bad}; is the file broken?"
            raise self.refused(at, message)
        return vector

    def refused(self, at: int, message: str) -> DataError:
        """Return the error for a word; a binary file has no lines."""
        return DataError(f"word {at:,}: {message}", path=self.path)


def _is_finite(text: bytes) -> bool:
    """Whether bytes are a number that float32 can hold; 1_000 and other Python syntax is not allowed."""
    try:
        return not text.translate(None, _NUMBERS) and abs(float(text)) <= _MOST
    except ValueError:
        return False


def _shown(text: bytes) -> str:
    """Return bytes for a message: quoted, on one line, not too long."""
    return shown(text.decode(errors="backslashreplace"))
