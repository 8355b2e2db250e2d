"""parquet: lists of tokens and tags, a row a sentence."""

from __future__ import annotations

import gzip
import io
import json
import lzma
import random
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from elman.data.convert import ConversionRequest, convert
from elman.data.corpus import ReadOptions, find_targets
from elman.data.formats import (
    HOLDS,
    arrow_rows,
    json_records as records,
    open_writer,
    parquet,
    read_sentences,
    write_sentence,
)
from elman.data.formats.class_names import UnnamedTagsError
from elman.data.sentence import Sentence
from elman.errors import ConfigError, DataError, MissingExtraError

pa = pytest.importorskip("pyarrow", reason="pyarrow is not installed: pip install '.[parquet]'")
pq = pytest.importorskip("pyarrow.parquet")
zstd = pytest.importorskip("compression.zstd" if sys.version_info >= (3, 14) else "backports.zstd")


def parts(reading):
    return [(s.words, s.columns, s.labels) for s in reading]


def written(path, sentences, columns=(), labels=(), confidences=None):
    writer = open_writer("parquet", columns, labels)
    data = b"".join(writer.add(s, {name: s.columns.get(name, ()) for name in columns}, confidences) for s in sentences)
    path.write_bytes(data + writer.finish())
    return path


WORD = st.text(st.characters(codec="utf-8"), min_size=1)
ROW = st.lists(st.tuples(WORD, st.text(st.characters(codec="utf-8"))), min_size=1)


@given(st.lists(ROW), WORD)
def test_what_is_written_is_read(tmp_path_factory, rows, label):
    path = tmp_path_factory.getbasetemp() / "round-trip.parquet"
    sentences = []
    for row in rows:
        words, tags = zip(*row, strict=True)
        sentences.append(Sentence(words, {"upos": tags, "feats": words}, labels={"intent": label}))
    written(path, sentences, ("upos", "feats"), ("intent",))
    assert parts(read_sentences(str(path))) == [(s.words, s.columns, s.labels) for s in sentences]


def test_names_and_types(tmp_path):
    sentence = Sentence(("a b", "c"), {"tag": ("X", "Y")})
    file = written(tmp_path / "a", [sentence, Sentence((), {"tag": ()})], ["tag"], confidences=[0.25, 1])
    assert pq.read_table(file).to_pylist()[0] == {"tokens": ["a b", "c"], "tags": ["X", "Y"], "confidences": [0.25, 1]}
    labelled = Sentence(("a", "b"), labels={"label": "x"})
    file = written(tmp_path / "b", [labelled, Sentence(("c",))], (), ["label"])
    assert pq.read_table(file).to_pylist() == [
        {"text": "a b", "tokens": ["a", "b"], "label": "x"},
        {"text": None, "tokens": ["c"], "label": None},
    ]
    assert parts(read_sentences(str(file))) == [(("a", "b"), {}, {"label": "x"}), (("c",), {}, {})]


def test_nothing(tmp_path):
    reading = read_sentences(str(written(tmp_path / "a", [Sentence((), lines=("\n",), format="conllu")], ["tag"])))
    assert (reading.format, reading.why) == ("parquet", "its first bytes")
    assert list(reading) == []


def test_row_groups_come_one_by_one(tmp_path, monkeypatch):
    monkeypatch.setattr(arrow_rows, "_GROUP_WORDS", 10)
    monkeypatch.setattr(parquet, "_BATCH_ROWS", 3)
    sentences = [Sentence((str(i),) * 4, {"tags": ("X",) * 4}) for i in range(9)]
    writer = open_writer("parquet", ["tags"])
    blocks = [writer.add(s, s.columns) for s in sentences]
    assert [bool(block) for block in blocks] == [False, True] * 4 + [False]
    (tmp_path / "a").write_bytes(b"".join(blocks) + writer.finish())
    assert pq.ParquetFile(tmp_path / "a").num_row_groups == 5
    back = list(read_sentences(str(tmp_path / "a")))
    assert [s.words for s in back] == [s.words for s in sentences]
    assert [s.line for s in back] == list(range(1, 10))


