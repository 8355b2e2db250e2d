"""Most frequent tag and hidden Markov model, against enumeration and against the tutorial's own figure."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from elman.errors import DataError, ModelFileError
from elman.models import baselines, file as model_file
from elman.models.base import Model
from elman.models.baselines import HMM, IMPOSSIBLE, Frequent

TOY = [(["a", "b", "a"], ["X", "Y", "Z"]), (["a", "c", "b"], ["X", "X", "Y"])]
PAIRS = st.lists(
    st.lists(st.tuples(st.sampled_from("abcd"), st.sampled_from(["X", "Y", "Z"])), max_size=4), min_size=1, max_size=5
).filter(any)
WORDS = st.lists(st.sampled_from("abcde"), min_size=1, max_size=5)

Labelled = list[tuple[list[str], list[str]]]


def split(sentences: list[list[tuple[str, str]]]) -> Labelled:
    return [([word for word, _ in s], [tag for _, tag in s]) for s in sentences]


def named(model: Model, words: list[str]) -> list[str]:
    return [model.tags[i] for i in model.best([words])[0]]


def read_word_tag(path: Path) -> Labelled:
    lines = path.read_text(encoding="utf-8").split("\n")[:-1]
    cut = [[item.rpartition("_") for item in line.split(" ")] for line in lines]
    return [([word for word, _, _ in line], [tag for _, _, tag in line]) for line in cut]


@pytest.fixture(scope="module")
def wiki(shared_data: Path) -> tuple[Labelled, Labelled]:
    folder = shared_data / "tutorial" / "data"
    return read_word_tag(folder / "wiki-en-train.norm_pos"), read_word_tag(folder / "wiki-en-test.norm_pos")


def right(model: Model, test: Labelled) -> int:
    found = model.best([words for words, _ in test])
    names = [model.tags[i] for ids in found for i in ids]
    return sum(name == tag for name, tag in zip(names, (tag for _, tags in test for tag in tags), strict=True))


def test_hmm_on_the_tutorials_data(wiki: tuple[Labelled, Labelled]) -> None:
    train, test = wiki
    assert sum(len(words) for words, _ in test) == 4563
    assert right(HMM.train(train), test) == 4144


def test_frequent_on_the_tutorials_data(wiki: tuple[Labelled, Labelled]) -> None:
    assert right(Frequent.train(wiki[0]), wiki[1]) == 4075


def test_hmm_does_not_repeat_a_tag_after_an_unknown_word(wiki: tuple[Labelled, Labelled]) -> None:
    words = "The frobnicator of the xyzzy is a large house in the city .".split(" ")
    tags = named(HMM.train(wiki[0]), words)
    assert tags == "DT NN IN DT NN VBZ DT JJ NN IN DT NN .".split(" ")


# Enumeration of every path: the definition itself.


def path_score(train: Labelled, words: list[str], tags: tuple[str, ...]) -> float:
    """Log probability of a path from the counts, as the docstring of HMM states it."""
    transitions, emissions, context, seen = {}, {}, {}, {}  # type: ignore[var-annotated]
    for sentence, sequence in train:
        if not sentence:
            continue
        for pair in itertools.pairwise(["<s>", *sequence, "</s>"]):
            transitions[pair] = transitions.get(pair, 0) + 1
            context[pair[0]] = context.get(pair[0], 0) + 1
        for pair in zip(sentence, sequence, strict=True):
            emissions[pair] = emissions.get(pair, 0) + 1
            seen[pair[1]] = seen.get(pair[1], 0) + 1
    score = 0.0
    for pair in itertools.pairwise(["<s>", *tags, "</s>"]):
        score += np.log(transitions[pair] / context[pair[0]]) if pair in transitions else IMPOSSIBLE
    for pair in zip(words, tags, strict=True):
        score += np.log(0.95 * emissions.get(pair, 0) / seen[pair[1]] + 0.05 / 1_000_000)
    return float(score)


@settings(max_examples=60, deadline=None)
@given(PAIRS, WORDS)
def test_viterbi_and_posteriors_by_enumeration(sentences: list[list[tuple[str, str]]], words: list[str]) -> None:
    train = split(sentences)
    model = HMM.train(train)
    paths = list(itertools.product(model.tags, repeat=len(words)))
    scores = np.array([path_score(train, words, path) for path in paths])
    found = path_score(train, words, tuple(named(model, words)))
    assert found == pytest.approx(scores.max(), rel=1e-12, abs=1e-9)
    weights = np.exp(scores - scores.max())
    has_tag = np.array([[[tag == name for name in model.tags] for tag in path] for path in paths])  # (paths, T, K)
    expected = np.einsum("p,ptk->tk", weights, has_tag)
    # The largest scores are some 1e10, so weights are good to about 1e-6.
    np.testing.assert_allclose(model.probabilities([words])[0], expected / weights.sum(), atol=1e-5)


@settings(max_examples=60, deadline=None)
@given(PAIRS, st.lists(st.lists(st.sampled_from("abcde"), max_size=7), max_size=4))
@pytest.mark.parametrize("kind", [HMM, Frequent])
def test_shapes_and_sums(
    kind: type[HMM] | type[Frequent], sentences: list[list[tuple[str, str]]], texts: list[list[str]]
) -> None:
    model = kind.train(split(sentences))
    best, p = model.best(texts), model.probabilities(texts)
    for words, ids, rows in zip(texts, best, p, strict=True):
        assert ids.dtype == np.int32
        assert ids.shape == (len(words),)
        assert rows.shape == (len(words), len(model.tags))
        assert (rows >= 0).all()
        np.testing.assert_allclose(rows.sum(axis=1), 1.0, rtol=1e-12)
        if kind is Frequent:
            assert ids.tolist() == rows.argmax(axis=1).tolist()


def test_two_sentences_are_two_sentences() -> None:
    model = HMM.train(TOY)
    both = model.best([["a", "b"], ["c", "b", "a"]])
    assert [ids.tolist() for ids in both] == [model.best([w])[0].tolist() for w in (["a", "b"], ["c", "b", "a"])]


def test_sentence_without_a_possible_path() -> None:
    """Only X Y was ever seen; four words need impossible transitions, and the words still decide."""
    model = HMM.train([(["a", "b"], ["X", "Y"])])
    assert named(model, ["a", "b", "a", "b"]) == ["X", "Y", "X", "Y"]
    assert named(model, ["b"]) == ["Y"]
    p = model.probabilities([["a", "b", "a", "b"]])[0]
    np.testing.assert_allclose(p[:, 0], [1, 0, 1, 0], atol=1e-5)


def test_fewest_impossible_transitions_win() -> None:
    """b b b b in training's terms: one break (X Y | X Y) beats three, whatever the words say."""
    model = HMM.train([(["a", "b"], ["X", "Y"])] * 1000)
    assert named(model, ["b", "b", "b", "b"]) == ["X", "Y", "X", "Y"]


