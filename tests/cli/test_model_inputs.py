"""``elman gradients`` and ``elman states`` of the models of every task."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import elman
from elman import cli

SMALL = {"hidden": 5, "epochs": 1, "ensemble": 1, "features": "none", "embedding": 4}
ROWS = [("dogs", "dog", "NOUN", 2, "nsubj"), ("bark", "bark", "VERB", 0, "root"), (".", ".", "PUNCT", 2, "punct")]
CONLLU = "# text = dogs bark.\n" + "".join(
    f"{i}\t{word}\t{lemma}\t{tag}\t_\tNumber={tag[:2]}\t{head}\t{relation}\t_\t"
    f"{'SpaceAfter=No' if word == 'bark' else '_'}\n"
    for i, (word, lemma, tag, head, relation) in enumerate(ROWS, 1)
)
NUMBERS = [(f"{math.sin(t + 0.2):.5f}", str(t % 3), "_" if t % 6 == 5 else str(t / 7)) for t in range(12)]
TASKS: dict[str, dict[str, Any]] = {
    "lemma": {},
    "morphology": {},
    "parse": {},
    "pipeline": {"settings": {"epochs": 1}},
    "segment": {"settings": {"epochs": 1, "hidden": 5}},
    "lm": {"settings": {"epochs": 1, "hidden": 5}},
    "lm:unit=characters": {"settings": {"epochs": 1, "hidden": 5}},
    "regress": {"settings": {"epochs": 1, "hidden": 5}},
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of each task, and what they can read."""
    made = tmp_path_factory.mktemp("models")
    (made / "t.conllu").write_text(f"{CONLLU}\n" * 6, encoding="utf-8")
    rows = "".join("\t".join(row) + "\n" for row in NUMBERS)
    (made / "t.tsv").write_text(f"{rows}\n" * 6, encoding="utf-8")
    (made / "t.txt").write_text("dogs bark .\n\nnew dogs bark\n" * 5, encoding="utf-8")
    elman.train(made / "t.txt", task="lm", model="ngram").save(made / "counted.model")
    for task, options in TASKS.items():
        data = made / {"regress": "t.tsv", "lm": "t.txt"}.get(task.partition(":")[0], "t.conllu")
        model = elman.train(data, task=task, threads=1, on_warning=lambda _: None, **{"settings": SMALL, **options})
        model.save(made / f"{task.replace(':unit=', '-')}.model")
    return made


def shown(capsys: pytest.CaptureFixture[str], *arguments: object) -> Any:
    """What a command prints as JSON."""
    assert cli.run([*map(str, arguments), "--json"]) == 0
    return json.loads(capsys.readouterr().out)


@pytest.mark.parametrize(
    ("model", "file", "positions"),
    [
        ("lemma", "t.conllu", 18),
        ("morphology", "t.conllu", 18),
        ("parse", "t.conllu", 18),
        ("pipeline", "t.conllu", 18),
        ("segment", "t.conllu", 6 * 11 - 1),  # characters, with spaces between sentences
        ("lm", "t.txt", 5 * (4 + 4)),  # words and line ends; of blank lines none
        ("lm", "t.conllu", 6 * 4),
        ("lm-characters", "t.txt", 5 * (12 + 14)),
        ("lm-characters", "t.conllu", 6 * 11),
        ("regress", "t.tsv", 6 * 10),  # a step without a value has no loss
    ],
)
def test_gradients_through_time(
    folder: Path, capsys: pytest.CaptureFixture[str], model: str, file: str, positions: int
) -> None:
    (one,) = shown(capsys, "gradients", folder / f"{model}.model", folder / file, "--lags", "1")["models"]
    assert (one["positions"], one["unknown"]) == (positions, 0)
    assert all(len(curve["norms"]) == 2 and min(curve["norms"]) > 0 for curve in one["curves"])


