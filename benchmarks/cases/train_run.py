"""One run of accuracy.py in a process of its own: train, save, load, tag and evaluate. Times in seconds."""

from __future__ import annotations

import os
import resource
import sys
import tempfile
import time
from typing import TYPE_CHECKING, Any

from harness.machine import record

if TYPE_CHECKING:
    from elman import Sentence, Tagger

HELD_OUT = 10.0  # per cent of train that are held out if there is no dev file
TAGGING_SECONDS = 0.5


def measure(job: dict[str, Any]) -> dict[str, Any]:
    """Return scores, times, sizes and the settings; ``job`` is made by ``accuracy.Request``."""
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
    memory = peak_memory()
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "model")
        tagger.save(path)
        size = os.path.getsize(path)
        tagger = elman.load(path, threads=key["threads"])
    described = tagger.describe()
    return {
        "key": key,
        "settings": described["settings"],  # as resolved for the data; the key has those asked for
        **scores(tagger, gold, reading, job["measure"]),
        "seconds": round(wall, 3),
        "cpu_seconds": round(cpu, 3),
        "tagged_words_per_second": round(tagging_speed(tagger, gold, reading)),
        "model_bytes": size,
        "peak_rss_mb": round(memory, 1),
        "epochs": described["training"].get("epochs"),
        "parameters": described["parameters"],
        **record(),
    }


def read(data: Any, target: str | None, format: str | None) -> tuple[list[Sentence], str]:
    """Read labelled sentences; return them and the name of their label column."""
    from elman.data.corpus import ReadOptions, read_corpus
    from elman.data.formats import column_names

    corpus = read_corpus(data, ReadOptions(column_names(target), format))
    return corpus.sentences, corpus.targets[0]


def scores(tagger: Tagger, gold: Any, reading: dict[str, Any], measure: str) -> dict[str, Any]:
    """Return ``score`` from 0 to 1, ``n`` that it is a share of (words, or gold spans), and the other counts."""
    evaluation = tagger.evaluate(gold, **reading)
    result = {
        "score": evaluation.accuracy,
        "n": evaluation.tokens,
        "tokens": evaluation.tokens,
        "accuracy": evaluation.accuracy,
        "unknown_tokens": evaluation.unknown_tokens,
        "unknown_accuracy": evaluation.unknown_accuracy,
    }
    if measure == "spans":
        from elman.data.spans import evaluate_spans

        sentences, column = read(gold, **reading)
        spans = evaluate_spans((sentence.columns[column] for sentence in sentences), tagger.pipe(sentences))
        result |= {"score": spans.f1, "n": spans.gold, "precision": spans.precision, "recall": spans.recall}
    return result


def tagging_speed(tagger: Tagger, gold: Any, reading: dict[str, Any]) -> float:
    """Return the words tagged in a second, after a first pass."""
    sentences = [sentence.words for sentence in read(gold, **reading)[0]]

    def tag() -> None:
        for _ in tagger.pipe(sentences):
            pass

    tag()
    passes, start = 0, time.perf_counter()
    while (seconds := time.perf_counter() - start) < TAGGING_SECONDS:
        tag()
        passes += 1
    return sum(map(len, sentences)) * passes / seconds


def peak_memory() -> float:
    """Return the largest resident memory of this process so far, in MB (10⁶ bytes)."""
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6
