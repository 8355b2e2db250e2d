"""The kernels in C++: makes the arrays that ``elman.kernels._native`` fills. Shapes and maths: ``reference.py``.

An array of another dtype than its fellows is a TypeError, one of another shape a ValueError; an array that is not
C-contiguous is copied.
"""

from __future__ import annotations

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from elman.kernels import _native, reference
from elman.kernels._native import (
    AffixIndex as AffixIndex,
    NumberIndex as NumberIndex,
    Words as Words,
    available as available,
    has_int8 as has_int8,
    isa as isa,
    set_isa as set_isa,
    tag_lines as tag_lines,
)
from elman.kernels.reference.states import Int8

F = TypeVar("F", np.float32, np.float64)
Floats = NDArray[np.floating]
Ids = NDArray[np.int32]
_c = np.ascontiguousarray


def linear_forward(x: NDArray[F], w: NDArray[F], b: NDArray[F]) -> NDArray[F]:
    y = np.empty((len(x), len(w)), x.dtype)
    _native.linear_forward(_c(x), _c(w), _c(b), y)
    return y


def linear_backward(dy: NDArray[F], x: NDArray[F], w: NDArray[F]) -> tuple[NDArray[F], NDArray[F], NDArray[F]]:
    dx, dw, db = np.empty(x.shape, x.dtype), np.empty(w.shape, w.dtype), np.empty(len(w), w.dtype)
    _native.linear_backward(_c(dy), _c(x), _c(w), dx, dw, db)
    return dx, dw, db


def embedding_forward(table: NDArray[F], ids: Ids) -> NDArray[F]:
    rows = np.empty((len(ids), table.shape[1]), table.dtype)
    _native.embedding_forward(_c(table), _c(ids), rows)
    return rows


def embedding_backward(drows: NDArray[F], ids: Ids, rows: int) -> NDArray[F]:
    dtable = np.zeros((rows, drows.shape[1]), drows.dtype)
    _native.embedding_backward(_c(drows), _c(ids), dtable)
    return dtable


def bag_forward(table: NDArray[F], ids: Ids, offsets: Ids) -> NDArray[F]:
    sums = np.empty((len(offsets) - 1, table.shape[1]), table.dtype)
    _native.bag_forward(_c(table), _c(ids), _c(offsets), sums)
    return sums


def bag_backward(dsums: NDArray[F], ids: Ids, offsets: Ids, rows: int) -> NDArray[F]:
    dtable = np.zeros((rows, dsums.shape[1]), dsums.dtype)
    _native.bag_backward(_c(dsums), _c(ids), _c(offsets), dtable)
    return dtable


def elman_forward(a: NDArray[F], sizes: Ids, w_rh: NDArray[F], h0: NDArray[F]) -> NDArray[F]:
    h = np.empty(a.shape, a.dtype)
    _native.elman_forward(_c(a), _c(sizes), _c(w_rh), _c(h0), h)
    return h


def elman_backward(
    dh: NDArray[F], h: NDArray[F], sizes: Ids, w_rh: NDArray[F], h0: NDArray[F], n: int
) -> tuple[NDArray[F], NDArray[F], NDArray[F]]:
    da, dw_rh, dh0 = np.empty(h.shape, h.dtype), np.empty(w_rh.shape, h.dtype), np.zeros(h0.shape, h.dtype)
    _native.elman_backward(_c(dh), _c(h), _c(sizes), _c(w_rh), _c(h0), n, da, dw_rh, dh0)
    return da, dw_rh, dh0


def softmax_cross_entropy_forward(scores: NDArray[F], gold: Ids) -> tuple[NDArray[F], NDArray[F]]:
    losses, p = np.empty(len(scores), scores.dtype), np.empty(scores.shape, scores.dtype)
    _native.softmax_forward(_c(scores), _c(gold), losses, p)
    return losses, p


def softmax_cross_entropy_backward(dlosses: NDArray[F], p: NDArray[F], gold: Ids) -> NDArray[F]:
    dscores = np.empty(p.shape, p.dtype)
    _native.softmax_backward(_c(dlosses), _c(p), _c(gold), dscores)
    return dscores


def lstm_forward(
    a: NDArray[F], sizes: Ids, w_rh: NDArray[F], h0: NDArray[F], c0: NDArray[F]
) -> tuple[NDArray[F], NDArray[F], NDArray[F]]:
    shape = len(a), w_rh.shape[1]
    h, c, gates = np.empty(shape, a.dtype), np.empty(shape, a.dtype), np.empty(a.shape, a.dtype)
    _native.lstm_forward(_c(a), _c(sizes), _c(w_rh), _c(h0), _c(c0), h, c, gates)
    return h, c, gates


def lstm_backward(
    dh: NDArray[F],
    h: NDArray[F],
    c: NDArray[F],
    gates: NDArray[F],
    sizes: Ids,
    w_rh: NDArray[F],
    h0: NDArray[F],
    c0: NDArray[F],
) -> tuple[NDArray[F], NDArray[F], NDArray[F], NDArray[F]]:
    da, dw_rh = np.empty(gates.shape, h.dtype), np.empty(w_rh.shape, h.dtype)
    dh0, dc0 = np.zeros(h0.shape, h.dtype), np.zeros(c0.shape, h.dtype)
    _native.lstm_backward(_c(dh), _c(h), _c(c), _c(gates), _c(sizes), _c(w_rh), _c(h0), _c(c0), da, dw_rh, dh0, dc0)
    return da, dw_rh, dh0, dc0