@pytest.mark.parametrize(
    ("model", "arguments", "words"),
    [
        ("lemma", ["t.conllu", "--sentence", "2"], ["dogs", "bark", "."]),
        ("pipeline", ["--text", "dogs bark"], ["dogs", "bark"]),
        ("segment", ["--text", "dogs b"], ["d", "o", "g", "s", "␣", "b"]),
        ("segment", ["t.conllu", "--sentence", "1"], list("dogs␣bark.")),
        ("segment", ["t.txt", "--sentence", "2"], list("new␣dogs␣bark")),
        ("lm", ["t.txt", "--sentence", "2"], ["↵", "new", "dogs", "bark"]),
        ("lm-characters", ["--text", "dogs Q"], ["↵", "d", "o", "g", "s", "␣", "<unk>"]),
        ("regress", ["--text", "0.5,1 0.25,2"], ["0.5,1", "0.25,2"]),
    ],
)
def test_which_words_decided(
    folder: Path, capsys: pytest.CaptureFixture[str], model: str, arguments: list[str], words: list[str]
) -> None:
    given = [folder / one if one.startswith("t.") else one for one in arguments]
    found = shown(capsys, "gradients", folder / f"{model}.model", *given)["words"]
    assert [one["at"] for one in found] == list(range(1, len(words) + 1))
    assert all(one["words"] == words and np.isfinite(one["parts"]).all() for one in found)
    if model == "regress":
        predictor: Any = elman.load(folder / "regress.model")
        rows = [list(map(float, word.split(","))) for word in words]
        assert [float(one["tag"]) for one in found] == pytest.approx(predictor.predict(rows).tolist(), rel=1e-4)
        assert {one["against"] for one in found} == {""}
    elif model.startswith("lm"):
        assert not {one["tag"] for one in found} & {" ", "\n"}


@pytest.mark.parametrize(
    ("model", "file", "words"),
    [
        ("parse", "t.conllu", ["dogs", "bark", "."]),
        ("segment", "t.conllu", list("dogs␣bark.")),
        ("lm", "t.txt", ["↵", "dogs", "bark", "."]),
        ("regress", "t.tsv", [f"{float(first):.10g},{second}" for first, second, _ in NUMBERS]),
    ],
)
def test_states(folder: Path, capsys: pytest.CaptureFixture[str], model: str, file: str, words: list[str]) -> None:
    found = shown(capsys, "states", folder / f"{model}.model", folder / file)
    assert found["words"] == words and len(found["h"]) == len(words)


def test_labels_that_a_model_does_not_know(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "new.conllu").write_text(f"{CONLLU}\n" + CONLLU.replace("\tdog\t", "\tcattle\t"), encoding="utf-8")
    assert cli.run(["gradients", str(folder / "lemma.model"), str(tmp_path / "new.conllu")]) == 0
    assert "1 sentences have a tag that it does not know" in capsys.readouterr().err


def test_long_lines_are_cut(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "long.txt").write_text("dogs " * 1_500, encoding="utf-8")
    found = shown(capsys, "states", folder / "lm.model", tmp_path / "long.txt", "--sentence", "2")
    assert len(found["words"]) == 500


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["gradients", "regress.model", "t.tsv", "--tags", "1"], "predicts numbers, which are no tags"),
        (["gradients", "regress.model", "--text", "0.5 x"], "rows of 2 numbers with commas"),
        (["gradients", "lm.model", "t.txt", "--tags", "cat"], "the model's tags are"),
        (["gradients", "lm.model", "t.txt", "--sentence", "99"], "has 10 sentences, got 99"),
        (["states", "lemma.model", "t.conllu", "--sentence", "99"], "has 6 sentences, got 99"),
        (["gradients", "counted.model", "t.txt"], "the model ngram has none"),
        (["gradients", "segment.model", "t.txt"], "expected conllu, by which this model was trained; it is text"),
    ],
)
def test_refused(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    message: str,
) -> None:
    monkeypatch.chdir(folder)
    assert cli.run(arguments) == 2
    error = capsys.readouterr().err
    assert message in error and error.count("\n") == 1
