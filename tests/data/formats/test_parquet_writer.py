"""parquet: of rows that were read all columns stay as they were, but for those that are written."""

from __future__ import annotations

import datetime
import decimal
import json
import os

import pytest

from elman.data.formats import arrow_rows, open_writer, read_sentences, write_sentence
from elman.data.sentence import Sentence
from elman.errors import ConfigError

pa = pytest.importorskip("pyarrow", reason="pyarrow is not installed: pip install '.[parquet]'")
pq = pytest.importorskip("pyarrow.parquet")

NAMES = ["O", "B-LOC"]
FEATURES = {
    "tokens": {"feature": {"dtype": "string", "_type": "Value"}, "_type": "Sequence"},
    "ner_tags": {"feature": {"names": NAMES, "_type": "ClassLabel"}, "_type": "Sequence"},
    "kind": {"names": ["a", "b"], "_type": "ClassLabel"},
}
METADATA = {"huggingface": json.dumps({"info": {"features": FEATURES}}), "pandas": '{"columns": []}', "own": "x"}
N = 7


def table(n: int = N):
    """Columns of many kinds, with nulls, nested values, and what Hugging Face datasets and pandas write."""
    some = [i if i % 3 else None for i in range(n)]
    day = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
    columns = {
        "number": pa.array(some, pa.int16()),
        "tokens": pa.array([["x"] * (1 + i % 3) for i in range(n)]),
        "price": pa.array([decimal.Decimal(f"{i}.50") for i in range(n)], pa.decimal128(9, 2)),
        "ner_tags": pa.array([[i % 2] * (1 + i % 3) for i in range(n)], pa.list_(pa.int64())),
        "when": pa.array([None if i is None else day for i in some], pa.timestamp("us", tz="UTC")),
        "bytes": pa.array([bytes([i]) for i in range(n)], pa.binary()),
        "nested": pa.array([{"a": [{"b": i}], "c": None} if i else None for i in some]),
        "category": pa.array([f"c{i % 2}" for i in range(n)]).dictionary_encode(),
        "kind": pa.array([i % 2 for i in range(n)], pa.int8()),
        "note": pa.array([None if i is None else f"n{i}" for i in some], pa.large_string()),
        "share": pa.array([float("nan")] * n, pa.float32()),
    }
    return pa.table(columns).replace_schema_metadata(METADATA)


def written(path, given, columns=(), labels=(), make=lambda s: s, tags=lambda s: {}, confidences=None):
    writer = open_writer("parquet", columns, labels)
    data = b"".join(writer.add(make(s), tags(s), confidences and confidences(s)) for s in read_sentences(str(given)))
    path.write_bytes(data + writer.finish())
    return pq.read_table(path)


def same(new, old, but=()):
    kept = [name for name in old.schema.names if name not in but]
    assert [name for name in new.schema.names if name in kept] == kept
    for name in kept:
        assert new.schema.field(name).equals(old.schema.field(name), check_metadata=True), name
        # NaN is not itself
        assert repr(new.column(name).to_pylist()) == repr(old.column(name).to_pylist()), name


@pytest.fixture
def given(tmp_path, monkeypatch):
    """The file, in row groups of 2, read and written some rows at a time."""
    pq.write_table(table(), tmp_path / "in", row_group_size=2)
    monkeypatch.setattr(arrow_rows, "_GROUP_WORDS", 8)
    return tmp_path / "in"


def test_all_other_columns_stay(given, tmp_path):
    new = written(
        tmp_path / "out",
        given,
        ["tags"],
        tags=lambda s: {"tags": ["X"] * len(s)},
        confidences=lambda s: [0.12345] * len(s),
    )
    same(new, pq.read_table(given))
    assert new.schema.names == [*table().schema.names, "tags", "confidences"]
    assert new.column("tags").to_pylist() == [["X"] * (1 + i % 3) for i in range(N)]
    assert new.column("confidences").to_pylist()[0] == pytest.approx([0.1235])
    assert pq.ParquetFile(tmp_path / "out").num_row_groups > 1
    metadata = new.schema.metadata
    assert (metadata[b"own"], metadata[b"pandas"]) == (b"x", b'{"columns": []}')
    features = json.loads(metadata[b"huggingface"])["info"]["features"]
    assert {name: features[name] for name in FEATURES} == FEATURES
    assert features["tags"] == FEATURES["tokens"]
    assert features["confidences"] == {"feature": {"dtype": "float32", "_type": "Value"}, "_type": "Sequence"}


def test_nothing_is_written_anew(given, tmp_path):
    new = written(tmp_path / "out", given)
    same(new, pq.read_table(given))
    assert new.schema.equals(pq.read_table(given).schema, check_metadata=True)


def test_numbers_that_are_written_become_names(given, tmp_path):
    new = written(tmp_path / "out", given, ["ner_tags"], tags=lambda s: {"ner_tags": ["B-NEW"] * len(s)})
    same(new, pq.read_table(given), ["ner_tags"])
    assert new.schema.names == table().schema.names
    assert new.column("ner_tags").to_pylist()[1] == ["B-NEW"] * 2
    features = json.loads(new.schema.metadata[b"huggingface"])["info"]["features"]
    assert features == {**FEATURES, "ner_tags": FEATURES["tokens"]}
    back = next(iter(read_sentences(str(tmp_path / "out"))))
    assert (back.columns["ner_tags"], back.labels["category"]) == (("B-NEW",), "c0")