def test_underflow_in_the_middle_is_no_dead_end() -> None:
    """A thousand words that speak against the only path that can end."""
    train = [(["x"], ["A"]), (["x"] * 50, ["A"] * 50), (["y", "y", "e"], ["B", "B", "E"])]
    model = HMM.train(train)
    words = ["x"] * 1000 + ["e"]
    assert named(model, words)[-1] in ("A", "E")
    p = model.probabilities([words])[0]
    np.testing.assert_allclose(p.sum(axis=1), 1.0, rtol=1e-9)


def test_long_sentence() -> None:
    model = HMM.train(TOY)
    words = ["a", "b", "c"] * 3000 + ["b"]
    ids, p = model.best([words])[0], model.probabilities([words])[0]
    assert len(ids) == len(p) == len(words)
    assert np.isfinite(p).all()


def test_ties_go_to_the_lowest_id() -> None:
    model = HMM.train([(["a"], ["B"]), (["a"], ["A"])])
    assert model.tags == ("A", "B")
    assert named(model, ["a"]) == named(model, ["?"]) == ["A"]
    assert named(Frequent.train([(["a"], ["B"]), (["a"], ["A"])]), ["a"]) == ["A"]


def test_frequent_by_hand() -> None:
    model = Frequent.train([(["a", "a", "b", "a"], ["X", "Y", "Y", "Y"]), (["c", "c"], ["X", "Z"])])
    assert named(model, ["a", "b", "c", "?"]) == ["Y", "Y", "X", "Y"]
    p = model.probabilities([["a", "?"]])[0]
    np.testing.assert_allclose(p[0], [(1 + 2 / 6) / 4, (2 + 3 / 6) / 4, (1 / 6) / 4])
    np.testing.assert_allclose(p[1], [2 / 6, 3 / 6, 1 / 6])
    assert model.known("c")
    assert not model.known("?")


