"""Training on tables, and predictions as tables: all other columns are kept."""

from __future__ import annotations

from typing import Any

import pytest

import elman
from elman.errors import ConfigError, DataError

pa = pytest.importorskip("pyarrow")

pytestmark = pytest.mark.filterwarnings("ignore:no dev set", "ignore:.*occur")

WORDS = [["the", "dog", "barks"], ["a", "cat", "sleeps"]]
TAGS = [["D", "N", "V"], ["D", "N", "V"]]
NESTED = [{"a": 1, "b": [1, 2]}, {"a": 2, "b": []}]
TABLE: dict[str, Any] = {"id": [7, 8], "tokens": WORDS, "nested": NESTED}
REVIEWS: dict[str, Any] = {"review": ["good film", "bad plot"] * 10, "stars": [5, 1] * 10, "kind": ["p", "n"] * 10}
TINY = {"hidden": 4, "embedding": 3, "epochs": 2}


def tagger() -> Any:
    return elman.train(pa.table({**TABLE, "tags": TAGS}), model="frequent")


def classifier() -> Any:
    return elman.train(pa.table(REVIEWS), text_column="review", target="kind", settings=TINY, seed=1)


def test_predictions_of_a_table_keep_all_other_columns() -> None:
    table = pa.table(TABLE, metadata={"by": "me"})
    found = tagger().predict(table, confidence=True)
    assert found.schema.names == ["id", "tokens", "nested", "tags", "confidences"]
    assert found.select(table.schema.names).equals(table)
    assert found.schema.metadata[b"by"] == b"me"
    assert found["tags"].to_pylist() == TAGS
    assert [len(row) for row in found["confidences"].to_pylist()] == [3, 3]


def test_a_column_of_the_name_is_replaced_where_it_is() -> None:
    gold = pa.table({"tags": [["X", "X", "X"]] * 2, **TABLE})
    found = tagger().predict(gold)
    assert found.schema.names == ["tags", "id", "tokens", "nested"]
    assert found["tags"].to_pylist() == TAGS


def test_lists_as_a_table() -> None:
    assert tagger().to_arrow(WORDS).to_pylist() == [
        {"tokens": words, "tags": tags} for words, tags in zip(WORDS, TAGS, strict=True)
    ]
    assert tagger().to_arrow([]).schema.names == ["tokens", "tags"]


def test_no_rows() -> None:
    assert tagger().predict(pa.table(TABLE).slice(0, 0)).schema.names == ["id", "tokens", "nested", "tags"]


def test_texts_get_their_words_with_the_tags() -> None:
    found = tagger().predict(pa.table({"text": ["the dog", "a"], "n": [1, 2]}))
    assert found.schema.names == ["text", "n", "tokens", "tags"]
    assert found["tokens"].to_pylist() == [["the", "dog"], ["a"]]


def test_fields() -> None:
    table = pa.table({"text": ["the dog , barks", "a cat"], "n": [1, 2]})
    found = tagger().to_arrow(table, fields=True)
    assert found.schema.names == ["text", "n", "D", "N", "V"]
    assert found.drop_columns(["text", "n"]).to_pylist()[1] == {"D": "a", "N": "cat", "V": ""}
    with pytest.raises(ConfigError, match="the table: it has a column N already"):
        tagger().to_arrow(table.rename_columns(["text", "N"]), fields=True)
    with pytest.raises(ConfigError, match="fields: expected a tagger of words"):
        classifier().to_arrow(table, fields=True)


def test_fields_of_sentences_that_lack_some() -> None:
    found = tagger().to_arrow([["a", "cat"], []], fields=True).drop_columns(["text", "tokens"])
    assert found.to_pylist() == [{"D": "a", "N": "cat", "V": None}, {"D": None, "N": None, "V": None}]


def test_classification_of_a_table() -> None:
    model, table = classifier(), pa.table(REVIEWS).drop_columns(["kind"])
    found = model.predict(table, confidence=True, text_column="review")
    assert found.schema.names == ["review", "stars", "kind", "confidence"]
    assert found.select(["review", "stars"]).equals(table)
    assert found["kind"].to_pylist() == [model.classify(text) for text in REVIEWS["review"]]
    assert model.evaluate(pa.table(REVIEWS), text_column="review").texts == 20
    assert model.to_arrow(["good film"]).schema.names == ["text", "tokens", "kind"]


def test_training_on_a_table_is_training_on_its_sentences() -> None:
    of_table = elman.train(pa.table({**TABLE, "tags": TAGS}), settings=TINY)
    pairs = [list(zip(words, tags, strict=True)) for words, tags in zip(WORDS, TAGS, strict=True)]
    of_lists = elman.train(pairs, settings=TINY)
    probabilities = [model.probabilities(["the", "cat"]).tolist() for model in (of_table, of_lists)]  # type: ignore[attr-defined]
    assert probabilities[0] == probabilities[1]


