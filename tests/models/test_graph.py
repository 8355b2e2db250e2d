"""Parsing with a graph part: one tree a sentence, the mean of several networks, pieces of long sentences."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from elman import kernels
from elman.config import NetworkConfig
from elman.models import graph
from elman.models.graph import Graph, parse
from elman.nn import biaffine, shapes
from elman.nn.encoder import Parameters
from elman.nn.shapes import GraphSizes
from elman.tasks.dependency_labels import repaired

pytestmark = pytest.mark.usefixtures("each_backend")
SIZES = GraphSizes(relations=3, arcs=5, labels=4)
P = 6


def made(seed: int, n: int) -> tuple[Parameters, Any]:
    draw = np.random.default_rng(seed)
    of_graph = shapes.graph(NetworkConfig(hidden=P // 2), SIZES)
    parameters = {name: draw.standard_normal(shape).astype(np.float32) for name, shape in of_graph.items()}
    return parameters, draw.standard_normal((n, P)).astype(np.float32)


@pytest.mark.parametrize("lengths", [[3, 0, 5, 1], [0], [], [30]])
def test_each_sentence_gets_its_own_tree(lengths: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    """In groups or alone, and by one network or by its copies."""
    parameters, h = made(1, sum(lengths))
    sizes = np.array(lengths, np.int64)
    found = parse(SIZES, [parameters], [h], sizes)
    twice = parse(SIZES, [parameters] * 2, [h] * 2, sizes)
    monkeypatch.setattr(graph, "CHUNK", 4)
    apart = parse(SIZES, [parameters], [h], sizes)
    for other in (twice, apart):
        np.testing.assert_array_equal(found.heads, other.heads)
        np.testing.assert_allclose(found.relations, other.relations, rtol=1e-4, atol=1e-4)
        np.testing.assert_allclose(found.p, other.p, rtol=1e-4, atol=1e-5)
    assert ((found.p >= 0) & (found.p <= 1)).all()
    begin = 0
    for n in lengths:
        own = found.heads[begin : begin + n].tolist()
        assert own == repaired(own)
        begin += n


def test_the_mean_of_two_networks() -> None:
    (a, h), (b, other), lengths = made(1, 6), made(2, 6), np.array([6])
    both = parse(SIZES, [a, b], [h, other], lengths)
    sizes = lengths.astype(np.int32)
    words = [(one, biaffine.of_words(one, x, SIZES)) for one, x in ((a, h), (b, other))]
    scores = sum(biaffine.arc_scores(*each, sizes) for each in words) / np.float32(2)
    np.testing.assert_array_equal(both.heads, kernels.arc_trees(scores, sizes))
    rows = np.where(both.heads > 0, both.heads - 1, 6).astype(np.int64)
    relations = sum(biaffine.relation_scores(*each, rows) for each in words) / 2
    np.testing.assert_allclose(both.relations, relations, rtol=1e-5)


def test_sentences_in_pieces_are_trees(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(biaffine, "MAX_WORDS", 4)
    lengths = np.array([3, 0, 9, 4, 5])
    parameters, h = made(3, int(lengths.sum()))
    found = parse(SIZES, [parameters], [h], lengths)
    assert len(found.p) == len(found.relations) == lengths.sum()
    for own in np.split(found.heads, np.cumsum(lengths)[:-1]):
        assert own.tolist() == repaired(own.tolist())
    alone = parse(SIZES, [parameters], [h[3:7]], np.array([4]))
    assert found.heads[3:7].tolist() == alone.heads.tolist()


def test_sizes_follow_the_relations() -> None:
    assert Graph(1, 7, 5).sizes([["N"], ["nsubj", "root"]]) == GraphSizes(2, 7, 5)


def test_widths_follow_the_states() -> None:
    assert Graph.of(1, 512) == Graph(1, 256, 63)
    assert Graph.of(0, 30) == Graph(0, 120, 60)
    assert Graph.of(0, 1) == Graph(0, 4, 2)
