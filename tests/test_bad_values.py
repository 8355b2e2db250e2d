"""Every public call with values that are not what it expects: one line of the package's own errors, or a result."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import elman

NAN = float("nan")
TRAIN = [[("the", "DET"), ("dog", "NOUN"), ("barks", "VERB")], [("a", "DET"), ("cat", "NOUN"), ("sleeps", "VERB")]] * 3
TINY = {"hidden": 2, "epochs": 1, "ensemble": 1}


class DataFrame:
    """A table that yields the names of its columns, as those of pandas and Polars do."""

    def __iter__(self) -> Iterator[str]:
        return iter(["word", "tag"])


def bad_values() -> dict[str, Any]:
    """The values, new ones for each test because generators end."""
    return {
        "None": None,
        "nan": NAN,
        "an int": 5,
        "a negative int": -1,
        "a huge int": 10**30,
        "a float": 1.5,
        "a bool": True,
        "bytes": b"x",
        "a text": "the dog",
        "an empty text": "",
        "half a surrogate pair": "\ud800",
        "a NUL": "a\0b",
        "no items": [],
        "ints": [1, 2],
        "Nones": [None],
        "NaNs": [[NAN]],
        "words": ["the", "dog"],
        "sentences of words": [["the", "dog"]],
        "a sentence of pairs": [("a", "DET")],
        "nested too deeply": [[["a"]]],
        "lists of ints": [[1, 2]],
        "a word of half a surrogate pair": [["\ud800"]],
        "a pair of half a surrogate pair": [[("\ud800", "x")]],
        "a tag None": [[("a", None)]],
        "a tag NaN": [[("a", NAN)]],
        "a word that is an int": [[(1, "x")]],
        "a dict": {"a": 1},
        "a set": {"a"},
        "a DataFrame": DataFrame(),
        "an object": object(),
        "a class": list,
        "a Sentence": elman.Sentence(("a",), {"tag": ("DET",)}),
        "a generator of nothing": (each for each in ()),
        "a generator of ints": (each for each in (1, 2)),
    }


@pytest.fixture(scope="module")
def given(tmp_path_factory: pytest.TempPathFactory) -> SimpleNamespace:
    """Models of every kind of predictor, and a file."""
    folder = tmp_path_factory.mktemp("values")
    file = folder / "t.txt"
    file.write_text("the_DET dog_NOUN\na_DET cat_NOUN\n" * 10, encoding="utf-8")
    hmm = elman.train(TRAIN, model="hmm", on_warning=lambda text: None)
    hmm.save(folder / "m.elman")
    rows = [elman.Sentence(tuple("123"), {"y": tuple("246")})] * 4
    lines = folder / "lines.txt"
    lines.write_text("the dog barks\na cat sleeps\n" * 5, encoding="utf-8")
    conllu = folder / "t.conllu"
    words = "".join(f"{i}\t{w}\t{w}\tX\t_\t_\t{i - 1}\tdep\t_\t_\n" for i, w in enumerate(("a", "dog", "barks"), 1))
    conllu.write_text(f"# text = a dog barks\n{words}\n" * 6, encoding="utf-8")

    def quiet(data: Any, **how: Any) -> Any:
        return elman.train(data, settings=TINY, on_warning=lambda text: None, **how)

    return SimpleNamespace(
        folder=folder,
        file=str(file),
        file_of_model=folder / "m.elman",
        hmm=hmm,
        rnn=quiet(TRAIN),
        texts=elman.train(
            [("good film", "pos"), ("bad film", "neg")] * 3, model="linear", on_warning=lambda text: None
        ),
        lm=quiet(str(lines), task="lm:unit=characters"),
        numbers=quiet(rows, task="regress"),
        segmenter=quiet(str(conllu), task="segment"),
        lemmas=quiet(str(conllu), task="lemma"),
    )


def once(data: Any, **how: Any) -> Any:
    return elman.train(data, model="hmm", **{"on_warning": lambda text: None, **how})


def network(**how: Any) -> Any:
    return elman.train(TRAIN, settings=TINY, **how)


def curve(**how: Any) -> Any:
    return elman.curve(**{"train": TRAIN * 4, "dev": TRAIN, "model": "hmm", "points": 3, "seeds": 1, **how})


def search(**how: Any) -> Any:
    return elman.search(**{"train": TRAIN, "dev": TRAIN, "settings": TINY, "trials": 1, **how})


def compare(m: Any, **how: Any) -> Any:
    return elman.compare(**{"gold": TRAIN, "a": m.hmm, "b": m.rnn, "resamples": 10, **how})


CALLS: dict[str, Callable[[Any, Any], Any]] = {
    "train": lambda m, v: once(v),
    "train: dev": lambda m, v: once(TRAIN, dev=v),
    "train: model": lambda m, v: elman.train(TRAIN, model=v, settings=None if v is None else TINY),
    "train: preset": lambda m, v: once(TRAIN, preset=v),
    "train: settings": lambda m, v: once(TRAIN, settings=v),
    "train: hidden": lambda m, v: elman.train(TRAIN, settings={**TINY, "hidden": v}),
    "train: learning_rate": lambda m, v: elman.train(TRAIN, settings={**TINY, "learning_rate": v}),
    "train: vectors": lambda m, v: network(vectors=v),
    "train: base": lambda m, v: network(base=v),
    "train: raw": lambda m, v: network(raw=v),
    "train: like": lambda m, v: elman.train(str(m.file), task="pretrain", like=v, settings=TINY),
    "train: budget": lambda m, v: once(TRAIN, budget=v),
    "train: target": lambda m, v: once(TRAIN, target=v),
    "train: task": lambda m, v: once(TRAIN, task=v),
    "train: format": lambda m, v: once(m.file, format=v),
    "train: encoding": lambda m, v: once(m.file, encoding=v),
    "train: seed": lambda m, v: once(TRAIN, seed=v),
    "train: threads": lambda m, v: once(TRAIN, threads=v),
    "train: on_progress": lambda m, v: once(TRAIN, on_progress=v),
    "train: on_note": lambda m, v: once(TRAIN, on_note=v),
    "train: on_warning": lambda m, v: v is list or once(TRAIN, on_warning=v),
    "find_rate": lambda m, v: elman.find_rate(v),
    "find_rate: seed": lambda m, v: elman.find_rate([], seed=v),
    "find_rate: task": lambda m, v: elman.find_rate([], task=v),
    "load": lambda m, v: elman.load(v),
    "load: threads": lambda m, v: elman.load(m.file_of_model, threads=v),
    "load: precision": lambda m, v: elman.load(m.file_of_model, precision=v),
    "load: on_note": lambda m, v: elman.load(m.file_of_model, on_note=v),
    "save": lambda m, v: m.hmm.save(v),
    "tag, hmm": lambda m, v: m.hmm.tag(v),
    "tag, rnn": lambda m, v: m.rnn.tag(v),
    "tag, lemmas": lambda m, v: m.lemmas.tag(v),
    "predict, hmm": lambda m, v: m.hmm.predict(v),
    "predict, rnn": lambda m, v: m.rnn.predict(v),
    "predict, lemmas": lambda m, v: m.lemmas.predict(v),
    "predict: columns": lambda m, v: m.rnn.predict([["a"]], columns=v),
    "predict: text_column": lambda m, v: m.rnn.predict([["a"]], text_column=v),
    "to_arrow": lambda m, v: m.rnn.to_arrow(v),
    "to_arrow: fields": lambda m, v: m.rnn.to_arrow([["a"]], fields=v),
    "fields": lambda m, v: m.rnn.fields(v),
    "predict: confidence": lambda m, v: m.rnn.predict([["a"]], confidence=v),
    "pipe": lambda m, v: list(m.rnn.pipe(v)),
    "probabilities": lambda m, v: m.rnn.probabilities(v),
    "probabilities: target": lambda m, v: m.rnn.probabilities(["a"], v),
    "nbest": lambda m, v: m.rnn.nbest(v, 2),
    "nbest: most": lambda m, v: m.rnn.nbest(["a"], v),
    "stream: lookahead": lambda m, v: m.rnn.stream(v),
    "stream: target": lambda m, v: m.rnn.stream(0, v),
    "push": lambda m, v: m.rnn.stream().push(v),
    "push_all": lambda m, v: m.rnn.stream().push_all(v),
    "restore": lambda m, v: m.rnn.stream().restore(v),
    "known": lambda m, v: m.hmm.known(v),
    "tag_lines": lambda m, v: list(m.rnn.tag_lines(v)),
    "evaluate": lambda m, v: m.hmm.evaluate(v),
    "evaluate: target": lambda m, v: m.hmm.evaluate(TRAIN, target=v),
    "evaluate: columns": lambda m, v: m.hmm.evaluate(TRAIN, columns=v),
    "evaluate: format": lambda m, v: m.hmm.evaluate(m.file, format=v),
    "evaluate: encoding": lambda m, v: m.hmm.evaluate(m.file, encoding=v),
    "Tagger.compare": lambda m, v: list(m.hmm.compare(v)),
    "classify": lambda m, v: m.texts.classify(v),
    "classify: target": lambda m, v: m.texts.classify("a b", v),
    "predict, texts": lambda m, v: m.texts.predict(v),
    "probabilities, texts": lambda m, v: m.texts.probabilities(v),
    "evaluate, texts": lambda m, v: m.texts.evaluate(v),
    "choose_precision": lambda m, v: m.rnn.choose_precision(v),
    "chosen": lambda m, v: m.rnn.chosen(v),
    "temperature": lambda m, v: m.rnn.temperature(v),
    "gives": lambda m, v: m.rnn.gives(v, "x"),
    "predict, numbers": lambda m, v: m.numbers.predict(v),
    "pipe, numbers": lambda m, v: list(m.numbers.pipe(v)),
    "evaluate, numbers": lambda m, v: m.numbers.evaluate(v),
    "sample": lambda m, v: m.lm.sample(v),
    "sample: temperature": lambda m, v: m.lm.sample(3, temperature=v),
    "sample: seed": lambda m, v: m.lm.sample(3, seed=v),
    "sample: prompt": lambda m, v: m.lm.sample(3, prompt=v),
    "evaluate, lm": lambda m, v: m.lm.evaluate(v),
    "segment": lambda m, v: m.segmenter.segment(v),
    "sentences": lambda m, v: list(m.segmenter.sentences(v)),
    "evaluate_text": lambda m, v: m.segmenter.evaluate_text(v),
    "check": lambda m, v: elman.check(v),
    "check: dev": lambda m, v: elman.check(TRAIN, dev=v),
    "check: target": lambda m, v: elman.check(m.file, target=v),
    "check: format": lambda m, v: elman.check(m.file, format=v),
    "check: on_note": lambda m, v: elman.check(TRAIN, on_note=v),
    "convert": lambda m, v: elman.convert(v, m.folder / "o.jsonl"),
    "convert: dst": lambda m, v: elman.convert(m.file, v, to="jsonl"),
    "convert: to": lambda m, v: elman.convert(m.file, m.folder / "o", to=v),
    "convert: format": lambda m, v: elman.convert(m.file, m.folder / "o.jsonl", format=v),
    "convert: encoding": lambda m, v: elman.convert(m.file, m.folder / "o.jsonl", encoding=v),
    "convert: target": lambda m, v: elman.convert(m.file, m.folder / "o.jsonl", target=v),
    "convert: label": lambda m, v: elman.convert(m.file, m.folder / "o.jsonl", label=v),
    "convert: scheme": lambda m, v: elman.convert(m.file, m.folder / "o.jsonl", scheme=v),
    "convert: lenient": lambda m, v: elman.convert(m.file, m.folder / "o.jsonl", lenient=v),
    "convert: drop": lambda m, v: elman.convert(m.file, m.folder / "o.jsonl", drop=v),
    "convert: spans": lambda m, v: elman.convert(m.file, m.folder / "o.jsonl", spans=v),
    "convert: names": lambda m, v: elman.convert(m.file, m.folder / "o.jsonl", names=v),
    "compare: gold": lambda m, v: compare(m, gold=v),
    "compare: a": lambda m, v: compare(m, a=v),
    "compare: b": lambda m, v: compare(m, b=v),
    "compare: metric": lambda m, v: compare(m, metric=v),
    "compare: target": lambda m, v: compare(m, target=v),
    "compare: format": lambda m, v: compare(m, gold=m.file, format=v),
    "compare: resamples": lambda m, v: compare(m, resamples=v),
    "compare: seed": lambda m, v: compare(m, seed=v),
    "find_errors": lambda m, v: elman.find_errors(v, TRAIN),
    "find_errors: data": lambda m, v: elman.find_errors(m.hmm, v),
    "find_errors: target": lambda m, v: elman.find_errors(m.hmm, TRAIN, target=v),
    "find_errors: most": lambda m, v: elman.find_errors(m.hmm, TRAIN, most=v),
    "curve": lambda m, v: curve(train=v),
    "curve: dev": lambda m, v: curve(dev=v),
    "curve: points": lambda m, v: curve(points=v),
    "curve: seeds": lambda m, v: curve(seeds=v if v != 5 else 1),
    "curve: seed": lambda m, v: curve(seed=v),
    "curve: model": lambda m, v: v is None or curve(model=v),
    "curve: settings": lambda m, v: curve(settings=v),
    "curve: threads": lambda m, v: curve(threads=v),
    "search": lambda m, v: search(train=v),
    "search: dev": lambda m, v: search(dev=v),
    "search: trials": lambda m, v: search(trials=v if v != 5 else 1),
    "search: method": lambda m, v: search(method=v),
    "search: space": lambda m, v: search(space=v),
    "search: results": lambda m, v: search(results=v),
    "search: settings": lambda m, v: search(settings=v),
    "search: seed": lambda m, v: search(seed=v),
    "search: target": lambda m, v: search(target=v),
    "search: task": lambda m, v: search(task=v),
    "search: on_note": lambda m, v: search(on_note=v),
    "gradients": lambda m, v: elman.gradients(v, TRAIN),
    "gradients: data": lambda m, v: elman.gradients(m.rnn, v),
    "gradients: layer": lambda m, v: elman.gradients(m.rnn, TRAIN, layer=v),
    "gradients: lags": lambda m, v: elman.gradients(m.rnn, TRAIN, lags=v),
    "gradients: positions": lambda m, v: elman.gradients(m.rnn, TRAIN, positions=v),
    "gradients: tags": lambda m, v: elman.gradients(m.rnn, TRAIN, tags=v),
    "gradients: target": lambda m, v: elman.gradients(m.rnn, TRAIN, target=v),
    "gradients, numbers": lambda m, v: elman.gradients(m.numbers, v),
    "attributions": lambda m, v: elman.attributions(v, ["the"]),
    "attributions: words": lambda m, v: elman.attributions(m.rnn, v),
    "attributions: at": lambda m, v: elman.attributions(m.rnn, ["the"], at=v),
    "attributions: target": lambda m, v: elman.attributions(m.rnn, ["the"], target=v),
    "attributions, numbers": lambda m, v: elman.attributions(m.numbers, v),
    "attributions, lm": lambda m, v: elman.attributions(m.lm, v),
    "Sentence: words": lambda m, v: m.hmm.evaluate([elman.Sentence(v, {"tag": ("a",)})]),
    "Sentence: columns": lambda m, v: m.hmm.evaluate([elman.Sentence(("a",), v)]),
    "Sentence: tags": lambda m, v: m.hmm.evaluate([elman.Sentence(("a",), {"tag": v})]),
    "Sentence: labels": lambda m, v: m.texts.evaluate([elman.Sentence(("a",), {}, labels=v)]),
}
"""Calls with a bad value in place of one argument."""


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("call", CALLS)
def test_own_errors_in_one_line(
    call: str, given: SimpleNamespace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # a text is the name of a file to some calls
    foreign = {}
    for name, value in bad_values().items():
        try:
            CALLS[call](given, value)
        except elman.ElmanError as error:
            if not str(error) or not str(error).isprintable():
                foreign[name] = str(error)
        except Exception as error:
            foreign[name] = f"{type(error).__name__}: {error}"
    assert foreign == {}


def messages(calls: Iterable[Callable[[], Any]]) -> list[str]:
    found = []
    for call in calls:
        with pytest.raises(elman.ElmanError) as error:
            call()
        found.append(str(error.value))
    return found


def test_swapped_arguments_are_named(given: SimpleNamespace) -> None:
    hmm, file = given.hmm, given.file
    found = messages(
        [
            lambda: elman.find_errors(TRAIN, hmm),
            lambda: elman.gradients(file, given.rnn),
            lambda: elman.attributions(["the"], given.rnn),
            lambda: elman.compare(hmm, TRAIN, given.rnn),
            lambda: elman.train("10%", file),
            lambda: hmm.evaluate(str(given.file_of_model)),
            lambda: elman.load(file),
            lambda: elman.convert(given.folder / "new.jsonl", file),
            lambda: elman.compare(TRAIN, str(given.file_of_model), hmm),
        ]
    )
    assert "find_errors(model, data)" in found[0] and "a model that elman.train or elman.load returned" in found[0]
    assert "elman.load reads a model from its file" in found[1]
    assert "attributions(model, words)" in found[2]
    assert "look swapped" in found[3]
    assert "dev comes second" in found[4]
    assert "as models are; expected text" in found[5]
    assert "not a model file" in found[6]
    assert "expected text; pass elman.load('" in found[8]
    assert "which format" in found[7] or "cannot be read" in found[7]


def test_the_wrong_depth_is_named(given: SimpleNamespace) -> None:
    words = ["the", "dog"]
    found = messages(
        [
            lambda: given.hmm.tag("the dog"),
            lambda: given.hmm.tag([words]),
            lambda: given.hmm.predict(words),
            lambda: given.hmm.predict("the dog"),
            lambda: elman.train(words, model="hmm"),
            lambda: elman.train([words], model="hmm"),
            lambda: elman.train([[("a", None)]], model="hmm"),
            lambda: elman.train(TRAIN, model="hmm", seed=None),
            lambda: given.hmm.evaluate([("good film", "pos")]),
        ]
    )
    assert "text.split(' ')" in found[0] and "text.split(' ')" in found[2]
    assert "predict() and pipe() take several sentences" in found[1]
    assert found[3] == "expected sentences, each a list of words, got 'the dog'"
    assert found[4] == "the: no such file; sentences made in Python are lists of (word, tag) pairs, not texts"
    assert "expected a Sentence or a list of (word, tag) pairs" in found[5]
    assert found[6] == "sentence 1: expected words and tags that are texts, got None"
    assert found[7] == "seed: expected a whole number from 0 to 2^63 - 1, got None"
    assert "expected a tag for each word, got a text with the label" in found[8]


def test_generators_do_where_one_pass_suffices(given: SimpleNamespace) -> None:
    def pairs() -> Iterator[Any]:
        return (sentence for sentence in TRAIN)

    def words() -> Iterator[Any]:
        return ([word for word, _ in sentence] for sentence in TRAIN)

    hmm = once(pairs(), dev=pairs())
    assert hmm.describe() == once(TRAIN, dev=TRAIN).describe()
    assert hmm.predict(words()) == hmm.predict(list(words())) == hmm.predict(map(iter, words()))
    assert hmm.tag(word for word in ("the", "dog")) == ["DET", "NOUN"]
    assert hmm.evaluate(pairs()).tokens == 18
    assert elman.compare(pairs(), hmm, words_of_tags()).sentences == 6
    assert elman.find_errors(hmm, pairs()).tokens == 18
    assert elman.check(pairs()).splits["data"].sentences == 6
    assert elman.gradients(given.rnn, pairs(), tags=(tag for tag in ["DET"])).positions == 6
    assert len(elman.attributions(given.rnn, (word for word in ("the", "dog")))) == 2


def words_of_tags() -> Iterator[list[str]]:
    return ([tag for _, tag in sentence] for sentence in TRAIN)
