"""Compressed files: read whatever they are called, written by their name, refused when broken."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import random
import sys
import threading
import zlib
from types import SimpleNamespace

import pytest

from elman.data.formats import read_sentences
from elman.errors import DataError, MissingExtraError
from elman.utils import compression
from elman.utils.compression import CompressedFile, first_bytes, kind_of
from elman.utils.files import OutputFile

zstd = pytest.importorskip("compression.zstd" if sys.version_info >= (3, 14) else "backports.zstd")
PACK = {"gzip": gzip.compress, "xz": lzma.compress, "zstd": zstd.compress}
ENDING = {"gzip": ".gz", "xz": ".xz", "zstd": ".zst"}
LINES = [f"w{random.Random(i).getrandbits(40)}_N x_T\n" for i in range(20_000)]
TEXT = "".join(LINES)


@pytest.fixture(params=PACK)
def kind(request):
    return request.param


def read(path, **options):
    return "".join(line for s in read_sentences(str(path), **options) for line in s.lines)


@pytest.mark.parametrize("name", ["file", "file.txt", "file.gz"])
def test_known_by_the_first_bytes(tmp_path, kind, name):
    file = tmp_path / name
    file.write_bytes(PACK[kind](TEXT.encode()))
    assert read(file) == TEXT


def test_text_called_gz(tmp_path):
    file = tmp_path / "file.gz"
    file.write_text("a_T\n")
    assert read(file) == "a_T\n"


def test_several_parts_in_one(tmp_path, kind):
    file = tmp_path / "file"
    file.write_bytes(PACK[kind](b"a_T\n") + PACK[kind](b"b_T\n"))
    assert read(file) == "a_T\nb_T\n"


def test_written_by_the_ending(tmp_path, kind):
    file = tmp_path / f"out{ENDING[kind].upper()}"
    for _ in range(2):
        with OutputFile(str(file)) as out:
            out.write("a_T\n")
            out.flush()
            out.write(b"b_T\n")
        if _ == 0:
            first = file.read_bytes()
    assert file.read_bytes() == first  # no clock in it
    assert first.startswith(PACK[kind](b"")[:2])
    assert read(file) == "a_T\nb_T\n"
    assert os.listdir(tmp_path) == [file.name]
    with OutputFile(str(file), plain=True) as out:
        out.write("a_T\n")
    assert file.read_text() == "a_T\n"


def test_nothing_half_written(tmp_path, kind):
    with pytest.raises(KeyError), OutputFile(str(tmp_path / f"out{ENDING[kind]}")) as out:
        out.write("a")
        raise KeyError
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("left", [0.5, 0.999])
def test_cut_off(tmp_path, kind, left):
    file = tmp_path / "file"
    packed = PACK[kind](TEXT.encode())
    file.write_bytes(packed[: int(len(packed) * left)])
    with pytest.raises(DataError, match=f"file: the {kind} data end before their end; the file is cut off: get it"):
        read(file)


def test_damaged(tmp_path, kind):
    file = tmp_path / "file"
    packed = bytearray(PACK[kind](TEXT.encode()))
    middle = len(packed) // 2
    packed[middle : middle + 200] = bytes(200)
    file.write_bytes(packed)
    with open(file, "rb") as stream, pytest.raises(DataError, match="get the file again$") as caught:
        data = CompressedFile(stream, "file")
        while data.read1(1 << 20):
            pass
    assert str(caught.value).startswith(f"file: the {kind} data are damaged (")
    assert "\n" not in str(caught.value)


SMALL = b"".join(f"w{i}_T the_DET\n".encode() for i in range(12))


def unpacked(data):
    stream, parts = CompressedFile(io.BufferedReader(io.BytesIO(data)), "file"), []
    while block := stream.read1(7):
        parts.append(block)
    return b"".join(parts)


def test_every_bit_that_flips_is_found(tmp_path, kind):
    """What elman writes never reads as other text, whichever bit is damaged: its checksum is part of the file."""
    file = tmp_path / f"a{ENDING[kind]}"
    with OutputFile(str(file)) as out:
        out.write(SMALL)
    packed = file.read_bytes()
    for bit in range(8 * len(packed)):
        damaged = bytearray(packed)
        damaged[bit // 8] ^= 1 << bit % 8
        try:
            found = unpacked(bytes(damaged))
        except DataError as error:
            assert str(error).startswith("file: the ") and "\n" not in str(error)
            continue
        assert found in (SMALL, damaged)  # gzip's clock; or no longer known as compressed


def test_every_cut_is_found(kind):
    packed = PACK[kind](SMALL)
    for n in range(6, len(packed)):
        with pytest.raises(DataError, match=f"file: the {kind} data end before their end"):
            unpacked(packed[:n])


def test_what_stands_behind_the_end(kind):
    """Of Python's own readers, those of xz and Zstandard take the next part for rubbish once its mark is damaged."""
    second = bytearray(PACK[kind](b"b_T\n"))
    for behind in (b"rubbish", b"\x01", bytes(second[:1]) + b"?" + bytes(second[2:])):
        with pytest.raises(DataError, match=f"file: the {kind} data "):
            unpacked(PACK[kind](b"a_T\n") + behind)
    if kind != "zstd":  # which has no padding
        assert unpacked(PACK[kind](b"a_T\n") + bytes(8)) == b"a_T\n"
        assert unpacked(PACK[kind](b"a_T\n") + bytes(8) + PACK[kind](b"b_T\n")) == b"a_T\nb_T\n"


