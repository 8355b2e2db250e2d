"""Text encodings: check names, encode and decode incrementally, and explain input that is not in the encoding."""

from __future__ import annotations

import codecs
import re
from typing import Any

from elman.errors import ConfigError, DataError
from elman.utils.arguments import check_text
from elman.utils.display import shown

_NOT_INCREMENTAL = ("idna", "punycode", "unicode-escape", "raw-unicode-escape")
"""Encodings of host names and Python source; encoding a text piece by piece differs from encoding it as a whole."""
_BEGIN = 1024
"""Number of first bytes from which the kind of a file is guessed."""
_KINDS = {
    rb"x\x9c": "packed as files of spaCy are; expected text: say that the format is spacy",
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
"""Patterns of the first bytes of files that are not text -> descriptions for messages."""
_CONTROL = re.compile(rb"[\0-\x08\x0e-\x19\x1c-\x1f\x7f]")


def check_encoding(encoding: str) -> None:
    """Raise ConfigError if no text encoding has this name."""
    check_text("encoding", encoding, optional=False)
    problem = "no text encoding is called"
    try:
        "a".encode(encoding)
        if codecs.lookup(encoding).name not in _NOT_INCREMENTAL:
            return
        problem = "whole texts cannot be in"
    except (LookupError, ValueError):  # the encoding named "undefined" raises UnicodeError, a ValueError
        pass
    raise ConfigError(f"encoding: {problem} {shown(encoding)}; the usual one is utf-8") from None


class Encoder:
    """An incremental encoder. Raises ConfigError if the encoding does not exist."""

    def __init__(self, encoding: str) -> None:
        check_encoding(encoding)
        self._encoder = codecs.getincrementalencoder(encoding)()
        self.is_utf8 = codecs.lookup(encoding).name == "utf-8"
        self._begun = False

    def encode(self, text: str) -> bytes:
        """Encode the next piece of text. Raises UnicodeError."""
        if not text:
            return b""
        self._begun = True
        return self._encoder.encode(text)

    @property
    def state(self) -> tuple[bool, Any]:
        """Whether a text has been begun, and the codec's own state; an encoder that is set to it continues."""
        return self._begun, self._encoder.getstate()

    @state.setter
    def state(self, state: tuple[bool, Any]) -> None:
        begun, own = state
        self._begun = begun
        self._encoder.setstate(own)

    def end(self) -> bytes:
        """Return the final bytes that some encodings need; b"" if no text was encoded."""
        return self._encoder.encode("", final=True) if self._begun else b""


class Decoder:
    """An incremental decoder that tracks its offset in the file. Raises ConfigError if the encoding does not exist."""

    def __init__(self, name: str, encoding: str, begin: int = 0) -> None:
        """``begin``: the offset of the first byte that is read."""
        check_encoding(encoding)
        self._name = name
        self._encoding = encoding
        self._decoder = codecs.getincrementaldecoder(encoding)()
        self._end = begin  # offset of the first byte not yet read
        self._begin = b""

    def decode(self, block: bytes, lines_before: int) -> str:
        """Decode a block; an empty block ends the file. ``lines_before`` counts the line feeds already decoded.

        Raises DataError, with the line, if the bytes are invalid in the encoding or the text contains a NUL.
        """
        state = self._decoder.getstate()
        self._end += len(block)
        if len(self._begin) < _BEGIN:
            self._begin += block[:_BEGIN]
        try:
            text = self._decoder.decode(block, final=not block)
        except UnicodeDecodeError as error:
            rest = len(error.object) - error.start  # bytes from the invalid one to the end of the block
            where = f"byte 0x{error.object[error.start]:02X} at offset {self._end - rest}"
            self._decoder.setstate(state)
            try:
                lines_before += self._decoder.decode(block[: max(0, len(block) - rest)]).count("\n")
            except UnicodeError:
                pass  # the start of the block may not be decodable alone in this encoding
            raise self._error(f"{where} is not {self._encoding} ({error.reason})", lines_before) from None
        except UnicodeError as error:  # missing byte order mark
            raise self._error(f"it is not {self._encoding} ({error})", lines_before) from None
        if "\0" in text:
            lines_before += text.count("\n", 0, text.index("\0"))
            raise self._error("a NUL character; expected text", lines_before, advice="")
        return text

    def _error(self, problem: str, lines_before: int, advice: str | None = None) -> DataError:
        """Return an error that names the likely file kind or encoding, if they can be guessed from the first bytes."""
        kind = next((kind for pattern, kind in _KINDS.items() if re.match(pattern, self._begin)), None)
        if kind is not None:
            return DataError(kind, path=self._name)
        likely = self._likely()
        if likely:
            advice = f"pass the file's own encoding, --encoding {likely} for one"
        elif (n_control := len(_CONTROL.findall(self._begin))) > 8 and n_control * 50 > len(self._begin):
            advice = "it has too many control characters to be text"
        elif advice is None:
            fallback = "latin-1" if codecs.lookup(self._encoding).name == "utf-8" else "utf-8"
            advice = f"pass the file's own encoding, --encoding {fallback} for one"
        return DataError(f"{problem}; {advice}" if advice else problem, path=self._name, line=lines_before + 1)

    def _likely(self) -> str:
        """Return the UTF-16 or UTF-32 variant suggested by the first bytes; "" if none, or if it is the current one."""
        begin, guess = self._begin, ""
        if begin.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
            guess = "utf-32"
        elif begin.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            guess = "utf-16"
        else:
            even, odd = begin[0::2].count(0), begin[1::2].count(0)
            if max(even, odd) * 4 > len(begin) > 3 and min(even, odd) * 20 < len(begin):
                guess = "utf-16-le" if odd > even else "utf-16-be"
        return "" if codecs.lookup(guess or self._encoding).name == codecs.lookup(self._encoding).name else guess
