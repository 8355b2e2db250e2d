"""Training of a graph parser: the same bits for any threads, several networks, gold relations that nobody knows."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import elman
from elman.data.sentence import Sentence
from elman.errors import ConfigError, DataError
from elman.nn import biaffine
from elman.tasks.dependency_labels import repaired

SMALL: dict[str, Any] = {"hidden": 8, "embedding": 8, "feature_embedding": 8, "layers": 1, "ensemble": 1, "epochs": 2}
QUIET: dict[str, Any] = {"on_warning": lambda text: None}
TASK = "parse"


def sentences(count: int, seed: int) -> list[Sentence]:
    """Determiners depend on the next noun, nouns on the verb."""
    draw, found = random.Random(seed), []
    for _ in range(count):
        rows = [("the", "DET", 2, "det"), (draw.choice(["cat", "dog"]), "NOUN", 3, "nsubj")]
        rows.append((draw.choice(["sees", "eats"]), "VERB", 0, "root"))
        for _ in range(draw.randrange(3)):
            n = len(rows)
            rows += [("a", "DET", n + 2, "det"), (draw.choice(["fish", "bird"]), "NOUN", 3, "obj")]
        words, tags, heads, relations = zip(*rows, strict=True)
        columns = {"upos": tags, "head": tuple(map(str, heads)), "deprel": relations}
        found.append(Sentence(words, columns))
    return found


def train(data: list[Sentence], dev: list[Sentence] | None = None, threads: int = 1, **settings: Any) -> Any:
    return elman.train(data, dev, task=TASK, settings={**SMALL, **settings}, threads=threads, **QUIET)


def test_it_learns_and_its_score_is_las() -> None:
    dev = sentences(20, 2)
    parser = train(sentences(60, 1), dev, epochs=12, batch=4)
    predicted = parser.predict([sentence.words for sentence in dev], columns=parser.targets)
    right = words = 0
    for sentence, found in zip(dev, predicted, strict=True):
        pairs = zip(found["head"], found["deprel"], sentence.columns["head"], sentence.columns["deprel"], strict=True)
        right += sum((a, b) == (c, d) for a, b, c, d in pairs)
        words += len(sentence.words)
    assert right / words > 0.9
    # in training any word may get the root's relation
    assert right / words - 0.05 < parser.data["dev_accuracy"] <= right / words


def conllu(data: list[Sentence], lemma: str | None) -> str:
    """Return sentences as CoNLL-U; the lemma of a word is ``lemma`` or the word."""
    rows = []
    for one in data:
        columns = (one.columns[name] for name in ("upos", "head", "deprel"))
        for i, (word, tag, head, relation) in enumerate(zip(one.words, *columns, strict=True), 1):
            rows.append(f"{i}\t{word}\t{lemma or word}\t{tag}\t_\t_\t{head}\t{relation}\t_\t_\n")
        rows.append("\n")
    return "".join(rows)


def test_the_score_of_more_columns_is_a_mean(tmp_path: Path) -> None:
    """LAS, and the accuracy of tags and of lemmas, all of which are wrong here."""
    (tmp_path / "train.conllu").write_text(conllu(sentences(60, 1), None))
    (tmp_path / "dev.conllu").write_text(conllu(sentences(20, 2), "nowhere"))
    train, dev = (tmp_path / name for name in ("train.conllu", "dev.conllu"))
    pipeline = elman.train(train, dev, task="pipeline", settings={**SMALL, "epochs": 12, "batch": 4}, **QUIET)
    assert 0.6 < pipeline.words.describe()["data"]["dev_accuracy"] <= 2 / 3


def test_the_bits_do_not_depend_on_threads() -> None:
    models = [train(sentences(40, 1), threads=threads, dropout_kind="layers", layers=2) for threads in (1, 2)]
    (record, tensors), (other, others) = (model.to_record() for model in models)
    assert record == other and tensors.keys() == others.keys()
    for name, w in tensors.items():
        np.testing.assert_array_equal(w, others[name])


@pytest.mark.parametrize("settings", [{"ensemble": 2}, {"distill_teachers": 2}, {"dtype": "float32", "loss": "sum"}])
def test_several_networks_and_other_settings(settings: dict[str, Any]) -> None:
    data = sentences(30, 1)
    parser = train(data, data[:5], learning_rate=0.002, **settings)
    found = parser.predict([["the", "new", "cat", "sees", "it"], [], ["cat"]], columns=parser.targets)
    for one in found:
        heads = list(map(int, one["head"]))
        assert heads == repaired(heads)
        assert [relation == "root" for relation in one["deprel"]] == [head == 0 for head in heads]


def test_confidences() -> None:
    data = sentences(60, 1)
    parser = train(data, data[:5], epochs=12, learning_rate=0.01)
    ((found, sure),) = parser.pipe([data[0].words], confidence=True)
    assert len(found) == len(sure)
    (one,) = parser.pipe([data[0].words], confidence=True, columns=("head", "deprel"))
    for values, p in one.values():
        assert len(values) == len(p) and all(0 < x <= 1 for x in p)
    assert min(one["head"][1]) > 0.3
    assert parser.temperature("head") is None


def test_sentences_longer_than_a_piece(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(biaffine, "MAX_WORDS", 3)
    data = sentences(20, 1)
    parser = train(data, data[:5])
    (found,) = parser.predict([data[0].words * 3], columns=parser.targets)
    heads = list(map(int, found["head"]))
    assert heads == repaired(heads)


def test_a_relation_that_only_dev_has_is_an_error_of_the_parser() -> None:
    data = sentences(20, 1)
    words = data[0].words
    columns = {**data[0].columns, "deprel": ("new",) * len(words)}
    parser = train(data, [Sentence(words, columns)])
    assert parser.data["dev_accuracy"] == 0.0


def test_what_is_refused() -> None:
    with pytest.raises(ConfigError, match="^chunk: expected 0 with heads=graph, which .*; heads=relative takes it$"):
        train(sentences(10, 1), chunk=2, direction="forward")
    chunked = {**SMALL, "chunk": 2, "direction": "forward", "epochs": 1}
    elman.train(sentences(10, 1), task="parse:heads=relative", settings=chunked, **QUIET)
    bad = Sentence(("a", "b"), {"upos": ("N", "N"), "head": ("2", "1"), "deprel": ("x", "x")})
    with pytest.raises(DataError, match="circle"):
        train([*sentences(5, 1), bad])


def test_what_asks_for_labels_of_heads() -> None:
    """It is told which parser has some."""
    data = sentences(10, 1)
    parser, words = train(data, epochs=1), data[0].words
    hint = "label columns are upos, deprel, got '?head'?; heads have no labels in this parser, those of heads=relative"
    for ask in (
        lambda: parser.probabilities(words, "head"),
        lambda: elman.attributions(parser, words, target="head"),
        lambda: elman.gradients(parser, data, target="head"),
    ):
        with pytest.raises(ConfigError, match=hint):
            ask()
    assert parser.probabilities(words, "deprel").shape[0] == len(words)


def test_errors_of_heads() -> None:
    data = sentences(10, 1)
    assert elman.find_errors(train(data, epochs=1), data, target="head").column == "head"
