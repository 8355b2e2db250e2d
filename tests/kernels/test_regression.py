"""Logistic regression on weighted bags: agreement with the reference, steps by central differences, bad arguments."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from elman.kernels import reference
from numerical import slope

Array = np.ndarray[Any, Any]
engines = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=25)
precisions = st.sampled_from([np.float32, np.float64])
SETS = st.lists(st.lists(st.integers(0, 9), max_size=6), min_size=1, max_size=9)


def numbers(seed: int, dtype: Any = np.float64) -> Callable[..., Array]:
    generator = np.random.default_rng(seed)
    return lambda *shape: (generator.standard_normal(shape) * 0.5).astype(dtype)


def close(a: Array, b: Array, dtype: Any) -> None:
    tight = dtype == np.float64
    np.testing.assert_allclose(a, b, rtol=1e-9 if tight else 2e-4, atol=1e-10 if tight else 2e-5)


def bags(sets: list[list[int]]) -> tuple[Array, Array]:
    ids = np.array([i for one in sets for i in one], np.int32)
    return ids, np.cumsum([0, *map(len, sets)]).astype(np.int32)


@engines
@given(sets=SETS, e=st.integers(1, 40), dtype=precisions)
def test_unit_bags_agree_with_the_reference(engine: Any, sets: list[list[int]], e: int, dtype: Any) -> None:
    make = numbers(e, dtype)
    table, scale = make(10, e), np.abs(make(10)) + dtype(0.1)
    for mine, other in zip(
        engine.unit_bag_forward(table, scale, *bags(sets)),
        reference.unit_bag_forward(table, scale, *bags(sets)),
        strict=True,
    ):
        assert mine.dtype == dtype
        close(mine, other, dtype)


def test_a_unit_bag_by_hand(engine: Any) -> None:
    table, scale = np.array([[1.0, 0.0], [0.0, 2.0], [5.0, 5.0]]), np.array([3.0, 4.0, 0.0])
    ids, offsets = bags([[0, 1], [], [2]])
    sums, lengths = engine.unit_bag_forward(table, scale, ids, offsets)
    np.testing.assert_allclose(sums, [[3 / 5, 8 / 5], [0, 0], [0, 0]])
    np.testing.assert_allclose(lengths, [5, 1, 1])  # an empty bag, or one without weight, has length 1


@engines
@given(sets=SETS, k=st.integers(1, 9), cut=st.integers(0, 9), dtype=precisions)
def test_steps_agree_with_the_reference(engine: Any, sets: list[list[int]], k: int, cut: int, dtype: Any) -> None:
    make, u = numbers(k + cut, dtype), len(sets)
    sizes = np.array([min(cut, u), u - min(cut, u)], np.int32)
    gold = np.random.default_rng(k).integers(0, k, u).astype(np.int32)
    rates, scale = np.array([0.5, 0.25], dtype), np.abs(make(10)) + dtype(0.1)
    weights = make(10, k), make(k)
    results = []
    for module in (engine, reference):
        table, bias = (w.copy() for w in weights)
        results.append(
            (*module.regression_steps(table, bias, scale, *bags(sets), gold, sizes, rates, 0.3), table, bias)
        )
    mine, other = results
    assert mine[0] == pytest.approx(other[0], rel=1e-4)
    assert mine[1] == other[1]
    close(mine[2], other[2], dtype)
    close(mine[3], other[3], dtype)


def test_a_step_by_central_differences(engine: Any) -> None:
    make = numbers(5)
    table, bias, scale = make(4, 3), make(3), np.abs(make(4)) + 0.1
    ids, offsets = bags([[0, 1, 1], [2], [1, 3], []])
    gold, sizes, share = np.array([0, 2, 1, 1], np.int32), np.array([4], np.int32), 0.25

    def loss() -> float:
        copies = table.copy(), bias.copy()
        found: tuple[float, int] = engine.regression_steps(
            *copies, scale, ids, offsets, gold, sizes, np.zeros(1), share
        )
        return share * found[0]

    expected = table - 0.5 * slope(loss, table), bias - 0.5 * slope(loss, bias)
    engine.regression_steps(table, bias, scale, ids, offsets, gold, sizes, np.array([0.5]), share)
    np.testing.assert_allclose(table, expected[0], atol=1e-8)
    np.testing.assert_allclose(bias, expected[1], atol=1e-8)


def test_what_does_not_fit_is_refused(engine: Any) -> None:
    ids, offsets = bags([[0], [1]])

    def steps(gold: list[int], ids: Array = ids) -> None:
        weights = np.zeros((2, 2)), np.zeros(2), np.ones(2)
        labels, sizes = np.array(gold, np.int32), np.array([2], np.int32)
        engine.regression_steps(*weights, ids, offsets, labels, sizes, np.ones(1), 1.0)

    with pytest.raises(IndexError):
        steps([0, 2])
    with pytest.raises(IndexError):
        steps([0, -1])
    with pytest.raises(IndexError):
        steps([0, 1], np.array([0, 2], np.int32))
    with pytest.raises(IndexError):
        engine.unit_bag_forward(np.zeros((1, 2)), np.ones(1), ids, offsets)
