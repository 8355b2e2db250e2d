"""Observed agreement and kappa: against values worked out by hand, and against scikit-learn."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from elman.serve.agreement import agreement, stats
from elman.serve.events import CORRECTION, SKIP, Event, State, Values


def both(a: str, b: str) -> list[tuple[Values, Values]]:
    return [(Values({"t": tuple(a)}), Values({"t": tuple(b)}))]


def test_worked_by_hand() -> None:
    found = agreement(both("XXXYYYYYYY", "XXYXYYYYYY"))
    # 8 of 10; by chance 0.3 * 0.3 + 0.7 * 0.7 = 0.58
    assert found == {"items": 10, "agreed": 0.8, "kappa": pytest.approx((0.8 - 0.58) / (1 - 0.58))}


def test_what_one_has_not_given_does_not_count() -> None:
    pairs = [(Values({"t": ("X", None)}, {"l": "a"}), Values({"t": ("X", "Y"), "u": ("Z", "Z")}, {"l": "b"}))]
    assert agreement(pairs)["items"] == 2
    assert agreement([]) == {"items": 0, "agreed": None, "kappa": None}
    assert agreement(both("XX", "XX"))["kappa"] is None, "chance alone agrees"


@given(st.lists(st.tuples(st.sampled_from("XYZ"), st.sampled_from("XYZ")), min_size=1, max_size=30))
def test_like_scikit_learn(pairs: list[tuple[str, str]]) -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    a, b = map("".join, zip(*pairs, strict=True))
    found = agreement(both(a, b))
    if found["kappa"] is None:
        assert a == b and len(set(a)) == 1
    else:
        assert found["kappa"] == pytest.approx(metrics.cohen_kappa_score(list(a), list(b)))


def test_counts() -> None:
    def event(kind: str, name: str, sentence: str, tag: str, seq: int) -> Event:
        return Event(kind, name, sentence, ("w",), Values({"t": ("X",)}), Values({"t": (tag,)}), 3.0, seq=seq)

    rows = [("a", "s", "X"), ("b", "s", "Y"), ("a", "t", "X")]
    events = [event(CORRECTION, *row, seq) for seq, row in enumerate(rows, start=1)]
    found = stats(State([*events, event(SKIP, "b", "t", "X", 4)]), 10)
    assert (found["sentences"], found["corrected"], found["changed"]) == (10, 2, 1)
    assert found["annotators"] == [
        {"name": "a", "corrected": 2, "skipped": 0, "seconds": 6.0},
        {"name": "b", "corrected": 1, "skipped": 1, "seconds": 6.0},
    ]
    assert found["agreement"] == [{"a": "a", "b": "b", "sentences": 1, "items": 1, "agreed": 0.0, "kappa": 0.0}]