def test_numbers_with_names_of_hugging_face(tmp_path):
    features = {"ner_tags": {"feature": {"names": ["O", "B-LOC"], "_type": "ClassLabel"}, "_type": "Sequence"}}
    metadata = {"huggingface": json.dumps({"info": {"features": features}})}
    table = pa.table({"id": ["7"], "tokens": [["a", "b"]], "ner_tags": [[0, 1]]})
    pq.write_table(table.replace_schema_metadata(metadata), tmp_path / "a")
    reading = read_sentences(str(tmp_path / "a"))
    assert reading.target() == "ner_tags"
    assert parts(reading) == [(("a", "b"), {"ner_tags": ("O", "B-LOC")}, {"id": "7"})]
    pq.write_table(table.replace_schema_metadata({"huggingface": "{"}), tmp_path / "b")
    with pytest.raises(ConfigError, match="b: ner_tags is a number without a name; pass --names"):
        read_sentences(str(tmp_path / "b")).target()
    reading = read_sentences(str(tmp_path / "b"), format="parquet:names=O B-X")
    assert reading.why == "as asked for"
    assert next(iter(reading)).columns == {"ner_tags": ("O", "B-X")}
    (row,) = read_sentences(str(tmp_path / "b"), labelled=False)
    assert [records.describe_field(key, value, len(row)) for key, value in records.extra_fields_of(row).items()] == [
        "ner_tags: numbers without names, see --names"
    ]


def test_numbers_without_names_are_asked_for_beside_labels(tmp_path):
    for tags in ([[0, 1], [1]], [[0.0, 1.0], [1.0]]):
        pq.write_table(
            pa.table({"tokens": [["a", "b"], ["c"]], "ner_tags": tags, "lang": ["de", "de"]}), tmp_path / "a"
        )
        with pytest.raises(
            UnnamedTagsError, match="a: ner_tags is a number .* parquet:names=FILE.*; --target lang learns"
        ):
            find_targets(read_sentences(str(tmp_path / "a")), ReadOptions())
        reading = read_sentences(str(tmp_path / "a"), format="parquet:names=O B-X")
        assert [s.columns["ner_tags"] for s in reading] == [("O", "B-X"), ("B-X",)]
    pq.write_table(pa.table({"text": ["Ann left"], "tags": [["B-X", "O"]], "lang": ["de"]}), tmp_path / "a")
    with pytest.raises(UnnamedTagsError, match="a: tags is a list of tags beside a text without tokens"):
        find_targets(read_sentences(str(tmp_path / "a")), ReadOptions())


@pytest.mark.parametrize(
    ("values", "found"),
    [
        ([["0", "1", "X"]], None),
        ([[None, "1", "X"]], "[None, '1', 'X']"),
        ([{"start": 0.0, "end": 1.0, "label": "X"}], None),
        ([{"start": True, "end": False, "label": "X"}], "{'start': True, "),
        ([{"start": float("nan"), "end": 1.0, "label": "X"}], "{'start': nan"),
    ],
)
def test_offsets_as_tables_have_them(tmp_path, values, found):
    pq.write_table(pa.table({"text": ["a b"], "spans": pa.array([values])}), tmp_path / "a")
    reading = read_sentences(str(tmp_path / "a"))
    if found is None:
        assert parts(reading) == [(("a", "b"), {"tags": ("B-X", "O")}, {})]
        return
    with pytest.raises(DataError, match="a:1: expected a span with a start, an end and one label, found") as caught:
        list(reading)
    assert found in str(caught.value)


def test_lists_are_judged_by_the_first_rows(tmp_path):
    words, tags = [["a", "b"], ["a"], ["a", "b"]], [["X"], ["Y"], ["X", "Y"]]
    pq.write_table(pa.table({"tokens": words, "labels": tags}), tmp_path / "a")
    with pytest.raises(DataError, match="a:1: labels: expected a tag for each of 2 tokens, found 1"):
        list(read_sentences(str(tmp_path / "a")))
    pq.write_table(pa.table({"tokens": words, "tags": [["X", None], ["Y"], ["X", "Y"]]}), tmp_path / "a")
    with pytest.raises(DataError, match="a:1: tags: expected tags that are texts, .*, found null for token 2, 'b'"):
        list(read_sentences(str(tmp_path / "a")))


