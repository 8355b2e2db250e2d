"""Decoders in a graph: from scores to labels and their probabilities (``elman.nn.decoders``)."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from elman.data.targets import CLASSIFY
from elman.integrations.onnx.graph import ALL, Graph, Value
from elman.integrations.onnx.sentences import Sentences
from elman.models.heads import Head
from elman.nn.decoders import Chain, Parameters

TINY = 1e-300
"""In place of 0 below a fraction."""


class Decoded(NamedTuple):
    """The labels (N,) or (S,), or (S, L) if a text can have several, "" for those it has not; their probabilities."""

    labels: Value
    confidences: Value


def of_words(g: Graph, head: Head, scores: Value, own: Sentences, parameters: Parameters) -> Decoded:
    """Return the best tags of N words and their probabilities: scores (N, K)."""
    chain = head.decoder.chain(parameters, np.float32)
    if chain is None:
        ids = scores.argmax(1)
        return Decoded(_named(g, head, ids), _softmax_at(scores, ids, head.temperature))
    K = len(head.tags)
    none = g.filled(np.float32(0), 1, K)
    padded = g.concat([scores, none], 0).take(own.rows)  # (T, S, K)
    best = _best(g, chain, padded, own)  # (T, S)
    p = _marginals(g, chain.at(head.temperature), padded / head.temperature, own)
    place = own.step * own.lengths.size(0) + own.sentence  # (N,)
    ids = best.reshape(-1).take(place)
    return Decoded(_named(g, head, ids), p.reshape(-1, K).take(place).at(ids.expand(1)).squeeze(1))


def of_texts(g: Graph, head: Head, scores: Value, own: Sentences) -> Decoded:
    """Return the labels of S texts and their probabilities: scores (S, L). A text without words has none."""
    empty = own.lengths.equals(0)
    if head.task == CLASSIFY:
        ids = scores.argmax(1)
        labels = empty.where(g.constant(np.array("", object)), _named(g, head, ids))
        p = _softmax_at(scores, ids, head.temperature)
    else:
        has = scores >= 0.0
        if getattr(head.decoder, "min_labels", 0):
            has = has | g.range(g.constant(np.int64(len(head.tags)))).equals(scores.argmax(1).expand(1))
        sure = (scores / head.temperature).apply("Sigmoid")
        p = g.op("ReduceProd", has.where(sure, 1.0 - sure), axes=[1], keepdims=0)
        none = g.constant(np.array("", object))
        labels = (has & ~empty.expand(1)).where(g.constant(np.array(head.tags, object)), none)
    return Decoded(labels, empty.where(g.constant(np.float32(0)), p))


def _named(g: Graph, head: Head, ids: Value) -> Value:
    return g.constant(np.array(head.tags, object)).take(ids)


def _softmax_at(scores: Value, ids: Value, temperature: float) -> Value:
    return (scores / temperature).softmax(1).at(ids.expand(1)).squeeze(1)


def _best(g: Graph, chain: Chain, scores: Value, own: Sentences) -> Value:
    """Return the best path of each sentence (Viterbi): scores (T, S, K) -> ids (T, S)."""
    transitions, begin, end = chain
    to_from = np.ascontiguousarray(transitions.T)

    def forward(inner: Graph, states: list[Value], steps: list[Value]) -> tuple[list[Value], list[Value]]:
        (before,), (now, inside) = states, steps
        best = (before.expand(1) + inner.constant(to_from)).max(2) + now  # (S, K)
        best = inside.expand(1).where(best - best.max(1, keep=True), before)
        return [best], [before]

    first = scores.part(0, 1, 0).squeeze(0) + g.constant(begin)
    first = first - first.max(1, keep=True)
    rest, inside = scores.part(1, ALL, 0), own.mask.part(1, ALL, 0)
    (last,), (best,) = g.scan(forward, [first], [rest, inside], ([2], [2, 1], [2]))
    final = (last + g.constant(end)).argmax(1)  # (S,)

    def backward(inner: Graph, states: list[Value], steps: list[Value]) -> tuple[list[Value], list[Value]]:
        (after,), (now, inside) = states, steps
        before = inside.where((now + inner.constant(to_from).take(after)).argmax(1), after)
        return [before], [before]

    _, (ids,) = g.scan(backward, [final], [best, inside], ([1], [2, 1], [1]), backward=True)
    return g.concat([ids, final.expand(0)], 0)


def _marginals(g: Graph, chain: Chain, scores: Value, own: Sentences) -> Value:
    """Return the probability of each tag (T, S, K) by scores (T, S, K), by the forward-backward algorithm.

    It runs on probabilities, not on their logarithms, since a matrix product is faster than a sum of exponentials. Each
    step is scaled to a maximum of 1; float64 reaches to exp(-700).
    """
    transitions, begin, end = (np.exp(part.astype(np.float64) - part.max()) for part in chain)
    seen = (scores - scores.max(2, keep=True)).cast("float64").apply("Exp")

    def scaled(inner: Graph, x: Value) -> Value:
        return x / inner.op("Max", x.max(1, keep=True), inner.constant(np.float64(TINY)))

    def forward(inner: Graph, states: list[Value], steps: list[Value]) -> tuple[list[Value], list[Value]]:
        alpha = scaled(inner, inner.op("MatMul", states[0], inner.constant(transitions)) * steps[0])
        return [alpha], [alpha]

    def backward(inner: Graph, states: list[Value], steps: list[Value]) -> tuple[list[Value], list[Value]]:
        (after,), (following, follows) = states, steps
        beta = scaled(inner, inner.op("MatMul", after * following, inner.constant(transitions.T)))
        beta = follows.expand(1).where(beta, inner.constant(end))
        return [beta], [beta]

    first = seen.part(0, 1, 0).squeeze(0) * g.constant(begin)
    _, (alpha,) = g.scan(forward, [first], [seen.part(1, ALL, 0)], ([2], [2], [2]))
    start = g.filled(np.float64(1), scores.size(1), 1) * g.constant(end)
    _, (beta,) = g.scan(
        backward, [start], [seen.part(1, ALL, 0), own.mask.part(1, ALL, 0)], ([2], [2, 1], [2]), backward=True
    )
    p = g.concat([first.expand(0), alpha], 0) * g.concat([beta, start.expand(0)], 0)
    return (p / g.op("Max", p.sum(2, keep=True), g.constant(np.float64(TINY)))).cast("float32")
