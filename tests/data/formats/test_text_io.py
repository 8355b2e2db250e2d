"""Bytes to lines: encodings, bad bytes, pipes."""

from __future__ import annotations

import io
import os
import threading
from types import SimpleNamespace

import pytest
from hypothesis import given, strategies as st

from elman.data.formats import read_sentences, text_io as lines_module
from elman.data.formats.text_io import line_blocks
from elman.errors import ConfigError, DataError

ENCODINGS = ["utf-8", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-8-sig", "gb18030", "utf-7"]


def lines_of(path, encoding="utf-8"):
    return [line for block in line_blocks(str(path), encoding) for line in block]


def test_only_the_line_feed_ends_a_line(file):
    text = "a\u0085b\u2028c\vd\fe\rf\r\ng\x1ch"
    file.write_text(text, encoding="utf-8", newline="")
    assert lines_of(file) == ["a\u0085b\u2028c\vd\fe\rf\r\n", "g\x1ch"]


def test_a_line_is_of_bounded_length(file, monkeypatch):
    monkeypatch.setattr(lines_module, "LINE", 10)
    monkeypatch.setattr(lines_module, "_BLOCK_BYTES", 4)
    file.write_text("a" * 10 + "\n" + "b" * 9 + "\nc")
    assert lines_of(file) == ["a" * 10 + "\n", "b" * 9 + "\n", "c"]
    file.write_text("a\n\n" + "b" * 20)
    with pytest.raises(
        DataError, match="file:3: more than 10 characters in a line; expected text in lines, of JSON one"
    ):
        lines_of(file)


@given(text=st.text(st.characters(codec="utf-8", exclude_characters="\0\ufeff")), encoding=st.sampled_from(ENCODINGS))
def test_any_text_in_any_encoding_in_small_blocks(tmp_path_factory, text, encoding):
    file = tmp_path_factory.getbasetemp() / "small-blocks"
    file.write_bytes(text.encode(encoding))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lines_module, "_BLOCK_BYTES", 3)
        lines = lines_of(file, encoding)
    assert "".join(lines) == text
    assert lines == [line + "\n" for line in text.split("\n")[:-1]] + [x for x in text.split("\n")[-1:] if x]


@pytest.mark.parametrize("block", [1, 2, 3, 7, 1 << 18])
@pytest.mark.parametrize(
    ("data", "encoding", "line", "byte", "offset"),
    [
        (b"a\nb\nc \xffd\n", "utf-8", 3, "0xFF", 6),
        (b"\xff\n", "utf-8", 1, "0xFF", 0),
        ("é\n".encode() + b"x\xc3\n", "utf-8", 2, "0xC3", 4),
        (b"a\n\xe2\x82", "utf-8", 2, "0xE2", 2),
        (b"\xef\xbb\xbfa\n\xff", "utf-8-sig", 2, "0xFF", 5),
        (b"a\xe9\n", "ascii", 1, "0xE9", 1),
        ("a\nb\n".encode("utf-16") + b"\x00\xdc", "utf-16", 3, "0x00", 10),
        ("a\nb\n".encode("utf-16") + b"x", "utf-16", 3, "0x78", 10),
        ("日\n".encode("gb18030") + b"\xff\xff\n", "gb18030", 2, "0xFF", 3),
    ],
)
def test_bad_bytes_are_named_by_line_and_offset(file, monkeypatch, block, data, encoding, line, byte, offset):
    monkeypatch.setattr(lines_module, "_BLOCK_BYTES", block)
    file.write_bytes(data)
    with pytest.raises(DataError, match=rf"file:{line}: byte {byte} at offset {offset} is not {encoding} \(") as caught:
        lines_of(file, encoding)
    assert caught.value.line == line


@pytest.mark.parametrize("block", [2, 1 << 18])
def test_a_nul_is_refused(file, monkeypatch, block):
    monkeypatch.setattr(lines_module, "_BLOCK_BYTES", block)
    file.write_bytes(b"a\nb\nc\0\n")
    with pytest.raises(DataError, match="file:3: a NUL character; expected text"):
        lines_of(file)


