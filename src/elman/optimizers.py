"""Update rules, clipping and schedules. Parameters change in place; gradients are those of a loss.

A gradient is an array as large as its parameter or ``Rows``, the few rows of a table that a minibatch touched.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from elman import kernels
from elman.layers import Array, Gradient, Rows

Parameters = dict[str, Array]
Gradients = dict[str, Gradient]


class Optimizer(Protocol):
    """An update rule with its own memory."""

    def update(self, parameters: Parameters, gradients: Gradients, rate: float) -> None:
        """Moves the parameters down the gradients by one step of the learning rate."""
        ...

    def settle(self, parameters: Parameters) -> None:
        """Makes up for movements that were put off; called before the parameters are used for anything else."""
        ...


class SGD:
    """w -= rate · dw, slide 31 (whose Δ points the other way)."""

    def update(self, parameters: Parameters, gradients: Gradients, rate: float) -> None:
        step = np.float32(rate)
        for name, gradient in gradients.items():
            if isinstance(gradient, Rows):
                parameters[name][gradient.ids] -= step * gradient.values
            else:
                parameters[name] -= step * gradient

    def settle(self, parameters: Parameters) -> None:
        pass


class Adam:
    """Adam (Kingma & Ba 2015, algorithm 1) with rows of tables put off.

    Momentum goes on moving a row after its word was seen; left out, rare words stay half trained (it cost 4 points on
    the tutorial's data). Moving every row at every step costs more than the network. So a row makes up for the s steps
    it missed when it is next touched: without gradient each step moves it β1/√β2 times as far as the one before, a
    geometric series (the rate's change over those steps and ε are neglected).
    """

    def __init__(self, beta1: float = 0.9, beta2: float = 0.98, epsilon: float = 1e-8) -> None:
        self.beta1, self.beta2, self.epsilon = beta1, beta2, epsilon
        self.t = 0
        self.scale = 0.0
        self.m: Parameters = {}
        self.v: Parameters = {}
        self.last: dict[str, NDArray[np.int64]] = {}  # of tables: the step at which each row was last moved

    def update(self, parameters: Parameters, gradients: Gradients, rate: float) -> None:
        self.t += 1
        self.scale = rate * np.sqrt(1 - self.beta2**self.t) / (1 - self.beta1**self.t)
        b1, b2 = np.float32(self.beta1), np.float32(self.beta2)
        for name, gradient in gradients.items():
            w = parameters[name]
            if name not in self.m:
                self.m[name], self.v[name] = np.zeros_like(w), np.zeros_like(w)
            m, v = self.m[name], self.v[name]
            if isinstance(gradient, Rows):
                rows, g = gradient
                self._catch_up(name, w, rows, self.t - 1)
                self.last[name][rows] = self.t
                m[rows] = mr = b1 * m[rows] + (1 - b1) * g
                v[rows] = vr = b2 * v[rows] + (1 - b2) * (g * g)
                w[rows] -= self._step(mr, vr)
            else:
                m *= b1
                m += (1 - b1) * gradient
                v *= b2
                v += (1 - b2) * (gradient * gradient)
                w -= self._step(m, v)

    def settle(self, parameters: Parameters) -> None:
        for name, last in self.last.items():
            self._catch_up(name, parameters[name], np.flatnonzero(last < self.t), self.t)
            last[:] = self.t

    def _step(self, m: Array, v: Array) -> Array:
        return np.asarray(np.float32(self.scale) * m / (np.sqrt(v) + np.float32(self.epsilon)))

    def _catch_up(self, name: str, w: Array, rows: NDArray[np.int64], to: int) -> None:
        """Moves rows of a table as steps without a gradient up to step ``to`` would have."""
        last = self.last.setdefault(name, np.zeros(len(w), np.int64))
        missed = (to - last[rows]).astype(np.float64)[:, None]  # (U, 1)
        ratio = self.beta1 / np.sqrt(self.beta2)
        series = (ratio * (1 - ratio**missed) / (1 - ratio)).astype(np.float32)
        m, v = self.m[name], self.v[name]
        w[rows] -= series * self._step(m[rows], v[rows])
        m[rows] *= (self.beta1**missed).astype(np.float32)
        v[rows] *= (self.beta2**missed).astype(np.float32)


def make(name: str) -> Optimizer:
    """The update rule of a setting ``optimizer``."""
    return SGD() if name == "sgd" else Adam()


def total(parts: Sequence[Gradients]) -> Gradients:
    """The sum of several gradients, in their order."""
    if len(parts) == 1:
        return parts[0]
    result: Gradients = {}
    for name, first in parts[0].items():
        if isinstance(first, Rows):
            several = [part[name] for part in parts]
            rows = [g for g in several if isinstance(g, Rows)]
            ids, where = np.unique(np.concatenate([r.ids for r in rows]), return_inverse=True)
            values = np.concatenate([r.values for r in rows])
            result[name] = Rows(ids, kernels.embedding_backward(values, where.astype(np.int32), len(ids)))
        else:
            result[name] = sum((part[name] for part in parts[1:]), start=first)
    return result


def clip(gradients: Gradients, most: float) -> float:
    """Scales the gradients in place so that their global norm is ``most`` at the most (0: never); returns the norm.

    Pascanu, Mikolov & Bengio 2013, algorithm 1.
    """
    arrays = [g.values if isinstance(g, Rows) else g for g in gradients.values()]
    norm = float(np.sqrt(sum(float(np.vdot(a, a)) for a in arrays)))
    if 0 < most < norm:
        for a in arrays:
            a *= np.float32(most / norm)
    return norm


def rate_at(rate: float, decay: str, done: float) -> float:
    """The learning rate when the share ``done`` (0 to 1) of the run is behind us."""
    return rate * (1 - done) if decay == "linear" else rate
