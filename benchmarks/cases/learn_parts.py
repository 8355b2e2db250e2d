"""The parts of the benchmark of learning from corrections. Each function measures one seed and returns a row."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from copy import copy
from typing import Any

import numpy as np

from cases.learn_data import SPANS, Text, drawn, learner, pairs, read, score, trained
from harness.machine import memory

CORRECTIONS = 200
HELD_OUT = 300
ALONE = 100
ROUND = 20
TURNS = 50
Row = dict[str, Any]


def new_part(name: str, part: str, seed: int, preset: str) -> Row:
    """Correct 200 sentences of an intent or a genre that the model has not seen; compare with training on all."""
    test = read(name, "test")
    new = drawn([text for text in read(name, "train") if text.part == part], CORRECTIONS, seed)
    base, held = _split([text for text in read(name, "train") if text.part != part], seed, HELD_OUT)
    models = {"before": trained(base, seed, preset), "retrain": trained([*base, *new], seed, preset)}
    scores, seconds = {}, {}
    for how, naive in (("patch", 0), ("naive", CORRECTIONS)):
        one = learner(models["before"], base, held, seed, naive)
        seconds[how] = one.update(pairs(new)).seconds
        models[how] = one.model
    for how, model in models.items():
        parts = {text.part: score(model, [t for t in test if t.part == text.part], name) for text in test}
        old = score(model, [text for text in test if text.part != part], name)
        scores[how] = {"new": parts.pop(part), "old": old, "parts": parts}
    return {"scores": scores, "seconds": seconds}


def one_by_one(name: str, size: int, most: int, seed: int, preset: str) -> Row:
    """Correct sentences in which the model errs one after the other; note seconds, memory and what is right."""
    texts = drawn(read(name, "train"), 10**6, seed)
    (base, held), stream = _split(texts[:size], seed, size // 8), texts[size:]
    first = trained(base, seed, preset)
    one = learner(first, base, held, seed)
    done: list[tuple[Text, set[int]]] = []
    costs, right, later, early = [], [(0, 0)], [(0, 0)], copy(one)
    for text in stream:
        if len(done) == most or not (wrong := _wrong(one.model, text)):
            continue
        start = np.array([time.perf_counter(), time.process_time()])
        one.update(pairs([text]))
        seconds = np.array([time.perf_counter(), time.process_time()]) - start
        costs.append((*seconds, (memory(os.getpid()) or (0.0,))[0]))
        done.append((text, wrong))
        if len(done) == most // 10:
            early = copy(one)
        for found, ago in ((right, 1), (later, 201)):
            if len(done) >= ago:
                then, words = done[-ago]
                found.append((len(words - _wrong(one.model, then)), len(words)))
    models = {
        "before": first,
        "patch": one.model,
        "retrain": trained([*base, *(text for text, _ in done)], seed, preset),
    }
    wall, cpu, mb = (
        [float(np.median(part)) for part in np.array_split(of, min(10, len(costs)))] for of in zip(*costs, strict=True)
    )
    row = {"corrections": len(done), "right": np.sum(right, axis=0).tolist(), "later": np.sum(later, axis=0).tolist()}
    scores = {how: score(model, read(name, "test"), name) for how, model in models.items()}
    row |= {"seconds": wall, "cpu_seconds": cpu, "rss_mb": mb, "scores": scores}
    if turns := _in_turns((early, one), held):
        row["turns"] = {"earlier": [len(each.model.history.digests) for each in (early, one)], **turns}
    return row


def _in_turns(learners: Sequence[Any], texts: Sequence[Text]) -> Row:
    """Correct each text by itself with each learner, in turns, so that other work on the machine slows all alike.

    Return the medians of CPU time, and of its ratios to that of the first learner; nothing if no text is wrong in all.
    """
    costs: list[list[float]] = []
    for text in texts:
        if len(costs) < TURNS and all(_wrong(each.model, text) for each in learners):
            seconds = [0.0] * len(learners)
            for i in range(len(learners))[:: -1 if len(costs) % 2 else 1]:
                start = time.process_time()
                copy(learners[i]).update(pairs([text]))
                seconds[i] = time.process_time() - start
            costs.append(seconds)
    if not costs:
        return {}
    ratios = [[own / seconds[0] for own in seconds] for seconds in costs]
    medians = ([float(median) for median in np.median(of, axis=0)] for of in (costs, ratios))
    return dict(zip(("cpu_seconds", "ratios"), medians, strict=True))


def alone(name: str, most: int, seed: int, preset: str) -> Row:
    """Correct test sentences in which the model of all of train errs, each by itself; note seconds and what is right.

    100 sentences of train are held out.
    """
    base, held = _split(read(name, "train"), seed, ALONE)
    model, costs, right = trained(base, seed, preset), [], [(0, 0)]
    for text in drawn(read(name, "test"), 10**6, seed):
        if len(costs) == most or not (wrong := _wrong(model, text)):
            continue
        one = learner(model, base, held, seed)
        start = np.array([time.perf_counter(), time.process_time()])
        one.update(pairs([text]))
        costs.append(np.array([time.perf_counter(), time.process_time()]) - start)
        right.append((len(wrong - _wrong(one.model, text)), len(wrong)))
    wall, cpu = np.median(costs, axis=0).tolist()
    row = {"corrections": len(costs), "networks": len(model.ensemble.members), "right": np.sum(right, axis=0).tolist()}
    return row | {
        "sentences": len(base),
        "seconds": wall,
        "cpu_seconds": cpu,
        "slowest": float(np.max(costs, axis=0)[0]),
    }


def annotator(name: str, order: str, seed: int, preset: str) -> Row:
    """Label 10 % of train, then rounds of 20, patched each round, retrained every five and at 40 %."""
    from elman.data.spans import find_spans

    texts, test = drawn(read(name, "train"), 10**6, seed), read(name, "test")
    whole = trained(read(name, "train"), seed, preset)
    labelled, rest = texts[: len(texts) // 10], texts[len(texts) // 10 :]
    one = learner(trained(labelled, seed, preset), labelled, (), seed)
    curve = [[len(labelled), score(one.model, test, name)]]
    rounds = (int(0.4 * len(texts)) - len(labelled)) // ROUND
    for number in range(1, rounds + 1):
        if order == "uncertain":
            scored = one.model.pipe([text.words for text in rest], confidence=True)
            errors = [sum(p - 1 for p in confidences) for _, confidences in scored]  # expected, below 0
            rest = [rest[i] for i in np.argsort(errors, kind="stable")]
        labelled, rest = labelled + rest[:ROUND], rest[ROUND:]
        if number % 5 == 0 or number == rounds:
            one = learner(trained(labelled, seed, preset), labelled, (), seed)
        else:
            one.update(pairs(labelled[-ROUND:]))
        curve.append([len(labelled), score(one.model, test, name)])
    n = sum(len(find_spans(text.tags)) if name in SPANS else len(text.words) for text in test)
    words = sum(len(text.words) for text in labelled) / sum(len(text.words) for text in texts)
    return {"full": score(whole, test, name), "of": n, "sentences": len(texts), "words": words, "curve": curve}


def _split(texts: Sequence[Text], seed: int, n: int) -> tuple[list[Text], list[Text]]:
    held = drawn(texts, n, seed + 100)
    gone = set(held)
    return [text for text in texts if text not in gone], held


def _wrong(model: Any, text: Text) -> set[int]:
    """Return which words have the wrong tag."""
    return {i for i, (a, b) in enumerate(zip(model.tag(text.words), text.tags, strict=True)) if a != b}
