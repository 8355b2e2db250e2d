"""Encodings: every one of Python's reads and writes, or is refused in one line; files that are no text are named."""

from __future__ import annotations

import encodings
import gzip
import io
import pickle
import pkgutil
import sqlite3
import struct
import zipfile
import zlib
from encodings.aliases import aliases
from pathlib import Path

import numpy as np
import pytest

from elman.data.formats import read_sentences
from elman.errors import ConfigError, DataError, ElmanError, OutputError
from elman.models import file as model_file
from elman.utils.charsets import Decoder, Encoder, check_encoding
from elman.utils.files import OutputFile

NAMES = sorted({module.name for module in pkgutil.iter_modules(encodings.__path__)} | set(aliases.values()))
REFUSED = (
    "idna",
    "punycode",
    "unicode_escape",
    "raw_unicode_escape",
    "undefined",
    "hex",
    "rot13",
    "base64",
    "zip",
    "bz2",
)
TEXT = "a_X b_Y\nc_X\n"
BROKEN = [
    b"",
    b"\xff",
    b"\xff\xfe",
    b"\xff\xfe\0\xd8",
    b"a_X b_Y\nc_X\n",
    b"a_X\n\xff\xfe\x80\x81\n",
    b"+AGE-_X\n+\n",
    b"\x1b$B\n~{\n\x0e\n",
    bytes(range(1, 256)),
    b"xn--a_X\n\\x\\u12\\N{\n",
]


@pytest.mark.parametrize("name", NAMES)
def test_every_codec_reads(tmp_path: Path, name: str) -> None:
    """Text comes back, and other bytes are refused in one line with the file."""
    file = tmp_path / "file"
    try:
        check_encoding(name)
    except ConfigError as error:
        assert "\n" not in str(error)
        with pytest.raises(ConfigError, match="^encoding: "):
            read_sentences(str(file), encoding=name)
        return
    file.write_bytes(TEXT.encode(name))
    assert [one.words for one in read_sentences(str(file), format="word_tag", encoding=name)] == [("a", "b"), ("c",)]
    for data in BROKEN:
        file.write_bytes(data)
        try:
            list(read_sentences(str(file), format="columns", encoding=name))
        except DataError as error:
            assert str(error).startswith(f"{file}") and "\n" not in str(error)


@pytest.mark.parametrize("name", NAMES)
def test_every_codec_writes(tmp_path: Path, name: str) -> None:
    """What is written reads back; what an encoding does not have is refused in one line, and nothing is left behind."""
    file = tmp_path / "file"
    for pieces in ([], [TEXT], ["é_X ", "日本_Y\n", "ß_X"], ["\ud800"]):
        try:
            with OutputFile(str(file), encoding=name) as out:
                for piece in pieces:
                    out.write(piece)
        except ElmanError as error:
            assert isinstance(error, ConfigError | OutputError) and "\n" not in str(error)
            assert not file.exists()
            continue
        text = "".join(Decoder("file", name).decode(block, 0) for block in (file.read_bytes(), b""))
        assert text == "".join(pieces).removeprefix("\ufeff")
        file.unlink()


@pytest.mark.parametrize("name", REFUSED)
def test_names_that_are_no_text_encodings(name: str) -> None:
    for make in (check_encoding, Encoder, lambda name: Decoder("x", name)):
        with pytest.raises(ConfigError, match=f"^encoding: .*'{name}'; the usual one is utf-8$"):
            make(name)


def test_what_an_encoding_has_at_its_end(tmp_path: Path) -> None:
    """ISO 2022 goes back to ASCII behind the last character; an empty file stays empty."""
    file = tmp_path / "file"
    with OutputFile(str(file), encoding="iso2022_jp") as out:
        out.write("日")
        out.write("本")
    assert file.read_bytes() == "日本".encode("iso2022_jp")
    with OutputFile(str(file), encoding="utf-16") as out:
        out.write("")
    assert file.read_bytes() == b""


def no_text() -> dict[str, bytes]:
    """Beginnings of files that are no text."""
    memory = io.BytesIO()
    np.save(memory, np.arange(300))
    header = b'{"a":{"dtype":"F32","shape":[200],"data_offsets":[0,800]}}'
    tar = b"name".ljust(257, b"\0") + b"ustar\x0000" + b"\0" * 300 + b"\xff"
    return {
        "a Python pickle": pickle.dumps({"a": b"\xff" * 10}),
        "a safetensors file": struct.pack("<Q", len(header)) + header + np.full(200, np.nan, np.float32).tobytes(),
        "a PDF": b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n\0",
        "an SQLite database": b"SQLite format 3\0\x10\0\x01\x01\0\x40\x20\x20\xff",
        "a picture": b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR",
        "a picture; ": b"\xff\xd8\xff\xe0\0\x10JFIF",
        "a file of numbers": memory.getvalue(),
        "a Parquet file; expected text: say that the format is parquet": b"PAR1\x15\x04\x15\xff\0",
        "an archive": tar,
        "a document of an Office program": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(40),
    }


