"""The tutorial's slides in plain NumPy: one function per slide, with the names of the slides.

The slides are Graham Neubig's "NLP Programming Tutorial 8 - Recurrent Neural Nets"; numbers in parentheses are slides.
docs/course walks through them; ``elman.tutorial.exercise`` has the files and programs of slides 32-34.

Like the slides, this module maximizes: an error δ is ``p' - p``, a gradient Δ is that of the log-likelihood
``Σ log p[t][y'[t]]``, and an update is ``w += λ * Δ``. (The kernels of ``elman`` minimize a loss.) Weights multiply
column vectors from the left. Letters in shapes: V words, H hidden units, K tags, T steps of a sentence.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from elman.errors import ConfigError
from elman.utils.limits import SEED, STEPS, real_number, whole_number

Array = NDArray[np.float64]
Layer = tuple[Array, Array]
"""Weights (outputs, inputs) and bias (outputs,) of one feed-forward layer."""


class Net(NamedTuple):
    """The weights of a recurrent network (15), or the gradients Δ of each of them (30)."""

    w_rx: Array  # (H, V)
    w_rh: Array  # (H, H)
    b_r: Array  # (H,)
    w_oh: Array  # (K, H)
    b_o: Array  # (K,)


# --- multi-class prediction (6-12) ---------------------------------------------------------------------------------


def sigmoid(a: Array | float) -> Array:
    """Slide 8: ``e^a / (1 + e^a)``, the probability of y = 1 for a = w·φ(x), computed without overflow."""
    e = np.exp(-np.abs(a))
    return np.asarray(np.where(np.asarray(a) >= 0, 1.0, e) / (1.0 + e))


def sigmoid_gradient(a: Array | float) -> Array:
    """Slide 19: ``e^a / (1 + e^a)²``, the derivative of P(y=1) in a; that of P(y=-1) is the same, negative."""
    e = np.exp(-np.abs(a))  # the derivative is even
    return np.asarray(e / (1.0 + e) ** 2)


def softmax(a: Array) -> Array:
    """Slide 9: ``r = exp(a); p = r / Σr``. (K,) -> (K,).

    The largest score is subtracted first, which keeps exp from overflowing and does not change the result.
    """
    r = np.exp(a - np.max(a))
    return np.asarray(r / np.sum(r))


def find_best(p: Array) -> int:
    """Slide 10: the index of the highest probability, the first in case of ties. (K,) -> int.

    Correction: slide 16 calls this same function ``find_max``.
    """
    y = 0
    for i in range(1, len(p)):
        if p[i] > p[y]:
            y = i
    return y


def softmax_gradient(p: Array, y: int) -> Array:
    """Slide 11: ``p' - p``, the gradient of log p[y] in the scores of the softmax. (K,) -> (K,)."""
    return create_one_hot(y, len(p)) - p


def create_one_hot(id: int, size: int) -> Array:
    """Slide 12: zeros with a single 1 at ``id``. -> (size,)."""
    vec = np.zeros(size)
    vec[id] = 1
    return vec


# --- feed-forward nets (14, 18, 20-22) -----------------------------------------------------------------------------


def forward_nn(network: Sequence[Layer], phi_0: Array) -> list[Array]:
    """Slide 14: the values of every layer, the input φ[0] first; each is ``tanh(w·φ + b)`` of the one before."""
    phi = [phi_0]
    for i in range(1, len(network) + 1):
        w, b = network[i - 1]
        phi.append(np.tanh(np.dot(w, phi[i - 1]) + b))
    return phi


