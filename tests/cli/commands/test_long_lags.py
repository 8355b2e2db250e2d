"""``elman tutorial memory``."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from elman import cli
from elman.analysis.long_lags import problems, results, sequences as made
from elman.analysis.long_lags.training import Outcome, Problem

EASY = Problem(
    "easy", "an easy one", partial(made.very_long_lag, q=2, p=3), 7, 2, margin=0.25, tests=100, published=3_000, span=5
)
LEARNED = replace(EASY, name="learned", title="one to be learned", published=0, most=200, tests=0)


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (problems, results):
        monkeypatch.setattr(module, "PROBLEMS", (EASY, LEARNED))


def test_table(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder, page = tmp_path / "results", tmp_path / "memory.md"
    arguments = ["tutorial", "memory", "--seeds", "2", "--cells", "gru", "--results", str(folder), "--page", str(page)]
    assert cli.run(arguments) == 0
    out, err = capsys.readouterr()
    assert "an easy one" in out and "2 of 2" in out and "3,000" in out and "one to be learned" in out
    assert "easy gru seed 1: solved after" in err and "learned gru seed 2: ended after 200" in err
    text = page.read_text()
    assert "| an easy one | gru | 2 of 2 |" in text and text.startswith("# What a recurrent net can remember")
    first = {path: path.stat().st_mtime_ns for path in folder.iterdir()}
    assert len(first) == 4
    assert cli.run(arguments) == 0  # nothing is done again
    assert {path: path.stat().st_mtime_ns for path in folder.iterdir()} == first
    assert capsys.readouterr().out == out


def test_several_at_once(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()  # other processes have the true problems
    arguments = [
        "tutorial",
        "memory",
        "reber",
        "--seeds",
        "2",
        "--cells",
        "gru",
        "--jobs",
        "2",
        "--results",
        str(tmp_path),
    ]
    assert cli.run(arguments) == 0
    assert "embedded Reber grammar" in capsys.readouterr().out
    assert len(list(tmp_path.iterdir())) == 2


def test_time_is_over(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["tutorial", "memory", "learned", "--cells", "elman", "--seeds", "1", "--minutes", "0.00001"]) == 0
    assert "stopped after" in capsys.readouterr().err


def test_list(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["tutorial", "memory", "--list"]) == 0
    assert capsys.readouterr().out.splitlines()[0].split() == ["easy", "an", "easy", "one"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["hard"], "expected problems among easy, learned; got 'hard'"),
        (["--cells", "lstm,rnn"], "got 'rnn'"),
        (["--page", "memory.md"], "name that too"),
    ],
)
def test_what_does_not_fit(arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["tutorial", "memory", *arguments]) == 2
    assert message in capsys.readouterr().err


def test_another_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "easy.gru.1.json").write_text(json.dumps({"trial": 1}))
    assert cli.run(["tutorial", "memory", "easy", "--cells", "gru", "--seeds", "1", "--results", str(tmp_path)]) == 2
    assert "easy.gru.1.json: expected a result of elman tutorial memory" in capsys.readouterr().err


def test_medians() -> None:
    def result(seed: int, solved: bool, sequences: int, stopped: bool = False) -> results.Result:
        return results.Result(
            results.Trial("easy", "gru", seed), {}, Outcome(solved, sequences, 0.5, 1.0), stopped, 2.0
        )

    row = results.ProblemRow(EASY, "gru", [result(1, True, 900), result(2, False, 3_000), result(3, True, 1_200)])
    assert row.solved == 2 and row.median == 1_200 and "0.400" in row.cells()
    row = results.ProblemRow(
        EASY, "gru", [result(1, False, 900, True), result(2, True, 3_000), result(3, False, 1_200)]
    )
    assert row.median is None and "not solved" in row.cells()
    assert "1 of 3 runs were stopped" in results.page(row.results)


def test_results_from_before_a_setting_was_there(tmp_path: Path) -> None:
    trial = results.Trial("easy", "gru", 1)
    first = results.ResultsFolder(str(tmp_path)).do(trial)
    path = tmp_path / "easy.gru.1.json"
    found = json.loads(path.read_text())
    for setting in ("closed", "momentum", "beta2", "decay"):
        del found["settings"][setting]
    path.write_text(json.dumps(found))
    assert results.read(str(tmp_path)) == [first]
    before = path.stat().st_mtime_ns
    assert results.ResultsFolder(str(tmp_path)).do(trial) == first and path.stat().st_mtime_ns == before


def test_the_page_says_how_long_it_took() -> None:
    one = results.Result(results.Trial("easy", "gru", 1), {}, Outcome(True, 900, 0.0, 0.1), False, 1_800.0)
    assert "All 2 runs together took 1.0 hours of one core" in results.page([one, one])
