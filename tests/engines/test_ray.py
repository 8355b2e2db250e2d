"""``BatchTagger`` in ``map_batches`` of Ray, as a class with constructor arguments."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import ray

from elman.scale import BatchTagger
from engine_rows import COLUMNS, OPTIONS, expected, plain, table
from light_models import models_in

pytestmark = pytest.mark.filterwarnings("default", "ignore:no dev set")


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return models_in(tmp_path_factory.mktemp("models"))("crf")


@pytest.fixture(scope="module", autouse=True)
def cluster() -> Iterator[None]:
    ray.init(num_cpus=2, include_dashboard=False, logging_level="ERROR")
    yield
    ray.shutdown()


@pytest.mark.parametrize("batch_format", ["pyarrow", "pandas", "numpy"])
def test_ray(model: Path, batch_format: str) -> None:
    found = ray.data.from_arrow(table()).map_batches(
        BatchTagger,
        fn_constructor_args=(str(model),),
        fn_constructor_kwargs=OPTIONS,
        batch_format=batch_format,
        batch_size=16,
        compute=ray.data.ActorPoolStrategy(size=1),
    )
    rows = found.take_all()
    assert tuple(rows[0]) == COLUMNS
    assert plain(rows) == expected(model)
