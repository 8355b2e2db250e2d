"""``elman.compare``, ``find_errors``, ``curve``, ``gradients`` and ``attributions``, for models of every task."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import elman
from elman.cli import run

TRAIN = [[("the", "DET"), ("dog", "NOUN"), ("barks", "VERB")], [("a", "DET"), ("cat", "NOUN"), ("sleeps", "VERB")]] * 4
GOLD = [[("the", "DET"), ("cat", "NOUN"), ("barks", "VERB")], [("dog", "VERB"), ("barks", "VERB")]]
TINY = {"hidden": 4, "epochs": 2, "ensemble": 1}


def quiet(data: Any, **how: Any) -> Any:
    return elman.train(data, **{"settings": TINY, "on_warning": lambda text: None, **how})


@pytest.fixture(scope="module")
def hmm() -> Any:
    return quiet(TRAIN, model="hmm", settings={})


@pytest.fixture(scope="module")
def rnn() -> Any:
    return quiet(TRAIN)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "gold.txt"
    path.write_text("\n".join(" ".join(map("_".join, each)) for each in GOLD) + "\n", encoding="utf-8")
    return path


def output(capsys: pytest.CaptureFixture[str], *arguments: object) -> Any:
    assert run([*map(str, arguments)]) == 0
    return json.loads(capsys.readouterr().out)


def test_compare_is_that_of_the_command(
    hmm: Any, rnn: Any, file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    hmm.save(tmp_path / "a"), rnn.save(tmp_path / "b")
    expected = output(capsys, "compare", "--json", "--resamples", 50, file, tmp_path / "a", tmp_path / "b")
    assert {**elman.compare(file, hmm, rnn, resamples=50).to_json(), "files": expected["files"]} == expected
    assert elman.compare(GOLD, hmm, rnn, resamples=50) == elman.compare(file, hmm, rnn, resamples=50)


def test_compare_takes_models_files_sentences_and_tags(hmm: Any, file: Path) -> None:
    words = [[word for word, _ in sentence] for sentence in GOLD]
    tags = hmm.predict(words)
    pairs = [list(zip(*both, strict=True)) for both in zip(words, tags, strict=True)]
    same = [elman.compare(file, hmm, b, resamples=10) for b in (hmm, tags, pairs)]
    assert all(found.same and found.difference == 0 for found in same)
    found = elman.compare(GOLD, tags, file, resamples=10)
    assert (found.a, found.b) == (pytest.approx(4 / 5), 1.0)
    texts = [("good film", "pos"), ("bad film", "neg")]
    model = quiet(texts * 4, model="linear", settings={})
    assert elman.compare(texts, model, texts, resamples=10).unit == "texts"


def test_compare_refuses_what_does_not_fit(hmm: Any, rnn: Any) -> None:
    for wrong, message in (
        ([[("the", "DET"), ("cow", "NOUN"), ("barks", "VERB")], GOLD[1]], "sentence 1: expected the words of gold"),
        (GOLD[:1], "expected as many sentences"),
        ([["DET"], ["VERB", "VERB"]], "expected 3 tags, one for each gold tag, B has 1"),
    ):
        with pytest.raises(elman.DataError, match=message):
            elman.compare(GOLD, hmm, wrong)
    several = [elman.Sentence(("a",), {"x": ("X",), "y": ("Y",)})]
    with pytest.raises(elman.ConfigError, match="one label column at a time; choose a target from x, y"):
        elman.compare(several, several, several, target="x,y")


def test_find_errors_is_that_of_the_command(
    hmm: Any, file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    hmm.save(tmp_path / "m")
    found = elman.find_errors(hmm, file, most=3)
    assert found.to_json() == output(capsys, "errors", "--json", "--top", 3, tmp_path / "m", file)
    assert found.errors == 1 and elman.find_errors(hmm, GOLD).errors == 1
    language = tmp_path / "lines"
    language.write_text("a b\n" * 20, encoding="utf-8")
    with pytest.raises(elman.ConfigError, match="a model of the task lm predicts no labels"):
        elman.find_errors(quiet(str(language), task="lm"), GOLD)


def test_curve_is_that_of_the_command(tmp_path: Path, file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    train = tmp_path / "train.txt"
    train.write_text("\n".join(" ".join(map("_".join, each)) for each in TRAIN * 2) + "\n", encoding="utf-8")
    lines: list[str] = []
    found = elman.curve(train, file, points=3, seeds=2, model="hmm", on_progress=lines.append)
    arguments = ("curve", "--json", "--points", 3, "--seeds", 2, "--model", "hmm", train, "--dev", file)
    assert json.loads(json.dumps(found.to_json())) == output(capsys, *arguments)
    assert len(lines) == 6 and len(found.points) == 3


def test_gradients_are_those_of_the_command(
    rnn: Any, file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rnn.save(tmp_path / "m")
    found = elman.gradients(rnn, file, lags=2)
    expected = output(capsys, "gradients", "--json", "--lags", 2, tmp_path / "m", file)["models"][0]
    assert json.loads(json.dumps({"model": expected["model"], **found.to_json()})) == expected
    assert elman.gradients(rnn, GOLD, lags=2) == found
    assert elman.gradients(rnn, GOLD, tags=["DET"]).positions == 1


def test_attributions_are_those_of_the_command(rnn: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rnn.save(tmp_path / "m")
    found = elman.attributions(rnn, ["the", "dog"])
    expected = output(capsys, "gradients", "--json", tmp_path / "m", "--text", "the dog")["words"]
    assert json.loads(json.dumps([one.to_json() for one in found])) == expected
    assert elman.attributions(rnn, ["the", "dog"], at=2) == found[1:]
    with pytest.raises(elman.ConfigError, match="expected a word from 1 to 2, got 3"):
        elman.attributions(rnn, ["the", "dog"], at=3)


def test_models_of_other_tasks(tmp_path: Path) -> None:
    lines = tmp_path / "lines.txt"
    lines.write_text("the dog barks\na cat sleeps\n" * 5, encoding="utf-8")
    lm = quiet(str(lines), task="lm:unit=characters")
    assert elman.gradients(lm, str(lines)).positions > 10
    assert len(elman.attributions(lm, "dog")) == 4  # a line end comes first
    rows = [elman.Sentence(tuple("123"), {"y": tuple("246")})] * 4
    numbers = quiet(rows, task="regress")
    assert elman.gradients(numbers, rows).sentences == 4
    assert len(elman.attributions(numbers, rows[0])) == 3
    conllu = tmp_path / "t.conllu"
    words = "".join(f"{i}\t{w}\t{w}\tX\t_\t_\t{i - 1}\tdep\t_\t_\n" for i, w in enumerate(("a", "dog", "barks"), 1))
    conllu.write_text(f"# text = a dog barks\n{words}\n" * 6, encoding="utf-8")
    lemmas = quiet(str(conllu), task="lemma")
    assert elman.gradients(lemmas, str(conllu)).positions == 18
    segmenter = quiet(str(conllu), task="segment")
    assert elman.gradients(segmenter, str(conllu)).positions > 18
    assert len(elman.attributions(segmenter, "a dog")) == 5
    hmm = quiet(TRAIN, model="hmm", settings={})
    with pytest.raises(elman.ConfigError):
        elman.gradients(hmm, TRAIN)


def test_a_column_of_several() -> None:
    made = [elman.Sentence(("she", "left"), {"pos": ("PRON", "VERB"), "name": ("B-PER", "O")})] * 4
    both = quiet(made, target=["pos", "name"])
    assert elman.gradients(both, made, target="name") != elman.gradients(both, made)
    assert elman.attributions(both, ["she", "left"], target="name")[0].tag in ("B-PER", "O")
    assert elman.find_errors(both, made, target="name").column == "name"
    assert elman.compare(made, both, both, target="name", resamples=10).same
    with pytest.raises(elman.ConfigError, match="label columns are pos, name, got 'nam': did you mean name"):
        elman.gradients(both, made, target="nam")
