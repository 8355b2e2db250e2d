"""Decoders in a graph: from scores to labels and their probabilities (``elman.nn.decoders``)."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from elman.data.targets import CLASSIFY
from elman.integrations.onnx.graph import Graph, Value
from elman.integrations.onnx.sentences import Sentences
from elman.models.heads import Head
from elman.nn.decoders import Chain, Parameters


class Decoded(NamedTuple):
    """The labels, texts (N,) or (S,), or bools (S, L) if a text can have several; and their probabilities."""

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
        labels = scores >= 0.0
        if getattr(head.decoder, "min_labels", 0):
            labels = labels | g.range(g.constant(np.int64(len(head.tags)))).equals(scores.argmax(1).expand(1))
        labels = labels & ~empty.expand(1)
        sure = (scores / head.temperature).apply("Sigmoid")
        p = g.op("ReduceProd", labels.where(sure, 1.0 - sure), axes=[1], keepdims=0)
    return Decoded(labels, empty.where(g.constant(np.float32(0)), p))


def _named(g: Graph, head: Head, ids: Value) -> Value:
    return g.constant(np.array(head.tags, object)).take(ids)


def _softmax_at(scores: Value, ids: Value, temperature: float) -> Value:
    return (scores / temperature).softmax(1).at(ids.expand(1)).squeeze(1)


def _best(g: Graph, chain: Chain, scores: Value, own: Sentences) -> Value:
    """Return the best path of each sentence (Viterbi): scores (T, S, K) -> ids (T, S)."""
    transitions, begin, end = chain

    def forward(inner: Graph, states: list[Value], steps: list[Value]) -> tuple[list[Value], list[Value]]:
        (before,), (now, inside) = states, steps
        ways = before.expand(2) + inner.constant(transitions)  # (S, K, K)
        best = ways.max(1) + now
        best = inside.expand(1).where(best - best.max(1, keep=True), before)
        return [best], [ways.argmax(1)]

    first = scores.part(0, 1, 0).squeeze(0) + g.constant(begin)
    first = first - first.max(1, keep=True)
    rest, inside = scores.part(1, 1 << 40, 0), own.mask.part(1, 1 << 40, 0)
    (last,), (came_from,) = g.scan(forward, [first], [rest, inside], ([2], [2, 1], [2]))
    final = (last + g.constant(end)).argmax(1)  # (S,)

    def backward(inner: Graph, states: list[Value], steps: list[Value]) -> tuple[list[Value], list[Value]]:
        (after,), (source, inside) = states, steps
        before = inside.where(source.at(after.expand(1)).squeeze(1), after)
        return [before], [before]

    _, (ids,) = g.scan(backward, [final], [came_from, inside], ([1], [2, 1], [1]), backward=True)
    return g.concat([ids, final.expand(0)], 0)


def _marginals(g: Graph, chain: Chain, scores: Value, own: Sentences) -> Value:
    """Return the probability of each tag (T, S, K) by scores (T, S, K)."""
    transitions, begin, end = chain

    def forward(inner: Graph, states: list[Value], steps: list[Value]) -> tuple[list[Value], list[Value]]:
        ways = states[0].expand(2) + inner.constant(transitions)  # (S, K, K)
        most = ways.max(1, keep=True)
        total = (ways - most).apply("Exp").sum(1).apply("Log") + most.squeeze(1) + steps[0]
        alpha = total - total.max(1, keep=True)
        return [alpha], [alpha]

    first = scores.part(0, 1, 0).squeeze(0) + g.constant(begin)
    first = first - first.max(1, keep=True)
    _, (rest,) = g.scan(forward, [first], [scores.part(1, 1 << 40, 0)], ([2], [2], [2]))
    alpha = g.concat([first.expand(0), rest], 0)  # (T, S, K)
    ends = (alpha + g.constant(end)).softmax(2)
    nothing = own.mask.part(0, 1, 0) & ~own.mask.part(0, 1, 0)
    inside = g.concat([own.mask.part(1, 1 << 40, 0), nothing], 0)  # whether a step follows

    def backward(inner: Graph, states: list[Value], steps: list[Value]) -> tuple[list[Value], list[Value]]:
        (after,), (now, at_end, follows) = states, steps
        ways = (now.expand(2) + inner.constant(transitions)).softmax(1) * after.expand(1)
        p = ways.sum(2)
        p = follows.expand(1).where(p / p.sum(1, keep=True), at_end)
        return [p], [p]

    start = ends.part(0, 1, 0).squeeze(0)
    _, (p,) = g.scan(backward, [start], [alpha, ends, inside], ([2], [2, 2, 1], [2]), backward=True)
    return p
