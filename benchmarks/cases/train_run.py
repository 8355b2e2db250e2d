"""One run of accuracy.py in a process of its own: train, save, load, tag and evaluate. Times in seconds."""

from __future__ import annotations

import os
import resource
import sys
import tempfile
import time
from typing import Any

from harness.machine import record

HELD_OUT = 10.0  # per cent of train that are held out if there is no dev file
TAGGING_SECONDS = 0.5


def measure(job: dict[str, Any]) -> dict[str, Any]:
    """Return scores, times, sizes and the settings; ``job`` is made by ``accuracy.run_of``."""
    import elman
    from elman.data.split import split_percent

    key, train, gold = job["key"], job["train"], job["gold"]
    reading = {"target": job["target"], "format": job["format"]}
    if gold is None:  # a tenth of train is held out, and reading is not timed
        sentences, target = read(train, **reading)
        train, gold, _ = split_percent(sentences, HELD_OUT)
        reading = {"target": target, "format": None}
    options = {"threads": key["threads"], "seed": key["seed"], "on_warning": lambda warning: None, **reading}
    if key["model"] == "rnn":
        options |= {"preset": job["preset"], "settings": job["settings"]}
    if job["vectors"] is not None:
        options["vectors"] = job["vectors"]
    wall, cpu = time.perf_counter(), time.process_time()
    tagger = elman.train(train, model=key["model"], **options)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    if tagger.interrupted:
        sys.exit(130)
    kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024 if sys.platform == "darwin" else 1)
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "model")
        tagger.save(path)
        size = os.path.getsize(path)
        tagger = elman.load(path, threads=key["threads"])
    described, (sentences, column) = tagger.describe(), read(gold, **reading)
    return {
        "key": key,
        "settings": described["settings"],  # as resolved for the data; the key has those asked for
        **scores(tagger, tagger.evaluate(gold, **reading), sentences, column if job["measure"] == "spans" else None),
        "seconds": round(wall, 3),
        "cpu_seconds": round(cpu, 3),
        "tagged_words_per_second": round(tagging_speed(tagger, [sentence.words for sentence in sentences])),
        "model_bytes": size,
        "peak_rss_mb": round(kb * 1024 / 1e6, 1),
        "epochs": described["training"].get("epochs"),
        "parameters": described["parameters"],
        **record(),
    }


def read(data: Any, target: str | None, format: str | None) -> tuple[Any, str]:
    """Read labelled sentences; return them and the name of their label column."""
    from elman.data.corpus import ReadOptions, read_corpus
    from elman.data.formats import column_names

    corpus = read_corpus(data, ReadOptions(column_names(target), format))
    return corpus.sentences, corpus.targets[0]


def scores(tagger: Any, found: Any, sentences: Any, spans_of: str | None) -> dict[str, Any]:
    """Return ``score`` from 0 to 1, ``n`` that it is a share of (words, or gold spans), and the other counts."""
    result = {"score": found.accuracy, "n": found.tokens}
    result |= {name: getattr(found, name) for name in ("tokens", "accuracy", "unknown_tokens", "unknown_accuracy")}
    if spans_of is not None:
        from elman.evaluation.span_scores import evaluate_spans

        spans = evaluate_spans((sentence.columns[spans_of] for sentence in sentences), tagger.pipe(sentences))
        result |= {"score": spans.f1, "n": spans.gold, "precision": spans.precision, "recall": spans.recall}
    return result


def tagging_speed(tagger: Any, sentences: list[Any]) -> float:
    """Return the words tagged in a second, after a first pass."""
    passes, start = -1, 0.0
    while passes < 0 or (seconds := time.perf_counter() - start) < TAGGING_SECONDS:
        for _ in tagger.pipe(sentences):
            pass
        passes += 1
        start = start or time.perf_counter()
    return sum(map(len, sentences)) * passes / seconds
