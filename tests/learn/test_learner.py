"""Learning from corrections: what is learned, what is kept, and that the bits depend on seed and data alone."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tests.helpers.made_up import two_columns

import elman
from elman import learn
from elman.data.correction import Correction
from elman.errors import ConfigError, DataError
from elman.learn import learner as learner_module
from elman.learn.history import History, updated
from elman.learn.learner import Learner

SETTINGS = {"hidden": 12, "embedding": 8, "feature_embedding": 8, "epochs": 8, "ensemble": 1}
QUIET: dict[str, Any] = {"threads": 1, "on_warning": lambda text: None}
SENTENCES = two_columns(120, seed=3)


def pairs(rows: list[tuple[list[str], list[str], list[str]]], column: int) -> list[list[tuple[str, str]]]:
    return [list(zip(row[0], row[column], strict=True)) for row in rows]


@pytest.fixture(scope="module", params=["softmax", "crf"])
def tagger(request: pytest.FixtureRequest) -> Any:
    return elman.train(pairs(SENTENCES, 1), dev="10%", settings={**SETTINGS, "decoder": request.param}, **QUIET)


@pytest.fixture(scope="module")
def spans() -> Any:
    return elman.train(pairs(SENTENCES, 2), dev="10%", settings={**SETTINGS, "decoder": "crf", "ensemble": 2}, **QUIET)


def bits(model: Any) -> dict[str, bytes]:
    _, tensors = model.to_record()
    return {name: np.ascontiguousarray(tensor).tobytes() for name, tensor in tensors.items()}


def test_one_corrected_word_is_learned(tagger: Any) -> None:
    words = ["the", "saw", "sees"]
    wrong = [[("the", None), ("saw", "V"), ("sees", None)]]
    assert tagger.tag(words) == ["D", "N", "V"]
    new, report = learn.update(tagger, wrong, replay=pairs(SENTENCES, 1)[:20], seed=4)
    assert new.tag(words)[1] == "V"
    assert (len(report.learned), report.not_learned, report.new_words, report.new_tags) == (1, [], [], {})
    assert tagger.tag(words) == ["D", "N", "V"], "the model itself is not changed"
    assert new.history.parent is not None and len(new.history.digests) == 1


def test_a_new_word_gets_a_row_and_a_new_tag_an_output(tagger: Any) -> None:
    corrections = [[("the", "D"), ("glimmer", "X"), ("sees", "V")], [("glimmer", "X"), ("saw", "V")]]
    new, report = learn.update(tagger, corrections, replay=pairs(SENTENCES, 1))
    assert report.new_words == ["glimmer"] and report.new_tags == {"tag": ["X"]}
    assert new.tag(["the", "glimmer", "sees"]) == ["D", "X", "V"] and new.known("glimmer")
    assert new.tags == (*tagger.tags, "X")
    assert report.heldout is not None and report.heldout.after >= report.heldout.before - 0.02


def test_the_usual_placeholder_is_a_new_tag_if_another_text_says_that_nobody_looked(tagger: Any) -> None:
    correction = [[("the", "?"), ("glimmer", "_"), ("sees", "V")]]
    new, report = learn.update(tagger, correction, replay=pairs(SENTENCES, 1), unlabelled="?")
    assert report.new_tags == {"tag": ["_"]} and new.tag(["the", "glimmer", "sees"])[1] == "_"


def test_a_new_type_of_spans_keeps_the_rules(spans: Any) -> None:
    corrections = [
        [("by", "O"), ("Acme", "B-ORG"), ("Works", "I-ORG"), ("sees", "O")],
        [("by", "O"), ("Acme", "B-ORG"), ("sees", "O")],
    ]
    new, report = learn.update(spans, corrections * 2, replay=pairs(SENTENCES, 2))
    assert report.new_tags == {"tag": ["B-ORG", "I-ORG"]}
    assert new.tag(["by", "Acme", "Works", "sees"]) == ["O", "B-ORG", "I-ORG", "O"]
    after_o = new.probabilities(["by", "Acme"])[0][new.tags.index("I-ORG")]
    assert after_o == 0, "a span does not begin with I-"


def test_tags_that_break_the_rules_of_spans_are_refused(spans: Any) -> None:
    with pytest.raises(DataError, match="breaks the model's rules of spans in 'by Paris'"):
        learn.update(spans, [[("by", "O"), ("Paris", "I-LOC")]], replay=pairs(SENTENCES, 2))
    placed = Correction(("by", "Paris"), {"tag": ("O", "I-LOC")}, "c.bio", 7)
    with pytest.raises(DataError, match="^c.bio:7: the tag 'I-LOC' breaks"):
        learn.update(spans, [placed])


@pytest.mark.parametrize("threads", [2, 3])
def test_the_bits_depend_on_the_seed_and_not_on_threads(spans: Any, threads: int) -> None:
    correction = [[("in", "B-LOC"), ("Paris", "I-LOC")], [("mr", "B-PER"), ("Acme", "I-PER")]]
    replay = pairs(SENTENCES, 2)
    one, report = learn.update(spans, correction, replay=replay, seed=7)
    other, again = learn.update(spans, correction, replay=replay, seed=7, threads=threads)
    assert bits(one) == bits(other) and report.to_json() == again.to_json()
    another, _ = learn.update(spans, correction, replay=replay, seed=8)
    assert bits(one) != bits(another)


def test_a_learner_remembers_earlier_corrections(tagger: Any) -> None:
    learner = Learner(tagger, replay=pairs(SENTENCES, 1))
    first = learner.update([[("glimmer", "N"), ("sees", "V")]])
    second = learner.update([[("the", "D"), ("zither", "N"), ("saw", "V")]])
    assert len(first.earlier) == 0 and len(second.earlier.kept) == 1 and second.earlier.broken == []
    assert len(learner.model.history.corrections) == 2
    third = learner.update([[("glimmer", "V"), ("sees", "V")]])
    assert any("the later one stands" in note for note in third.notes)
    assert learner.model.tag(["glimmer", "sees"]) == ["V", "V"]
    again = learner.update([[("glimmer", "V"), ("sees", "V")]])
    assert again.learned == [] and len(again.earlier) == 3 and again.steps == 0


def test_labels_of_texts_and_a_new_class() -> None:
    texts = [(f"good {word} film", "pos") for word in "abcdefgh"] + [(f"bad {word} film", "neg") for word in "abcdefgh"]
    model = elman.train(texts, settings={"hidden": 8, "embedding": 8, "epochs": 10, "ensemble": 1}, dev=texts, **QUIET)
    new, report = learn.update(model, [("strange dull film", "odd"), ("strange dim film", "odd")], replay=texts)
    assert report.new_tags == {"label": ["odd"]} and new.classify("strange dull film") == "odd"
    assert [new.classify(text) for text, _ in texts] == [label for _, label in texts]
    alone, report = learn.update(model, [("strange dull film", "odd")])
    assert alone.classify("strange dull film") == "odd" and len(report.learned) == 1


def test_two_columns_of_which_one_is_corrected() -> None:
    rows = [
        elman.Sentence(tuple(words), {"pos": tuple(tags), "name": tuple(names)}) for words, tags, names in SENTENCES
    ]
    model = elman.train(rows, dev="10%", target="pos,name", settings=SETTINGS, **QUIET)
    wrong = elman.Sentence(("the", "saw", "sees"), {"pos": ("D", "V", "V")})
    new, report = learn.update(model, [wrong], replay=rows)
    assert new.predict([wrong.words], columns="pos")[0]["pos"] == ["D", "V", "V"]
    assert len(report.learned) == 1


def test_without_replay_or_held_out_text_the_report_says_so(tagger: Any) -> None:
    _, report = learn.update(tagger, [[("the", "D"), ("saw", "V")]])
    assert report.heldout is None and report.notes == [
        "no sentences to replay, so nothing holds the model to what it knew",
        "no held-out text, so what is forgotten cannot be measured",
    ]


def test_corrected_sentences_are_neither_replayed_nor_held_out(tagger: Any) -> None:
    """A training sentence with a wrong label does not contradict its own correction."""
    wrong = [[("the", "D"), ("saw", "V"), ("sees", "V")]]
    learner = Learner(tagger, replay=[*wrong * 30, *pairs(SENTENCES, 1)[:20]], heldout=[*wrong, *pairs(SENTENCES, 1)])
    right = [[("the", "D"), ("saw", "N"), ("sees", "X")]]
    for _ in range(2):
        report = learner.update(right)
        assert not report.not_learned and not report.earlier.broken
        assert report.heldout is not None and report.heldout.sentences <= len(SENTENCES)
        assert "held-out sentence" in report.notes[0] and "left out: corrections have the same words" in report.notes[0]


def test_a_correction_that_is_wrong_again_is_learned_again(tagger: Any) -> None:
    correction = Correction(("the", "saw", "sees"), {"tag": (None, "V", None)})
    forgotten = tagger.with_history(updated(History(), "a" * 64, [correction], []))
    learner = Learner(forgotten, replay=pairs(SENTENCES, 1)[:20])
    report = learner.update([correction])
    assert len(report.learned) == 1 and not report.learned[0].was_right and not len(report.earlier)
    assert learner.model.history.digests == forgotten.history.digests
    assert learner.model.history.corrections == (correction,)
    again = learner.update([correction])
    assert not again.learned and len(again.earlier.kept) == 1


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"seed": -1}, "seed: expected"),
        ({"seed": "1"}, "seed: expected"),
        ({"threads": 0}, "threads: expected"),
        ({"replay": []}, "replay: no label in it"),
        ({"heldout": []}, "heldout: no label in it"),
        ({"format": "nope"}, "format: 'nope' does not exist"),
        ({"encoding": "nope"}, "encoding: no text encoding is called 'nope'"),
    ],
)
def test_wrong_arguments_are_refused(options: dict[str, Any], message: str, tagger: Any) -> None:
    with pytest.raises((ConfigError, DataError), match=message):
        learn.update(tagger, [[("the", "D")]], **options)


def test_models_that_do_not_learn_are_refused() -> None:
    model = elman.train([[("a", "X"), ("b", "Y")]] * 3, model="hmm", **QUIET)
    with pytest.raises(ConfigError, match="learn: expected a network"):
        learn.update(model, [[("a", "Y")]])


def test_after_a_bundle_of_corrections_the_latest_are_learned_together(
    tagger: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = [[("the", None), (word, "V")] for word in ("saw", "mouse", "cat")]
    replay = pairs(SENTENCES, 1)[:60]

    def learned(bundle: int) -> tuple[Learner, list[int]]:
        monkeypatch.setattr(learner_module, "BUNDLE", bundle)
        monkeypatch.setattr(learner_module, "patched", count)
        learner, numbers = Learner(tagger, replay=replay), []
        for each in wrong:
            calls.clear()
            assert learner.update([each]).not_learned == []
            numbers.append(calls[0])
        return learner, numbers

    calls: list[int] = []
    patched = learner_module.patched

    def count(*arguments: Any, **options: Any) -> Any:
        calls.append(len(arguments[2][0]))
        return patched(*arguments, **options)

    learner, numbers = learned(2)
    assert numbers == [1, 2, 1], "the second one together with the first"
    assert bits(learner.model) == bits(learned(2)[0].model) != bits(learned(50)[0].model)
