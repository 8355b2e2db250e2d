"""``elman evaluate`` of document labels."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

Run = Callable[..., subprocess.CompletedProcess[bytes]]
Refused = Callable[..., str]

GOLD = "pos\tgood film\nneg\tbad film\npos\tfine\nneg\tno\n"


@pytest.fixture
def gold(tmp_path: Path) -> Path:
    path = tmp_path / "gold"
    path.write_text(GOLD, encoding="utf-8")
    return path


def test_labels(run: Run, gold: Path, tmp_path: Path) -> None:
    (tmp_path / "p").write_text(GOLD.replace("pos\tfine", "neg\tfine"), encoding="utf-8")
    arguments = ["evaluate", "--predicted", tmp_path / "p", gold, "--format", "label_text"]
    arguments += ["--predicted-format", "label_text"]
    lines = run(*arguments).stdout.decode().splitlines()
    assert lines[:3] == [
        "accuracy          75.00 %  3 of 4 texts",
        "macro F1          73.33 %  mean over 2 labels",
        "",
    ]
    assert lines[3:6] == [
        "label  precision   recall       F1     texts",
        "neg        66.67   100.00    80.00         2",
        "pos       100.00    50.00    66.67         2",
    ]
    assert lines[-1].split() == ["pos", "neg", "1"]
    found = json.loads(run(*arguments, "--json").stdout)
    assert (found["label"], found["texts"], found["correct"], found["roc_auc"]) == ("label", 4, 3, None)


def test_roc_auc(run: Run, refused: Refused, gold: Path, tmp_path: Path) -> None:
    table = "text,label,p\ngood film,pos,0.9\nbad film,neg,0.4\nfine,neg,0.4\nno,neg,0.1\n"
    (tmp_path / "p.csv").write_text(table, encoding="utf-8")
    arguments = ["evaluate", "--predicted", tmp_path / "p.csv", "--predicted-format", "csv", gold]
    arguments += ["--format", "label_text", "--label", "label", "--scores", "p"]
    assert "\nROC-AUC            0.8750  of the label pos\n" in run(*arguments).stdout.decode()
    found = json.loads(run(*arguments, "--positive", "neg", "--json").stdout)
    assert found["roc_auc"] == 0.125
    assert "--positive: no label 'x'; expected one of neg, pos" in refused(*arguments, "--positive", "x")
    (tmp_path / "p.csv").write_text(table.replace("0.1", "low"), encoding="utf-8")
    assert "p: expected a number, found 'low'" in refused(*arguments)
    (tmp_path / "p.csv").write_text(table.replace(",neg,0.1", ",none,0.1"), encoding="utf-8")
    assert "ROC-AUC is of two labels, found 3" in refused(*arguments)


def test_label_in_a_comment_beside_tags(run: Run, refused: Refused, tmp_path: Path) -> None:
    text = "# intent = Play\nplay\tO\n\n# intent = Book\nbook\tO\n"
    (tmp_path / "gold").write_text(text, encoding="utf-8")
    (tmp_path / "p").write_text(text.replace("= Book", "= Play"), encoding="utf-8")
    arguments = ["evaluate", "--predicted", tmp_path / "p", tmp_path / "gold"]
    assert json.loads(run(*arguments, "--json").stdout)["accuracy"] == 1  # of the tags
    assert json.loads(run(*arguments, "--json", "--label", "intent").stdout)["accuracy"] == 0.5
    assert "gold: no label kind; it has intent" in refused(*arguments, "--label", "kind")


def test_what_does_not_fit(refused: Refused, gold: Path, model: Path, tmp_path: Path) -> None:
    arguments = ["evaluate", "--predicted", tmp_path / "p", gold]
    arguments += ["--format", "label_text", "--predicted-format", "label_text"]
    for text, expected in (
        (GOLD.replace("fine", "bad"), "p:3: expected the same text as in "),
        (GOLD[:-7], "p: ends before the sentence at "),
        (GOLD + "pos\tmore\n", "p:5: goes on where "),
    ):
        (tmp_path / "p").write_text(text, encoding="utf-8")
        assert expected in refused(*arguments)
    (tmp_path / "p").write_text("good film\n__label__pos bad film\n", encoding="utf-8")
    assert "p:1: no label label: expected one for each text" in refused(*arguments[:-1], "fasttext")
    (tmp_path / "p").write_text("a\tX\n", encoding="utf-8")
    assert "p: no label of texts" in refused("evaluate", "--predicted", tmp_path / "p", tmp_path / "p", "--scores", "p")
    assert "go with --predicted FILE" in refused("evaluate", model, gold, "--positive", "label")
    assert "no column 'label'" in refused("evaluate", model, gold, "--label", "label")
    assert "expected one of the two" in refused(*arguments, "--label", "label", "--target", "label")