def test_known_words() -> None:
    model = HMM.train(TOY)
    assert model.known("a")
    assert not model.known("A")


@pytest.mark.parametrize("kind", [HMM, Frequent])
@pytest.mark.parametrize("train", [[], [([], [])]])
def test_nothing_to_train_on(kind: type[HMM] | type[Frequent], train: Labelled) -> None:
    with pytest.raises(DataError, match="no words"):
        kind.train(train)


def test_more_tags_than_a_table_can_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(baselines, "TAGS", 2)
    with pytest.raises(DataError, match="3 distinct tags; the hmm takes 2 at most"):
        HMM.train(TOY)
    assert len(Frequent.train(TOY).tags) == 3


@pytest.mark.parametrize("kind", [HMM, Frequent])
def test_through_the_model_file(kind: type[HMM] | type[Frequent], tmp_path: Path) -> None:
    model = kind.train(TOY)
    model_file.save(tmp_path / "m", *model.to_record())
    again = kind.from_record(*model_file.load(tmp_path / "m"))
    texts = [["a", "b", "c", "?"], [], ["?"]]
    assert again.kind == model.kind
    assert again.tags == model.tags
    for one, two in zip(model.best(texts), again.best(texts), strict=True):
        assert one.tolist() == two.tolist()
    for one, two in zip(model.probabilities(texts), again.probabilities(texts), strict=True):
        assert one.tobytes() == two.tobytes()


def test_order_of_the_sentences_does_not_change_the_file(tmp_path: Path) -> None:
    model_file.save(tmp_path / "one", *HMM.train(TOY).to_record())
    model_file.save(tmp_path / "two", *HMM.train(TOY[::-1]).to_record())
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def put(name: str, index: Any, value: int) -> Callable[[dict[str, Any], dict[str, Any]], None]:
    def change(config: dict[str, Any], tensors: dict[str, Any]) -> None:
        tensors[name][index] = value

    return change


def swap(name: str, value: Any) -> Callable[[dict[str, Any], dict[str, Any]], None]:
    def change(config: dict[str, Any], tensors: dict[str, Any]) -> None:
        (config if name in config else tensors)[name] = value

    return change


@pytest.mark.parametrize(
    "change",
    [
        swap("tags", None),
        swap("tags", []),
        swap("tags", ["X", "X", "Y"]),
        swap("tags", ["X", 1, "Y"]),
        swap("tags", ["X", "Y"]),
        swap("vocabulary", None),
        swap("vocabulary", {"words": [], "counts": []}),
        swap("vocabulary", {"words": ["a", "b"], "counts": [1, 1]}),
        swap("word_offsets", None),
        swap("word_offsets", np.zeros(5, dtype=np.int32)),
        put("word_offsets", 0, 1),
        put("word_offsets", 2, 9),
        put("word_offsets", -1, 2**62),
        put("word_offsets", -1, -1),
        put("word_tags", 0, -1),
        put("word_tags", 0, 3),
        put("word_tags", 1, 0),
        put("word_counts", 0, 0),
        put("word_counts", 0, 2**62),
        put("transitions", (0, 0), -1),
        put("transitions", slice(0, 1), 0),
        put("transitions", (0, 0), 2**62),
        swap("transitions", np.zeros((3, 3), dtype=np.int64)),
        lambda config, tensors: tensors.clear(),
        lambda config, tensors: config.clear(),
    ],
)
def test_records_that_do_not_fit_together(change: Callable[[dict[str, Any], dict[str, Any]], None]) -> None:
    config, tensors = HMM.train(TOY).to_record()
    tensors = {name: value.copy() for name, value in tensors.items()}
    HMM.from_record(config, tensors)
    change(config, tensors)
    with pytest.raises(ModelFileError):
        HMM.from_record(config, tensors)


def test_too_many_tags_in_a_record(monkeypatch: pytest.MonkeyPatch) -> None:
    record = HMM.train(TOY).to_record()
    monkeypatch.setattr(baselines, "TAGS", 2)
    with pytest.raises(ModelFileError, match="2 at most"):
        HMM.from_record(*record)
