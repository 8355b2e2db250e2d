"""Rows of values in every format that holds them."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from hypothesis import given, strategies as st

from elman.data.formats import rows
from elman.data.formats.csv_rows import read_rows
from elman.data.formats.rows import RowWriter
from elman.data.sentence import Sentence
from elman.errors import ConfigError, DataError

HERE = Sentence(("a",), path="x.jsonl", line=3)
TEXT = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), max_size=8)


def written(format: str, columns: list[str], some: list[dict[str, Any]]) -> Any:
    writer = RowWriter(format, columns)
    parts = [writer.add(row, HERE) for row in some] + [writer.finish()]
    return b"".join(parts) if format == "parquet" else "".join(parts)  # type: ignore[arg-type]


@given(st.lists(st.fixed_dictionaries({"text": TEXT, "city, town": TEXT}), max_size=5))
def test_texts_come_back(some: list[dict[str, str]]) -> None:
    columns = ["text", "city, town"]
    lines = written("csv", columns, some)
    back = [row.fields for row in read_rows(io.StringIO(lines, newline=""), ",", "x")]
    assert back == [columns, *([row[name] for name in columns] for row in some)]
    assert [json.loads(line) for line in written("jsonl", columns, some).split("\n")[:-1]] == some
    assert json.loads(written("json", columns, some)) == some
    parquet = pytest.importorskip("pyarrow.parquet")
    assert parquet.read_table(io.BytesIO(written("parquet", columns, some))).to_pylist() == some


def test_nested_values_and_missing_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    some: list[dict[str, Any]] = [{"n": 1.5, "nested": {"a": [1, 2]}}, {"n": None, "nested": {"a": []}}, {"n": 2.0}]
    assert written("csv", ["n", "nested"], some) == 'n,nested\n1.5,"{""a"": [1, 2]}"\n,"{""a"": []}"\n2.0,\n'
    parquet = pytest.importorskip("pyarrow.parquet")
    monkeypatch.setattr(rows, "_GROUP_ROWS", 2)
    table = parquet.read_table(io.BytesIO(written("parquet", ["n", "nested", "none"], some)))
    assert table.to_pylist() == [{"nested": None, "none": None, **row} for row in some]


def test_numbers_that_json_has_not_are_null() -> None:
    some: list[dict[str, Any]] = [{"n": float("nan"), "nested": {"a": [1.5, float("inf")]}}]
    assert written("jsonl", ["n", "nested"], some) == '{"n": null, "nested": {"a": [1.5, null]}}\n'


def test_what_cannot_be_written() -> None:
    with pytest.raises(DataError, match="x.jsonl:3: a column 'b', which the first rows have not"):
        RowWriter("csv", ["a"]).add({"b": "x"}, HERE)
    with pytest.raises(DataError, match="x.jsonl:3: a tab or a line end, which tsv cannot hold"):
        RowWriter("tsv", ["a"]).add({"a": "x\ty"}, HERE)
    pytest.importorskip("pyarrow")
    with pytest.raises(ConfigError, match="parquet: one type a column"):
        written("parquet", ["a"], [{"a": "x"}, {"a": 1}])
