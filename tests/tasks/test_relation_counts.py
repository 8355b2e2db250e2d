"""Counts of relations on arcs, and what they say."""

from __future__ import annotations

import numpy as np
import pytest

from elman.errors import ModelFileError
from elman.tasks.relation_counts import FAR, POWER, SMOOTHING, RelationCounts

TREE = ([2, 0, 2], ["DET", "NOUN", "PUNCT"], ["det", "root", "punct"])


def test_counts() -> None:
    found = RelationCounts.of([TREE, TREE])
    assert found.counts == {
        "+0\t\tNOUN": {"root": 2},
        "+1\tNOUN\tDET": {"det": 2},
        "-1\tNOUN\tPUNCT": {"punct": 2},
    }
    assert RelationCounts.from_record(dict(found.counts)) == found
    far = RelationCounts.of([([9, *[1] * 7, 0], ["A"] * 9, ["x"] * 9)])
    assert set(far.counts) == {"+5\tA\tA", *(f"-{i}\tA\tA" for i in range(1, 6)), "+0\t\tA"}


def test_ratios_by_hand() -> None:
    """p(r | arc) / p(r), smoothed twice."""
    table = RelationCounts.of([TREE]).table(["det", "punct", "root"])
    prior = (1 + 1) / (3 + 3)
    of_tags = (1 + SMOOTHING * prior) / (1 + SMOOTHING)
    own = (1 + SMOOTHING * of_tags) / (1 + SMOOTHING)
    det, noun, _ = table.of(TREE[1])
    assert table.ratios[noun, det, FAR, 0] == pytest.approx(own / prior)
    assert table.ratios[noun, det, FAR + 1, 0] == pytest.approx(of_tags / prior)
    assert table.ratios[det, det] == pytest.approx(1)


def test_relations_of_arcs() -> None:
    table = RelationCounts.of([TREE] * 20).table(["det", "punct", "root"])
    kinds = table.of(TREE[1])
    scores = table.relations(kinds, np.array([1, -1, 1]), np.zeros((3, 3), np.float32))
    assert scores[0].argmax() == 0 and scores[2].argmax() == 1
    assert scores[1].tolist() == [0, 0, 0]
    own = table.ratios[kinds[1], kinds[0], FAR]
    assert scores[0] == pytest.approx(POWER * np.log(own), abs=1e-6)


def test_nothing_counted_says_nothing() -> None:
    table = RelationCounts().table(["a", "b"], ["X"])
    assert table.kinds == {"X": 0}
    assert table.of(["X", "Y"]).tolist() == [0, 1]
    assert table.ratios == pytest.approx(1)


@pytest.mark.parametrize("record", [[], {"+1\tA": {"x": 1}}, {"+1\tA\tB": 1}, {"+1\tA\tB": {"x": 0}}, {"+7\tA\tB": {}}])
def test_records_that_are_none(record: object) -> None:
    with pytest.raises(ModelFileError, match="^task: agreement: expected counts"):
        RelationCounts.from_record(record)
