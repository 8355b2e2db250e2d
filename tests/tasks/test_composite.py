"""Columns as labels, and any labels as well-formed columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given, strategies as st
from numpy.typing import NDArray

from elman.data.sentence import Sentence
from elman.errors import ConfigError, DataError, ModelFileError
from elman.tasks.base import Encoding, PlainColumn, Predictions
from elman.tasks.composite import CompositeEncoding, from_record
from elman.tasks.dependency import DependencyEncoding
from elman.tasks.edit_scripts import Scripts
from elman.tasks.lemma import LemmaEncoding
from elman.tasks.morphology import MorphologyEncoding

WORDS = ("Cats", "were", "cats")
COLUMNS = {
    "upos": ("NOUN", "AUX", "NOUN"),
    "feats": ("Number=Plur", "Mood=Ind|Number=Plur", "_"),
    "lemma": ("cat", "be", "cat"),
    "head": ("3", "3", "0"),
    "deprel": ("nsubj", "cop", "root"),
}


def sentence(**columns: tuple[str, ...]) -> Sentence:
    return Sentence(WORDS, COLUMNS | columns, "x.conllu", 1, rows=(0, 1, 2))


def batch(
    labels: Mapping[str, Sequence[str]],
    words: Sequence[str] = WORDS,
    sets: Mapping[str, Sequence[str]] | None = None,
    p: Mapping[str, Any] | None = None,
) -> Predictions:
    """One tagged sentence; probabilities are only there where ``p`` has them."""

    def ask(column: str, which: Sequence[int]) -> list[NDArray[np.float64]]:
        assert list(which) == [0]
        return [np.array((p or {})[column], float)]

    return Predictions([words], {name: [own] for name, own in labels.items()}, sets or {}, ask)


def back(encoding: Encoding, one: Sentence) -> dict[str, list[list[str]]]:
    labels = encoding.encode(one)
    sets = {name: sorted(set(own)) for name, own in labels.items()}
    p = {name: [[float(label == each) for each in sets[name]] for label in own] for name, own in labels.items()}
    return encoding.decode(batch(labels, one.words, sets, p))


def test_columns_come_back() -> None:
    gold = sentence()
    whole = CompositeEncoding(
        (PlainColumn("upos"), MorphologyEncoding.of([gold]), LemmaEncoding.of([gold]), DependencyEncoding("relative")),
    )
    assert whole.targets == ("upos", "feats", "lemma", "head", "deprel")
    assert whole.columns == ("upos", "feats.Mood", "feats.Number", "lemma", "head", "deprel")
    assert back(whole, gold) == {name: [list(values)] for name, values in COLUMNS.items()}


def test_records() -> None:
    gold = sentence()
    whole = CompositeEncoding(
        (PlainColumn("upos"), MorphologyEncoding.of([gold]), LemmaEncoding(), DependencyEncoding("brackets"))
    )
    assert from_record(whole.to_record()) == whole


@pytest.mark.parametrize(
    "record",
    [None, {}, {"name": "plain"}, {"name": "together", "parts": 1}, {"name": "trees", "heads": "x", "tags": "upos"}]
    + [{"name": "features", "target": "feats", "known": known} for known in ([], [1], ["a"], ["A=1|A=2"], "_")]
    + [{"name": "lemmas", "target": "lemma", "known": known} for known in ("_", [1], [""])],
)
def test_records_that_are_none(record: object) -> None:
    with pytest.raises(ModelFileError, match="^task: expected an encoding"):
        from_record(record)


def test_a_column_that_is_not_there() -> None:
    with pytest.raises(ConfigError, match="^x.conllu: expected the column 'xpos', found: upos, "):
        PlainColumn("xpos").encode(sentence())


class TestLemmas:
    def test_a_lemma_that_is_not_annotated_is_decoded_as_one(self) -> None:
        gold = sentence(lemma=("cat", "_", "_"))
        lemmas = LemmaEncoding.of([gold])
        assert lemmas.encode(gold)["lemma"] == ('"cat', "_", "_")
        p = [[0.1, 0.9, 0.0], [0.2, 0.8, 0.0], [0.0, 0.6, 0.4]]
        found = lemmas.decode(batch(lemmas.encode(gold), sets={"lemma": ['"be', "_", "l:-"]}, p={"lemma": p}))
        assert found == {"lemma": [["cat", "be", "cat"]]}

    def test_a_script_that_does_not_go_gives_way_to_the_next(self) -> None:
        lemmas = LemmaEncoding(Scripts(frozenset({"l:--"})))
        labels = {"lemma": ["l:--", "l:--"]}
        p = [[0.9, 0.1], [0.9, 0.1]]
        found = lemmas.decode(batch(labels, ["a", "cats"], {"lemma": ["l:--", "l:"]}, {"lemma": p}))
        assert found == {"lemma": [["a", "ca"]]}

    @pytest.mark.parametrize(("known", "lemma"), [(3_000, "cat"), (5_000, "cats")])
    def test_a_known_lemma_is_preferred(self, known: int, lemma: str) -> None:
        """By a script that is nearly as probable (the less the more lemmas are known), not by a whole lemma."""
        lemmas = LemmaEncoding(known=frozenset({"be", "cat", *map(str, range(known))}))
        labels = {"lemma": ["l:", '"be', "l:-", "l:--"]}
        found = lemmas.decode(batch({"lemma": ["l:"]}, ["cats"], labels, {"lemma": [[0.7, 0.2, 0.014, 0.05]]}))
        assert found == {"lemma": [[lemma]]}

    def test_a_best_label_with_a_known_lemma_stays(self) -> None:
        lemmas = LemmaEncoding(known=frozenset({"be", "cat"}))
        found = lemmas.decode(batch({"lemma": ["l:-", '"be']}, ["cats", "is"]))  # without asking for probabilities
        assert found == {"lemma": [["cat", "be"]]}

    def test_none_goes(self) -> None:
        found = LemmaEncoding().decode(batch({"lemma": ["_"]}, ["_"], {"lemma": ["_"]}, {"lemma": [[1.0]]}))
        assert found == {"lemma": [["_"]]}

    def test_an_underscore_is_its_own_lemma(self) -> None:
        one = Sentence(("_",), {"lemma": ("_",)})
        assert LemmaEncoding().encode(one) == {"lemma": ('"_',)}

    def test_no_lemmas(self) -> None:
        with pytest.raises(DataError, match="^x.conllu: no lemmas: column lemma holds only _$"):
            LemmaEncoding.of([sentence(lemma=("_", "_", "_"))])


class TestFeatures:
    def test_combinations_that_do_not_occur_give_way_to_the_most_probable_one(self) -> None:
        features = MorphologyEncoding.of([sentence()])
        labels = {"feats.Mood": ["Ind"], "feats.Number": ["_"]}
        sets = {"feats.Mood": ["Ind", "_"], "feats.Number": ["Plur", "_"]}
        p = {"feats.Mood": [[0.6, 0.4]], "feats.Number": [[0.2, 0.8]]}
        assert features.decode(batch(labels, ["x"], sets, p)) == {"feats": [["_"]]}
        p = {"feats.Mood": [[0.6, 0.4]], "feats.Number": [[0.45, 0.55]]}
        assert features.decode(batch(labels, ["x"], sets, p)) == {"feats": [["Mood=Ind|Number=Plur"]]}

    def test_what_is_no_feature(self) -> None:
        with pytest.raises(DataError, match="^x.conllu:2: features: expected Name=Value.*, found 'Plur'$"):
            MorphologyEncoding.of([sentence(feats=("_", "Plur", "_"))])
        with pytest.raises(DataError, match="found 'A=1|A=2'"):
            MorphologyEncoding(("_",)).encode(sentence(feats=("_", "A=1|A=2", "_")))

    def test_no_features(self) -> None:
        with pytest.raises(DataError, match="^x.conllu: no features: column feats holds only _"):
            MorphologyEncoding.of([sentence(feats=("_", "_", "_"))])


class TestTrees:
    @given(st.lists(st.sampled_from(["+1,NOUN", "-1,NOUN", "0,ROOT", "+2,AUX", "-9,X", "?"]), min_size=3, max_size=3))
    def test_any_labels_give_a_tree(self, heads: list[str]) -> None:
        sets = {"head": ["+1,NOUN", "-1,NOUN", "0,ROOT"], "deprel": ["root", "nsubj", "cop"]}
        p = {"head": [[0.3, 0.3, 0.4]] * 3, "deprel": [[0.4, 0.3, 0.3]] * 3}
        labels = {"upos": COLUMNS["upos"], "head": heads, "deprel": ["root", "root", "cop"]}
        one = CompositeEncoding((PlainColumn("upos"), DependencyEncoding())).decode(batch(labels, WORDS, sets, p))
        found = list(map(int, one["head"][0]))
        assert found.count(0) == 1
        assert [relation == "root" for relation in one["deprel"][0]] == [head == 0 for head in found]
        for start in range(1, 4):
            at, steps = start, 0
            while at:
                at, steps = found[at - 1], steps + 1
                assert steps <= 3

    def test_brackets_need_no_probabilities_of_heads(self) -> None:
        labels = {"upos": COLUMNS["upos"], "head": ["?", "?", "?"], "deprel": ["a", "b", "c"]}
        p = {"deprel": np.eye(4)[[1, 2, 3]]}
        sets = {"deprel": ["root", "a", "b", "c"]}
        one = CompositeEncoding((PlainColumn("upos"), DependencyEncoding("brackets"))).decode(
            batch(labels, WORDS, sets, p)
        )
        assert one["head"] == [["0", "1", "1"]]
        assert one["deprel"] == [["root", "b", "c"]]

    def test_relations_and_heads_make_sense_together(self) -> None:
        """Where the network is of two minds about a head, the relation decides, and the other way round."""
        gold = sentence(upos=("DET", "NOUN", "VERB"), head=("2", "3", "0"), deprel=("det", "nsubj", "root"))
        encoding = CompositeEncoding((PlainColumn("upos"), DependencyEncoding.of([gold] * 9, "relative")))
        sets = {"head": ["+1,NOUN", "+1,VERB", "0,ROOT"], "deprel": ["det", "nsubj", "root"]}
        p = {
            "head": [[0.49, 0.5, 0.01], [0.01, 0.98, 0.01], [0.01, 0.01, 0.98]],
            "deprel": [[0.6, 0.4, 0], [0.5, 0.49, 0.01], [0, 0, 1]],
        }
        labels = {"upos": gold.columns["upos"], "head": ["+1,VERB", "+1,VERB", "0,ROOT"], "deprel": ["det"] * 3}
        one = encoding.decode(batch(labels, WORDS, sets, p))
        assert one["head"] == [["2", "3", "0"]]
        assert one["deprel"] == [["det", "nsubj", "root"]]
        assert from_record(encoding.to_record()) == encoding

    def test_relations_without_a_better_one(self) -> None:
        labels = {"upos": COLUMNS["upos"], "head": ["<", "\\", ">"], "deprel": ["root"] * 3}
        p, sets = {"deprel": np.ones((3, 1))}, {"deprel": ["root"]}
        one = CompositeEncoding((PlainColumn("upos"), DependencyEncoding("brackets"))).decode(
            batch(labels, WORDS, sets, p)
        )
        assert sorted(one["deprel"][0]) == ["dep", "dep", "root"]

    def test_gold_with_a_circle(self) -> None:
        with pytest.raises(DataError, match="circle"):
            DependencyEncoding().encode(sentence(head=("2", "1", "0")))
