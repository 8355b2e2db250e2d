"""Corrections of any form: what is read, what nobody looked at, what is contradicted, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import elman
from elman.data.correction import Correction
from elman.data.sentence import Sentence
from elman.errors import ConfigError, DataError
from elman.learn import read
from elman.learn.corrections import labelled, merged
from texts import requests, texts

SETTINGS: dict[str, Any] = {"hidden": 4, "embedding": 4, "feature_embedding": 2, "epochs": 1, "ensemble": 1}
QUIET: dict[str, Any] = {"on_warning": lambda text: None, "threads": 1, "settings": SETTINGS}
TAGGED = [[("the", "D"), ("dog", "N"), ("barks", "V")], [("a", "D"), ("cat", "N"), ("sleeps", "V")]] * 4


@pytest.fixture(scope="module")
def tagger() -> Any:
    return elman.train(TAGGED, **QUIET)


@pytest.fixture(scope="module")
def joint() -> Any:
    """Of two columns of words and a document label."""
    sentences = [
        Sentence(each.words, {**each.columns, "upos": ("X",) * len(each.words)}, labels=each.labels)
        for each in requests(20, 1)
    ]
    return elman.train(sentences, target="slot,upos,intent", **QUIET)


def write(path: Path, text: str) -> str:
    path.write_text(text, encoding="utf-8")
    return str(path)


FILES = {
    "c.tsv": "the\tD\ndog\t_\nruns\tV\n\n",
    "c.jsonl": json.dumps({"tokens": ["the", "dog", "runs"], "tags": ["D", None, "V"]}) + "\n",
    "c.json": json.dumps([{"tokens": ["the", "dog", "runs"], "tags": ["D", None, "V"]}]),
    "c.conllu": "1\tthe\t_\tD\t_\t_\t_\t_\t_\t_\n2\tdog\t_\t_\t_\t_\t_\t_\t_\t_\n3\truns\t_\tV\t_\t_\t_\t_\t_\t_\n\n",
    "c.csv": "sentence,word,tag\n1,the,D\n1,dog,_\n1,runs,V\n",
}


@pytest.mark.parametrize("name", FILES)
def test_words_that_nobody_looked_at(name: str, tagger: Any, tmp_path: Path) -> None:
    path = write(tmp_path / name, FILES[name])
    (found,) = read(tagger, path)
    assert (found.words, dict(found.labels)) == (("the", "dog", "runs"), {"tag": ("D", None, "V")})
    assert (found.path, found.line > 0) == (path, True)


@pytest.mark.parametrize(
    "data",
    [
        [[("the", "D"), ("dog", None), ("runs", "V")]],
        [[("the", "D"), ("dog", "_"), ("runs", "V")]],
        [Sentence(("the", "dog", "runs"), {"tag": ("D", "_", "V"), "other": ("a", "b", "c")})],
        [Correction(("the", "dog", "runs"), {"tag": ("D", None, "V")})],
    ],
)
def test_sentences_made_in_python(data: Any, tagger: Any) -> None:
    (found,) = read(tagger, data)
    assert found == Correction(("the", "dog", "runs"), {"tag": ("D", None, "V")})


def test_null_in_tables_and_parquet(tagger: Any, tmp_path: Path) -> None:
    pa, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    table = pa.table({"tokens": [["the", "dog"], ["a", "cat"]], "tags": [["D", None], [None, "N"]]})
    parquet.write_table(table, tmp_path / "c.parquet")
    for data in (table, tmp_path / "c.parquet"):
        assert [each.labels["tag"] for each in read(tagger, data)] == [("D", None), (None, "N")]
    with pytest.raises(DataError, match="tags: expected tags"):
        elman.train(table, **QUIET)


def test_another_placeholder(tagger: Any, tmp_path: Path) -> None:
    path = write(tmp_path / "c.txt", "the_D dog_? runs_V\n")
    assert read(tagger, path, unlabelled="?")[0].labels == {"tag": ("D", None, "V")}
    assert read(tagger, path)[0].labels == {"tag": ("D", "?", "V")}


def test_a_model_that_has_the_placeholder_as_a_tag(tmp_path: Path) -> None:
    tagger = elman.train([[("the", "Def"), ("runs", "_")]] * 4, **QUIET)
    path = write(tmp_path / "c.tsv", "the\tDef\nruns\t_\n\n")
    assert read(tagger, path)[0].labels == {"tag": ("Def", "_")}
    path = write(tmp_path / "c.jsonl", json.dumps({"tokens": ["the", "runs"], "tags": [None, "_"]}) + "\n")
    assert read(tagger, path)[0].labels == {"tag": (None, "_")}


def test_several_columns_and_a_document_label(joint: Any, tmp_path: Path) -> None:
    rows = [
        {"tokens": ["play", "it"], "slot": ["O", None], "upos": [None, None], "intent": "new"},
        {"tokens": ["stop"], "slot": ["O"], "upos": ["V"], "intent": None},
    ]
    path = write(tmp_path / "c.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
    first, second = read(joint, path)
    assert first.labels == {"slot": ("O", None), "intent": ("new",)}
    assert second.labels == {"slot": ("O",), "upos": ("V",)}


def test_texts_with_labels(tmp_path: Path) -> None:
    classifier = elman.train(texts(40, 1), **QUIET)
    path = write(tmp_path / "c.txt", "pos\tfine film\n_\tsome film\n")
    assert [found.labels for found in read(classifier, path)] == [{"label": ("pos",)}]
    assert read(classifier, [("fine film", "pos"), ("no idea", None)])[0].words == ("fine", "film")
    with pytest.raises(DataError, match="label: expected one label, got 'a|b'"):
        read(classifier, [("fine film", "a|b")])


def test_any_number_of_labels() -> None:
    topics = [("red blue", "r|b"), ("red", "r"), ("blue", "b")] * 4
    sentences = [Sentence(tuple(text.split()), labels={"label": label}) for text, label in topics]
    sentences.append(Sentence(("green",)))
    classifier = elman.train(sentences, task="classify", target="label", **QUIET)
    assert set(classifier.tasks.values()) == {"any"}
    found = read(classifier, [Sentence(("green", "red"), labels={"label": "r"}), Sentence(("grey",))])
    assert [each.labels["label"] for each in found] == [("r",), ()]


def test_repeats_are_merged_and_the_later_label_stands(tagger: Any) -> None:
    notes: list[str] = []
    twice = [[("the", "D"), ("dog", None)], [("the", "X"), ("dog", "N")], [("the", None), ("dog", "N")]]
    (found,) = read(tagger, twice, on_note=notes.append)
    assert found.labels == {"tag": ("X", "N")}
    assert notes == ["column tag: 'the' is 'X', earlier 'D'; the later one stands"]
    assert len(labelled(tagger, twice)) == 3


def test_merged_with_earlier_ones() -> None:
    words = ("the", "dog")
    new = Correction(words, {"tag": ("X", None), "intent": ("a",)}, "c.tsv", 3)
    earlier = [
        Correction(words, {"tag": ("D", "N"), "intent": ("b", "c")}),
        Correction(words, {"tag": ("D", None)}),
        Correction(words, {"tag": ("X", "N")}),
        Correction(("other",), {"tag": ("D",)}),
    ]
    kept, contradictions = merged([new], earlier, ("intent",))
    assert [each.labels for each in kept] == [{"tag": (None, "N")}, {"tag": ("X", "N")}, {"tag": ("D",)}]
    assert contradictions == [
        "c.tsv:3: column tag: 'the' is 'X', earlier 'D'; the later one stands",
        "c.tsv:3: column intent: the text is 'a', earlier 'b|c'; the later one stands",
        "c.tsv:3: column tag: 'the' is 'X', earlier 'D'; the later one stands",
    ]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ([], "corrections: no label in it; expected labels of column tag"),
        ([[("the", None)]], "no label in it"),
        ([Sentence(("a", "b"), {"tag": ("D",)})], "sentence 1: tag: expected a label for each of 2 words, got 1"),
        ([Correction(("a",), {"tag": ("D", "N")})], "tag: expected a label for each of 1 words, got 2"),
        ([Correction(("a",), {"tag": ("",)})], "tag: expected labels that are texts, got ''"),
        ([Correction(("a",), {"tag": (3,)})], "tag: expected labels that are texts, got 3"),  # type: ignore[dict-item]
        ([Correction(("a",), {"tag": "D"})], "tag: expected a tuple of labels, got 'D'"),  # type: ignore[dict-item]
        ([["the", "dog"]], "sentence 1: expected a Correction, a Sentence, a list of (word, tag) pairs"),
        ("missing.tsv", "missing.tsv: cannot be read"),
        (3, "expected a path, paths or sentences, got 3"),
    ],
)
def test_refused(data: Any, message: str, tagger: Any) -> None:
    with pytest.raises(DataError) as error:
        read(tagger, data)
    assert message in str(error.value)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ([Sentence(("a",), {"xpos": ("D",)})], "expected a column of the model, tag, found xpos"),
        ([Correction(("a",), {"xpos": ("D",)})], "sentence 1: the model has no column 'xpos'; expected tag"),
        ([("some text", "label")], "label: expected a model with one column of labels, this one has none"),
    ],
)
def test_columns_that_the_model_lacks(data: Any, message: str, tagger: Any) -> None:
    with pytest.raises(ConfigError) as error:
        read(tagger, data)
    assert message in str(error.value)


def test_a_file_without_a_column_of_the_model(joint: Any, tagger: Any, tmp_path: Path) -> None:
    path = write(tmp_path / "c.jsonl", json.dumps({"tokens": ["the"], "xpos": ["D"], "topic": "x"}) + "\n")
    with pytest.raises(ConfigError, match="expected a column of the model, slot, upos, intent, found xpos, topic"):
        read(joint, path)
    path = write(tmp_path / "empty.tsv", "")
    with pytest.raises(DataError, match="empty.tsv"):
        read(tagger, path)
    path = write(tmp_path / "blank.tsv", "the\t_\n\n")
    with pytest.raises(DataError, match="blank.tsv: no label in it"):
        read(tagger, path)


def test_models_that_do_not_learn() -> None:
    for model, what in (("hmm", "of the kind hmm"), ("frequent", "of the kind frequent")):
        with pytest.raises(ConfigError, match=f"expected a network that tags words.*got a model {what}"):
            read(elman.train(TAGGED, model=model, on_warning=lambda text: None), TAGGED)
    with pytest.raises(ConfigError, match="model: expected a trained model, got 'my.model'"):
        read("my.model", TAGGED)  # type: ignore[arg-type]


def test_null_among_tags_is_refused_elsewhere(tmp_path: Path) -> None:
    path = write(tmp_path / "c.jsonl", FILES["c.jsonl"])
    with pytest.raises(DataError, match="expected tags that are texts"):
        elman.train(path, **QUIET)


def test_words_with_features(tmp_path: Path) -> None:
    """Two sentences of the same words are two, if their features differ."""
    rows = [
        ([("run", ("low",)), ("now", ("high",))], ("V", "A")),
        ([("run", ("high",)), ("now", ("high",))], ("N", "A")),
    ]
    sentences = [
        Sentence(tuple(word for word, _ in words), {"tone": tuple(tone for _, (tone,) in words), "tag": tags})
        for words, tags in rows
    ] * 10
    tagger = elman.train(sentences, target="tag", inputs="tone", keep_replay=2, **QUIET)
    assert len(tagger.history.replay) == 2
    found = read(tagger, sentences)
    assert len(found) == 2 and found[0].words == found[1].words and found[0].words_digest != found[1].words_digest
    new, report = elman.learn.update(tagger, found, replay=sentences, heldout=sentences)
    assert len(report.learned) + len(report.not_learned) == 2
    new.save(tmp_path / "my.model")
    again = elman.load(tmp_path / "my.model")
    assert [each.digest for each in again.history.corrections] == [each.digest for each in found]
    assert [each.digest for each in again.history.replay] == [each.digest for each in tagger.history.replay]
    retrained, _, _ = elman.learn.retrain(again, train=sentences, heldout=sentences)
    assert retrained.input_columns == ("tone",) and retrained.data["sentences"] == 20
    dicts = elman.train([[({"word": "run", "n": 1.5}, "V"), ({"word": "now"}, "A")]] * 6, **QUIET)
    (one,) = read(dicts, [[({"word": "run", "n": 2.5}, "N"), ({"word": "now"}, None)]])
    assert Correction.from_json(json.loads(json.dumps(one.to_json()))).digest == one.digest
    with pytest.raises(DataError, match="expected words with features"):
        read(dicts, [[("run", "N")]])