@pytest.mark.parametrize("what", no_text())
@pytest.mark.parametrize("packed", [False, True])
def test_files_that_are_no_text(tmp_path: Path, what: str, packed: bool) -> None:
    file = tmp_path / "file"
    data = no_text()[what]
    file.write_bytes(gzip.compress(data) if packed else data)
    for encoding in ("utf-8", "ascii", "latin-1"):
        with pytest.raises(DataError, match=f"^{file}: {what}") as caught:
            list(read_sentences(str(file), format="columns", encoding=encoding))
        assert "latin-1" not in str(caught.value)


def test_text_that_begins_like_something_else(tmp_path: Path) -> None:
    """The first bytes are asked only where a file is not in its encoding: text is text, whatever it begins with."""
    file = tmp_path / "file"
    for word in ("%PDF-1.4", "BZhang", "GIF89a", "PAR", "Rar!"):
        file.write_text(f"{word}_X b_Y\n", encoding="utf-8")
        assert next(iter(read_sentences(str(file)))).words == (word, "b")


def test_real_files_of_other_programs(tmp_path: Path) -> None:
    base = tmp_path / "a.db"
    with sqlite3.connect(base) as connection:
        connection.execute("create table t (x)")
    with zipfile.ZipFile(tmp_path / "a.xlsx", "w") as file:
        file.writestr("xl/workbook.xml", "<x/>")
    with zipfile.ZipFile(tmp_path / "empty.zip", "w"):
        pass
    model_file.save(tmp_path / "a.model", {}, {"w": np.full(99, 0.001, np.float32)})
    for name, what in (
        ("a.db", "an SQLite database"),
        ("a.xlsx", "a zip archive; expected text, gzip, xz or zstd: unpack it first"),
        ("empty.zip", "a zip archive"),
        ("a.model", "a safetensors file, as models are; expected text"),
    ):
        with pytest.raises(DataError, match=f"^{tmp_path / name}: {what}"):
            read_sentences(str(tmp_path / name))


@pytest.mark.parametrize(
    ("data", "encoding", "message"),
    [
        (
            "é_X\n".encode("latin-1"),
            "utf-8",
            r":1: byte 0xE9 at offset 0 is not utf-8 \(.*\); .*, --encoding latin-1 for",
        ),
        ("é_X\n".encode(), "ascii", r":1: byte 0xC3 at offset 0 is not ascii \(.*\); .*, --encoding utf-8 for one$"),
        ("a_X\n".encode("utf-16"), "utf-8", r":1: byte 0xFF at offset 0 .*, --encoding utf-16 for one$"),
        ("a_X\n".encode("utf-32"), "utf-8", r":1: byte 0xFF at offset 0 .*, --encoding utf-32 for one$"),
        ("a_X b_Y\n".encode("utf-16-le"), "utf-8", ":1: a NUL character; .*, --encoding utf-16-le for one$"),
        ("a_X b_Y é\n".encode("utf-16-be"), "utf-8", ":1: byte 0xE9 at .*, --encoding utf-16-be for one$"),
        (
            "a_X b_Y\n".encode("utf-16-le"),
            "utf-16",
            r":1: it is not utf-16 \(UTF-16 stream does not start with BOM\); .*le",
        ),
        (b"a_X b_Y\n", "utf-16", r":1: it is not utf-16 \(.*BOM\); .*, --encoding utf-8 for one$"),
        (b"a_X b_Y\n", "utf-32", ":1: byte 0x61 at offset 0 is not utf-32 .*, --encoding utf-8 for one$"),
        (b"a_X\nb\0_Y\n", "utf-8", ":2: a NUL character; expected text$"),
        (zlib.compress(bytes(range(256)) * 8)[2:], "utf-8", "it has too many control characters to be text"),
    ],
)
def test_what_is_said_of_other_encodings(tmp_path: Path, data: bytes, encoding: str, message: str) -> None:
    file = tmp_path / "file"
    file.write_bytes(data)
    with pytest.raises(DataError, match=f"^{file}{message}" if message.startswith(":") else message):
        list(read_sentences(str(file), format="columns", encoding=encoding))
