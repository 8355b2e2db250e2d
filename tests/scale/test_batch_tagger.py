"""``BatchTagger``: batches of every kind come back with the columns that ``Tagger.predict`` gives, errors by row."""

from __future__ import annotations

import hashlib
import json
import pickle
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import elman
from batch_models import batch_models_in
from elman import kernels
from elman.errors import ConfigError, DataError, ModelFileError
from elman.scale import BatchTagger, model_cache, row_tagger
from elman.taggers import fast_lines
from light_models import BASE, sentences

pa = pytest.importorskip("pyarrow", reason="pyarrow is not installed: pip install '.[parquet]'")

pytestmark = pytest.mark.filterwarnings("ignore:no dev set", "ignore:.*occur")
TEXTS = ["the old dogs sleep .", "eBay", "", "  two  spaces ", "日本 barks x"]
TOKENS = [text.split() for text in TEXTS]
OTHERS: dict[str, Any] = {"id": [7, 8, 9, 10, 11], "nested": [{"a": [i]} for i in range(5)]}


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    return batch_models_in(tmp_path_factory.mktemp("models"))


@pytest.fixture
def crf(models: Callable[[str], Path]) -> Path:
    return models("crf")


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    model_cache._load.cache_clear()
    yield


# --- the callable -----------------------------------------------------------------------------------------------------


def test_it_pickles_as_options(crf: Path) -> None:
    tagger = BatchTagger(crf, columns="upos,x", confidence=True, on_error="column", threads=2)
    fresh = pickle.dumps(tagger)
    assert len(fresh) <= 4_096
    assert tagger.sha256 == hashlib.sha256(crf.read_bytes()).hexdigest()
    one = BatchTagger(crf)
    one(pa.table({"text": TEXTS}))
    assert pickle.dumps(one) == pickle.dumps(BatchTagger(crf))
    copy = pickle.loads(fresh)
    assert copy == tagger and hash(copy) == hash(tagger)
    assert (copy.path, copy.columns, copy.threads) == (str(crf), ("upos", "x"), 2)


def test_a_relative_path_is_that_of_the_folder_it_was_made_in(crf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(crf.parent)
    tagger = BatchTagger("crf")
    monkeypatch.chdir("/")
    assert tagger(["eBay"]) == elman.load(crf).predict([["eBay"]])


def test_a_process_loads_the_model_once(crf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    loads = []
    load = fast_lines.load

    def counted(*args: Any, **options: Any) -> Any:
        loads.append(args)
        return load(*args, **options)

    monkeypatch.setattr(fast_lines, "load", counted)
    table = pa.table({"text": TEXTS})
    tagger = BatchTagger(crf)
    assert not loads
    found: list[Any] = []
    threads = [
        threading.Thread(target=lambda: found.append(pickle.loads(pickle.dumps(tagger))(table))) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(loads) == 1
    assert len(found) == 8 and all(each.equals(found[0]) for each in found)


def test_another_file_in_its_place_is_refused(models: Callable[[str], Path], tmp_path: Path) -> None:
    path = tmp_path / "a.model"
    path.write_bytes(models("crf").read_bytes())
    tagger = BatchTagger(path)
    path.write_bytes(models("forward").read_bytes())
    there = hashlib.sha256(path.read_bytes()).hexdigest()
    with pytest.raises(ModelFileError) as error:
        tagger(pa.table({"text": TEXTS}))
    message = f"{path}: expected the model with SHA-256 {tagger.sha256}, found {there}; "
    assert str(error.value).startswith(message) and "\n" not in str(error.value)
    assert BatchTagger(path, there.upper()).sha256 == there
    path.unlink()
    BatchTagger(path, there)  # it need not be where the job is made
    with pytest.raises(ModelFileError, match="no such file"):
        BatchTagger(path)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"on_error": "skip"}, "on_error: expected raise or column, got 'skip'"),
        ({"sha256": "ab"}, "sha256: expected 64 hexadecimal digits, got 'ab'"),
        ({"precision": "half"}, "precision: expected auto or exact or int8, got 'half'"),
        ({"threads": 0}, "threads: expected a whole number from 1"),
        ({"confidence": "yes"}, "confidence: expected True or False"),
        ({"fields": True, "confidence": True}, "fields: expected neither confidence nor columns"),
        ({"columns": ""}, "columns: expected names of columns"),
        ({"text_column": 5}, "text_column: expected a text or None, got 5"),
    ],
)
def test_options_are_checked_at_once(crf: Path, options: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(message)):
        BatchTagger(crf, **options)


def test_a_model_without_columns_of_sentences_is_refused(models: Callable[[str], Path]) -> None:
    with pytest.raises(ConfigError, match="expected a model that predicts columns .*, found one of the task lm"):
        BatchTagger(models("lm"))(pa.table({"text": TEXTS}))


