"""The CRF: every path enumerated, central differences, agreement with the reference, hard cases, bad shapes."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from elman.kernels import reference
from numerical import slope

Array = np.ndarray[Any, Any]
engines = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=25)
lengths_of_batches = st.lists(st.integers(1, 9), min_size=1, max_size=12).map(lambda x: sorted(x, reverse=True))
NEVER = -1e30


def sizes_of(lengths: Sequence[int]) -> Array:
    return np.array([sum(n > t for n in lengths) for t in range(max(lengths))], np.int32)


def rows_of(lengths: Sequence[int], b: int) -> Array:
    """The packed rows of sentence b."""
    starts = np.concatenate(([0], np.cumsum(sizes_of(lengths))))
    return np.asarray(starts[: lengths[b]] + b)


class Case(NamedTuple):
    """Sentences and a chain of K tags."""

    scores: Array  # (N, K)
    gold: Array  # (N,)
    sizes: Array
    transitions: Array
    begin: Array
    end: Array

    @property
    def chain(self) -> tuple[Array, Array, Array]:
        return self.transitions, self.begin, self.end

    def forward(self, engine: Any) -> tuple[Array, Array]:
        losses, alpha = engine.crf_forward(self.scores, self.gold, self.sizes, *self.chain)
        return losses, alpha

    def backward(self, engine: Any, dlosses: Array) -> tuple[Array, ...]:
        alpha = self.forward(engine)[1]
        found: tuple[Array, ...] = engine.crf_backward(
            dlosses, alpha, self.gold, self.sizes, self.transitions, self.end
        )
        return found

    def best(self, engine: Any) -> Array:
        return np.asarray(engine.crf_best(self.scores, self.sizes, *self.chain))

    def marginals(self, engine: Any) -> Array:
        return np.asarray(engine.crf_marginals(self.scores, self.sizes, *self.chain))


def case(lengths: Sequence[int], tags: int, *, seed: int = 1, dtype: Any = np.float64, spread: float = 1.0) -> Case:
    draw = np.random.default_rng(seed)
    make = lambda *shape: (draw.standard_normal(shape) * spread).astype(dtype)  # noqa: E731
    gold = draw.integers(0, tags, sum(lengths)).astype(np.int32)
    return Case(make(sum(lengths), tags), gold, sizes_of(lengths), make(tags, tags), make(tags), make(tags))


def forbid(some: Case, *, seed: int = 1) -> Case:
    """The same with a third of the transitions forbidden, but none that the gold tags need, none from or to tag 0."""
    allowed = np.random.default_rng(seed).random(some.transitions.shape) > 1 / 3
    allowed[0, :] = allowed[:, 0] = True
    allowed[some.gold[front_of(some.sizes)], some.gold[behind_of(some.sizes)]] = True
    return some._replace(transitions=np.where(allowed, some.transitions, np.asarray(NEVER, some.scores.dtype)))


def behind_of(sizes: Array) -> Array:
    """The rows that have a word in front of them."""
    return np.arange(sizes[0], sizes.sum())


def front_of(sizes: Array) -> Array:
    """The rows in front of those."""
    return behind_of(sizes) - np.repeat(sizes[:-1], sizes[1:])


def paths(some: Case, rows: Array) -> Iterator[tuple[tuple[int, ...], float]]:
    """Every path through a sentence, and its score."""
    scores = some.scores[rows]
    for y in itertools.product(range(scores.shape[1]), repeat=len(rows)):
        steps = sum(some.transitions[a, b] for a, b in itertools.pairwise(y))
        yield y, some.begin[y[0]] + sum(scores[t, k] for t, k in enumerate(y)) + steps + some.end[y[-1]]


SMALL = [([1], 1), ([1], 3), ([4, 2, 2, 1], 1), ([5, 3, 1], 2), ([4, 4, 3, 1], 3), ([3, 2], 5)]


@pytest.mark.parametrize(("lengths", "tags"), SMALL)
def test_every_path_counted(engine: Any, lengths: list[int], tags: int) -> None:
    some = case(lengths, tags)
    losses, _ = some.forward(engine)
    p, best = some.marginals(engine), some.best(engine)
    for b in range(len(lengths)):
        rows = rows_of(lengths, b)
        every = dict(paths(some, rows))
        total = sum(np.exp(score) for score in every.values())
        gold = tuple(some.gold[rows].tolist())
        assert losses[rows].sum() == pytest.approx(np.log(total) - every[gold], abs=1e-10)
        assert tuple(best[rows].tolist()) == max(every, key=lambda y: every[y])
        for t, row in enumerate(rows):
            for k in range(tags):
                share = sum(np.exp(score) for y, score in every.items() if y[t] == k) / total
                assert p[row, k] == pytest.approx(share, abs=1e-12)
            # the loss of a word is that of its tag where those behind it are given
            like = [(y, np.exp(score)) for y, score in every.items() if y[t + 1 :] == gold[t + 1 :]]
            share = sum(e for y, e in like if y[t] == gold[t]) / sum(e for _, e in like)
            assert losses[row] == pytest.approx(-np.log(share), abs=1e-10)


@pytest.mark.parametrize(("lengths", "tags"), SMALL)
@pytest.mark.parametrize("forbidden", [False, True])
def test_backward_by_central_differences(engine: Any, lengths: list[int], tags: int, forbidden: bool) -> None:
    some = case(lengths, tags, seed=2)
    some = forbid(some) if forbidden else some
    weights = np.random.default_rng(3).standard_normal(sum(lengths))  # a word each: negative ones too
    dscores, dtransitions, dbegin, dend = some.backward(engine, weights)
    f = lambda: float((some.forward(engine)[0] * weights).sum())  # noqa: E731
    for mine, at in zip((dscores, dbegin, dend), (some.scores, some.begin, some.end), strict=True):
        np.testing.assert_allclose(mine, slope(f, at), atol=1e-8)
    usual = some.transitions > NEVER
    np.testing.assert_allclose(dtransitions[usual], slope(f, some.transitions)[usual], atol=1e-8)
    assert (dtransitions[~usual] == 0).all()


def test_the_gradient_of_the_scores_is_the_marginals_less_the_gold(engine: Any) -> None:
    some = case([6, 4, 4, 1], 7)
    dscores = some.backward(engine, np.ones(15))[0]
    np.testing.assert_allclose(dscores, some.marginals(engine) - np.eye(7)[some.gold], atol=1e-13)


def test_without_transitions_it_is_softmax(engine: Any) -> None:
    some = case([5, 2, 1], 4)
    none = some._replace(transitions=np.zeros((4, 4)), begin=np.zeros(4), end=np.zeros(4))
    losses, p = engine.softmax_cross_entropy_forward(some.scores, some.gold)
    np.testing.assert_allclose(none.forward(engine)[0], losses, atol=1e-13)
    np.testing.assert_allclose(none.marginals(engine), p, atol=1e-13)
    np.testing.assert_array_equal(none.best(engine), some.scores.argmax(axis=1))
    weights = np.arange(8.0)
    expected = engine.softmax_cross_entropy_backward(weights, p, some.gold)
    np.testing.assert_allclose(none.backward(engine, weights)[0], expected, atol=1e-12)


@engines
@given(
    lengths=st.lists(st.integers(1, 5), min_size=1, max_size=3).map(lambda x: sorted(x, reverse=True)), data=st.data()
)
def test_of_equal_paths_the_lowest_from_the_end(engine: Any, lengths: list[int], data: st.DataObject) -> None:
    tags = data.draw(st.integers(1, 3))
    whole = lambda *shape: np.array(  # noqa: E731
        data.draw(st.lists(st.integers(-1, 1), min_size=int(np.prod(shape)), max_size=int(np.prod(shape)))), np.float32
    ).reshape(shape)
    n = sum(lengths)
    some = Case(whole(n, tags), np.zeros(n, np.int32), sizes_of(lengths), whole(tags, tags), whole(tags), whole(tags))
    best = some.best(engine)
    for b in range(len(lengths)):
        rows = rows_of(lengths, b)
        expected = min(paths(some, rows), key=lambda pair: (-pair[1], pair[0][::-1]))[0]
        assert tuple(best[rows].tolist()) == expected


@engines
@given(
    lengths=lengths_of_batches,
    tags=st.sampled_from([1, 2, 7, 16, 17, 33, 50]),
    dtype=st.sampled_from([np.float32, np.float64]),
    spread=st.sampled_from([0.1, 1, 30, 100]),
    forbidden=st.booleans(),
)
def test_agreement_with_the_reference(
    engine: Any, lengths: list[int], tags: int, dtype: Any, spread: float, forbidden: bool
) -> None:
    some = case(lengths, tags, seed=tags, dtype=dtype, spread=spread)
    some = forbid(some) if forbidden else some
    wide = Case(*(x.astype(np.float64) if x.dtype == np.float32 else x for x in some))
    # what float32 can say of a number as large as the spread
    close = {"rtol": 1e-8, "atol": 1e-9} if dtype == np.float64 else {"rtol": 1e-4, "atol": 1e-5 + 1e-5 * spread}
    losses, alpha = some.forward(engine)
    expected, expected_alpha = wide.forward(reference)
    assert losses.dtype == alpha.dtype == dtype
    np.testing.assert_allclose(losses, expected, **close)
    np.testing.assert_allclose(alpha, expected_alpha, **close)
    dlosses = np.random.default_rng(1).random(sum(lengths)).astype(dtype)
    for mine, theirs in zip(some.backward(engine, dlosses), wide.backward(reference, dlosses), strict=True):
        assert mine.dtype == dtype
        np.testing.assert_allclose(mine, theirs, **close)
    p = some.marginals(engine)
    np.testing.assert_allclose(p, wide.marginals(reference), **close)
    np.testing.assert_allclose(p.sum(axis=1), 1, atol=1e-5)
    np.testing.assert_array_equal(some.best(engine), some.best(reference))


def test_more_tags_than_a_block_of_the_product(engine: Any) -> None:
    some = forbid(case([4, 2, 1], 270, dtype=np.float32, spread=3))
    for mine, theirs in zip(some.forward(engine), some.forward(reference), strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-4, atol=1e-4)
    ones = np.ones(7, np.float32)
    for mine, theirs in zip(some.backward(engine, ones), some.backward(reference, ones), strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-3, atol=1e-4)
    np.testing.assert_allclose(some.marginals(engine), some.marginals(reference), rtol=1e-3, atol=1e-4)
    np.testing.assert_array_equal(some.best(engine), some.best(reference))


def test_a_batch_is_its_sentences_one_by_one(engine: Any) -> None:
    lengths = [7, 5, 5, 2, 1]
    some = forbid(case(lengths, 19, dtype=np.float32))
    losses, alpha = some.forward(engine)
    dscores, dtransitions, dbegin, dend = some.backward(engine, np.ones(20, np.float32))
    sums = [np.zeros_like(dtransitions), np.zeros_like(dbegin), np.zeros_like(dend)]
    for b, length in enumerate(lengths):
        rows = rows_of(lengths, b)
        ones = np.ones(length, np.int32)
        one = some._replace(scores=some.scores[rows], gold=some.gold[rows], sizes=ones)
        back = one.backward(engine, np.ones(length, np.float32))
        sums = [total + found for total, found in zip(sums, back[1:], strict=True)]
        for mine, theirs in [
            (one.forward(engine)[0], losses[rows]),
            (one.forward(engine)[1], alpha[rows]),
            (back[0], dscores[rows]),
            (one.best(engine), some.best(engine)[rows]),
            (one.marginals(engine), some.marginals(engine)[rows]),
        ]:
            np.testing.assert_array_equal(mine, theirs)
    for total, found in zip(sums, (dtransitions, dbegin, dend), strict=True):
        np.testing.assert_allclose(found, total, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_forbidden_transitions_are_never_taken(engine: Any, dtype: Any) -> None:
    # tag 1 only after tag 2 or itself, as an I- after its B-, though each word likes tag 1 by far
    some = case([40, 3, 1], 3, dtype=dtype)
    transitions = np.zeros((3, 3), dtype)
    transitions[0, 1] = NEVER
    begin = np.array([0, NEVER, 0], dtype)
    scores = some.scores + np.array([0, 100, -100], dtype)
    legal = some._replace(scores=scores, transitions=transitions, begin=begin, gold=np.zeros(44, np.int32))
    best, p = legal.best(engine), legal.marginals(engine)
    assert best[rows_of([40, 3, 1], 0)].tolist() == [2] + [1] * 39
    assert best[2] == 0  # the sentence of one word
    assert p[0, 1] == 0
    np.testing.assert_allclose(p.sum(axis=1), 1, atol=1e-6)
    for found in (*legal.forward(engine), *legal.backward(engine, np.ones(44, dtype))):
        assert np.isfinite(found).all()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_what_is_out_of_the_reach_of_products(engine: Any, dtype: Any) -> None:
    # Two tags that never change into each other: one is far ahead until the last word, which is all for the other.
    # A product of weights would have lost it by then.
    scores = np.array([[0, -100], [0, -100], [-200, 0]], dtype)
    stay = np.array([[0, NEVER], [NEVER, 0]], dtype)
    zero = np.zeros(2, dtype)
    some = Case(scores, np.ones(3, np.int32), np.ones(3, np.int32), stay, zero, zero)
    losses, _ = some.forward(engine)
    assert losses.sum() == pytest.approx(np.log(2), abs=1e-5)
    np.testing.assert_allclose(some.marginals(engine), 0.5, atol=1e-5)
    dscores, dtransitions, dbegin, dend = some.backward(engine, np.ones(3, dtype))
    np.testing.assert_allclose(dscores, [[0.5, -0.5]] * 3, atol=1e-5)
    np.testing.assert_allclose(dtransitions, [[1, 0], [0, -1]], atol=1e-5)
    np.testing.assert_allclose([dbegin, dend], [[0.5, -0.5]] * 2, atol=1e-5)


def test_a_sentence_without_a_possible_path_stays_finite(engine: Any) -> None:
    never = np.full((3, 3), NEVER, np.float32)
    some = case([4, 1], 3, dtype=np.float32)._replace(transitions=never)
    for found in (*some.forward(engine), *some.backward(engine, np.ones(5, np.float32)), some.marginals(engine)):
        assert np.isfinite(found).all()
    assert set(some.best(engine).tolist()) <= {0, 1, 2}


def test_a_sentence_of_100_000_words(engine: Any) -> None:
    words = 2_000 if engine is reference else 100_000  # the reference takes its time
    some = case([words], 5, dtype=np.float32)
    some = some._replace(scores=np.clip(some.scores * 50, -100, 100))
    wide = Case(*(x.astype(np.float64) if x.dtype == np.float32 else x for x in some))
    losses, expected = some.forward(engine)[0], wide.forward(engine)[0]
    assert losses.sum(dtype=np.float64) == pytest.approx(expected.sum(), rel=1e-6)
    np.testing.assert_allclose(some.marginals(engine), wide.marginals(engine), atol=1e-3)
    back, back_wide = some.backward(engine, np.ones(words, np.float32)), wide.backward(engine, np.ones(words))
    np.testing.assert_allclose(back[0], back_wide[0], atol=1e-3)
    np.testing.assert_allclose(back[1], back_wide[1], rtol=1e-3, atol=0.5)
    assert (some.best(engine) == wide.best(engine)).mean() > 0.9999


def test_no_words_at_all(engine: Any) -> None:
    some = case([1], 3)
    some = some._replace(scores=some.scores[:0], gold=some.gold[:0], sizes=some.sizes[:0])
    losses, alpha = some.forward(engine)
    assert losses.shape == (0,)
    assert alpha.shape == some.marginals(engine).shape == (0, 3)
    assert some.best(engine).shape == (0,)
    dscores, dtransitions, dbegin, dend = some.backward(engine, np.zeros(0))
    assert dscores.shape == (0, 3)
    for found, shape in ((dtransitions, (3, 3)), (dbegin, (3,)), (dend, (3,))):
        np.testing.assert_array_equal(found, np.zeros(shape))


@pytest.mark.parametrize("bad", [-1, 3])
def test_a_tag_that_does_not_exist_is_an_index_error(engine: Any, bad: int) -> None:
    some = case([2], 3)
    alpha = some.forward(engine)[1]
    some = some._replace(gold=np.array([0, bad], np.int32))
    with pytest.raises(IndexError):
        some.forward(engine)
    with pytest.raises(IndexError):
        engine.crf_backward(np.ones(2), alpha, some.gold, some.sizes, some.transitions, some.end)


def test_shapes_that_do_not_fit_are_refused(engine: Any) -> None:
    if engine is reference:
        pytest.skip("NumPy says so itself")
    some = case([2, 1], 3)
    with pytest.raises(ValueError, match="shapes do not fit"):
        some._replace(transitions=np.zeros((3, 2))).forward(engine)
    with pytest.raises(ValueError, match="shapes do not fit"):
        some._replace(begin=np.zeros(2)).best(engine)
    with pytest.raises(ValueError, match="shapes do not fit"):
        some._replace(end=np.zeros(4)).marginals(engine)
    with pytest.raises(ValueError, match="shapes do not fit"):
        some.backward(engine, np.ones(2))
    with pytest.raises(ValueError, match="sizes have to sum to the rows"):
        some._replace(sizes=np.ones(2, np.int32)).best(engine)
    with pytest.raises(TypeError):
        some._replace(transitions=np.zeros((3, 3), np.float32)).marginals(engine)