def test_dev_and_evaluation_are_tables_too() -> None:
    table = pa.table({**TABLE, "tags": TAGS})
    model: Any = elman.train(table, dev=table, settings=TINY)
    assert model.data["dev_sentences"] == 2
    assert model.evaluate(table).tokens == 6


def test_other_tasks() -> None:
    table = pa.table({"tokens": [["dogs", "bark"]] * 5, "lemma": [["dog", "bark"]] * 5})
    model: Any = elman.train(table, task="lemma", settings=TINY)
    assert model.predict(table)["lemma"].to_pylist() == model.predict([["dogs", "bark"]] * 5)


@pytest.mark.parametrize(
    ("columns", "options", "message"),
    [
        (
            {"id": ["x"], "note": ["y"], "text": ["a"]},
            {},
            "which column is the label[?] there is id, note; pass t",
        ),
        (
            {"id": [1], "tokens": [["a"]]},
            {},
            "no tags; there are neither lists of tags nor spans; the table has id",
        ),
        ({"id": [1], "text": ["a"]}, {"task": "classify"}, "no document labels .*; the table has id, text"),
        ({"text": ["a"], "label": ["x"]}, {"target": "stars"}, "no column 'stars'; .*; the table has text, label"),
    ],
)
def test_a_table_without_the_column(columns: dict[str, Any], options: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=f"^the table: {message}"):
        elman.train(pa.table(columns), **options)


def test_text_column_is_for_tables() -> None:
    with pytest.raises(ConfigError, match="text_column: names a column of a table"):
        elman.train([[("a", "X")]], text_column="review")
    with pytest.raises(ConfigError, match="text_column: names a column of a table"):
        tagger().predict(WORDS, text_column="review")
    with pytest.raises(DataError, match="sentences, each a list of words, got a Table"):
        list(tagger().pipe(pa.table(TABLE)))


def test_pandas() -> None:
    pandas = pytest.importorskip("pandas", minversion="2.2")
    frame = pandas.DataFrame({**TABLE, "tags": TAGS, "when": pandas.Timestamp("2020-02-01")}, index=["x", "y"])
    model: Any = elman.train(frame, model="frequent")
    found = model.predict(frame).to_pandas()
    pandas.testing.assert_frame_equal(found.drop(columns=["tags", "tokens", "nested"]), frame[["id", "when"]])
    assert [list(tags) for tags in found["tags"]] == TAGS
    assert model.predict(frame["tokens"]) == TAGS


def test_polars() -> None:
    polars = pytest.importorskip("polars")
    frame = polars.DataFrame({**TABLE, "tags": TAGS})
    found = polars.from_arrow(elman.train(frame, model="frequent").predict(frame))  # type: ignore[attr-defined]
    assert found.equals(frame)
    with pytest.raises(DataError, match="LazyFrame, which has no rows yet; pass its collect"):
        elman.train(frame.lazy())


def test_duckdb() -> None:
    duckdb = pytest.importorskip("duckdb")
    table = pa.table({**TABLE, "tags": TAGS})
    relation = duckdb.from_arrow(table)
    assert elman.train(relation, model="frequent").predict(relation).to_pylist() == table.to_pylist()  # type: ignore[attr-defined]


def test_hugging_face_datasets() -> None:
    datasets = pytest.importorskip("datasets")
    tags = datasets.Sequence(datasets.ClassLabel(names=["D", "N", "V"]))
    features = datasets.Features({"tokens": datasets.Sequence(datasets.Value("string")), "pos": tags})
    dataset = datasets.Dataset.from_dict({"tokens": WORDS, "pos": [[0, 1, 2]] * 2}, features=features)
    found = elman.train(dataset, model="frequent").predict(dataset.select([1, 0]))  # type: ignore[attr-defined]
    assert found.to_pylist() == [{"tokens": words, "pos": ["D", "N", "V"]} for words in reversed(WORDS)]
    with pytest.raises(DataError, match="got a DatasetDict, .*; pass one of its splits: train, test"):
        elman.train(datasets.DatasetDict({"train": dataset, "test": dataset}))


def test_columns_of_a_table_are_inputs() -> None:
    table = pa.table(
        {"tokens": [["x", "x"], ["x"]] * 9, "pos": [["a", "b"], ["b"]] * 9, "tags": [["A", "B"], ["B"]] * 9}
    )
    settings = {"hidden": 8, "epochs": 20, "ensemble": 1, "batch": 2}
    tagger = elman.train(table, target="tags", inputs="pos", settings=settings, on_warning=lambda text: None)
    bare = table.drop_columns(["tags"])
    assert tagger.predict(table)["tags"] == tagger.predict(bare)["tags"] == table["tags"]
    assert tagger.predict(bare).column_names == ["tokens", "pos", "tags"]
    with pytest.raises(DataError, match="^the table:1: no column 'pos': expected the inputs pos of each word"):
        tagger.predict(table.drop_columns(["pos"]))
