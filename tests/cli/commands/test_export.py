"""``elman export``: what it writes, and one line for what cannot be exported; onnx is not needed for that."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import elman
from elman import cli
from elman.errors import ConfigError, DataError, MissingExtraError, how_to_install

Run = Callable[..., subprocess.CompletedProcess[bytes]]
Refused = Callable[..., str]

SENTENCES = [[("the", "D"), ("dog", "N")], [("cats", "N"), ("purr", "V")]] * 4
SMALL: dict[str, Any] = {"epochs": 1, "hidden": 4, "embedding": 4, "feature_embedding": 4, "ensemble": 1}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model that can be exported and others that cannot."""
    path = tmp_path_factory.mktemp("export")
    quiet: dict[str, Any] = {"on_warning": lambda text: None, "threads": 1}
    elman.train(SENTENCES, settings=SMALL, **quiet).save(path / "rnn.model")
    elman.train(SENTENCES, model="hmm", **quiet).save(path / "hmm.model")
    (path / "text.txt").write_text("the dog barks\n" * 9, encoding="utf-8")
    elman.train(str(path / "text.txt"), task="lm", model="ngram", **quiet).save(path / "lm.model")
    elman.train(str(path / "text.txt"), task="segment", settings=SMALL, **quiet).save(path / "segment.model")
    texts = [("good film", "pos"), ("bad film", "neg")] * 4
    few = {**SMALL, "vocabulary": 1, "text_ngrams": "words"}
    elman.train(texts, settings=few, **quiet).save(path / "few.model")
    own = "the\tx\tD\ndog\ty\tN\n\n" * 6
    (path / "own.conll").write_text(own, encoding="utf-8")
    elman.train(str(path / "own.conll"), inputs="2", settings=SMALL, **quiet).save(path / "own.model")
    return path


@pytest.mark.parametrize(
    "model, why",
    [
        ("lm", "expected a model of the task tag or classify, this one is of the task lm"),
        ("segment", "expected a model of the task tag or classify, this one is of the task segment"),
        ("hmm", "expected a model of the kind rnn or linear, this one is of the kind hmm"),
        ("own", "expected a model without features of your own"),
        ("few", "the n-grams of the model have words that vocabulary left out"),
    ],
)
def test_what_cannot_be_exported(model: str, why: str, folder: Path, refused: Refused) -> None:
    path = folder / f"{model}.model"
    assert f"{path}: export: {why}" in refused("export", path, folder / "out.onnx")
    assert not (folder / "out.onnx").exists()


def test_names_of_outputs(folder: Path, refused: Refused) -> None:
    model = folder / "rnn.model"
    assert "expected a name that ends in .onnx" in refused("export", model, folder / "out.txt")
    assert "no such file" in refused("export", folder / "nowhere.model", folder / "out.onnx")


def test_without_onnx(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(MissingExtraError) as error:
        elman.export_onnx(elman.load(folder / "rnn.model"), folder / "out.onnx")
    assert how_to_install("onnx") in str(error.value)


@pytest.mark.skipif(find_spec("onnx") is None, reason="onnx is not installed: make test-integrations has it")
def test_export(folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    assert cli.run(["export", "rnn.model", "out.onnx"]) == 0
    said = capsys.readouterr()
    assert said.out == "" and said.err.startswith("elman: out.onnx: ") and "outputs tag.tag, tag.confidence" in said.err
    assert cli.run(["export", "rnn.model", "out.onnx", "--quiet"]) == 0
    assert capsys.readouterr().err == ""
    assert cli.run(["export", "rnn.model", "no/such/out.onnx"]) == 2
    assert "cannot be written" in capsys.readouterr().err


def test_inputs() -> None:
    inputs = elman.onnx_inputs([["The", "日本"], [], "a b"])
    assert inputs["words"].tolist() == ["The", "日本", "a", "b"]
    assert inputs["characters"].tolist() == [[84, 104, 101], [0x65E5, 0x672C, 0], [97, 0, 0], [98, 0, 0]]
    assert inputs["word_lengths"].tolist() == [3, 2, 1, 1] and inputs["sentence_lengths"].tolist() == [2, 0, 2]
    assert {values.dtype for name, values in inputs.items() if name != "words"} == {np.dtype(np.int32)}


@pytest.mark.parametrize("wrong", ["a text", [[]], [], [["a", 1]], [b"text"], None])
def test_inputs_that_are_no_sentences(wrong: Any) -> None:
    with pytest.raises(DataError):
        elman.onnx_inputs(wrong)


def test_another_object_is_refused() -> None:
    with pytest.raises(ConfigError, match="expected a trained model"):
        elman.export_onnx("my.model", "out.onnx")  # type: ignore[arg-type]
