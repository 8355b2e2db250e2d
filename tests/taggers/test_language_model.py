"""Language models: what they learn of a seeded text, what perplexity counts, sampling, the n-gram baseline."""

from __future__ import annotations

import random
from math import exp
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import elman
from elman.data.targets import UNKNOWN
from elman.errors import ConfigError, DataError, ModelFileError
from elman.models.file import Stored
from elman.models.ngram_lm import NGrams
from elman.models.streaming import Stream
from elman.taggers import train_language
from elman.taggers.language_model import LanguageEvaluation, LanguageModel
from elman.training import disk_corpus

QUIET: dict[str, Any] = {"on_warning": lambda doubt: None, "threads": 1}
SMALL = {
    "hidden": 12,
    "embedding": 8,
    "epochs": 6,
    "chunk": 8,
    "learning_rate": 0.03,
    "dropout": 0.0,
    "word_dropout": 0.0,
}


def made_up(n: int, seed: int) -> str:
    draw = random.Random(seed)
    line = lambda: f"the {draw.choice(['dog', 'cat'])} {draw.choice(['sees', 'hears'])} {draw.choice(['us', 'them'])}"  # noqa: E731
    return "\n".join(line() for _ in range(n)) + "\n"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("texts")
    (path / "train.txt").write_text(made_up(150, 1), encoding="utf-8")
    (path / "test.txt").write_text(made_up(40, 2) + "the zebra sees us\n", encoding="utf-8")
    return path


@pytest.fixture(scope="module", params=["lm", "lm:unit=characters", "lm ngram", "lm:unit=characters ngram"])
def model(request: pytest.FixtureRequest, folder: Path) -> LanguageModel:
    task, _, kind = request.param.partition(" ")
    more: dict[str, Any] = {"model": "ngram"} if kind else {"settings": SMALL, "dev": str(folder / "test.txt")}
    found = elman.train(str(folder / "train.txt"), task=task, **more, **QUIET)
    assert isinstance(found, LanguageModel)
    return found


def test_it_learns_what_comes_next(model: LanguageModel, folder: Path) -> None:
    found = model.evaluate(str(folder / "test.txt"))
    # three choices of two in a line of 5 words or some 20 characters
    assert found.perplexity < (2.1 if model.unit == "words" else 1.5)
    assert found.words == 41 * 5 and found.characters == len((folder / "test.txt").read_text())
    assert found.unknown == (1 if model.unit == "words" else 2)
    assert found.symbols == (found.words if model.unit == "words" else found.characters)
    np.testing.assert_allclose(found.bits_per_character * found.characters, found.nats / np.log(2))
    np.testing.assert_allclose(found.perplexity_per_word**found.words, found.perplexity**found.symbols, rtol=1e-6)
    assert found.to_json()["unit"] == model.unit


def test_it_comes_back_from_its_file(model: LanguageModel, folder: Path, tmp_path: Path) -> None:
    model.save(tmp_path / "m.model")
    again = elman.load(tmp_path / "m.model", threads=1)
    assert isinstance(again, LanguageModel)
    assert again.evaluate(str(folder / "test.txt")) == model.evaluate(str(folder / "test.txt"))
    assert again.describe()["task"] == "lm" and again.describe()["unit"] == model.unit


def test_samples(model: LanguageModel) -> None:
    one = model.sample(60, seed=3)
    assert one == model.sample(60, seed=3) != model.sample(60, seed=4)
    assert UNKNOWN not in one
    assert model.sample(0, prompt="the dog").startswith("the dog")
    assert model.sample(30, temperature=0, seed=1) == model.sample(30, temperature=0, seed=2)
    said = model.sample(40, temperature=0.3, prompt="the ")
    assert said.startswith("the ") and ("dog" in said or "cat" in said)
    for named, expected in (
        ({"length": -1}, "^length: expected a whole number from 0 to 1,000,000, got -1$"),
        ({"temperature": float("nan")}, "^temperature: expected a number from 0 to 1,000, got nan$"),
        ({"temperature": 1e308}, "^temperature: expected a number from 0 to 1,000, got 1e"),
        ({"seed": -1}, r"^seed: expected a whole number from 0 to 2\^63 - 1, got -1$"),
    ):
        with pytest.raises(ConfigError, match=expected):
            model.sample(**{"length": 1, **named})  # type: ignore[arg-type]
    # however cold it is, there is a likeliest symbol
    assert model.sample(9, temperature=1e-320) == model.sample(9, temperature=0)