def gradient_nn(network: Sequence[Layer], phi: Sequence[Array], error: Array) -> list[Layer]:
    """Slides 20-22: backpropagate errors through ``forward_nn``; return the gradient (Δw, Δb) of each layer.

    ``error`` is the derivative of the maximized objective in the values φ[-1] of the last layer, for example
    ``y' - φ[-1]`` for a squared error. Slide 21's sum ``Σ_j δ_j w_ij`` over the next units j is the product ``δ w``.
    """
    delta: list[Layer] = []
    for i in range(len(network), 0, -1):
        error_ = error * (1 - phi[i] ** 2)  # tanh gradient
        delta.insert(0, (np.outer(error_, phi[i - 1]), error_))
        error = np.dot(error_, network[i - 1][0])  # (outputs,)·(outputs, inputs) -> (inputs,)
    return delta


def online_sgd(data: Sequence[tuple[Array, int]], iterations: int, alpha: float) -> Array:
    """Slide 18: logistic regression, ``w += α * dP(y|x)/dw`` after every labelled pair. -> w as wide as x.

    ``data`` holds pairs (φ(x), y) with y 1 or -1. The derivative is slide 19's, of the probability itself, not of
    its logarithm: a pair that the model gets very wrong moves w as little as one it gets very right.
    """
    w = np.zeros(len(data[0][0]))
    for _ in range(iterations):
        for x, y in data:
            w += alpha * y * sigmoid_gradient(np.dot(w, x)) * x
    return w


# --- recurrent nets (15, 16, 24-31) --------------------------------------------------------------------------------


def forward_rnn(net: Net, x: Sequence[Array]) -> tuple[list[Array], list[Array], list[int]]:
    """Slides 15 and 16: hidden states h, distributions p and best tags y of every step.

    ``x`` holds T vectors (V,); h[t] is (H,), p[t] is (K,). Correction: slide 16 prints ``p[t] = tanh(...)``; the
    network of slide 15 and the gradient of slide 30 are a softmax's. Its ``find_max`` is slide 10's ``find_best``.
    """
    h: list[Array] = []
    p: list[Array] = []
    y: list[int] = []
    for t in range(len(x)):
        if t > 0:
            h.append(np.tanh(np.dot(net.w_rx, x[t]) + np.dot(net.w_rh, h[t - 1]) + net.b_r))
        else:
            h.append(np.tanh(np.dot(net.w_rx, x[t]) + net.b_r))
        p.append(softmax(np.dot(net.w_oh, h[t]) + net.b_o))
        y.append(find_best(p[t]))
    return h, p, y


def gradient_rnn(net: Net, x: Sequence[Array], h: Sequence[Array], p: Sequence[Array], y_true: Sequence[int]) -> Net:
    """Slides 27 and 30: the full gradient, in one backward pass over the sentence. -> Δ of each weight.

    Correction: slide 30 prints ``np.outer(h, δ)``, the transpose of what w·h needs; here δ comes first.
    """
    delta = Net(*(np.zeros_like(w) for w in net))
    error_r_ = np.zeros(len(net.b_r))  # δ_r' of the following time step
    for t in range(len(x) - 1, -1, -1):
        error_o = softmax_gradient(p[t], y_true[t])  # δ_o'
        _add_output_gradient(delta, h[t], error_o)
        error_r = np.dot(error_r_, net.w_rh) + np.dot(error_o, net.w_oh)  # backprop
        error_r_ = error_r * (1 - h[t] ** 2)  # tanh gradient
        _add_hidden_gradient(delta, x, h, t, error_r_)
    return delta


def gradient_rnn_bptt(
    net: Net, x: Sequence[Array], h: Sequence[Array], p: Sequence[Array], y_true: Sequence[int], n: int
) -> Net:
    """Slides 25, 26 and 28: truncated backpropagation through time, n steps for each output error. -> Δ.

    ``n`` counts the δ_r of one output error, the first at the output's own step: with n = 1 an error changes the
    hidden weights only at its own step, with n >= T this is the full gradient. Raises ConfigError if n < 1.
    """
    if n < 1:
        raise ConfigError(f"bptt: expected a whole number from 1 up, got {n}")
    delta = Net(*(np.zeros_like(w) for w in net))
    for t in range(len(x)):
        error_o = softmax_gradient(p[t], y_true[t])
        _add_output_gradient(delta, h[t], error_o)
        error_r = np.dot(error_o, net.w_oh)
        for s in range(t, max(t - n, -1), -1):
            error_r_ = error_r * (1 - h[s] ** 2)
            _add_hidden_gradient(delta, x, h, s, error_r_)
            error_r = np.dot(error_r_, net.w_rh)
    return delta