@pytest.mark.parametrize("encoding", ["no-such", "rot13", "base64", "undefined"])
def test_no_such_encoding(file, encoding):
    file.write_text("a")
    with pytest.raises(ConfigError, match=f"no text encoding is called '{encoding}'"):
        read_sentences(str(file), encoding=encoding)


def test_a_file_that_cannot_be_read(tmp_path):
    with pytest.raises(DataError, match="nowhere: cannot be read: No such file or directory"):
        read_sentences(str(tmp_path / "nowhere"))
    with pytest.raises(DataError, match="cannot be read: Is a directory"):
        read_sentences(str(tmp_path))


def test_standard_input(monkeypatch):
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(b"a b\nc \xff\n")))
    with pytest.raises(DataError, match="^standard input:2: byte 0xFF at offset 6"):
        read_sentences("-", labelled=False)
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(b"a b\n")))
    reading = read_sentences("-", labelled=False)
    assert reading.path == "standard input"
    assert [(s.words, s.path) for s in reading] == [(("a", "b"), "standard input")]


@pytest.mark.parametrize("first", ["one two\n", "\ufeff# c\n1\ta\tX\n2\tb\tX\n\n"])
def test_a_pipe_is_read_as_it_comes(file, first):
    """The second part is written only when the first sentence has come out."""
    os.mkfifo(file)
    seen = threading.Event()

    def write():
        with open(file, "wb", buffering=0) as pipe:
            for line in first.splitlines(keepends=True):
                pipe.write(line.encode())
            assert seen.wait(10)
            pipe.write(first.removeprefix("\ufeff").encode())

    writer = threading.Thread(target=write)
    writer.start()
    sentences = iter(read_sentences(str(file), labelled=False))
    assert len(next(sentences)) == 2
    seen.set()
    assert [len(s) for s in sentences] == [2]
    writer.join()


@pytest.mark.parametrize("labelled", [True, False])
@pytest.mark.parametrize(
    "text",
    ["a_X b_Y\rc_Z\rd_X\r", "a\tX\r\rb\tY\r", "a X\rb Y\r", "a\rb\rc\nd\re\n", "x\ta b\ry\tc d\r", "a X\rb Y\rc Z\n"],
)
def test_lines_that_end_in_carriage_returns_alone(read, text, labelled):
    with pytest.raises(DataError, match=r"^[^:]*file: lines end in carriage returns alone; expected line feeds: tr "):
        read(text, labelled=labelled)


@pytest.mark.parametrize("text", ["a_X b_Y\r\nc_Z\r\n", "a_X\r", "a_X b\rc_Y\nd_X\ne_Y\n", "a_X b\rc_Y\n"])
def test_other_carriage_returns_are_as_they_were(read, text):
    assert "".join("".join(s.lines) for s in read(text)) == text


def test_a_carriage_return_is_part_of_a_word(read):
    (sentence,) = read("a\rb X\n", format="columns")
    assert (sentence.words, sentence.columns["2"]) == (("a\rb",), ("X",))
    (sentence,) = read("a\rb_X c_Y\n", format="word_tag")
    assert (sentence.words, sentence.columns["tag"]) == (("a\rb", "c"), ("X", "Y"))


def test_carriage_returns_of_formats_that_have_their_own_ends(read):
    assert [s.words for s in read('text,label\n"a\rb\rc",X\n')] == [("a", "b", "c")]
    assert [s.words for s in read('[\r{"tokens": ["a"], "tags": ["X"]}\r]')] == [("a",)]
    assert [s.words for s in read("a\rb", format="text", labelled=False)] == [("a\rb",)]


def test_what_has_come_through_a_pipe_is_all_looked_at(file):
    os.mkfifo(file)
    writer = threading.Thread(target=lambda: file.write_text("#made by hand\n1\ta" + "\t_" * 8 + "\n\n"))
    writer.start()
    reading = read_sentences(str(file), labelled=False)
    assert (reading.format, [s.words for s in reading if s.words]) == ("conllu", [("a",)])
    writer.join()