def test_there_is_nothing_to_sample_but_unknown_words(tmp_path: Path) -> None:
    from elman.taggers.load import of_content

    (tmp_path / "text").write_text("a b\n" * 20)
    saved = elman.train(str(tmp_path / "text"), task="lm", settings={**SMALL, "epochs": 1}, **QUIET)
    record, tensors = saved.to_record()
    bias = tensors["output.b_o"].copy()
    bias[record["model"]["tags"].index(UNKNOWN)] = 1e5
    stored = {
        name: Stored("F32" if w.dtype == np.float32 else "F16", w.shape, w.tobytes()) for name, w in tensors.items()
    }
    stored["output.b_o"] = Stored("F32", bias.shape, bias.tobytes())
    model = of_content("m", (record, stored), threads=1)
    assert isinstance(model, LanguageModel)
    for temperature in (0, 1):
        with pytest.raises(ModelFileError, match="^nothing to sample: for this model only <unk> can follow here$"):
            model.sample(3, temperature=temperature)


def test_ngrams_sum_to_one() -> None:
    ids = np.random.default_rng(1).integers(0, 5, 60).astype(np.int32)
    model = NGrams.of(ids, list("abcdef"), 3)
    for context in ([], [1], [2, 3], [0, 1, 4], [5], [5, 5]):
        p = model.probabilities_after(context)
        np.testing.assert_allclose(p.sum(), 1)
        np.testing.assert_allclose([model.probability(context, i) for i in range(6)], p)
    assert (model.probabilities_after([]) > 0).all()


@pytest.mark.parametrize("kind", ["rnn", "ngram"])
def test_the_end_of_the_text_is_held_out(folder: Path, tmp_path: Path, kind: str) -> None:
    """The same model as of the text without it, for which it is the dev set."""
    lines = made_up(150, 1).splitlines(keepends=True)
    (tmp_path / "begin.txt").write_text("".join(lines[:136]))
    (tmp_path / "end.txt").write_text("".join(lines[136:]))
    own: dict[str, Any] = {} if kind == "ngram" else {"settings": {**SMALL, "epochs": 1}}
    notes: list[str] = []
    text = str(folder / "train.txt")
    one = elman.train(text, "9.6%", task="lm", model=kind, on_note=notes.append, **own, **QUIET)
    other = elman.train(str(tmp_path / "begin.txt"), str(tmp_path / "end.txt"), task="lm", model=kind, **own, **QUIET)
    of_one, of_other = one.to_record(), other.to_record()
    assert of_one[0]["data"].pop("held_out") == "the last 70 words of the text"
    assert "held out for dev: the last 70 words of the text" in notes
    of_other[0]["data"].pop("held_out")
    assert of_one[0] == of_other[0]
    assert all(np.array_equal(of_one[1][name], of_other[1][name]) for name in of_other[1])


