"""The output of a graph parser: central differences, scores one by one, pieces of long sentences."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from elman.config import NetworkConfig
from elman.nn import biaffine, shapes
from elman.nn.bags import Bags
from elman.nn.batch import pack
from elman.nn.encoder import Gradients, Parameters
from elman.nn.layers import DropoutNoise, SparseRows
from elman.nn.network import Inputs, Network
from elman.nn.shapes import GraphSizes
from elman.utils.seeding import DROPOUT, Draws
from numerical import slope

pytestmark = pytest.mark.usefixtures("each_backend")
Array = np.ndarray[Any, Any]
LENGTHS = np.array([2, 4, 0, 1, 4])
N, P = int(LENGTHS.sum()), 4
SIZES = GraphSizes(relations=3, arcs=3, labels=2)
HEADS = np.array([2, 0, 2, 0, 2, 3, 0, 3, 1, 0, 3], np.int64)
RELATIONS = np.array([0, 1, 2, 1, 0, 0, 1, 2, 2, 1, 0], np.int32)


def parameters_of(dtype: Any = np.float64) -> Parameters:
    draw = np.random.default_rng(1)
    config = NetworkConfig(hidden=P // 2)
    return {name: draw.standard_normal(shape).astype(dtype) for name, shape in shapes.graph(config, SIZES).items()}


def states(seed: int = 2) -> Array:
    return np.random.default_rng(seed).standard_normal((N, P))


def noise() -> DropoutNoise:
    """The same masks each time."""
    return DropoutNoise(Draws(5, DROPOUT), 0.3, 0.0, True)


@pytest.mark.parametrize("drops", [False, True])
@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize("most", [1000, 3])
def test_gradients(most: int, known: bool, drops: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also with words that are not annotated, and sentences in pieces, between which no arc counts."""
    monkeypatch.setattr(biaffine, "MAX_WORDS", most)
    parameters, h, batch = parameters_of(), states(), pack(LENGTHS)
    heads, relations = HEADS.copy(), RELATIONS.copy()
    if not known:
        heads[0], relations[4] = -1, -1

    def loss() -> biaffine.Loss:
        return biaffine.loss(parameters, h, SIZES, batch, LENGTHS, (heads, relations), noise() if drops else None)

    gradients: Gradients = {}
    dh = loss().backprop(0.7, gradients)
    assert gradients.keys() == parameters.keys()
    np.testing.assert_allclose(dh, 0.7 * slope(lambda: loss().loss, h), atol=1e-7)
    for name, w in parameters.items():
        expected = 0.7 * slope(lambda: loss().loss, w)
        np.testing.assert_allclose(gradients[name], expected, atol=1e-7, err_msg=name)


def test_the_loss_is_that_of_each_word_by_itself() -> None:
    parameters, h = parameters_of(), states()
    batch = pack(LENGTHS)
    packed = h[batch.rows]
    found = biaffine.loss(parameters, packed, SIZES, batch, LENGTHS, (HEADS, RELATIONS))
    w, b, A, L = parameters["graph.mlp.w"], parameters["graph.mlp.b"], SIZES.arcs, SIZES.labels
    z = h @ w.T + b
    y = np.where(z > 0, z, 0.1 * z)
    total, correct, begin = 0.0, 0, 0
    for n in LENGTHS.tolist():
        own = y[begin : begin + n]
        for i in range(n):
            dependent = parameters["graph.arcs.w"] @ own[i, :A] + parameters["graph.arcs.b"]
            candidates = [parameters["graph.arcs.root"], *own[:, A : 2 * A]]
            scores = np.array([dependent @ head for head in candidates])
            scores[i + 1] = -np.inf
            gold = HEADS[begin + i]
            vector = own[gold - 1, 2 * A + L :] if gold else parameters["graph.relations.root"]
            pair = np.append(own[i, 2 * A : 2 * A + L], 1), np.append(vector, 1)
            relations = np.array([pair[0] @ u @ pair[1] for u in parameters["graph.relations.w"]])
            total += np.log(np.exp(scores).sum()) - scores[gold]
            total += np.log(np.exp(relations).sum()) - relations[RELATIONS[begin + i]]
            correct += scores.argmax() == gold and relations.argmax() == RELATIONS[begin + i]
        begin += n
    assert found.loss == pytest.approx(total)
    assert found.correct == correct


def test_gradients_of_a_whole_network() -> None:
    """The loss of trees and scores of tags, both of the states of one encoder."""
    config = NetworkConfig(cell="elman", hidden=P // 2, embedding=2, features="none", layers=2)
    network, draw = Network(config, 5, 0, 3), np.random.default_rng(3)
    of_network = {name: draw.standard_normal(shape) * 0.5 for name, shape in network.shapes().items()}
    parameters, batch, weight = {**of_network, **parameters_of()}, pack(LENGTHS), draw.standard_normal((N, 3))
    ids = draw.integers(0, 5, N).astype(np.int32)
    inputs, losses = Inputs(ids, ids, Bags.of([[]] * 5)), []

    def beside(h: Array) -> Callable[[Gradients], Array]:
        found = biaffine.loss(parameters, h, SIZES, batch, LENGTHS, (HEADS, RELATIONS), noise())
        losses.append(found.loss)
        return lambda gradients: found.backprop(1.0, gradients)

    def forward() -> tuple[Array, Callable[[Array], Gradients]]:
        own = DropoutNoise(Draws(4, DROPOUT), 0.3, 0.2, True, layers=True)
        return network.forward(parameters, inputs, batch, noise=own, beside=beside)

    gradients = forward()[1](weight)
    assert gradients.keys() == parameters.keys()
    for name, w in parameters.items():
        gradient = gradients[name]
        if isinstance(gradient, SparseRows):
            dense = np.zeros_like(w)
            dense[gradient.ids] = gradient.values
            gradient = dense
        expected = slope(lambda: (forward()[0] * weight).sum() + losses[-1], w)
        np.testing.assert_allclose(gradient, expected, rtol=1e-5, atol=1e-7, err_msg=name)


def test_pieces_of_long_sentences() -> None:
    most = biaffine.MAX_WORDS
    assert biaffine.pieces(np.array([3, 0, most])).tolist() == [3, 0, most]
    assert biaffine.pieces(np.array([3, 0, most + 1, 2 * most])).tolist() == [3, 0, most, 1, most, most]
    assert biaffine.pieces(np.zeros(0, np.int64)).tolist() == []