def test_labels(given, tmp_path):
    def labelled(sentence):
        return sentence.__class__(**{**{f: getattr(sentence, f) for f in FIELDS}, "labels": {**sentence.labels, **NEW}})

    new = written(tmp_path / "out", given, (), ["kind", "note", "confidence"], make=labelled)
    same(new, pq.read_table(given), ["kind", "note"])
    assert new.schema.names == [*table().schema.names, "confidence"]
    assert new.column("kind").to_pylist() == ["k"] * N and new.column("confidence").to_pylist() == [0.5] * N
    assert new.schema.field("note").type == pa.large_string() and new.column("note").to_pylist() == ["n"] * N
    assert json.loads(new.schema.metadata[b"huggingface"])["info"]["features"]["kind"]["dtype"] == "string"


NEW = {"kind": "k", "note": "n", "confidence": "0.5000"}
FIELDS = ("words", "columns", "path", "line", "lines", "rows", "format", "record", "batch", "at")


def test_rows_that_are_left_out(given, tmp_path):
    writer = open_writer("parquet", ["tags"])
    rows = [s for i, s in enumerate(read_sentences(str(given))) if i not in (1, 4)]
    data = b"".join(writer.add(s, {"tags": ["X"] * len(s)}) for s in reversed(rows))
    (tmp_path / "out").write_bytes(data + writer.finish())
    same(pq.read_table(tmp_path / "out"), pq.read_table(given).take([6, 5, 3, 2, 0]))


def test_texts_get_tokens(tmp_path):
    pq.write_table(pa.table({"id": [1, 2], "text": ["a b", "c"]}), tmp_path / "in")
    new = written(tmp_path / "out", tmp_path / "in", ["tag"], tags=lambda s: {"tag": ["X"] * len(s)})
    assert new.to_pylist() == [
        {"id": 1, "text": "a b", "tokens": ["a", "b"], "tags": ["X", "X"]},
        {"id": 2, "text": "c", "tokens": ["c"], "tags": ["X"]},
    ]
    assert not new.schema.metadata


def test_the_text_is_that_of_the_row(tmp_path):
    pq.write_table(pa.table({"text": ["a, b"], "tokens": [["a", ",", "b"]]}), tmp_path / "in")
    (row,) = read_sentences(str(tmp_path / "in"), labelled=False)
    assert json.loads(write_sentence(row, {"tags": ["B-X", "O", "O"]}, format="doccano")) == {
        "text": "a, b",
        "label": [[0, 1, "X"]],
    }


def test_several_labels_in_a_list(tmp_path):
    pq.write_table(pa.table({"text": ["a", "b"], "label": [["x", "y"], ["x"]]}), tmp_path / "in")
    new = written(tmp_path / "out", tmp_path / "in", (), ["label"])
    assert new.column("label").to_pylist() == [["x", "y"], ["x"]]


def test_files_that_do_not_fit_together(tmp_path):
    def refused(*sentences):
        writer = open_writer("parquet", ["tags"])
        with pytest.raises(ConfigError) as caught:
            for sentence in sentences:
                writer.add(sentence, {"tags": ["X"] * len(sentence)})
        return str(caught.value)

    def first(name, columns, metadata=None):
        pq.write_table(pa.table(columns).replace_schema_metadata(metadata), tmp_path / name)
        return next(iter(read_sentences(str(tmp_path / name))))

    one = first("one", {"tokens": [["a"]], "kind": [0]}, METADATA)
    other = {"huggingface": json.dumps({"info": {"features": {"kind": {"names": ["z"], "_type": "ClassLabel"}}}})}
    assert "two: its columns are tokens, x, after a file with tokens, kind; write them one by one, or" in refused(
        one, first("two", {"tokens": [["a"]], "x": [0]})
    )
    assert "its columns have other types" in refused(one, first("three", {"tokens": [["a"]], "kind": ["x"]}))
    assert "its numbers have other names" in refused(one, first("four", {"tokens": [["a"]], "kind": [0]}, other))
    assert "no row of Parquet, after some" in refused(one, Sentence(("a",), path="x"))
    assert "a row of Parquet, after other sentences" in refused(Sentence(("a",), path="x"), one)
    same_again = first("five", {"tokens": [["a"]], "kind": [1]}, METADATA)
    writer = open_writer("parquet", ["tags"])
    for sentence in (one, same_again):
        writer.add(sentence, {"tags": ["X"]})
    writer.finish()


def test_heavy_rows_are_read_a_few_at_a_time(tmp_path):
    with pq.ParquetWriter(tmp_path / "in", pa.schema({"tokens": pa.list_(pa.string()), "bytes": pa.binary()})) as file:
        for _ in range(24):
            file.write(pa.table({"tokens": [["a"]] * 2, "bytes": [os.urandom(1 << 20), b""]}, schema=file.schema))
    most, before = 0, pa.total_allocated_bytes()
    for sentence in read_sentences(str(tmp_path / "in")):
        assert len(sentence.batch) < 40 and sentence.weight > 2
        most = max(most, pa.total_allocated_bytes() - before)
        del sentence
    assert most < 22 << 20  # of 24
    assert Sentence(("a",)).weight == 2


def test_a_name_that_is_a_column_and_a_label():
    with pytest.raises(ConfigError, match=r"^parquet: 'kind' is a column of tags in some sentences and a label in oth"):
        open_writer("parquet", ["tag", "kind"], ["kind"])