def lstm_layer_forward(
    x: NDArray[F],
    sizes: Ids,
    w_rx: NDArray[F],
    b_r: NDArray[F],
    w_rh: NDArray[F],
    h: NDArray[F],
    column: int,
    reverse: bool,
) -> tuple[NDArray[F], NDArray[F]]:
    c, gates = np.empty((len(x), w_rh.shape[1]), x.dtype), np.empty((len(x), len(w_rh)), x.dtype)
    _native.lstm_layer_forward(_c(x), _c(sizes), _c(w_rx), _c(b_r), _c(w_rh), h, column, c, gates, reverse)
    return c, gates


def lstm_layer_backward(
    dh: NDArray[F],
    x: NDArray[F],
    h: NDArray[F],
    column: int,
    c: NDArray[F],
    gates: NDArray[F],
    sizes: Ids,
    w_rx: NDArray[F],
    w_rh: NDArray[F],
    dx: NDArray[F],
    add: bool,
    reverse: bool,
) -> tuple[NDArray[F], NDArray[F], NDArray[F]]:
    dw_rx, db_r, dw_rh = np.empty(w_rx.shape, x.dtype), np.empty(len(w_rx), x.dtype), np.empty(w_rh.shape, x.dtype)
    seen = _c(dh), _c(x), _c(h), column, _c(c), _c(gates), _c(sizes), _c(w_rx), _c(w_rh)
    _native.lstm_layer_backward(*seen, dx, add, dw_rx, db_r, dw_rh, reverse)
    return dw_rx, db_r, dw_rh


def gru_forward(
    a: NDArray[F], sizes: Ids, w_rh: NDArray[F], b_rn: NDArray[F], h0: NDArray[F]
) -> tuple[NDArray[F], NDArray[F]]:
    n, hidden = len(a), w_rh.shape[1]
    h, gates = np.empty((n, hidden), a.dtype), np.empty((n, 4 * hidden), a.dtype)
    _native.gru_forward(_c(a), _c(sizes), _c(w_rh), _c(b_rn), _c(h0), h, gates)
    return h, gates


def gru_backward(
    dh: NDArray[F], h: NDArray[F], gates: NDArray[F], sizes: Ids, w_rh: NDArray[F], h0: NDArray[F]
) -> tuple[NDArray[F], NDArray[F], NDArray[F], NDArray[F]]:
    da, dw_rh = np.empty((len(h), len(w_rh)), h.dtype), np.empty(w_rh.shape, h.dtype)
    db_rn, dh0 = np.empty(h.shape[1], h.dtype), np.zeros(h0.shape, h.dtype)
    _native.gru_backward(_c(dh), _c(h), _c(gates), _c(sizes), _c(w_rh), _c(h0), da, dw_rh, db_rn, dh0)
    return da, dw_rh, db_rn, dh0


def sru_forward(a: NDArray[F], sizes: Ids, c0: NDArray[F]) -> tuple[NDArray[F], NDArray[F]]:
    shape = len(a), c0.shape[1]
    h, c = np.empty(shape, a.dtype), np.empty(shape, a.dtype)
    _native.sru_forward(_c(a), _c(sizes), _c(c0), h, c)
    return h, c


def sru_backward(
    dh: NDArray[F], a: NDArray[F], c: NDArray[F], sizes: Ids, c0: NDArray[F]
) -> tuple[NDArray[F], NDArray[F]]:
    da, dc0 = np.empty(a.shape, a.dtype), np.zeros(c0.shape, a.dtype)
    _native.sru_backward(_c(dh), _c(a), _c(c), _c(sizes), _c(c0), da, dc0)
    return da, dc0


def mingru_forward(a: NDArray[F], sizes: Ids, h0: NDArray[F]) -> NDArray[F]:
    h = np.empty((len(a), h0.shape[1]), a.dtype)
    _native.mingru_forward(_c(a), _c(sizes), _c(h0), h)
    return h


def mingru_backward(
    dh: NDArray[F], a: NDArray[F], h: NDArray[F], sizes: Ids, h0: NDArray[F]
) -> tuple[NDArray[F], NDArray[F]]:
    da, dh0 = np.empty(a.shape, a.dtype), np.zeros(h0.shape, a.dtype)
    _native.mingru_backward(_c(dh), _c(a), _c(h), _c(sizes), _c(h0), da, dh0)
    return da, dh0


def crf_forward(
    scores: NDArray[F], gold: Ids, sizes: Ids, transitions: NDArray[F], begin: NDArray[F], end: NDArray[F]
) -> tuple[NDArray[F], NDArray[F]]:
    losses, alpha = np.empty(len(scores), scores.dtype), np.empty(scores.shape, scores.dtype)
    _native.crf_forward(_c(scores), _c(gold), _c(sizes), _c(transitions), _c(begin), _c(end), losses, alpha)
    return losses, alpha