def _add_output_gradient(delta: Net, h_t: Array, error_o: Array) -> None:
    delta.w_oh[...] += np.outer(error_o, h_t)
    delta.b_o[...] += error_o


def _add_hidden_gradient(delta: Net, x: Sequence[Array], h: Sequence[Array], t: int, error_r_: Array) -> None:
    delta.w_rx[...] += np.outer(error_r_, x[t])
    delta.b_r[...] += error_r_
    if t != 0:
        delta.w_rh[...] += np.outer(error_r_, h[t - 1])


def update_weights(net: Net, delta: Net, rate: float) -> None:
    """Slide 31: ``w += λ * Δw`` for the five weights, in place."""
    for w, dw in zip(net, delta, strict=True):
        w += rate * dw


def log_likelihood(p: Sequence[Array], y_true: Sequence[int]) -> float:
    """Return ``Σ log p[t][y'[t]]``, whose gradient ``gradient_rnn`` computes."""
    return float(sum(np.log(p_t[y]) for p_t, y in zip(p, y_true, strict=True)))


# --- the overall training (32) -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Training:
    """Settings of ``train``; ``as_printed`` makes those of slide 32 to the letter."""

    hidden: int = 64
    rate: float = 0.4
    """Initial learning rate λ."""
    iterations: int = 12
    bptt: int = 0
    """Steps of truncated backpropagation through time; 0: the full gradient."""
    seed: int = 1
    clip: float = 3.0
    """Maximum norm of the gradient of a sentence, over all weights; 0: no clipping."""
    decay: bool = True
    """Whether λ decays linearly to 0 at the last sentence."""
    memory: float = 0.2
    """What is added to the diagonal of w_rh at the start."""
    random_biases: bool = True
    """Whether b_r and b_o start at random numbers as the matrices do; else they are zero vectors."""

    @classmethod
    def as_printed(cls, rate: float = 0.005, **settings: int) -> Training:
        """Return the settings of slide 32: a constant λ, no clipping, random matrices and zero vectors.

        A much larger constant λ makes training unstable: with 0.01 it diverges on the tutorial's own data.
        """
        return cls(rate=rate, clip=0.0, decay=False, memory=0.0, random_biases=False, **settings)

    def __post_init__(self) -> None:
        """Raise ConfigError if a number is out of range."""
        for name, low, high in (("hidden", 1, 4096), ("iterations", 1, 100_000), ("bptt", 0, STEPS), ("seed", 0, SEED)):
            whole_number(name, getattr(self, name), low, high)
        for name in ("rate", "clip", "memory"):
            real_number(name, getattr(self, name), 0, sys.float_info.max)


def create_ids(strings: Iterable[str], ids: dict[str, int]) -> list[int]:
    """Slide 32: the number of each string; a string that is new to ``ids`` is added with the next number."""
    return [ids.setdefault(string, len(ids)) for string in strings]


def create_net(words: int, hidden: int, tags: int, seed: int, memory: float = 0.2, random_biases: bool = True) -> Net:
    """Slide 32, "initialize net randomly": uniform from -0.1 to 0.1, plus ``memory`` on the diagonal of w_rh.

    The diagonal lets a hidden unit keep part of its value from the start, which speeds up learning. Without
    ``random_biases``, b_r and b_o are zero vectors; the matrices are the same.
    """
    random = np.random.default_rng(seed)
    shapes = ((hidden, words), (hidden, hidden), (hidden,), (tags, hidden), (tags,))
    net = Net(*(random.uniform(-0.1, 0.1, shape) for shape in shapes))
    net.w_rh[...] += memory * np.eye(hidden)
    if not random_biases:
        net.b_r[...] = net.b_o[...] = 0
    return net


