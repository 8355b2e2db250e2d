"""Results of a search: their order, and the file that a killed search goes on from."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from elman.analysis.search.results import Outcome, ResultsFile, SearchResult
from elman.errors import ConfigError, DataError, OutputError

MORE = {"metric": "accuracy", "error": 0.01, "start": {"hidden": 1}, "space": {"hidden": [1, 2]}}
HEADER = {"train": "a", "dev": "b", "seed": 1}


def outcome(trial: int, rung: str, score: float | None) -> Outcome:
    return Outcome(trial, rung, 3, {"hidden": trial}, score, "text", 1.0, 1.0)


def test_ranking_compares_within_a_rung() -> None:
    outcomes = [("1", 1, 0.5), ("1/9", 2, 0.9), ("1/9", 3, 0.6), ("1/9", 4, 0.9), ("1/9", 5, None)]
    outcomes += [("1/3", 2, 0.4), ("1/3", 4, 0.8), ("1", 4, 0.5)]
    made = tuple(outcome(trial, rung, score) for rung, trial, score in outcomes)
    found = SearchResult(made, "default", {"epochs": 3}, {"hidden": 4}, "accuracy")
    assert [each.trial for each in found.ranking] == [1, 4, 2, 3, 5]
    assert found.best.trial == 1  # the first among equals
    assert found.settings == {"epochs": 3, "hidden": 1}
    assert found.listed(made[1]) == "hidden=2" and found.listed(made[-1]) == ""


def test_trial_1_stays_unless_another_is_better_by_more_than_chance() -> None:
    made = (outcome(1, "1", 0.5), outcome(2, "1", 0.52))
    for error, best in ((0.0, 2), (0.01, 2), (0.03, 1)):
        found = SearchResult(made, "default", {}, {"hidden": 4}, "accuracy", error)
        assert found.best.trial == best and [each.trial for each in found.ranking] == [2, 1]


def test_a_file_is_read_again(tmp_path: Path) -> None:
    path = str(tmp_path / "r.jsonl")
    file = ResultsFile(path, HEADER)
    first, second = outcome(1, "1", 0.5), outcome(2, "1/9", None)
    file.add(first, MORE)
    file.add(second, {})
    again = ResultsFile(path, HEADER)
    assert again.known(1, "1", {"hidden": 1}) == first and again.known(2, "1/9", {"hidden": 2}) == second
    assert again.known(2, "1", {"hidden": 2}) is None
    assert again.of_first == MORE
    with pytest.raises(DataError, match="r.jsonl: trial 2 has other settings than this elman draws"):
        again.known(2, "1/9", {"hidden": 3})


@pytest.mark.parametrize("left", [1, 20])
def test_what_a_killed_process_left_is_dropped(left: int, tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    file = ResultsFile(str(path), HEADER)
    file.add(outcome(1, "1", 0.5), MORE)
    before = path.read_bytes()
    file.add(outcome(2, "1", 0.5), {})
    whole = path.read_bytes()
    path.write_bytes(whole[: len(before) + left])
    again = ResultsFile(str(path), HEADER)
    assert again.known(2, "1", {}) is None and path.read_bytes() == before
    again.add(outcome(2, "1", 0.5), {})
    assert path.read_bytes() == whole
    path.write_bytes(whole[:left])  # killed in the first line
    assert ResultsFile(str(path), HEADER).known(1, "1", {}) is None
    assert path.read_bytes() == whole.splitlines(keepends=True)[0]


def test_another_search_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    ResultsFile(str(path), HEADER)
    with pytest.raises(ConfigError, match=r"r.jsonl: holds a search with other dev, seed; name another file"):
        ResultsFile(str(path), {**HEADER, "dev": "c", "seed": 2})


@pytest.mark.parametrize("text", ["a\tb\n", "{}\n", "[1]\n", "a", '{"search": 2}\n'])
def test_other_files_are_not_written_over(text: str, tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match="r.jsonl.*: expected the results of elman search"):
        ResultsFile(str(path), HEADER)
    assert path.read_text(encoding="utf-8") == text


@pytest.mark.parametrize("line", ["{}", "nothing", '{"trial": 1, "settings": 3}'])
def test_a_damaged_line(line: str, tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    ResultsFile(str(path), HEADER)
    with path.open("a", encoding="utf-8") as file:
        file.write(line + "\n")
    with pytest.raises(DataError, match="r.jsonl:2: expected a result of elman search, found"):
        ResultsFile(str(path), HEADER)


def test_values_of_a_wrong_type(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    ResultsFile(str(path), HEADER).add(outcome(1, "1", 0.5), MORE)
    head, line = path.read_text(encoding="utf-8").splitlines()
    good: dict[str, Any] = json.loads(line)
    for name, value in (
        ("trial", "1"),
        ("rung", 1),
        ("epochs", None),
        ("score", "x"),
        ("shown", 1),
        ("seconds", "a"),
        ("space", None),
    ):
        path.write_text(f"{head}\n{json.dumps({**good, name: value})}\n", encoding="utf-8")
        with pytest.raises(DataError, match="r.jsonl:2: expected a result of elman search"):
            ResultsFile(str(path), HEADER)


def test_a_file_that_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(OutputError, match="there is no folder"):
        ResultsFile(str(tmp_path / "no" / "r.jsonl"), HEADER)
    with pytest.raises(ConfigError, match="expected the name of a file"):
        ResultsFile("-", HEADER)
    file = ResultsFile(str(tmp_path / "r.jsonl"), HEADER)
    (tmp_path / "r.jsonl").unlink()
    (tmp_path / "r.jsonl").mkdir()
    file.add(outcome(1, "1", 0.5), MORE)
    assert "r.jsonl: cannot be written" in file.lost and file.known(1, "1", {"hidden": 1}) is not None
