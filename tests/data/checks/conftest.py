"""Splits made in Python and from small files."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from elman.data.checks import CheckReport, DataSplit, FindingGroup, examine
from elman.data.checks.dataset import ROLES
from elman.data.sentence import Sentence

Splits = Callable[..., list[DataSplit]]
Examined = Callable[..., CheckReport]


def sentences(path: str, lines: Sequence[str]) -> list[Sentence]:
    """``word_TAG`` lines, one sentence a line; a label may stand in front: ``=label word_TAG``."""
    found = []
    for number, line in enumerate(lines, 1):
        label, _, rest = line.partition(" ") if line.startswith("=") else ("", "", line)
        words, _, tags = zip(*[token.rpartition("_") for token in rest.split(" ")], strict=True)
        columns = {"tag": tags} | ({"label:intent": (label[1:],)} if label else {})
        found.append(Sentence(words, columns, path, number, rows=(0,) * len(words)))
    return found


@pytest.fixture
def splits() -> Splits:
    """``splits(train=[…], dev=[…])``: names other than train, dev and test have no role."""

    def make(**given: Sequence[str]) -> list[DataSplit]:
        return [
            DataSplit(name, name if name in ROLES else "", (f"{name}.txt",), sentences(f"{name}.txt", lines))
            for name, lines in given.items()
        ]

    return make


@pytest.fixture
def examined(splits: Splits) -> Examined:
    """The report on such splits."""
    return lambda **given: examine(splits(**given))


def groups(report: CheckReport, check: str) -> list[FindingGroup]:
    """The groups of one check."""
    return [group for group in report.groups if group.check == check]


@pytest.fixture
def of() -> Callable[[CheckReport, str], list[FindingGroup]]:
    """``of(report, "leak")``: the groups of one check."""
    return groups


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """``write("a.txt", "the_DET …")``: a file in the current folder; returns its name."""
    monkeypatch.chdir(tmp_path)

    def make(name: str, content: str | bytes) -> str:
        (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode())
        return name

    return make
