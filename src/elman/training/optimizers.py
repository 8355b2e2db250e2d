"""Update rules and gradient clipping. Parameters change in place; gradients are those of a loss.

A gradient is an array as large as its parameter or ``SparseRows``, the few rows of a table that a minibatch touched.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from elman import kernels
from elman.config import TrainingConfig
from elman.nn.layers import Array, Gradient, SparseRows, distinct
from elman.training.checkpoint import Arrays, Saved
from elman.utils.validation import demand

Parameters = dict[str, Array]
Gradients = dict[str, Gradient]
Exact = NDArray[np.float64]


class Optimizer(Protocol):
    """An update rule and its state."""

    def update(self, parameters: Parameters, gradients: Gradients, rate: float) -> None:
        """Update the parameters by one step at this learning rate."""
        ...

    def flush(self, parameters: Parameters) -> None:
        """Apply delayed updates; called before the parameters are used for anything else."""
        ...

    @property
    def steps(self) -> int:
        """The steps so far, if they matter."""
        ...

    def state(self) -> dict[str, Arrays]:
        """Return its state for a checkpoint, as groups of arrays."""
        ...

    def restore(self, saved: Saved, steps: int, parameters: Parameters) -> None:
        """Take a state and its steps. Raises ModelFileError if they do not suit the parameters."""
        ...


class SGD:
    """w -= rate · dw, slide 31 (whose Δ has the opposite sign)."""

    def update(self, parameters: Parameters, gradients: Gradients, rate: float) -> None:
        step = np.float32(rate)
        for name, gradient in gradients.items():
            if isinstance(gradient, SparseRows):
                parameters[name][gradient.ids] -= step * gradient.values
            else:
                parameters[name] -= step * gradient

    def flush(self, parameters: Parameters) -> None:
        pass

    @property
    def steps(self) -> int:
        return 0

    def state(self) -> dict[str, Arrays]:
        return {}

    def restore(self, saved: Saved, steps: int, parameters: Parameters) -> None:
        pass


class Momentum:
    """v = μ · v + dw, w -= rate · v (Polyak 1964; Sutskever et al. 2013), with lazy updates of tables."""

    def __init__(self, momentum: float = 0.9) -> None:
        self.momentum = momentum
        self.lazy = LazyUpdates(momentum)
        self.v: Parameters = {}

    def update(self, parameters: Parameters, gradients: Gradients, rate: float) -> None:
        lazy, keep, step = self.lazy, np.float32(self.momentum), np.float32(rate)
        lazy.step(rate)
        for name, gradient in gradients.items():
            w = parameters[name]
            v = self.v.setdefault(name, np.zeros_like(w))
            if isinstance(gradient, SparseRows):
                rows, g = gradient.ids.astype(np.intp), gradient.values
                self._catch_up(name, w, rows, lazy.t - 1)
                lazy.last[name][rows] = lazy.t
                v[rows] = moved = keep * v[rows] + g
                w[rows] -= step * moved
            else:
                v *= keep
                v += gradient
                w -= step * v

    def flush(self, parameters: Parameters) -> None:
        for name, rows in self.lazy.pending():
            self._catch_up(name, parameters[name], rows, self.lazy.t)

    @property
    def steps(self) -> int:
        return self.lazy.t

    def state(self) -> dict[str, Arrays]:
        return self.lazy.state() | {"v": self.v}

    def restore(self, saved: Saved, steps: int, parameters: Parameters) -> None:
        self.lazy.restore(saved, steps, parameters)
        self.v = saved.group("v/", parameters)

    def _catch_up(self, name: str, w: Array, rows: NDArray[np.intp], to: int) -> None:
        missed, reach, _ = self.lazy.due(name, w, rows, to)
        v = self.v[name][rows]
        w[rows] -= reach.astype(w.dtype)[:, None] * v
        self.v[name][rows] = self.momentum ** missed.astype(w.dtype)[:, None] * v


class Adam:
    """Adam (Kingma & Ba 2015, algorithm 1), with lazy updates of tables.

    With ``weight_decay`` λ it is AdamW (Loshchilov & Hutter 2019): each step also takes rate · λ · w off every
    parameter. Without a gradient a step moves a row β1/√β2 times as far as the one before; ε is neglected there.
    """

    def __init__(
        self, beta1: float = 0.9, beta2: float = 0.98, epsilon: float = 1e-8, *, weight_decay: float = 0.0
    ) -> None:
        self.beta1, self.beta2, self.epsilon, self.weight_decay = beta1, beta2, epsilon, weight_decay
        self.lazy = LazyUpdates(beta1 / float(np.sqrt(beta2)))
        self.kept = Powers(beta1), Powers(beta2)
        self.m: Parameters = {}
        self.v: Parameters = {}

    def update(self, parameters: Parameters, gradients: Gradients, rate: float) -> None:
        lazy, t = self.lazy, self.lazy.t + 1
        scale = rate * float(np.sqrt(1 - self.beta2**t)) / (1 - self.beta1**t)
        fade = 1 - rate * self.weight_decay
        lazy.step(scale, fade)
        for name, gradient in gradients.items():
            w = parameters[name]
            if name not in self.m:
                assert w.flags.c_contiguous, name  # otherwise its rows would be a copy
                self.m[name], self.v[name] = np.zeros_like(w), np.zeros_like(w)
            if isinstance(gradient, SparseRows):
                rows, g = gradient.ids.astype(np.intp), gradient.values
                self._rows(name, w, rows, g, self._missed(name, w, rows, t - 1), scale, fade)
                lazy.last[name][rows] = t
            else:  # one long row, which has missed nothing
                self._rows(name, w, np.zeros(1, np.intp), gradient, np.array([[0, 1, 1, 1]], w.dtype), scale, fade)

    def flush(self, parameters: Parameters) -> None:
        for name, rows in self.lazy.pending():
            w = parameters[name]
            self._rows(name, w, rows, None, self._missed(name, w, rows, self.lazy.t), 0.0, 1.0)

    @property
    def steps(self) -> int:
        return self.lazy.t

    def state(self) -> dict[str, Arrays]:
        return self.lazy.state() | {"m": self.m, "v": self.v}

    def restore(self, saved: Saved, steps: int, parameters: Parameters) -> None:
        self.lazy.restore(saved, steps, parameters)
        self.m, self.v = saved.group("m/", parameters), saved.group("v/", parameters)

    def _rows(
        self, name: str, w: Array, rows: NDArray[np.intp], g: Array | None, missed: Array, scale: float, fade: float
    ) -> None:
        shape = (-1, w.shape[1]) if name in self.lazy.last else (1, -1)
        w, m, v = (a.reshape(shape) for a in (w, self.m[name], self.v[name]))
        g = None if g is None else g.reshape(len(rows), w.shape[1])
        kernels.adam_rows(w, m, v, rows.astype(np.int32), g, missed, scale, fade, self.beta1, self.beta2, self.epsilon)

    def _missed(self, name: str, w: Array, rows: NDArray[np.intp], to: int) -> Array:
        """Return the effect of the steps up to ``to`` that U rows missed: (U, 4), as the kernel takes it."""
        missed, reach, fade = self.lazy.due(name, w, rows, to)
        late = np.empty((len(rows), 4), w.dtype)
        late[:, 0], late[:, 1] = reach, fade
        for column, kept in enumerate(self.kept, start=2):
            late[:, column] = kept.up_to(to)[missed]
        return late


class Powers:
    """Powers of a number below 1, from 0 on, kept in a table that grows: ``x ** n`` for each row takes longer."""

    def __init__(self, base: float) -> None:
        self.base = base
        self._powers = np.zeros(0)
        self._means = np.zeros(0, np.int64)

    def up_to(self, n: int) -> Exact:
        """Return at least the powers up to ``n``."""
        if n >= len(self._powers):
            self._powers = self.base ** np.arange(2 * n + 64, dtype=np.float64)
        return self._powers

    def means(self, n: int) -> NDArray[np.int64]:
        """Return for each number up to ``n`` the rounded mean of 1, 2, … until there, j weighted by power j."""
        if n >= len(self._means):
            gone, q = self.up_to(n), self.base
            upto = np.maximum(np.arange(len(gone), dtype=np.float64), 1)
            self._means = np.rint(1 / (1 - q) - upto * gone / (1 - np.minimum(gone, q))).astype(np.int64)
        return self._means


class LazyUpdates:
    """Delayed updates of the rows of tables.

    Momentum continues to move a row after its word was seen; without that, rare words stay half trained (4 points worse
    on the tutorial's data). Moving all rows at every step costs more than the network. So a row makes up for the steps
    it missed when it is next touched: each moves it ``ratio`` times as far as the one before, a geometric series. The
    sum is applied at the learning rate of one step, their weighted mean.
    """

    def __init__(self, ratio: float) -> None:
        self.ratio = Powers(ratio)
        self.t = 0
        self.scales = np.zeros(1024)  # by step, from 1: step size
        self.fades = np.zeros(1024)  # by step: log of the cumulative weight decay
        self.last: dict[str, NDArray[np.int64]] = {}  # by table: step of each row's last update

    def step(self, scale: float, fade: float = 1.0) -> None:
        """Begin the next step."""
        self.t += 1
        if self.t == len(self.scales):
            self.scales, self.fades = (np.concatenate([a, np.zeros_like(a)]) for a in (self.scales, self.fades))
        self.scales[self.t] = scale
        self.fades[self.t] = self.fades[self.t - 1] + np.log(fade)

    def pending(self) -> Iterator[tuple[str, NDArray[np.intp]]]:
        """Yield each table and its rows with pending updates, and mark them as up to date."""
        for name, last in self.last.items():
            yield name, np.flatnonzero(last < self.t)
            last[:] = self.t

    def due(self, name: str, table: Array, rows: NDArray[np.intp], to: int) -> tuple[NDArray[np.int64], Exact, Exact]:
        """Return for U rows up to step ``to``, each (U,): missed steps, distance they move the row, remaining decay."""
        if name not in self.last:
            self.last[name] = np.zeros(len(table), np.int64)
        last = self.last[name][rows]
        q, missed = self.ratio.base, to - last
        then = last + self.ratio.means(to)[missed]
        reach = self.scales[then] * q * (1 - self.ratio.up_to(to)[missed]) / (1 - q)
        if not self.fades[to]:
            return missed, reach, np.ones(len(rows))
        return missed, reach * np.exp(self.fades[to] - self.fades[then]), np.exp(self.fades[to] - self.fades[last])

    def state(self) -> dict[str, Arrays]:
        """Return the steps and the pending updates, which stay pending: applied earlier they give other bits."""
        return {"lazy": {"scales": self.scales[: self.t + 1], "fades": self.fades[: self.t + 1]}, "last": self.last}

    def restore(self, saved: Saved, steps: int, parameters: Parameters) -> None:
        """Take a state after some steps."""
        self.t = steps
        self.scales, self.fades = (saved.array(f"lazy/{name}", "float64", (steps + 1,)) for name in ("scales", "fades"))
        rows = {name: np.zeros(len(w), np.int64) for name, w in parameters.items() if w.ndim}
        self.last = saved.group("last/", rows)
        valid = all(((last >= 0) & (last <= steps)).all() for last in self.last.values())
        demand(valid, f"the checkpoint: last/: expected steps up to {steps}")


def make(config: TrainingConfig) -> Optimizer:
    """Return the update rule of the setting ``optimizer``."""
    if config.optimizer == "sgd":
        return SGD()
    if config.optimizer == "momentum":
        return Momentum(config.momentum)
    weight_decay = config.weight_decay if config.optimizer == "adamw" else 0.0
    return Adam(config.momentum, config.beta2, weight_decay=weight_decay)


def total(parts: Sequence[Gradients]) -> Gradients:
    """Sum several gradients, in their order."""
    if len(parts) == 1:
        return parts[0]

    def summed(name: str) -> Gradient:
        first, *others = (part[name] for part in parts)
        if not isinstance(first, SparseRows):
            return sum(others, start=first)
        rows = [g for g in (first, *others) if isinstance(g, SparseRows)]
        every = np.concatenate([r.ids for r in rows])
        ids, where = distinct(every, int(every.max(initial=0)) + 1)
        values = np.concatenate([r.values for r in rows])
        return SparseRows(ids, kernels.embedding_backward(values, where, len(ids)))

    return {name: summed(name) for name in parts[0]}


def clip(gradients: Gradients, most: float) -> float:
    """Scale the gradients in place to a global norm of at most ``most`` (0: never); return the norm before.

    Pascanu, Mikolov & Bengio 2013, algorithm 1.
    """
    arrays = [g.values if isinstance(g, SparseRows) else g for g in gradients.values()]
    # not a dot product: BLAS would run it on threads of its own, which then busy-wait on our cores
    norm = math.sqrt(sum(kernels.sum_of_squares(a.reshape(-1)) for a in arrays))
    if 0 < most < norm:
        for a in arrays:
            a *= np.float32(most / norm)
    return norm