def one_sentence(net: Net, word_ids: Sequence[int | None]) -> tuple[Net, list[Array], list[int]]:
    """Return the net and the one-hot vectors of one sentence, restricted to the words in the sentence.

    A one-hot x selects one column of w_rx, so other columns are not needed; for V in the thousands this is hundreds
    of times faster, with the same results. ``None``, a word unseen in training, becomes a zero vector.
    Returns the net with a copy of those columns of w_rx (and the other weights themselves), x, and the columns.
    """
    columns = sorted({id for id in word_ids if id is not None})
    place = {id: i for i, id in enumerate(columns)}
    vectors = [create_one_hot(i, len(columns)) for i in range(len(columns))]
    unseen = np.zeros(len(columns))
    x = [unseen if id is None else vectors[place[id]] for id in word_ids]
    return net._replace(w_rx=net.w_rx[:, columns]), x, columns


def train(
    sentences: Iterable[tuple[Sequence[str], Sequence[str]]],
    training: Training,
    report: Callable[[int, float], None] = lambda iteration, log_likelihood: None,
) -> tuple[Net, dict[str, int], dict[str, int]]:
    """Slide 32: online training over labelled pairs (words, tags). Returns the net, x_ids and y_ids.

    ``report`` is called after each iteration with its number, from 1, and the log-likelihood of the data during it.
    Two things are added to the slide, since a constant λ large enough to learn quickly is unstable: λ decays to 0,
    and the gradient of a sentence is clipped to norm 3 (see ``Training``).
    Corrections: slide 32 calls ``gradient_rnn`` without p, and loops over ``feat_lab`` where it has filled ``data``.
    Raises ConfigError if the gradient is no longer finite.
    """
    x_ids: dict[str, int] = {}
    y_ids: dict[str, int] = {}
    data = [(create_ids(words, x_ids), create_ids(tags, y_ids)) for words, tags in sentences]
    net = create_net(len(x_ids), training.hidden, len(y_ids), training.seed, training.memory, training.random_biases)
    updates = training.iterations * len(data)
    done = 0
    for iteration in range(1, training.iterations + 1):
        total = 0.0
        for word_ids, y_true in data:
            rate = training.rate * (1 - done / updates) if training.decay else training.rate
            with np.errstate(over="ignore", invalid="ignore", divide="ignore"):  # _clip_factor checks the result
                small, x, columns = one_sentence(net, word_ids)
                h, p, _ = forward_rnn(small, x)
                total += log_likelihood(p, y_true)
                if training.bptt:
                    delta = gradient_rnn_bptt(small, x, h, p, y_true, training.bptt)
                else:
                    delta = gradient_rnn(small, x, h, p, y_true)
                update_weights(small, delta, rate * _clip_factor(delta, training.clip))
            net.w_rx[:, columns] = small.w_rx  # the other weights were updated in place
            done += 1
        report(iteration, total)
    return net, x_ids, y_ids


def predict(net: Net, x_ids: dict[str, int], words: Sequence[str]) -> list[int]:
    """Return the ids of the best tags of a sentence; words not in ``x_ids`` are zero vectors."""
    small, x, _ = one_sentence(net, [x_ids.get(word) for word in words])
    return forward_rnn(small, x)[2]


def _clip_factor(delta: Net, clip: float) -> float:
    """Return the factor that scales the gradient to norm ``clip`` if its norm is larger, else 1."""
    norm = float(np.sqrt(sum(np.vdot(dw, dw) for dw in delta)))
    if not np.isfinite(norm):
        raise ConfigError("rate: expected one with which the gradient stays finite; try a smaller rate")
    return clip / norm if 0 < clip < norm else 1.0
