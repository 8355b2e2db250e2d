"""Words of text in the native core: what the Python of the same meaning does, on any text."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from elman.features import affixes as features
from elman.kernels import reference

engines = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
texts = st.text(st.sampled_from("ab Ü\u3000\u2028\t\r\n  \n\U0001f600'_-9Z")).map(str.encode)


@engines
@given(st.lists(texts, max_size=4))
def test_lines(engine: Any, some: list[bytes]) -> None:
    mine, other = engine.Words(), reference.Words()
    for text in some:
        ids, lengths = mine.of_lines(text)
        expected, of_lines = other.of_lines(text)
        assert (ids.tolist(), lengths.tolist()) == (expected.tolist(), of_lines.tolist())
        assert ids.dtype == lengths.dtype == np.int32
        assert mine.since(0) == other.since(0)
        tags = ["X", "ÄÖ", "-"]
        assert engine.tag_lines(text, ids % 3, tags) == reference.tag_lines(text, expected % 3, tags)


def test_lines_by_hand(engine: Any) -> None:
    words = engine.Words()
    ids, lengths = words.of_lines("the dog  sees the\u3000dog\r\n\n \t \n the\n dog".encode())
    assert words.since(0) == ["the", "dog", "sees", "the\u3000dog"]
    assert ids.tolist() == [0, 1, 2, 3, 0, 1]
    assert lengths.tolist() == [4, 0, 0, 1, 1]
    tagged = engine.tag_lines(b"the dog  x\r\n \n the", np.array([0, 1, 1, 0], np.int32), ["D", "N"])
    assert tagged == b"the_D dog_N  x_N\r\n \n the_D"


@engines
@given(st.lists(st.text(max_size=12), max_size=40))
def test_words(engine: Any, some: list[str]) -> None:
    words = engine.Words()
    assert (
        words.of_words(some[: len(some) // 2]).tolist() == reference.Words().of_words(some[: len(some) // 2]).tolist()
    )
    before = len(words)
    ids = words.of_words(some)
    assert [words.since(0)[i] for i in ids.tolist()] == some
    assert words.since(before) == words.since(0)[before:]
    assert len(words) == len(set(some))


def test_many_words(engine: Any) -> None:
    words = engine.Words()
    some = [f"w{i}" for i in range(5000)]
    assert words.of_words(some).tolist() == list(range(5000))
    assert words.of_words(some[::-1]).tolist() == list(range(5000))[::-1]


def test_bytes_that_are_no_text(engine: Any) -> None:
    words = engine.Words()
    with pytest.raises(UnicodeDecodeError):
        words.of_lines(b"the \xff dog\n")
    words.of_lines(b"the cat\n")
    assert {"the", "cat"} >= set(words.since(0))  # so that it can go on


def test_as_many_tags_as_words(engine: Any) -> None:
    for ids in ([0], [0, 0, 0]):
        with pytest.raises(ValueError, match="as many tags as words"):
            engine.tag_lines(b"a b\n", np.array(ids, np.int32), ["T"])


@engines
@given(st.lists(st.text(st.sampled_from("abzAZ09 -'üß中"), min_size=1, max_size=70), max_size=20))
def test_affixes(engine: Any, some: list[str]) -> None:
    if engine.AffixIndex is None:
        return
    names = sorted({name for word in some for name in features.affixes(word)})[::2]
    index = {name: i for i, name in enumerate(names)}
    ids, offsets, others = engine.AffixIndex(names).of_words(some)
    assert others.tolist() == [i for i, word in enumerate(some) if not word.isascii()]
    for i, word in enumerate(some):
        expected = sorted({index[name] for name in features.affixes(word) if name in index}) if word.isascii() else []
        assert ids[offsets[i] : offsets[i + 1]].tolist() == expected


@engines
@given(st.lists(st.text("ab Ü中\U0001f600", max_size=12), max_size=5), st.integers(1, 5))
def test_windows(engine: Any, some: list[str], width: int) -> None:
    lengths = np.array([len(text) for text in some], np.int32)
    padded = ["\x02" * (width - 1) + text for text in some]
    words = engine.Words()
    ids = words.of_windows("".join(padded), lengths, width)
    expected = [text[i : i + width] for text in padded for i in range(len(text) - width + 1)]
    assert ids.dtype == np.int32
    assert [words.since(0)[i] for i in ids.tolist()] == expected
    assert words.of_words(expected).tolist() == ids.tolist()


@pytest.mark.parametrize("lengths", [[3], [1], [-1, 4]])
def test_as_many_characters_as_windows_take(engine: Any, lengths: list[int]) -> None:
    with pytest.raises(ValueError, match="lengths have to"):
        engine.Words().of_windows("äbcd", np.array(lengths, np.int32), 3)


@engines
@given(st.lists(st.sets(st.integers(0, 2**64 - 1), max_size=30), min_size=1, max_size=4), st.integers(0, 2**32))
def test_numbers(engine: Any, known: list[set[int]], seed: int) -> None:
    index, draw = engine.NumberIndex(), np.random.default_rng(seed)
    tables = [dict(zip(some, draw.permutation(len(some)).tolist(), strict=True)) for some in known]
    for table in tables:
        index.add(np.array(list(table), np.uint64), np.array(list(table.values()), np.int32))
    rows = [[int(draw.choice([*map(str, table), "0", "7"])) for table in tables] for _ in range(8)]
    ids, offsets = index.find(np.array(rows, np.uint64))
    assert ids.dtype == offsets.dtype == np.int32
    for i, row in enumerate(rows):
        expected = [table[key] for table, key in zip(tables, row, strict=True) if key in table]
        assert ids[offsets[i] : offsets[i + 1]].tolist() == expected