def test_categories_spans_and_large_lists(tmp_path):
    spans = pa.array([[{"start": 0, "end": 1, "label": "X"}]])
    table = pa.table({"text": ["a b"], "spans": spans, "label": pa.array(["y"]).dictionary_encode()})
    pq.write_table(table, tmp_path / "a")
    assert parts(read_sentences(str(tmp_path / "a"))) == [(("a", "b"), {"tags": ("B-X", "O")}, {"label": "y"})]
    table = pa.table({"tokens": pa.array([["a"]], pa.large_list(pa.large_string())), "tags": [["X"]]})
    pq.write_table(table, tmp_path / "b")
    assert parts(read_sentences(str(tmp_path / "b"))) == [(("a",), {"tags": ("X",)}, {})]


def test_compressed_and_from_a_pipe(tmp_path, monkeypatch):
    file = written(tmp_path / "a", [Sentence(("a",), {"tags": ("X",)})], ["tags"])
    packed = tmp_path / "a.gz"
    expected = [(("a",), {"tags": ("X",)}, {})]
    for pack in (gzip.compress, lzma.compress, zstd.compress):
        packed.write_bytes(pack(file.read_bytes()))
        assert parts(read_sentences(str(packed), format="parquet")) == expected
        reading = read_sentences(str(packed))
        assert (reading.format, reading.why, parts(reading)) == ("parquet", "its first bytes", expected)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(file.read_bytes())))
    reading = read_sentences("-", format="parquet")
    assert (reading.path, parts(reading)) == ("standard input", expected)


@pytest.mark.parametrize("data", [b"", b"PAR1", b"PAR1" + b"x" * 100 + b"PAR1", b"text"])
def test_no_parquet(tmp_path, data):
    (tmp_path / "a").write_bytes(data)
    with pytest.raises(DataError, match="a: no Parquet, or damaged: "):
        read_sentences(str(tmp_path / "a"), format="parquet")


def test_damage_anywhere(tmp_path):
    """Flipped and cut at many places it is refused in one line, or reads; with its checksums, it reads as it was."""
    sentences = [Sentence(("Anna", "sées"), {"tags": ("B-PER", "O")}), Sentence(("it",), {"tags": ("O",)})]
    data = written(tmp_path / "a", sentences, ["tags"]).read_bytes()
    file, draw = tmp_path / "b", random.Random(1)
    whole = parts(read_sentences(str(tmp_path / "a")))
    pages = range(4, len(data) - 8 - int.from_bytes(data[-8:-4], "little"))
    n_read = 0
    for at in range(len(data)):
        for damaged in (data[:at], data[:at] + bytes([data[at] ^ 1 << draw.randrange(8)]) + data[at + 1 :]):
            file.write_bytes(damaged)
            try:
                found = parts(read_sentences(str(file), format="parquet"))
            except DataError as error:
                assert str(error).startswith(f"{file}:") and "\n" not in str(error) and len(str(error)) < 400
                continue
            n_read += 1
            if at in pages:  # of data, which have checksums; in what says where they are, names may change
                assert found == whole
            assert len(found) == 2
    assert 0 < n_read < len(data)


def test_names_that_are_no_text(tmp_path):
    data = written(tmp_path / "a", [Sentence(("a",), {"tags": ("X",)})], ["tags"]).read_bytes()
    (tmp_path / "b").write_bytes(data.replace(b"tokens", b"\xffokens"))
    with pytest.raises(DataError, match=f"^{tmp_path / 'b'}: no Parquet, or damaged: 'utf-8' codec can't decode"):
        read_sentences(str(tmp_path / "b"))