def test_a_child_that_was_forked_while_a_model_was_loaded(crf: Path) -> None:
    code = f"""if True:
        import os
        from elman.scale import BatchTagger, model_cache
        tagger = BatchTagger({str(crf)!r})
        model_cache._lock.acquire()
        child = os.fork()
        if not child:
            os._exit(tagger([["eBay"]]) != tagger([["eBay"]]))
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
    """
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, timeout=60)
    assert (done.stdout, done.stderr) == ("0\n", "")


# --- kinds of batches -------------------------------------------------------------------------------------------------


def table() -> Any:
    return pa.table({"id": OTHERS["id"], "text": TEXTS, "nested": OTHERS["nested"]}, metadata={"by": "me"})


@pytest.mark.parametrize("name", ["crf", "columns", "hmm", "both", "classify", "lemma", "parse"])
@pytest.mark.parametrize("confidence", [False, True])
@pytest.mark.parametrize("content", ["text", "tokens"])
def test_a_table_as_predict_gives_it(models: Callable[[str], Path], name: str, confidence: bool, content: str) -> None:
    rows = {**OTHERS, content: TEXTS if content == "text" else TOKENS}
    table = pa.table(rows, metadata={"by": "me"})
    expected = elman.load(models(name)).predict(table, confidence=confidence)
    tagger = BatchTagger(models(name), confidence=confidence)
    found = tagger(table)
    assert found.equals(expected) and found.schema.metadata == {b"by": b"me"}
    assert found.schema.equals(tagger.output_schema(table.schema), check_metadata=True)
    for rows in (table.slice(0, 0), table.slice(1, 1)):
        assert tagger(rows).schema.equals(found.schema, check_metadata=True)


def test_columns_that_have_a_part_in_the_prediction(models: Callable[[str], Path], tmp_path: Path) -> None:
    """Spans say where words end, and a model with inputs reads further columns; nulls elsewhere are no matter."""
    words, spans = ["eBay,", "the dogs."], [[{"start": 0, "end": 4, "label": "X"}], []]
    table = pa.table({"text": words, "spans": spans, "other": [None, 1]})
    found = BatchTagger(models("crf"))(table)
    assert found.equals(elman.load(models("crf")).predict(table))
    assert found["tokens"][0].as_py() == ["eBay", ","]

    pairs = [zip(*sentence, strict=True) for sentence in sentences()]
    rows = [{"tokens": list(own), "shape": [w[:1] for w in own], "tags": list(tags)} for own, tags in pairs]
    table = pa.Table.from_pylist(rows)
    elman.train(table, target="tags", inputs="shape", settings=BASE).save(tmp_path / "inputs")
    table = table.drop_columns(["tags"])
    tagger = BatchTagger(tmp_path / "inputs", on_error="column")
    expected = elman.load(tmp_path / "inputs").predict(table)
    assert tagger(table).drop_columns(["error"]).equals(expected)
    without = tagger(pa.table({"tokens": [["eBay"]], "shape": pa.nulls(1, pa.list_(pa.string()))}))
    assert "shape" in without["error"][0].as_py()


def test_the_schema_of_a_table_is_kept_to_the_last_detail(crf: Path) -> None:
    features = {"info": {"features": {"text": {"dtype": "string", "_type": "Value"}}}}
    text = pa.field("text", pa.string(), nullable=False, metadata={"language": "en"})
    schema = pa.schema([text], {"huggingface": json.dumps(features)})
    table = pa.table({"text": ["eBay"]}, schema)
    found = BatchTagger(crf)(table)
    assert found.schema.equals(elman.load(crf).predict(table).schema, check_metadata=True)
    assert found.schema.field("text").equals(text, check_metadata=True)
    assert list(json.loads(found.schema.metadata[b"huggingface"])["info"]["features"]) == ["text", "tokens", "tags"]


def test_chosen_columns_and_fields(models: Callable[[str], Path]) -> None:
    model = elman.load(models("columns"))
    found = BatchTagger(models("columns"), columns=["x"], text_column="t")(table().rename_columns(["id", "t", "n"]))
    assert found.column_names == ["id", "t", "n", "tokens", "x"]
    assert found["x"].to_pylist() == model.to_arrow(TOKENS, columns="x")["x"].to_pylist()
    tagged = BatchTagger(models("crf"), fields=True)
    assert tagged(table()).equals(elman.load(models("crf")).to_arrow(table(), fields=True))
    found = tagged(TEXTS[:2])
    assert found == tagged(table().slice(0, 2)).select(list(found[0])).to_pylist()
    with pytest.raises(ConfigError, match="a column NUM already"):
        tagged(table().rename_columns(["NUM", "text", "n"]))


def test_a_column_of_the_name_is_replaced_and_keeps_its_type(crf: Path) -> None:
    tags = pa.array([["X"]] * 5, pa.large_list(pa.large_string()))
    found = BatchTagger(crf)(pa.table({"tags": tags, "text": TEXTS}))
    assert found.column_names == ["tags", "text", "tokens"]
    assert found["tags"].type == tags.type and found["tags"][1].as_py() == elman.load(crf).tag(["eBay"])