def test_the_end_of_a_text_without_lines_is_held_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is read first of it is the symbol before it. The text is looked at in blocks."""
    monkeypatch.setattr(disk_corpus, "BLOCK", 7)
    text = tmp_path / "one.txt"
    text.write_text("abcd" * 50)
    settings = {**SMALL, "hidden": 8, "epochs": 1}
    model = elman.train(str(text), "30%", task="lm:unit=characters", settings=settings, **QUIET)
    facts = model.describe()["data"]
    assert facts["held_out"] == "the last 60 characters of the text" and facts["dev_sentences"] == 0
    session = Stream(model._model, 0, 0)
    losses = session.losses(
        list("d" + "abcd" * 15)[:-1], np.array([model.tags.index(c) for c in "abcd" * 15], np.int32)
    )
    assert facts["dev_accuracy"] == pytest.approx(float(np.exp(-losses.mean())))
    (tmp_path / "tiny.txt").write_text("a")
    with pytest.raises(DataError, match="^dev: 50 % of 1 symbols leaves none for one of the two parts$"):
        elman.train(str(tmp_path / "tiny.txt"), "50%", task="lm", settings=SMALL, **QUIET)


@pytest.mark.parametrize(("unit", "epochs"), [("words", 10), ("characters", 20)])
def test_epochs_by_the_length_of_the_text(
    folder: Path, monkeypatch: pytest.MonkeyPatch, unit: str, epochs: int
) -> None:
    small = {name: value for name, value in SMALL.items() if name != "epochs"}
    text, task = str(folder / "train.txt"), f"lm:unit={unit}"
    settings = elman.train(text, task=task, settings=small, **QUIET).describe()["settings"]
    assert settings["training"]["epochs"] == epochs and settings["network"]["cell"] == "gru"
    assert (settings["training"]["learning_rate"], settings["training"]["dropout"]) == (0.03, 0.0)  # as they were given
    monkeypatch.setitem(train_language.EFFORT, unit, 10)
    found = elman.train(text, task=task, settings=small, **QUIET).describe()["settings"]["training"]["epochs"]
    assert found == 1


def test_what_is_refused(folder: Path, tmp_path: Path) -> None:
    text, empty = str(folder / "train.txt"), tmp_path / "empty.txt"
    empty.write_text("")
    for how, message in (
        ({"model": "hmm"}, "^task lm: expected the model rnn or ngram, got 'hmm'$"),
        ({"settings": {"chunk": 0}}, "^task lm: expected direction=forward and chunk=1 or more"),
        ({"target": "upos"}, "^target: task lm: expected no label column"),
    ):
        with pytest.raises(ConfigError, match=message):
            elman.train(text, task="lm", **how, **QUIET)
    for how in ({"train": str(empty)}, {"train": text, "dev": str(empty)}):
        with pytest.raises(DataError, match="^no text in it"):
            elman.train(how["train"], how.get("dev"), task="lm", settings=SMALL, **QUIET)
    with pytest.raises(DataError, match="^dev: expected more than 0 % and less than 100 %, got 100 %$"):
        elman.train(text, "100%", task="lm", settings=SMALL, **QUIET)
    with pytest.raises(ConfigError, match="^task lm: unit: expected words or characters, got 'bytes'$"):
        elman.train(text, task="lm:unit=bytes", **QUIET)
    model = elman.train(text, task="lm", model="ngram", **QUIET)
    assert isinstance(model, LanguageModel)
    with pytest.raises(DataError, match="^an empty text"):
        model.evaluate(str(empty))
    assert not model.tags_lines


def test_records_that_do_not_fit(folder: Path) -> None:
    record, tensors = elman.train(str(folder / "train.txt"), task="lm", model="ngram", **QUIET).to_record()
    of_model = record["model"]
    bad = [
        {**record, "task": {"name": "lm", "unit": "bytes"}},
        {**record, "kind": "hmm"},
        {**record, "model": {**of_model, "tags": []}},
        {**record, "model": {**of_model, "tags": [f"x{i}" for i in range(len(of_model["tags"]))]}},
    ]
    for one in bad:
        with pytest.raises(ModelFileError):
            LanguageModel.from_record(one, tensors)
    for broken in ({}, {**tensors, "grams1": tensors["grams2"]}, {**tensors, "grams1": -tensors["grams1"]}):
        with pytest.raises(ModelFileError):
            LanguageModel.from_record(record, broken)


def test_evaluation_of_nothing() -> None:
    assert LanguageEvaluation("words", 0.0, 0, 0, 0, 0).perplexity == 1


def test_a_text_that_is_as_good_as_impossible() -> None:
    found = LanguageEvaluation("words", 1e30, 10, 50, 10, 0)
    assert found.perplexity == found.perplexity_per_word == exp(700) and found.bits_per_character > 1e28


def test_weights_that_are_too_large_say_nothing(folder: Path) -> None:
    settings = {**SMALL, "cell": "mingru", "layers": 3, "epochs": 1}
    model: Any = elman.train(str(folder / "train.txt"), task="lm", settings=settings, **QUIET)
    for w in model._model.members[0].values():
        w[...] = np.finfo(np.float32).max
    with np.errstate(all="ignore"), pytest.raises(ModelFileError, match="weights are too large$"):
        model.sample(3)