def test_times_are_nothing_to_sentences(tmp_path):
    """pandas writes nanoseconds, of which Python's times have none."""
    times = pa.array([1, 2], pa.timestamp("ns"))
    table = pa.table({"tokens": [["a"], ["b"]], "tags": [["X"], ["Y"]], "when": times})
    pq.write_table(table, tmp_path / "a")
    assert parts(read_sentences(str(tmp_path / "a"))) == [
        (("a",), {"tags": ("X",)}, {}),
        (("b",), {"tags": ("Y",)}, {}),
    ]
    (first, _) = read_sentences(str(tmp_path / "a"))
    assert list(records.extra_fields_of(first)) == ["when"] and not records.is_json_value(first.record["when"])
    with pytest.raises(ConfigError, match=r"jsonl cannot hold fields \(when\); to leave that out, pass --drop fields"):
        convert([str(tmp_path / "a")], str(tmp_path / "b"), ConversionRequest("jsonl"))
    convert([str(tmp_path / "a")], str(tmp_path / "b"), ConversionRequest("parquet"))
    assert pq.read_table(tmp_path / "b").equals(pq.read_table(tmp_path / "a"))
    pq.write_table(table.append_column("x", pa.array([[1], [2]], pa.list_(pa.timestamp("ns")))), tmp_path / "b")
    if find_spec("pandas") is None:  # pyarrow needs it for these
        with pytest.raises(DataError, match=f"^{tmp_path / 'b'}: cannot be read, damaged: Nanosecond resolution"):
            list(read_sentences(str(tmp_path / "b")))
    else:
        assert len(list(read_sentences(str(tmp_path / "b")))) == 2


def test_rows_become_values_some_at_a_time(tmp_path, monkeypatch):
    monkeypatch.setattr(parquet, "_MAX_BATCH_BYTES", 300)
    sentences = [Sentence((str(i), "x" * (i % 50)), {"tags": ("X", "Y")}) for i in range(1, 120) if i % 50]
    file = written(tmp_path / "a", sentences, ["tags"])
    assert [one.words for one in read_sentences(str(file))] == [one.words for one in sentences]
    pq.write_table(pa.table({"tokens": [["a"], ["b"]], "x": [[0], [0] * 1000]}), tmp_path / "b")
    with pytest.raises(DataError, match=rf"^{tmp_path / 'b'}: a row of 8,139 bytes; expected a row for each sentence"):
        list(read_sentences(str(tmp_path / "b")))


def test_damaged_further_on(tmp_path):
    file = written(tmp_path / "a", [Sentence((str(i),), {"tags": ("X",)}) for i in range(2_000)], ["tags"])
    data = bytearray(file.read_bytes())
    data[4:2_000] = b"\xff" * 1_996
    file.write_bytes(data)
    with pytest.raises(DataError, match="a: cannot be read, damaged: "):
        list(read_sentences(str(file)))


def test_no_file(tmp_path):
    with pytest.raises(DataError, match="a: cannot be read: No such file"):
        read_sentences(str(tmp_path / "a"), format="parquet")


def test_rows_that_are_no_sentences(tmp_path):
    pq.write_table(pa.table({"x": [1, 2]}), tmp_path / "a")
    reading = read_sentences(str(tmp_path / "a"))
    with pytest.raises(DataError, match="a:1: expected tokens or text, found x"):
        list(reading)
    pq.write_table(pa.table({"text": ["a", "b"], "answer": ["reject", "accept"]}), tmp_path / "b")
    reading = read_sentences(str(tmp_path / "b"), format="parquet:answers=accept", labelled=False)
    assert (reading.target(), [s.words for s in reading]) == ("tags", [("b",)])


def test_no_text_of_a_sentence():
    assert HOLDS["parquet"].columns > 1
    with pytest.raises(ConfigError, match="parquet is no text"):
        write_sentence(Sentence(("a",)), {"tag": ("X",)}, format="parquet")


def test_the_package_is_missing(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    for run in (lambda: open_writer("parquet"), lambda: read_sentences(str(tmp_path), format="parquet")):
        with pytest.raises(MissingExtraError, match=r"this needs the package pyarrow: pip install '\.\[parquet\]' in"):
            run()


def test_the_column_of_the_text_is_an_option(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"body": ["good film"], "kind": ["p"], "text": ["other"]}), path)
    reading = read_sentences(str(path), text_column="body")
    assert reading.label_names() == ("kind",)
    (sentence,) = reading
    assert (sentence.words, sentence.labels) == (("good", "film"), {"kind": "p"})
    with pytest.raises(DataError, match="a.parquet:1: no column 'bdy', found body, kind, text"):
        list(read_sentences(str(path), text_column="bdy"))
