"""Numbers in, a number out."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import elman
from elman import cli
from elman.errors import ConfigError, DataError, ModelFileError
from elman.nn import decoders
from elman.nn.batch import pack
from elman.taggers.regression.model import Scaling
from elman.taggers.regression.regressor import Regressor
from elman.taggers.regression.table import RegressionEvaluation


def wave(start: float, n: int = 20, *, every: int = 1) -> elman.Sentence:
    """A sine and a number beside it; the next value and that number together are to be said, at some steps."""
    x = [math.sin(0.4 * (start + t)) for t in range(n + 1)]
    beside = [(7 * t + int(start)) % 5 / 5 for t in range(n)]
    wanted = [f"{a + b:.5f}" if t % every == 0 else "_" for t, (a, b) in enumerate(zip(x[1:], beside, strict=True))]
    columns = {"beside": tuple(map(str, beside)), "sum": tuple(wanted)}
    return elman.Sentence(tuple(f"{v:.5f}" for v in x[:-1]), columns)


WAVES = [wave(start) for start in range(40)]
SMALL: dict[str, Any] = {"hidden": 12, "epochs": 12, "batch": 4}


@pytest.fixture(scope="module")
def model() -> Regressor:
    found = elman.train(WAVES[:36], WAVES[36:], task="regress", target="sum", settings=SMALL)
    assert isinstance(found, Regressor)
    return found


def test_what_is_learned(model: Regressor, tmp_path: Path) -> None:
    found = model.evaluate(WAVES[36:])
    assert found.values == 80 and found.r2 > 0.9
    assert model.describe()["data"]["dev_accuracy"] > 0.9
    model.save(tmp_path / "m")
    again = elman.load(tmp_path / "m")
    assert isinstance(again, Regressor)
    rows = np.array([[float(w), float(b)] for w, b in zip(WAVES[0].words, WAVES[0].columns["beside"], strict=True)])
    np.testing.assert_array_equal(again.predict(rows), model.predict(rows))
    (text,) = again.pipe(WAVES[:1], columns=again.targets)
    np.testing.assert_allclose(np.array(text["sum"], float), model.predict(rows), rtol=1e-5)
    assert again.describe()["inputs"] == ["word", "beside"]


def test_the_same_bits_whatever_threads() -> None:
    two = [elman.train(WAVES, task="regress", target="sum", settings=SMALL | {"epochs": 2}, threads=n) for n in (1, 2)]
    a, b = (one.to_record()[1] for one in two)
    assert all(np.array_equal(a[name], b[name]) for name in a)


def test_values_at_some_steps_alone() -> None:
    some = [wave(start, every=19) for start in range(40)]
    model = elman.train(some[:36], some[36:], task="regress", target="sum", settings=SMALL | {"epochs": 40})
    assert isinstance(model, Regressor)
    found = model.evaluate(some[36:])
    assert found.values == 8
    assert found.r2 > 0.5


def test_one_column_of_inputs() -> None:
    alone = [elman.Sentence(one.words, {"sum": one.columns["sum"]}) for one in WAVES]
    model = elman.train(alone, dev="10%", task="regress", settings=SMALL | {"epochs": 1})
    assert isinstance(model, Regressor)
    assert model.describe()["data"]["held_out"].startswith("every 10th")
    assert len(model.predict(["0.5", "0.25"])) == 2
    assert [len(values) for values in model.pipe([[0.5, 0.25], elman.Sentence(("1",))])] == [2, 1]
    assert model.predict([0.5, 0.25]).shape == (2,)
    assert model.predict(np.zeros((0, 1))).shape == (0,)


def test_squares_by_central_differences() -> None:
    generator = np.random.default_rng(1)
    scores, gold, weights = generator.normal(size=(5, 1)), generator.normal(size=5), generator.uniform(size=5)
    squares, batch, e = decoders.SquaredError(1, None), pack(np.array([5])), 1e-6
    dscores, none = squares.loss({}, scores, gold, batch).backprop(weights)
    assert none == {}
    for i in range(5):
        both = []
        for step in (e, -e):
            moved = scores.copy()
            moved[i] += step
            both.append((squares.loss({}, moved, gold, batch).losses * weights).sum())
        assert dscores[i, 0] == pytest.approx((both[0] - both[1]) / (2 * e), rel=1e-6)


def test_evaluation() -> None:
    found = RegressionEvaluation.of(np.array([1.0, 2.0, 3.0]), np.array([1.0, 2.0, 5.0]))
    assert found == RegressionEvaluation(3, pytest.approx(math.sqrt(4 / 3)), pytest.approx(2 / 3), pytest.approx(-1.0))
    assert RegressionEvaluation.of(np.ones(2), np.ones(2)).r2 == 0.0
    with pytest.raises(DataError, match="nothing to evaluate"):
        RegressionEvaluation.of(np.zeros(0), np.zeros(0))


def test_scaling() -> None:
    scaling = Scaling.of(np.array([[1.0, 5.0], [3.0, 5.0], [math.nan, 5.0]]))
    np.testing.assert_allclose(scaling.scaled(np.array([[3.0, 6.0]])), [[1, 1]])
    with pytest.raises(ModelFileError, match="2 columns"):
        Scaling.from_record([[1], [0]], 2)
    with pytest.raises(ModelFileError, match="2 columns"):
        Scaling.from_record("no", 2)


def _one(*values: str, target: tuple[str, ...] | None = None) -> elman.Sentence:
    return elman.Sentence(values, {"y": target or values}, "log.tsv", 7, rows=tuple(range(len(values))))


@pytest.mark.parametrize(
    ("sentences", "message"),
    [
        ([_one("1", "two")], "log.tsv:8: expected a number, found 'two'"),
        ([_one("1", "inf")], "log.tsv:8: expected a number, found 'inf'"),
        ([_one("1", "2", target=("1", "x"))], "log.tsv:8: expected a number or _, found 'x'"),
        ([_one("1", "2", target=("_", "_"))], "log.tsv: no numbers in column y"),
        ([elman.Sentence(("1", "2"))], "expected two columns or more"),
        ([_one("1"), elman.Sentence(("1",), {"z": ("1",)}, "b.tsv", 3)], "b.tsv:3: no column 'y'"),
    ],
)
def test_data_of_no_use(sentences: list[elman.Sentence], message: str) -> None:
    with pytest.raises(DataError, match=message):
        elman.train(sentences, task="regress")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"settings": {"embedding": 8}}, "expected embedding=0"),
        ({"settings": {"ensemble": 2}}, "expected ensemble=1"),
        ({"budget": "10s"}, "set epochs in place of it"),
        ({"vectors": "v.txt"}, "it reads no pretrained vectors"),
        ({"model": "hmm"}, "expected the model rnn"),
        ({"target": "sum,beside"}, "expected one label column"),
    ],
)
def test_settings_that_do_not_fit(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        elman.train(WAVES, task="regress", **options)


def test_what_a_regressor_has_not(model: Regressor) -> None:
    with pytest.raises(ConfigError, match="no probabilities"):
        list(model.pipe([("1", "2")], confidence=True))
    with pytest.raises(ConfigError, match="int8"):
        model.choose_precision("int8")
    with pytest.raises(DataError, match="rows of 2 numbers"):
        model.predict([1.0])
    with pytest.raises(DataError, match="no rows"):
        model.evaluate([])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"inputs": 3}, "list of input columns"),
        ({"scalings": []}, "scalings of inputs and outputs"),
        ({"settings": {"network": {"cell": "none"}}}, "model settings"),
        ({"settings": None}, "sections of settings"),
        ({"inputs": []}, "1 columns"),
    ],
)
def test_damaged_records(model: Regressor, change: dict[str, Any], message: str) -> None:
    record, tensors = model.to_record()
    with pytest.raises(ModelFileError, match=message):
        Regressor.from_record(record | {"model": record["model"] | change}, tensors)
    with pytest.raises(ModelFileError, match="model tensor"):
        Regressor.from_record(record, {})
    with pytest.raises(ModelFileError, match="data: expected a table"):
        Regressor.from_record(record | {"data": 1}, tensors)


def test_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def table(sentences: list[elman.Sentence]) -> str:
        rows = ["\n".join("\t".join(row) for row in zip(s.words, *s.columns.values(), strict=True)) for s in sentences]
        return "\n\n".join(rows) + "\n"

    train, test, model = tmp_path / "train.tsv", tmp_path / "test.tsv", str(tmp_path / "m")
    train.write_text(table(WAVES[:36]))
    test.write_text(table(WAVES[36:]))
    settings = [word for key, value in SMALL.items() for word in ("--set", f"{key}={value}")]
    how = ["--format", "columns"]
    arguments = ["train", str(train), "--task", "regress", "--dev", "10%", "-o", model, *how, *settings]
    assert cli.run(arguments) == 0
    out = capsys.readouterr().out
    assert "numbers (3)" in out and "dev R²" in out
    assert cli.run(["evaluate", model, str(test), "--json"]) == 0
    captured = capsys.readouterr()
    found = json.loads(captured.out)
    assert found["values"] == 80 and found["r2"] > 0.9
    assert "read as columns" in captured.err
    assert cli.run(["evaluate", model, str(test), *how]) == 0
    assert f"RMSE    {found['rmse']:.6g}" in capsys.readouterr().out
    assert cli.run(["tag", model, str(test), *how]) == 0
    rows = [line.split("\t") for line in capsys.readouterr().out.splitlines() if line]
    assert len(rows) == 80
    gold = [line.split("\t") for line in test.read_text().splitlines() if line]
    error = np.array([float(row[2]) for row in rows]) - np.array([float(row[2]) for row in gold])
    assert math.sqrt((error**2).mean()) == pytest.approx(found["rmse"], rel=1e-3)
    assert cli.run(["inspect", model]) == 0
    shown = capsys.readouterr().out
    assert "word, 2" in shown and "accuracy" not in shown
    assert cli.run(["evaluate", model, str(test), "--calibration", *how]) == 2
    assert "leave the options of tags out" in capsys.readouterr().err
    for command in (["errors", model, str(test)], ["compare", str(test), model, model]):
        assert cli.run([*command, *how]) == 2
        assert "task regress has no tags of words" in capsys.readouterr().err
    assert cli.run(["tag", model, str(test), "--confidence", *how]) == 2
    assert "no probabilities" in capsys.readouterr().err
