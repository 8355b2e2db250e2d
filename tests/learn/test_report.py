"""The report of an update: what it counts, on predictions that are given."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import pytest

from elman.comparison import compare
from elman.data.correction import Correction
from elman.learn import make_report
from elman.learn.changes import Predictions, TagChange

Row = Mapping[str, Any]


class Scripted:
    """A model that predicts what is written here, and counts the texts it is asked for."""

    def __init__(self, rows: Mapping[str, Row], text_targets: tuple[str, ...] = ()) -> None:
        self.rows, self.text_targets = rows, text_targets
        self.targets = tuple(next(iter(rows.values())))
        self.asked: list[str] = []

    def _of_inputs(self, inputs: Iterable[tuple[str, ...]], names: object) -> Iterator[Row]:
        for words in inputs:
            self.asked.append(" ".join(words))
            yield self.rows[" ".join(words)]


def model(text_targets: tuple[str, ...] = (), **rows: Row) -> Any:
    return Scripted({name.replace("_", " "): row for name, row in rows.items()}, text_targets)


def correction(text: str, **labels: tuple[str | None, ...]) -> Correction:
    return Correction(tuple(text.split()), labels, "c.tsv", 1)


OLD = model(a_b={"tag": ["X", "Y"]}, c_d={"tag": ["X", "X"]}, e={"tag": ["Z"]})
NEW = model(a_b={"tag": ["X", "X"]}, c_d={"tag": ["X", "Y"]}, e={"tag": ["Z"]})
GOLD = [correction("a b", tag=("X", "Y")), correction("c d", tag=("X", "Y")), correction("e", tag=("Z",))]


def report(old: Any = OLD, new: Any = NEW, **options: Any) -> Any:
    given: dict[str, Any] = {"corrections": [GOLD[1]], "heldout": GOLD, "resamples": 200, **options}
    return make_report(old, new, **given)


def test_what_is_learned_and_kept() -> None:
    found = report(corrections=[GOLD[1], correction("e", tag=("Y",))], earlier=[GOLD[0], GOLD[2]])
    assert [each.words for each in found.learned] == [("c", "d")] and not found.learned[0].was_right
    assert [each.predicted for each in found.not_learned] == [{"tag": ("Z",)}]
    assert found.earlier.kept == [found.earlier.kept[0]] and found.earlier.kept[0].words == ("e",)
    assert [each.words for each in found.earlier.newly_broken] == [("a", "b")]


def test_words_that_nobody_looked_at_do_not_count() -> None:
    found = report(corrections=[correction("a b", tag=("X", None))], heldout=[correction("a b", tag=("X", None))])
    assert len(found.learned) == 1
    assert (found.heldout.before, found.heldout.after, found.heldout.broken) == (1.0, 1.0, 0)


def test_the_change_is_that_of_compare() -> None:
    found = report().heldout
    expected = compare([["X", "Y"], ["X", "Y"], ["Z"]], *_tags(), resamples=200, seed=1)
    assert (found.before, found.after, found.interval) == (expected.a, expected.b, expected.interval)
    assert (found.p_value, found.sentences) == (expected.p_value, 3)
    assert (found.fixed, found.broken, found.tags) == (1, 1, {"Y": TagChange(gold=2, fixed=1, broken=1)})
    assert [flip.words for flip in found.flips] == [("a", "b"), ("c", "d")] and found.n_flips == 2


def _tags() -> list[list[list[str]]]:
    return [[m.rows[text]["tag"] for text in ("a b", "c d", "e")] for m in (OLD, NEW)]


def test_spans_are_compared_by_f1_on_whole_sentences() -> None:
    old = model(a_b={"tag": ["B-X", "I-X"]}, c={"tag": ["O"]})
    new = model(a_b={"tag": ["B-X", "B-X"]}, c={"tag": ["B-X"]})
    gold = [correction("a b", tag=("B-X", "I-X")), correction("c", tag=("B-X",)), correction("a b", tag=("B-X", None))]
    found = report(old, new, corrections=[], heldout=gold).heldout
    assert found.columns["tag"].metric == "spans" and found.sentences == 2
    assert found.before == pytest.approx(2 / 3) and found.after == pytest.approx(0.4)
    assert (found.fixed, found.broken) == (1, 1)


def test_document_labels() -> None:
    old = model(("label",), a_b={"label": ["x"]}, c={"label": [""]})
    new = model(("label",), a_b={"label": ["x|y"]}, c={"label": ["x"]})
    gold = [correction("a b", label=("x", "y")), correction("c", label=())]
    found = report(old, new, corrections=gold, heldout=gold)
    assert [each.words for each in found.learned] == [("a", "b")]
    change = found.heldout
    assert (change.before, change.after, change.fixed, change.broken) == (0.5, 0.5, 1, 1)
    assert change.flips[0].gold == ("",) and change.flips[0].after == ("x",)


def test_several_columns() -> None:
    old = model(("intent",), a_b={"tag": ["X", "Y"], "intent": "p"})
    new = model(("intent",), a_b={"tag": ["X", "Y"], "intent": "q"})
    found = report(old, new, corrections=[], heldout=[correction("a b", tag=("X", "Y"), intent=("p",))] * 40)
    assert list(found.heldout.columns) == ["tag", "intent"]
    assert found.heldout.difference == 0 and found.heldout.columns["intent"].difference == -1
    assert found.worse and found.heldout.worse


def test_worse_is_significantly_worse() -> None:
    assert not report().worse
    assert report(heldout=[GOLD[0]] * 40).worse and report(heldout=[GOLD[0]] * 6).worse
    assert not report(heldout=[GOLD[0]] * 5).worse, "five coins fall on the same side once in 16 times"
    assert not report(heldout=[]).worse and report(heldout=[]).heldout is None


def test_each_model_predicts_each_text_once() -> None:
    old, new = Scripted(OLD.rows), Scripted(NEW.rows)
    report(old, new, earlier=GOLD, replayed=GOLD, naive=old)
    assert sorted(new.asked) == ["a b", "c d", "e"]
    kept = Predictions(new)
    report(OLD, kept)
    report(OLD, kept)
    assert len(new.asked) == 6


def test_naive_fine_tuning_beside_it() -> None:
    found = report(earlier=[GOLD[0]], naive=OLD, alpha=0.5, steps=3, notes=["a note"], new_words=["c"])
    assert (found.naive.learned, found.naive.not_learned, found.naive.earlier_broken) == (0, 1, 0)
    assert found.naive.heldout.difference == 0 and found.naive.replayed is None
    assert (found.alpha, found.steps, found.notes, found.new_words) == (0.5, 3, ["a note"], ["c"])


def test_as_json_and_in_a_notebook() -> None:
    found = report(earlier=[GOLD[0]], replayed=GOLD, naive=OLD, notes=["<b>"])
    found.seconds = 3.5
    record = json.loads(json.dumps(found.to_json()))
    assert record == found.to_dict() and "seconds" not in record
    assert record["learned"] == 1 and record["earlier"]["newly_broken"] == 1
    assert record["earlier"]["broken"][0] == {
        "path": "c.tsv",
        "line": 1,
        "words": ["a", "b"],
        "labels": {"tag": ["X", "Y"]},
        "predicted": {"tag": ["X", "X"]},
        "was_right": True,
    }
    assert record["heldout"]["columns"]["tag"]["tags"] == {"Y": {"gold": 2, "fixed": 1, "broken": 1}}
    assert "1 of 1 correction learned, 0 of 1 earlier ones kept, held-out +0.00" in repr(found)
    assert "&lt;b&gt;" in found._repr_html_() and "held-out, tag accuracy" in found._repr_html_()
    assert "significantly worse" in repr(report(heldout=[GOLD[0]] * 40))
