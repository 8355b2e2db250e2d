"""``BatchTagger`` in ``mapInArrow`` and ``mapInPandas`` of Spark, which runs in Java (openjdk-17-jre-headless)."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from pyspark.sql import SparkSession
from pyspark.sql.pandas.types import from_arrow_schema, to_arrow_schema

from elman.scale import BatchTagger
from engine_rows import COLUMNS, OPTIONS, expected, plain, table
from light_models import models_in

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

pytestmark = pytest.mark.filterwarnings("default", "ignore:no dev set")


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return models_in(tmp_path_factory.mktemp("models"))("crf")


@pytest.fixture(scope="module")
def rows() -> Iterator[DataFrame]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYSPARK_PYTHON", sys.executable)
        builder = SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false")
        with builder.config("spark.sql.execution.arrow.maxRecordsPerBatch", "5").getOrCreate() as spark:
            yield spark.createDataFrame(table().to_pylist(), "id long, text string").repartition(3)


@pytest.mark.parametrize("method", ["mapInArrow", "mapInPandas"])
def test_spark(rows: DataFrame, model: Path, method: str) -> None:
    tagger = BatchTagger(model, **OPTIONS)
    schema = from_arrow_schema(tagger.output_schema(to_arrow_schema(rows.schema)))
    found = [row.asDict() for row in getattr(rows, method)(tagger, schema).collect()]
    assert tuple(found[0]) == COLUMNS
    assert plain(found) == expected(model)
