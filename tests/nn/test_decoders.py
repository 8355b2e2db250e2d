"""Decoders: losses by central differences, paths by enumeration, constraints, class weights, label smoothing."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from elman.config import NetworkConfig
from elman.errors import ConfigError, ModelFileError
from elman.models.heads import constraints_of, decoder_for
from elman.nn import nbest, shapes
from elman.nn.batch import Batch, pack
from elman.nn.decoders import FORBIDDEN, Chain, Crf, Decoder, Sigmoids, Softmax, tag_weights
from elman.nn.nbest import best_paths, best_words, number_of
from numerical import slope

Array = np.ndarray[Any, Any]
BIO = ["B-X", "I-X", "B-Y", "I-Y", "O"]


def batch_of(*lengths: int) -> Batch:
    return pack(np.array(lengths, np.int64))


def numbers(seed: int, *shape: int) -> Array:
    return np.random.default_rng(seed).standard_normal(shape)


def crf_parameters(tags: int, seed: int = 5, dtype: Any = np.float64) -> dict[str, Array]:
    return {name: numbers(seed, *shape).astype(dtype) for name, shape in shapes.decoder("crf", tags).items()}


def decoder_of(name: str, scheme: str = "none") -> Decoder:
    return decoder_for(NetworkConfig(decoder=name), BIO, scheme)


def score(chain: Chain, scores: Array, path: tuple[int, ...]) -> float:
    steps = sum(chain.transitions[a, b] for a, b in itertools.pairwise(path))
    total = chain.begin[path[0]] + scores[np.arange(len(path)), list(path)].sum() + steps + chain.end[path[-1]]
    return float(total)


def every_path(chain: Chain | None, scores: Array) -> list[tuple[tuple[int, ...], float]]:
    """All paths of a sentence with their probabilities, best first."""
    tags = scores.shape[1]
    zeros = np.zeros(tags)
    chain = chain or Chain(np.zeros((tags, tags)), zeros, zeros)
    weights = {path: np.exp(score(chain, scores, path)) for path in itertools.product(range(tags), repeat=len(scores))}
    total = sum(weights.values())
    return sorted(((path, w / total) for path, w in weights.items()), key=lambda pair: -pair[1])


def legal(path: tuple[int, ...]) -> bool:
    tags = ["O", *(BIO[k] for k in path)]
    return all(after[0] != "I" or before[1:] == after[1:] for before, after in itertools.pairwise(tags))


# --- losses ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("scheme", ["none", "bio"])
@pytest.mark.parametrize(("name", "smoothing"), [("softmax", 0.0), ("softmax", 0.2), ("crf", 0.0)])
def test_gradients_with_class_weights_by_central_differences(name: str, smoothing: float, scheme: str) -> None:
    decoder = decoder_for(NetworkConfig(decoder=name), BIO, scheme, smoothing)
    batch, scores, gold = batch_of(3, 2), numbers(1, 5, 5), np.array([0, 4, 1, 2, 1], np.int32)
    parameters = crf_parameters(5) if name == "crf" else {}
    weights = np.array([2.0, 0.5, 1, 0, 3])[gold]

    def f() -> float:
        return float((decoder.loss(parameters, scores, gold, batch).losses * weights).sum())

    dscores, gradients = decoder.loss(parameters, scores, gold, batch).backprop(weights)
    np.testing.assert_allclose(dscores, slope(f, scores), atol=1e-8)
    assert gradients.keys() == parameters.keys()
    for key, gradient in gradients.items():
        np.testing.assert_allclose(gradient, slope(f, parameters[key]), atol=1e-8)


def test_a_weight_means_the_same_under_both() -> None:
    batch, scores, gold = batch_of(4, 1), numbers(2, 5, 5), np.array([0, 4, 1, 2, 3], np.int32)
    zeros = {name: np.zeros(shape) for name, shape in shapes.decoder("crf", 5).items()}
    one, other = Softmax(5).loss({}, scores, gold, batch), Crf(5, None).loss(zeros, scores, gold, batch)
    weights = np.arange(5.0)
    np.testing.assert_allclose(one.losses, other.losses, atol=1e-12)
    np.testing.assert_allclose(one.backprop(weights)[0], other.backprop(weights)[0], atol=1e-12)


def test_the_losses_of_a_sentence_are_its_path_s() -> None:
    scores, parameters, gold = numbers(3, 3, 5), crf_parameters(5), np.array([4, 2, 0], np.int32)
    loss = decoder_of("crf").loss(parameters, scores, gold, batch_of(3))
    probability = dict(every_path(Chain(*parameters.values()), scores))[4, 2, 0]
    assert loss.losses.sum() == pytest.approx(-np.log(probability), abs=1e-12)


def test_label_smoothing_is_the_cross_entropy_with_a_smoothed_target() -> None:
    scores, gold = numbers(4, 6, 5), np.array([0, 1, 2, 3, 4, 0], np.int32)
    log_p = scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))
    target = 0.7 * np.eye(5)[gold] + 0.3 / 5
    losses = Softmax(5, smoothing=0.3).loss({}, scores, gold, batch_of(6)).losses
    np.testing.assert_allclose(losses, -(target * log_p).sum(axis=1), atol=1e-12)


@pytest.mark.parametrize("name", ["softmax", "crf"])
def test_float32_stays_float32(name: str) -> None:
    decoder = decoder_for(NetworkConfig(decoder=name), BIO, "bio", 0.1)
    scores, gold, batch = numbers(5, 3, 5).astype(np.float32), np.array([0, 1, 4], np.int32), batch_of(2, 1)
    loss = decoder.loss(crf_parameters(5, dtype=np.float32), scores, gold, batch)
    dscores, gradients = loss.backprop(np.ones(3, np.float32))
    assert {loss.losses.dtype, dscores.dtype, *(g.dtype for g in gradients.values())} == {np.dtype(np.float32)}
    assert loss.best.dtype == np.int32


def test_what_is_forbidden_has_no_gradient_even_where_gold_does_it() -> None:
    loss = decoder_of("crf", "bio").loss(crf_parameters(5), numbers(6, 2, 5), np.array([1, 3], np.int32), batch_of(2))
    _, gradients = loss.backprop(np.ones(2))
    assert np.isfinite(loss.losses).all()
    assert gradients["output.transitions"][1, 3] == gradients["output.begin"][1] == 0


# --- tags and probabilities -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("scheme", ["none", "bio"])
@pytest.mark.parametrize("name", ["softmax", "crf"])
def test_tags_and_probabilities_by_enumeration(name: str, scheme: str) -> None:
    decoder, parameters = decoder_of(name, scheme), crf_parameters(5)
    lengths = [3, 4, 1]
    batch, laid = batch_of(*lengths), numbers(7, 8, 5) * 2
    packed = laid[batch.rows]
    best, p = np.empty(8, np.int32), np.empty((8, 5))
    best[batch.rows] = decoder.best(parameters, packed, batch)
    p[batch.rows] = decoder.marginals(parameters, packed, batch)
    np.testing.assert_allclose(p.sum(axis=1), 1, atol=1e-12)
    sure = decoder.confidences(parameters, packed, best[batch.rows], batch)
    assert sure.tolist() == p[np.arange(8), best][batch.rows].tolist()
    start = 0
    for length in lengths:
        scores = laid[start : start + length]
        paths = every_path(Chain(*parameters.values()) if name == "crf" else None, scores)
        if scheme == "bio":
            left = [(path, share) for path, share in paths if legal(path)]
            total = sum(share for _, share in left)
            paths = [(path, share / total) for path, share in left]
        assert tuple(best[start : start + length].tolist()) == paths[0][0]
        for t in range(length):
            shares = np.zeros(5)
            for path, share in paths:
                shares[path[t]] += share
            np.testing.assert_allclose(p[start + t], shares, atol=1e-6)
        found = decoder.nbest(parameters, scores, 7)
        assert [tuple(ids.tolist()) for ids, _ in found] == [path for path, _ in paths[:7]]
        np.testing.assert_allclose([share for _, share in found], [share for _, share in paths[:7]], atol=1e-9)
        start += length


def test_the_probabilities_of_softmax_are_those_of_its_words() -> None:
    scores = np.array([[100, -100, 0], [1, 2, 3]], np.float32)
    p = Softmax(3).marginals({}, scores, batch_of(2))
    assert p.dtype == np.float64
    wide = np.exp(scores.astype(np.float64))
    np.testing.assert_allclose(p, wide / wide.sum(axis=1, keepdims=True), atol=1e-15)


@pytest.mark.parametrize("name", ["softmax", "crf"])
def test_there_are_no_more_paths_than_there_are(name: str) -> None:
    zeros = {key: np.zeros(shape) for key, shape in shapes.decoder("crf", 5).items()}
    decoder = decoder_of(name, "bio")
    found = decoder.nbest(zeros, np.zeros((2, 5)), 100)
    assert sorted(tuple(ids.tolist()) for ids, _ in found) == [
        path for path in itertools.product(range(5), repeat=2) if legal(path)
    ]
    assert sum(share for _, share in found) == pytest.approx(1)
    ((ids, share),) = decoder.nbest(zeros, np.zeros((0, 5)), 3)
    assert ids.shape == (0,)
    assert share == 1


def test_paths_as_low_as_forbidden_ones_are_refused() -> None:
    lowest = {key: np.zeros(shape) for key, shape in shapes.decoder("crf", 5).items()}
    lowest["output.end"][:] = np.finfo(np.float32).min
    with pytest.raises(ModelFileError, match="no tags of this model score more than forbidden ones"):
        decoder_of("crf", "none").nbest(lowest, np.zeros((2, 5)), 3)


@settings(deadline=None, max_examples=40)
@given(st.integers(1, 5), st.integers(1, 4), st.integers(1, 30), st.integers(0, 1000))
def test_the_best_paths_of_all(length: int, tags: int, most: int, seed: int) -> None:
    scores = numbers(seed, length, tags)
    chain = Chain(numbers(seed + 1, tags, tags), numbers(seed + 2, tags), numbers(seed + 3, tags))
    found = best_paths(scores, chain, most)
    expected = sorted(-score(chain, scores, p) for p in itertools.product(range(tags), repeat=length))[:most]
    np.testing.assert_allclose([-total for _, total in found], expected, atol=1e-12)
    for ids, total in found:
        assert score(chain, scores, tuple(ids.tolist())) == pytest.approx(total, abs=1e-12)
    assert len({tuple(ids.tolist()) for ids, _ in found}) == len(found)


@pytest.mark.parametrize("together", [1 << 22, 1])
@pytest.mark.parametrize("free", [False, True])
@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(1, 5), st.integers(1, 4), st.integers(1, 30), st.integers(0, 1000))
def test_equal_paths_are_in_the_order_of_their_last_tags(
    monkeypatch: pytest.MonkeyPatch, free: bool, together: int, length: int, tags: int, most: int, seed: int
) -> None:
    monkeypatch.setattr(nbest, "_BLOCK", together)
    draw = np.random.default_rng(seed)
    scores = draw.integers(0, 2, (length, tags)).astype(np.float32)  # many are equal, and sums are exact
    chain = Chain(*(draw.integers(0, 2, shape).astype(float) for shape in ((tags, tags), tags, tags)))
    chain = Chain.zeros(tags, float) if free else chain
    found = best_paths(scores, chain, most)
    every = sorted(
        itertools.product(range(tags), repeat=length), key=lambda path: (-score(chain, scores, path), path[::-1])
    )
    assert [tuple(ids.tolist()) for ids, _ in found] == every[:most]
    if free:
        other = best_words(scores, most)
        assert [(ids.tolist(), total) for ids, total in other] == [(ids.tolist(), total) for ids, total in found]


def test_words_by_themselves_have_the_paths_of_a_chain_of_zeros() -> None:
    for seed, (length, tags, most) in enumerate([(40, 3, 50), (7, 60, 200), (1, 9, 4), (5, 300, 7)]):
        scores = numbers(seed, length, tags).astype(np.float32)
        found, other = best_paths(scores, Chain.zeros(tags, float), most), best_words(scores, most)
        assert [(ids.tolist(), total) for ids, total in other] == [(ids.tolist(), total) for ids, total in found]
        near = decoder_for(NetworkConfig(decoder="softmax"), [str(k) for k in range(tags)], "none")
        shares = [share for _, share in near.nbest({}, scores, most, 1.5)]
        p = near.marginals({}, scores, batch_of(length), 1.5)
        expected = [p[np.arange(length), ids].prod() for ids, _ in found]
        np.testing.assert_allclose(shares, expected, rtol=1e-6)


def test_no_more_paths_than_there_are_and_than_memory_holds() -> None:
    assert number_of(3, 4, 1000, independent=False) == 64
    assert number_of(500_000, 1, 1000, independent=True) == 1
    assert number_of(60_000, 50, 3, independent=False) == 3
    for words, tags, fit, free in ((500_000, 50, 8, False), (60_000, 17, 166, True), (20, 5_000, 4, False)):
        assert number_of(words, tags, fit, independent=free) == fit
        with pytest.raises(ConfigError, match=f"^nbest: expected {fit} or fewer for a sentence of {words:,} words"):
            number_of(words, tags, fit + 1, independent=free)


def test_a_long_sentence_has_best_paths_too() -> None:
    decoder = decoder_of("crf", "bio")
    scores = numbers(8, 3000, 5).astype(np.float32) * 20
    parameters = crf_parameters(5, dtype=np.float32)
    found = decoder.nbest(parameters, scores, 3)
    assert [share for _, share in found] == sorted((share for _, share in found), reverse=True)
    assert 0 < sum(share for _, share in found) <= 1
    np.testing.assert_array_equal(found[0][0], decoder.best(parameters, scores, batch_of(3000)))


# --- constraints and parameters -------------------------------------------------------------------------------------


def test_the_table_of_constraints() -> None:
    found = constraints_of(["B-X", "I-X", "O"], "bio")
    assert found is not None
    assert found.transitions.tolist() == [[True, True, True], [True, True, True], [True, False, True]]
    assert found.begin.tolist() == [True, False, True]
    assert found.end.tolist() == [True, True, True]
    bioes = constraints_of(["B-X", "E-X", "O"], "bioes")
    assert bioes is not None
    assert bioes.transitions.tolist() == [[False, True, False], [True, False, True], [True, False, True]]
    assert bioes.begin.tolist() == [True, False, True]
    assert bioes.end.tolist() == [False, True, True]
    assert constraints_of(BIO, "none") is None
    with pytest.raises(ConfigError, match="^constraints=bio: expected O, B-…, I-…, found the tag 'NOUN'"):
        decoder_for(NetworkConfig(), ["NOUN"], "bio")


def test_the_chain_keeps_what_is_allowed() -> None:
    parameters = crf_parameters(5)
    chain = decoder_of("crf", "bio").chain(parameters, np.float64)
    assert chain is not None
    assert chain.transitions[4, 1] == chain.begin[1] == FORBIDDEN
    assert chain.transitions[0, 1] == parameters["output.transitions"][0, 1]
    np.testing.assert_array_equal(chain.end, parameters["output.end"])


def test_softmax_has_no_parameters_and_no_chain() -> None:
    assert shapes.decoder("softmax", 5) == {}
    assert decoder_of("softmax").chain({}, np.float32) is None
    with pytest.raises(NotImplementedError):
        Decoder(3, None).chain({}, np.float32)
    with pytest.raises(NotImplementedError):
        Decoder(3, None).loss({}, np.zeros((1, 3)), np.zeros(1, np.int32), batch_of(1))


@pytest.mark.parametrize("balance", [0.25, 0.5, 1.0])
def test_rare_tags_weigh_more(balance: float) -> None:
    gold = np.array([0] * 16 + [1] * 4 + [3], np.int32)
    weights = tag_weights(gold, 4, balance)
    assert weights.dtype == np.float32
    assert weights[gold].mean() == pytest.approx(1)
    assert weights[1] / weights[0] == pytest.approx(4**balance)
    assert weights[3] / weights[1] == pytest.approx(4**balance)
    assert weights[2] == 0
    if balance == 1:
        np.testing.assert_allclose(np.bincount(gold, weights[gold])[[0, 1, 3]], 7, rtol=1e-6)


def test_weights_of_no_words_are_0() -> None:
    assert tag_weights(np.zeros(0, np.int32), 2, 0.5).tolist() == [0, 0]


# --- another target than the gold tags ------------------------------------------------------------------------------


@pytest.mark.parametrize("smoothing", [0.0, 0.2])
def test_probabilities_wanted_in_place_of_gold(smoothing: float) -> None:
    decoder, batch, scores = Softmax(5, smoothing=smoothing), batch_of(3, 2), numbers(7, 5, 5)
    gold, weights = np.array([0, 4, 1, 2, 1], np.int32), np.array([2.0, 0.5, 1, 0, 3])
    wanted = np.exp(numbers(8, 5, 5))
    wanted /= wanted.sum(axis=1, keepdims=True)
    loss = decoder.loss({}, scores, gold, batch, wanted)
    log_p = scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))
    q = (1 - smoothing) * wanted + smoothing / 5
    np.testing.assert_allclose(loss.losses, -(q * log_p).sum(axis=1), atol=1e-12)
    np.testing.assert_allclose(
        loss.backprop(weights)[0],
        slope(lambda: (decoder.loss({}, scores, gold, batch, wanted).losses * weights).sum(), scores),
        atol=1e-8,
    )
    one_hot, plain = decoder.loss({}, scores, gold, batch, np.eye(5)[gold]), decoder.loss({}, scores, gold, batch)
    np.testing.assert_allclose(one_hot.losses, plain.losses, atol=1e-12)
    np.testing.assert_allclose(one_hot.backprop(weights)[0], plain.backprop(weights)[0], atol=1e-12)


# --- labels of texts --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("wanted", [False, True])
def test_several_labels_by_central_differences(wanted: bool) -> None:
    scores, batch = 3 * numbers(1, 4, 3), batch_of(1, 1, 1, 1)
    gold = np.array([[True, False, True], [False] * 3, [True] * 3, [False, True, False]])
    p = np.random.default_rng(2).random((4, 3)) if wanted else None
    weights = np.array([1.0, 0.5, 2.0, 0.0])
    dscores, parameters = Sigmoids(3).loss({}, scores, gold, batch, p)[2](weights)
    right = slope(lambda: Sigmoids(3).loss({}, scores, gold, batch, p)[0], scores, weights)
    np.testing.assert_allclose(dscores, right, rtol=1e-6, atol=1e-8)
    assert parameters == {}


def test_several_labels_are_probable_each_by_itself() -> None:
    scores = np.array([[2.0, -1.0], [-3.0, -1.0], [1000.0, -1000.0]])
    batch, gold = batch_of(1, 1, 1), np.array([[True, False], [False, False], [True, False]])
    p = Sigmoids(2).marginals({}, scores, batch)
    np.testing.assert_allclose(p[:2], 1 / (1 + np.exp(-scores[:2])))
    assert p[2].tolist() == [1.0, 0.0]
    np.testing.assert_allclose(Sigmoids(2).marginals({}, scores, batch, 2.0)[0], 1 / (1 + np.exp(-scores[0] / 2)))
    losses, best, _ = Sigmoids(2).loss({}, scores, gold, batch)
    np.testing.assert_allclose(losses[:2], -np.log(np.where(gold, p, 1 - p)[:2]).sum(axis=1))
    assert losses[2] == 0.0
    assert best.tolist() == [[True, False], [False, False], [True, False]]
    assert Sigmoids(2, min_labels=1).best({}, scores, batch).tolist() == [[True, False], [False, True], [True, False]]


def test_softmax_of_two_is_the_sigmoid_of_their_difference() -> None:
    scores = numbers(3, 6, 2)
    p = Softmax(2).marginals({}, scores, batch_of(6))
    np.testing.assert_allclose(p[:, 1], 1 / (1 + np.exp(scores[:, 0] - scores[:, 1])))


@pytest.mark.parametrize("decoder", [Softmax(3), Crf(3, None)])
@pytest.mark.parametrize("number", [np.nan, np.inf, -np.inf])
def test_no_list_of_the_best_of_what_is_no_number(decoder: Decoder, number: float) -> None:
    zeros = {name: np.zeros(shape, np.float32) for name, shape in shapes.decoder("crf", 3).items()}
    scores = np.zeros((2, 3), np.float32)
    scores[1, 2] = number
    with pytest.raises(ModelFileError, match="not finite: its weights are too large$"):
        decoder.nbest(zeros, scores, 2)
    assert len(decoder.nbest(zeros, scores[:1], 2)) == 2
