"""One callable in every engine: its columns are those of the tagger itself. For Spark and Ray see tests/engines."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from elman.scale import BatchTagger
from engine_rows import COLUMNS, NO_TEXT, OPTIONS, expected, plain, table
from light_models import models_in

pa = pytest.importorskip("pyarrow", reason="pyarrow is not installed: pip install '.[parquet]'")

pytestmark = pytest.mark.filterwarnings("ignore:no dev set")


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return models_in(tmp_path_factory.mktemp("models"))("crf")


def by_arrow(tagger: BatchTagger) -> Any:
    return tagger(table()).to_pylist()


def by_pandas(tagger: BatchTagger) -> Any:
    pytest.importorskip("pandas")
    return tagger(table().to_pandas()).to_dict("records")


def by_polars(tagger: BatchTagger) -> Any:
    polars = pytest.importorskip("polars")
    return tagger(polars.from_arrow(table())).to_dicts()


def by_lazy_polars(tagger: BatchTagger) -> Any:
    polars = pytest.importorskip("polars")
    lazy = polars.from_arrow(table()).lazy()
    schema = tagger(polars.DataFrame(schema=lazy.collect_schema())).schema
    found = lazy.map_batches(tagger, schema=schema, streamable=True)
    assert found.select("tags", "id").collect().columns == ["tags", "id"]
    return found.collect().to_dicts()


def by_duckdb(tagger: BatchTagger) -> Any:
    duckdb = pytest.importorskip("duckdb")
    rows = table()  # noqa: F841 - DuckDB finds it by its name
    with duckdb.connect() as connection:
        reader = connection.sql("select id, text from rows").to_arrow_reader(16)
        tagged = tagger(reader)  # noqa: F841
        with duckdb.connect() as other:
            found = other.sql("select * from tagged where id >= 0").to_arrow_table()
    return found.to_pylist()


def by_dask(tagger: BatchTagger) -> Any:
    frames = pytest.importorskip("dask.dataframe")
    frame = frames.from_pandas(table().to_pandas(), npartitions=3)
    found = frame.map_partitions(tagger)
    assert list(found.columns) == list(COLUMNS)
    result = found.compute(scheduler="threads")
    assert list(result.index) == list(range(len(result)))
    assert (found.dtypes.astype(str) == result.dtypes.astype(str)).all()
    return result.to_dict("records")


def by_dask_processes(tagger: BatchTagger) -> Any:
    frames = pytest.importorskip("dask.dataframe")
    frame = frames.from_pandas(table().to_pandas(), npartitions=2)
    return frame.map_partitions(tagger, meta=tagger(frame._meta)).compute(scheduler="processes").to_dict("records")


def by_processes(tagger: BatchTagger) -> Any:
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        found = list(pool.imap(tagger, table().to_batches(max_chunksize=7)))
    return pa.Table.from_batches(found).to_pylist()


ENGINES = [
    by_arrow, by_pandas, by_polars, by_lazy_polars, by_duckdb, by_dask, by_dask_processes, by_processes
]  # fmt: skip


@pytest.mark.parametrize("engine", ENGINES, ids=lambda engine: engine.__name__)
def test_every_engine_gives_what_the_tagger_gives(engine: Callable[[BatchTagger], Any], model: Path) -> None:
    found = engine(BatchTagger(model, **OPTIONS))
    assert [tuple(row) for row in found] == [COLUMNS] * len(found)
    assert plain(found) == expected(model)


# --- frames of pandas and Polars --------------------------------------------------------------------------------------


def test_a_frame_of_pandas_keeps_its_index_and_whatever_it_holds(model: Path) -> None:
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(
        {"x": [object(), {1, 2}], 5: [1, 2], "text": ["eBay", "the dogs"], "tags": ["old", "older"]},
        index=pandas.MultiIndex.from_tuples([("a", 1), ("b", 2)], names=["p", "q"]),
    )
    frame.attrs["by"] = "me"
    before = frame.copy()
    found = BatchTagger(model)(frame)
    assert list(found.columns) == ["x", 5, "text", "tags", "tokens"]
    assert found.index.equals(frame.index) and found.attrs == {"by": "me"}
    assert found.drop(columns=["tags", "tokens"]).equals(frame.drop(columns="tags"))
    assert frame.equals(before), "the frame that was passed is another one now"
    assert [len(tags) for tags in found["tags"]] == [1, 2]


@pytest.mark.parametrize("dtype", ["object", "string", "category", "large_string[pyarrow]"])
def test_texts_of_any_type_of_pandas(model: Path, dtype: str) -> None:
    pandas = pytest.importorskip("pandas")
    texts = pandas.Series(["eBay", None, "the dogs"], dtype=dtype)
    tagger = BatchTagger(model, on_error="column", text_column="t")
    frame = pandas.DataFrame({"t": texts})
    found = tagger(frame)
    assert plain(found.assign(id=range(3)).to_dict("records"))[1]["error"] == NO_TEXT.replace("text:", "t:")
    assert found["t"].dtype == texts.dtype
    assert found["tokens"][2] == ["the", "dogs"]
    if dtype != "object":
        assert tagger(frame.iloc[:0]).dtypes.equals(found.dtypes)


def test_words_of_pandas(model: Path) -> None:
    pandas = pytest.importorskip("pandas")
    np = pytest.importorskip("numpy")
    words = [["eBay"], ("the", "dogs"), np.array(["."], object), None, float("nan"), 5, "a text", [1], []]
    found = BatchTagger(model, on_error="column")(pandas.DataFrame({"tokens": words, "text": "x"}))
    assert [isinstance(tags, list) for tags in found["tags"]] == [True] * 3 + [False] * 5 + [True]
    assert found["error"][5] == "column tokens: expected a list of words, got 5"
    assert found["error"][6] == "column tokens: expected a list of words, got 'a text'"
    empty = BatchTagger(model)(pandas.DataFrame({"tokens": pandas.Series([], dtype=object), "text": []}))
    assert list(empty.columns) == ["tokens", "text", "tags"]


def test_a_frame_of_polars_keeps_its_types(model: Path) -> None:
    polars = pytest.importorskip("polars")
    frame = polars.DataFrame(
        {"text": ["eBay", "the dogs"], "o": [object(), object()], "c": ["a", "b"], "tags": [1, 2]},
        schema_overrides={"o": polars.Object, "c": polars.Categorical},
    )
    found = BatchTagger(model, confidence=True)(frame)
    assert found.columns == ["text", "o", "c", "tags", "tokens", "confidences"]
    assert found.select("text", "o", "c").schema == frame.select("text", "o", "c").schema
    assert found.schema["tags"] == polars.List(polars.String)
    words = polars.DataFrame({"words": [["eBay"], ["the", "dogs"]]})
    assert BatchTagger(model)(words)["tags"].to_list() == found["tags"].to_list()
    texts = polars.DataFrame({"t": ["eBay", "the dogs"]}, schema={"t": polars.Categorical})
    assert BatchTagger(model, text_column="t")(texts)["tags"].to_list() == found["tags"].to_list()
