"""Rows that ``BatchTagger`` cannot read: a message that names the row, or null predictions and a reason."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

import elman
from elman.errors import DataError
from elman.scale import BatchTagger, row_tagger
from engine_rows import NO_TEXT
from light_models import WORDS, models_in

pa = pytest.importorskip("pyarrow", reason="pyarrow is not installed: pip install '.[parquet]'")

pytestmark = pytest.mark.filterwarnings("ignore:no dev set")


@pytest.fixture(scope="module")
def crf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return models_in(tmp_path_factory.mktemp("models"))("crf")


def test_errors_in_a_column(crf: Path) -> None:
    tagger = BatchTagger(crf, on_error="column", confidence=True)
    rows = pa.table({"tokens": [["eBay"], None, ["a", None], ["a", ""], [], ["."]], "n": range(6)})
    found = tagger(rows)
    assert found.column_names == ["tokens", "n", "tags", "confidences", "error"]
    assert found["error"].to_pylist()[:2] == [None, NO_TEXT.replace("text:", "tokens:")]
    assert found["error"][3].as_py() == "token 2 is empty"
    assert [error is None for error in found["error"].to_pylist()] == [True, False, False, False, True, True]
    good = [0, 4, 5]
    assert found["tags"].take(good).to_pylist() == elman.load(crf).predict([["eBay"], [], ["."]])
    assert found.select(rows.column_names).equals(rows)
    bad = tagger(rows.slice(1, 3))
    assert bad.schema.equals(found.schema)
    assert bad["tags"].null_count == bad["confidences"].null_count == 3
    assert tagger(rows.slice(0, 0)).schema.equals(found.schema)
    assert tagger.output_schema(rows.schema).equals(found.schema)


def test_an_error_is_raised_with_its_row(crf: Path) -> None:
    rows = pa.table({"text": ["eBay", "x", None, "y", None]})
    tagger = BatchTagger(crf)
    with pytest.raises(DataError, match=f"^the table:3: {NO_TEXT}$"):
        tagger(rows)
    with pytest.raises(DataError, match=f"^batch 2: the table:1: {NO_TEXT}$"):
        list(tagger(iter([rows.slice(0, 2), rows.slice(2, 2)])))
    words = pa.table({"tokens": [["a"], ["b"], ["c", ""], None]})
    with pytest.raises(DataError, match="^the table:3: token 2 is empty$"):
        tagger(words)
    with pytest.raises(DataError, match="^the list:2: expected words, got an empty text"):
        tagger([["a"], [""]])


def test_the_row_is_counted_in_the_whole_table(crf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(row_tagger, "_BLOCK_BYTES", 64)
    rows = ["the old dogs"] * 50 + [None] + ["eBay"] * 50
    with pytest.raises(DataError, match="^the table:51: "):
        BatchTagger(crf)(pa.table({"text": rows}))
    found = BatchTagger(crf, on_error="column")(pa.table({"text": rows}))
    assert [i for i, error in enumerate(found["error"].to_pylist()) if error] == [50]


def test_errors_of_a_list_are_in_the_list(crf: Path) -> None:
    found = BatchTagger(crf, on_error="column")(["eBay", 5, [""], ["."]])
    assert [type(each) for each in found] == [list, DataError, DataError, list]
    assert "got 5" in str(found[1])


def test_values_of_other_types(crf: Path) -> None:
    found = BatchTagger(crf, on_error="column")({"text": ["eBay", 5, ["x"], None, "\ud800"]})
    assert found["error"][1:4] == ["column text: expected a text, got 5", found["error"][2], NO_TEXT]
    assert "expected a text, got list" in found["error"][2] and found["error"][4]
    assert found["tags"][1:] == [None] * 4
    words = BatchTagger(crf, on_error="column")({"tokens": [None, ["a"], "a b"]})
    assert [bool(error) for error in words["error"]] == [True, False, True]


def test_too_many_words(crf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    long = " ".join(["x"] * 500_001)
    found = BatchTagger(crf, on_error="column")(pa.table({"text": ["eBay", long, "x"]}))
    assert found["error"].to_pylist()[::2] == [None, None]
    assert found["error"][1].as_py().startswith("a sentence of 500,001 words, expected up to 500,000")


def test_texts_that_are_no_utf8(crf: Path) -> None:
    damaged = pa.array([b"eBay", b"\xff", b"x"]).view(pa.string())
    found = BatchTagger(crf, on_error="column")(pa.table({"text": damaged}))
    assert found["error"].to_pylist() == [None, "column text: damaged, or no UTF-8", None]


ITEMS = st.one_of(st.none(), st.lists(st.one_of(st.sampled_from([*WORDS, "", "a b", "\n"]), st.none()), max_size=5))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(ITEMS, max_size=12), cut=st.integers(0, 12), joined=st.booleans())
def test_any_rows_are_tagged_each_on_its_own(crf: Path, rows: list[Any], cut: int, joined: bool) -> None:
    """Ragged lists and texts with nulls: a row's columns are those it has alone, and no row is lost."""
    if joined:
        texts = [None if words is None else " ".join(word or "" for word in words) for words in rows]
        data = pa.table({"text": pa.array(texts, pa.string())})
    else:
        data = pa.table({"tokens": pa.array(rows, pa.list_(pa.string()))})
    tagger = BatchTagger(crf, on_error="column", confidence=True)
    found = tagger(data)
    assert found.num_rows == len(rows) and found.select(data.column_names).equals(data)
    pieces = [tagger(data.slice(0, cut)), tagger(data.slice(cut))]
    assert pa.concat_tables(pieces).equals(found)
    model = elman.load(crf)
    for i, row in enumerate(found.to_pylist()):
        alone = data.slice(i, 1)
        if row["error"] is None:
            del row["error"]
            assert [row] == model.predict(alone, confidence=True).to_pylist()
        else:
            assert row["tags"] is row["confidences"] is None
            with pytest.raises(DataError, match=re.escape(row["error"])):
                model.predict(alone)
