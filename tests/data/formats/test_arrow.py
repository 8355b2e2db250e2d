"""Tables in memory as sentences: which columns are read, and what is said of others."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from elman.data.formats import read_table
from elman.errors import ConfigError, DataError, MissingExtraError
from elman.utils.arguments import is_table

pa = pytest.importorskip("pyarrow")


class Stream:
    """Has the Arrow PyCapsule interface and nothing else."""

    def __init__(self, table: Any) -> None:
        self._table = table

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        return self._table.__arrow_c_stream__(requested_schema)


class Features(dict[str, Any]):
    """Column types of a data set, as those of Hugging Face ``datasets``."""

    def to_dict(self) -> dict[str, Any]:
        return dict(self)


class Dataset:
    """Has the methods of a Hugging Face data set that are used, and no metadata in its table."""

    def __init__(self, table: Any, names: dict[str, Any]) -> None:
        self._table, self._names = table, names

    @property
    def features(self) -> Features:
        return Features(self._names)

    @property
    def column_names(self) -> list[str]:
        return list(self._table.schema.names)

    def with_format(self, format: str) -> Dataset:
        assert format == "arrow"
        return self

    def iter(self, batch_size: int) -> Iterator[Any]:
        return (pa.table(batch) for batch in self._table.to_batches(batch_size))


def test_what_is_a_table() -> None:
    table = pa.table({"text": ["a b"]})
    assert all(map(is_table, (table, table.to_batches()[0], table.to_reader(), Stream(table), Dataset(table, {}))))
    assert not any(map(is_table, (table["text"], table["text"].chunk(0), [["a"]], {"text": ["a"]}, "a", None)))


def test_words_and_tags_by_name() -> None:
    table = pa.table({"id": [1, 2], "tokens": [["a", "b"], ["c"]], "upos": [["X", "Y"], ["X"]], "label": ["p", None]})
    first, second = read_table(Stream(table))
    assert (first.words, first.columns, first.labels) == (("a", "b"), {"upos": ("X", "Y")}, {"label": "p"})
    assert (second.words, second.labels, second.path, second.line) == (("c",), {}, "the table", 2)


def test_texts_and_spans_by_name() -> None:
    spans = [[{"start": 0, "end": 4, "label": "city"}], []]
    first, second = read_table(pa.table({"text": ["York, UK", "x"], "spans": spans}))
    assert (first.words, first.columns["tags"]) == (("York", ",", "UK"), ("B-city", "O", "O"))
    assert second.columns["tags"] == ("O",)


@pytest.mark.parametrize("values", [["good film", "bad"], [["good", "film"], ["bad"]]])
def test_the_column_that_is_asked_for(values: list[Any]) -> None:
    table = pa.table({"text": ["other", "other"], "review": values, "kind": ["p", "n"]})
    first, second = read_table(table, "review")
    assert (first.words, second.words, first.labels) == (("good", "film"), ("bad",), {"kind": "p"})


def test_names_of_a_data_set() -> None:
    tags = {"feature": {"names": ["O", "B-X"], "_type": "ClassLabel"}, "_type": "List"}
    kind = {"names": ["p", "n"], "_type": "ClassLabel"}
    table = pa.table({"tokens": [["a", "b"], ["c"]], "ner_tags": [[0, 1], [1]], "kind": [1, -1]})
    first, second = read_table(Dataset(table, {"ner_tags": tags, "kind": kind}))
    assert (first.columns, first.labels) == ({"ner_tags": ("O", "B-X")}, {"kind": "n"})
    assert second.labels == {}  # -1 is no label there


def test_to_be_tagged_other_columns_are_not_read() -> None:
    (sentence,) = read_table(pa.table({"text": ["a b"], "label": [7], "tags": [["X"]]}), labelled=False)
    assert (sentence.words, sentence.columns, sentence.labels) == (("a", "b"), {}, {})


@pytest.mark.parametrize(
    ("columns", "asked", "message"),
    [
        ({"id": [1], "review": ["a"]}, None, "which column has the words or texts[?] there is id, review; pass text_c"),
        ({"id": [1], "review": ["a"]}, "reviw", "no column 'reviw'; there is id, review: did you mean review[?]"),
        ({}, None, "which column has the words or texts[?] it has none"),
    ],
)
def test_a_missing_column(columns: dict[str, Any], asked: str | None, message: str) -> None:
    with pytest.raises(ConfigError, match=f"^the table: {message}"):
        read_table(pa.table(columns), asked)


@pytest.mark.parametrize(
    ("columns", "asked", "message"),
    [
        ({"text": ["a", None]}, None, "the table:2: column text: no text; leave such rows out"),
        ({"n": [1]}, "n", "the table:1: column n: expected texts or lists of words, found 1"),
        ({"tokens": ["a b"]}, None, "the table:1: tokens: expected a list of tokens, found a text"),
        ({"text": ["a"], "label": [1]}, None, "the table:1: label is a number without a name; make texts of the col"),
    ],
)
def test_a_row_that_is_no_sentence(columns: dict[str, Any], asked: str | None, message: str) -> None:
    with pytest.raises(DataError, match=message):
        list(read_table(pa.table(columns), asked))


def test_tags_that_are_numbers_without_names() -> None:
    with pytest.raises(ConfigError, match="the table: tags is a number without a name; make texts of the column"):
        read_table(pa.table({"tokens": [["a"]], "tags": [[1]]})).targets(None)


def test_what_is_no_table() -> None:
    with pytest.raises(DataError, match="expected a table, got a ChunkedArray"):
        read_table(pa.chunked_array([["a"]]))
    twice = pa.table([["a"], ["b"]], names=["text", "text"])
    with pytest.raises(DataError, match="expected a name for each column, found one twice: text, text"):
        read_table(twice)


def test_without_pyarrow(monkeypatch: pytest.MonkeyPatch) -> None:
    table = pa.table({"text": ["a"]})
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
    with pytest.raises(MissingExtraError, match="this needs the package pyarrow"):
        read_table(table)
