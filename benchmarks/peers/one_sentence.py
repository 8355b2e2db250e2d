"""The engines that online.py compares: the same training step, each written as well as its library allows.

For every sentence of T words: a_t = w_rx[x_t] + b_r; h_t = tanh(a_t + w_rh·h_{t-1}); p_t = softmax(w_oh·h_t + b_o). The
loss is summed over the words, and every weight moves by -rate times its full gradient. Words are one-hot, so w_rx has
one row a word, and only the rows of the sentence's words move. V words, H hidden units, K tags.

An engine is made from a Problem, gets weights by ``load``, trains once over the sentences by ``epoch`` and returns its
weights by ``weights``. Libraries are imported only by their own engine.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Weights = dict[str, NDArray[Any]]
NAMES = ("w_rx", "w_rh", "b_r", "w_oh", "b_o")


@dataclass(frozen=True)
class Problem:
    """S sentences of T words: ids and gold (S, T) int32; initial weights; learning rate."""

    ids: NDArray[np.int32]
    gold: NDArray[np.int32]
    start: Weights
    rate: float


def problem(hidden: int, sentences: int, rate: float, seed: int) -> Problem:
    """Draw a problem: 5,000 words, each with one of 45 tags and equally frequent; 25 words a sentence; float32."""
    words, tags, length = 5000, 45, 25
    rng = np.random.default_rng(seed)
    ids = rng.integers(words, size=(sentences, length), dtype=np.int32)
    gold = rng.integers(tags, size=words, dtype=np.int32)[ids]
    shapes = ((words, hidden), (hidden, hidden), (hidden,), (tags, hidden), (tags,))
    start = [rng.uniform(-1, 1, shape).astype(np.float32) / np.float32(np.sqrt(hidden)) for shape in shapes]
    return Problem(ids, gold, dict(zip(NAMES, start, strict=True)), rate)


class Engine:
    """An engine that changes NumPy arrays, sentence by sentence."""

    def __init__(self, p: Problem) -> None:
        self._p, self._rate = p, p.rate
        self._data: list[tuple[Any, ...]] = list(zip(p.ids, p.gold, strict=True))

    def load(self, weights: Weights) -> None:
        self._w: dict[str, Any] = {name: w.copy() for name, w in weights.items()}

    def weights(self) -> Weights:
        return self._w

    def epoch(self) -> None:
        weights = [self._w[name] for name in NAMES]
        for data in self._data:
            self._sentence(*weights, *data)

    def _sentence(self, w_rx: Any, w_rh: Any, b_r: Any, w_oh: Any, b_o: Any, ids: Any, gold: Any) -> None:
        raise NotImplementedError


class Elman(Engine):
    """elman's kernel: one call for each sentence, or one for all sentences."""

    def __init__(self, p: Problem, *, call: str) -> None:
        from elman.kernels import online_steps

        super().__init__(p)
        self._step = online_steps
        sentences, length = p.ids.shape
        if call == "epoch":
            self._data = [(p.ids.ravel(), p.gold.ravel())]
        n = sentences if call == "epoch" else 1
        self._rest = np.full(n, length, np.int32), np.full(n, p.rate, np.float32), None, 0.0, 0

    def _sentence(self, *weights_and_data: Any) -> None:
        self._step(*weights_and_data, *self._rest)


class NumPy(Engine):
    """Plain NumPy: a matrix-vector product a step, the rest once a sentence; with float64 weights the reference."""

    def _sentence(self, w_rx: Any, w_rh: Any, b_r: Any, w_oh: Any, b_o: Any, ids: Any, gold: Any) -> None:
        h = w_rx[ids]  # (T, H)
        h += b_r
        np.tanh(h[0], out=h[0])
        for before, now in zip(h[:-1], h[1:], strict=True):
            now += w_rh @ before
            np.tanh(now, out=now)
        p = h @ w_oh.T  # (T, K)
        p += b_o
        p -= p.max(axis=1, keepdims=True)
        np.exp(p, out=p)
        p /= p.sum(axis=1, keepdims=True)
        p[np.arange(len(gold)), gold] -= 1  # now the gradient of the scores
        p *= self._rate
        delta = p @ w_oh  # (T, H), times the rate from here on
        slope = 1 - h * h
        delta[-1] *= slope[-1]
        back = w_rh.T
        for now, after, by in zip(delta[-2::-1], delta[:0:-1], slope[-2::-1], strict=True):
            now += back @ after
            now *= by
        w_oh -= p.T @ h
        b_o -= p.sum(axis=0)
        w_rh -= delta[1:].T @ h[:-1]
        b_r -= delta.sum(axis=0)
        if len(set(ids.tolist())) == len(ids):
            w_rx[ids] -= delta
        else:
            np.subtract.at(w_rx, ids, delta)