@pytest.mark.parametrize(
    "content",
    [
        pa.array(TEXTS, pa.large_string()),
        pa.array(TEXTS).dictionary_encode(),
        pa.array(TEXTS, pa.string_view()) if hasattr(pa, "string_view") else pa.array(TEXTS),
        pa.array(TOKENS, pa.large_list(pa.large_string())),
        pa.chunked_array([TOKENS[:2], TOKENS[2:]]),
        pa.array([["the", "dogs"]] * 5, pa.list_(pa.string(), 2)),
        pa.array([[{"text": word} for word in words] for words in TOKENS]),
    ],
    ids=["large", "dictionary", "view", "large lists", "chunks", "lists of one size", "objects"],
)
def test_types_of_texts_and_words(crf: Path, content: Any) -> None:
    words = [text.split() if isinstance(text, str) else text for text in content.to_pylist()]
    words = [[word["text"] if isinstance(word, dict) else word for word in each] for each in words]
    found = BatchTagger(crf, text_column="body")(pa.table({"body": content}))
    assert found["tags"].to_pylist() == elman.load(crf).predict(words)
    assert found["body"].type == content.type


def test_every_kind_of_arrow_and_python(crf: Path) -> None:
    tagger = BatchTagger(crf, confidence=True)
    expected = tagger(table())
    batch = tagger(table().to_batches()[0])
    assert isinstance(batch, pa.RecordBatch) and pa.Table.from_batches([batch]).equals(expected)
    reader = tagger(pa.RecordBatchReader.from_batches(table().schema, table().to_batches(max_chunksize=2)))
    assert isinstance(reader, pa.RecordBatchReader) and reader.schema.equals(expected.schema)
    assert reader.read_all().equals(expected)
    columns = tagger(table().to_pydict())
    assert type(columns) is dict and columns == expected.to_pydict()
    assert tagger(TEXTS[:2]) == tagger(TOKENS[:2]) == elman.load(crf).predict(TOKENS[:2], confidence=True)
    assert tagger([]) == []


def test_arrays_of_numpy(crf: Path) -> None:
    import numpy as np

    found = BatchTagger(crf, on_error="column")({"text": np.array(["eBay", "a b"]), "n": np.arange(2)})
    assert [type(values) for values in found.values()] == [np.ndarray] * 5
    assert list(found) == ["text", "n", "tokens", "tags", "error"]
    assert found["tags"].tolist() == elman.load(crf).predict([["eBay"], ["a", "b"]])


def test_an_iterator_is_read_batch_by_batch(crf: Path) -> None:
    taken = []

    def batches() -> Iterator[Any]:
        for i in range(5):
            taken.append(i)
            yield table().slice(i, 1)

    found = BatchTagger(crf)(batches())
    assert isinstance(found, Iterator) and not taken
    first = next(found)
    assert taken == [0]
    assert pa.concat_tables([first, *found]).equals(BatchTagger(crf)(table()))


@pytest.mark.parametrize("data", [5, "text", None, {1, 2}])
def test_what_is_no_batch(crf: Path, data: Any) -> None:
    with pytest.raises(DataError, match="expected a table, a dict of columns, a list, or an iterator of these, got"):
        BatchTagger(crf)(data)


def test_tables_without_texts(crf: Path) -> None:
    tagger = BatchTagger(crf)
    with pytest.raises(ConfigError, match="which column has the words or texts"):
        tagger(pa.table({"x": ["a"]}))
    with pytest.raises(ConfigError, match="column text: expected texts or lists of words, found int64"):
        tagger(pa.table({"text": [1]}))
    with pytest.raises(ConfigError, match="column tokens: expected texts or lists of words, found list"):
        tagger(pa.table({"tokens": [[1]]}))
    with pytest.raises(DataError, match="found one twice"):
        tagger(pa.Table.from_arrays([pa.array(["a"])] * 2, ["text", "text"]))
    with pytest.raises(ConfigError, match="a column error already"):
        BatchTagger(crf, on_error="column")(pa.table({"text": ["a"], "error": ["b"]}))


def test_the_native_tagger_is_used(crf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if kernels.native_core() is None:
        pytest.skip("the native kernels are not in use")
    monkeypatch.setattr(row_tagger.RowTagger, "_of_sentences", lambda *_: pytest.fail("a batch was read in Python"))
    rows = {"text": ["the old dogs", None, "eBay"] * 1_000, "struct": [{"a": 1}] * 3_000}
    found = BatchTagger(crf, on_error="column", threads=2)(pa.table(rows))
    assert found["tags"][:3].to_pylist() == found["tags"][-3:].to_pylist() and found.num_rows == 3_000


def test_nothing_heavy_is_imported_before_it_is_needed() -> None:
    heavy = {"dask", "numpy", "pandas", "polars", "pyarrow"}
    code = f"import elman.scale, sys; print(*sorted({heavy} & sys.modules.keys()))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "\n"
