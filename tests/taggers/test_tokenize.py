"""Predictors of words cut raw text as their training text was."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import pytest

import elman
from elman.errors import ConfigError, DataError, ModelFileError
from elman.models import file as model_file

QUIET: dict[str, Any] = {"on_warning": lambda text: None}
SENTENCES = [[(word, "X") for word in line.split(" ")] for line in ("It is n't so .", "He left , did n't he ?")] * 2
WORDS = [["They", "are", "n't", "here", "."], ["Why", "?"], ["So"]]
RAW = "They aren't here. Why?\n\nSo"


@pytest.fixture(scope="module")
def tagger() -> Any:
    return elman.train(SENTENCES, model="hmm", **QUIET)


def test_raw_text_becomes_sentences(tagger: Any, tmp_path: Path) -> None:
    assert tagger.tokenize(RAW) == WORDS
    assert tagger.predict(tagger.tokenize(RAW)) == [["X"] * len(words) for words in WORDS]
    tagger.save(tmp_path / "m")
    assert elman.load(tmp_path / "m").tokenize(RAW) == WORDS
    assert pickle.loads(pickle.dumps(tagger)).tokenize(RAW) == WORDS
    assert tagger.tokenize("") == []


def test_the_rules_are_in_the_description_not_in_the_table(tagger: Any) -> None:
    assert tagger.describe()["tokenization"]["suffixes"] == ["n't"]
    assert "tokenization" not in tagger.data
    assert "suffixes" not in tagger._repr_html_()


@pytest.mark.parametrize("text", [None, b"a", ["a"], 3, "\ud800"])
def test_what_is_no_text(tagger: Any, text: Any) -> None:
    with pytest.raises(DataError):
        tagger.tokenize(text)


def test_models_that_do_not_know(tagger: Any, tmp_path: Path) -> None:
    documents = [("a good film", "pos"), ("a bad film", "neg")] * 4
    classifier: Any = elman.train(documents, model="linear", settings={"epochs": 1}, **QUIET)
    with pytest.raises(ConfigError, match="tokenize: this model labels whole texts"):
        classifier.tokenize(RAW)
    tagger.save(tmp_path / "m")
    record, tensors = model_file.load(tmp_path / "m")
    del record["data"]["tokenization"]
    model_file.save(tmp_path / "old", record, tensors)  # as those of before
    with pytest.raises(ConfigError, match="tokenize: this model does not know how its training text was cut"):
        elman.load(tmp_path / "old").tokenize(RAW)


@pytest.mark.parametrize("value", [None, {}, {"punctuation": 1}])
def test_a_malformed_record_is_refused(tagger: Any, tmp_path: Path, value: Any) -> None:
    tagger.save(tmp_path / "m")
    record, tensors = model_file.load(tmp_path / "m")
    record["data"]["tokenization"] = value
    model_file.save(tmp_path / "n", record, tensors)
    with pytest.raises(ModelFileError, match="n: tokenization: expected"):
        elman.load(tmp_path / "n")


ROWS = (
    "1-2\tdon't\t_\t_\t_\t_\t_\t_\t_\tSpaceAfter=No\n"
    "1\tdo\t_\tAUX\t_\tTense=Pres\t0\troot\t_\t_\n"
    "2\tn't\t_\tPART\t_\t_\t1\tdep\t_\t_\n"
    "3\t.\t_\tPUNCT\t_\t_\t1\tp\t_\t_\n\n"
)


@pytest.mark.parametrize("task", ["parse", "morphology", "pipeline"])
def test_other_tasks_of_words(task: str, tmp_path: Path) -> None:
    path = tmp_path / "train.conllu"
    path.write_text(ROWS * 8)
    model: Any = elman.train(path, task=task, settings={"epochs": 30, "ensemble": 1, "hidden": 8, "batch": 2}, **QUIET)
    assert model.tokenize("don't.") == [["do", "n't", "."]]
    assert ("tokenization" in model.describe()) == (task != "pipeline")
