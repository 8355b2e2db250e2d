"""One run of accuracy.py for another tagger: trains it on the data set, tags the test set, and counts as for elman."""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from cases.text import Tagged
from cases.train_run import HELD_OUT, read
from harness.machine import record
from harness.measure import cpu_seconds
from harness.results import megabytes
from peers.taggers import OTHERS


def measure(job: dict[str, Any]) -> dict[str, Any]:
    """Return scores, times and sizes; ``job`` is made by ``accuracy.run_of``.

    A tagger that needs dev has a tenth of train if there is no dev file.
    """
    from elman.data.split import split_percent

    reading = {"target": job["target"], "format": job["format"]}
    (whole, column), (test, _) = read(job["train"], **reading), read(job["gold"], **reading)
    train, dev = whole, read(job["dev"], **reading)[0] if job["dev"] else []
    if not dev and OTHERS[job["preset"]].needs_dev:
        train, dev, _ = split_percent(whole, HELD_OUT)
    peer = OTHERS[job["preset"]]()
    with tempfile.TemporaryDirectory() as folder:
        model, wall, cpu = Path(folder, "model"), time.perf_counter(), cpu_seconds()
        peer.train(tagged(train, column), tagged(dev, column), model)
        wall, cpu = time.perf_counter() - wall, cpu_seconds() - cpu
        peer.load(model)
        size = megabytes(model)
    words = [list(sentence.words) for sentence in test]
    start = time.perf_counter()
    predicted = [list(tags) for tags in peer.tag(words)]
    tagging, peak = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {
        "key": job["key"],
        "settings": {"tool": peer.settings},
        **scores(test, column, predicted, {word for one in whole for word in one.words}, job["measure"]),
        "seconds": round(wall, 3),
        "cpu_seconds": round(cpu, 3),
        "tagged_words_per_second": round(sum(map(len, words)) / tagging),
        "model_bytes": round(size * 1e6),
        "peak_rss_mb": round(peak / (1e6 if sys.platform == "darwin" else 1e6 / 1024), 1),
        **record(),
    }


def tagged(sentences: Sequence[Any], column: str) -> Tagged:
    """Return words and labels of the sentences that have words."""
    return [(list(one.words), list(one.columns[column])) for one in sentences if one.words]


def scores(
    test: Sequence[Any], column: str, predicted: Sequence[Sequence[str]], known: set[str], measure: str
) -> dict[str, Any]:
    """Return ``score`` from 0 to 1, ``n`` that it is a share of (words, or gold spans), and the other counts."""
    rows = [(one.words, one.columns[column], tags) for one, tags in zip(test, predicted, strict=True)]
    pairs = [(word in known, gold == tag) for row in rows for word, gold, tag in zip(*row, strict=True)]
    unknown = [right for is_known, right in pairs if not is_known]
    accuracy = sum(right for _, right in pairs) / len(pairs)
    found = {"score": accuracy, "n": len(pairs), "tokens": len(pairs), "accuracy": accuracy}
    found |= {"unknown_tokens": len(unknown), "unknown_accuracy": sum(unknown) / len(unknown) if unknown else None}
    if measure == "spans":
        from elman.evaluation.span_scores import evaluate_spans

        spans = evaluate_spans((gold for _, gold, _ in rows), (tags for _, _, tags in rows))
        found |= {"score": spans.f1, "n": spans.gold, "precision": spans.precision, "recall": spans.recall}
    return found
