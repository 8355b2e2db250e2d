"""The keys in docs/reference/evaluation.md are those that ``--json`` prints."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., subprocess.CompletedProcess[bytes]]

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "reference" / "evaluation.md").read_text(encoding="utf-8")
GOLD = "a\tB-x\nb\tO\n\na\tB-y\n"
PREDICTED = "a\tB-x\nb\tB-x\n\na\tB-y\n"


def keys(title: str) -> list[str]:
    """The keys in the first column of the table after a line."""
    table = PAGE.partition(f"\n{title}:\n\n| key | what |\n|---|---|\n")[2].partition("\n\n")[0]
    assert table, title
    return [key for row in table.splitlines() for key in re.findall(r"`(\w+)`", row.split("|")[1])]


def in_text(start: str) -> list[str]:
    """The names in the sentence that begins so."""
    paragraph = PAGE[PAGE.index(start) :].partition("\n\n")[0]
    return re.findall(r"`(\w+)`", paragraph.partition(". ")[0])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "gold").write_text(GOLD, encoding="utf-8")
    (tmp_path / "p").write_text(PREDICTED, encoding="utf-8")
    return tmp_path


def found(run: Run, folder: Path, *arguments: str) -> dict[str, Any]:
    result = run(*arguments, "--json", cwd=folder)
    assert result.returncode == 0, result.stderr.decode()
    record = json.loads(result.stdout)
    assert isinstance(record, dict)
    return record


def test_evaluate(run: Run, folder: Path) -> None:
    record = found(run, folder, "evaluate", "--predicted", "p", "gold")
    assert [*record, "calibration", "coverage", "targets"] == keys("`elman evaluate --json`")
    assert list(record["spans"]) == keys("*Spans*")
    assert list(record["averages"]) == ["micro", "macro", "weighted"]
    assert list(record["tags"]["O"]) == ["precision", "recall", "f1", "support"]


def test_styles(run: Run, folder: Path) -> None:
    conlleval = found(run, folder, "evaluate", "--predicted", "p", "gold", "--style", "conlleval")
    assert list(conlleval) == in_text("`--style conlleval --json`")
    assert list(conlleval["spans"]) == keys("*Spans*")
    seqeval = found(run, folder, "evaluate", "--predicted", "p", "gold", "--style", "seqeval")
    assert set(seqeval) == {*conlleval, "mode", "scheme"}


def test_compare(run: Run, folder: Path) -> None:
    assert list(found(run, folder, "compare", "gold", "p", "gold")) == keys("`elman compare --json`")
    record = found(run, folder, "compare", "--runs", "gold", "p,gold", "gold,p")
    assert set(record) == set(keys("`elman compare --runs --json`")) - {
        *("scores", "mean", "spread", "lowest", "highest", "t", "degrees_of_freedom", "p_value", "exact")
    }
    assert list(record["a"]) == ["scores", "mean", "spread", "lowest", "highest"]
    assert list(record["welch"]) == ["t", "degrees_of_freedom", "p_value"]


def test_the_outputs_shown_are_those_of_compare(run: Run, folder: Path) -> None:
    """Their layout: the same lines, whatever the figures."""

    def shape(text: str) -> list[str]:
        return [line.split()[0] for line in text.splitlines()[:6]]

    for start, arguments in (
        ("span F1, 700 sentences", ["gold", "p", "gold"]),
        ("accuracy, mean of the runs", ["--runs", "gold", "p,gold", "gold,p", "--metric", "accuracy"]),
    ):
        shown = PAGE[PAGE.index(f"```text\n{start}") + 8 :].partition("```")[0]
        assert shape(run("compare", *arguments, cwd=folder).stdout.decode()) == shape(shown)
