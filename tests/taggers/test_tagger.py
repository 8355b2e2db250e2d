"""The front door."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from elman import kernels
from elman.data.sentence import Sentence
from elman.errors import ConfigError, DataError, ModelFileError, OutputError
from elman.models import file as model_file
from elman.taggers import batches as replies
from elman.taggers.load import load
from elman.taggers.tagger import Tagger
from elman.taggers.train import train
from toy_tagger import DEV, KINDS, RNN, TEXT, toy

WORD_TAG = "\n".join(" ".join(f"{word}_{tag}" for word, tag in sentence) for sentence in TEXT * 10) + "\n"
DATA = {"sentences": 3, "words": 9, "dev_sentences": None, "dev_accuracy": None, "held_out": None}


@pytest.fixture
def word_tag(tmp_path: Path) -> Path:
    path = tmp_path / "train.txt"
    path.write_text(WORD_TAG, encoding="utf-8")
    return path


def test_tag() -> None:
    assert toy().tag(["the", "fish", "barks"]) == ["D", "N", "V"]
    assert toy().tag(("a", "cat")) == ["D", "N"]
    assert toy().tag([]) == []


def test_probabilities(any_tagger: Tagger) -> None:
    p = any_tagger.probabilities(["the", "fish"])
    assert p.shape == (2, 3)
    assert any_tagger.tags == ("D", "N", "V")
    np.testing.assert_allclose(p.sum(axis=1), 1.0, rtol=1e-6)
    assert any_tagger.probabilities([]).shape == (0, 3)


def test_known(any_tagger: Tagger) -> None:
    assert any_tagger.known("dog")
    assert not any_tagger.known("fish")


def test_known_are_the_words_of_training_whatever_vocabulary_leaves_out(tmp_path: Path) -> None:
    whole, cut = toy("rnn"), toy("rnn", settings={"vocabulary": 1})
    cut.save(tmp_path / "m")
    loaded = load(tmp_path / "m")
    text = [[("the", "D"), ("fish", "N"), ("barks", "V"), ("cat", "N")]]
    for tagger in (whole, cut, loaded):
        assert [tagger.known(word) for word in ("the", "dog", "cat", "fish", "")] == [True, True, True, False, False]
        assert tagger.evaluate(text).unknown_tokens == 1
    assert loaded.describe()["vocabulary"] == 1
    assert loaded.describe()["parameters"] == cut.describe()["parameters"]
    assert "rare" not in whole.to_record()[1]


@pytest.mark.parametrize("rare", [np.array([2, 1]), np.array([1, 1]), np.array([[1]]), np.array([1.0])])
def test_hashes_that_are_none_are_refused(rare: Any) -> None:
    record, tensors = toy("rnn", settings={"vocabulary": 1}).to_record()
    rare = rare.astype(np.int32) if rare.dtype.kind == "i" else rare
    with pytest.raises(ModelFileError, match=r"^model tensor rare: expected (hashes, of words that|sorted hashes$)"):
        Tagger.from_record(record, {**tensors, "rare": rare})


@pytest.mark.parametrize("method", ["tag", "probabilities"])
def test_a_text_is_no_list_of_words(method: str) -> None:
    with pytest.raises(DataError, match="^expected a list of words, got the text 'the dog'"):
        getattr(toy(), method)("the dog")
    with pytest.raises(DataError, match="^expected a list of words"):
        list(toy().pipe(["the dog"]))


def test_save_and_load(any_tagger: Tagger, tmp_path: Path) -> None:
    any_tagger.save(tmp_path / "m")
    again = load(tmp_path / "m", threads=2)
    assert again.describe() == any_tagger.describe()
    assert again.tags == any_tagger.tags
    assert (again.kind, again.target, again.format) == (any_tagger.kind, "tag", "")
    words = ["the", "fish", "sleeps", "a"]
    assert again.tag(words) == any_tagger.tag(words)
    p, q = again.probabilities(words), any_tagger.probabilities(words)
    if kernels.native_core() is None:  # the last bits of NumPy's products can depend on what is computed together
        np.testing.assert_allclose(p, q, rtol=1e-6)
    else:
        assert p.tobytes() == q.tobytes()
    again.save(str(tmp_path / "n"))
    assert (tmp_path / "m").read_bytes() == (tmp_path / "n").read_bytes()


def test_same_data_same_bytes_for_any_threads(tmp_path: Path) -> None:
    for kind in KINDS:
        toy(kind, threads=1).save(tmp_path / "one")
        toy(kind, threads=2).save(tmp_path / "two")
        assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_the_path_of_the_data_is_not_in_the_file(word_tag: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "other.txt").write_bytes(word_tag.read_bytes())
    train(word_tag, "10%", model="hmm", on_warning=print).save(tmp_path / "one")
    train(elsewhere / "other.txt", "10%", model="hmm", on_warning=print).save(tmp_path / "two")
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_save_where_nothing_can_be_written(tmp_path: Path) -> None:
    with pytest.raises(OutputError):
        toy().save(tmp_path / "no" / "folder")


def test_describe(word_tag: Path) -> None:
    found = train(word_tag, "10%", model="hmm", on_warning=lambda text: None).describe()
    assert json.loads(json.dumps(found)) == found
    assert found == {
        "kind": "hmm",
        "target": found["target"],
        "format": "word_tag",
        "tags": ["D", "N", "V"],
        "targets": {found["target"]: ["D", "N", "V"]},
        "tasks": {found["target"]: "tag"},
        "vocabulary": 6,
        "parameters": found["parameters"],
        "data": {
            "sentences": 27,
            "words": 81,
            "dev_sentences": 3,
            "dev_accuracy": 1.0,
            "held_out": "every 10th sentence, from the 10th: 3 of 30",
        },
        "temperatures": {found["target"]: 1.0},
        "settings": {},
        "training": {},
        "tokenization": found["tokenization"],
    }


def test_describe_the_rnn() -> None:
    found = toy("rnn").describe()
    assert found["settings"]["network"]["hidden"] == 4
    assert found["training"]["epochs"] == 2
    assert not toy("rnn").interrupted


def test_evaluate_pairs(any_tagger: Tagger) -> None:
    gold = [[("the", "D"), ("fish", "N"), ("barks", "N")], [], [("a", "D")]]
    found = any_tagger.evaluate(gold)
    assert found.tokens == 4
    assert found.unknown_tokens == 1
    assert found.sentences == 2
    right = sum(g == p for s in gold if s for (_, g), p in zip(s, any_tagger.tag([w for w, _ in s]), strict=True))
    assert found.correct == right


def test_evaluate_files_of_any_format(word_tag: Path, tmp_path: Path) -> None:
    model = train(word_tag, DEV, model="hmm")
    assert model.evaluate(word_tag).accuracy == 1.0
    assert model.evaluate([str(word_tag), word_tag]).tokens == 180
    (tmp_path / "c").write_text("the\tx\tD\ndog\ty\tN\n", encoding="utf-8")
    assert model.evaluate(tmp_path / "c").accuracy == 1.0
    assert model.evaluate(tmp_path / "c", target="2").accuracy == 0.0
    assert model.evaluate([Sentence(("the",), {"gold": ("D",)})]).accuracy == 1.0


def test_evaluate_in_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replies, "BATCH_WORDS", 4)
    found = toy(threads=2).evaluate(TEXT * 30)
    assert (found.tokens, found.accuracy, found.sentences) == (270, 1.0, 90)


def test_evaluate_without_gold() -> None:
    with pytest.raises(DataError):
        toy().evaluate([])


# Training


def test_notes_say_what_was_read_and_held_out(word_tag: Path, tmp_path: Path) -> None:
    notes: list[str] = []
    train(word_tag, " 10 %", model="hmm", on_note=notes.append, on_warning=lambda text: None)
    assert len(notes) == 2
    assert "read as word_tag" in notes[0]
    assert notes[1] == "held out for dev: every 10th sentence, from the 10th: 3 of 30"
    notes.clear()
    train(word_tag, word_tag, model="hmm", on_note=notes.append, on_warning=lambda text: None)
    assert len(notes) == 2
    assert notes[0] == notes[1]


@pytest.mark.parametrize(("kind", "expected"), [("rnn", ["slow"]), ("hmm", []), ("frequent", [])])
def test_a_note_where_the_native_kernels_are_missing(
    kind: str, expected: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kernels, "shortcoming", lambda: "slow")
    notes: list[str] = []
    toy(kind, on_note=notes.append).save(tmp_path / "model")
    assert notes == expected
    load(tmp_path / "model", on_note=notes.append)
    load(tmp_path / "model")
    assert notes == expected * 2


def test_doubts_are_python_warnings_by_default() -> None:
    with pytest.warns(UserWarning, match="no dev set") as caught:
        train(TEXT, model="hmm")
    assert caught[0].filename == __file__


def test_doubts_go_where_they_are_asked_for() -> None:
    doubts: list[str] = []
    train([[("a", "O"), ("b", "O")]], model="frequent", on_warning=doubts.append)
    assert ["every tag" in doubts[0], "no dev set" in doubts[1], len(doubts)] == [True, True, 2]


def test_a_dev_set_of_another_format(word_tag: Path, tmp_path: Path) -> None:
    (tmp_path / "dev").write_text("the\tx\tD\ndog\ty\tN\nsleeps\ty\tV\n", encoding="utf-8")
    assert train(word_tag, tmp_path / "dev", model="hmm").describe()["data"]["dev_sentences"] == 1


def test_the_rnn_gets_its_settings_dev_and_callbacks() -> None:
    events: list[Any] = []
    model = toy("rnn", preset="tutorial", settings={"embedding": 0, "epochs": 3}, on_progress=events.append)
    settings = model.describe()["settings"]
    assert settings["network"]["direction"] == "forward"
    assert settings["training"]["epochs"] == 3
    ends = [event for event in events if event.is_epoch_end]
    assert len(ends) == 3
    assert model.describe()["data"]["dev_accuracy"] == max(event.dev_accuracy for event in ends)


def test_the_seed_counts(tmp_path: Path) -> None:
    toy("rnn", seed=1).save(tmp_path / "one")
    toy("rnn", seed=2).save(tmp_path / "two")
    assert (tmp_path / "one").read_bytes() != (tmp_path / "two").read_bytes()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"model": "crf"}, "model: expected rnn or linear or hmm or frequent, got 'crf'"),
        ({"model": "hmm", "settings": {"hidden": 3}}, "hmm has no settings"),
        ({"model": "frequent", "preset": "tutorial"}, "frequent has no settings and no presets"),
        ({"preset": "quick"}, "preset: expected"),
        ({"settings": {"hiden": 3}}, "no setting 'hiden'"),
        ({"model": "hmm", "vectors": "x"}, "hmm has no settings and no presets and reads no vectors"),
        ({"preset": "tutorial", "vectors": "x"}, "vectors: expected embedding=1 or more with them, got 0"),
        ({"threads": 0}, "threads: expected a whole number from 1 to 1,024, got 0"),
        ({"model": "hmm", "target": "ner"}, "no label column 'ner'"),
    ],
)
def test_settings_that_are_none(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        train(TEXT, DEV, **options)


def test_pretrained_vectors(tmp_path: Path) -> None:
    path = tmp_path / "vectors.txt"
    path.write_text("the 1 2\ndog 3 4\nbarks 5 6\ndog 7 8\nwolf 9 10\n", encoding="utf-8")
    for extra, kept in ((0, ("the", "dog", "barks")), (9, ("the", "dog", "barks", "wolf"))):
        notes: list[str] = []
        doubts: list[str] = []
        settings = RNN | {"vectors_extra": extra}
        tagger = train(TEXT, DEV, settings=settings, vectors=path, on_note=notes.append, on_warning=doubts.append)
        note = f"{path}: a vector for 3 of 6 distinct training words; {len(kept)} vectors of 2 numbers kept"
        assert notes[0] == note  # of the kernels there may be another
        assert doubts == [f"{path}:4: 'dog' is at 2 already; the first is kept (repeated words: 1)"]
        tagger.save(tmp_path / "m")
        assert str(path).encode() not in (tmp_path / "m").read_bytes()
        record = model_file.load(tmp_path / "m")[0]["model"]
        assert record["vectors"] == {"words": list(kept), "width": 2}
        again = load(tmp_path / "m")
        np.testing.assert_array_equal(again.probabilities(["wolf", "Dog"]), tagger.probabilities(["wolf", "Dog"]))
    with pytest.raises(DataError, match=f"^{path}:2: expected 2 numbers"):
        path.write_text("the 1 2\ndog 3\n", encoding="utf-8")
        train(TEXT, DEV, settings=RNN, vectors=str(path))


@pytest.mark.parametrize("data", [[], [[]]])
def test_nothing_to_train_on(data: Any) -> None:
    with pytest.raises(DataError, match="^the sentences: (no|is empty)"):
        train(data, model="hmm")


@pytest.mark.parametrize("dev", ["0%", "100%", "1%"])
def test_shares_that_leave_nothing(dev: str) -> None:
    with pytest.raises(DataError, match="^dev: "):
        train(TEXT, dev, model="hmm")


def test_a_training_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="nowhere"):
        train(tmp_path / "nowhere", model="hmm")


def test_ctrl_c_is_not_swallowed() -> None:
    def stop(text: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(TEXT, model="hmm", on_warning=stop)


# Model files that hash well and are wrong all the same


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"kind": "crf"}, "expected a model that is rnn or linear or hmm or frequent, found 'crf'"),
        ({"kind": None}, "kind: expected a text, found 'None'"),
        ({"target": 3}, "target: expected a text or a list of texts, found '3'"),
        ({"format": ["x" * 1000]}, "format: expected a text"),
        ({"data": []}, "data: expected a table"),
        ({"data": {}}, "data: expected sentences, words, dev_sentences, dev_accuracy, held_out"),
        ({"data": {**DATA, "words": "9"}}, "data: expected sentences"),
        ({"data": {**DATA, "dev_accuracy": 1}}, "data: expected sentences"),
        ({"model": "x"}, "model: expected a table"),
        ({"model": {}}, "vocabulary: expected"),
        ({"kind": "rnn"}, ""),
    ],
)
def test_records_that_do_not_fit_together(change: dict[str, Any], message: str, tmp_path: Path) -> None:
    toy().save(tmp_path / "m")
    record, tensors = model_file.load(tmp_path / "m")
    model_file.save(tmp_path / "m", {**record, **change}, tensors)
    with pytest.raises(ModelFileError) as caught:
        load(tmp_path / "m")
    text = str(caught.value)
    assert text.startswith(f"{tmp_path / 'm'}: {message}")
    assert len(text.splitlines()) == 1
    assert len(text) < len(str(tmp_path)) + 200


def test_one_line_says_what_networks_and_streams_are() -> None:
    tagger = toy("rnn", settings={"ensemble": 2})
    assert repr(tagger) == "<Tagger: rnn, tag (3 tags), trained on 3 sentences>"
    assert repr(tagger.ensemble).startswith("<RecurrentModel: 2 networks, 1 × 4 units of lstm, ")
    assert repr(tagger.stream(2)) == "<Stream: 3 tags, lookahead 2>"