def test_xz_that_asks_for_gigabytes():
    data = bytearray(lzma.compress(b"a_T\n", preset=0))
    assert data[14:17] == b"\x21\x01\x0c"  # in the block's header: LZMA2, a byte follows, the size of its dictionary
    data[16] = 38  # 2 GB
    data[20:24] = zlib.crc32(bytes(data[12:20])).to_bytes(4, "little")
    with pytest.raises(
        DataError, match=r"the xz data cannot be unpacked \(Memory usage limit exceeded\); pack them with"
    ):
        unpacked(bytes(data))


def test_a_wrong_sum(tmp_path):
    file = tmp_path / "file"
    packed = bytearray(gzip.compress(b"a_T\n"))
    packed[-5] ^= 1
    file.write_bytes(packed)
    with pytest.raises(DataError, match="the gzip data are damaged"):
        read(file)


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (bz2.compress(b"a"), "a bzip2 file"),
        (bz2.compress(b""), "a bzip2 file"),
        (b"PK\x03\x04...", "a zip archive"),
        (b"PK\x05\x06...", "a zip archive"),
    ],
)
def test_what_is_not_read(tmp_path, data, what):
    file = tmp_path / "file"
    file.write_bytes(data)
    with pytest.raises(DataError, match=f"file: {what}; expected text, gzip, xz or zstd: unpack it first"):
        read(file)


def test_bad_bytes_inside_are_named_by_line(tmp_path, kind):
    file = tmp_path / "file"
    file.write_bytes(PACK[kind](b"a_T\nb_\xf0\n"))
    with pytest.raises(DataError, match=r"file:2: byte 0xF0 at offset 6 is not utf-8 \(.*--encoding latin-1 for one"):
        read(file)
    assert read(file, encoding="latin-1") == "a_T\nb_\xf0\n"


def test_standard_input(monkeypatch, kind):
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(PACK[kind](b"a b\n"))))
    assert read("-", labelled=False) == "a b\n"


def test_a_pipe_that_brings_one_byte_at_a_time(tmp_path, kind):
    file = tmp_path / "pipe"
    os.mkfifo(file)

    def write():
        with open(file, "wb", buffering=0) as pipe:
            for byte in PACK[kind](b"a b\n"):
                pipe.write(bytes([byte]))

    writer = threading.Thread(target=write)
    writer.start()
    assert read(file, labelled=False) == "a b\n"
    writer.join()


@pytest.mark.parametrize("data", [b"", b"(", b"\x28\xb5", b"P"])
def test_as_short_as_the_mark_itself(tmp_path, data):
    file = io.BufferedReader(io.BytesIO(data))
    assert CompressedFile(file, "file").read1(10) == data


def test_the_device_fails(tmp_path):
    class Failing(io.BytesIO):
        def read1(self, size=-1):
            raise OSError(5, "Input/output error")

    class Begun(io.BytesIO):
        def read1(self, size=-1):
            if self.tell():
                raise OSError(5, "Input/output error")
            return self.read(20)

    with pytest.raises(OSError, match="Input/output"):
        CompressedFile(Failing(), "file")
    begun = Begun(gzip.compress(TEXT.encode()))
    with pytest.raises(OSError, match="Input/output"):
        CompressedFile(begun, "file").read1(1 << 20)


def test_first_bytes(tmp_path, monkeypatch):
    (tmp_path / "file").write_bytes(b"PAR1abcdefg")
    assert first_bytes(str(tmp_path / "file")) == b"PAR1abcd"
    assert first_bytes("-") == first_bytes(str(tmp_path)) == first_bytes(str(tmp_path / "nowhere")) == b""
    for pack in PACK.values():
        (tmp_path / "packed").write_bytes(pack(b"PAR1abcdefg"))
        assert first_bytes(str(tmp_path / "packed")) == b"PAR1abcd"
        (tmp_path / "packed").write_bytes(pack(b"PAR1abcdefg")[:12])
        assert first_bytes(str(tmp_path / "packed")) == b""

    def failing(*_arguments):
        raise OSError(5, "Input/output error")

    monkeypatch.setattr("builtins.open", failing)
    assert first_bytes(str(tmp_path / "file")) == b""  # reading it will say why


def test_without_the_package(tmp_path, monkeypatch):
    def missing(name):
        raise ModuleNotFoundError(name)

    monkeypatch.setattr(compression, "import_module", missing)
    message = r"this needs the package backports.zstd: pip install '\.\[zstd\]' in"
    with pytest.raises(MissingExtraError, match=message):
        OutputFile(str(tmp_path / "out.zst"))
    file = tmp_path / "file"
    file.write_bytes(zstd.compress(b"a_T\n"))
    with pytest.raises(MissingExtraError, match=message):
        read(file)
    assert kind_of("a.txt") is None and kind_of("a.gz") == "gzip"
