"""``elman tutorial compare``: the hidden Markov model beside the slides' net."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

TRAIN = "a_X b_Y a_Z\na_X c_X b_Y\n"
TEST = "a_X d_Y a_Z\na_X c_X b_Y\n"


@pytest.fixture
def files(tmp_path: Path) -> list[str]:
    for name, text in (("train.txt", TRAIN), ("test.txt", TEST)):
        (tmp_path / name).write_text(text, encoding="utf-8")
    return [str(tmp_path / "train.txt"), str(tmp_path / "test.txt")]


def test_the_record(run, files: list[str]) -> None:
    done = run("tutorial", "compare", *files, "--bptt", "1,3", "--seeds", 2, "--as-printed", "--json", "-v")
    assert done.returncode == 0 and b"hidden Markov model: " in done.stderr
    record = json.loads(done.stdout)
    rows = {row["model"]: row for row in record.pop("rows")}
    counts = {"train_sentences": 2, "train_tokens": 6, "test_tokens": 6, "test_unknown": 1}
    assert record == {**counts, "iterations": 12, "seeds": 2}
    assert rows["most frequent tag"]["accuracy"] == pytest.approx(4 / 6)
    assert rows["hidden Markov model"]["accuracy"] == 1
    assert list(rows)[2:] == ["Elman, full gradient", "Elman, BPTT n = 1", "Elman, BPTT n = 3", "Elman, as printed"]
    for name, errors in (("full gradient", 1), ("BPTT n = 1", 1), ("BPTT n = 3", 2), ("as printed", 1)):
        row = rows[f"Elman, {name}"]
        assert row["errors_per_word"] == errors
        assert row["lowest"] <= row["accuracy"] <= row["highest"] and row["seconds"] > 0


def test_the_table(run, files: list[str]) -> None:
    done = run("tutorial", "compare", files[0], files[0], "--bptt", "", "--iterations", 1)
    lines = done.stdout.decode().split("\n")
    assert lines[0] == "6 words to tag; 0 of them are unknown, that is, not in the training text"
    assert [line[:22].strip() for line in lines[3:-1]] == [
        "most frequent tag",
        "hidden Markov model",
        "Elman, full gradient",
    ]
    assert lines[4].split()[3:] == ["100.00", "%", "100.00", "%", "100.00", "%", "–", "0.0", "–"]
    assert max(map(len, lines)) <= 80


def test_mistakes_are_one_line(refused, files: list[str]) -> None:
    for wrong in ("0", "1,x", "²", "9999999999"):
        assert "--bptt: expected whole numbers from 1 up" in refused("tutorial", "compare", *files, "--bptt", wrong)
    assert "word_TAG" in refused("tutorial", "compare", files[0], "-", stdin=b"a b\n")
