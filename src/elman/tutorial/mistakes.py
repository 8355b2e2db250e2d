"""Usual mistakes in the functions of the slides, as functions that make them.

A student's function that returns what one of these returns is answered with its hint.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from elman.tutorial import slides
from elman.tutorial.cases import Function
from elman.tutorial.slides import Array, Layer, Net, create_one_hot, softmax, softmax_gradient

Mistake = tuple[str, Function]


def _forward_nn(mistake: str) -> Function:
    def forward_nn(network: Sequence[Layer], phi_0: Array) -> list[Array]:
        phi = [phi_0]
        for i, (w, b) in enumerate(network, start=1):
            a = np.dot(w, phi[-1]) + (0 if mistake == "bias" else b)
            if mistake == "sigmoid":
                phi.append(slides.sigmoid(a))
            else:
                phi.append(a if mistake == "tanh" or (mistake == "last tanh" and i == len(network)) else np.tanh(a))
        return phi

    return forward_nn


def _gradient_nn(mistake: str) -> Function:
    def gradient_nn(network: Sequence[Layer], phi: Sequence[Array], error: Array) -> list[Layer]:
        delta: list[Layer] = []
        for i in range(len(network), 0, -1):
            last = mistake == "last tanh" and i == len(network)
            error_ = error if mistake == "tanh" or last else error * (1 - phi[i] ** 2)
            if mistake == "square":
                error_ = error * (1 - phi[i])
            delta.insert(0, (np.outer(error_, phi[i - 1]), error_))
            error = np.dot(error if mistake == "before tanh" else error_, network[i - 1][0])
        return delta[::-1] if mistake == "order" else delta

    return gradient_nn


def _online_sgd(mistake: str) -> Function:
    def online_sgd(data: Sequence[tuple[Array, int]], iterations: int, alpha: float) -> Array:
        w = np.zeros(len(data[0][0]))
        for _ in range(1 if mistake == "once" else iterations):
            before = w.copy() if mistake == "batch" else w
            for x, y in data:
                a = np.dot(before, x)
                slope = slides.sigmoid(-y * a) if mistake == "log" else slides.sigmoid_gradient(a)
                w += alpha * (1 if mistake == "label" else y) * slope * (1 if mistake == "input" else x)
        return w

    return online_sgd


def _forward_rnn(mistake: str) -> Function:
    def forward_rnn(net: Net, x: Sequence[Array]) -> tuple[list[Array], list[Array], list[int]]:
        h: list[Array] = []
        p: list[Array] = []
        for t in range(len(x)):
            a = np.dot(net.w_rx, x[t]) + (0 if mistake == "b_r" else net.b_r)
            if t > 0 and mistake != "memory":
                a = a + np.dot(net.w_rh.T if mistake == "transposed" else net.w_rh, h[t - 1])
            h.append(slides.sigmoid(a) if mistake == "sigmoid" else np.tanh(a))
            scores = np.dot(net.w_oh, h[t]) + (0 if mistake == "b_o" else net.b_o)
            p.append(np.tanh(scores) if mistake == "printed" else scores if mistake == "scores" else softmax(scores))
        return h, p, [slides.find_best(p_t) for p_t in p]

    return forward_rnn


def _gradient_rnn(mistake: str) -> Function:
    """Return the gradient of slide 30 with one line wrong."""

    def gradient_rnn(net: Net, x: Sequence[Array], h: Sequence[Array], p: Sequence[Array], y: Sequence[int]) -> Net:
        delta = Net(*(np.zeros_like(w) for w in net))
        later = np.zeros(len(net.b_r))
        for t in range(len(x) - 1, -1, -1):
            if mistake == "sum":
                for w in delta:
                    w[...] = 0
            error_o = softmax_gradient(p[t], y[t])
            delta.w_oh[...] += np.outer(error_o, h[t])
            delta.b_o[...] += error_o
            if mistake == "memory":
                later = np.zeros(len(net.b_r))
            error_r = np.dot(net.w_rh if mistake == "transposed" else net.w_rh.T, later) + np.dot(error_o, net.w_oh)
            slope = 1.0 if mistake == "tanh" else 1 - h[t] if mistake == "square" else 1 - h[t] ** 2
            delta.w_rx[...] += np.outer(error_r * slope, x[t])
            delta.b_r[...] += error_r * slope
            if t != 0 or mistake in ("h[-1]", "h[t]"):
                delta.w_rh[...] += np.outer(error_r * slope, h[t if mistake == "h[t]" else t - 1])
            later = error_r if mistake == "before tanh" else error_r * slope
        return Net(*(w.T for w in delta)) if mistake == "printed" else delta

    return gradient_rnn


def _bptt(mistake: str) -> Function:
    def gradient_rnn_bptt(
        net: Net, x: Sequence[Array], h: Sequence[Array], p: Sequence[Array], y: Sequence[int], n: int
    ) -> Net:
        delta = Net(*(np.zeros_like(w) for w in net))
        steps = {"more": n + 1, "less": n - 1, "all": len(x)}.get(mistake, n)
        for t in range(len(x) - 1 if mistake == "last" else 0, len(x)):
            error_o = softmax_gradient(p[t], y[t])
            delta.w_oh[...] += np.outer(error_o, h[t])
            delta.b_o[...] += error_o
            error_r = np.dot(error_o, net.w_oh)
            for s in range(t, max(t - steps, -1), -1):
                error_r_ = error_r if mistake == "tanh" else error_r * (1 - h[s] ** 2)
                delta.w_rx[...] += np.outer(error_r_, x[s])
                delta.b_r[...] += error_r_
                if s != 0 or mistake == "h[-1]":
                    delta.w_rh[...] += np.outer(error_r_, h[s - 1])
                error_r = np.dot(net.w_rh if mistake == "transposed" else net.w_rh.T, error_r_)
        return Net(*(w.T for w in delta)) if mistake == "printed" else delta

    return gradient_rnn_bptt


def _update_weights(mistake: str) -> Function:
    def update_weights(net: Net, delta: Net, rate: float) -> None:
        for w, dw in zip(net, delta, strict=True):
            if mistake != "copy":
                w += {"down": -rate * dw, "rate": dw}[mistake]

    return update_weights


def _create_ids(mistake: str) -> Function:
    def create_ids(strings: Sequence[str], ids: dict[str, int]) -> list[int]:
        known = dict(ids) if mistake == "copy" else ids
        numbers = []
        for string in strings:
            if string not in known or mistake == "again":
                known[string] = len(known) + (1 if mistake == "one" else 0)
            numbers.append(known[string])
        return numbers

    return create_ids


_TANH = "the slope of tanh, 1 - h², is missing: an error passes the tanh before it reaches the weights"
_SQUARE = "the slope of tanh is 1 - h², with the square; here it is 1 - h"
_BEFORE = "the error is passed on from before the tanh's slope; multiply by 1 - h² first"
_WRAPPED = "at t = 0 there is no state before; in Python h[-1] is the last one of the sentence"
_TRANSPOSED = "w_rh is transposed: an error goes back by np.dot(δ, w_rh), the state goes forward by np.dot(w_rh, h)"
_PRINTED = "Δw is transposed: np.outer(δ, h) has the shape of the w in w·h; slide 30 prints np.outer(h, δ)"

MISTAKES: dict[str, tuple[Mistake, ...]] = {
    "sigmoid": (
        ("this is P(y=-1): the sign in the exponent is wrong", lambda a: 1 / (1 + np.exp(a))),
        ("this is tanh, from -1 to 1; the sigmoid goes from 0 to 1", np.tanh),
        ("this is the step function, which the sigmoid softens", lambda a: (np.asarray(a) >= 0) * 1.0),
    ),
    "softmax": (
        ("the sum is missing: divide by the sum of all exponentials", np.exp),
        ("divided by the largest, not by the sum of all", lambda a: np.exp(a) / np.max(np.exp(a))),
        ("this is the sigmoid of each score; the classes must share a sum of 1", slides.sigmoid),
        ("the exponential is missing", lambda a: a / np.sum(a)),
        ("this is the logarithm of the softmax", lambda a: np.log(softmax(a))),
    ),
    "find_best": (
        ("this is the highest probability; return its index", np.max),
        ("of equal probabilities the first counts: compare with >, not >=", lambda p: len(p) - 1 - np.argmax(p[::-1])),
        ("this is the index of the lowest probability", np.argmin),
        ("indices begin with 0", lambda p: np.argmax(p) + 1),
    ),
    "softmax_gradient": (
        ("the sign is wrong: p' - p, what should be minus what is", lambda p, y: -softmax_gradient(p, y)),
        ("this is p' alone; subtract p", lambda p, y: create_one_hot(y, len(p))),
        ("this is the gradient of p[y]; slide 11 has that of log p[y]", lambda p, y: p[y] * softmax_gradient(p, y)),
        ("p[y] must be in it too: 1 - p[y] at y", lambda p, y: np.where(np.arange(len(p)) == y, 1, -p)),
    ),
    "create_one_hot": (
        ("the 1 is one place too late: ids count from 0", lambda id, size: np.roll(create_one_hot(id, size), 1)),
        ("the 1 is one place too early: ids count from 0", lambda id, size: np.roll(create_one_hot(id, size), -1)),
        ("the 1 is missing: vec[id] = 1", lambda id, size: np.zeros(size)),
        ("ones everywhere but at id: turn 0 and 1", lambda id, size: 1 - create_one_hot(id, size)),
    ),
    "forward_nn": (
        ("the bias b is missing: tanh(w·φ + b)", _forward_nn("bias")),
        ("tanh is missing", _forward_nn("tanh")),
        ("tanh is missing in the last layer", _forward_nn("last tanh")),
        ("the sigmoid in place of tanh", _forward_nn("sigmoid")),
    ),
    "forward_rnn": (
        ("the bias b_r is missing", _forward_rnn("b_r")),
        ("the bias b_o is missing", _forward_rnn("b_o")),
        ("the last state is missing: add np.dot(w_rh, h[t-1])", _forward_rnn("memory")),
        ("w_rh is transposed: np.dot(w_rh, h[t-1]), the matrix to the left", _forward_rnn("transposed")),
        ("p is a tanh, as slide 16 prints it; slide 15 draws a softmax, and that is right", _forward_rnn("printed")),
        ("the softmax is missing: p holds scores", _forward_rnn("scores")),
        ("the sigmoid in place of tanh", _forward_rnn("sigmoid")),
    ),
    "online_sgd": (
        ("the label is ignored: the derivative for y = -1 is negative", _online_sgd("label")),
        ("this climbs log P, as logistic regression usually does; slide 18 climbs P itself", _online_sgd("log")),
        ("x is missing: dP/dw is the slope of the sigmoid, times x", _online_sgd("input")),
        ("update w after every pair, not once for all pairs", _online_sgd("batch")),
        ("one pass over the data only; make as many as iterations says", _online_sgd("once")),
    ),
    "sigmoid_gradient": (
        ("the square is missing: e^a / (1 + e^a)²", slides.sigmoid),
        ("p(1 - p) with the score in place of p = sigmoid(a)", lambda a: a * (1 - a)),
        ("this is the slope of tanh", lambda a: 1 - np.tanh(a) ** 2),
    ),
    "gradient_nn": (
        (_TANH, _gradient_nn("tanh")),
        ("the slope of tanh, 1 - φ², is missing in the last layer", _gradient_nn("last tanh")),
        (_SQUARE, _gradient_nn("square")),
        (_BEFORE, _gradient_nn("before tanh")),
        ("the layers are in the wrong order: the first layer's gradient comes first", _gradient_nn("order")),
    ),
    "gradient_rnn_bptt": (
        ("one step too many: n counts the output's own step", _bptt("more")),
        ("one step too few: n counts the output's own step", _bptt("less")),
        ("n is ignored: this is the full gradient", _bptt("all")),
        ("the last output only; each output sends its error back", _bptt("last")),
        (_TANH, _bptt("tanh")),
        (_WRAPPED, _bptt("h[-1]")),
        (_TRANSPOSED, _bptt("transposed")),
        (_PRINTED, _bptt("printed")),
    ),
    "gradient_rnn": (
        (_TANH, _gradient_rnn("tanh")),
        (_SQUARE, _gradient_rnn("square")),
        (_BEFORE, _gradient_rnn("before tanh")),
        (_WRAPPED, _gradient_rnn("h[-1]")),
        ("w_rh multiplies the state before: np.outer(δ, h[t-1]), not h[t]", _gradient_rnn("h[t]")),
        (_TRANSPOSED, _gradient_rnn("transposed")),
        (_PRINTED, _gradient_rnn("printed")),
        ("no error comes back from the next step: carry δ_r' from one t to the next", _gradient_rnn("memory")),
        ("only the last step counts: add with +=, and set Δ to zero once, before the loop", _gradient_rnn("sum")),
    ),
    "update_weights": (
        ("w is unchanged: w = w + … makes a new array, w += … changes the one given", _update_weights("copy")),
        ("the sign is wrong: the slides go uphill, so Δ is added", _update_weights("down")),
        ("λ is missing", _update_weights("rate")),
    ),
    "create_ids": (
        ("numbers begin with 0, so the next one is len(ids)", _create_ids("one")),
        ("ids is unchanged: add new strings to the dictionary given", _create_ids("copy")),
        ("a string that is in ids keeps its number", _create_ids("again")),
    ),
}