class Torch(Engine):
    """PyTorch's nn.RNN with autograd.

    The embedding holds w_rx; nn.RNN's own input matrix is the identity and, like its second bias, not trained. The
    update is written out, which avoids the overhead of torch.optim. ``sparse``: whether the embedding's gradient is.
    """

    def __init__(self, p: Problem, *, sparse: bool) -> None:
        import torch
        from torch import nn

        torch.set_num_threads(1)
        words, hidden = p.start["w_rx"].shape
        self._torch, self._rate = torch, p.rate
        self._embedding = nn.Embedding(words, hidden, sparse=sparse)
        self._rnn = rnn = nn.RNN(hidden, hidden)
        self._linear = linear = nn.Linear(hidden, len(p.start["b_o"]))
        self._loss = nn.CrossEntropyLoss(reduction="sum")
        nn.init.eye_(rnn.weight_ih_l0.requires_grad_(False))
        nn.init.zeros_(rnn.bias_ih_l0.requires_grad_(False))
        self._trained = (self._embedding.weight, rnn.weight_hh_l0, rnn.bias_hh_l0, linear.weight, linear.bias)
        ids = torch.from_numpy(p.ids).long().unsqueeze(2)  # (S, T, 1): each sentence a batch of one
        self._data = list(zip(ids, torch.from_numpy(p.gold).long(), strict=True))

    def load(self, weights: Weights) -> None:
        with self._torch.no_grad():
            for parameter, name in zip(self._trained, NAMES, strict=True):
                parameter.copy_(self._torch.from_numpy(weights[name]))

    def epoch(self) -> None:
        for ids, gold in self._data:
            output, _ = self._rnn(self._embedding(ids))
            self._loss(self._linear(output.squeeze(1)), gold).backward()
            with self._torch.no_grad():
                for parameter in self._trained:
                    parameter.add_(parameter.grad, alpha=-self._rate)
                    parameter.grad = None

    def weights(self) -> Weights:
        return {name: p.detach().numpy() for name, p in zip(NAMES, self._trained, strict=True)}


class TorchByHand(Engine):
    """PyTorch's tensors with the gradient written out, as in NumPy: no autograd."""

    def __init__(self, p: Problem) -> None:
        import torch

        torch.set_num_threads(1)
        self._torch, self._rate, self._rows = torch, p.rate, torch.arange(p.ids.shape[1])
        self._data = list(zip(torch.from_numpy(p.ids).long(), torch.from_numpy(p.gold).long(), strict=True))

    def load(self, weights: Weights) -> None:
        self._w = {name: self._torch.from_numpy(w.copy()) for name, w in weights.items()}

    def weights(self) -> Weights:
        return {name: w.numpy() for name, w in self._w.items()}

    def epoch(self) -> None:
        with self._torch.inference_mode():
            super().epoch()

    def _sentence(self, w_rx: Any, w_rh: Any, b_r: Any, w_oh: Any, b_o: Any, ids: Any, gold: Any) -> None:
        torch, rate = self._torch, self._rate
        h = w_rx[ids].add_(b_r)
        steps = h.unbind()
        steps[0].tanh_()
        for before, now in zip(steps[:-1], steps[1:], strict=True):
            now.addmv_(w_rh, before).tanh_()
        p = torch.addmm(b_o, h, w_oh.T).softmax(1)
        p[self._rows, gold] -= 1
        delta = p @ w_oh
        errors, slopes = delta.unbind(), (1 - h * h).unbind()
        errors[-1].mul_(slopes[-1])
        back = w_rh.T
        for t in range(len(errors) - 2, -1, -1):
            errors[t].addmv_(back, errors[t + 1]).mul_(slopes[t])
        w_oh.addmm_(p.T, h, alpha=-rate)
        b_o.sub_(p.sum(0), alpha=rate)
        w_rh.addmm_(delta[1:].T, h[:-1], alpha=-rate)
        b_r.sub_(delta.sum(0), alpha=rate)
        w_rx.index_add_(0, ids, delta, alpha=-rate)


class Jax(Engine):
    """JAX: scan with unrolled steps, jit, donated weights; one call a sentence, or one scan over all sentences."""

    def __init__(self, p: Problem, *, call: str, unroll: int) -> None:
        import jax
        import jax.numpy as jnp
        from jax import lax

        # one core: there is no other thread to hand work to
        jax.config.update("jax_cpu_enable_async_dispatch", False)

        def loss(rows: Any, dense: Any, gold: Any) -> Any:
            def step(h: Any, a: Any) -> Any:
                h = jnp.tanh(a + dense["w_rh"] @ h)
                return h, h

            _, h = lax.scan(step, jnp.zeros_like(dense["b_r"]), rows + dense["b_r"], unroll=unroll)
            scores = h @ dense["w_oh"].T + dense["b_o"]
            return -jnp.take_along_axis(jax.nn.log_softmax(scores), gold[:, None], axis=1).sum()

        def sentence(weights: Any, ids: Any, gold: Any) -> Any:
            dense = {name: weights[name] for name in NAMES[1:]}
            drows, ddense = jax.grad(loss, argnums=(0, 1))(weights["w_rx"][ids], dense, gold)
            moved = {name: dense[name] - p.rate * ddense[name] for name in dense}
            return {"w_rx": weights["w_rx"].at[ids].add(-p.rate * drows), **moved}

        def epoch(weights: Any, ids: Any, gold: Any) -> Any:
            return lax.scan(lambda w, x: (sentence(w, *x), None), weights, (ids, gold))[0]

        data = [(p.ids, p.gold)] if call == "epoch" else zip(p.ids, p.gold, strict=True)
        self._jax, self._data = jax, [(jnp.asarray(ids), jnp.asarray(gold)) for ids, gold in data]
        self._step = jax.jit(epoch if call == "epoch" else sentence, donate_argnums=0)

    def load(self, weights: Weights) -> None:
        self._w = {name: self._jax.numpy.array(w) for name, w in weights.items()}

    def epoch(self) -> None:
        for ids, gold in self._data:
            self._w = self._step(self._w, ids, gold)
        self._w = self._jax.block_until_ready(self._w)

    def weights(self) -> Weights:
        return {name: np.asarray(w) for name, w in self._w.items()}
