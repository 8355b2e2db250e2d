"""Encodings of text: which there are, and what is wrong with bytes or characters that one of them does not have."""

from __future__ import annotations

import codecs
import re

from elman.errors import ConfigError, DataError
from elman.utils.display import shown

_OF_SOMETHING_ELSE = ("idna", "punycode", "unicode-escape", "raw-unicode-escape")
"""Names of hosts and of Python's source, whose pieces put together are not the encoded whole."""
_BEGIN = 1024
"""Bytes of a file by which it is told what it is."""
_KINDS = {
    rb"PAR1": "a Parquet file; expected text: say that the format is parquet",
    rb"[\0-\xff]{4}\0{4}\{\"": "a safetensors file, as models are; expected text",
    rb"\x80[\x02-\x05]": "a Python pickle, which is not read; expected text",
    rb"SQLite format 3\0": "an SQLite database; expected text",
    rb"%PDF-": "a PDF; expected text",
    rb"\x89PNG|\xff\xd8\xff|GIF8[79]a|II\*\0|MM\0\*|RIFF[\0-\xff]{4}WEBP": "a picture; expected text",
    rb"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1": "a document of an Office program; expected text: save it as CSV or text",
    rb"7z\xbc\xaf|Rar!\x1a|\x04\x22\x4d\x18|\x1f\x9d|[\0-\xff]{257}ustar": "an archive; expected text: unpack it first",
    rb"\x93NUMPY|\x89HDF|ARROW1\0\0|\x7fELF": "a file of numbers or a program; expected text",
}
"""Patterns of what files begin with that are no text, and what they are."""
_CONTROL = re.compile(rb"[\0-\x08\x0e-\x19\x1c-\x1f\x7f]")


def check_encoding(encoding: str) -> None:
    """Raise ConfigError for a name that is no text encoding."""
    problem = "no text encoding is called"
    try:
        "a".encode(encoding)
        if codecs.lookup(encoding).name not in _OF_SOMETHING_ELSE:
            return
        problem = "whole texts cannot be in"
    except (LookupError, ValueError):  # UnicodeError, of the encoding that is called undefined, is a ValueError
        pass
    raise ConfigError(f"encoding: {problem} {shown(encoding)}; the usual one is utf-8") from None


class Encoder:
    """An incremental encoder. Raises ConfigError: no such encoding."""

    def __init__(self, encoding: str) -> None:
        check_encoding(encoding)
        self._encoder = codecs.getincrementalencoder(encoding)()
        self._begun = False

    def encode(self, text: str) -> bytes:
        """The bytes of text that follows what came before. Raises UnicodeError."""
        if not text:
            return b""
        self._begun = True
        return self._encoder.encode(text)

    def end(self) -> bytes:
        """What some encodings have behind the last character; of no text at all nothing."""
        return self._encoder.encode("", final=True) if self._begun else b""


class Decoder:
    """An incremental decoder that knows where it is in the file. Raises ConfigError: no such encoding."""

    def __init__(self, name: str, encoding: str) -> None:
        check_encoding(encoding)
        self._name = name
        self._encoding = encoding
        self._decoder = codecs.getincrementaldecoder(encoding)()
        self._end = 0  # offset of the first byte not yet read
        self._begin = b""

    def decode(self, block: bytes, lines_before: int) -> str:
        """The next text; an empty block is the end of the file. ``lines_before``: line feeds already decoded.

        Raises DataError with the line: bytes that are not in the encoding, a NUL.
        """
        state = self._decoder.getstate()
        self._end += len(block)
        if len(self._begin) < _BEGIN:
            self._begin += block[:_BEGIN]
        try:
            text = self._decoder.decode(block, final=not block)
        except UnicodeDecodeError as error:
            rest = len(error.object) - error.start  # bytes from the bad one to the end of the block
            where = f"byte 0x{error.object[error.start]:02X} at offset {self._end - rest}"
            self._decoder.setstate(state)
            try:
                lines_before += self._decoder.decode(block[: max(0, len(block) - rest)]).count("\n")
            except UnicodeError:
                pass  # an encoding in which what is before cannot be read without what is behind it
            raise self._error(f"{where} is not {self._encoding} ({error.reason})", lines_before) from None
        except UnicodeError as error:  # a byte order mark that is missing
            raise self._error(f"it is not {self._encoding} ({error})", lines_before) from None
        if "\0" in text:
            lines_before += text.count("\n", 0, text.index("\0"))
            raise self._error("a NUL character; expected text", lines_before, advice="")
        return text

    def _error(self, problem: str, lines_before: int, advice: str | None = None) -> DataError:
        """The error of a file that is something else, as far as that can be told, or in another encoding."""
        what = next((what for pattern, what in _KINDS.items() if re.match(pattern, self._begin)), None)
        if what is not None:
            return DataError(what, path=self._name)
        likely = self._likely()
        if likely:
            advice = f"pass the file's own encoding, --encoding {likely} for one"
        elif (n_control := len(_CONTROL.findall(self._begin))) > 8 and n_control * 50 > len(self._begin):
            advice = "there are so many control characters in it that it is hardly text"
        elif advice is None:
            other = "latin-1" if codecs.lookup(self._encoding).name == "utf-8" else "utf-8"
            advice = f"pass the file's own encoding, --encoding {other} for one"
        return DataError(f"{problem}; {advice}" if advice else problem, path=self._name, line=lines_before + 1)

    def _likely(self) -> str:
        """An encoding that the file's beginning gives away, another than it is read in; "" for none."""
        begin, found = self._begin, ""
        if begin.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
            found = "utf-32"
        elif begin.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            found = "utf-16"
        else:
            even, odd = begin[0::2].count(0), begin[1::2].count(0)
            if max(even, odd) * 4 > len(begin) > 3 and min(even, odd) * 20 < len(begin):
                found = "utf-16-le" if odd > even else "utf-16-be"
        return "" if codecs.lookup(found or self._encoding).name == codecs.lookup(self._encoding).name else found