def crf_backward(
    dlosses: NDArray[F], alpha: NDArray[F], gold: Ids, sizes: Ids, transitions: NDArray[F], end: NDArray[F]
) -> tuple[NDArray[F], NDArray[F], NDArray[F], NDArray[F]]:
    dscores, dtransitions = np.empty(alpha.shape, alpha.dtype), np.empty(transitions.shape, alpha.dtype)
    dbegin, dend = np.empty(len(end), alpha.dtype), np.empty(len(end), alpha.dtype)
    into = dscores, dtransitions, dbegin, dend
    _native.crf_backward(_c(dlosses), _c(alpha), _c(gold), _c(sizes), _c(transitions), _c(end), *into)
    return into


def crf_best(scores: NDArray[F], sizes: Ids, transitions: NDArray[F], begin: NDArray[F], end: NDArray[F]) -> Ids:
    ids = np.empty(len(scores), np.int32)
    _native.crf_best(_c(scores), _c(sizes), _c(transitions), _c(begin), _c(end), ids)
    return ids


def crf_marginals(
    scores: NDArray[F], sizes: Ids, transitions: NDArray[F], begin: NDArray[F], end: NDArray[F]
) -> NDArray[F]:
    p = np.empty(scores.shape, scores.dtype)
    _native.crf_marginals(_c(scores), _c(sizes), _c(transitions), _c(begin), _c(end), p)
    return p


def lstm_states(
    table: NDArray[F], types: Ids, sizes: Ids, w: NDArray[F], h: NDArray[F], column: int, reverse: bool
) -> None:
    _native.lstm_states(_c(table), _c(types), _c(sizes), _c(w), h, column, reverse)


def lstm_states_int8(
    table: NDArray[np.float16],
    types: Ids,
    sizes: Ids,
    linear: Int8,
    h: NDArray[np.float32],
    column: int,
    width: int,
    reverse: bool,
) -> None:
    if not has_int8():
        reference.lstm_states_int8(table, types, sizes, linear, h, column, width, reverse)
        return
    halves = _c(table).view(np.uint16)
    _native.lstm_states_int8(halves, _c(types), _c(sizes), *map(_c, linear), h, column, width, reverse)


def linear_best_int8(
    x: NDArray[np.float32],
    linear: Int8,
    w: NDArray[np.float32],
    b: NDArray[np.float32],
    errors: tuple[NDArray[np.float32], NDArray[np.float32]],
) -> Ids:
    if not has_int8():
        return reference.linear_best_int8(x, linear, w, b, errors)
    best = np.empty(len(x), np.int32)
    _native.linear_best_int8(_c(x), *map(_c, linear), _c(b), _c(w), *map(_c, errors), best)
    return best


def halves(x: NDArray[np.float32], to: NDArray[np.float16]) -> None:
    if has_int8():
        _native.halves(_c(x), to.view(np.uint16))
    else:
        reference.halves(x, to)


def adam_rows(
    w: NDArray[F],
    m: NDArray[F],
    v: NDArray[F],
    ids: Ids,
    g: NDArray[F] | None,
    late: NDArray[F],
    scale: float,
    fade: float,
    beta1: float,
    beta2: float,
    epsilon: float,
) -> None:
    # Changed in place, as in online_steps.
    kept = None if g is None else _c(g)
    _native.adam_rows(
        w, m, v, _c(ids), kept, _c(late), float(scale), float(fade), float(beta1), float(beta2), float(epsilon)
    )


def online_steps(
    w_rx: NDArray[F],
    w_rh: NDArray[F],
    b_r: NDArray[F],
    w_oh: NDArray[F],
    b_o: NDArray[F],
    ids: Ids,
    gold: Ids,
    lengths: Ids,
    rates: NDArray[F],
    mask: NDArray[F] | None,
    clip: float,
    n: int,
    fresh: Ids | None = None,
    state: NDArray[F] | None = None,
) -> tuple[float, int]:
    # The weights and the state are changed in place, so they are never copied: another layout or dtype is a TypeError.
    kept, first = None if mask is None else _c(mask), None if fresh is None else _c(fresh)
    loss, correct = _native.online_steps(
        w_rx, w_rh, b_r, w_oh, b_o, _c(ids), _c(gold), _c(lengths), _c(rates), kept, float(clip), n, first, state
    )
    return float(loss), int(correct)


def best_tree(scores: Floats) -> list[int]:
    heads = np.empty(scores.shape[1], np.int32)
    _native.best_tree(_c(scores, np.float64), heads)
    found: list[int] = heads.tolist()
    return found


def best_trees(
    labels: NDArray[np.float32],
    relations: NDArray[np.float32],
    lengths: Ids,
    kinds: Ids,
    columns: Ids,
    root: int,
    ratios: NDArray[np.float32],
    power: float,
) -> Ids:
    heads = np.empty(len(labels), np.int32)
    given = _c(labels), _c(relations), _c(lengths), _c(kinds), _c(columns), root, _c(ratios), power
    _native.best_trees(*given, heads)
    return heads
